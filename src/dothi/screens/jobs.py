"""What a crew's job is called wherever it is shown: on the dispatcher's board and on the crews' own pages."""

from typing import Any

from dothi.cases import calendar, due
from dothi.cases.types import types
from dothi.screens import words as common
from dothi.web.i18n import Say, marked

STATES = {
    "planned": marked("Chưa đi"), "going": marked("Đang đến"), "working": marked("Đang làm"), "done": marked("Đã xong"),
    "failed": marked("Chưa làm được"), "withdrawn": marked("Đã thu hồi"),
}  # fmt: skip
STATE_MARKS = {"going": "info", "working": "info", "done": "normal", "failed": "major"}
PRIORITIES = {"high": marked("Gấp"), "urgent": marked("Khẩn cấp")}
PRIORITY_MARKS = {"high": "major", "urgent": "critical"}
DUE_MARKS = {"overdue": "critical", "due-soon": "minor"}


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
    """How the deadline of a job's case stands: one has due_at, opened_at and phase."""
    return due.state(one, now)


def due_left(due_at: int | None, now: int, language: str, since: int | None = None) -> str:
    """còn 3 ngày làm việc, quá hạn 40 phút. since: when the case was opened."""
    return due.left(calendar.known(), due_at, now, language, since) if due_at is not None else ""


def category(code: str | None, language: str) -> str:
    """What a category is called."""
    found = types().named(code)
    return found.title.of(language) if found is not None else ""
