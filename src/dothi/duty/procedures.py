"""The steps of an alarm's procedure (quy trình): which are done, by whom, how long there is for the rest.

Undoing a step writes another row: what was ticked stays to be read.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.alerts import declared as packs
from dothi.alerts import news
from dothi.alerts import service as alarms
from dothi.alerts.model import Procedure
from dothi.alerts.tables import Alarm
from dothi.duty import report, sight, store
from dothi.duty.tables import Step
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import nfc

LONGEST = 2000  # characters of a note


@dataclass(frozen=True, slots=True)
class StepNow:
    """A step as it stands. due_at: µs; only of steps not done yet that have a time."""

    code: str
    vi: str
    en: str
    role: str | None
    minutes: float | None
    done: bool
    at: int | None
    by: str
    note: str
    due_at: int | None
    late: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """An alarm's procedure as it stands. may: whether the caller may tick its steps."""

    code: str
    vi: str
    en: str
    steps: tuple[StepNow, ...]
    may: bool

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(one.done for one in self.steps)


def steps(session: Session, caller: Caller, alarm_id: int) -> Checklist | None:
    """The procedure of an alarm the caller sees; None where its rule names none (or one that is no more)."""
    alarm = alarms.alarm(session, caller, alarm_id)
    found = declared(alarm.procedure)
    return None if found is None else _standing(session, caller, alarm, found)


def tick(session: Session, caller: Caller, alarm_id: int, step: str, done: bool = True, note: str = "") -> Step | None:
    """Say that a step is done, or (done False) that it is not after all; None when it stands so already.

    Needs alarms:handle in the alarm's agency.
    """
    person = sight.person_of(caller)
    alarm, note = alarms.alarm(session, caller, alarm_id), nfc(note.strip())
    guard.require(caller, "alarms:handle", alarm.agency_id)
    found = declared(alarm.procedure)
    if found is None:
        raise NotFound("this alarm has no procedure")
    known = {one.code: one for one in found.steps}
    faults = [] if step in known else [Fault("step", f"{step[:60]!r}", ", ".join(known))]
    if len(note) > LONGEST:
        faults.append(Fault("note", f"{len(note)} characters", f"up to {LONGEST}"))
    if faults:
        raise BadInput("this step cannot be ticked", faults)
    store.turn(session, f"dothi.duty.steps.{alarm_id}")
    last = next((one for one in reversed(store.steps(session, alarm_id)) if one.step == step), None)
    if bool(last and last.done) == done:
        if done and note and last is not None and report.person_id(last.actor) != person:
            raise Conflict("somebody else did this step already")
        return None
    now = clock.now_micros()
    made = Step(alarm_id=alarm_id, step=step, done=int(done), at=now, actor=caller.actor, note=note)
    session.add(made)
    session.flush()
    said = {"step": step, "done": done, "title": alarm.title, "step_text": known[step].text.vi, "text": note}
    news.tell(session, alarm, "step", actor=caller.actor, at=now, event=said)
    return made


def progress(session: Session, alarms_: list[Alarm]) -> dict[int, tuple[int, int]]:
    """Steps done and steps in all, of each alarm with a procedure."""
    counted: dict[int, tuple[int, int]] = {}
    for alarm in alarms_:
        found = declared(alarm.procedure)
        if found is not None:
            newest = {one.step: one.done for one in store.steps(session, alarm.id)}
            counted[alarm.id] = (sum(bool(newest.get(one.code)) for one in found.steps), len(found.steps))
    return counted


def declared(code: str | None) -> Procedure | None:
    """The procedure of a code, as the packs declare it."""
    return packs.procedures().get(code) if code else None


def _standing(session: Session, caller: Caller, alarm: Alarm, found: Procedure) -> Checklist:
    newest = {one.step: one for one in store.steps(session, alarm.id)}
    names = store.names(session, [id_ for one in newest.values() if (id_ := report.person_id(one.actor)) is not None])
    now = clock.now_micros()
    made = []
    for one in found.steps:
        last = newest.get(one.code)
        done = bool(last and last.done)
        due = None if done or one.minutes is None else alarm.raised_at + int(one.minutes * 60 * clock.SECOND)
        by = names.get(report.person_id(last.actor) or 0, "") if last else ""
        made.append(
            StepNow(
                one.code, one.text.vi, one.text.en or one.text.vi, one.role, one.minutes, done, last.at if last else None, by,
                last.note if last else "", due, due is not None and alarm.active and due < now,
            )
        )  # fmt: skip
    may = caller.kind == "person" and guard.may(caller, "alarms:handle", alarm.agency_id)
    return Checklist(found.code, found.title.vi, found.title.en or found.title.vi, tuple(made), may)
