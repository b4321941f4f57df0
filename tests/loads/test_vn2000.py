"""VN-2000 whatever a file calls it, and old letters: the right place and the right words."""

import json
import re

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer
from pyproj.database import query_crs_info
from pyproj.enums import PJType, TransformDirection

from dothi.datasets.loads import crs, vn2000
from dothi.datasets.loads import service as loads
from dothi.identity.guard import SYSTEM
from dothi.kit.errors import BadInput
from tests.loads.conftest import encoded, records, shapefile

# a map program without VN-2000 writes its zone as WGS 84 with the zone's scale, and no parameters
LONG_AN = (
    'PROJCS["TM3_105_45",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",105.75],'
    'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
TAN_AN = (106.41, 10.535)  # degrees, WGS 84


def metres(lon: float, lat: float, meridian: float = 105.75) -> tuple[float, float]:
    return vn2000.transformer(meridian).transform(lon, lat, direction=TransformDirection.INVERSE)


@pytest.mark.parametrize(("said", "epsg"), [
    ("EPSG:9210", 9210), ("9210", 9210), ("http://www.opengis.net/def/crs/EPSG/0/9210", 9210), ("VN-2000 105°45'", 9210),
    ("vn2000 Long An", 9210), ("VN-2000 tỉnh Tây Ninh", 9209), ("VN-2000 Bình Thuận", 9218), ("VN-2000 lam dong", 5899),
    ("VN-2000 Lạng Sơn", 9215), ("VN-2000 Cần Thơ", 5897), ("105-45", 9210), ("VN-2000 / UTM 48", 3405),
    ("EPSG:3406", 3406), ("EPSG:4756", 4756), ("WGS84", 4326),
])  # fmt: skip
def test_systems_are_understood_as_people_say_them(said, epsg):
    assert crs.said(said).epsg == epsg


@pytest.mark.parametrize("said", ["", "VN-2000 Atlantis", "EPSG:999999", "hello"])
def test_what_is_no_system_says_what_is(said):
    with pytest.raises(BadInput) as error:
        crs.said(said)
    assert "Long An" in error.value.faults[0].allowed


@pytest.mark.parametrize("zone", list(vn2000.ZONES), ids=lambda one: one.name)
def test_each_zone_is_where_the_epsg_database_has_it_with_the_official_parameters(zone):
    """EPSG operation 6960 is the Decision's seven parameters; to a tenth of a millimetre."""
    east, north = 530_000.0, 1_660_000.0
    plain = Transformer.from_crs(f"EPSG:{zone.epsg}", CRS.from_epsg(4756), always_xy=True)
    official = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 +step +proj=helmert"
        " +x=-191.90441429 +y=-39.30318279 +z=-111.45032835 +rx=-0.00928836 +ry=0.01975479 +rz=-0.00427372"
        " +s=0.252906278 +convention=coordinate_frame +step +inv +proj=cart +ellps=WGS84"
        " +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )  # fmt: skip
    ours = crs.said(f"EPSG:{zone.epsg}").transformer.transform(east, north)
    assert ours == pytest.approx(official.transform(*plain.transform(east, north)), abs=1e-9)


def test_provinces_have_the_meridian_the_epsg_database_gives_them():
    for info in query_crs_info(auth_name="EPSG", pj_types=PJType.PROJECTED_CRS):
        zone = vn2000.by_code(int(info.code))
        if info.name.startswith("VN-2000 /") and "onshore" not in info.area_of_use.name:
            names = re.split(
                r", | and |; ",
                re.sub(r"Vietnam - | (province|municipality|cit)(ie)?[sy]?|\.$", "", info.area_of_use.name),
            )
            for name in names:
                assert vn2000.by_province(name) is zone, name


def test_a_prj_without_parameters_is_known_by_scale_and_meridian():
    found = crs.of(LONG_AN)
    assert (found.epsg, found.meridian) == (9210, 105.75)
    assert "taken as such" in found.notices[0]
    assert crs.of(CRS.from_epsg(9210).to_wkt("WKT1_ESRI")).epsg == 9210


def test_zeros_as_parameters_are_not_believed():
    found = crs.of(
        "+proj=tmerc +lat_0=0 +lon_0=105.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +towgs84=0,0,0,0,0,0,0 +units=m"
    )
    assert found.epsg == 9210


def test_utm_of_wgs_84_is_not_mistaken_for_vn_2000():
    assert crs.of(CRS.from_epsg(32648)).epsg == 32648


def test_positions_outside_vietnam_come_with_other_readings():
    east, north = metres(*TAN_AN)
    found = crs.proposals(np.array([east]), np.array([north]))
    assert "EPSG:9210" in [one.crs for one in found]
    swapped = crs.proposals(np.array([10.5]), np.array([106.4]))
    assert [(one.crs, one.swap) for one in swapped] == [("EPSG:4326", True)]


@pytest.mark.parametrize(
    ("name", "cpg"), [("tcvn3", None), ("cp1258", None), ("utf-8", None), ("utf-8", "UTF-8"), ("tcvn3", "ISO-8859-1")]
)
def test_a_shapefile_in_vn_2000_with_old_letters_lands_in_the_right_place_with_the_right_words(
    make, tmp_path, name, cpg
):
    code = make("thua-dat", {
        "so": {"type": "string", "title": "Số thửa", "x-role": "key"},
        "chu": {"type": "string", "title": "Tên đường"},
    }, key_field="so", geometry_type="Polygon")  # fmt: skip
    words = ["Đường Hùng Vương", "Phường Tân An", "Cầu Rạch Chanh", "Huyện Thủ Thừa", "Đất ở đô thị"]
    write = (lambda text: encoded(text, name)) if name != "cp1258" else in_cp1258
    squares, lons = [], []
    for i in range(len(words)):
        lon = TAN_AN[0] + i / 1000
        lons.append(lon)
        x, y = metres(lon, TAN_AN[1])
        squares.append(shapely.box(x, y, x + 20, y + 30))
    rows = [[str(i).encode(), write(word)] for i, word in enumerate(words)]
    path = shapefile(tmp_path / "thua", [b"SO_THUA", b"TEN_DUONG"], rows, squares, LONG_AN, cpg)
    load = loads.stage(SYSTEM, code, path)
    assert (load.read, load.accepted, load.refused) == (5, 5, 0)
    loads.apply(SYSTEM, load.id)
    found = records(code)
    assert [found[str(i)]["chu"] for i in range(5)] == words
    for i, lon in enumerate(lons):
        ring = np.array(json.loads(found[str(i)]["geojson"])["coordinates"][0])
        assert ring.min(axis=0) == pytest.approx((lon, TAN_AN[1]), abs=3e-6)  # a third of a metre


def in_cp1258(text: str) -> bytes:
    import unicodedata

    made = []
    for char in text:
        apart = unicodedata.normalize("NFD", char)
        tones = [mark for mark in apart if mark in "\u0300\u0301\u0303\u0309\u0323"]
        base = unicodedata.normalize("NFC", "".join(mark for mark in apart if mark not in tones))
        made.append((base + "".join(tones)).encode("cp1258"))
    return b"".join(made)


def test_letters_of_vni(make, tmp_path):
    code = make("thua-dat", {"so": {"type": "string", "x-role": "key"}, "ten": {"type": "string"}}, key_field="so")
    words = ["Ñöôøng Huøng Vöông", "Phöôøng Taân An", "Caàu Raïch Chanh"]
    path = shapefile(
        tmp_path / "vni", [b"SO", b"TEN"], [[str(i).encode(), word.encode("cp1252")] for i, word in enumerate(words)],
        [shapely.Point(metres(*TAN_AN)) for _ in words], LONG_AN,
    )  # fmt: skip
    load = loads.stage(SYSTEM, code, path)
    loads.apply(SYSTEM, load.id)
    assert [records(code)[str(i)]["ten"] for i in range(3)] == ["Đường Hùng Vương", "Phường Tân An", "Cầu Rạch Chanh"]


def test_without_a_prj_the_system_must_be_said_and_the_readings_are_named(make, tmp_path):
    code = make("thua-dat", {"so": {"type": "string", "x-role": "key"}}, key_field="so")
    path = shapefile(tmp_path / "x", [b"SO"], [[b"1"]], [shapely.Point(metres(*TAN_AN))], None)
    with pytest.raises(BadInput) as error:
        loads.stage(SYSTEM, code, path)
    assert "EPSG:9210" in error.value.faults[0].allowed
    load = loads.stage(SYSTEM, code, path, {"crs": "VN-2000 Long An", "fields": {"so": "SO"}})
    loads.apply(SYSTEM, load.id)
    assert json.loads(records(code)["1"]["geojson"])["coordinates"] == pytest.approx(TAN_AN, abs=1e-6)


def test_a_table_of_vn_2000_with_northing_called_x(make, tmp_path):
    """Cadastral tables call the northing X; which is which is told by their size."""
    code = make()
    x, y = metres(*TAN_AN)
    path = tmp_path / "moc.csv"
    path.write_text(f"Mã cây;X (m);Y (m)\nC1;{y:.3f};{x:.3f}\n".replace(".", ","), "utf-8")
    found = loads.inspect(path)
    guessed = loads.guess(found)
    assert (guessed.geometry.east, guessed.geometry.north) == ("Y (m)", "X (m)")
    load = loads.stage(
        SYSTEM, code, path, {"crs": "9210", "geometry": {"east": "Y (m)", "north": "X (m)"}, "fields": {"ma": "Mã cây"}}
    )
    loads.apply(SYSTEM, load.id)
    assert json.loads(records(code)["C1"]["geojson"])["coordinates"] == pytest.approx(TAN_AN, abs=1e-6)
