"""The deadlines of a case: its states begin, pause and end them, people extend them, the calendar moves them.

A timer's ledger (`case_suspension`) is what is true; consumed, running_since, due_at and next_at are its projection by
today's calendar, and every change makes them anew. Comments and edits never come here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from dothi.cases import calendar, clock, deadlines, due, news, tally, types
from dothi.cases.calendar import Calendar, CalendarChanged
from dothi.cases.clock import Suspension
from dothi.cases.declared import Amount, Category, Procedure, Rung, Timer, Type
from dothi.cases.tables import Case, CaseEntry, CaseSuspension, CaseTimer
from dothi.db import quick
from dothi.db import session as db
from dothi.db.quick import Objects
from dothi.db.wire import Said, Statement
from dothi.kit import bus
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import nfc
from dothi.web.i18n import speaker

SLICE = 500  # timers reckoned anew in one transaction
_PAUSES = ("pause", "hold")
_LONGEST = {"working-days": 400, "working-hours": 2000 * 60, "hours": 9000 * 60}
_UNITS: dict[str, clock.Unit] = {one: one for one in get_args(clock.Unit)}
state = due.state


# ---- by the flow ----


def moved(
    session: Session,
    case: Case,
    kind: Type,
    category: Category | Procedure | None,
    now: int,
    actor: str,
    reason: str | None = None,
    text: str = "",
) -> None:
    """Begin, pause, resume and end the timers of a case as the state it has just come to says; sets its due moment.

    reason: why it waits, for the ledger; without one, the state's code. Coming to a state again, or to another one in
    which a timer runs, changes nothing.
    """
    running = {one.code: one for one in _open(session, case)}
    begun = []
    for declared in kind.timers:
        timer = running.get(declared.code)
        if timer is None:
            if case.state in declared.runs:
                begun.append(_begin(calendar.load(session), case, declared, category, now))
                running[declared.code] = begun[-1]
                if declared.main:
                    case.met = None
            continue
        if case.state in declared.ends:
            _end(timer, _ledger(session, timer) if timer.running_since is None else (), now)
            if declared.main:
                case.met = timer.met
        elif case.state in declared.waits:
            ledger = _ledger(session, timer)
            if not any(one.kind == "pause" and one.until is None for one in ledger):
                ledger.append(_write(session, timer, "pause", now, reason or case.state, text, actor))
            project(calendar.load(session), timer, ledger, declared.ladder)
        elif case.state in declared.runs and timer.running_since is None:
            ledger = _ledger(session, timer)
            _close(ledger, "pause", now)
            project(calendar.load(session), timer, ledger, declared.ladder)
    if begun:
        quick.write(session, writing(case, begun))
    _set_due(case, kind, running.values())


def opening(
    session: Session, case: Case, kind: Type, category: Category | Procedure | None, now: int
) -> list[CaseTimer]:
    """The timers of a case that is about to be added, and its due moment; `writing` says how they are written once it stands."""
    running = [one for one in kind.timers if case.state in one.runs]
    if not running:
        return []
    cal = calendar.load(session)
    made = [_begin(cal, case, one, category, now) for one in running]
    _set_due(case, kind, made)
    return made


def writing(case: Case, made: Sequence[CaseTimer]) -> list[Said]:
    """The statements that write timers which have begun."""
    return [(_ADD, {**{name: getattr(one, name) for name in _COLUMNS}, "case_id": case.id}) for one in made]


_COLUMNS = [one.name for one in CaseTimer.__table__.columns if one.name not in ("id", "case_id")]
_ADD = Statement(insert(CaseTimer.__table__).inline(), ["case_id", *_COLUMNS])  # type: ignore[arg-type]


def prioritised(session: Session, case: Case, kind: Type, category: Category | Procedure | None) -> None:
    """Have the timers follow the case's priority: they began when they began, with the amount it now has."""
    cal = calendar.load(session)
    timers = _open(session, case)
    for timer in timers:
        declared = _declared(kind, timer.code)
        if declared is None:
            continue
        unit, budget = clock.of(amount(*deadlines.here(case.unit, case.type, declared, category), case.priority))
        ledger = _ledger(session, timer)
        for one in ledger:
            if one.amount is not None:
                one.amount = _in_unit(cal, one.amount, timer.unit, unit)
        timer.unit, timer.budget = unit, budget + sum(one.amount or 0 for one in ledger)
        project(cal, timer, ledger, declared.ladder)
    _set_due(case, kind, timers)


def amount(declared: Timer, category: Category | Procedure | None, priority: str) -> Amount:
    """How long a deadline is.

    A public service says the days itself; a category says it for the priority it usually has, the type for the others.
    """
    if isinstance(category, Procedure):
        return category.days if declared.main else declared.budget
    own = category.timers.get(declared.code) if category else None
    usual = category.priority if category else "normal"
    by_priority = {str(key): one for key, one in declared.by_priority.items()}.get(priority)
    if own is not None and (priority == usual or by_priority is None):
        return own
    return by_priority or declared.budget


# ---- by people ----


def extend(
    session: Session,
    case: Case,
    more: int,
    reason: str,
    text: str,
    actor: str,
    now: int | None = None,
) -> None:
    """Give the main deadline of a case more time, with a reason; the verb that asks for it says so in the case.

    more: days of a deadline in working days, else minutes.
    """
    now = news.now() if now is None else now
    kind = types.types().type(case.type)
    timer = _main(session, case, kind)
    faults = _reason_faults(reason, text)
    if not 0 < more <= _LONGEST[timer.unit]:
        faults.append(Fault("amount", f"{more}", f"1 to {_LONGEST[timer.unit]}"))
    if faults:
        raise BadInput("the deadline cannot be extended", faults)
    declared = _declared(kind, timer.code)
    ledger = [*_ledger(session, timer), _write(session, timer, "extension", now, reason, text, actor, more)]
    timer.budget += more
    project(calendar.load(session), timer, ledger, declared.ladder if declared else ())
    _set_due(case, kind, _open(session, case))


def suspend(session: Session, case: Case, reason: str, text: str, actor: str, now: int | None = None) -> None:
    """Stop the deadlines of a case by hand (force majeure), whatever its state, until `resume`."""
    now = news.now() if now is None else now
    if faults := _reason_faults(reason, text):
        raise BadInput("the deadline cannot be stopped", faults)
    kind, timers = types.types().type(case.type), _open(session, case)
    if not timers:
        raise Conflict("no deadline of this case runs")
    cal = calendar.load(session)
    for timer in timers:
        ledger = _ledger(session, timer)
        if any(one.kind == "hold" and one.until is None for one in ledger):
            raise Conflict("the deadlines of this case are stopped already")
        ledger.append(_write(session, timer, "hold", now, reason, text, actor))
        project(cal, timer, ledger, _ladder(kind, timer.code))
    _set_due(case, kind, timers)


def resume(session: Session, case: Case, now: int | None = None) -> None:
    """Have what `suspend` stopped go on; a deadline whose state waits still waits."""
    now = news.now() if now is None else now
    kind, timers = types.types().type(case.type), _open(session, case)
    cal, held = calendar.load(session), False
    for timer in timers:
        ledger = _ledger(session, timer)
        held = _close(ledger, "hold", now) or held
        project(cal, timer, ledger, _ladder(kind, timer.code))
    if not held:
        raise Conflict("the deadlines of this case are not stopped")
    _set_due(case, kind, timers)


# ---- why ----


@dataclass(frozen=True, slots=True)
class WhyLine:
    """A step of an explanation, in words. kind: as clock.Line, and `extended`."""

    kind: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a case is due when it is. budget, consumed: in words; due: µs, None while it is paused."""

    title: str
    lines: list[WhyLine]
    budget: str
    consumed: str
    paused: bool
    due: int | None
    basis: str | None


def why(session: Session, case: Case, language: str, code: str | None = None, now: int | None = None) -> Why | None:
    """How the due moment of a case came about, step by step; None where it never had a deadline.

    code: of a timer; without one the main one. Of a timer that has ended, as it stood then.
    """
    now = news.now() if now is None else now
    kind = types.types().by_code.get(case.type)
    main = types.types().main(case.type)
    wanted = code or (main.code if main else None)
    query = select(CaseTimer).where(CaseTimer.case_id == case.id).order_by(CaseTimer.id.desc())
    timer = next((one for one in session.scalars(query) if wanted in (None, one.code)), None)
    if timer is None:
        return None
    cal, say = calendar.load(session), speaker(language)
    ledger = _ledger(session, timer)
    pauses = [
        # what waited when it ended never went on
        Suspension(one.since, None if one.until is not None and one.until == timer.ended_at else one.until, one.reason)
        for one in ledger
        if one.kind in _PAUSES
    ]
    unit = unit_of(timer)
    lines = []
    for line in clock.explain(cal, timer.since, timer.budget, unit, pauses):
        text, value = due.told(line, language, _reason(case, line.reason, language))
        lines.append(WhyLine(line.kind, text, value))
    extensions = [
        WhyLine(
            "extended",
            ", ".join(filter(None, (say("Được gia hạn"), _reason(case, one.reason, language)))),
            "+ " + amount_said(unit, one.amount or 0, language),
        )
        for one in ledger
        if one.kind == "extension"
    ]
    lines[1:1] = extensions
    until = timer.ended_at if timer.ended_at is not None else max(now, timer.since)
    parts = clock.stretches(timer.since, None, pauses)
    spent = clock.consumed(cal, unit, parts)
    if parts[-1][1] is None:
        spent += clock.begun(cal, unit, parts[-1][0], max(until, parts[-1][0]))
    declared = _declared(kind, timer.code) if kind else None
    return Why(
        declared.title.of(language) if declared else timer.code,
        lines,
        amount_said(unit, timer.budget, language),
        _spent_said(cal, unit, spent, language),
        timer.ended_at is None and timer.running_since is None,
        timer.due_at,
        declared.basis if declared else None,
    )


def amount_said(unit: str, amount_: int, language: str) -> str:
    """An amount in words: `5 ngày làm việc`, `4 giờ làm việc`, `24 giờ`."""
    say = speaker(language)
    if unit == "working-days":
        return say("1 ngày làm việc") if amount_ == 1 else say("{n} ngày làm việc", n=amount_)
    said = due.span(amount_, say)
    return say("{amount} làm việc", amount=said) if unit == "working-hours" else said


def _spent_said(cal: Calendar, unit: str, spent: int, language: str) -> str:
    """What was used up, in words: hours that come to days as days, `7 ngày 12 giờ`, `35 ngày làm việc`."""
    if unit == "hours":
        return due.long_span(spent, speaker(language))
    day = max(sum(end - begin for begin, end in hours) for hours in cal.week)
    if unit == "working-hours" and day and spent >= 2 * day:
        return amount_said("working-days", spent // day, language)
    return amount_said(unit, spent, language)


def _reason(case: Case, reason: str, language: str) -> str:
    """A reason of the ledger in words: one of ours, or the title of the state it waits in."""
    if not reason:
        return ""
    if reason in due.REASONS:
        return speaker(language)(due.REASONS[reason])
    return types.types().state(case.type, reason).title.of(language)


# ---- by the calendar ----


@dataclass(frozen=True, slots=True)
class Reprojected:
    """moved: cases whose due moment changed; last: the timer from which to go on, None when all were looked at."""

    moved: int
    last: int | None


def reproject(session: Session, after: int = 0, most: int = SLICE) -> Reprojected:
    """Reckon open deadlines anew by today's calendar, an entry and a journal entry for each case whose due moment moved.

    A slice of timers, in order of their number; `reproject_all` takes them all, each slice in its own transaction.
    """
    query = select(CaseTimer).where(CaseTimer.id > after, CaseTimer.ended_at.is_(None)).order_by(CaseTimer.id)
    timers = list(session.scalars(query.limit(most).execution_options(populate_existing=True)))
    if not timers:
        return Reprojected(0, None)
    last = timers[-1].id if len(timers) == most else None
    cal, kinds = calendar.load(session), _kinds(session, timers)
    ledgers = _ledgers(session, [one.id for one in timers])
    changed = {
        one.case_id for one in timers if not _stands(cal, one, ledgers[one.id], _ladder(kinds[one.case_id], one.code))
    }
    if not changed:
        return Reprojected(0, last)
    # cases first, as the verbs do; then the timers as they are under that lock
    lock = select(Case).where(Case.id.in_(changed)).order_by(Case.id).with_for_update()
    cases = list(session.scalars(lock.execution_options(populate_existing=True)))
    now, moved_ = news.now(), 0
    for case in cases:
        moved_ += _reprojected(session, cal, case, kinds[case.id], now)
    session.flush()
    return Reprojected(moved_, last)


def reproject_all() -> int:
    """Reckon every open deadline anew, each slice in its own transaction; returns how many cases' due moments moved."""
    after: int | None = 0
    moved_ = 0
    while after is not None:
        with db.writing() as session:
            done = reproject(session, after)
        moved_, after = moved_ + done.moved, done.last
    return moved_


def _reprojected(session: Session, cal: Calendar, case: Case, kind: Type | None, now: int) -> bool:
    query = select(CaseTimer).where(CaseTimer.case_id == case.id, CaseTimer.ended_at.is_(None)).order_by(CaseTimer.id)
    timers = list(session.scalars(query.execution_options(populate_existing=True)))
    before = case.due_at
    for timer in timers:
        was, ledger = timer.due_at, _ledger(session, timer)
        project(cal, timer, ledger, _ladder(kind, timer.code))
        if was is not None and timer.due_at is not None and was != timer.due_at:
            row = _write(session, timer, "calendar", now, "calendar", "", news.ENGINE)
            row.until = now
    if kind is not None:
        _set_due(case, kind, timers)
    return _say_moved(session, case, before, now)


@bus.hears(CalendarChanged)
def _calendar_changed(session: Session, _: CalendarChanged) -> None:
    """The first slice at once, so that whoever changed the calendar sees it; the rest is the chore's."""
    session.flush()
    reproject(session)


# ---- the projection ----


def project(cal: Calendar, timer: CaseTimer, ledger: Sequence[CaseSuspension], ladder: Sequence[Rung]) -> None:
    """Set what a timer's ledger comes to by a calendar."""
    timer.consumed, timer.running_since, timer.due_at, timer.next_at = _projected(cal, timer, ledger, ladder)


def _projected(
    cal: Calendar, timer: CaseTimer, ledger: Sequence[CaseSuspension], ladder: Sequence[Rung]
) -> tuple[int, int | None, int | None, int | None]:
    unit = unit_of(timer)
    parts = clock.stretches(timer.since, None, [Suspension(o.since, o.until) for o in ledger if o.kind in _PAUSES])
    consumed = clock.consumed(cal, unit, parts)
    running = parts[-1][0] if parts[-1][1] is None else None
    if running is None:
        return consumed, None, None, None
    due_at = clock.add(cal, running, unit, timer.budget - consumed)
    at = [moment(cal, unit, running, timer.budget, consumed, rung) for rung in ladder]
    return consumed, running, due_at, min(at, default=None)


def _stands(cal: Calendar, timer: CaseTimer, ledger: Sequence[CaseSuspension], ladder: Sequence[Rung]) -> bool:
    """Whether a timer is what its ledger comes to. Rungs that have fired lie behind next_at."""
    consumed, running, due_at, _ = _projected(cal, timer, ledger, ladder)
    if (timer.consumed, timer.running_since, timer.due_at) != (consumed, running, due_at):
        return False
    at = (
        [] if running is None else [moment(cal, unit_of(timer), running, timer.budget, consumed, one) for one in ladder]
    )
    return timer.next_at in at if timer.next_at is not None else max(at, default=0) <= news.now()


def moment(cal: Calendar, unit: clock.Unit, running: int, budget: int, consumed: int, rung: Rung) -> int:
    """When a rung's share of the budget is used up, µs."""
    if rung.at == 100:
        return clock.add(cal, running, unit, budget - consumed)
    return clock.add(cal, running, unit, budget * rung.at / 100 - consumed)


# ---- rows ----


def _begin(cal: Calendar, case: Case, declared: Timer, category: Category | Procedure | None, now: int) -> CaseTimer:
    unit, budget = clock.of(amount(*deadlines.here(case.unit, case.type, declared, category), case.priority))
    made = CaseTimer(
        case_id=case.id, code=declared.code, unit=unit, budget=budget, consumed=0, since=now, running_since=now,
    )  # fmt: skip
    project(cal, made, (), declared.ladder)
    made.first_due_at = made.due_at or now
    return made


def _end(timer: CaseTimer, ledger: Sequence[CaseSuspension], now: int) -> None:
    timer.met = timer.consumed <= timer.budget if timer.due_at is None else now <= timer.due_at
    timer.ended_at, timer.running_since, timer.next_at = now, None, None
    for kind in _PAUSES:
        _close(ledger, kind, now)


def _write(
    session: Session,
    timer: CaseTimer,
    kind: str,
    now: int,
    reason: str,
    text: str,
    actor: str,
    amount_: int | None = None,
) -> CaseSuspension:
    made = CaseSuspension(
        timer_id=timer.id, kind=kind, since=max(now, timer.since), until=None, amount=amount_, reason=reason,
        text=nfc(text.strip()), actor=actor,
    )  # fmt: skip
    session.add(made)
    return made


def _close(ledger: Iterable[CaseSuspension], kind: str, now: int) -> bool:
    """End the pause of a kind that lasts; returns whether one did."""
    found = [one for one in ledger if one.kind == kind and one.until is None]
    for one in found:
        one.until = max(now, one.since)
    return bool(found)


def _open(session: Session, case: Case) -> list[CaseTimer]:
    return _RUNNING.all(session, case=case.id)


_RUNNING = Objects(
    CaseTimer,
    select(CaseTimer)
    .where(CaseTimer.case_id == bindparam("case"), CaseTimer.ended_at.is_(None))
    .order_by(CaseTimer.id),
)


def _main(session: Session, case: Case, kind: Type) -> CaseTimer:
    main = next((one.code for one in kind.timers if one.main), None)
    found = next((one for one in _open(session, case) if one.code == main), None)
    if found is None:
        raise Conflict("no deadline of this case runs")
    return found


def _ledger(session: Session, timer: CaseTimer) -> list[CaseSuspension]:
    query = select(CaseSuspension).where(CaseSuspension.timer_id == timer.id)
    return list(session.scalars(query.order_by(CaseSuspension.since, CaseSuspension.id)))


def _ledgers(session: Session, ids: Sequence[int]) -> Mapping[int, list[CaseSuspension]]:
    found: dict[int, list[CaseSuspension]] = defaultdict(list)
    query = select(CaseSuspension).where(CaseSuspension.timer_id.in_(ids))
    for one in session.scalars(query.order_by(CaseSuspension.since, CaseSuspension.id)):
        found[one.timer_id].append(one)
    return found


def _kinds(session: Session, timers: Sequence[CaseTimer]) -> dict[int, Type | None]:
    """The type of each timer's case; None where no pack declares it any more."""
    query = select(Case.id, Case.type).where(Case.id.in_({one.case_id for one in timers}))
    known = types.types().by_code
    return {id_: known.get(code) for id_, code in session.execute(query)}


def _declared(kind: Type | None, code: str) -> Timer | None:
    return next((one for one in kind.timers if one.code == code), None) if kind else None


def _ladder(kind: Type | None, code: str) -> Sequence[Rung]:
    found = _declared(kind, code)
    return found.ladder if found else ()


def _set_due(case: Case, kind: Type, timers: Iterable[CaseTimer]) -> None:
    main = next((one.code for one in kind.timers if one.main), None)
    case.due_at = next((one.due_at for one in timers if one.code == main and one.ended_at is None), None)


def _say_moved(session: Session, case: Case, before: int | None, now: int) -> bool:
    """An entry and a journal entry of a due moment the calendar moved; returns whether it did."""
    if case.due_at == before:
        return False
    told = {"before": before, "after": case.due_at, "why": "calendar"}
    session.add(
        CaseEntry(
            case_id=case.id, at=now, actor=news.ENGINE, agency_id=case.agency_id, kind="due", public=True, text="",
            state=None, step=None, data=told,
        )
    )  # fmt: skip
    case.updated_at = max(case.updated_at, now)
    news.tell(session, case, "due", actor=news.ENGINE, shown=tally.shown(case), data=told)
    return True


def _in_unit(cal: Calendar, amount_: int, since: str, unit: str) -> int:
    """An extension in another unit, never shorter."""
    day = cal.longest
    minutes = {"working-days": day, "working-hours": 1, "hours": 1}
    if since == unit:
        return amount_
    if since == "working-days":
        return amount_ * (24 * 60 if unit == "hours" else day)
    return -(-amount_ * minutes[since] // day) if unit == "working-days" else amount_


def unit_of(timer: CaseTimer) -> clock.Unit:
    """The unit of a timer's amounts."""
    return _UNITS[timer.unit]


def _reason_faults(reason: str, text: str) -> list[Fault]:
    faults = []
    if not 0 < len(reason) <= 60:
        faults.append(Fault("reason", f"{reason[:60]!r}", ", ".join(due.REASONS)))
    if len(text) > 4000:
        faults.append(Fault("text", f"{len(text)} letters", "at most 4000"))
    return faults
