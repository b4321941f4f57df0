"""A record is put, changed, deleted and brought back; what was stays known."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from dothi.datasets import service, views
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.db import session as db
from dothi.identity import guard
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, PreconditionFailed
from tests.datasets.conftest import body, everywhere, lamp, person, share


def places(error):
    return {fault.place for fault in error.value.faults}


def now(session, code="lamps"):
    session.expire_all()
    return session.scalars(select(Dataset).where(Dataset.code == code)).one()


def test_a_put_creates_and_a_put_replaces(session, steward, lamps):
    made = service.put(session, steward, "lamps", None, lamp("A1", road="Hòa Bình", height=8))
    assert (made.key, made.version, made.geojson) == ("A1", 1, '{"type":"Point","coordinates":[105.78,10.03]}')
    assert (made.west, made.north, made.folded) == (105.78, 10.03, "a1 hoa binh")
    again = service.put(session, steward, "lamps", "A1", lamp("A1", road="Lê Lợi"))
    assert (again.id, again.version, again.properties) == (made.id, 2, {"code": "A1", "road": "Lê Lợi"})
    old = session.scalars(select(RecordVersion)).one()
    assert (old.properties["height"], old.version, old.superseded_at) == (8, 1, again.recorded_at)


def test_what_changes_nothing_makes_no_version(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", height=8))
    version = now(session).version
    assert service.put(session, steward, "lamps", "A1", lamp("A1", height=8)).version == 1
    assert service.patch(session, steward, "lamps", "A1", {"properties": {"height": 8}}).version == 1
    assert now(session).version == version


def test_a_new_record_takes_no_key_that_is_there(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1"))
    with pytest.raises(Conflict):
        service.put(session, steward, "lamps", None, lamp("A1"))


def test_the_key_of_the_address_is_the_key_of_the_record(session, steward, lamps):
    with pytest.raises(BadInput) as error:
        service.put(session, steward, "lamps", "A1", lamp("B2"))
    assert places(error) == {"id"}
    bare = {"geometry": None, "properties": {"height": 3}}
    assert service.put(session, steward, "lamps", "12/QĐ-UBND", bare).properties["code"] == "12/QĐ-UBND"


def test_a_dataset_without_a_key_field_takes_the_id_or_makes_one(session, steward):
    plain = {"type": "object", "properties": {"n": {"type": "integer"}}}
    service.create(session, steward, body("plain", schema=plain, geometry_type=None))
    one = service.put(session, steward, "plain", None, {"id": 7, "geometry": None, "properties": {"n": 1}})
    other = service.put(session, steward, "plain", None, {"geometry": None, "properties": {"n": 1}})
    assert one.key == "7"
    assert len(other.key) == 16


def test_a_patch_names_what_changes(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", road="Hòa Bình", height=8))
    made = service.patch(session, steward, "lamps", "A1", {"properties": {"height": 9, "road": None}})
    assert made.properties == {"code": "A1", "height": 9}
    assert made.geojson is not None
    assert service.patch(session, steward, "lamps", "A1", {"geometry": None}).geojson is None
    with pytest.raises(BadInput) as error:
        service.patch(session, steward, "lamps", "A1", {"properties": {"height": "x", "lamp": 1}})
    assert places(error) == {"properties.height", "properties.lamp"}


@pytest.mark.parametrize("expect", [0, 2, 99])
def test_who_expects_another_version_changes_nothing(session, steward, lamps, expect):
    service.put(session, steward, "lamps", None, lamp("A1"))
    for write in (
        lambda: service.put(session, steward, "lamps", "A1", lamp("A1", height=1), expect),
        lambda: service.patch(session, steward, "lamps", "A1", {"properties": {"height": 1}}, expect),
        lambda: service.delete(session, steward, "lamps", "A1", expect),
    ):
        with pytest.raises(PreconditionFailed):
            write()
    assert service.find(session, steward, "lamps", "A1").version == 1


def test_who_expects_the_version_that_stands_changes_it(session, steward, lamps):
    service.put(session, steward, "lamps", "A1", lamp("A1"), 0)
    service.put(session, steward, "lamps", "A1", lamp("A1", height=1), 1)
    service.delete(session, steward, "lamps", "A1", 2)
    assert service.find(session, steward, "lamps", "A1") is None


def test_a_deleted_record_comes_back_with_the_next_version(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", height=8))
    service.delete(session, steward, "lamps", "A1")
    with pytest.raises(NotFound):
        service.delete(session, steward, "lamps", "A1")
    back = service.undelete(session, steward, "lamps", "A1")
    assert (back.version, back.properties["height"], back.west) == (2, 8, 105.78)
    with pytest.raises(Conflict):
        service.undelete(session, steward, "lamps", "A1")
    told = service.history(session, steward, "lamps", "A1")
    assert [(one.version, one.deleted, one.until is None) for one in told] == [(1, True, False), (2, False, True)]


def test_a_record_made_anew_goes_on_counting(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", height=8))
    service.delete(session, steward, "lamps", "A1")
    assert service.put(session, steward, "lamps", None, lamp("A1")).version == 2


def test_history_says_who_when_and_what(session, steward, second, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", height=8))
    service.put(session, second, "lamps", "A1", lamp("A1", lon=105.79, height=9))
    first, last = service.history(session, steward, "lamps", "A1")
    assert (first.by, first.until_by, first.until) == ("person:1", "person:2", last.at)
    assert last.changed == ("height", "geometry")
    assert service.history(session, steward, "lamps", "Z9") == []


def test_changes_come_in_order_and_go_on_from_a_cursor(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1"))
    service.put(session, steward, "lamps", None, lamp("A2"))
    service.patch(session, steward, "lamps", "A1", {"properties": {"height": 1}})
    service.delete(session, steward, "lamps", "A2")
    every = service.changes(session, steward, "lamps")
    assert [(one.verb, one.key) for one in every] == [
        ("created", "A1"), ("created", "A2"), ("updated", "A1"), ("deleted", "A2"),
    ]  # fmt: skip
    page, cursor = [], None
    while some := service.changes(session, steward, "lamps", after=cursor, limit=1):
        page += some
        cursor = some[-1].cursor
    assert page == every
    assert service.changes(session, steward, "lamps", since=every[1].at) == every[2:]


def test_count_extent_and_version_are_kept_exactly(session, steward, lamps):
    def held():
        one = now(session)
        return one.count, (one.west, one.south, one.east, one.north), one.version

    service.put(session, steward, "lamps", None, lamp("A1", 105.7, 10.0))
    service.put(session, steward, "lamps", None, lamp("A2", 105.9, 10.2))
    service.put(session, steward, "lamps", None, lamp("A3", None))
    assert held() == (3, (105.7, 10.0, 105.9, 10.2), 3)
    service.put(session, steward, "lamps", "A2", lamp("A2", 105.8, 10.1))
    assert held() == (3, (105.7, 10.0, 105.8, 10.1), 4)
    service.delete(session, steward, "lamps", "A1")
    assert held() == (2, (105.8, 10.1, 105.8, 10.1), 5)
    service.delete(session, steward, "lamps", "A2")
    assert held() == (1, (None, None, None, None), 6)


def test_two_writes_in_one_microsecond_have_two_moments(session, steward, lamps, monkeypatch):
    still = clock.now()
    monkeypatch.setattr(clock, "source", lambda: still)
    first = service.put(session, steward, "lamps", None, lamp("A1")).recorded_at
    second = service.put(session, steward, "lamps", "A1", lamp("A1", height=1)).recorded_at
    assert second == first + 1


def test_validity_follows_the_roles_and_its_last_day_counts(session, steward, lamps):
    made = service.put(session, steward, "lamps", None, lamp("A1", since="2026-01-01", until="2026-12-31"))
    assert clock.iso(made.valid_from) == "2025-12-31T17:00:00.000Z"
    assert clock.iso(made.valid_until) == "2026-12-31T17:00:00.000Z"


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"type": "Point", "coordinates": [10.03, 105.78]}, "swapped"),
        ({"type": "Point", "coordinates": [592000, 1109000]}, "metres"),
        ({"type": "Point", "coordinates": [105, 89.95]}, "pole"),
        ({"type": "Point", "coordinates": ["105", "10"]}, "RFC 7946"),
        ({"type": "Point"}, "RFC 7946"),
        ({"type": "Circle"}, "no type"),
        ("POINT (1 2)", "GeoJSON"),
        (5, "GeoJSON"),
        ({"type": "LineString", "coordinates": [[105, 10], [106, 11]]}, "LineString"),
        ({"type": "Point", "coordinates": [float("nan"), 10]}, "not a number"),
    ],
)
def test_a_shape_that_cannot_be_kept_says_why(session, steward, lamps, shape, reason):
    with pytest.raises(BadInput) as error:
        service.put(session, steward, "lamps", None, {"geometry": shape, "properties": {"code": "A1"}})
    assert places(error) == {"geometry"}
    assert reason in error.value.faults[0].message


def test_a_ring_that_crosses_itself_is_repaired_with_a_notice(session, steward):
    service.create(session, steward, body("areas", geometry_type="MultiPolygon"))
    bow = {"type": "Polygon", "coordinates": [[[105, 10], [105.1, 10.1], [105.1, 10], [105, 10.1], [105, 10]]]}
    made = service.put(session, steward, "areas", None, {"geometry": bow, "properties": {"code": "V1"}})
    assert made.geojson.startswith('{"type":"MultiPolygon"')
    entry = session.scalars(select(Entry).where(Entry.subject == "record:areas/V1")).one()
    assert "self-intersection" in entry.data["repaired"]


def test_the_commune_is_found_by_the_server(session, steward, lamps, communes):
    assert service.put(session, steward, "lamps", None, lamp("A1", 105.5, 10.5)).unit_code == "00001"
    assert service.put(session, steward, "lamps", None, lamp("A2", 107.5, 10.5)).unit_code is None


@pytest.fixture
def communes(session):
    from shapely.geometry import box

    from dothi.kit import geo
    from dothi.places import atlas, store
    from dothi.places.tables import Unit

    session.add(
        Unit(code="00001", level="commune", kind="phường", name="Phú Thủy", full_name="Phường Phú Thủy", valid_from=0,
             folded="phu thuy", geometry=geo.wkb(box(105, 10, 106, 11)), approximate=False)
    )  # fmt: skip
    store.touch(session)
    session.commit()
    yield
    atlas.forget()


# --- who may


def test_nobody_writes_but_those_who_may(session, steward, outsider, agencies, lamps):
    share(session, "lamps", "open")
    with pytest.raises(NotSignedIn):
        service.put(session, guard.ANONYMOUS, "lamps", None, lamp("A1"))
    for caller in (outsider, person(5, agencies["so-tc"], *guard.ROLES["data-steward"]), everywhere("data:read")):
        with pytest.raises(NotAllowed):
            service.put(session, caller, "lamps", None, lamp("A1"))


def test_a_dataset_one_does_not_see_and_none_answer_alike(session, steward, outsider, lamps):
    service.put(session, steward, "lamps", None, lamp("A1"))

    def answer(code, verb):
        with pytest.raises(NotFound) as error:
            verb(code)
        return str(error.value).replace(code, "…")

    for caller in (guard.ANONYMOUS, outsider):
        for verb in (
            lambda code: service.put(session, caller, code, None, lamp("A1")),  # noqa: B023
            lambda code: service.delete(session, caller, code, "A1"),  # noqa: B023
            lambda code: service.history(session, caller, code, "A1"),  # noqa: B023
            lambda code: service.changes(session, caller, code),  # noqa: B023
            lambda code: service.correct(session, caller, code, "wrong"),  # noqa: B023
            lambda code: service.describe(session, caller, code, {"title": "x"}),  # noqa: B023
            lambda code: service.unmask(session, caller, code, "A1", "for the test of it"),  # noqa: B023
        ):
            assert answer("lamps", verb) == answer("nothing", verb)


def test_a_key_that_writes_only_writes(session, steward, agencies, lamps):
    pump = person(8, agencies["so-xd"], "data:write")
    assert service.put(session, pump, "lamps", None, lamp("A1")).version == 1
    with pytest.raises(NotFound):
        service.history(session, pump, "lamps", "A1")


def test_a_retired_dataset_is_kept_as_it_is(session, steward, lamps):
    service.describe(session, steward, "lamps", {"status": "retired"})
    with pytest.raises(Conflict):
        service.put(session, steward, "lamps", None, lamp("A1"))


def test_fields_one_does_not_see_outlive_a_replacement(session, steward, agencies, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", keeper="Nguyễn Văn An", cost=5))
    service.put(session, steward, "lamps", "A1", lamp("A1", height=2))
    assert service.find(session, steward, "lamps", "A1").properties == {
        "code": "A1", "height": 2, "keeper": "Nguyễn Văn An",
    }  # fmt: skip
    service.patch(session, steward, "lamps", "A1", {"properties": {"keeper": None}})
    assert "keeper" not in service.find(session, steward, "lamps", "A1").properties


def test_history_hides_what_one_does_not_see(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", keeper="Nguyễn Văn An", cost=5))
    service.patch(session, steward, "lamps", "A1", {"properties": {"cost": 6, "keeper": "Trần Thị Bình"}})
    share(session, "lamps", "open")
    first, last = service.history(session, guard.ANONYMOUS, "lamps", "A1")
    assert (first.properties, last.properties, last.changed) == ({"code": "A1"}, {"code": "A1"}, ())
    assert service.history(session, steward, "lamps", "A1")[1].changed == ("cost",)


def test_personal_values_are_shown_for_a_purpose_and_the_journal_knows(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", keeper="Nguyễn Văn An", cost=5))
    may = everywhere("data:read", "data:personal")
    with pytest.raises(NotAllowed):
        service.unmask(session, steward, "lamps", "A1", "gọi người phụ trách")
    with pytest.raises(BadInput):
        service.unmask(session, may, "lamps", "A1", " ")
    assert service.unmask(session, may, "lamps", "A1", "gọi người phụ trách") == {"keeper": "Nguyễn Văn An"}
    entry = session.scalars(select(Entry).where(Entry.kind == "data.record.unmasked")).one()
    assert (entry.subject, entry.visibility, entry.actor) == ("record:lamps/A1", "restricted", "person:9")
    assert entry.data == {"purpose": "gọi người phụ trách", "fields": ["keeper"]}


def test_the_journal_holds_neither_personal_nor_restricted_values(session, steward, lamps):
    share(session, "lamps", "open")
    service.put(session, steward, "lamps", None, lamp("A1", keeper="Nguyễn Văn An", cost=5))
    service.patch(session, steward, "lamps", "A1", {"properties": {"cost": 6, "keeper": "Trần Thị Bình", "height": 2}})
    service.delete(session, steward, "lamps", "A1")
    service.undelete(session, steward, "lamps", "A1")
    entries = session.scalars(select(Entry).where(Entry.subject == "record:lamps/A1").order_by(Entry.id)).all()
    assert [one.kind for one in entries] == [
        f"data.record.{verb}" for verb in ("created", "updated", "deleted", "undeleted")
    ]
    assert {one.visibility for one in entries} == {"open"}
    assert entries[1].data == {"changed": ["height"], "version": 2}
    assert "Bình" not in str([one.data for one in entries])


def test_search_text_has_nothing_that_is_hidden(session, steward, lamps):
    made = service.put(session, steward, "lamps", None, lamp("A1", keeper="Nguyễn Văn An", state="off"))
    assert made.folded == "a1 off tat"


# --- rules between datasets


@pytest.fixture
def cabinets(session, steward):
    """Cabinets, and posts that refer to one, to several, and to another post."""
    service.create(session, steward, body("cabinets"))
    fields = {
        "id": {"type": "string", "x-role": "key"},
        "cabinet": {"type": "string", "x-reference": {"dataset": "cabinets"}},
        "near": {"type": "array", "items": {"type": "string", "x-reference": {"dataset": "cabinets"}}},
        "next": {"type": "string", "x-reference": {"dataset": "posts"}},
    }
    service.create(session, steward, body("posts", schema={"properties": fields}, geometry_type=None))
    for code in ("C1", "C2", "C3"):
        service.put(session, steward, "cabinets", None, lamp(code))


def post(id_, **properties):
    return {"geometry": None, "properties": {"id": id_} | properties}


def test_an_unknown_key_is_refused(session, steward, cabinets):
    with pytest.raises(BadInput) as error:
        service.put(session, steward, "posts", None, post("P1", cabinet="C9", near=["C1", "C8"], next="P9"))
    assert places(error) == {"properties.cabinet", "properties.near", "properties.next"}
    made = service.put(session, steward, "posts", None, post("P1", cabinet="C1", near=["C1", "C2"], next="P1"))
    assert made.version == 1


@pytest.mark.parametrize("how", [{"cabinet": "C1"}, {"near": ["C3", "C1"]}])
def test_what_is_referred_to_is_not_deleted(session, steward, cabinets, how):
    service.put(session, steward, "posts", None, post("P1", **how))
    with pytest.raises(Conflict) as error:
        service.delete(session, steward, "cabinets", "C1")
    assert "'P1' of posts" in error.value.faults[0].message
    service.delete(session, steward, "cabinets", "C2")
    service.delete(session, steward, "posts", "P1")
    service.delete(session, steward, "cabinets", "C1")


def test_a_record_may_refer_to_its_own_dataset(session, steward, cabinets):
    service.put(session, steward, "posts", None, post("P1"))
    service.put(session, steward, "posts", None, post("P2", next="P1"))
    with pytest.raises(Conflict):
        service.delete(session, steward, "posts", "P1")
    service.patch(session, steward, "posts", "P1", {"properties": {"next": "P1"}})
    service.delete(session, steward, "posts", "P2")
    service.delete(session, steward, "posts", "P1")


def test_what_is_brought_back_must_still_find_what_it_refers_to(session, steward, cabinets):
    service.put(session, steward, "posts", None, post("P1", cabinet="C1"))
    service.delete(session, steward, "posts", "P1")
    service.delete(session, steward, "cabinets", "C1")
    with pytest.raises(BadInput) as error:
        service.undelete(session, steward, "posts", "P1")
    assert places(error) == {"properties.cabinet"}


def test_a_referrer_one_does_not_see_is_not_named(session, steward, agencies, cabinets):
    service.put(session, steward, "posts", None, post("P1", cabinet="C1"))
    share(session, "cabinets", "open")
    narrow = person(6, None).__class__("person", 6, "p6", datasets=frozenset({("data:write", "cabinets")}))
    with pytest.raises(Conflict) as error:
        service.delete(session, narrow, "cabinets", "C1")
    assert "P1" not in str(error.value)
    assert "posts" not in str(error.value)


def test_a_dataset_others_refer_to_is_not_removed(session, steward, cabinets):
    with pytest.raises(Conflict):
        service.remove(session, steward, "cabinets")
    service.remove(session, steward, "posts")
    service.remove(session, steward, "cabinets")
    session.commit()
    assert session.scalar(select(func.count()).select_from(Record)) == 0
    if session.get_bind().dialect.name == "sqlite":
        assert session.scalar(text("SELECT count(*) FROM record_box")) == 0


# --- news


def test_news_is_told_once_the_transaction_stands(session, steward, lamps, monkeypatch):
    from dothi.datasets.news import DatasetChanged
    from dothi.kit import bus

    heard = []
    monkeypatch.setitem(bus._hearers, DatasetChanged, [lambda _, news: heard.append(news)])
    service.put(session, steward, "lamps", None, lamp("A1"))
    assert heard == []
    session.commit()
    assert heard == [DatasetChanged(lamps.id, "lamps", 1)]
    service.put(session, steward, "lamps", None, lamp("A2"))
    session.rollback()
    session.commit()
    assert len(heard) == 1


def test_a_view_follows_its_dataset_at_once(session, steward, lamps):
    assert views.view(steward, "lamps").count == 0
    service.put(session, steward, "lamps", None, lamp("A1"))
    session.commit()
    assert views.view(steward, "lamps").count == 1


def test_writers_side_by_side_lose_nothing(session, steward, lamps):
    def work(name):
        for i in range(6):
            with db.writing() as mine:
                service.put(mine, steward, "lamps", "A0", lamp("A0", height=i, road=name))
            with db.writing() as mine:
                service.put(mine, steward, "lamps", None, lamp(f"{name}{i}"))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, ("a", "b", "c")))
    one = now(session)
    kept = session.scalar(select(func.count()).select_from(RecordVersion))
    assert one.count == session.scalar(select(func.count()).select_from(Record)) == 19
    assert one.version == 18 + 18 == 19 + kept
    told = service.history(session, steward, "lamps", "A0")
    assert [each.version for each in told] == list(range(1, 19))
    moments = [each.at for each in service.changes(session, steward, "lamps")]
    assert len(set(moments)) == len(moments) == 36
