"""The steps a case takes as its type declares: step, assign, approve, transfer, merge, reopen, and what dothi does itself."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from dothi.cases import flow, news, offices, sight, store, verbs
from dothi.cases.declared import Transition
from dothi.cases.tables import Case, CaseEntry
from dothi.cases.types import types
from dothi.cases.verbs import Held
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed

TRANSFERS = ("not-ours", "wrong-place", "no-capacity", "other")
_AT_WORK = "somebody else is at work on the other case right now; try again"
_KINDS = {"assign": "assigned", "confirm": "confirmed"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A step as somebody asked for it; offices by id or code, the case that goes on by id or number."""

    text: str = ""
    reason: str | None = None
    office: int | str | None = None
    handler: int | None = None
    crew: int | None = None
    duplicate_of: int | str | None = None
    public: bool | None = None


def step(
    session: Session,
    caller: Caller,
    name: int | str,
    transition: str,
    *,
    text: str = "",
    reason: str | None = None,
    office: int | str | None = None,
    handler: int | None = None,
    crew: int | None = None,
    duplicate_of: int | str | None = None,
    public: bool | None = None,
    token: str | None = None,
    version: int | None = None,
) -> Case:
    """Take a step of the case's flow. public False keeps its text from the public.

    A step whose effects say needs-approval is kept as asked for: `approve` takes it or sends it back.
    """
    asked = Asked(verbs.said(text), reason or None, office, handler, crew, duplicate_of, public)
    if duplicate_of is not None:
        _lock_first(session, name, duplicate_of)
    held = verbs.hold(session, caller, name, token=token, version=version)
    return _take(held, transition, asked)


def assign(
    session: Session,
    caller: Caller,
    name: int | str,
    *,
    handler: int | None = None,
    crew: int | None = None,
    office: int | str | None = None,
    text: str = "",
    version: int | None = None,
) -> Case:
    """Give a case to somebody, or to a crew: by the flow's step `assign` where it has one from here, else as it stands."""
    held = verbs.hold(session, caller, name, version=version)
    declared = types().step(held.type.code, "assign")
    if declared is not None and held.state in declared.since:
        return _take(held, "assign", Asked(verbs.said(text), None, office, handler, crew))
    verbs.need(held, "assign", "handle")
    to = verbs.office_id(session, office) if office is not None else held.case.agency_id
    if to != held.case.agency_id:
        raise Conflict("to another office a case goes by transfer, with its reason")
    faults = verbs.handler_faults(held, handler, crew, to)
    if handler is None and crew is None:
        faults.append(Fault("handler", "is missing", "somebody of the office, or a crew"))
    verbs.refuse(faults + verbs.spoken(verbs.said(text), needed=False), "the case cannot be given so")
    _give(held, handler, crew)
    verbs.settle(held, "assigned", text=verbs.said(text), data={"handler": handler, "crew": crew})
    return held.case


def take_over(session: Session, caller: Caller, name: int | str, *, version: int | None = None) -> Case:
    """Take a case upon oneself."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "handle")
    if caller.kind != "person" or caller.id is None:
        raise NotAllowed("a person handles a case, not a key")
    held.case.handler_id = caller.id
    verbs.settle(held, "assigned", data={"handler": caller.id})
    return held.case


def approve(
    session: Session, caller: Caller, name: int | str, *, ok: bool = True, text: str = "", version: int | None = None
) -> Case:
    """Confirm a step somebody else asked for, or send it back with the reason."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "approve")
    entry = store.entry(session, held.case.pending_id) if held.case.pending_id is not None else None
    if entry is None:
        raise Conflict("no step of this case waits for approval")
    if entry.actor == held.actor:
        raise NotAllowed("whoever asked for the step does not approve it: another person does")
    text = verbs.said(text)
    verbs.refuse(verbs.spoken(text, needed=not ok), "say why the step is sent back")
    held.case.pending_id = None
    if not ok:
        verbs.settle(held, "returned", text=text, step=entry.step, data={"asked_by": entry.actor})
        return held.case
    data = dict(entry.data or {})
    asked = Asked(
        entry.text, **{key: data.get(key) for key in ("reason", "office", "handler", "crew", "duplicate_of", "public")}
    )
    return _take(held, entry.step or "", asked, asked_by=entry)


def transfer(
    session: Session,
    caller: Caller,
    name: int | str,
    office: int | str | None,
    *,
    reason: str,
    text: str = "",
    version: int | None = None,
) -> Case:
    """Send a case on to another office; None: back to whoever assigns for all offices.

    reason: one of TRANSFERS. "Not ours" names whose it is: by the office it goes to, or in the text by an office's name.
    """
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "handle", "assign")
    text, case = verbs.said(text), held.case
    if case.phase in ("done", "closed"):
        raise Conflict(f"the case is {case.state}: it is not sent on any more")
    faults = verbs.spoken(text)
    if reason not in TRANSFERS:
        faults.append(Fault("reason", f"{reason!r}"[:60], ", ".join(TRANSFERS)))
    to = offices.office(session, office)
    if to is not None and to.id == case.agency_id:
        faults.append(Fault("office", "has the case already", "another office"))
    if to is None and case.agency_id is None:
        faults.append(Fault("office", "is missing", "an office of the city"))
    named = to
    if reason == "not-ours" and to is None and not faults:
        named = offices.named_in(session, text, case.agency_id)
        if named is None:
            faults.append(Fault("text", "does not say whose it is", "the office it goes to, or its name in the text"))
    verbs.refuse(faults, "the case cannot be sent on so")
    data = {
        "from": case.agency_id,
        "office": to.id if to else None,
        "reason": reason,
        "named": named.id if named else None,
    }
    case.agency_id = to.id if to else None
    case.handler_id = case.crew_id = case.pending_id = None
    declared = types().step(case.type, "transfer")
    if declared is not None and declared.to and held.state in declared.since:
        verbs.become(held, declared.to)
    verbs.settle(held, "transferred", text=text, public=False, data=data)
    return case


def merge(
    session: Session, caller: Caller, name: int | str, into: int | str, *, text: str = "", version: int | None = None
) -> Case:
    """Have another case go on for this one: its followers follow on, its files are shown there, both are linked."""
    _lock_first(session, name, into)
    held = verbs.hold(session, caller, name, version=version)
    found = next(
        (one for one in held.type.transitions if "duplicate-of" in one.needs and held.state in one.since), None
    )
    if found is None:
        raise flow.CannotStep(f"the case is {held.state}: it is not joined to another any more")
    return _take(held, found.code, Asked(verbs.said(text), duplicate_of=into))


def reopen(
    session: Session,
    caller: Caller,
    name: int | str,
    *,
    text: str,
    token: str | None = None,
    version: int | None = None,
) -> Case:
    """Have a case that was done worked on again, within the days its type allows."""
    held = verbs.hold(session, caller, name, token=token, version=version)
    return again(held, verbs.said(text))


def again(held: Held, text: str) -> Case:
    """Reopen a held case by the step that leads from done back to open."""
    found = reopening(held.type.transitions, held.type.code, held.state)
    if found is None:
        raise flow.CannotStep(f"the case is {held.state}: it cannot be reopened")
    return _take(held, found.code, Asked(text))


def reopening(transitions: list[Transition], type_: str, state: str) -> Transition | None:
    """The step that leads from a done or closed state back to work, for the reporter."""
    open_ = ("new", "open")
    if types().state(type_, state).phase not in ("done", "closed"):
        return None
    return next(
        (
            one
            for one in transitions
            if state in one.since and "reporter" in one.who and one.to and types().state(type_, one.to).phase in open_
        ),
        None,
    )


def accept_silent(session: Session, caller: Caller, days: int = 7, limit: int = 200) -> int:
    """Close what was done `days` ago and nobody spoke of since, where the system may; how many were closed."""
    before, closed = news.now() - days * clock.DAY, 0
    query = select(Case.id).where(Case.closed_at.is_(None), Case.due_at.is_(None), Case.phase == "done")
    # a result nobody collected yet is not handed over by waiting: dossiers have no such step
    silent = [code for (code, step_), one in types().steps.items() if step_ == "accept" and "system" in one.who]
    query = query.where(Case.type.in_(silent), Case.resolved_at < before)
    for id_ in session.scalars(query.order_by(Case.id).limit(limit)).all():
        held = verbs.hold(session, caller, id_)
        steps = (one for one in held.type.transitions if held.state in one.since and "system" in one.who)
        found = next((one for one in steps if one.code == "accept"), None)
        if found is not None and held.phase == "done":
            _take(held, found.code, Asked())
            closed += 1
    return closed


def _take(held: Held, code: str, asked: Asked, asked_by: CaseEntry | None = None) -> Case:
    """Check and take a step: who may, the flow, what must come with it; then what follows."""
    facts = held.facts
    how = flow.take(held.type, held.state, code, facts)
    if asked_by is None and not held.sides & set(how.who):
        verbs.need(held, *how.who)
    given, target, faults = _given(held, how, asked)
    verbs.refuse(faults + flow.check(held.type, how, given), "the step cannot be taken so")
    if "needs-approval" in how.effects and asked_by is None and "system" not in held.sides:
        return _ask(held, how, asked, given)
    case = held.case
    if given.office is not None and given.office != case.agency_id:
        case.agency_id, case.handler_id, case.crew_id = given.office, None, None
    _give(held, given.handler, given.crew)
    data: dict[str, Any] = {
        key: value for key in ("reason", "office", "handler", "crew") if (value := getattr(given, key)) is not None
    }
    if asked_by is not None:
        data["asked_by"] = asked_by.actor
    if target is not None:
        data["number"] = target.number
        _join(held, target)
    if "publish" in how.effects and (held.category is None or held.category.public):
        case.public = True
    if how.to:
        verbs.become(held, how.to)
    reporter = held.actor == news.REPORTER
    public = how.public and asked.public is not False
    kind = "merged" if target is not None else _KINDS.get(code, "state")
    verbs.settle(
        held, kind, text="" if reporter else asked.text, public=public, step=code, data=data,
        journal="stepped" if kind == "state" else kind, reason=asked.reason,
    )  # fmt: skip
    if reporter and asked.text:  # a citizen's own words are read by the office, not by everybody
        store.add_entry(
            held.session, case_id=case.id, at=held.now, actor=news.REPORTER, kind="comment", public=False, text=asked.text,
            step=code, agency_id=None, data=None, state=None,
        )  # fmt: skip
    return case


def _given(held: Held, how: Transition, asked: Asked) -> tuple[flow.Given, Case | None, list[Fault]]:
    faults: list[Fault] = []
    office = verbs.office_id(held.session, asked.office) if asked.office is not None else None
    if office is None and "office" in how.needs:
        office = held.case.agency_id
    faults += verbs.handler_faults(held, asked.handler, asked.crew, office or held.case.agency_id)
    target = None
    if asked.duplicate_of is not None:
        target, wrong = _target(held, asked.duplicate_of)
        faults += wrong
    given = flow.Given(
        asked.text, asked.reason, office, asked.handler, asked.crew, target.id if target else None,
        verbs.standing(held, how.needs),
    )  # fmt: skip
    return given, target, faults


def _target(held: Held, name: int | str) -> tuple[Case | None, list[Fault]]:
    """The case that goes on: the last of a chain of merged ones."""
    found = _free(held, name, sight.cases(held.caller) | sight.public())
    seen = {held.case.id}
    while found is not None and found.merged_into is not None and found.id not in seen:
        seen.add(found.id)
        found = _free(held, found.merged_into, Case.id > 0)
    allowed = f"another {held.type.code} that is not joined to this one"
    if found is None:
        return None, [Fault("duplicate_of", "there is no such case", allowed)]
    if found.id in seen or found.type != held.case.type:
        return None, [Fault("duplicate_of", f"{found.number} cannot go on for this one", allowed)]
    return found, []


def _join(held: Held, into: Case) -> None:
    session, case, now = held.session, held.case, held.now
    with session.no_autoflush:
        if case.person_id is not None:
            store.follow(session, case.id, f"person:{case.person_id}", now)
        earlier = store.duplicates(session, case.id)
        for id_ in (case.id, *earlier):
            store.link(session, id_, "duplicate-of", f"case:{into.id}", now, held.actor)
        if earlier:
            session.execute(update(Case).where(Case.id.in_(earlier)).values(merged_into=into.id))
        into.followers = store.merge_followers(session, case.id, into.id, now)
    case.merged_into = into.id
    other = verbs.of(session, held.caller, into, held.sides)
    verbs.settle(other, "linked", public=True, data={"number": case.number, "count": into.followers}, journal="linked")


def _ask(held: Held, how: Transition, asked: Asked, given: flow.Given) -> Case:
    """Keep a step until somebody else approves it."""
    data = {
        "reason": given.reason, "office": given.office, "handler": given.handler, "crew": given.crew,
        "duplicate_of": given.duplicate_of, "public": asked.public,
    }  # fmt: skip
    id_ = verbs.settle(
        held,
        "pending",
        text=asked.text,
        step=how.code,
        data={k: v for k, v in data.items() if v is not None},
        journal="asked",
    )
    held.case.pending_id = id_
    held.session.flush()
    return held.case


def _give(held: Held, handler: int | None, crew: int | None) -> None:
    if handler is not None:
        held.case.handler_id = handler
    if crew is not None:
        held.case.crew_id = crew


def _lock_first(session: Session, name: int | str, other: int | str) -> None:
    """Lock what joining two cases touches, the older first: two who join them crosswise would wait for each other."""
    ids = [session.scalar(select(Case.id).where(sight.named(one))) for one in (name, other)]
    if not store.lock_joined(session, ids):
        raise Conflict(_AT_WORK)


def _free(held: Held, name: int | str, sees: ColumnElement[bool]) -> Case | None:
    """Another case, locked as well. Raises Conflict where somebody else has it: who waits out of turn may wait for ever."""
    found = store.case(held.session, name, sees, lock=True, wait=False)
    if found is None and store.case(held.session, name, sees) is not None:
        raise Conflict(_AT_WORK)
    return found


def reason_texts(type_: str, transition: str, language: str) -> dict[str, str]:
    """The reasons a step may be taken for, by code, in a language."""
    found = types().step(type_, transition)
    if found is None:
        raise BadInput("there is no such step", [Fault("transition", f"{transition!r}"[:60])])
    return {code: text.of(language) for code, text in found.reasons.items()}
