"""Records as files: what goes out in a format comes back the same, and what is hidden is not in it."""

import json

import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from dothi.datasets import views
from dothi.datasets.formats import rows as rows_
from dothi.datasets.formats.export import DRAWN, export, formats
from dothi.datasets.formats.ogr import short_names
from dothi.datasets.loads import service as loads
from dothi.datasets.reading import Asked
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.kit.errors import BadInput
from tests.loads.conftest import geojson, records, tree

NUMBER = 250  # more than two batches


@pytest.fixture
def full(trees, tmp_path, monkeypatch):
    monkeypatch.setattr(rows_, "BATCH", 100)
    rows = [tree(i, trong="2020-11-21", tot=i % 2 == 0) for i in range(NUMBER)]
    loads.apply(SYSTEM, loads.stage(SYSTEM, trees, geojson(tmp_path / "a.geojson", rows)).id)
    views.forget()
    return trees


def file_of(code, name, folder, **more):
    path = folder / f"out.{formats[name][1]}"
    asked = more.pop("asked", None)
    path.write_bytes(b"".join(export(views.view(SYSTEM, code), asked, name, **more)))
    return path


@pytest.mark.parametrize("name", [one for one in formats if one != "xlsx"])
def test_what_is_exported_and_loaded_again_is_the_same(full, make, tmp_path, name):
    path = file_of(full, name, tmp_path)
    mapping = {
        "fields": {
            "ma": "ma",
            "loai": "Name" if name == "kml" else "loai",
            "cao": "cao",
            "trong": "trong",
            "tot": "tot",
        }
    }
    if name == "csv":
        mapping["geometry"] = {"lon": "lon", "lat": "lat"}
    load = loads.stage(SYSTEM, full, path, mapping, "replace")
    assert (load.read, load.accepted, load.same) == (NUMBER, NUMBER, NUMBER)


def test_a_workbook_has_titles_days_and_no_formulas(make, tmp_path):
    code = make()
    row = tree(1, loai="=1+1", trong="2020-11-21")
    loads.apply(SYSTEM, loads.stage(SYSTEM, code, geojson(tmp_path / "a.geojson", [row])).id)
    views.forget()
    sheet = openpyxl.load_workbook(file_of(code, "xlsx", tmp_path)).active
    heads, cells = list(sheet.iter_rows(values_only=True))
    assert heads[:4] == ("Mã cây", "Loài cây", "Chiều cao", "Ngày trồng")
    assert (cells[1], sheet["B2"].data_type, cells[3].date().isoformat()) == ("=1+1", "s", "2020-11-21")
    assert b"'=1+1" in file_of(code, "csv", tmp_path).read_bytes()


@pytest.mark.parametrize("name", [one for one in formats if one not in ("geojson", "geojsonseq", "kml", "xlsx")])
def test_a_file_in_vn_2000_comes_back_to_the_same_place(full, tmp_path, name):
    path = file_of(full, name, tmp_path, crs="VN-2000 Long An")
    mapping = {"fields": {"ma": "ma", "loai": "loai", "cao": "cao", "trong": "trong", "tot": "tot"}}
    if name == "csv":
        mapping |= {"geometry": {"east": "east", "north": "north"}, "crs": "9210"}
    before = records(full)
    load = loads.stage(SYSTEM, full, path, mapping, "replace")
    loads.apply(SYSTEM, load.id)
    after = records(full)
    assert set(after) == set(before)
    for key in ("C000", "C240"):
        was, now = (shapely.from_geojson(some[key]["geojson"]) for some in (before, after))
        assert was.distance(now) < 2e-7


def test_degrees_only_formats_refuse_another_system(full):
    for name in ("geojson", "geojsonseq", "kml"):
        with pytest.raises(BadInput):
            export(views.view(SYSTEM, full), None, name, "EPSG:9210")
    with pytest.raises(BadInput):
        export(views.view(SYSTEM, full), None, "docx")


@pytest.mark.parametrize("name", formats)
def test_hidden_fields_are_absent_from_every_file(make, tmp_path, name):
    code = make("ho", {
        "ten": {"type": "string"},
        "sdt": {"type": "string", "x-personal": True},
    }, key_field=None)  # fmt: skip
    rows = [{"ten": "An", "sdt": "0912-SECRET", "lon": 106.0, "lat": 10.0}]
    loads.apply(SYSTEM, loads.stage(SYSTEM, code, geojson(tmp_path / "a.geojson", rows)).id)
    views.forget()
    path = file_of(code, name, tmp_path)
    data = path.read_bytes()
    if path.suffix in (".xlsx", ".zip"):
        import zipfile

        data = b"".join(zipfile.ZipFile(path).read(one) for one in zipfile.ZipFile(path).namelist())
    assert b"SECRET" not in data
    assert b"sdt" not in data
    assert b"An" in data


def test_a_dataset_without_geometry_goes_into_tables(make, tmp_path):
    code = make(
        "bang", {"a": {"type": "string", "x-role": "key"}, "n": {"type": "integer"}}, key_field="a", geometry_type=None
    )
    path = tmp_path / "a.csv"
    path.write_text("a,n\nx,1\ny,\n", "utf-8")
    loads.apply(SYSTEM, loads.stage(SYSTEM, code, path).id)
    views.forget()
    assert file_of(code, "csv", tmp_path).read_text("utf-8-sig").split() == ["a,n,placeCode", "x,1,", "y,,"]
    assert pq.read_table(file_of(code, "geoparquet", tmp_path)).column("n").to_pylist() == [1, None]
    assert pyogrio.read_info(file_of(code, "gpkg", tmp_path))["features"] == 2
    for name in DRAWN:
        with pytest.raises(BadInput):
            export(views.view(SYSTEM, code), None, name)


def test_what_is_asked_for_limits_the_file(full, tmp_path):
    asked = Asked(limit=3, properties=("ma",), bbox=(106.5, 10.0, 107.0, 11.0))
    found = json.loads(file_of(full, "geojson", tmp_path, asked=asked).read_bytes())
    assert len(found["features"]) == 3
    assert {name for one in found["features"] for name in one["properties"]} == {"ma"}
    table = file_of(full, "csv", tmp_path, asked=asked).read_text("utf-8-sig").splitlines()
    assert (len(table), table[0]) == (4, "ma,lon,lat")


def test_a_file_begins_before_all_records_are_read(full):
    pieces = export(views.view(SYSTEM, full), None, "geojson")
    first = [next(pieces), next(pieces)]
    assert sum(one.count(b'"Feature"') for one in first) < NUMBER
    pieces.close()
    with db.writing():  # nothing is held
        pass


def test_shapes_of_several_kinds_become_several_shapefiles(make, tmp_path):
    code = make("hon-hop", {"ten": {"type": "string"}}, geometry_type="Geometry")
    rows = [
        {"ten": "p", "lon": 106.0, "lat": 10.0},
        {"ten": "l", "geometry": {"type": "LineString", "coordinates": [[106, 10], [106.1, 10]]}},
    ]
    loads.apply(SYSTEM, loads.stage(SYSTEM, code, geojson(tmp_path / "a.geojson", rows)).id)
    views.forget()
    found = loads.inspect(file_of(code, "shp", tmp_path))
    assert {one.name: one.count for one in found.layers} == {
        "hon-hop-points": 1,
        "hon-hop-lines": 1,
        "hon-hop-areas": 0,
    }


def test_short_names_are_ten_characters_and_different():
    made = short_names(["Tên đường phố", "ten_duong_xa", "TEN_DUONG", "a"])
    assert made == ["ten_duong", "ten_duon_2", "TEN_DUON_3", "a"]
