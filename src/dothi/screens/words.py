"""Numbers, times and ages as Vietnamese and English readers write them."""

from collections.abc import Callable, Iterable

from dothi.kit import clock
from dothi.kit.errors import DothiError, Fault
from dothi.sensing import state
from dothi.web.i18n import Say, marked

SEVERITIES = {
    "critical": marked("Nghiêm trọng"), "major": marked("Lớn"), "minor": marked("Nhẹ"), "warning": marked("Lưu ý"),
}  # fmt: skip
NBSP = "\u00a0"
number = state.number
_DAYS_VI = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def hour(micros: int) -> str:
    """17:42."""
    return f"{clock.local(micros):%H:%M}"


def day(micros: int) -> str:
    """21/11/2026."""
    return f"{clock.local(micros):%d/%m/%Y}"


def when(micros: int, now: int) -> str:
    """17:42 for today, 17:42 20/11/2026 for another day."""
    return hour(micros) if day(micros) == day(now) else f"{hour(micros)} {day(micros)}"


def moment(micros: int | None) -> str:
    """17:42 20/11/2026; a dash for never."""
    return "–" if micros is None else f"{hour(micros)} {day(micros)}"


def short(micros: int, now: int) -> str:
    """17:42 for today, 17:42 20/11 for another day of this year, 17:42 20/11/2025 for another year's."""
    at, today = clock.local(micros), clock.local(now)
    if at.date() == today.date():
        return hour(micros)
    return f"{at:%H:%M %d/%m}" if at.year == today.year else moment(micros)


def field_of(micros: int) -> str:
    """An instant as a form's datetime-local field holds it, in Vietnam's time."""
    return f"{clock.local(micros):%Y-%m-%dT%H:%M}"


def date_line(micros: int, language: str) -> str:
    """Thứ Bảy, 21/11/2026."""
    names = _DAYS_EN if language == "en" else _DAYS_VI
    return f"{names[clock.local(micros).weekday()]}, {day(micros)}"


def quantity(value: float | None, decimals: int, unit: str, language: str) -> str:
    """1,63 m with a space that never breaks; a dash for no number."""
    if value is None:
        return "–"
    text = number(value, decimals, language)
    return f"{text}{NBSP}{unit}" if unit else text


def age(micros: int, now: int, language: str) -> str:
    """4 phút trước, 4 minutes ago; an instant ahead of the clock counts as now."""
    seconds = max(0, round((now - micros) / clock.SECOND))
    if seconds < 5:
        return "just now" if language == "en" else "vừa xong"
    for size, vi, en in ((86400, "ngày", "day"), (3600, "giờ", "hour"), (60, "phút", "minute"), (1, "giây", "second")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {en}{'' if count == 1 else 's'} ago" if language == "en" else f"{count} {vi} trước"
    return ""


def severity(name: str, say: Say) -> str:
    """What an alarm's severity is called."""
    return say(SEVERITIES.get(name, name))


def retold(error: DothiError, message: str, faults: Iterable[Fault] = ()) -> DothiError:
    """The same error in other words: of its kind, with its status."""
    made = type(error)(message, list(faults))
    made.status = error.status
    return made


def faults_said(error: DothiError, word: Callable[[str], str]) -> list[Fault]:
    """What is wrong, each sentence said by `word`."""
    return [Fault(one.place, word(one.message), word(one.allowed) if one.allowed else None) for one in error.faults]
