"""Units as Vietnamese files write them, beyond what kit.units knows, and the line from one to another."""

from dothi.kit import units
from dothi.kit.errors import BadInput

# UCUM (ucum.org) on the right; compared without case and spaces
_WRITTEN = {
    "mcg/m3": "ug/m3", "µg/nm3": "ug/m3", "mg/nm3": "mg/m3", "mg/nm³": "mg/m3", "ng/m³": "ng/m3",
    "ºc": "Cel", "oc": "Cel", "độc": "Cel", "cel": "Cel", "phầntrăm": "%", "pct": "%", "rh%": "%",
    "kmh": "km/h", "kph": "km/h", "km/giờ": "km/h", "mps": "m/s", "m/giây": "m/s", "kt": "[kn_i]", "kn": "[kn_i]",
    "mph": "[mi_i]/h", "mb": "mbar", "kpa": "kPa", "pa": "Pa", "mmhg": "mm[Hg]", "độ": "deg", "m3/giây": "m3/s",
    "mét": "m", "met": "m", "ph": "[pH]", "µs/cm": "uS/cm", "us/cm": "uS/cm", "ms/cm": "mS/cm", "lux": "lx",
    "psu": "[ppth]", "µg/l": "ug/L", "ntu": "{NTU}", "xe/giờ": "/h",
}  # fmt: skip


class NoConversion(ValueError):
    """One unit cannot be turned into the other."""


def ucum(written: str) -> str:
    """The UCUM code of a unit as written in a file; the text itself when it is none of the usual spellings."""
    plain = written.strip().replace("\u03bc", "\u00b5")
    bare = "".join(plain.split())
    return _WRITTEN.get(bare.lower()) or units.ucum(plain if units.ucum(plain) != plain else bare)


def conversion(given: str, wanted: str, molar_mass: float | None = None) -> tuple[float, float]:
    """Factor and offset from one UCUM unit to another; ppb and ppm of a gas (g/mol) to µg/m³ at 25 °C too.

    Raises NoConversion.
    """
    if given == wanted:
        return 1.0, 0.0
    try:
        scale, offset = units.gas_line(given, wanted, molar_mass)
    except BadInput as error:
        raise NoConversion(error.message) from None
    return scale, offset
