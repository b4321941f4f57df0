"""What works in one city is applied to the next: the whole drill, on the shipped cities, with a pack that grows a version."""

import json
import re
import shutil
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from dothi import packs
from dothi.city import drift, exporting, store
from dothi.city import service as city
from dothi.city.tables import CityVersion
from dothi.city.wanted import read
from dothi.datasets import service as datasets
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.identity import guard
from dothi.journal.tables import Entry
from dothi.packs import overrides
from dothi.places import cities
from dothi.sensing import ingest
from dothi.sensing import service as sensing
from dothi.sensing.columns import Columns
from dothi.sensing.tables import Datastream, DatastreamState, Thing

MANIFEST = "code: drill\nversion: 1\ntitle: {vi: Thử, en: Drill}\nsummary: {vi: Thử, en: Drill}\nicon: leaf\nheadline: [drill-level]\n"
PROPERTIES = """\
properties:
  - code: drill-level
    name: {vi: Mức thử, en: Drill level}
    definition: urn:drill:level
    unit: {ucum: m, symbol: m}
    decimals: 2
    state: {stale_minutes: 30, when: [{above: 5, state: major, word: {vi: Cao, en: High}}]}
"""
DATASETS = """\
datasets:
  - code: drill-spots
    title: {vi: Điểm thử, en: Drill spots}
    description: {vi: Điểm thử, en: Drill spots}
    geometry_type: Point
    key_field: code
    schema:
      type: object
      properties:
        code: {type: string, title: Mã}
        kind: {type: string, enum: [a, b], title: Loại}
        note: {type: string, title: Ghi chú}
"""
MIGRATION = """\
migrations:
  - to: 2
    why: {vi: Gọi tên rõ hơn, en: Clearer names}
    rename: [{kind: property, from: drill-level, to: drill-depth}]
    map: [{dataset: drill-spots, field: kind, values: {a: alpha}}]
    drop: [{dataset: drill-spots, field: note}]
"""
SECTOR = """\
models:
  - {code: drill-model, name: Máy thử, description: {vi: Máy thử, en: Gauge}}
sensors:
  - code: DRL-{n:02}
    name: {vi: "Điểm {n:02}", en: "Spot {n:02}"}
    agency: so-khcn
    model: drill-model
    at: {points: [{lon: 106.41, lat: 10.54}, {lon: 106.42, lat: 10.541}]}
    datastreams: [{property: drill-level}]
datasets:
  drill-spots: {agency: so-khcn, sharing: open, file: data/drill-spots.geojson}
"""


def spots(*rows):
    return json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [106.41, 10.54]}, "properties": row} for row in rows
    ]})  # fmt: skip


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The shipped packs and cities in folders of their own, with one more sector."""
    sectors, towns = tmp_path / "sectors", tmp_path / "cities"
    apart = shutil.ignore_patterns("page.yaml", "indicators.yaml", "analyses.yaml")  # not what a blueprint looks at
    shutil.copytree(packs.content_path("sectors"), sectors, ignore=apart)
    shutil.copytree(packs.content_path("cities"), towns)
    for path in (towns / "tan-an" / "sectors").glob("*.yaml"):  # a few sectors tell as much as all of them
        few = path.stem in ("water", "waste", "air")
        path.write_text(sparse(path.read_text("utf-8")) if few else "{}\n", "utf-8")
    (sectors / "drill").mkdir()
    for name, text in (("sector", MANIFEST), ("observed_properties", PROPERTIES), ("datasets", DATASETS)):
        (sectors / "drill" / f"{name}.yaml").write_text(text, "utf-8")
    (towns / "tan-an" / "sectors" / "drill.yaml").write_text(SECTOR, "utf-8")
    given = spots({"code": "D-1", "kind": "a", "note": "x"}, {"code": "D-2", "kind": "a"}, {"code": "D-3", "kind": "b"})
    (towns / "tan-an" / "data" / "drill-spots.geojson").write_text(given, "utf-8")

    def at(name):
        return tmp_path / name

    monkeypatch.setattr("dothi.packs.content_path", at)
    monkeypatch.setattr("dothi.packs.folder.content_path", at)
    overrides.renew()
    yield tmp_path
    monkeypatch.undo()
    overrides.take(None)


def sparse(blueprint):
    """A sector's blueprint by whose rules far fewer sensors stand: each is made, kept and carried as all are."""
    blueprint = re.sub(r"(?<=every: )\d+", lambda found: str(5 * int(found[0])), blueprint)
    return re.sub(r"(?<=count: )\d+", "2", blueprint)


def grow(house):
    """The pack's next version."""
    pack, town = house / "sectors" / "drill", house / "cities" / "tan-an"
    for path in (pack / "sector.yaml", pack / "observed_properties.yaml", town / "sectors" / "drill.yaml"):
        text = path.read_text("utf-8").replace("drill-level", "drill-depth").replace("version: 1", "version: 2")
        path.write_text(text, "utf-8")
    text = DATASETS.replace("[a, b]", "[alpha, b]").replace("        note: {type: string, title: Ghi chú}\n", "")
    (pack / "datasets.yaml").write_text(text, "utf-8")
    (pack / "migrations.yaml").write_text(MIGRATION, "utf-8")
    given = spots({"code": "D-1", "kind": "alpha"}, {"code": "D-2", "kind": "alpha"}, {"code": "D-3", "kind": "b"})
    (town / "data" / "drill-spots.geojson").write_text(given, "utf-8")
    overrides.renew()


def apply(session, made):
    number = city.apply(session, guard.SYSTEM, made)
    session.commit()
    return number


def standing(session, code):
    """Everything of a city as the database has it."""
    kept = store.kept_items(store.latest(session, code))
    return {key: item.fields for key, item in store.running(session, kept).items()}


def kinds(session):
    rows = session.execute(
        select(Record.key, Record.properties).join(Dataset, Dataset.id == Record.dataset_id)
        .where(Dataset.code == "drill-spots").order_by(Record.key)
    )  # fmt: skip
    return {key: properties for key, properties in rows}  # noqa: C416 - rows, not tuples


def test_the_replication_drill(session, house):
    tan_an, ben_luc = house / "cities" / "tan-an", house / "cities" / "ben-luc"
    first = apply(session, city.plan(session, tan_an))
    assert city.plan(session, tan_an).changes == []
    assert drift.drift(session, "tan-an").empty

    # people work in it: another name, a bin taken away, a record, a thing of their own; and values are measured
    sensing.update(session, guard.SYSTEM, "Thing", sensing.by_code(session, "Thing", "RIV-01"), {"name": "Cầu Tân An"})
    sensing.delete(session, guard.SYSTEM, "Thing", sensing.by_code(session, "Thing", "BIN-002"))
    datasets.patch(session, guard.SYSTEM, "drill-spots", "D-2", {"properties": {"kind": "b"}})
    own = {"name": "Trạm tự lắp", "description": "x", "properties": {"sharing": "open"}}
    sensing.ensure(session, guard.SYSTEM, "Thing", "TAY-01", own)
    session.commit()
    stream = sensing.by_code(session, "Datastream", "DRL-01.drill-level")
    assert ingest.put_now(Columns([stream], [1_763_710_000_000_000], [3.0])).accepted == 1
    found = drift.drift(session, "tan-an")
    by_hand = {(one.kind, one.code) for one in found.changes}
    assert by_hand == {
        ("thing", "RIV-01"), ("thing", "BIN-002"), ("datastream", "BIN-002.fill-level"),
        ("datastream", "BIN-002.bin-temperature"), ("records", "drill-spots"),
    }  # fmt: skip
    assert [one.code for one in found.added if one.kind == "thing"] == ["TAY-01"]
    assert city.plan(session, tan_an).work == []

    # export: the blueprint says exactly what runs, by hand or not, and names nobody
    made = exporting.export(session, "tan-an", tan_an)
    made.write(house / "export" / "tan-an")
    said = {item.key: item.fields for item in read(house / "export" / "tan-an")[1]}
    runs = standing(session, "tan-an") | {one.key: one.fields for one in found.added}
    apart = {("records", "drill-spots")}  # its digest is the new file's
    assert {key: said[key] for key in said.keys() - apart} == {key: runs[key] for key in runs.keys() - apart}
    written = json.loads(made.files["data/drill-spots.geojson"])
    assert {one["id"]: one["properties"]["kind"] for one in written["features"]} == {"D-1": "a", "D-2": "b", "D-3": "b"}

    # the next city beside it: only created, nothing of the first touched, and then nothing more to do
    before = standing(session, "tan-an")
    session.rollback()  # the measured values came over another connection
    plan = city.plan(session, ben_luc)
    assert {one.verb for one in plan.work} == {"create"}
    assert all("also of tan-an" in (one.note or "") for one in plan.kept)
    apply(session, plan)
    assert city.plan(session, ben_luc).work == []
    assert standing(session, "tan-an") == before
    assert list(cities.all_(session)) == ["tan-an", "ben-luc"]
    assert cities.inputs(session, "ben-luc")["units"][0]["code"] == "27991"
    assert cities.inputs(session)["population"]["27694"]["year"] == 2024
    assert session.scalar(select(Thing.unit_code).where(Thing.code == "BL-AQ-UBND")) == "27991"

    # the pack grows: tan-an first; its values keep their datastream, what people changed by hand is carried along
    grow(house)
    assert drift.drift(session, "ben-luc").behind == {"drill": ("1", "2")}
    upgrade = city.upgrade(session, tan_an)
    migrated = {one.code: one for one in upgrade.changes if one.verb == "migrate"}
    assert set(migrated) == {"drill-level", "drill-spots.kind", "drill-spots.note"}
    assert (migrated["drill-spots.kind"].observations, migrated["drill-spots.note"].observations) == (1, 1)
    second = apply(session, upgrade)
    state = select(DatastreamState.count).join(Datastream, Datastream.id == DatastreamState.datastream_id)
    assert session.scalar(state.where(Datastream.code == "DRL-01.drill-depth")) == 1
    assert kinds(session) == {
        "D-1": {"code": "D-1", "kind": "alpha"}, "D-2": {"code": "D-2", "kind": "b"}, "D-3": {"code": "D-3", "kind": "b"},
    }  # fmt: skip
    assert session.scalar(select(func.count()).select_from(RecordVersion).where(RecordVersion.key == "D-1")) == 2
    again = city.plan(session, tan_an)
    assert again.work == []
    assert {one.code for one in again.kept} >= {"RIV-01", "BIN-002", "drill-spots"}

    # the other city: what it lies behind is shown, then upgraded; the data it shares was migrated once
    assert drift.drift(session, "ben-luc").behind == {"drill": ("1", "2")}
    apply(session, city.upgrade(session, ben_luc))
    assert city.plan(session, ben_luc).work == []
    assert drift.drift(session, "ben-luc").behind == {}
    assert sensing.by_code(session, "Datastream", "BL-DRL-01.drill-depth")
    done = session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "city.migration.done"))
    assert done == 6

    # and back: names and values as before, what people did still there
    back = city.plan(session, tan_an, back_to=first)
    apply(session, back)
    assert second != first
    assert session.scalar(state.where(Datastream.code == "DRL-01.drill-level")) == 1
    assert {key: one["kind"] for key, one in kinds(session).items()} == {"D-1": "a", "D-2": "b", "D-3": "b"}
    assert session.scalar(select(Thing.name).where(Thing.code == "RIV-01")) == "Cầu Tân An"
    assert sensing.by_code(session, "Thing", "BIN-002") is None
    assert sensing.by_code(session, "Thing", "TAY-01")
    assert [
        one.note for one in city.plan(session, tan_an, back_to=first).kept if one.note is None and not one.fields
    ] == []


def test_an_export_applied_elsewhere_leaves_nothing_to_do(session, house):
    apply(session, city.plan(session, house / "cities" / "ben-luc"))
    sensing.update(
        session, guard.SYSTEM, "Thing", sensing.by_code(session, "Thing", "BL-RIV-01"), {"name": "Cầu Bến Lức"}
    )
    session.commit()
    made = exporting.export(session, "ben-luc", house / "cities" / "ben-luc")
    made.write(house / "elsewhere" / "ben-luc")
    # an installation without the city: everything it holds is forgotten
    plan = city.plan(session, house / "elsewhere" / "ben-luc")
    assert [(one.verb, one.kind) for one in plan.work if one.kind != "setting"] == []
    items = {item.key: item.fields for item in read(house / "elsewhere" / "ben-luc")[1]}
    assert items == standing(session, "ben-luc")


KILLED = """
import os, signal, sys
from pathlib import Path
from dothi.city import service as city
from dothi.city.wanted import read
from dothi.db import session as db
from dothi.identity import guard

folder = Path(sys.argv[1])
read(folder)  # the packs: once, for all who will be killed


def apply(at):
    signal.alarm(60)
    done = 0

    def tick(_):
        nonlocal done
        done += 1
        if at != "commit" and done == int(at):
            os.kill(os.getpid(), signal.SIGKILL)

    with db.writing() as session:
        made = city.plan(session, folder)
        city.apply(session, guard.SYSTEM, made, tick)
        session.flush()
        if at == "commit":
            os.kill(os.getpid(), signal.SIGKILL)


for line in sys.stdin:
    child = os.fork()
    if not child:
        apply(line.strip())
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.soak
def test_an_apply_killed_at_any_point_leaves_the_old_city(database, folder, edit):
    from dothi.db import session as db

    with db.writing() as session:
        city.apply(session, guard.SYSTEM, city.plan(session, folder))
    edit("Sông {n:02}", "Trạm sông {n:02}")
    edit("most: 4", "most: 2")
    with db.reading() as session:
        before, points = standing(session, "thu"), len(city.plan(session, folder).work)
    assert points > 5
    # one process that holds no connection yet is split for each kill: starting Python anew takes longer than an apply
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as applying:
        for at in ("1", str(points // 2), str(points), "commit"):
            print(at, file=applying.stdin, flush=True)
            assert applying.stdout.readline() == f"{-signal.SIGKILL}\n"
            with db.reading() as session:
                assert standing(session, "thu") == before
                assert session.scalar(select(func.count()).select_from(CityVersion)) == 1
        applying.stdin.close()
        assert applying.wait(60) == 0
    with db.writing() as session:
        city.apply(session, guard.SYSTEM, city.plan(session, folder))
    with db.reading() as session:
        assert city.plan(session, folder).changes == []
        assert standing(session, "thu") != before
