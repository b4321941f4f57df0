"""Files of places: every row is taken or refused with its reason, and the same file twice changes nothing."""

import io

import pytest
from openpyxl import Workbook
from sqlalchemy import select, text
from typer.testing import CliRunner

from dothi.identity.guard import ANONYMOUS
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput, NotSignedIn
from dothi.places import cli, columns, readers, service
from dothi.places.describe import Options, day
from dothi.places.importing import import_units
from tests.archives import damaged

from .conftest import BEFORE, CROSSWALK, PROVINCES, REFORM, WARDS, collection, feature

BOWTIE = {"type": "Polygon", "coordinates": [[[105, 10], [106, 11], [106, 10], [105, 11], [105, 10]]]}
METRES = {
    "type": "Polygon",
    "coordinates": [[[553000, 1166000], [554000, 1166000], [554000, 1167000], [553000, 1166000]]],
}


def test_the_same_boundaries_twice_change_nothing(session, take):
    first = take(collection(*PROVINCES, *WARDS))
    assert (first.read, first.refused) == (11, [])
    entries = session.scalars(select(Entry.id)).all()
    again = take(collection(*PROVINCES, *WARDS))
    assert (again.unchanged, again.created, again.updated) == (11, 0, 0)
    assert session.scalars(select(Entry.id)).all() == entries


def test_a_commune_finds_its_province(country):
    assert {code: service.unit(country, code).parent_code for code in ("27694", "31147", "22963", "00070")} == {
        "27694": "80", "31147": "92", "22963": "68", "00070": "01",
    }  # fmt: skip


def test_an_island_a_coarse_province_misses_goes_by_its_code(session, take):
    provinces = [feature("52", "Tỉnh Gia Lai", (108, 13, 109, 14)), feature("66", "Tỉnh Đắk Lắk", (108, 12, 109.3, 13))]
    wards = [
        feature("21600", "Xã A", (108.1, 13.1, 108.2, 13.2)),
        feature("21607", "Xã Nhơn Châu", (109.25, 12.9, 109.35, 12.95)),
        feature("21610", "Xã B", (108.3, 13.1, 108.4, 13.2)),
        feature("22000", "Xã C", (108.3, 12.1, 108.4, 12.2)),
        feature("30000", "Đặc khu Xa", (112.0, 9.0, 112.1, 9.1)),
        feature("30001", "Xã Bên Lề", (108.95, 12.98, 109.06, 13.08)),
    ]
    report = take(collection(*provinces, *wards))
    parents = {code: service.unit(session, code).parent_code for code in ("21607", "22000", "30000", "30001")}
    assert parents == {"21607": "52", "22000": "66", "30000": None, "30001": "52"}
    assert "put into province 52 by its code" in str(report.notices[0])


def test_every_refusal_has_its_reason(session, take):
    bad = collection(
        feature("27694", "Phường Long An", (106.40, 10.54, 106.45, 10.57)),
        feature("27694", "Phường Long An", (106.40, 10.54, 106.45, 10.57)),
        feature("27712", None, (106.40, 10.50, 106.45, 10.54)),
        feature("277123", "Phường Tân An", (106.40, 10.50, 106.45, 10.54)),
        feature("27713", "Phường X", METRES),
        feature("27714", "Phường Y", {"type": "Point", "coordinates": [106, 10]}),
        feature("27716", "Phường Z", None),
        feature(
            "27717", "Phường V", {"type": "Polygon", "coordinates": [[[106, 10], [107, 10], [108, 10], [106, 10]]]}
        ),
        feature("27718", "Phường U", (106, 10, 107, 11), validFrom="hôm qua"),
        feature("1234", "Nơi nào", (106, 10, 107, 11)),
        "not a feature",
    )
    report = take(bad)
    said = [str(fault) for fault in report.refused]
    assert (report.read, report.created, len(said)) == (11, 1, 10)
    for part in (
        "already used by feature 1", "feature 3: no name", "a commune code: 5 digits", "off the globe", "a Point is not an outline",
        "feature 7 (Phường Z): no outline", "cannot be mended", "'hôm qua'", "cannot tell the level", "feature 11: no name",
    ):  # fmt: skip
        assert any(part in one for one in said), part


def test_a_broken_ring_is_mended_and_said(session, take):
    report = take(collection(feature("80", "Tỉnh Tây Ninh", BOWTIE)))
    assert (report.accepted, report.refused) == (1, [])
    assert "outline mended: Self-intersection" in str(report.notices[0])
    assert service.locate_code(session, 105.2, 10.5, level="province") == "80"
    assert service.locate_code(session, 105.5, 10.1, level="province") is None


def test_official_boundaries_replace_sketches_and_never_the_other_way(session, take):
    sketch = collection(feature("27694", "Phường Long An", (106.41, 10.55, 106.44, 10.56)))
    official = collection(feature("27694", "Phường Long An", (106.40, 10.54, 106.45, 10.57)))
    assert take(sketch, approximate=True, source="our sketch").created == 1
    assert service.unit(session, "27694").approximate
    report = take(official, source="state map")
    assert (report.updated, report.replaced_sketches) == (1, 1)
    session.expire_all()
    unit = service.unit(session, "27694")
    assert (unit.approximate, unit.source) == (False, "state map")
    back = take(sketch, approximate=True, source="our sketch")
    assert (back.unchanged, back.replaced_sketches) == (1, 0)
    assert "does not replace the official boundary" in str(back.notices[0])
    session.expire_all()
    assert service.unit(session, "27694").source == "state map"
    assert service.locate_code(session, 106.405, 10.545) == "27694"


def test_a_dry_run_reports_and_writes_nothing(session, take):
    report = take(collection(*WARDS), dry=True)
    assert report.created == len(WARDS)
    assert service.unit(session, "27694") is None
    assert take(CROSSWALK, "c.csv", dry=True).created == 6
    assert session.execute(text("SELECT count(*) FROM unit_change")).scalar() == 0


def test_names_and_kinds_are_corrected_on_their_own_day(session, take):
    take(collection(feature("27694", "Phường Tân An", (106, 10, 107, 11))))
    assert "renamed from Phường Tân An" in str(
        take(collection(feature("27694", "Phường Long An", (106, 10, 107, 11)))).notices[0]
    )
    assert "kind corrected from phường to xã" in str(
        take(collection(feature("27694", "Xã Long An", (106, 10, 107, 11)))).notices[0]
    )
    assert [u.full_name for u in service.history(session, "27694")] == ["Xã Long An"]
    take(collection(feature("27694", "Phường 1", (106, 10, 107, 11))), valid_from=day("2004-07-08"))
    assert [u.full_name for u in service.history(session, "27694")] == ["Phường 1", "Xã Long An"]
    assert service.unit(session, "27694", BEFORE).valid_to == REFORM


def test_provinces_without_codes_go_by_their_names(session, take):
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.1, 0.1], "translate": [100, 10]},
        "arcs": [[[0, 0], [10, 0]], [[10, 0], [0, 10], [-10, 0], [0, -10]], [[20, 0], [10, 0], [0, 10], [-10, 0], [0, -10]]],
        "objects": {"a": {"type": "GeometryCollection", "geometries": [
            {"type": "Polygon", "arcs": [[0, 1]], "properties": {"code": "AD01", "ten_tinh": "TP Huế"}},
            {"type": "MultiPolygon", "arcs": [[[2]]], "properties": {"code": "AD01", "ten_tinh": "Hoà Bình"}, "id": 7},
            {"type": "Polygon", "arcs": [[9]], "properties": {"ten_tinh": "Long An"}},
            {"type": "Polygon", "arcs": [[0, 1]], "properties": {"ten_tinh": "Atlantis"}},
            {"type": None, "properties": {"ten_tinh": "Lai Châu"}},
            {"type": "Point", "coordinates": [1, 2], "properties": {"ten_tinh": "Lai Châu"}},
        ]}},
    }  # fmt: skip
    old = {"level": "province", "valid_from": day("2008-08-01"), "valid_to": REFORM}
    report = take(topology, "old.topojson", **old)
    said = " | ".join(map(str, report.refused))
    assert (report.read, report.updated, len(report.refused)) == (6, 2, 4)
    assert "broken GeoJSON" in said
    assert "no unit of that name" in said
    assert service.locate(session, 100.5, 10.5, BEFORE, "province").name == "Huế"
    assert service.locate(session, 102.5, 10.5, BEFORE, "province").code == "17"
    assert take(topology, "old.topojson", **old).unchanged == 2
    plain = {**topology, "transform": {}, "arcs": [[[100, 10], [101, 10], [101, 11], [100, 10]]], "objects": {
        "one": {"type": "Polygon", "arcs": [[0]], "properties": {"ten_tinh": "Huế"}}}}  # fmt: skip
    assert take(plain, "plain.topojson", **old).updated == 1


def test_a_name_several_units_bear_needs_a_code(country, take):
    table = "Tên đơn vị,Tỉnh thành\nPhường Tân An,\nPhường Tân An,Tây Ninh\n"
    report = take(table, "names.csv", level="commune")
    assert (report.unchanged, len(report.refused)) == (1, 1)
    assert "several units bear this name: 27712, 31147" in str(report.refused[0])


def test_tables_in_excel_and_old_encodings(session, take):
    book = Workbook()
    sheet = book.active
    sheet.append(["Danh mục đơn vị hành chính", None, None])
    sheet.append(["Mã", "Tên đơn vị", "Diện tích"])
    sheet.append([27694.0, "Phường Long An", "34,90 km²"])
    sheet.append([None, None, None])
    sheet.append([70, "Phường Hoàn Kiếm", "191 ha"])
    data = io.BytesIO()
    book.save(data)
    assert take(data.getvalue(), "units.xlsx", level="commune").created == 2
    assert (service.unit(session, "27694").area_km2, service.unit(session, "00070").area_km2) == (34.9, 1.91)
    for name, encoding in (("16.csv", "utf-16"), ("bom.csv", "utf-8-sig")):
        assert take("Mã;Tên đơn vị\n27694;Phường Long An\n".encode(encoding), name).unchanged == 1
    assert readers.decode("Phường Long An".encode("cp1258", "ignore")).startswith("Ph")
    assert take('[{"code": "27694", "name": "Long An", "kind": "Phường"}]', "list.json").unchanged == 1


@pytest.mark.parametrize(
    ("cell", "number", "whole"),
    [
        ("2.68 km²", 2.68, 2), ("2,68", 2.68, 2), ("1.234,5", 1234.5, 1234), ("1,234.5", 1234.5, 1234), ("105.301 người", 105.301, 105301),
        ("1.234.567", 1234567, 1234567), (7, 7.0, 7), (None, None, None), (True, None, None), ("không rõ", None, None), ("-3,5 m", -3.5, -3),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(cell, number, whole):
    assert columns.number(cell) == number
    assert columns.whole(cell) == whole


def test_files_that_are_none_of_these(file, tmp_path):
    for name, content, why in (
        ("a.json", '{"type": ', "broken JSON"),
        ("b.json", '{"hello": 1}', "not known here"),
        ("c.json", '{"type": "FeatureCollection"}', "without a list"),
        ("d.json", '{"type": "Topology"}', "broken TopoJSON"),
        ("x.xlsx", damaged("xl/workbook.xml", "[Content_Types].xml"), "not a workbook"),
        ("e.json", '{"type": "Topology", "arcs": [[1]], "objects": {}}', "broken TopoJSON"),
    ):
        with pytest.raises(BadInput, match=why):
            readers.read(file(name, content))
    with pytest.raises(BadInput, match="No such file"):
        readers.read(tmp_path / "nowhere.csv")
    assert readers.read(file("one.json", feature("80", "Tây Ninh", (1, 1, 2, 2)))).kind == "boundaries"
    assert readers.read(file("empty.csv", "")).rows == []


def test_an_import_needs_permission_and_a_sane_time(session):
    with pytest.raises(NotSignedIn):
        import_units(session, ANONYMOUS, [], Options(REFORM))
    with pytest.raises(BadInput, match="level"):
        import_units(session, cli.guard.SYSTEM, [], Options(REFORM, level="planet"))
    with pytest.raises(BadInput, match="not after"):
        import_units(session, cli.guard.SYSTEM, [], Options(REFORM, valid_to=REFORM))


def test_the_command_reports_and_repeats(database, file):
    import typer

    app = typer.Typer()
    app.command()(cli.places)
    wards = file("wards.geojson", collection(*WARDS, feature("1", None), feature("2", None)))
    run = CliRunner().invoke(app, [str(wards), "--dry-run", "--show", "1"])
    assert run.exit_code == 0, run.output
    assert (
        "9 read = 7 accepted (7 new, 0 changed, 0 unchanged) + 2 refused, 0 notices (dry run: nothing written)"
        in run.output
    )
    assert "and 1 more" in run.output
    assert "7 new" in CliRunner().invoke(app, [str(wards), "--map", "name=fullName"]).output
    assert "7 unchanged" in CliRunner().invoke(app, [str(wards)]).output
    wrong = CliRunner().invoke(app, [str(wards), "--map", "colour=x", "--map", "y"])
    assert len(wrong.exception.faults) == 2
