"""A blueprint is planned, applied whole or not at all, twice without effect, and never over what a person changed."""

import itertools

import pytest
from sqlalchemy import event, func, select

from dothi.city import service as city
from dothi.city.tables import CityVersion, Setting
from dothi.identity import guard
from dothi.identity.tables import Agency
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from dothi.places.tables import Area, Feature, Unit
from dothi.sensing import ingest
from dothi.sensing import service as sensing
from dothi.sensing.columns import Columns
from dothi.sensing.sectors import sectors
from dothi.sensing.tables import Datastream, Location, Thing


def apply(session, folder, **options):
    made = city.plan(session, folder, **options)
    number = city.apply(session, guard.SYSTEM, made)
    session.commit()
    return made, number


def found(session, entity, code):
    return sensing.body_of(session, guard.SYSTEM, entity, sensing.by_code(session, entity, code))


def test_the_first_plan_creates_everything_and_touches_nothing(session, folder):
    made = city.plan(session, folder)
    assert {one.verb for one in made.changes} == {"create"}
    codes = [one.code for one in made.changes if one.kind == "thing"]
    assert codes == ["RIV-01", "AQ-01", "AQ-02", "AQ-03", "AQ-04"]
    assert session.scalar(select(func.count()).select_from(Thing)) == 0


def test_apply_makes_the_city(session, folder):
    _, number = apply(session, folder)
    assert number is not None
    thing = session.scalars(select(Thing).where(Thing.code == "RIV-01")).one()
    agency = session.scalars(select(Agency).where(Agency.code == "so-b")).one()
    assert (thing.name, thing.simulated, thing.sharing, thing.agency_id) == ("Sông 01", True, "open", agency.id)
    assert (thing.lon, thing.lat, thing.unit_code) == (106.41, 10.54, "99901")
    stream = session.scalars(select(Datastream).where(Datastream.code == "RIV-01.water-level")).one()
    assert stream.agency_id == agency.id
    assert stream.properties["levels"]["bd3"]["value"] == 1.6
    assert agency.parent_id == session.scalar(select(Agency.id).where(Agency.code == "so-a"))
    assert session.scalar(select(Area.units).where(Area.code == "thu")) == ["99901"]
    assert session.scalar(select(func.count()).select_from(Feature)) == 1
    assert session.scalar(select(Unit.approximate).where(Unit.code == "99901")) is True
    assert session.scalar(select(Setting.value).where(Setting.name == "city"))["name"]["vi"] == "Thành phố Thử"
    kinds = set(session.scalars(select(Entry.kind)))
    assert {"city.blueprint.applied", "identity.agency.created"} <= kinds


def test_a_sensor_more_takes_few_statements(session, folder):
    sent, after = [], []
    event.listen(session.connection(), "before_cursor_execute", lambda *given: sent.append(given[2]))
    made = city.plan(session, folder)
    city.apply(session, guard.SYSTEM, made, lambda change: after.append((change.kind, len(sent))))
    session.commit()
    steps = itertools.pairwise(after)
    each = [(kind, n - before) for (was, before), (kind, n) in steps if was == kind]
    assert [(9 if kind == "thing" else 3) >= n for kind, n in each if kind in ("thing", "datastream")] == [True] * 8
    told = [one for one in sent if one.startswith("INSERT INTO journal")]
    assert 0 < len(told) < 10, "what is told is written together"


def test_things_along_a_road_stand_every_so_many_metres(session, folder):
    apply(session, folder)
    lons = session.scalars(select(Thing.lon).where(Thing.code.like("AQ-%")).order_by(Thing.code)).all()
    metres = [(b - a) * 111_195 * 0.98312 for a, b in itertools.pairwise(lons)]
    assert metres == pytest.approx([300, 300, 300], rel=0.01)
    assert found(session, "Thing", "AQ-02")["name"] == "Bụi Hùng Vương 02"


def test_a_second_apply_changes_nothing(session, folder):
    apply(session, folder)
    made, number = apply(session, folder)
    assert (made.changes, number) == ([], None)
    assert session.scalar(select(func.count()).select_from(CityVersion)) == 1


def test_a_changed_blueprint_changes_just_that(session, folder, edit):
    apply(session, folder)
    edit("Sông {n:02}", "Trạm sông {n:02}")
    edit("lon: 106.41, lat: 10.54", "lon: 106.411, lat: 10.541")
    made, number = apply(session, folder)
    changed = {(one.kind, one.code): sorted(f.name for f in one.fields) for one in made.changes}
    assert changed == {
        ("thing", "RIV-01"): ["description", "lat", "lon", "name"],
        ("datastream", "RIV-01.water-level"): ["description"],
    }
    assert number == 2 or number is not None
    thing = session.scalars(select(Thing).where(Thing.code == "RIV-01")).one()
    assert (thing.name, thing.lon, thing.lat) == ("Trạm sông 01", 106.411, 10.541)
    assert city.plan(session, folder).changes == []


def test_what_a_person_changed_by_hand_is_kept_and_shown(session, folder, edit):
    apply(session, folder)
    id_ = sensing.by_code(session, "Thing", "RIV-01")
    sensing.update(session, guard.SYSTEM, "Thing", id_, {"name": "Cầu Thử"})
    session.commit()
    edit("Sông {n:02}", "Trạm sông {n:02}")
    made, _ = apply(session, folder)
    change = next(one for one in made.changes if one.key == ("thing", "RIV-01"))
    kept = {one.name: (one.applied, one.now, one.wanted) for one in change.kept}
    assert kept == {"name": ("Sông 01", "Cầu Thử", "Trạm sông 01")}
    assert found(session, "Thing", "RIV-01")["name"] == "Cầu Thử"
    assert found(session, "Thing", "RIV-01")["description"] == "Trạm sông 01"
    again = city.plan(session, folder)
    assert again.work == []
    assert [one.key for one in again.kept] == [("thing", "RIV-01")]


def test_force_overwrites_what_was_changed_by_hand(session, folder):
    apply(session, folder)
    id_ = sensing.by_code(session, "Thing", "RIV-01")
    sensing.update(session, guard.SYSTEM, "Thing", id_, {"name": "Cầu Thử"})
    apply(session, folder, force=True)
    assert found(session, "Thing", "RIV-01")["name"] == "Sông 01"
    assert city.plan(session, folder).changes == []


def test_a_property_somebody_added_is_not_the_blueprints_business(session, folder):
    apply(session, folder)
    id_ = sensing.by_code(session, "Thing", "RIV-01")
    properties = found(session, "Thing", "RIV-01")["properties"]
    sensing.update(session, guard.SYSTEM, "Thing", id_, {"properties": {**properties, "note": "mới sơn"}})
    assert city.plan(session, folder).changes == []


def test_a_change_leaves_added_properties_alone(session, folder, edit):
    apply(session, folder)
    id_ = sensing.by_code(session, "Thing", "RIV-01")
    properties = found(session, "Thing", "RIV-01")["properties"]
    sensing.update(session, guard.SYSTEM, "Thing", id_, {"properties": {**properties, "note": "mới sơn"}})
    edit("    sector: water\n", "    sector: water\n    properties: {river: Vàm Cỏ Tây}\n")
    apply(session, folder)
    now = found(session, "Thing", "RIV-01")["properties"]
    assert (now["note"], now["river"], now["code"]) == ("mới sơn", "Vàm Cỏ Tây", "RIV-01")


def test_what_the_blueprint_drops_is_removed(session, folder, edit):
    apply(session, folder)
    edit("most: 4", "most: 2")
    made, _ = apply(session, folder)
    assert [one.key for one in made.work] == [
        ("datastream", "AQ-03.pm25"), ("datastream", "AQ-04.pm25"), ("thing", "AQ-03"), ("thing", "AQ-04"),
    ]  # fmt: skip
    assert sensing.by_code(session, "Thing", "AQ-03") is None
    assert city.plan(session, folder).changes == []


def test_a_thing_with_observations_stays_unless_told(session, folder, edit):
    apply(session, folder)
    stream = sensing.by_code(session, "Datastream", "AQ-04.pm25")
    session.commit()
    assert ingest.put_now(Columns([stream], [1_763_710_000_000_000], [31.0])).accepted == 1
    edit("most: 4", "most: 3")
    made, _ = apply(session, folder)
    assert made.work == []
    assert [(one.code, one.note) for one in made.kept] == [
        ("AQ-04.pm25", "no longer wanted, but holds 1 observations"),
        ("AQ-04", "no longer wanted, but holds 1 observations"),
    ]
    apply(session, folder, remove_data=True)
    assert sensing.by_code(session, "Thing", "AQ-04") is None
    assert city.plan(session, folder).changes == []


def test_what_was_removed_by_hand_is_not_made_again(session, folder):
    apply(session, folder)
    sensing.delete(session, guard.SYSTEM, "Thing", sensing.by_code(session, "Thing", "AQ-04"))
    session.commit()
    made = city.plan(session, folder)
    assert made.work == []
    assert {one.note for one in made.kept} == {"removed by hand since the last apply"}
    apply(session, folder, force=True)
    assert sensing.by_code(session, "Thing", "AQ-04") is not None


def test_what_was_there_before_the_first_apply_is_kept(session, folder):
    body = {"name": "PM2.5 của ai đó", "description": "x", "definition": "urn:x"}
    sensing.ensure(session, guard.SYSTEM, "ObservedProperty", "pm25", body)
    made, _ = apply(session, folder)
    change = next(one for one in made.changes if one.key == ("property", "pm25"))
    assert change.verb == "keep"
    assert found(session, "ObservedProperty", "pm25")["name"] == "PM2.5 của ai đó"


def test_an_apply_that_fails_leaves_nothing(session, folder, monkeypatch):
    from dothi.city import making

    session.commit()

    def broken(self, code, body):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(making.Maker, "_datastream", broken)
    made = city.plan(session, folder)
    with pytest.raises(RuntimeError):
        city.apply(session, guard.SYSTEM, made)
    session.rollback()
    for table in (Thing, Location, Agency, Area, CityVersion, Setting, Feature, Entry):
        assert session.scalar(select(func.count()).select_from(table)) == 0, table.__tablename__


def test_an_earlier_version_comes_back(session, folder, edit):
    _, first = apply(session, folder)
    edit("Sông {n:02}", "Trạm sông {n:02}")
    edit("most: 4", "most: 2")
    apply(session, folder)
    apply(session, folder, back_to=first)
    assert found(session, "Thing", "RIV-01")["name"] == "Sông 01"
    assert sensing.by_code(session, "Thing", "AQ-04") is not None
    assert city.plan(session, folder, back_to=first).changes == []
    with pytest.raises(NotFound, match="no applied version 99"):
        city.plan(session, folder, back_to=99)


def test_only_who_may_applies(session, folder):
    made = city.plan(session, folder)
    with pytest.raises(NotSignedIn):
        city.apply(session, guard.ANONYMOUS, made)
    with pytest.raises(NotAllowed):
        city.apply(session, guard.Caller(kind="person", id=1, name="Lan"), made)


MISTAKES = [
    ("vi: Sở A, en: Department A}", "vi: Sở A, en: Department A}\n    parent: so-b", ("agencies.1.parent: an agency stands"
     " above itself")),
    ("agency: so-b", "agency: so-c", 'thu/city.yaml:26: sensors.0.agency: no agency "so-c"; did you mean "so-b"?; allowed: so-b, so-a'),
    ("property: water-level", "property: water-levl", ("thu/city.yaml:30: sensors.0.datastreams.0.property: no property of a sector"
     ' switched on "water-levl"; did you mean "water-level"?')),
    ("name: Hung Vuong", "name: Hung Vuog", ('thu/city.yaml:37: sensors.1.at.along.0.name: no line "Hung Vuog"; did you mean "Hùng Vương"?;'
     " allowed: Hùng Vương")),
    ("station: phu-an", "station: phu-on", 'thu/city.yaml:31: sensors.0.datastreams.0.station: no station "phu-on"; did you mean "phu-an"?;'),
    ("  air: {}", "  aire: {}", 'thu/city.yaml:19: sectors.aire: no sector "aire"; did you mean "air"?'),
    ("RIV-{n:02}", "RIV-{m}", "thu/city.yaml:23: sensors.0.code: 'RIV-{m}' cannot be filled in: 'm'; allowed: {n}, {n:03}, {road}, {city}"),
    ("AQ-{n:02}", "AQ", 'two things are called thing "AQ"; allowed: {n} in the code of a group'),
    ("base: base.geojson", "base: bas.geojson", 'thu/city.yaml:7: places.base: no file "bas.geojson" beside city.yaml'),
    ("most: 4", "mots: 4", 'thu/city.yaml:37: sensors.1.at.along.0.mots: no key "mots" here; did you mean "most"?;'),
    ("station: phu-an", "levels: {bd1: {value: 1.2, certainty: unknown}}", ("thu/city.yaml:31: sensors.0.datastreams.0.levels.bd1:"
     " a level without a value has the certainty unknown, and only such a level")),
    ("at: {points: [{lon: 106.41, lat: 10.54}]}", "at: {}", "thu/city.yaml:28: sensors.0.at: says no place; give points, along, grid or around"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "instead", "said"), MISTAKES)
def test_a_mistake_in_a_blueprint_is_named_with_its_line(folder, edit, written, instead, said):
    from dothi.city.wanted import read

    edit(written, instead)
    with pytest.raises(BadInput) as error:
        read(folder)
    assert said in "\n".join(map(str, error.value.faults))


def test_an_unknown_city_names_those_that_are_shipped():
    with pytest.raises(NotFound, match=r"shipped are: .*tan-an"):
        city.find("tan-on")


def test_tan_an_has_at_least_400_simulated_sensors_of_every_sector():
    from dothi.city.wanted import read

    blueprint, items = read(city.find("tan-an"))
    things = [item for item in items if item.kind == "thing"]
    assert len(things) >= 400
    assert all(item.fields["properties.simulated"] is True for item in things)
    measuring = set(sectors().sector_of.values())
    assert {item.fields["properties.sector"] for item in things} == set(blueprint.sectors) & measuring
    assert len({item.code for item in items if item.kind == "datastream"}) >= 800


def test_the_same_blueprint_gives_the_same_sensors():
    from dothi.city.wanted import read

    assert read(city.find("tan-an"))[1] == read(city.find("tan-an"))[1]


def test_the_plan_as_json_says_it_all(session, folder):
    import json

    made = city.plan(session, folder)
    said = json.loads(json.dumps(made.as_json()))
    assert said["empty"] is False
    assert said["counts"]["create"] == len(made.changes)


def test_the_command_line_plans_and_applies(database, folder):
    from typer.testing import CliRunner

    from dothi.city.cli import app

    run = CliRunner().invoke
    first = run(app, ["plan", str(folder)])
    assert (first.exit_code, "RIV-01" in first.output) == (2, True)
    dry = run(app, ["apply", str(folder), "--dry-run"])
    assert (dry.exit_code, "nothing was kept" in dry.output) == (0, True)
    assert run(app, ["plan", str(folder)]).exit_code == 2
    assert "Applied as version" in run(app, ["apply", str(folder)]).output
    last = run(app, ["plan", str(folder)])
    assert (last.exit_code, "Nothing to do" in last.output) == (0, True)
    wrong = run(app, ["plan", "nirgendwo"])
    assert (wrong.exit_code, "shipped are" in wrong.output) == (1, True)


def test_an_agency_is_renamed_and_never_removed(session, folder, edit):
    apply(session, folder)
    edit("vi: Sở A", "vi: Sở Mới")
    edit("    parent: so-a\n", "  - code: so-c\n    name: {vi: Sở C, en: C}\n")
    apply(session, folder)
    rows = session.execute(select(Agency.code, Agency.name, Agency.parent_id)).all()
    assert {code: (name, parent) for code, name, parent in rows} == {
        "so-a": ("Sở Mới", None), "so-b": ("Sở B", None), "so-c": ("Sở C", None),
    }  # fmt: skip
    edit("  - code: so-c\n    name: {vi: Sở C, en: C}\n", "")
    made, number = apply(session, folder)
    assert (number, [one.key for one in made.kept]) == (None, [("agency", "so-c")])


def test_sketches_are_drawn_again_when_their_file_changes(session, folder):
    apply(session, folder)
    path = folder / "base.geojson"
    path.write_text(path.read_text("utf-8").replace("Hùng Vương", "Đường Hùng Vương"), "utf-8")
    made, _ = apply(session, folder)
    assert ("base", "thu") in [one.key for one in made.work]
    assert session.scalars(select(Feature.name)).all() == ["Đường Hùng Vương"]


def test_a_grid_lies_inside_its_ward_and_a_disc_inside_its_radius():
    import math

    from shapely.geometry import box

    from dothi.city.blueprint import Around, At, Grid
    from dothi.city.spread import Sketch, spots

    ward = box(106.40, 10.53, 106.42, 10.55)
    grid = spots(At(grid=Grid(every=500)), Sketch(wards={"Phường Thử": ward}))
    assert len(grid) > 12
    assert all(106.40 < one.lon < 106.42 and 10.53 < one.lat < 10.55 for one in grid)
    disc = spots(At(around=[Around(lon=106.41, lat=10.54, radius=300, count=20)]), Sketch())
    metres = [math.hypot((s.lon - 106.41) * 109_300, (s.lat - 10.54) * 111_195) for s in disc]
    assert len(disc) == 20
    assert 250 < max(metres) <= 300
