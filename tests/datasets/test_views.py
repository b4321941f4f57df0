"""Who sees which dataset, and which of its fields."""

import anyio
import pytest
from sqlalchemy import func, select

from dothi.datasets import service, usage, views
from dothi.datasets.tables import Dataset, Usage
from dothi.db import session as db
from dothi.identity import access, guard
from dothi.identity import service as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit.errors import NotFound
from tests.datasets.conftest import body, everywhere, lamp, person, share

WAYS = [
    (sharing, status) for sharing in ("restricted", "shared", "open") for status in ("draft", "published", "retired")
]


@pytest.fixture
def callers(agencies, steward, outsider):
    """Everybody there is, by name."""
    mine = agencies["so-xd"]
    return {
        "anonymous": guard.ANONYMOUS,
        "nobody": Caller("person", 7, "p7"),
        "outsider": outsider,
        "officer": person(8, mine, *guard.ROLES["officer"]),
        "steward": steward,
        "sensor key": person(9, mine, "sensing:read", "sensing:write"),
        "describer": person(10, mine, "data:describe"),
        "writer": person(11, mine, "data:write"),
        "auditor": everywhere(*guard.ROLES["auditor"]),
        "guest": Caller("person", 12, "p12", datasets=frozenset({("data:read", "restricted-draft")})),
    }


@pytest.fixture
def datasets(session, steward):
    """A dataset of every sharing and status."""
    for sharing, status in WAYS:
        service.create(
            session, guard.SYSTEM, body(f"{sharing}-{status}", sharing=sharing, status=status, agency="so-xd")
        )
    session.commit()


def expected(name):
    every = {f"{sharing}-{status}" for sharing, status in WAYS}
    if name in ("officer", "steward", "describer", "auditor"):
        return every
    return {"open-published"} | ({"shared-published"} if name == "outsider" else set()) | (
        {"restricted-draft"} if name == "guest" else set())  # fmt: skip


def test_everybody_sees_what_they_may_and_no_more(session, callers, datasets):
    for name, caller in callers.items():
        seen = expected(name)
        assert {one.code for one in views.views(caller)} == seen, name
        clause = guard.visible(caller, Dataset, permission="data:read")
        assert set(session.scalars(select(Dataset.code).where(clause))) == seen, name
        for one in session.scalars(select(Dataset)):
            sees = guard.sees(caller, one.sharing, one.agency_id, "data:read", dataset=one.code, status=one.status)
            assert sees == (one.code in seen), (name, one.code)
            if one.code in seen:
                assert views.view(caller, one.code).code == one.code
            else:
                with pytest.raises(NotFound):
                    views.view(caller, one.code)


def test_two_callers_with_the_same_sight_see_the_same(session, callers, datasets):
    by_sight = {}
    for name, caller in callers.items():
        by_sight.setdefault(guard.sight(caller, "data:read"), set()).add(frozenset(expected(name)))
    assert all(len(seen) == 1 for seen in by_sight.values())


def test_sensing_asks_for_its_own_permission(callers):
    assert guard.sees(callers["sensor key"], "shared", 1)
    assert not guard.sees(callers["describer"], "shared", 1)
    assert not guard.sees(callers["guest"], "restricted", None)


def test_not_there_and_not_seen_are_worded_alike(lamps):
    def said(code):
        with pytest.raises(NotFound) as error:
            views.view(guard.ANONYMOUS, code)
        return str(error.value).replace(code, "…")

    assert said("lamps") == said("nothing")
    assert said("a\0b")


def test_hidden_fields_are_absent(session, callers, lamps):
    share(session, "lamps", "open")
    for name, caller in callers.items():
        view = views.view(caller, "lamps")
        names = [one.name for one in view.fields]
        assert "keeper" not in names
        assert ("cost" in names) == (name in ("officer", "steward", "auditor")), name
        assert set(names) | set(view.hidden) == set(lamps.schema["properties"])
        assert list(view.schema["properties"]) == names == view.schema["x-order"]
    assert views.view(callers["steward"], "lamps").writes
    assert not views.view(callers["officer"], "lamps").writes


def test_a_style_that_reads_a_hidden_field_is_hidden(session, steward, lamps):
    layers = [{"type": "circle", "paint": {"circle-radius": ["get", "cost"]}}]
    service.describe(session, steward, "lamps", {"style": {"fields": [], "layers": layers}})
    share(session, "lamps", "open")
    assert views.view(guard.ANONYMOUS, "lamps").style is None
    assert views.view(steward, "lamps").style is not None


def test_a_view_is_kept_and_dropped_by_news(session, steward, lamps, monkeypatch):
    asked = []
    real = views.read
    monkeypatch.setattr(views, "read", lambda *given: asked.append(1) or real(*given))
    views.view(steward, "lamps")
    views.view(steward, "lamps")
    assert len(asked) == 1
    assert anyio.run(views.aview, steward, "lamps").code == "lamps"
    assert len(asked) == 1
    service.describe(session, steward, "lamps", {"title": "Đèn"})
    session.commit()
    assert views.view(steward, "lamps").title == "Đèn"
    assert len(asked) == 2


def test_a_view_read_before_a_change_is_not_kept_after_it(session, steward, lamps, monkeypatch):
    real = views.read

    def slow(*given):
        found = real(*given)
        views.forget()  # the change is told while the answer is on its way
        return found

    monkeypatch.setattr(views, "read", slow)
    views.view(steward, "lamps")
    monkeypatch.setattr(views, "read", lambda *_: None)
    with pytest.raises(NotFound):
        views.view(steward, "lamps")


def test_search_knows_words_without_their_signs(session, steward, lamps):
    service.create(session, steward, body("pumps", title="Trạm bơm Phú Thuỷ", keywords=["thoát nước"], themes=["ENVI"]))
    session.commit()
    assert [one.code for one in views.views(steward, "tram bom phú thủy")] == ["pumps"]
    assert [one.code for one in views.views(steward, "thoat NUOC")] == ["pumps"]
    assert [one.code for one in views.views(steward, theme="ENVI")] == ["pumps"]
    assert [one.code for one in views.views(steward, status=("draft", "retired"))] == ["lamps", "pumps"]
    assert views.views(steward, "phụ trách") == []  # the title of a masked field


def test_a_role_over_one_dataset_is_that_and_no_more(session, lamps, agencies):
    with db.writing() as writing:
        one = identity.create_person(writing, guard.SYSTEM, "guest", "Khách")
        identity.grant(writing, guard.SYSTEM, one, "data-steward", "dataset", "lamps")
        caller = access.of_person(writing, one)
    assert caller.datasets == {(held, "lamps") for held in guard.ROLES["data-steward"] if held.startswith("data:")}
    assert caller.within == caller.everywhere == frozenset()
    service.put(session, caller, "lamps", None, lamp("A1"))
    assert guard.may_somewhere(caller, "data:write")
    assert not guard.may(caller, "data:write", agencies["so-xd"])


def test_the_journal_of_data_is_for_those_who_read_data(session, callers, lamps):
    service.put(session, guard.SYSTEM, "lamps", None, lamp("A1"))
    session.commit()

    def told(caller):
        return [one["kind"] for one in journal.read(session, 0, 100, sees=guard.sees_entries(caller), kinds=["data"])]

    assert told(callers["officer"]) == ["data.dataset.created", "data.record.created"]
    for name in ("anonymous", "nobody", "outsider", "sensor key", "guest", "writer"):
        assert told(callers[name]) == [], name
    guest = Caller("person", 12, "p12", datasets=frozenset({("data:read", "lamps")}))
    assert told(guest) == ["data.dataset.created", "data.record.created"]
    neighbour = Caller("person", 13, "p13", datasets=frozenset({("data:read", "lamp")}))
    assert told(neighbour) == []


def test_on_a_test_bench_anonymous_writes(open_writes, session, lamps):
    assert service.put(session, access.anonymous(), "lamps", None, lamp("A1")).recorded_by == "anonymous"


# --- use


def test_uses_are_counted_by_day_and_door(session, lamps):
    for door in ("page", "page", "features"):
        service.count_use(lamps.id, door)
    service.count_use(lamps.id + 1000, "page")
    assert usage.flush() == 4
    service.count_use(lamps.id, "page")
    usage.flush()
    assert usage.flush() == 0
    assert usage.by_day(session, lamps.id) == {usage.today(): {"page": 3, "features": 1}}
    assert usage.totals(session) == {lamps.id: 4}
    assert session.scalar(select(func.count()).select_from(Usage)) == 2


def test_a_day_is_a_day_in_vietnam():
    assert usage.day_of(17 * 3600 * 1_000_000 - 1) == 0
    assert usage.day_of(17 * 3600 * 1_000_000) == 1
