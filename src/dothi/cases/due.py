"""How a deadline stands at an instant: derived, never stored."""

import datetime as dt
from functools import lru_cache
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_

from dothi.cases import calendar, clock
from dothi.cases.calendar import MINUTE, Calendar, day_of
from dothi.cases.tables import Case, CaseTimer
from dothi.kit.clock import DAY, local
from dothi.web.i18n import Say, marked, speaker

State = Literal["none", "paused", "on-time", "due-soon", "overdue"]
_SHORT = 2 * DAY  # a deadline no longer than this is due soon by its share only


def state(of: Case | CaseTimer, now: int, edge: int | None = None) -> State:
    """How a case's or a timer's deadline stands.

    due-soon: less than a fifth of the time from beginning to due moment is left or, of deadlines longer than two days,
    less than a working day. edge: what `edge` says of now, for whoever asks it of many.
    """
    if isinstance(of, CaseTimer):
        since, due_at = of.since, of.due_at
        if of.ended_at is not None:
            return "none"
        if of.running_since is None or due_at is None:
            return "paused"
    else:
        since, due_at = of.opened_at, of.due_at
        if due_at is None:
            return "paused" if of.phase == "waiting" else "none"
    if now > due_at:
        return "overdue"
    if 5 * now > 4 * due_at + since:
        return "due-soon"
    near = due_at < (edge_now(now) if edge is None else edge)
    return "due-soon" if near and due_at - since > _SHORT else "on-time"


def overdue(now: int) -> ColumnElement[bool]:
    """The clause of cases whose due moment has passed."""
    return Case.due_at < now


def soon(now: int, edge: int) -> ColumnElement[bool]:
    """The clause of cases that are due soon, as `state` says it. edge: what `edge` says of now."""
    share = 5 * now > 4 * Case.due_at + Case.opened_at
    return and_(Case.due_at >= now, or_(share, and_(Case.due_at < edge, Case.due_at - Case.opened_at > _SHORT)))


def edge(cal: Calendar, now: int) -> int:
    """The instant one whole working day from now: what is due before it has less than a working day left."""
    return cal.ahead(now, cal.longest * MINUTE)


def edge_now(now: int) -> int:
    """`edge` by the calendar this process knows, to the minute."""
    return _edge(calendar.known(), now // MINUTE)


@lru_cache(maxsize=16)
def _edge(cal: Calendar, minute: int) -> int:
    return edge(cal, minute * MINUTE)


def left(cal: Calendar, due_at: int, now: int, language: str, since: int | None = None) -> str:
    """How long until a due moment, or since: `còn 3 ngày làm việc`, `quá hạn 40 phút`. since: when it began to run."""
    say = speaker(language)
    days = days_left(cal, due_at, now, since)
    if days >= 1:
        amount = say("1 ngày làm việc") if days == 1 else say("{n} ngày làm việc", n=days)
    else:
        amount = span(abs(due_at - now) // MINUTE, say)
    return say("quá hạn {amount}", amount=amount) if now > due_at else say("còn {amount}", amount=amount)


def days_left(cal: Calendar, due_at: int, now: int, since: int | None = None) -> int:
    """How many working days lie between now and a due moment, before or behind it.

    since: when it began to run. What came in on a Sunday counts as received on Monday: of its three days there are three
    left on that Sunday too, not four.
    """
    first, last = sorted((now, due_at))
    days = cal.days_between(day_of(first), day_of(last))
    if since is None or now > due_at or since > due_at:
        return days
    return min(days, max(0, cal.days_between(cal.receipt(since), day_of(due_at))))


def span(minutes: int, say: Say) -> str:
    """Minutes as people say them: `1 giờ 30 phút`."""
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(say("{n} giờ", n=hours))
    if rest or not hours:
        parts.append(say("{n} phút", n=rest))
    return " ".join(parts)


def long_span(minutes: int, say: Say) -> str:
    """Minutes as people say them, of a day and more in days: `7 ngày 12 giờ`."""
    days, rest = divmod(minutes, 24 * 60)
    if not days:
        return span(minutes, say)
    return days_said(days, say) if rest < 60 else f"{days_said(days, say)} {span(rest // 60 * 60, say)}"


# ---- why it is due then, in words ----

_WEEKDAYS = (
    marked("thứ Hai"), marked("thứ Ba"), marked("thứ Tư"), marked("thứ Năm"), marked("thứ Sáu"), marked("thứ Bảy"),
    marked("Chủ Nhật"),
)  # fmt: skip
# reasons of the ledger that are no state of a type
REASONS = {
    "citizen": marked("chờ người dân"),
    "force-majeure": marked("bất khả kháng"),
    "fee": marked("chờ nộp phí, lệ phí"),
    "other-office": marked("chờ cơ quan khác"),
    "calendar": marked("lịch làm việc thay đổi"),
    "complex": marked("vụ việc phức tạp"),
}


def told(line: clock.Line, language: str, reason: str = "") -> tuple[str, str]:
    """A step of an explanation as a page says it: the text, and what stands at its end. reason: of a pause, in words."""
    say = speaker(language)
    days = _days(line.day_from, line.day_to, say)
    match line.text_key:
        case "start-days":
            return say("Nhận {when}, tính từ hôm sau", when=_when(line.at, say)), ""
        case "start-days-later":
            counts = _day(line.day_to, say)
            return say("Nhận {when}, ngoài giờ làm việc: tính như nhận {day}", when=_when(line.at, say), day=counts), ""
        case "start-working-hours":
            return say("Nhận {when}, chỉ tính giờ làm việc", when=_when(line.at, say)), ""
        case "start-hours":
            return say("Nhận {when}, tính liên tục cả đêm và ngày nghỉ", when=_when(line.at, say)), ""
        case "counted-days":
            return _named(days, line, language), days_said(line.count or 0, say)
        case "counted-hours":
            whole = line.at is not None
            text = f"{_when(line.at, say)} – {_when(line.until, say)}" if whole else _named(days, line, language)
            return _large(text), span(line.count or 0, say)
        case "paused":
            return ", ".join(filter(None, (days, reason))), say("tạm dừng")
        case "paused-at":
            text = say("Từ {since} đến {until}", since=_when(line.at, say), until=_when(line.until, say))
            return ", ".join(filter(None, (text, reason))), say("tạm dừng")
        case "paused-still":
            text = say("Từ {since}", since=_when(line.at, say))
            return ", ".join(filter(None, (text, reason))), say("đang tạm dừng")
        case "due":
            return say("Hạn {when}", when=_when(line.at, say, year=True)), ""
        case _:
            return _named(days, line, language), say("nghỉ")


def days_said(days: int, say: Say) -> str:
    """Days as people say them."""
    return say("1 ngày") if days == 1 else say("{n} ngày", n=days)


def _named(days: str, line: clock.Line, language: str) -> str:
    return f"{days}, {line.name.of(language)}" if line.name is not None else days


def _days(first: dt.date, last: dt.date, say: Say) -> str:
    """`Thứ Hai 23/11`; `Thứ Năm 19, thứ Sáu 20/11`; `Thứ Hai 23 – thứ Sáu 27/11`."""
    if first == last:
        return _large(_day(first, say))
    short = first.month == last.month and first.year == last.year
    begin = f"{say(_WEEKDAYS[first.weekday()])} {first.day}" if short else _day(first, say)
    between = ", " if (last - first).days == 1 else " – "
    return _large(f"{begin}{between}{_day(last, say)}")


def _day(day: dt.date, say: Say) -> str:
    return f"{say(_WEEKDAYS[day.weekday()])} {day.day}/{day.month}"


def _when(at: int | None, say: Say, *, year: bool = False) -> str:
    """08:12 thứ Tư 18/11."""
    if at is None:
        return ""
    there = local(at)
    return f"{there:%H:%M} {_day(there.date(), say)}" + (f"/{there.year}" if year else "")


def _large(text: str) -> str:
    return text[:1].upper() + text[1:]
