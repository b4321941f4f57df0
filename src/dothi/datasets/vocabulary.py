"""The closed lists a description is made of: licences, frequencies, themes, access rights, formats, geometry.

Codes and addresses are those of the EU authority tables (https://op.europa.eu/en/web/eu-vocabularies) that DCAT-AP 3
asks for, with Vietnamese names of our own. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

AUTHORITY = "http://publications.europa.eu/resource/authority"
IANA = "http://www.iana.org/assignments/media-types"
OPENGIS = "http://www.opengis.net"


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of a list: its code, its address (URI) and its name in both languages."""

    code: str
    uri: str
    title: str
    title_en: str

    def named(self, language: str) -> str:
        """Its name in a language."""
        return self.title_en if language == "en" else self.title


@dataclass(frozen=True, slots=True)
class Licence(Term):
    """Terms of use. is_open: by the Open Definition 2.1; kind: ADMS licence type."""

    is_open: bool
    kind: str
    also: tuple[str, ...] = ()  # other addresses and codes the same terms go by


@dataclass(frozen=True, slots=True)
class Frequency(Term):
    """How often a dataset is renewed. days: after which it is late; None where nothing follows from it."""

    days: float | None


@dataclass(frozen=True, slots=True)
class Format(Term):
    """A form data is had in. `uri` is the EU file type; media_type and extension as files have them."""

    media_type: str
    extension: str
    spatial: bool = False

    @property
    def iana(self) -> str:
        """The address of the media type at IANA."""
        return f"{IANA}/{self.media_type.partition(';')[0]}"


def _licence(code: str, uri: str, title: str, title_en: str, kind: str, *also: str, is_open: bool = True) -> Licence:
    return Licence(code, uri, title, title_en, is_open, f"http://purl.org/adms/licencetype/{kind}", also)


_CC = "https://creativecommons.org"
_EU_LICENCE = f"{AUTHORITY}/licence"
LICENCES: tuple[Licence, ...] = (
    _licence(
        "cc-by-4.0", f"{_CC}/licenses/by/4.0/", "Creative Commons Ghi công 4.0", "Creative Commons Attribution 4.0",
        "Attribution", f"{_EU_LICENCE}/CC_BY_4_0", "cc-by", "cc by 4.0",
    ),
    _licence(
        "cc-zero", f"{_CC}/publicdomain/zero/1.0/", "Creative Commons CC0 1.0 (không giữ quyền)",
        "Creative Commons CC0 1.0", "PublicDomain", f"{_EU_LICENCE}/CC0", "cc0", "cc0-1.0",
    ),
    _licence(
        "cc-by-sa-4.0", f"{_CC}/licenses/by-sa/4.0/", "Creative Commons Ghi công, chia sẻ tương tự 4.0",
        "Creative Commons Attribution-ShareAlike 4.0", "Attribution", f"{_EU_LICENCE}/CC_BYSA_4_0", "cc-by-sa",
    ),
    _licence(
        "odc-odbl", "https://opendatacommons.org/licenses/odbl/1-0/", "Giấy phép cơ sở dữ liệu mở ODbL 1.0",
        "Open Data Commons Open Database License 1.0", "ViralEffect-ShareAlike", f"{_EU_LICENCE}/ODC_BL", "odbl",
        "odbl-1.0",
    ),
    _licence(
        "odc-by", "https://opendatacommons.org/licenses/by/1-0/", "Giấy phép ghi công ODC-BY 1.0",
        "Open Data Commons Attribution License 1.0", "Attribution", f"{_EU_LICENCE}/ODC_BY", "odc-by-1.0",
    ),
    _licence(
        "odc-pddl", "https://opendatacommons.org/licenses/pddl/1-0/", "Phạm vi công cộng ODC-PDDL 1.0",
        "Open Data Commons Public Domain Dedication 1.0", "PublicDomain", f"{_EU_LICENCE}/ODC_PDDL", "pddl",
    ),
    _licence(
        "cc-by-nc-4.0", f"{_CC}/licenses/by-nc/4.0/", "Creative Commons Ghi công, phi thương mại 4.0",
        "Creative Commons Attribution-NonCommercial 4.0", "NonCommercialUseOnly", f"{_EU_LICENCE}/CC_BYNC_4_0",
        "cc-by-nc", is_open=False,
    ),
)  # fmt: skip

_FREQUENCIES = (
    ("UPDATE_CONT", "Liên tục", "Continuously", 1),
    ("HOURLY", "Hằng giờ", "Hourly", 1 / 24),
    ("DAILY_2", "Hai lần mỗi ngày", "Twice a day", 0.5),
    ("DAILY", "Hằng ngày", "Daily", 1),
    ("WEEKLY_3", "Ba lần mỗi tuần", "Three times a week", 7 / 3),
    ("WEEKLY_2", "Hai lần mỗi tuần", "Twice a week", 3.5),
    ("WEEKLY", "Hằng tuần", "Weekly", 7),
    ("BIWEEKLY", "Hai tuần một lần", "Every two weeks", 14),
    ("MONTHLY_3", "Ba lần mỗi tháng", "Three times a month", 10),
    ("MONTHLY_2", "Hai lần mỗi tháng", "Twice a month", 15),
    ("MONTHLY", "Hằng tháng", "Monthly", 31),
    ("BIMONTHLY", "Hai tháng một lần", "Every two months", 62),
    ("QUARTERLY", "Hằng quý", "Quarterly", 92),
    ("ANNUAL_3", "Ba lần mỗi năm", "Three times a year", 122),
    ("ANNUAL_2", "Hai lần mỗi năm", "Twice a year", 184),
    ("ANNUAL", "Hằng năm", "Yearly", 366),
    ("BIENNIAL", "Hai năm một lần", "Every two years", 731),
    ("TRIENNIAL", "Ba năm một lần", "Every three years", 1096),
    ("QUADRENNIAL", "Bốn năm một lần", "Every four years", 1461),
    ("QUINQUENNIAL", "Năm năm một lần", "Every five years", 1827),
    ("DECENNIAL", "Mười năm một lần", "Every ten years", 3653),
    ("IRREG", "Không định kỳ", "Irregularly", None),
    ("AS_NEEDED", "Khi cần", "As needed", None),
    ("NEVER", "Không cập nhật", "Never", None),
    ("UNKNOWN", "Chưa rõ", "Unknown", None),
    ("OTHER", "Khác", "Other", None),
)
FREQUENCIES: tuple[Frequency, ...] = tuple(
    Frequency(code, f"{AUTHORITY}/frequency/{code}", vi, en, days) for code, vi, en, days in _FREQUENCIES
)

_THEMES = (
    ("AGRI", "Nông nghiệp, thủy sản, lâm nghiệp và thực phẩm", "Agriculture, fisheries, forestry and food"),
    ("ECON", "Kinh tế và tài chính", "Economy and finance"),
    ("EDUC", "Giáo dục, văn hóa và thể thao", "Education, culture and sport"),
    ("ENER", "Năng lượng", "Energy"),
    ("ENVI", "Môi trường", "Environment"),
    ("GOVE", "Chính quyền và khu vực công", "Government and public sector"),
    ("HEAL", "Y tế", "Health"),
    ("INTR", "Quan hệ quốc tế", "International issues"),
    ("JUST", "Tư pháp và an toàn công cộng", "Justice, legal system and public safety"),
    ("REGI", "Vùng và đô thị", "Regions and cities"),
    ("SOCI", "Dân số và xã hội", "Population and society"),
    ("TECH", "Khoa học và công nghệ", "Science and technology"),
    ("TRAN", "Giao thông", "Transport"),
)
THEME_SCHEME = f"{AUTHORITY}/data-theme"
THEMES: tuple[Term, ...] = tuple(Term(code, f"{THEME_SCHEME}/{code}", vi, en) for code, vi, en in _THEMES)

# of a dataset's sharing level
ACCESS: Mapping[str, Term] = {
    "open": Term("PUBLIC", f"{AUTHORITY}/access-right/PUBLIC", "Dữ liệu mở", "Open data"),
    "shared": Term(
        "RESTRICTED", f"{AUTHORITY}/access-right/RESTRICTED", "Chia sẻ giữa các cơ quan", "Shared between agencies"
    ),
    "restricted": Term("NON_PUBLIC", f"{AUTHORITY}/access-right/NON_PUBLIC", "Nội bộ cơ quan", "Within the agency"),
}

LANGUAGES: Mapping[str, str] = {"vi": f"{AUTHORITY}/language/VIE", "en": f"{AUTHORITY}/language/ENG"}


def _format(
    code: str, kind: str, title: str, title_en: str, media: str, extension: str, *, spatial: bool = False
) -> Format:
    return Format(code, f"{AUTHORITY}/file-type/{kind}", title, title_en, media, extension, spatial)


FORMATS: tuple[Format, ...] = (
    _format("csv", "CSV", "CSV", "CSV", "text/csv", "csv"),
    _format(
        "xlsx", "XLSX", "Excel", "Excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx",
    ),
    _format("geojson", "GEOJSON", "GeoJSON", "GeoJSON", "application/geo+json", "geojson", spatial=True),
    _format(
        "geojsonseq", "GEOJSON", "GeoJSON từng dòng", "GeoJSON text sequence", "application/geo+json-seq",
        "geojsonseq", spatial=True,
    ),
    _format("gpkg", "GPKG", "GeoPackage", "GeoPackage", "application/geopackage+sqlite3", "gpkg", spatial=True),
    _format("shp", "SHP", "Shapefile (zip)", "Shapefile (zip)", "application/zip", "shp.zip", spatial=True),
    _format("kml", "KML", "KML", "KML", "application/vnd.google-earth.kml+xml", "kml", spatial=True),
    _format("geoparquet", "PARQUET", "GeoParquet", "GeoParquet", "application/vnd.apache.parquet", "parquet",
            spatial=True),
    _format("flatgeobuf", "BIN", "FlatGeobuf", "FlatGeobuf", "application/flatgeobuf", "fgb", spatial=True),
    _format("mvt", "BIN", "Ô bản đồ vectơ", "Vector tiles", "application/vnd.mapbox-vector-tile", "mvt", spatial=True),
    _format("json", "JSON", "JSON", "JSON", "application/json", "json"),
)  # fmt: skip

GEOMETRIES: Mapping[str, Term] = {
    code: Term(code, f"{OPENGIS}/ont/sf#{code}", vi, en)
    for code, vi, en in (
        ("Point", "Điểm", "Points"),
        ("MultiPoint", "Nhiều điểm", "Multipoints"),
        ("LineString", "Đường", "Lines"),
        ("MultiLineString", "Nhiều đường", "Multilines"),
        ("Polygon", "Vùng", "Polygons"),
        ("MultiPolygon", "Nhiều vùng", "Multipolygons"),
        ("GeometryCollection", "Tập hình", "Collections"),
        ("Geometry", "Hình bất kỳ", "Any geometry"),
    )
}

HVD_LAW = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
HVD_SCHEME = "http://data.europa.eu/bna/asd487ae75"
# high-value datasets, Implementing Regulation (EU) 2023/138, annex: properties["hvd"] of a dataset names one
HVD: Mapping[str, Term] = {
    code: Term(code, f"http://data.europa.eu/bna/{number}", vi, en)
    for code, number, vi, en in (
        ("geospatial", "c_ac64a52d", "Địa không gian", "Geospatial"),
        ("environment", "c_dd313021", "Quan sát Trái Đất và môi trường", "Earth observation and environment"),
        ("meteorological", "c_164e0bf5", "Khí tượng", "Meteorological"),
        ("statistics", "c_e1da4e07", "Thống kê", "Statistics"),
        ("companies", "c_a9135398", "Doanh nghiệp và sở hữu", "Companies and company ownership"),
        ("mobility", "c_b79e35eb", "Đi lại", "Mobility"),
    )
}
COUNTRY = f"{AUTHORITY}/country/VNM"
AVAILABLE = f"{AUTHORITY}/planned-availability/AVAILABLE"
STABLE = f"{AUTHORITY}/planned-availability/STABLE"
COMPLETED = f"{AUTHORITY}/distribution-status/COMPLETED"


_LICENCES = {
    name: one
    for one in LICENCES
    for name in (one.code, *(text.rstrip("/").split("://")[-1] for text in (one.uri.lower(), *one.also)))
} | {text.lower().split("://")[-1]: one for one in LICENCES for text in one.also}
_FREQUENCY = {one.code: one for one in FREQUENCIES}
_THEME = {one.code: one for one in THEMES}
FORMAT: Mapping[str, Format] = {one.code: one for one in FORMATS}
UNKNOWN = _FREQUENCY["UNKNOWN"]


def licence(address: str | None) -> Licence | None:
    """The licence of an address or code, however it is written; None for one that is not on the list."""
    if not address:
        return None
    plain = address.strip().lower().split("://")[-1].removeprefix("www.").rstrip("/")
    for ending in ("/deed.vi", "/deed.en", "/legalcode", "/deed"):
        plain = plain.removesuffix(ending)
    return _LICENCES.get(plain)


def frequency(code: str | None) -> Frequency | None:
    """The frequency of a code or its address."""
    return _FREQUENCY.get((code or "").rpartition("/")[2].upper())


def theme(code: str | None) -> Term | None:
    """The theme of a code or its address."""
    return _THEME.get((code or "").rpartition("/")[2].upper())


def format_of(text: str | None) -> Format | None:
    """The format a foreign description means by a media type, an address, an extension or a name."""
    if not text:
        return None
    last = text.strip().lower().split(";")[0]
    for one in FORMATS:
        if last in (one.code, one.media_type, one.iana.lower(), one.uri.lower(), one.extension, one.title.lower()):
            return one
    return FORMAT.get(last.rpartition("/")[2])


def geometry(kind: str | None) -> Term | None:
    """The name of a geometry type."""
    return GEOMETRIES.get(kind or "")
