"""Escalation: as a deadline comes near or has passed, the rungs of its timer's ladder are told, each once.

What fired stands in `case_firing`, unique, so that a rung fires once also after downtime and with two workers at it. A
case that nobody handles escalates too: to the office's managers, and without an office to those who give cases out.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import calendar, news, timers, types
from dothi.cases.declared import Rung
from dothi.cases.tables import Case, CaseEntry, CaseFiring, CaseTimer
from dothi.db import session as db
from dothi.db.upsert import insert_into
from dothi.kit.clock import DAY
from dothi.notify import service as notify
from dothi.notify import telling, wording
from dothi.notify.telling import To
from dothi.web import i18n

SLICE = 100  # cases of one transaction
_LATE = DAY  # a simulated past is not told of


def climb(now: int | None = None) -> int:
    """Tell the rungs whose time has come; returns how many."""
    fired = 0
    now = news.now() if now is None else now
    with db.reading() as session:
        waiting = due(session, now)
    for begin in range(0, len(waiting), SLICE):
        with db.writing() as session:
            for case_id in waiting[begin : begin + SLICE]:
                fired += climbed(session, case_id, now)
    return fired


def due(session: Session, now: int) -> list[int]:
    """The cases one of whose rungs may be due."""
    query = select(CaseTimer.case_id).where(CaseTimer.next_at <= now, CaseTimer.ended_at.is_(None)).distinct()
    return sorted(session.scalars(query))


def climbed(session: Session, case_id: int, now: int) -> int:
    """Tell the rungs of a case whose time has come and that have not fired; returns how many."""
    lock = select(Case).where(Case.id == case_id).with_for_update()
    case = session.scalar(lock.execution_options(populate_existing=True))
    kind = types.types().by_code.get(case.type) if case else None
    if case is None:
        return 0
    which = (CaseTimer.case_id == case_id, CaseTimer.ended_at.is_(None), CaseTimer.next_at <= now)
    query = select(CaseTimer).where(*which).order_by(CaseTimer.id)
    fired = 0
    for timer in session.scalars(query.execution_options(populate_existing=True)):
        declared = next((one for one in kind.timers if one.code == timer.code), None) if kind else None
        fired += _fire(session, case, timer, declared.ladder if declared else (), now)
    session.flush()
    return fired


def _fire(session: Session, case: Case, timer: CaseTimer, ladder: Sequence[Rung], now: int) -> int:
    if timer.running_since is None or timer.due_at is None:
        timer.next_at = None
        return 0
    cal, unit = calendar.load(session), timers.unit_of(timer)
    query = select(CaseFiring.rung, CaseFiring.at).where(CaseFiring.timer_id == timer.id)
    before: dict[str, int] = {}
    for rung_code, at in session.execute(query):
        before[rung_code] = max(at, before.get(rung_code, at))
    fired, coming = 0, []
    for rung in sorted(ladder, key=lambda one: one.at):
        at = timers.moment(cal, unit, timer.running_since, timer.budget, timer.consumed, rung)
        if at > now:
            coming.append(at)
            continue
        last = before.get(rung.code)
        # it fired for this share of the time already, be it before a pause
        if last is not None and (last >= at or timer.budget * rung.at <= timer.consumed * 100):
            continue
        if not _first(session, timer, rung, timer.due_at, now):
            continue
        fired += 1
        _tell(session, case, timer, rung, now, quiet=case.simulated and now - at > _LATE)
    timer.next_at = min(coming, default=None)
    return fired


def _first(session: Session, timer: CaseTimer, rung: Rung, due_at: int, now: int) -> bool:
    """Write down that a rung fires; False where somebody else did."""
    row = {"timer_id": timer.id, "rung": rung.code, "due_at": due_at, "at": now}
    made = insert_into(session, CaseFiring).values(row).on_conflict_do_nothing().returning(CaseFiring.timer_id)
    return session.execute(made).first() is not None


def _tell(session: Session, case: Case, timer: CaseTimer, rung: Rung, now: int, *, quiet: bool) -> None:
    people = recipients(session, case, rung)
    due_at = timer.due_at or now
    messages = 0
    if not quiet:
        titles, bodies = wording.both(lambda language: _words(case, due_at, now, language))
        messages = notify.tell(
            session, cause=f"case:{case.number}", key=f"rung:{timer.id}:{rung.code}:{due_at}",
            to=To(people=tuple(sorted(people))), title=titles, body=bodies, kind="cases.escalated",
            link=news.path(case.number), exercise=case.exercise, simulated=case.simulated,
            data={"number": case.number, "timer": timer.code, "rung": rung.code, "due_at": due_at},
        )  # fmt: skip
    data = {
        "timer": timer.code, "rung": rung.code, "at": rung.at, "to": rung.to, "due_at": due_at, "people": len(people),
        "messages": messages,
    }  # fmt: skip
    session.add(
        CaseEntry(
            case_id=case.id, at=now, actor=news.ENGINE, agency_id=case.agency_id, kind="escalated", public=False,
            text="", state=None, step=None, data=data,
        )
    )  # fmt: skip
    news.tell(session, case, "escalated", actor=news.ENGINE, shown=False, data=data)


def recipients(session: Session, case: Case, rung: Rung) -> set[int]:
    """Whom a rung means, and while that is nobody the next above: handler, managers, those who give cases out."""
    if rung.to == "leader":
        found = _holding(session, ("leader",), case.agency_id)
    elif case.agency_id is None:
        found = set()
    elif case.handler_id is None or rung.to == "manager":
        found = _holding(session, ("manager",), case.agency_id)
        if rung.to == "office":
            found |= _holding(session, ("officer", "dispatcher"), case.agency_id)
    elif rung.to == "handler":
        found = {case.handler_id}
    else:
        found = _holding(session, ("officer", "dispatcher", "manager"), case.agency_id)
    found = found or (_holding(session, ("manager",), case.agency_id) if case.agency_id is not None else set())
    return found or telling.holders(session, "cases:assign", None)


def _holding(session: Session, roles: tuple[str, ...], agency_id: int | None) -> set[int]:
    found: set[int] = set()
    for role in roles:
        found |= notify.people_of(session, To(role=role, agency_id=agency_id))
    return found


def _words(case: Case, due_at: int, now: int, language: str) -> tuple[str, str]:
    say = i18n.speaker(language)
    late = now > due_at
    title = (
        say("Quá hạn: {number} · {title}", number=case.number, title=case.title)
        if late
        else say("Sắp đến hạn: {number} · {title}", number=case.number, title=case.title)
    )
    lines = [say("Hạn: {when}", when=wording.moment(due_at))]
    if case.address:
        lines.append(say("Nơi: {where}", where=case.address))
    if case.agency_id is None:
        lines.append(say("Chưa giao cơ quan nào."))
    elif case.handler_id is None:
        lines.append(say("Chưa có người xử lý."))
    return title, "\n".join(lines)
