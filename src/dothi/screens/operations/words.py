"""How the operations page says things: short, in tabular digits, Vietnamese first."""

from dothi.alerts.queue import NOTICE_WITHIN
from dothi.kit import clock
from dothi.screens import words

SEVERITIES, severity, when = words.SEVERITIES, words.severity, words.short  # as these pages say them
_KINDS = {"phường": "P.", "xã": "X.", "đặc khu": "ĐK.", "thị trấn": "TT."}


def due_at(severity: str, noticed_at: int) -> int:
    """Until when an alarm is to be acknowledged, µs UTC."""
    return noticed_at + NOTICE_WITHIN[severity]


def near_breach(severity: str, noticed_at: int, now: int) -> bool:
    """Whether half of the time to acknowledge is gone, or all of it."""
    return now - noticed_at >= NOTICE_WITHIN[severity] // 2


def short_unit(kind: str, name: str) -> str:
    """P. Long An."""
    short = _KINDS.get(kind.lower())
    bare = name.removeprefix("Phường ").removeprefix("Xã ").removeprefix("Đặc khu ")
    return f"{short} {bare}" if short else name


def span(micros: int, language: str) -> str:
    """A duration as a dense screen writes it: 12 s, 4 ph, 1 giờ, 3 ngày."""
    seconds = max(0, micros // clock.SECOND)
    for size, vi, en in ((86400, "ngày", "d"), (3600, "giờ", "h"), (60, "ph", "min"), (1, "s", "s")):
        if seconds >= size or size == 1:
            return f"{seconds // size}{words.NBSP}{en if language == 'en' else vi}"
    return ""


def second(micros: int) -> str:
    """17:42:08."""
    return f"{clock.local(micros):%H:%M:%S}"


def initials(name: str) -> str:
    """QV of Trần Quốc Việt: the last two words, as people call each other."""
    parts = [part for part in name.split() if part]
    return "".join(part[0] for part in parts[-2:]).upper()


def given(name: str) -> str:
    """The given name, by which people are called: Nhung."""
    return name.rsplit(maxsplit=1)[-1] if name.split() else name
