"""What the board calls things, and its errors in the reader's language."""

import re
from typing import Any

from dothi.cases import calendar, due, jobs
from dothi.cases.jobs import Meanwhile
from dothi.cases.types import types
from dothi.kit.errors import DothiError, Fault
from dothi.screens import words as common
from dothi.web.i18n import Say, marked

hour, short, day, moment, date_line, age = (
    common.hour, common.short, common.day, common.moment, common.date_line, common.age,
)  # fmt: skip
STATES = {
    "planned": marked("Chưa đi"), "going": marked("Đang đến"), "working": marked("Đang làm"), "done": marked("Đã xong"),
    "failed": marked("Chưa làm được"), "withdrawn": marked("Đã thu hồi"),
}  # fmt: skip
STATE_MARKS = {"going": "info", "working": "info", "done": "normal", "failed": "major"}
PRIORITIES = {"high": marked("Gấp"), "urgent": marked("Khẩn cấp")}
PRIORITY_MARKS = {"high": "major", "urgent": "critical"}
DUE_MARKS = {"overdue": "critical", "due-soon": "minor"}
SOURCES = {
    "position": marked("từ chỗ đội đang đứng"), "job": marked("từ việc cuối"), "base": marked("từ kho"),
    "none": marked("chưa rõ đường đi"),
}  # fmt: skip
ERRORS = {
    "the crew cannot be sent out so": marked("Chưa giao được đội này"),
    "the job cannot be moved so": marked("Chưa chuyển được việc này"),
    "the job cannot be taken back so": marked("Chưa thu hồi được việc này"),
    "the jobs of this day are others meanwhile; look at them again": marked(
        "Việc của ngày này vừa thay đổi. Anh chị xem lại rồi xếp tiếp."
    ),
    "this crew goes out no more": marked("Đội này không còn hoạt động."),
    "there is no such crew": marked("Không có đội này."),
    "there is no such job to be seen": marked("Việc này không còn nữa."),
    "there is no such case to be seen": marked("Việc này không còn nữa."),
    "nobody of the office": marked("Người này không thuộc đơn vị."),
    "this is no day": marked("Ngày chưa đúng"),
    "is of another office": marked("thuộc đơn vị khác"),
    "a crew of the office that has the case": marked("đội của đơn vị đang giữ việc"),
    "is not one of that office's": marked("không thuộc đơn vị này"),
    "a crew of the office, or none": marked("đội của đơn vị"),
    "a step of this case waits for approval; it is confirmed or sent back first": marked(
        "Việc này có một bước đang chờ duyệt."
    ),
}
_PLANNED = re.compile(r"(\S+) is planned already: (.+), (\d{4})-(\d\d)-(\d\d)")
_NOT_NOW = re.compile(r"(\S+) is (\S+): nobody is sent out for it now")
_CHANGED = re.compile(r"(.+) changed this case at (\S+) (\S+); look at it again")
_MEANWHILE = re.compile(r"(.+) dealt with this job at (.+): it is (\w+)(?:; look at it again)?")


def told(error: DothiError, say: Say) -> DothiError:
    """The error in the reader's words; what has none stays as it is."""
    text = error.message
    if isinstance(error, Meanwhile):
        who, at, state_ = error.who or say("Đội"), moment(error.at), say(STATES.get(error.state, error.state)).lower()
        return _copy(error, say("{who} vừa cập nhật lúc {at}: {state}.", who=who, at=at, state=state_), [])
    if found := _MEANWHILE.fullmatch(text):
        state_ = say(STATES.get(found[3], found[3])).lower()
        return _copy(error, say("{who} vừa cập nhật lúc {at}: {state}.", who=found[1], at=found[2], state=state_), [])
    if found := _PLANNED.fullmatch(text):
        when = f"{found[5]}/{found[4]}/{found[3]}"
        return _copy(error, say("{number} đã giao rồi: {crew}, {day}.", number=found[1], crew=found[2], day=when), [])
    if found := _CHANGED.fullmatch(text):
        return _copy(error, say("{who} vừa đổi việc này lúc {at}. Anh chị xem lại.", who=found[1], at=found[2]), [])
    if found := _NOT_NOW.fullmatch(text):
        return _copy(error, say("{number} hiện không giao đội được.", number=found[1]), [])
    faults = [
        Fault(one.place, word(one.message, say), word(one.allowed, say) if one.allowed else None)
        for one in error.faults
    ]
    return _copy(error, word(text, say), faults)


def _copy(error: DothiError, message: str, faults: list[Fault]) -> DothiError:
    made = type(error)(message, faults)
    made.status = error.status
    return made


def word(text: str, say: Say) -> str:
    """An error's sentence."""
    found = re.fullmatch(r"today to (\d+) days ahead", text)
    if found:
        return say("từ hôm nay đến {n} ngày tới", n=found[1])
    return say(ERRORS[text]) if text in ERRORS else text


def state(name: str, say: Say) -> str:
    """A job's state."""
    return say(STATES.get(name, name))


def km(value: float | None, language: str) -> str:
    """1,2 km; 300 m under a kilometre."""
    if value is None:
        return "–"
    if value < 1:
        return common.quantity(round(value * 100) * 10, 0, "m", language)
    return common.quantity(value, 1, "km", language)


def minutes(value: int, say: Say) -> str:
    """45 phút, 3 giờ 20 ph."""
    hours, rest = divmod(value, 60)
    if not hours:
        return say("{n} phút", n=rest)
    return say("{h} giờ {m} ph", h=hours, m=rest) if rest else say("{n} giờ", n=hours)


def due_state(one: Any, now: int) -> str:
    """How the deadline of a case stands."""
    return due.state(one, now)


def due_left(due_at: int | None, now: int, language: str) -> str:
    """còn 3 ngày làm việc, quá hạn 40 phút."""
    return due.left(calendar.known(), due_at, now, language) if due_at is not None else ""


def category(code: str | None, language: str) -> str:
    """What a category is called."""
    found = types().named(code)
    return found.title.of(language) if found is not None else ""


def reason(type_: str, code: str | None, language: str) -> str:
    """Why a job failed."""
    found = jobs.reasons(type_).get(code or "")
    return found.of(language) if found is not None else (code or "")


def given_name(name: str) -> str:
    """Nhung: what people call Nguyễn Thị Hồng Nhung."""
    return name.rpartition(" ")[2]
