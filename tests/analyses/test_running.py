"""A run: records by key, what did not change untouched, the old result kept where there is no new one."""

import pytest
import shapely
from sqlalchemy import select

from dothi import packs
from dothi.analyses import chores, declared, inputs, service, store
from dothi.analyses.tables import AnalysisRun
from dothi.cases.tables import Case
from dothi.datasets import service as datasets
from dothi.datasets import views
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.identity import guard
from dothi.identity.tables import Agency
from dothi.journal.tables import Entry
from dothi.kit import clock, geo
from dothi.kit.errors import NotFound
from dothi.places.tables import Unit
from dothi.sensing.sectors import sectors
from dothi.sensing.tables import ObservationHour, Thing
from tests.alerts.rules.ground import thing
from tests.analyses.given import HERE, NOW

NIGHT = range(18, 30)


@pytest.fixture
def lit(session, monkeypatch):
    """Two cabinets of a city that has taken up the result of `lighting-hours`; its clock stands still."""
    monkeypatch.setattr(clock, "source", lambda: clock.moment(NOW))
    inputs.forget()
    session.add(Agency(code="so-xay-dung", name="Sở Xây dựng"))
    session.flush()
    agency = session.query(Agency.id).scalar()
    for code in ("LGT-001", "LGT-002"):
        _, ids = thing(session, code, {"power": {}}, agency=agency, sector="lighting", installed_kw=10)
        for back in range(1, 49):
            start = NOW // clock.HOUR * clock.HOUR - back * clock.HOUR
            local = (start // clock.HOUR + 7) % 24
            burns = local >= 18 or local < 6 or (code == "LGT-002" and local == 12)
            power = 9.0 if burns else 0.0
            session.add(ObservationHour(datastream_id=ids["power"], hour=start, count=1, numbers=1, sum=power, min=power,
                                        max=power, first=power, last=power))  # fmt: skip
    result(session, "lighting-hours", agency)
    session.commit()
    return session


def result(session, code, agency=None, sharing="open"):
    _, one = sectors().datasets[code]
    body = {
        "code": code, "title": one.title.vi, "schema": one.schema_ | {"x-order": list(one.schema_["properties"])},
        "geometry_type": one.geometry_type, "key_field": one.key_field,
    }  # fmt: skip
    made = datasets.create(session, guard.SYSTEM, body)
    made.agency_id, made.sharing, made.status = agency, sharing, "published"
    session.flush()
    return made


def records(session, code="lighting-hours"):
    session.expire_all()
    query = select(Record).join(Dataset, Dataset.id == Record.dataset_id).where(Dataset.code == code)
    return {one.key: one for one in session.scalars(query)}


def test_a_run_writes_records_once_and_leaves_what_is_the_same(lit, monkeypatch):
    done = service.run("lighting-hours")
    assert (done.state, done.rows, done.added, done.simulated) == ("done", 2, 2, True)
    assert (done.inputs["power"]["series"], done.inputs["power"]["unit"]) == (2, "kW")
    lit.rollback()
    found = records(lit)
    assert found["LGT-002"].properties["state"] == "burns-by-day"
    assert found["LGT-002"].properties["wasted_kwh"] == 18
    assert found["LGT-001"].properties["simulated"] is True
    assert found["LGT-001"].recorded_by == "analysis:lighting-hours"
    assert found["LGT-001"].geojson == '{"type":"Point","coordinates":[106.41,10.54]}'
    dataset = lit.scalars(select(Dataset).where(Dataset.code == "lighting-hours")).one()
    assert (dataset.count, dataset.simulated, dataset.version) == (2, True, 1)
    said = lit.scalars(select(Entry).where(Entry.kind == "analyses.run.finished")).all()
    assert [(one.actor, one.data["added"], one.visibility) for one in said] == [("analysis:lighting-hours", 2, "open")]
    lit.rollback()
    # again, a minute later: the same hours, nothing is touched and nothing is said
    monkeypatch.setattr(clock, "source", lambda: clock.moment(NOW + 60 * clock.SECOND))
    again = service.run("lighting-hours")
    assert (again.state, again.rows, again.added, again.changed, again.removed) == ("done", 2, 0, 0, 0)
    assert records(lit)["LGT-001"].version == 1
    assert records(lit)["LGT-001"].properties["computed_at"] == clock.iso(NOW)
    assert len(lit.scalars(select(Entry).where(Entry.kind == "analyses.run.finished")).all()) == 1
    # a cabinet goes, another one mends its ways
    lit.rollback()
    lit.execute(ObservationHour.__table__.delete().where(ObservationHour.datastream_id == 1))
    lit.execute(ObservationHour.__table__.update().where(ObservationHour.datastream_id == 2).values(sum=9.0))
    lit.commit()
    third = service.run("lighting-hours")
    assert (third.added, third.changed, third.removed) == (0, 1, 1)
    assert list(records(lit)) == ["LGT-002"]
    assert {one.deleted for one in lit.scalars(select(RecordVersion))} == {True, False}


def test_too_little_keeps_the_old_result_and_says_why(lit):
    service.run("lighting-hours")
    lit.execute(ObservationHour.__table__.delete())
    lit.commit()
    done = service.run("lighting-hours")
    assert (done.state, done.reason_en) == ("refused", "no cabinet has 24 hours of power yet")
    assert "24 giờ" in done.reason
    assert len(records(lit)) == 2
    with lit.no_autoflush:
        assert store.last(lit, "lighting-hours", good=True).state == "done"
    assert service.visible(lit, guard.ANONYMOUS, "lighting-hours").state == "refused"
    with pytest.raises(NotFound, match="lighting-hours"):
        service.run("lighting-hour")


def test_a_result_is_not_more_open_than_its_inputs(lit):
    lit.query(Thing).first()
    lit.execute(Thing.__table__.update().values(sharing="restricted"))
    from dothi.sensing.tables import Datastream

    lit.execute(Datastream.__table__.update().values(sharing="restricted"))
    lit.commit()
    done = service.run("lighting-hours")
    assert done.state == "refused"
    assert (
        done.reason_en == "the result lighting-hours is open, its input 'power' only restricted: share the result less"
    )
    assert records(lit) == {}
    lit.rollback()
    one = lit.scalars(select(Dataset).where(Dataset.code == "lighting-hours")).one()
    one.sharing = "restricted"
    lit.commit()
    views.forget()
    assert service.run("lighting-hours").state == "done"
    lit.rollback()
    assert service.visible(lit, guard.ANONYMOUS, "lighting-hours") is None
    one = lit.scalars(select(Dataset).where(Dataset.code == "lighting-hours")).one()
    lit.add(Agency(code="so-y-te", name="Sở Y tế"))
    lit.flush()
    one.agency_id = lit.query(Agency.id).filter_by(code="so-y-te").scalar()
    lit.commit()
    assert "another agency" in service.run("lighting-hours").reason_en


def test_the_chore_runs_what_is_due_and_nothing_that_the_city_has_not_taken_up(lit, monkeypatch):
    assert service.due(lit, NOW) == ["lighting-hours"]
    lit.rollback()
    chores.run_due()
    assert [one.code for one in lit.scalars(select(AnalysisRun))] == ["lighting-hours"]
    assert service.due(lit, NOW + 5 * clock.HOUR) == []
    assert service.due(lit, NOW + 7 * clock.HOUR) == ["lighting-hours"]
    known = {one.analysis.code: one for one in service.known(lit)}
    assert known["road-travel-times"].taken_up is False


PACK = """\
analyses:
  - code: shade
    title: {vi: Gần đường, en: Near a road}
    method: near
    source: own
    certainty: assumed
    inputs:
      records: {dataset: spots, where: "kind = 'lamp'", fields: {name: label}}
      facilities: {dataset: spots, where: "kind = 'tree'"}
      streets: {dataset: ways}
    parameters: {within: 50}
    result: shade
    every: 1d
    limits: {vi: không, en: none}
"""


def test_records_and_streets_are_read_by_role_and_an_unchanged_input_is_not_reckoned_again(session, monkeypatch):
    text = {"type": "string"}
    session.flush()
    for code, kind, fields in (
        ("spots", "Point", {"code": text, "kind": text, "label": text}), ("ways", "LineString", {"code": text, "name": text}),
        ("shade", "Point", {"code": text, "name": text, "nearest": text, "metres": {"type": "number"}, "by": text}),
    ):  # fmt: skip
        body = {"code": code, "title": code, "geometry_type": kind, "key_field": "code",
                "schema": {"type": "object", "properties": fields, "x-order": list(fields)}}  # fmt: skip
        datasets.create(session, guard.SYSTEM, body)

    def put(code, key, coordinates, kind="Point", **values):
        shape = {"type": kind, "coordinates": coordinates}
        datasets.put(
            session, guard.SYSTEM, code, None, {"id": key, "geometry": shape, "properties": {"code": key, **values}}
        )

    def of(x, y):
        return HERE.degrees([[x, y]])[0].tolist()

    for key, kind, where in (("L1", "lamp", of(0, 5)), ("T1", "tree", of(300, 5)), ("T2", "tree", of(0, 205))):
        datasets.put(session, guard.SYSTEM, "spots", None, {
            "id": key, "geometry": {"type": "Point", "coordinates": where},
            "properties": {"code": key, "kind": kind, "label": f"Số {key}"}})  # fmt: skip
    put("ways", "W1", [of(0, 0), of(400, 0)], "LineString", name="Hùng Vương")
    session.commit()
    one = declared.Analyses.model_validate(packs.lines.parse(PACK, "x").value).analyses[0]
    monkeypatch.setattr(declared, "analyses", lambda: {"shade": ("test", one)})
    done = service.run("shade")
    assert (done.state, done.added, done.inputs["streets"]["version"]) == ("done", 1, 1)
    found = records(session, "shade")["L1"].properties
    assert (found["nearest"], found["by"], found["name"]) == ("T1", "streets", "Số L1")
    assert abs(found["metres"] - 310) < 1
    session.rollback()
    assert service.run("shade").state == "same"
    assert service.run("shade", again=True).state == "done"
    put("ways", "W2", [of(0, 0), of(0, 210)], "LineString", name="Nguyễn Huệ")
    session.commit()
    views.forget()
    assert service.run("shade").changed == 1
    assert records(session, "shade")["L1"].properties["nearest"] == "T2"
    session.rollback()
    # a method that breaks leaves what was
    from dataclasses import replace

    from dothi.analyses import methods

    def broken(*_):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(service, "methods", lambda: {"near": replace(methods.methods()["near"], run=broken)})
    failed = service.run("shade", again=True)
    assert (failed.state, failed.reason_en) == ("failed", "ZeroDivisionError: oh")
    assert len(records(session, "shade")) == 1


CASES = """\
analyses:
  - code: where
    title: {vi: Ô, en: Cells}
    method: cells
    source: own
    certainty: assumed
    inputs: {events: {cases: {type: report, categories: [pothole], last: 30d}}}
    parameters: {k: 3, by: [category]}
    result: where
    every: 1d
    limits: {vi: không, en: none}
  - code: wards
    title: {vi: Phường, en: Wards}
    method: balance
    source: own
    certainty: assumed
    inputs: {supply: {cases: {}}, need: {units: commune, fields: {amount: people, place: code}}, places: {units: commune}}
    result: wards
    every: 1d
    limits: {vi: không, en: none}
"""


def test_cases_are_read_without_who_reported_and_only_cells_may_be_more_open(session, monkeypatch):
    monkeypatch.setattr(clock, "source", lambda: clock.moment(NOW))
    wards = HERE.round(shapely.box(-1000, -1000, 1000, 1000))
    session.add(Unit(code="27694", level="commune", kind="phường", name="Long An", full_name="Phường Long An", folded="phuong long an",
                     valid_from=0, population=5, geometry=geo.wkb(wards), lon=106.41, lat=10.535))  # fmt: skip
    for i in range(6):
        lon, lat = HERE.degrees([[10 * i, 0]])[0]
        session.add(Case(number=f"PA-{i}", type="report", category="pothole" if i < 4 else "lamp-out", state="new", phase="new", title="t",
                         channel="web", lon=lon, lat=lat, unit="27694", opened_at=NOW - (50 if i == 3 else 1) * clock.DAY,
                         updated_at=NOW))  # fmt: skip
    number, text = {"type": "number"}, {"type": "string"}
    for code, fields, sharing in (
        ("where", {"code": text, "count": number, "category": text}, "open"), ("wards", {"code": text, "supply": number, "need": number}, "shared"),
    ):  # fmt: skip
        body = {"code": code, "title": code, "geometry_type": "Polygon", "key_field": "code",
                "schema": {"type": "object", "properties": fields, "x-order": list(fields)}}  # fmt: skip
        made = datasets.create(session, guard.SYSTEM, body)
        made.sharing, made.status = sharing, "published"
    session.commit()
    both = {
        one.code: ("test", one)
        for one in declared.Analyses.model_validate(packs.lines.parse(CASES, "x").value).analyses
    }
    monkeypatch.setattr(declared, "analyses", lambda: both)
    done = service.run("where")
    assert (done.state, done.inputs["events"]["count"]) == ("done", 3)
    assert [(one.properties["count"], one.properties["category"]) for one in records(session, "where").values()] == [
        (3, "pothole")
    ]
    session.rollback()
    refused = service.run("wards")
    assert (refused.state, "only restricted" in refused.reason_en) == ("refused", True)
    session.scalars(select(Dataset).where(Dataset.code == "wards")).one().sharing = "restricted"
    session.commit()
    views.forget()
    assert service.run("wards").state == "done"
    assert records(session, "wards")["27694"].properties == {"code": "27694", "supply": 6, "need": 5}
