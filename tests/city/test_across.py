"""What runs in one installation is exported, applied in another on the other kind of database, and goes on living there."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi import packs
from dothi.alerts import rulebook
from dothi.cases import offices
from dothi.cases.tables import Crew
from dothi.city import drift, exporting, practice, store
from dothi.city import service as city
from dothi.city.wanted import read
from dothi.datasets import service as datasets
from dothi.datasets.tables import Dataset, Record
from dothi.identity import guard
from dothi.identity import service as identity
from dothi.identity.tables import Agency
from dothi.indicators import targets
from dothi.kit.errors import BadInput
from dothi.packs import overrides
from dothi.places import service as places
from dothi.sensing import service as sensing
from dothi.sensing.tables import Datastream
from dothi.tasking import schedules
from tests.city.conftest import SQUARE, YAML, collection
from tests.city.test_drill import DATASETS, MANIFEST, MIGRATION, PROPERTIES, spots
from tests.conftest import KINDS, ready

SECTORS = ("egov",)  # and one of our own
SECTOR = """\
sensors:
  - code: DRL-{n:02}
    name: {vi: "Điểm {n:02}", en: "Spot {n:02}"}
    agency: so-b
    model: radar
    at: {points: [{lon: 106.41, lat: 10.54}, {lon: 106.412, lat: 10.541}, {lon: 106.413, lat: 10.541}]}
    datastreams: [{property: drill-level}]
datasets:
  drill-spots: {agency: so-b, sharing: open, file: data/drill-spots.geojson}
  drill-people: {agency: so-b, sharing: shared}
  drill-secret: {agency: so-b, sharing: restricted}
actuators:
  - {kind: drill-lamp, things: ["DRL-*"]}
"""
ALERTS = """\
rules:
  - code: drill-high
    title: {vi: Mức cao, en: High level}
    on: {property: drill-level}
    when: {major: {above: 5}}
"""
TASKING = """\
kinds:
  - code: drill-lamp
    title: {vi: Đèn thử, en: Drill lamp}
    parameters: [{name: level, type: Quantity, label: {vi: Độ sáng, en: Brightness}, interval: [0, 100]}]
    schedulable: true
"""
INDICATORS = """\
indicators:
  - code: drill-count
    title: {vi: Số điểm, en: Spots}
    description: {vi: Số điểm, en: Spots}
    unit: {ucum: "1", symbol: điểm}
    direction: up
    periods: [year]
    places: [city, unit]
    inputs: {spots: {records: {dataset: drill-spots}, aggregate: count}}
    formula: spots
    source: Thử
    certainty: assumed
"""
PACK = (
    ("sector", MANIFEST), ("observed_properties", PROPERTIES), ("alerts", ALERTS), ("tasking", TASKING),
    ("indicators", INDICATORS),
)  # fmt: skip
INPUTS = """\
inputs:
  area: {type: area, title: {vi: Khu vực, en: Area}, default: {code: thu, name: {vi: Thử, en: Test}}}
"""
MORE = """\
  - code: drill-people
    title: {vi: Hộ thử, en: Drill households}
    description: {vi: Hộ thử, en: Drill households}
    geometry_type: Point
    key_field: code
    schema: &own
      type: object
      properties:
        code: {type: string, title: Mã}
        phone: {type: string, title: Điện thoại, x-personal: true}
  - code: drill-secret
    title: {vi: Kín, en: Kept}
    description: {vi: Kín, en: Kept}
    geometry_type: Point
    key_field: code
    schema: *own
"""
OWN_SCHEMA = {
    "type": "object",
    "properties": {"code": {"type": "string", "title": "Mã"}, "depth": {"type": "number", "title": "Sâu"}},
}
WAY = {"type": "LineString", "coordinates": [[106.405, 10.54], [106.41, 10.541]]}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A few packs, one of them our own, and a small city that has it, in folders of their own."""
    sectors, town = tmp_path / "sectors", tmp_path / "cities" / "thu"
    for name in SECTORS:
        apart = shutil.ignore_patterns("page.yaml", "indicators.yaml", "analyses.yaml")
        shutil.copytree(packs.content_path("sectors") / name, sectors / name, ignore=apart)
    (sectors / "drill").mkdir()
    for name, text in (*PACK, ("datasets", DATASETS + MORE)):
        (sectors / "drill" / f"{name}.yaml").write_text(text, "utf-8")
    for name in ("sectors", "data"):
        (town / name).mkdir(parents=True)
    text = YAML.partition("sensors:")[0].replace("  water: {}\n  air: {}\n", "  egov: {}\n")
    text = text.replace("{code: thu, name: {vi: Thử, en: Test},", '{code: "${area.code}", name: {vi: Thử, en: Test},')
    (town / "city.yaml").write_text(text + INPUTS, "utf-8")
    (town / "sectors" / "drill.yaml").write_text(SECTOR, "utf-8")
    given = spots({"code": "D-1", "kind": "a", "note": "x"}, {"code": "D-2", "kind": "a"}, {"code": "D-3", "kind": "b"})
    (town / "data" / "drill-spots.geojson").write_text(given, "utf-8")
    road = (
        "LineString",
        [[106.40, 10.54], [106.42, 10.54]],
        {"kind": "road", "name": "Hùng Vương", "approximate": True},
    )
    (town / "base.geojson").write_text(collection(road), "utf-8")
    ward = {"code": "99901", "name": "Phường Thử", "parent": "80", "kind": "ward"}
    (town / "wards.geojson").write_text(collection(("Polygon", [SQUARE], ward)), "utf-8")

    def at(name):
        return tmp_path / name

    monkeypatch.setattr("dothi.packs.content_path", at)
    monkeypatch.setattr("dothi.packs.folder.content_path", at)
    overrides.renew()
    yield tmp_path
    monkeypatch.undo()
    overrides.take(None)


def grow(house):
    """The pack's next version; what the city's own files say with its words is written anew."""
    pack, town = house / "sectors" / "drill", house / "cities" / "thu"
    for path in (
        pack / "sector.yaml",
        pack / "observed_properties.yaml",
        pack / "alerts.yaml",
        town / "sectors" / "drill.yaml",
    ):
        text = path.read_text("utf-8").replace("drill-level", "drill-depth").replace("version: 1", "version: 2")
        path.write_text(text, "utf-8")
    text = (
        (DATASETS + MORE).replace("[a, b]", "[alpha, b]").replace("        note: {type: string, title: Ghi chú}\n", "")
    )
    (pack / "datasets.yaml").write_text(text, "utf-8")
    (pack / "migrations.yaml").write_text(MIGRATION, "utf-8")
    given = spots({"code": "D-1", "kind": "alpha"}, {"code": "D-2", "kind": "alpha"}, {"code": "D-3", "kind": "b"})
    (town / "data" / "drill-spots.geojson").write_text(given, "utf-8")
    overrides.renew()


def apply(session, made):
    number = city.apply(session, guard.SYSTEM, made)
    session.commit()
    return number


def code(session, entity, code):
    return sensing.by_code(session, entity, code)


def work(session):
    """What people of every room do to a city by hand."""
    me = guard.SYSTEM
    identity.create_agency(session, me, "phong-c", "Phòng C", parent="so-b")
    store.change_agency(
        session, "so-b", {"name": "Sở B mới", "name_en": "Department B", "electronic_code": "H80.1", "parent": "so-a"}
    )
    places.put_area(session, me, "khu-cong-vien", name="Công viên", kind="park", units=["99901"])
    sensing.update(session, me, "Thing", code(session, "Thing", "DRL-01"), {"name": "Cầu Tân An"})
    # a property added to a post of the blueprint, which was moved
    two = code(session, "Thing", "DRL-02")
    held = sensing.body_of(session, me, "Thing", two)
    sensing.update(session, me, "Thing", two, {"properties": {**held["properties"], "asset": "TS-17"}})
    moved = {"type": "Point", "coordinates": [106.4111, 10.5422]}
    at = {"name": "x", "description": "x", "encodingType": "application/geo+json", "location": moved}
    sensing.create(session, me, "Location", at, sensing.Parent("Thing", two, "Locations"))
    sensing.delete(session, me, "Thing", code(session, "Thing", "DRL-03"))
    # a post of their own with a sensor, a property and a datastream nobody's blueprint knows, along a way
    sensing.ensure(session, me, "Sensor", "may-tay", {
        "name": "Máy tay", "description": "Máy đo tay", "encodingType": "text/plain", "metadata": "x",
    })  # fmt: skip
    sensing.ensure(session, me, "ObservedProperty", "do-man", {
        "name": "Độ mặn", "description": "Độ mặn", "definition": "urn:do-man",
    })  # fmt: skip
    own = {
        "name": "Trạm tự lắp", "description": "x", "properties": {"sharing": "open"},
        "Locations": [{"name": "x", "description": "x", "encodingType": "application/geo+json", "location": WAY}],
    }  # fmt: skip
    thing = sensing.ensure(session, me, "Thing", "TAY-01", own)
    for name, on in (("TAY-01.do-man", thing), ("DRL-01.do-man", code(session, "Thing", "DRL-01"))):
        sensing.ensure(session, me, "Datastream", name, {
            "name": "Độ mặn", "description": "x", "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {"name": "g/l", "symbol": "g/l", "definition": "urn:gl"},
            "Thing": {"@iot.id": on}, "Sensor": {"@iot.id": code(session, "Sensor", "may-tay")},
            "ObservedProperty": {"@iot.id": code(session, "ObservedProperty", "do-man")},
        })  # fmt: skip
    sensing.create(session, me, "Thing", {"name": "Không mã", "description": "x"})
    # which office, which crew
    offices.rule(session, me, "report", None, "99901", "phong-c")
    agency = session.scalar(select(Agency.id).where(Agency.code == "phong-c"))
    session.add(Crew(code="doi-1", name="Đội 1", agency_id=agency, categories=[], lon=106.41, lat=10.54, active=True))
    # records: of the blueprint's file, of a dataset without one, of one nobody may see, of one of their own
    datasets.patch(session, me, "drill-spots", "D-2", {"properties": {"kind": "b"}})
    datasets.describe(session, me, "drill-spots", {"quality": "Đo tay, sai số 5 cm"})
    person = guard.Caller(kind="person", id=7, name="Ai đó", everywhere=guard.PERMISSIONS)
    at = {"type": "Point", "coordinates": [106.41, 10.54]}
    for name in ("drill-people", "drill-secret"):
        datasets.put(session, person, name, "H-1", {"geometry": at, "properties": {"code": "H-1", "phone": "0901"}})
    datasets.create(session, me, {
        "code": "own-pits", "title": "Hố ga", "title_en": "Pits", "agency": "phong-c", "sharing": "open", "status": "published",
        "schema": OWN_SCHEMA, "geometry_type": "Point", "key_field": "code", "contact": {"name": "Phòng C"},
    })  # fmt: skip
    datasets.put(session, person, "own-pits", "P-1", {"geometry": at, "properties": {"code": "P-1", "depth": 1.25}})
    practise(session, person, agency)
    session.commit()


def a_rule(code, on, **more):
    return {"code": code, "title": {"vi": code, "en": code}, "on": on, "when": {"major": {"above": 4}}, **more}


def practise(session, by, agency):
    """What people set up at the desks of rules, tasks and indicators; some of it for one place alone."""
    rulebook.declare(session)
    rulebook.switch(session, by, "drill-high", "off", reason="ồn")
    level = {"property": "drill-level"}
    everywhere = {**level, "where": {"agency": "so-b", "things": ["DRL-*"]}}
    for made in (
        a_rule("muc-cao", everywhere, sector="drill", source="Họp 5/2026"),
        a_rule("muc-thanh-pho", {**level, "where": {"area": "thu"}}, suppress={"parents": ["muc-cao", "drill-high"]}),
        a_rule("muc-cau", {**level, "where": {"things": ["DRL-01"], "units": ["99901"]}}, sector="drill"),
        a_rule("sau-cau", level, sector="drill", suppress={"parents": ["muc-cau"]}),
        a_rule("muc-mat", {**level, "where": {"things": ["DRL-03"]}}, sector="drill"),
    ):
        rulebook.create(session, by, made, status="on")
    rulebook.create(session, by, a_rule("muc-phong", level, sector="drill"), agency_id=agency)
    steps = [{"at": "sunset+10m", "set": {"level": 100}}, {"at": "05:00", "set": {"level": 0}}]
    for name, things, enabled in (("den-toi", ["DRL-*"], True), ("den-rieng", ["TAY-01", "DRL-01"], False)):
        schedules.put(session, by, schedules.Wanted(
            name, f"Lịch {name}", "drill-lamp", things, steps, {"2026-02-17": []}, enabled,
        ))  # fmt: skip
    targets.set_target(session, by, "drill-count", 2026, 40, phase="2026-2030", source="Quyết định 1")
    targets.set_target(session, by, "drill-count", 2027, 50.5, place="thu")
    targets.set_target(session, by, "drill-count", 2027, 30, place="99901")


def standing(session):
    """Everything there is, whoever made it, but how the setting of versions is kept."""
    made = {one.key: one.fields for one in store.everything(session, store._readers())}
    return {key: fields for key, fields in made.items() if key[0] not in ("records", "base")}


def kept(session, dataset):
    query = select(Record.key, Record.properties, Record.geojson).join(Dataset, Dataset.id == Record.dataset_id)
    return sorted(map(tuple, session.execute(query.where(Dataset.code == dataset))))


DATA = ("drill-spots", "own-pits")
ALONE = (
    ("rule muc-cau", "99901, DRL-01"), ("rule muc-phong", "phong-c"), ("rule sau-cau", "the rule muc-cau"),
    ("schedule den-rieng", "TAY-01, DRL-01"), ("target drill-count.2027.99901", "99901"),
)  # fmt: skip
LEFT = {("rule", "muc-mat")}  # what it watches was removed


def seen(session):
    return standing(session), {name: kept(session, name) for name in DATA}


@pytest.fixture(params=range(len(KINDS)), ids=lambda n: KINDS[n])
def installation(request, tmp_path):
    """The first installation's kind of database, then the other's: `with installation(0) as session`."""
    from contextlib import contextmanager

    @contextmanager
    def begin(n):
        folder = tmp_path / f"installation-{n}"
        folder.mkdir()
        kind = KINDS[(request.param + n) % len(KINDS)]
        with ready(kind, request, folder) as engine, Session(engine, expire_on_commit=False) as session:
            yield session

    return begin


def test_a_city_goes_on_in_another_installation(house, installation):
    town, first, second = house / "cities" / "thu", house / "first" / "thu", house / "second" / "thu"
    with installation(0) as session:
        apply(session, city.plan(session, town))
        work(session)
        drifted = drift.drift(session, "thu")
        assert {(one.kind, one.code) for one in drifted.added} == {
            ("agency", "phong-c"), ("area", "khu-cong-vien"), ("property", "do-man"), ("sensor", "may-tay"),
            ("thing", "TAY-01"), ("datastream", "TAY-01.do-man"), ("datastream", "DRL-01.do-man"),
            ("dataset", "own-pits"), ("office", "report.*.99901"), ("crew", "doi-1"),
            ("rule", "muc-cao"), ("rule", "muc-thanh-pho"), ("rule", "muc-cau"), ("rule", "sau-cau"), ("rule", "muc-mat"),
            ("rule", "muc-phong"), ("switch", "drill-high"), ("schedule", "den-toi"), ("schedule", "den-rieng"),
            ("target", "drill-count.2026"), ("target", "drill-count.2027.thu"), ("target", "drill-count.2027.99901"),
        }  # fmt: skip
        made = exporting.export(session, "thu", town)
        made.write(first)
        before = seen(session)
        # what stays is said, and nothing of any person went along
        assert made.said == [
            "drill-people: without phone", "drill-secret: restricted, so its records stay here",
            'rule muc-mat stays here: no thing "DRL-03"',
            *(f"{one} goes along with thu alone, not into cities made from it: it speaks of {what}" for one, what in ALONE),
            "1 things have no code and stay here: a code in their properties takes them along",
        ]  # fmt: skip
        assert not any(
            one.encode() in content for content in made.files.values() for one in ("0901", "person:", "Ai đó")
        )
        # the pack grows here: upgraded, and exported once more
        grow(house)
        apply(session, city.upgrade(session, town))
        exporting.export(session, "thu", town).write(second)
        after = seen(session)
    assert before != after
    watched = [things["rule", "muc-cao"]["on"]["property"] for things, _ in (before, after)]
    assert watched == ["drill-level", "drill-depth"]

    shrink = Packs(house)
    shrink.old()
    with installation(1) as session:
        plan = city.plan(session, first)
        assert {one.verb for one in plan.changes} == {"create"}
        for things, _ in (before, after):
            for key in LEFT:
                del things[key]
        one = apply(session, plan)
        assert seen(session) == before
        assert [properties for _, properties, _ in kept(session, "drill-people")] == [{"code": "H-1"}]
        assert kept(session, "drill-secret") == []
        assert city.plan(session, first).changes == []
        assert drift.drift(session, "thu").empty
        # exported from here it is the same again
        exporting.export(session, "thu", first).write(house / "again" / "thu")
        assert city.plan(session, house / "again" / "thu").changes == []

        # people go on here, and the pack grows: with what the first installation says of it by then
        sensing.update(session, guard.SYSTEM, "Thing", code(session, "Thing", "DRL-02"), {"name": "Tên ở đây"})
        rulebook.switch(session, guard.SYSTEM, "muc-cao", "draft")
        targets.set_target(session, guard.SYSTEM, "drill-count", 2026, 45, phase="2026-2030", source="Quyết định 2")
        schedules.drop(session, guard.SYSTEM, "den-toi")
        session.commit()
        shrink.new()
        assert drift.drift(session, "thu").behind == {"drill": ("1", "2")}
        # the old folder names a property the pack no longer has, and every place of it is said
        with pytest.raises(BadInput) as caught:
            city.plan(session, first)
        said = [str(fault) for fault in caught.value.faults]
        assert any(
            one.startswith("thu/sectors/drill.yaml:") and '"drill-level"; did you mean' in one for one in said
        ), said
        assert any(one.startswith("thu/data/drill-spots.geojson: features.D-1: properties.kind") for one in said), said
        plan = city.upgrade(session, second)
        assert {one.code for one in plan.changes if one.verb == "migrate"} == {
            "drill-level", "drill-spots.kind", "drill-spots.note",
        }  # fmt: skip
        # rules that name the property follow it; nothing else becomes of them
        assert {(one.kind, one.verb) for one in plan.changes if one.kind in practice.KINDS} == {
            ("rule", "keep"), ("schedule", "keep"), ("target", "keep"),
        }  # fmt: skip
        apply(session, plan)
        things, records = after
        gone_on(things)
        assert seen(session) == (things, records)
        again = city.plan(session, second)
        assert again.work == []
        assert [(one.kind, one.code, [f.name for f in one.kept]) for one in again.kept] == [
            ("thing", "DRL-02", ["name"]), ("rule", "muc-cao", ["status"]), ("schedule", "den-toi", []),
            ("target", "drill-count.2026", ["value", "source"]),
        ]  # fmt: skip
        found = drift.drift(session, "thu")
        assert [(one.kind, one.code) for one in found.changes] == [
            ("thing", "DRL-02"), ("rule", "muc-cao"), ("schedule", "den-toi"), ("target", "drill-count.2026"),
        ]  # fmt: skip
        assert (found.added, found.behind) == ([], {})

        # and back, what was done here still done
        apply(session, city.plan(session, second, back_to=one))
        things, records = before
        gone_on(things)
        assert seen(session) == (things, records)
        assert (
            session.scalar(select(func.count()).select_from(Datastream).where(Datastream.code == "DRL-01.drill-level"))
            == 1
        )


def gone_on(things):
    """What people of the second installation did, over what there was."""
    things["thing", "DRL-02"]["name"] = "Tên ở đây"
    things["rule", "muc-cao"]["status"] = "draft"
    things["target", "drill-count.2026"] |= {"value": 45.0, "source": "Quyết định 2"}
    del things["schedule", "den-toi"]


class Packs:
    """The pack drill of two versions of dothi."""

    def __init__(self, house: Path) -> None:
        self.house, self.grown = house / "sectors" / "drill", house / "grown"
        shutil.copytree(self.house, self.grown)

    def old(self) -> None:
        """As the older version shipped it."""
        (self.house / "migrations.yaml").unlink()
        for name, text in (*PACK, ("datasets", DATASETS + MORE)):
            (self.house / f"{name}.yaml").write_text(text, "utf-8")
        overrides.renew()

    def new(self) -> None:
        """As the newer one does."""
        shutil.copytree(self.grown, self.house, dirs_exist_ok=True)
        overrides.renew()


def test_what_is_adjusted_must_be_there(house, installation):
    town = house / "cities" / "thu"
    stream = {
        "kind": "datastream",
        "code": "DRL-01.x",
        "fields": {"name": "x", "thing": "DRL-1", "sensor": "radar", "property": "drill-level"},
    }
    adjust = [
        {"kind": "thing", "code": "DRL-99", "fields": {"lon": 106.4}},
        stream,
        {"kind": "dataset", "code": "own", "fields": {"name": "x", "schema": OWN_SCHEMA, "key_field": "code"}},
        {"kind": "records", "code": "own", "fields": {"name": "data/own.geojson"}},
        {"kind": "wish", "code": "x"},
    ]
    path = town / "city.yaml"
    said = path.read_text("utf-8")
    path.write_text(said + f"adjust: {json.dumps(adjust)}\n", "utf-8")
    with installation(0) as session:
        with pytest.raises(BadInput) as caught:
            city.plan(session, town)
        assert ["adjust.4.kind" in str(fault) for fault in caught.value.faults] == [True]
        path.write_text(said + f"adjust: {json.dumps(adjust[:4])}\n", "utf-8")
        with pytest.raises(BadInput) as caught:
            city.plan(session, town)
        assert ['no file "data/own.geojson" beside city.yaml' in str(fault) for fault in caught.value.faults] == [True]
        (town / "data" / "own.geojson").write_text(spots({"code": "x", "depth": "tief"}), "utf-8")
        with pytest.raises(BadInput) as caught:
            city.plan(session, town)
        assert ["own.geojson: features.x: properties.depth" in str(fault) for fault in caught.value.faults] == [True]
        (town / "data" / "own.geojson").write_text(spots({"code": "x", "depth": 2}), "utf-8")
        with pytest.raises(BadInput) as caught:
            city.plan(session, town)
        faults = [str(fault) for fault in caught.value.faults]
        assert len(faults) == 2
        assert 'no thing "DRL-99" to adjust' in faults[0]
        assert 'no thing "DRL-1"; did you mean "DRL-01"' in faults[1]


def another(export):
    """The folder of a city made from an export beside it."""
    made = export.parent / "moi"
    made.mkdir()
    for name in ("base.geojson", "wards.geojson"):
        (made / name).write_bytes((export / name).read_bytes().replace(b"99901", b"99902"))
    (made / "city.yaml").write_text(MOVED, "utf-8")
    return made


def test_a_city_made_from_an_export_is_run_alike(house, installation):
    town, export = house / "cities" / "thu", house / "made" / "thu"
    with installation(0) as session:
        apply(session, city.plan(session, town))
        work(session)
        exporting.export(session, "thu", town).write(export)
        moved = another(export)
        # beside the first city, in one installation: each has its own, and what is of no place is of both
        mine = drift.drift(session, "thu").added
        apply(session, city.plan(session, moved))
        assert city.plan(session, moved).work == []
        found = drift.drift(session, "moi")
        assert [one.code for one in found.added if one.kind in practice.KINDS] == ["sau-cau"]  # it watches both
        both = {("switch", "drill-high"), ("target", "drill-count.2026")}
        assert {one.key for one in mine} - {one.key for one in drift.drift(session, "thu").added} >= both
        said = exporting.export(session, "thu", town).files["sectors/drill.yaml"]
        assert said == (export / "sectors" / "drill.yaml").read_bytes()
    again = (export / "sectors" / "drill.yaml").read_text("utf-8")
    assert all(one in again for one in ("muc-cao", "drill-high: off", "den-toi", "place: ${area.code}"))
    with installation(1) as session:
        apply(session, city.plan(session, moved))
        assert city.plan(session, moved).changes == []
        held = {key: fields for key, fields in standing(session).items() if key[0] in practice.KINDS}
        # what spoke of one place of the first city is not there, and the rest speaks of this one's
        assert set(held) == {
            ("rule", "m-muc-cao"), ("rule", "m-muc-thanh-pho"), ("switch", "drill-high"), ("schedule", "m-den-toi"),
            ("target", "drill-count.2026"), ("target", "drill-count.2027.moi"),
        }  # fmt: skip
        assert held["rule", "m-muc-cao"]["on"]["where"] == {"agency": "so-b", "things": ["M-DRL-*"]}
        rule = held["rule", "m-muc-thanh-pho"]
        assert (rule["on"]["where"], rule["suppress"]["parents"]) == ({"area": "moi"}, ["m-muc-cao", "drill-high"])
        assert held["schedule", "m-den-toi"]["things"] == ["M-DRL-*"]

        # what its blueprint says no more goes, what people changed there stays until they are overruled
        rulebook.switch(session, guard.SYSTEM, "drill-high", "draft")
        targets.drop_target(session, guard.SYSTEM, "drill-count", 2026)
        session.commit()
        (moved / "city.yaml").write_text(MOVED + "rules: null\nsectors: {drill: {schedules: null}}\n", "utf-8")
        plan = city.plan(session, moved)
        assert {(one.verb, one.kind, one.code) for one in plan.changes} == {
            ("keep", "switch", "drill-high"), ("keep", "target", "drill-count.2026"),
            ("remove", "rule", "m-muc-thanh-pho"), ("remove", "schedule", "m-den-toi"),
        }  # fmt: skip
        apply(session, city.plan(session, moved, force=True))
        assert city.plan(session, moved).changes == []
        left = standing(session)
        assert left["switch", "drill-high"] == {"status": "off"}
        assert ("target", "drill-count.2026") in left
        assert ("rule", "m-muc-thanh-pho") not in left
        # exported from there: what changed is said in place, what was thrown away is not made again
        targets.set_target(session, guard.SYSTEM, "drill-count", 2027, 60, place="moi")
        rulebook.switch(session, guard.SYSTEM, "drill-high", "on")
        session.commit()
        made = exporting.export(session, "moi", moved)
        said = made.files["sectors/drill.yaml"].decode()
        assert "value: 60.0\n" in said
        assert "50.5" not in said
        assert "drill-high" not in said
        assert (made.said, b"adjust" in made.files["city.yaml"]) == ([], False)


MOVED = """\
city: moi
from: thu
prefix: M-
version: "1"
name: {vi: Mới, en: New}
centre: [106.41, 10.54]
places: {base: base.geojson, wards: wards.geojson, areas: [{code: "${area.code}", name: {vi: Mới, en: New}, units: ["99902"]}]}
inputs: {area: {code: moi, name: {vi: Mới, en: New}}}
"""


WRONG = """\
rules:
  - code: x
    title: {vi: x, en: x}
    agency: so-c
    on: {property: drill-levl, where: {things: [DRL-9], area: thi}}
    when: {major: {above: 1}}
  - {code: drill-high, title: {vi: x, en: x}, on: {property: drill-level}, when: {major: {above: 1}}}
switched: {drill-hi: "off"}
schedules:
  - {code: y, title: y, kind: drill-lamp, things: [DRL-01], steps: [{at: sunset, set: {level: 200}}]}
  - {code: z, title: z, kind: drill-lam, things: [DRL-01], steps: [{at: sunset, set: {level: 2}}]}
targets:
  drill-coun: [{year: 2026, value: 1}]
  drill-count: [{year: 2026, value: 1, place: tho}]
"""


def test_what_a_city_sets_up_names_what_is_there(house):
    town = house / "cities" / "thu"
    path = town / "sectors" / "drill.yaml"
    line = path.read_text("utf-8").count("\n")
    path.write_text(path.read_text("utf-8") + WRONG, "utf-8")
    with pytest.raises(BadInput) as caught:
        read(town)
    said = [str(fault).removeprefix("thu/sectors/drill.yaml:").partition(":")[::2] for fault in caught.value.faults]
    assert [(int(n) - line, what.strip().partition("; allowed")[0]) for n, what in said] == [
        (5, 'rules.0.on.property: no property "drill-levl"; did you mean "drill-level"?'),
        (5, 'rules.0.on.where.things.0: no thing "DRL-9"; did you mean "DRL-03"?'),
        (4, 'rules.0.agency: no agency "so-c"; did you mean "so-b"?'),
        (5, 'rules.0.on.where.area: no area "thi"; did you mean "thu"?'),
        (7, 'rules.1.code: the pack drill has a rule "drill-high" already'),
        (8, 'switched.drill-hi: no rule of a pack "drill-hi"; did you mean "drill-high"?'),
        (10, "schedules.0.steps.0.set.level: found 200.0"),
        (11, 'schedules.1.kind: no kind of actuator "drill-lam"; did you mean "drill-lamp"?'),
        (13, 'targets.drill-coun.0: no indicator "drill-coun"; did you mean "drill-count"?'),
        (14, 'targets.drill-count.0.place: no area "tho"; did you mean "thu"?'),
    ]
    # an item of adjust is held against the same schemas
    path.write_text(path.read_text("utf-8").replace(WRONG, ""), "utf-8")
    on = {"property": "drill-levl"}
    bad = {
        "kind": "rule",
        "code": "x",
        "fields": {"title": {"vi": "x", "en": "x"}, "on": on, "when": {"major": {"above": 1}}},
    }
    path = town / "city.yaml"
    line = path.read_text("utf-8").count("\n") + 1
    path.write_text(path.read_text("utf-8") + f"adjust: {json.dumps([bad])}\n", "utf-8")
    with pytest.raises(BadInput) as caught:
        read(town)
    assert [str(fault).partition("; did")[0] for fault in caught.value.faults] == [
        f'thu/city.yaml:{line}: adjust.0.fields.on.property: no property "drill-levl"'
    ]
