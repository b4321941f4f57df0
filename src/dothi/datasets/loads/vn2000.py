"""VN-2000, Vietnam's national reference system: its zones, each province's own meridian, and the way to WGS 84.

Parameters: Decision 05/2007/QĐ-BTNMT of 27 February 2007 (EPSG operation 6960, coordinate frame rotation).
Meridians: Circular 973/2001/TT-TCĐC, annex 2, as the EPSG areas of use repeat it; the provinces are those of before
July 2025, whose maps keep the meridian they were made in.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pyproj import Transformer

from dothi.kit.text import fold

# metres, arc-seconds, parts per million
HELMERT = (
    "+proj=helmert +x=-191.90441429 +y=-39.30318279 +z=-111.45032835"
    " +rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372 +s=0.252906278 +convention=coordinate_frame"
)
THREE, SIX = 0.9999, 0.9996  # scale on the central meridian of 3° and 6° zones
EASTING = 500_000.0  # metres, false easting of every zone


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of VN-2000. meridian: degrees east; provinces: where it is used, folded and without kind words."""

    epsg: int
    meridian: float
    scale: float
    provinces: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people write it: VN-2000 105°45' (3°)."""
        return f"VN-2000 {degrees(self.meridian)} ({3 if self.scale == THREE else 6}°)"


def _zone(epsg: int, meridian: float, provinces: str) -> Zone:
    return Zone(epsg, meridian, THREE, tuple(fold(name) for name in provinces.split(", ")) if provinces else ())


ZONES = (
    _zone(5896, 102.0, ""),
    _zone(9205, 103.0, "Lai Châu, Điện Biên"),
    _zone(9206, 104.0, "Sơn La"),
    _zone(9207, 104.5, "Kiên Giang, Cà Mau"),
    _zone(9208, 104.75, "Lào Cai, Yên Bái, Nghệ An, Phú Thọ, An Giang"),
    _zone(
        5897, 105.0,
        "Hà Nội, Hà Tây, Hà Nam, Ninh Bình, Thanh Hóa, Vĩnh Phúc, Đồng Tháp, Cần Thơ, Hậu Giang, Bạc Liêu",
    ),
    _zone(
        9209, 105.5,
        "Hà Giang, Hải Dương, Hà Tĩnh, Bắc Ninh, Hưng Yên, Thái Bình, Nam Định, Tây Ninh, Vĩnh Long, Sóc Trăng, Trà Vinh",
    ),
    _zone(9210, 105.75, "Cao Bằng, Hải Phòng, Long An, Tiền Giang, Bến Tre, Bình Dương, Hồ Chí Minh"),
    _zone(9211, 106.0, "Tuyên Quang, Hòa Bình, Quảng Bình"),
    _zone(9212, 106.25, "Quảng Trị, Bình Phước"),
    _zone(9213, 106.5, "Bắc Kạn, Thái Nguyên"),
    _zone(9214, 107.0, "Bắc Giang, Thừa Thiên Huế"),
    _zone(9215, 107.25, "Lạng Sơn"),
    _zone(9216, 107.5, "Kon Tum"),
    _zone(5899, 107.75, "Quảng Ninh, Đà Nẵng, Quảng Nam, Đồng Nai, Bà Rịa - Vũng Tàu, Lâm Đồng"),
    _zone(5898, 108.0, "Quảng Ngãi"),
    _zone(9217, 108.25, "Bình Định, Khánh Hòa, Ninh Thuận"),
    _zone(9218, 108.5, "Gia Lai, Đắk Lắk, Đắk Nông, Phú Yên, Bình Thuận"),
    Zone(3405, 105.0, SIX),
    Zone(3406, 111.0, SIX),
)  # fmt: skip
_BY_CODE = {zone.epsg: zone for zone in ZONES}
_BY_PROVINCE = {province: zone for zone in ZONES for province in zone.provinces} | {
    "hue": _BY_CODE[9214], "ba ria vung tau": _BY_CODE[5899], "vung tau": _BY_CODE[5899], "sai gon": _BY_CODE[9210],
    "tp hcm": _BY_CODE[9210], "tphcm": _BY_CODE[9210], "dac lac": _BY_CODE[9218], "dak lak": _BY_CODE[9218],
}  # fmt: skip
_KIND = re.compile(r"\b(?:tinh|thanh pho|tp\.?)\s+")
_DEGREES = re.compile(r"(1[01]\d)\s*(?:[°ºd-]\s*(\d{1,2})?\s*['′’]?(?:\s*00[\"″”])?|([.,]\d+))?")


def degrees(value: float) -> str:
    """A meridian as people write it: 105°45'."""
    minutes = round(value * 60)
    return f"{minutes // 60}°{minutes % 60:02d}'"


def by_code(epsg: int) -> Zone | None:
    """The zone of an EPSG code."""
    return _BY_CODE.get(epsg)


def by_province(name: str) -> Zone | None:
    """The zone whose meridian a province (of before July 2025) uses; with or without diacritics and kind words."""
    bare = _KIND.sub("", fold(name)).strip()
    return _BY_PROVINCE.get(bare) or _BY_PROVINCE.get(bare.replace("-", " ").replace("  ", " "))


def zone(meridian: float, scale: float = THREE) -> Zone:
    """The zone of a central meridian, EPSG 0 where it is none of the official ones."""
    for one in ZONES:
        if abs(one.meridian - meridian) < 1e-6 and abs(one.scale - scale) < 1e-9:
            return one
    return Zone(0, meridian, scale)


def said(text: str) -> Zone | None:
    """The zone somebody means by "VN-2000 105°45'", "vn2000 Long An", "105-45 6°"; None when it is none.

    Without a word of the zone's width it is a 3° zone, as cadastral and provincial maps are.
    """
    bare = fold(text)
    rest = re.sub(r"vn\s*-?\s*2000", " ", bare)
    if rest == bare and not re.fullmatch(r"1[01]\d\s*[°ºd.,'′’\d-]*", bare):
        return None
    scale = SIX if re.search(r"\b6\s*(?:°|do\b|deg)|utm|0[.,]9996", rest) else THREE
    rest = re.sub(r"\b[36]\s*(?:°|do\b|deg)|0[.,]999[96]|\(|\)", " ", rest).strip(" /,")
    if "utm" in rest:
        number = re.search(r"\b(4[89])\b", rest)
        return None if number is None else _BY_CODE[3405 if number[1] == "48" else 3406]
    found = _DEGREES.search(rest)
    if found is not None:
        part = float(f"0{found[3].replace(',', '.')}") if found[3] else int(found[2] or 0) / 60
        return zone(int(found[1]) + part, scale)
    return by_province(rest.strip(" -:"))


@lru_cache(maxsize=64)
def transformer(meridian: float, scale: float = THREE) -> Transformer:
    """From easting and northing in metres of a zone to WGS 84 longitude and latitude in degrees."""
    return Transformer.from_pipeline(
        f"+proj=pipeline +step +inv +proj=tmerc +lat_0=0 +lon_0={meridian!r} +k={scale!r} +x_0={EASTING!r} +y_0=0"
        f" +ellps=WGS84 {_SHIFT}"
    )


@lru_cache(maxsize=1)
def geographic() -> Transformer:
    """From VN-2000 longitude and latitude in degrees to those of WGS 84."""
    return Transformer.from_pipeline(f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad {_SHIFT}")


_SHIFT = (
    f"+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 +step {HELMERT}"
    " +step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)
