"""From an alarm to a case: somebody is sent, and the alarm's log says what became of it.

The case belongs to the office that its category and place say; it is nobody's report, and not shown to the public until
an officer shows it. An alarm has one case at a time: asked again, that one is given.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.alerts import service as alerts
from dothi.alerts.tables import Alarm
from dothi.cases import service, sight
from dothi.cases.declared import Category, Priority
from dothi.cases.news import CaseMoved
from dothi.cases.service import New
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.identity import guard
from dothi.identity.guard import SYSTEM, Caller
from dothi.kit import bus
from dothi.kit.errors import NotFound
from dothi.web.i18n import marked, speaker

TYPE = "report"
# what an alarm of a sector is most likely about: by words of its rule, else the sector's own
_BY_WORD = (
    ("flood", "street-flooded"), ("ngap", "street-flooded"), ("drain", "drain-blocked"), ("lamp", "lamp-out"),
    ("den", "lamp-out"), ("bin", "waste-not-collected"), ("rac", "waste-not-collected"), ("noise", "noise"),
    ("smoke", "smoke"), ("pm25", "smoke"), ("salin", "water-dirty"), ("man", "water-dirty"),
)  # fmt: skip
_BY_SECTOR = {
    "water": "street-flooded", "lighting": "lamp-out", "waste": "waste-not-collected", "air": "smoke",
    "traffic": "signal-broken", "weather": "tree-fallen", "facilities": "public-building",
}  # fmt: skip
_PRIORITIES: dict[str, Priority] = {"critical": "urgent", "major": "high", "minor": "normal", "warning": "normal"}
_SAID = {
    "done": marked("{number}: đã xử lý"), "closed": marked("{number}: đã đóng"), "open": marked("{number}: mở lại"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a case of an alarm would be about."""

    category: str | None
    title: str
    text: str


def suggest(alarm: Alarm) -> Suggested:
    """The category an alarm's rule and sector point to, and the words of its case."""
    words = alarm.rule_code.lower().replace("_", "-").split("-")
    wanted = [code for word, code in _BY_WORD if any(one.startswith(word) for one in words)]
    wanted += [_BY_SECTOR.get(alarm.sector or "", ""), "other"]
    known = {one.code for one in categories()}
    text = f"{alarm.number} · {alarm.title}"
    if alarm.value_text:
        text += f" · {alarm.value_text} {alarm.unit}".rstrip()
    return Suggested(next((one for one in wanted if one in known), None), alarm.title, text)


def categories() -> list[Category]:
    """What a case of an alarm can be about."""
    return types().categories(TYPE) if TYPE in types().by_code else []


def open_case(
    session: Session, caller: Caller, number: str | int, *, category: str | None = None, text: str = "",
    office: int | str | None = None,
) -> Case:  # fmt: skip
    """Open the case of an alarm the caller sees, linked `caused-by`; where one goes on already, that one.

    office: where it goes, if not where its category and place say. Raises NotFound, NotAllowed, BadInput.
    """
    alarm = alerts.alarm(session, caller, number)
    if not guard.may_somewhere(caller, "cases:assign"):
        guard.require(caller, "cases:handle")
    subject = f"alarm:{alarm.id}"
    going = session.scalar(select(Case).where(Case.subject == subject, Case.closed_at.is_(None)).limit(1))
    if going is not None:
        return going
    hint = suggest(alarm)
    before = session.scalar(select(func.count()).where(Case.subject == subject)) or 0
    new = New(
        type=TYPE, category=category or hint.category, title=hint.title[:200],
        text="\n".join(filter(None, (hint.text, text.strip()))), fields=_unasked(category or hint.category),
        lon=alarm.lon, lat=alarm.lat, address=(alarm.subject_name or "")[:300], channel="alarm", public=False,
        priority=_PRIORITIES.get(alarm.severity, "normal"), subject=subject, key=f"{subject}:{before + 1}:case",
        simulated=alarm.simulated, exercise=alarm.exercise, confirmed=True, office=office, unit=alarm.unit_code,
    )  # fmt: skip
    made = service.open_(session, SYSTEM, new).case
    service.link(session, SYSTEM, made.id, "caused-by", subject)
    alerts.comment(session, _speaks(caller, alarm), [alarm.id], made.number)
    return made


def of_alarm(session: Session, caller: Caller, alarm_id: int) -> list[Case]:
    """The cases of an alarm the caller sees, newest first."""
    query = select(Case).where(Case.subject == f"alarm:{alarm_id}", sight.cases(caller))
    return list(session.scalars(query.order_by(Case.id.desc()).limit(10)))


def _speaks(caller: Caller, alarm: Alarm) -> Caller:
    return caller if guard.may(caller, "alarms:handle", alarm.agency_id) else SYSTEM


def _unasked(category: str | None) -> dict[str, object]:
    """The first choice of each question that has to be answered: no citizen is there to be asked."""
    known = types().named(category)
    asked = (known.questions if known else None) or {}
    found: dict[str, object] = {}
    for name in asked.get("required", []):
        schema = asked.get("properties", {}).get(name, {})
        choices = [one["const"] for one in schema.get("oneOf", [])] or schema.get("enum", [])
        found[name] = choices[-1] if choices else False if schema.get("type") == "boolean" else alarm_word(schema)
    return found


def alarm_word(schema: dict[str, object]) -> object:
    """An answer to a question with no choices."""
    return schema.get("minimum", 0) if schema.get("type") in ("integer", "number") else "–"


@bus.hears(CaseMoved)
def _moved(session: Session, one: CaseMoved) -> None:
    """Have the alarm's log say that its case was done, closed, or is worked on again."""
    if one.before is None:
        return
    before, after = (types().state(one.type, state).phase for state in (one.before, one.after))
    if before == after or not ({before, after} & {"done", "closed"}):
        return
    case = session.get(Case, one.case_id)
    kind, _, id_ = (case.subject or "" if case is not None else "").partition(":")
    if kind != "alarm" or not id_.isdecimal():
        return
    said = _SAID.get(after, _SAID["open"])
    try:
        alerts.comment(session, SYSTEM, [int(id_)], speaker("vi")(said, number=one.number))
    except NotFound:
        return  # kept no longer than alarms are


def state_word(case: Case, language: str) -> str:
    """How a case stands, in words."""
    return types().state(case.type, case.state).title.of(language)


def path(case: Case) -> str:
    """Where an officer reads a case."""
    return f"/desk/cases/{case.number}"
