"""Units of measurement: UCUM codes, the ways people write them, and conversion between them."""

import threading
from functools import lru_cache
from typing import Any, NamedTuple

from dothi.kit.errors import BadInput, Fault

MOLAR_VOLUME = 24.4654  # litres of an ideal gas at 25 °C and 760 mmHg (R 8.314463 J/mol/K · 298.15 K / 101 325 Pa)

# what officials, loggers and spreadsheets write -> UCUM
WRITTEN = {
    "µg/m³": "ug/m3", "μg/m³": "ug/m3", "µg/m3": "ug/m3", "μg/m3": "ug/m3", "ug/m³": "ug/m3", "µg/nm³": "ug/m3",
    "mg/m³": "mg/m3", "ppb": "[ppb]", "ppm": "[ppm]", "°c": "Cel", "℃": "Cel", "degc": "Cel", "c": "Cel", "celsius": "Cel",
    "deg c": "Cel", "°f": "[degF]", "g/l": "g/L", "mg/l": "mg/L", "‰": "[ppth]", "m³/s": "m3/s", "m³/h": "m3/h",
    "m³": "m3", "km/h": "km/h", "kwh": "kW.h", "kw": "kW", "w": "W", "v": "V", "a": "A", "db": "dB[SPL]",
    "db(a)": "dB[SPL]", "dba": "dB[SPL]", "hpa": "hPa", "mbar": "mbar", "°": "deg", "w/m²": "W/m2", "xe/h": "/h",
    "veh/h": "/h", "%rh": "%", "percent": "%", "": "1", "-": "1", "lít": "L",
}  # fmt: skip


_COMMON = frozenset([*WRITTEN.values(), "m", "cm", "mm", "m/s", "%", "{NTU}"])


class Line(NamedTuple):
    """How one unit becomes another: y = scale · x + offset."""

    scale: float
    offset: float

    def __call__(self, value: float) -> float:
        """The value in the other unit."""
        return self.scale * value + self.offset


def ucum(written: str) -> str:
    """The UCUM code of a unit as somebody wrote it: `µg/m³` is `ug/m3`; an unknown writing is returned as it is."""
    plain = written.strip()
    return WRITTEN.get(plain, WRITTEN.get(plain.casefold(), plain))


def ucum_of(unit: Any) -> str | None:
    """The UCUM code of a SensorThings unitOfMeasurement {name, symbol, definition}; None when it has none we know.

    The definition may be a code (`ug/m3`, `ucum:ug/m3`) or an address; then the symbol decides.
    """
    if not isinstance(unit, dict):
        return None
    for key in ("definition", "symbol", "name"):
        text = unit.get(key)
        if not isinstance(text, str) or not text.strip():
            continue
        text = text.strip()
        text = text[5:] if text[:5].casefold() == "ucum:" else text
        if "://" in text:
            text = text.rpartition("ucum/")[2] if "ucum/" in text else ""
        code = ucum(text)
        if text and known(code):
            return code
    return None


@lru_cache(maxsize=4096)
def known(code: str) -> bool:
    """Whether the text is a UCUM code we can calculate with."""
    if code in _COMMON:
        return True  # the grammar, most of a second to read, is not needed for these
    try:
        _quantity(code)
    except BadInput:
        return False
    return True


@lru_cache(maxsize=4096)
def line(source: str, target: str) -> Line:
    """The conversion from one UCUM code to another; temperatures have an offset.

    Raises BadInput for an unknown code, or for units of different kinds.
    """
    if source == target:
        return Line(1.0, 0.0)
    first, last = _quantity(source), _quantity(target)
    registry = _registry()
    try:
        zero = registry.Quantity(0.0, first.units).to(last.units).magnitude
        one = registry.Quantity(float(first.magnitude), first.units).to(last.units).magnitude
    except Exception:
        raise _bad(f"{source} cannot become {target}: they measure different things") from None
    return Line((one - zero) / float(last.magnitude), zero / float(last.magnitude))


def convert(value: float, source: str, target: str) -> float:
    """A value in another unit, both as UCUM codes."""
    return line(source, target)(value)


@lru_cache(maxsize=256)
def gas_line(source: str, target: str, molar_mass: float | None) -> Line:
    """As `line`, and between a mixing ratio (ppb, ppm) and µg/m³ of a gas at 25 °C and 760 mmHg.

    molar_mass: g/mol; None: not a gas, so a mixing ratio cannot become a mass concentration.
    """
    if molar_mass is not None:
        micrograms_per_ppb = molar_mass / MOLAR_VOLUME
        ratio, mass = _like(source, "[ppb]"), _like(target, "ug/m3")
        if ratio and mass:
            scale = line(source, "[ppb]").scale * micrograms_per_ppb * line("ug/m3", target).scale
            return Line(scale, 0.0)
        if _like(source, "ug/m3") and _like(target, "[ppb]"):
            return Line(line(source, "ug/m3").scale / micrograms_per_ppb * line("[ppb]", target).scale, 0.0)
    return line(source, target)


def _like(code: str, other: str) -> bool:
    try:
        line(code, other)
    except BadInput:
        return False
    return True


_one_at_a_time = threading.RLock()  # two threads that make the registry at once spoil it for each other


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # reading its grammar takes most of a second

    return PintUcumRegistry()


@lru_cache(maxsize=4096)
def _quantity(code: str) -> Any:
    with _one_at_a_time:
        return _read(code)


def _read(code: str) -> Any:
    registry = _registry()
    if code.startswith("{") and code.endswith("}"):
        code = "1"  # an annotation alone counts things
    if code == "1":
        return registry.Quantity(1.0, "dimensionless")
    try:
        found = registry.from_ucum(code)
        return registry.Quantity(float(found.magnitude), found.units)
    except Exception:  # lark and pint have a dozen kinds of refusal
        raise _bad(f"{code!r} is not a UCUM unit") from None


def _bad(message: str) -> BadInput:
    return BadInput(message, [Fault("unit", message, "a UCUM code such as ug/m3, Cel, m, mm/h, %")])
