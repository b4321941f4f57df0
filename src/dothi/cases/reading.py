"""Read cases: one from inside or as everybody does, its entries, what can be done; the lists are those of `lists`."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from dothi.cases import flow, joining, lists, news, own, sight, store
from dothi.cases.declared import Transition
from dothi.cases.joining import Near
from dothi.cases.lists import (
    COUNTED,
    PUBLIC,
    WHICH,
    Asked,
    Line,
    Page,
    Public,
    PublicAsked,
    Which,
    counts,
    inbox,
    public_counts,
    public_list,
)  # fmt: skip
from dothi.cases.tables import Case, CaseEntry
from dothi.cases.types import types
from dothi.identity import called
from dothi.identity.guard import Caller

__all__ = [
    "COUNTED", "WHICH", "Asked", "Line", "Near", "Page", "Public", "PublicAsked", "Told", "Which", "case", "counts", "entries",
    "gathered", "inbox", "inside", "near", "public_case", "public_counts", "public_list", "reporter_case", "steps",
]  # fmt: skip

near = joining.near
_SHOWN = (
    "office",
    "reason",
    "number",
    "count",
    "fixed",
    "rating",
    "before",
    "after",
)  # of an entry's data, to everybody


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as it is read. actor and agency_id: None where everybody reads; office: on whose behalf."""

    id: int
    at: int
    kind: str
    public: bool
    text: str
    state: str | None
    step: str | None
    data: dict[str, Any] = field(default_factory=dict)
    actor: str | None = None
    name: str | None = None
    agency_id: int | None = None
    office: str | None = None
    reporter: bool = False  # whoever reported said or did it


# one case


def case(session: Session, caller: Caller, name: int | str) -> Case:
    """The case of an id or a number, as one who sees its inside. NotFound alike for any other."""
    found = store.case(session, name, sight.cases(caller))
    if found is None:
        raise sight.not_found()
    return found


def reporter_case(session: Session, caller: Caller, name: int | str, token: str | None = None) -> Case:
    """The case one reported: by being signed in, or with the token of one's own link."""
    found = store.case(session, name, sight.cases(caller, token))
    if found is None or not sight.is_reporter(caller, found, token):
        raise sight.not_found()
    return found


def public_case(session: Session, name: int | str, token: str | None = None) -> Public:
    """A case as everybody reads it; its reporter, with the token, also while nobody else does."""
    sees = sight.public()
    if token:
        sees = or_(sees, own.holds(token))
    row = session.execute(select(*PUBLIC).where(sight.named(name), sees)).first()
    if row is None:
        raise sight.not_found()
    return lists.publics(session, [row])[0]


def inside(session: Session, caller: Caller, found: Case) -> bool:
    """Whether a caller reads a case from inside: for an office or a crew, not as its reporter alone."""
    if sight.sides(session, caller, found) - {"reporter"} or sight.co_handles(session, caller, found):
        return True
    held = sight.offices(caller)
    return held is None or found.agency_id in held or found.receiving_id in held


def entries(
    session: Session, found: Case | Public, inside: bool, *, reporter: bool = False, language: str = "vi"
) -> list[Told]:
    """What happened to a case, oldest first; the outside reads public entries, the reporter also their own words.

    language: of the offices' names.
    """
    where: list[ColumnElement[bool]] = []
    if not inside:
        mine = CaseEntry.actor == news.REPORTER
        where.append(or_(CaseEntry.public.is_(True), mine) if reporter else CaseEntry.public.is_(True))
    rows = store.entries(session, found.id, where)
    ids = {one.agency_id for one in rows} | {(one.data or {}).get("office") for one in rows}
    offices = called.agencies(session, ids, language)
    people: dict[int, str] = {}
    if inside:
        actors = [one.actor.removeprefix("person:") for one in rows if one.actor.startswith("person:")]
        people = store.person_names(session, [int(one) for one in actors if one.isdecimal()])
    return [_told(one, offices, people, inside=inside) for one in rows]


def _told(one: CaseEntry, offices: dict[int, str], people: dict[int, str], *, inside: bool) -> Told:
    data = dict(one.data or {})
    if not inside:
        data = {key: value for key, value in data.items() if key in _SHOWN}
    if data.get("office") is not None:
        data["office_name"] = offices.get(data["office"])
    id_ = one.actor[7:] if one.actor.startswith("person:") else ""
    return Told(
        one.id, one.at, one.kind, one.public, one.text, one.state, one.step, data,
        one.actor if inside else None, people.get(int(id_)) if id_.isdecimal() else None,
        one.agency_id if inside else None, offices.get(one.agency_id) if one.agency_id is not None else None,
        one.actor == news.REPORTER,
    )  # fmt: skip


def steps(session: Session, caller: Caller, found: Case, token: str | None = None) -> list[Transition]:
    """The steps a caller may take with a case now."""
    sides = sight.sides(session, caller, found, token) - {"system"}
    done_at = found.resolved_at if found.resolved_at is not None else found.closed_at
    facts = flow.Facts(news.now(), done_at, found.pending_id is not None)
    return flow.next_steps(types().type(found.type), found.state, sides, facts)


def gathered(session: Session, id_: int) -> list[int]:
    """A case and those that were merged into it: whose files are shown together."""
    return [id_, *store.duplicates(session, id_)]
