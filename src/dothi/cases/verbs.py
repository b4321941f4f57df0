"""What every verb does: hold the case against others, see who asks, change it, and tell of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from dothi.cases import flow, news, offices, sight, store, tally, timers
from dothi.cases.declared import Category, Need, Type, Who
from dothi.cases.tables import Case
from dothi.cases.types import Subject, types
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotAllowed, NotSignedIn, PreconditionFailed
from dothi.kit.text import fold, nfc

ASKS: dict[Who, str] = {
    "handle": "cases:handle", "assign": "cases:assign", "approve": "cases:approve", "work": "cases:work",
    "moderate": "cases:moderate",
}  # fmt: skip
_DONE = ("done", "closed")


@dataclass(slots=True)
class Held:
    """A case nobody else changes before this transaction ends, as it stood, and who asks for what."""

    session: Session
    caller: Caller
    case: Case
    type: Type
    subject: Subject | None
    sides: set[Who]
    now: int
    state: str
    phase: str
    due_at: int | None
    key: tally.Key
    token: str | None = None

    @property
    def facts(self) -> flow.Facts:
        """What decides the steps that are possible."""
        done_at = self.case.resolved_at if self.case.resolved_at is not None else self.case.closed_at
        return flow.Facts(self.now, done_at, self.case.pending_id is not None)

    @property
    def category(self) -> Category | None:
        """The category, where the case is not about a public service."""
        return self.subject if isinstance(self.subject, Category) else None

    @property
    def officer(self) -> bool:
        """Whether the caller acts for an office or a crew, not as the reporter alone."""
        return bool(self.sides - {"reporter"})

    @property
    def actor(self) -> str:
        """How entries name the caller."""
        return news.REPORTER if self.sides == {"reporter"} else news.actor(self.caller)


def hold(
    session: Session,
    caller: Caller,
    name: int | str,
    *,
    token: str | None = None,
    version: int | None = None,
    sees: ColumnElement[bool] | None = None,
) -> Held:
    """The case of an id or a number, locked. NotFound alike for unseen ones; PreconditionFailed for a stale version."""
    found = store.held(session, name)
    if found is None or not _sees(session, caller, found, token, sees):
        raise sight.not_found()
    sides = sight.sides(session, caller, found, token)
    if version is not None and version != found.version:
        raise stale(session, found, version, inside=bool(sides - {"reporter"}))
    return of(session, caller, found, sides, token)


def _sees(session: Session, caller: Caller, found: Case, token: str | None, sees: ColumnElement[bool] | None) -> bool:
    if sees is None and sight.surely(caller, found, token):
        return True
    return store.passes(session, found.id, sight.cases(caller, token) if sees is None else sees)


def of(session: Session, caller: Caller, case: Case, sides: set[Who], token: str | None = None) -> Held:
    """A case that is held already."""
    known = types()
    return Held(
        session, caller, case, known.type(case.type), known.about(case.category), sides, news.now(), case.state,
        case.phase, case.due_at, tally.key(case), token,
    )  # fmt: skip


def stale(session: Session, case: Case, version: int, *, inside: bool) -> PreconditionFailed:
    """Somebody else was first: who (to the outside: which office) and when."""
    last = store.last_change(session, case.id)
    who, when = "somebody else", case.updated_at
    if last is not None:
        who, when = _said(session, last.actor, last.agency_id, inside=inside) or who, last.at
    at = clock.local(when)
    return PreconditionFailed(
        f"{who} changed this case at {at:%H:%M:%S %d/%m/%Y}; look at it again",
        [Fault("version", str(version), str(case.version))],
    )


def _said(session: Session, actor: str, agency_id: int | None, *, inside: bool) -> str | None:
    kind, _, id_ = actor.partition(":")
    if inside and kind == "person" and id_.isdecimal():
        return store.person_names(session, [int(id_)]).get(int(id_))
    if agency_id is not None:
        return store.agency_names(session, [agency_id]).get(agency_id)
    return {"reporter": "the reporter", "dothi": "dothi"}.get(actor)


def need(held: Held, *who: Who) -> None:
    """Refuse unless the caller stands on one of these sides of the case."""
    if held.sides & set(who):
        return
    for side in who:
        if side in ASKS:
            guard.require(held.caller, ASKS[side], held.case.agency_id)
            break
    if held.caller.kind == "anonymous":
        raise NotSignedIn("sign in, or open your own link of the case")
    raise NotAllowed(f"{' or '.join(who)} of this case does this, nobody else")


def said(text: str) -> str:
    """A text as it is kept."""
    return nfc(text.strip().replace("\0", ""))


def spoken(text: str, place: str = "text", *, needed: bool = True, longest: int = flow.LONGEST) -> list[Fault]:
    """What is wrong with a text."""
    if needed and not text:
        return [Fault(place, "is missing", f"1 to {longest} characters")]
    return [Fault(place, f"{len(text)} characters", f"1 to {longest} characters")] if len(text) > longest else []


def searched(number: str, title: str, address: str) -> str:
    """The column a search looks into."""
    return fold(f"{number} {title} {address}")


def become(held: Held, state: str) -> None:
    """Put a case into a state, with what follows for when it was done and closed."""
    case, now = held.case, held.now
    case.state, case.phase = state, types().state(case.type, state).phase
    if state == held.state:
        return
    if held.phase in _DONE and case.phase not in _DONE:
        case.reopened += 1
        case.resolved_at = case.closed_at = case.rating = case.satisfied = case.met = None
    if case.phase == "done":
        case.resolved_at, case.closed_at = now, None
    elif case.phase == "closed":
        case.closed_at = now
    case.pending_id = None


def settle(
    held: Held,
    kind: str,
    *,
    text: str = "",
    public: bool = False,
    step: str | None = None,
    data: dict[str, Any] | None = None,
    journal: str | None = None,
    actor: str | None = None,
    changed: bool = True,
    reason: str | None = None,
) -> int:
    """Write what was done: the timers, the case in its next version, the entry, the counts, the journal and the news.

    changed: the case itself did; a comment changes no version. reason: why a clock waits. Returns the entry's id.
    """
    session, case, now = held.session, held.case, held.now
    moved = case.state != held.state
    if changed:
        case.version += 1
        case.updated_at = now
        with session.no_autoflush:
            if moved:
                timers.moved(session, case, held.type, held.subject, now, news.actor(held.caller), reason, text)
            _meet(held)
    id_ = store.settle(
        session, case_id=case.id, at=now, actor=actor or held.actor, kind=kind, public=public, text=text, step=step,
        agency_id=held.caller.agency_id or (case.agency_id if held.officer else None), data=data or None,
        state=case.state if moved else None,
    )  # fmt: skip
    key = tally.key(case)
    if changed:
        tally.changed(session, held.key, key)
    news.tell(
        session, case, journal or kind, actor=actor or held.actor, shown=public and tally.shown(case),
        data={"step": step, **(data or {})} if step else data,
    )  # fmt: skip
    if moved:
        news.moved(session, case, held.state, step, now)
    held.key, held.state, held.phase, held.due_at = key, case.state, case.phase, case.due_at
    return id_


def _meet(held: Held) -> None:
    """Say whether the case was done in time, by the due moment valid until now; a clock that stood still was in time."""
    case, main = held.case, types().main(held.case.type)
    if main is not None and case.met is None and case.state != held.state and case.state in main.ends:
        case.met = held.due_at is None or held.now <= held.due_at


def standing(held: Held, needs: list[Need]) -> frozenset[Need]:
    """The needs of a step that stand already: photos, results, the checklist."""
    has: set[Need] = set()
    if {"photo-after", "result"} & set(needs):
        kinds = store.file_kinds(held.session, held.case.id)
        has |= {need for need, kind in _FILES.items() if kind in kinds}
    if "checklist" in needs:
        wanted = {one.code for one in (held.category.checklist if held.category else []) if not one.optional}
        if wanted <= store.checks(held.session, held.case.id):
            has.add("checklist")
    return frozenset(has)


_FILES: dict[Need, str] = {"photo-after": "after", "result": "result"}


def handler_faults(held: Held, handler: int | None, crew: int | None, office: int | None) -> list[Fault]:
    """Why somebody, or a crew, cannot have the case of an office."""
    faults = []
    if handler is not None:
        person = store.officer(held.session, handler)
        if person is None or not person[0] or (office is not None and person[1] != office):
            faults.append(Fault("handler", "is not one of that office's", "somebody of the office, or nobody"))
    if crew is not None:
        found = store.crew(held.session, crew)
        if found is None or not found.active or (office is not None and found.agency_id != office):
            faults.append(Fault("crew", "is not one of that office's", "a crew of the office, or none"))
    return faults


def office_id(session: Session, name: int | str | None) -> int | None:
    """The id of an office by its id or code. Raises BadInput."""
    if isinstance(name, int) and store.office_there(session, name):
        return name
    found = offices.office(session, name)
    return found.id if found else None


def refuse(faults: list[Fault], what: str) -> None:
    """Raise BadInput with all faults, if there are any."""
    if faults:
        raise BadInput(what, faults)
