"""Files as offices hand them in: every format, messy headers, archives nobody should open."""

import json
import zipfile
from datetime import date

import openpyxl
import pyarrow as pa
import pyogrio
import pytest
import shapely

from dothi.config import settings
from dothi.datasets.loads import service as loads
from dothi.datasets.loads import unpacking, values
from dothi.identity.guard import SYSTEM
from dothi.kit.errors import BadInput, DothiError, TooLarge
from tests.archives import damaged
from tests.loads.conftest import geojson, records, tree

ROWS = {"ma": ["C1", "C2"], "loai": ["Sao đen", "Dầu rái"], "cao": [5.5, 6.0], "trong": [date(2020, 11, 21), None]}
SHAPES = [shapely.Point(106.41, 10.53), shapely.Point(106.42, 10.54)]


def written(path, driver, **more):
    table = pa.table({**ROWS, "geometry": [shapely.to_wkb(one) for one in SHAPES]})
    pyogrio.write_arrow(
        table, path, driver=driver, geometry_name="geometry", geometry_type="Point", crs="EPSG:4326", **more
    )
    return path


def sequence(path):
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "id": ROWS["ma"][i],
                "properties": {
                    "ma": ROWS["ma"][i],
                    "loai": ROWS["loai"][i],
                    "cao": ROWS["cao"][i],
                    "trong": "2020-11-21" if not i else None,
                },
                "geometry": json.loads(shapely.to_geojson(SHAPES[i])),
            },
            ensure_ascii=False,
        )
        for i in range(2)
    ]
    path.write_text("".join(f"\x1e{line}\n" for line in lines), "utf-8")
    return path


def kmz(path):
    inner = written(path.with_suffix(".kml"), "LIBKML")
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "doc.kml")
    return path


def geoparquet(path):
    import pyarrow.parquet as pq

    geo = {
        "version": "1.0.0",
        "primary_column": "hinh",
        "columns": {"hinh": {"encoding": "WKB", "geometry_types": ["Point"]}},
    }
    table = pa.table({**ROWS, "hinh": [shapely.to_wkb(one) for one in SHAPES]}).replace_schema_metadata(
        {"geo": json.dumps(geo)}
    )
    pq.write_table(table, path)
    return path


MAKERS = {
    "a.gpkg": lambda path: written(path, "GPKG"),
    "a.fgb": lambda path: written(path, "FlatGeobuf"),
    "a.kml": lambda path: written(path, "LIBKML"),
    "a.kmz": kmz,
    "a.shp": lambda path: written(path, "ESRI Shapefile", ENCODING="UTF-8"),
    "a.parquet": geoparquet,
    "a.geojsonl": sequence,
    "a.geojson": lambda path: geojson(path, [{"ma": ROWS["ma"][i], "loai": ROWS["loai"][i], "cao": ROWS["cao"][i], "lon": SHAPES[i].x, "lat": SHAPES[i].y, **({} if i else {"trong": "2020-11-21"})} for i in range(2)]),
}  # fmt: skip


@pytest.mark.parametrize("name", MAKERS)
def test_every_format_brings_the_same_records(trees, tmp_path, name):
    path = MAKERS[name](tmp_path / name)
    if name in ("a.gpkg", "a.parquet"):  # by what is in it, not by what it is called
        path = path.rename(tmp_path / "delivery.bin")
    load = loads.stage(SYSTEM, trees, path)
    assert (load.read, load.accepted) == (2, 2)
    loads.apply(SYSTEM, load.id)
    found = records(trees)
    assert found["C1"] | {"load": 0} == {
        "ma": "C1", "loai": "Sao đen", "cao": 5.5, "trong": "2020-11-21", "version": 1, "load": 0,
        "geojson": '{"type":"Point","coordinates":[106.41,10.53]}',
    }  # fmt: skip
    assert found["C2"]["loai"] == "Dầu rái"


def test_a_drawing_is_read_with_the_system_that_is_said(make, tmp_path):
    code = make("ban-ve", {"lop": {"type": "string"}}, geometry_type="Geometry")
    line = ["0", "LINE", "8", "TIM_DUONG", "10", "572000", "20", "1164500", "11", "572100", "21", "1164500"]
    drawing = ["0", "SECTION", "2", "ENTITIES", *line, "0", "ENDSEC", "0", "EOF", ""]
    (tmp_path / "a.dxf").write_text("\n".join(drawing))
    load = loads.stage(SYSTEM, code, tmp_path / "a.dxf", {"crs": "VN-2000 Long An", "fields": {"lop": "Layer"}})
    loads.apply(SYSTEM, load.id)
    (found,) = records(code).values()
    assert found["lop"] == "TIM_DUONG"
    assert json.loads(found["geojson"])["coordinates"][0] == pytest.approx((106.41, 10.53), abs=0.01)


def test_a_workbook_with_titles_merged_cells_and_counted_columns(make, tmp_path):
    code = make("cay", {"ma": {"type": "string", "title": "Mã cây", "x-role": "key"}, "xa": {"type": "string", "title": "Xã / phường"},
                        "cao": {"type": "number", "title": "Kích thước / Cao (m)"}, "trong": {"type": "string", "format": "date", "title": "Ngày trồng"}},
                key_field="ma", geometry_type=None)  # fmt: skip
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Cây xanh"
    for row in (
        ["ỦY BAN NHÂN DÂN PHƯỜNG LONG AN"], ["DANH SÁCH CÂY XANH NĂM 2026"], [None], ["(Kèm theo công văn số 12)"],
        ["STT", "Mã cây", "Xã / phường", "Kích thước", None, "Ngày trồng"], [None, None, None, "Cao (m)", "Tán (m)", None],
        [1, 2, 3, 4, 5, 6],
        [1, "001", "Long An", 5.5, 2, date(2020, 11, 21)], [2, "002", None, "6,5", 2, "1/2/2021"], [3, "003", "Tân An", 7, 2, None],
    ):  # fmt: skip
        sheet.append(row)
    for cells in ("A1:F1", "A2:F2", "A5:A6", "B5:B6", "C5:C6", "D5:E5", "F5:F6", "C8:C9"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "cay.xlsx")
    found = loads.inspect(tmp_path / "cay.xlsx")
    assert [one.name for one in found.first.columns] == [
        "STT",
        "Mã cây",
        "Xã / phường",
        "Kích thước / Cao (m)",
        "Kích thước / Tán (m)",
        "Ngày trồng",
    ]
    mapping = {
        "fields": {
            "ma": "Mã cây",
            "xa": "Xã / phường",
            "trong": "Ngày trồng",
            "cao": {"column": "Kích thước / Cao (m)", "decimal": ","},
        }
    }
    load = loads.stage(SYSTEM, code, tmp_path / "cay.xlsx", mapping)
    assert (load.read, load.accepted) == (3, 3)
    loads.apply(SYSTEM, load.id)
    made = {key: (one["xa"], one["cao"], one.get("trong")) for key, one in records(code).items()}
    assert made == {
        "001": ("Long An", 5.5, "2020-11-21"),
        "002": ("Long An", 6.5, "2021-02-01"),
        "003": ("Tân An", 7, None),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_a_csv_with_a_title_and_any_delimiter_and_encoding(trees, tmp_path, encoding):
    from tests.loads.test_vn2000 import in_cp1258

    text = 'Báo cáo cây xanh Phường Long An;;;\nMã cây;Loài cây;Chiều cao;Toạ độ\nC1;Bằng lăng tím;5,5;"10.53, 106.41"\nC2;Phượng vĩ;6;\n'
    path = tmp_path / "cay.csv"
    path.write_bytes(in_cp1258(text) if encoding == "cp1258" else text.encode(encoding))
    load = loads.stage(SYSTEM, trees, path)
    loads.apply(SYSTEM, load.id)
    found = records(trees)
    assert (found["C1"]["loai"], found["C1"]["cao"]) == ("Bằng lăng tím", 5.5)
    assert found["C1"]["geojson"] == '{"type":"Point","coordinates":[106.41,10.53]}'


@pytest.mark.parametrize(("text", "kind"), [
    ('hinh\n"POLYGON ((106 10, 106.1 10, 106.1 10.1, 106 10))"\n', "wkt"),
    ('hinh\n"{""type"":""Polygon"",""coordinates"":[[[106,10],[106.1,10],[106.1,10.1],[106,10]]]}"\n', "geojson"),
])  # fmt: skip
def test_shapes_as_text_in_a_column(make, tmp_path, text, kind):
    code = make("vung", {"ten": {"type": "string"}}, geometry_type="Polygon")
    path = tmp_path / "v.csv"
    path.write_text(text.replace("hinh", "ten,hinh").replace('\n"', '\na,"'), "utf-8")
    found = loads.inspect(path)
    assert getattr(loads.guess(found).geometry, kind) == "hinh"
    load = loads.stage(SYSTEM, code, path)
    assert (load.accepted, load.refused) == (1, 0)
    loads.apply(SYSTEM, load.id)
    assert next(iter(records(code).values()))["geojson"].startswith('{"type":"Polygon","coordinates":[[[106.0,10.0]')


def test_a_dataset_can_be_proposed_from_a_file(database, tmp_path):
    path = tmp_path / "Trạm biến áp.csv"
    path.write_text(
        "Mã trạm,Tên trạm,Công suất (m2),Số điện thoại,Kinh độ,Vĩ độ\nT01,Long An 1,5.5,0912345678,106.4,10.5\nT02,Long An 2,6,0912345679,106.4,10.5\n",
        "utf-8",
    )
    made = loads.propose_schema(loads.inspect(path))
    assert (made["code"], made["geometry_type"], made["key_field"]) == ("tram-bien-ap", "Point", "ma_tram")
    fields = made["schema"]["properties"]
    assert {name: one["type"] for name, one in fields.items()} == {
        "ma_tram": "string",
        "ten_tram": "string",
        "cong_suat_m2": "number",
        "so_dien_thoai": "string",
    }
    assert fields["so_dien_thoai"]["x-personal"]
    assert fields["cong_suat_m2"]["x-unit"] == "m2"


# --- what nobody should open


def archive(path, entries, **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name", ["../out.geojson", "/etc/out.geojson", "a/../../b.geojson", "C:\\out.geojson", "..\\out.geojson"]
)
def test_paths_that_lead_out_of_an_archive_are_refused(database, tmp_path, name):
    with pytest.raises(BadInput) as error:
        loads.inspect(archive(tmp_path / "a.zip", {name: "{}"}))
    assert "leads out" in str(error.value)


def test_a_damaged_archive_is_refused(database, tmp_path):
    for name in ("cay.csv", "xl/workbook.xml"):
        path = tmp_path / "hong.zip"
        path.write_bytes(damaged(name))
        with pytest.raises(BadInput):
            loads.inspect(path)


def test_links_in_an_archive_are_refused(database, tmp_path):
    entry = zipfile.ZipInfo("a.geojson")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(entry, "/etc/passwd")
    with pytest.raises(BadInput):
        loads.inspect(tmp_path / "a.zip")


def test_zip_bombs_are_refused_by_ratio_and_by_size(database, tmp_path, monkeypatch):
    path = archive(tmp_path / "a.zip", {"a.geojson": b" " * 20_000_000})
    with pytest.raises(TooLarge):
        loads.inspect(path)
    monkeypatch.setattr(settings(), "load_ratio", 10_000)
    monkeypatch.setattr(settings(), "load_bytes", 1_000_000)
    with pytest.raises(TooLarge):
        loads.inspect(path)


def columns_of(path):
    found = loads.inspect(path).first.columns
    if not found:
        raise BadInput("nothing in it")
    return found


BOMB = '<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml><Document/></kml>'
VRT = '<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


@pytest.mark.parametrize(("name", "data"), [
    ("a.kml", BOMB), ("a.kml", VRT), ("a.kml", "<!-- <kml> -->" + VRT), ("a.shp", b"nothing"), ("a.gpkg", b"SQLite format 3\0junk"),
    ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600), ("a.xlsx", b"PK\x03\x04broken"), ("a.parquet", b"PAR1junkPAR1"), ("a.fgb", b"fgb\x03junkjunk"),
    ("a.geojson", '{"type":"FeatureCollection","features":[{"type":"Feature"'), ("a.geojson", '{"a":1}'), ("a.geojson", "[" * 100_000),
    ("a.bin", b"\x00\x01\x02" * 100), ("a.csv", b""), ("a.dwg", b"AC1027xxxx"), ("a.geojson", '{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline"}'),
])  # fmt: skip
def test_what_cannot_be_read_is_said_in_words(database, tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(DothiError) as error:
        columns_of(path)
    assert str(error.value)


def test_gdal_has_no_driver_that_a_file_could_make_fetch_or_run_something():
    import subprocess
    import sys

    code = "from dothi.datasets.loads.gdal import pyogrio; print(*pyogrio.list_drivers(), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    drivers = set(done.stdout.splitlines())
    assert {"ESRI Shapefile", "GPKG", "LIBKML", "DXF", "FlatGeobuf", "TopoJSON"} <= drivers
    assert not drivers & {"OGR_VRT", "GDALG", "HTTP", "WFS", "OAPIF", "SQLite"}


def test_a_collection_that_breaks_off_fails_the_load_and_leaves_nothing(trees, tmp_path):
    path = geojson(tmp_path / "a.geojson", [tree(i) for i in range(30)])
    path.write_text(path.read_text("utf-8")[:-40], "utf-8")
    with pytest.raises(BadInput):
        loads.stage(SYSTEM, trees, path, {"fields": {"ma": "ma"}}, batch=10)
    assert records(trees) == {}


@pytest.mark.parametrize(("kind", "given", "made"), [
    ("number", "1.234,5", ValueError), ("number", "12", 12), ("number", " 1 234 ", 1234), ("number", "", None), ("number", "NaN", None),
    ("number", float("inf"), ValueError), ("number", "2.68 km²", values.Repaired), ("integer", "3.0", 3), ("integer", "3.5", ValueError),
    ("integer", 10**30, ValueError), ("boolean", "Có", True), ("boolean", "không", False), ("boolean", 2, ValueError),
    ("date", "21/11/2026", "2026-11-21"), ("date", "20261121", "2026-11-21"), ("date", "30/02/2026", ValueError),
    ("date-time", "21/11/2026 07:30", "2026-11-21T00:30:00.000Z"), ("date-time", "{'@value': '2025-12-03T22:09:37Z'}", "2025-12-03T22:09:37.000Z"),
    ("array", "a; b", ["a", "b"]), ("array", "[1", ValueError), ("object", '{"a":NaN}', ValueError), ("string", 5.0, "5"), ("string", "  x ", "x"),
])  # fmt: skip
def test_cells_become_values(kind, given, made):
    convert = values.converter(kind)
    if made is None or not isinstance(made, type):
        assert (None if values.empty(given) else convert(given)) == made
    else:
        with pytest.raises(made):
            convert(given)


def test_an_enumeration_is_met_by_value_or_title_whatever_the_accents():
    convert = values.converter("string", allowed=[("good", "Tốt"), ("bad", "Hỏng")])
    assert convert("good") == "good"
    with pytest.raises(values.Repaired) as error:
        convert("TOT")
    assert error.value.args[0] == "good"
    with pytest.raises(ValueError, match="not one of good, bad"):
        convert("mới")


def test_old_letters_inside_unicode_are_noticed_and_right_ones_left_alone(database, tmp_path):
    right = ["Phòng Khám Đa Khoa", "Trạm Y tế", "Trường học"]
    wrong = [
        one.encode("latin-1").decode("latin-1")
        for one in ("Ph\xadêng T©n An", "CÇu R¹ch Chanh", "§\xadêng Hïng V\xad¬ng")
    ]
    for words, font in ((right, None), (wrong, "tcvn3")):
        found = loads.inspect(geojson(tmp_path / "a.geojson", [{"ten": word} for word in words]))
        assert found.first.font == font


def test_formats_are_known_by_their_first_bytes():
    assert unpacking.sniffed(b'\xef\xbb\xbf{"type":"FeatureCollection"', "x") == "geojson"
    assert unpacking.sniffed(b'{"type":"Feature"}\n{"type":"Feature"}\n', "x") == "geojsonseq"
    assert unpacking.sniffed(b"  0\r\nSECTION\r\n  2\r\nHEADER", "x") == "dxf"
