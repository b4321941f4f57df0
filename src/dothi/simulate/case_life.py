"""What becomes of a simulated report: which step comes next and when, by chance and the hours offices keep. Pure."""

from dataclasses import dataclass
from typing import Literal

from dothi.cases import calendar
from dothi.cases.calendar import Calendar
from dothi.kit import clock
from dothi.simulate import case_words
from dothi.simulate.case_words import one_of, said
from dothi.simulate.luck import chance

MINUTE = 60 * clock.SECOND
Do = Literal["assign", "start", "ask", "answer", "resolve", "accept", "rate", "reject", "duplicate"]
By = Literal["centre", "office", "crew", "reporter", "dothi"]


@dataclass(frozen=True)
class View:
    """What decides what is next. at: when it last changed; twin: the report it doubles still goes on."""

    key: str
    category: str
    state: str
    priority: str
    version: int
    at: int
    office: bool
    crew: bool
    twin: bool
    reopened: int
    due_at: int | None = None


@dataclass(frozen=True)
class Act:
    """A step, by whom and when. fixed and rating: of a rating; note: a public word of the office with it."""

    at: int
    do: Do
    by: By
    text: str = ""
    reason: str | None = None
    fixed: bool | None = None
    rating: int | None = None
    note: str = ""


def next_act(cal: Calendar, view: View) -> Act | None:
    """What happens next; None: nothing more does."""
    key = (view.key, view.version)
    match view.state:
        case "received":
            return _taken_in(cal, view)
        case "assigned":
            at = _working(cal, view, 20, 700)
            note = one_of(said()["notes"], *key, "note") if chance(*key, "noted") < 0.3 else ""
            return Act(at, "start", _by(view), note=note)
        case "working":
            if view.version == 3 and chance(*key, "asks") < 0.06:
                return Act(
                    _working(cal, view, 20, 400), "ask", "office", one_of(said()["answers_asked"], *key, "asked")
                )
            if chance(*key, "forgotten") < 0.012:
                return None
            late = chance(*key, "late") < (0.11 if view.priority == "normal" else 0.16)
            at = _working(cal, view, 2100, 4200) if late else _in_time(view, _working(cal, view, 60, 1500))
            return Act(at, "resolve", _by(view), one_of(case_words.kinds()[view.category].done, *key, "done"))
        case "waiting-citizen":
            if chance(*key, "answers") < 0.75:
                return Act(
                    _awake(view, 2, 60, *key), "answer", "reporter", one_of(said()["answers_given"], *key, "answer")
                )
            return Act(
                _working(cal, view, 1800, 2600), "answer", "office", "Quá thời hạn bổ sung, xử lý theo thông tin đã có."
            )
        case "resolved":
            return _judged(view)
        case _:
            return None


def _taken_in(cal: Calendar, view: View) -> Act:
    key = (view.key, view.version)
    at = _working(cal, view, 4, 150 if chance(*key, "quick") < 0.85 else 600)
    if view.twin:
        return Act(at, "duplicate", "centre", one_of(said()["duplicates"], *key, "twin"))
    if chance(*key, "rejected") < 0.045 or not view.office:
        reasons = list(said()["rejects"])
        reason = one_of(reasons, *key, "reason") if view.office else "outside-remit"
        return Act(at, "reject", "centre", said()["rejects"][reason], reason)
    return Act(at, "assign", "centre")


def _judged(view: View) -> Act:
    key = (view.key, view.version)
    told = chance(*key, "rates")
    if told < 0.07 and view.reopened < 2:
        text = one_of(said()["not_fixed"], *key, "not fixed")
        return Act(_awake(view, 1, 72, *key), "rate", "reporter", text, fixed=False, rating=1 + int(2 * chance(*key)))
    if told < 0.52:
        rating = 5 if (luck := chance(*key, "rating")) < 0.48 else 4 if luck < 0.83 else 3 if luck < 0.95 else 2
        text = one_of(said()["thanks"], *key, "thanks")
        return Act(_awake(view, 1, 90, *key), "rate", "reporter", text, fixed=True, rating=rating)
    return Act(view.at + 7 * clock.DAY + int(chance(*key, "accepted") * clock.HOUR), "accept", "dothi")


def _by(view: View) -> By:
    return "crew" if view.crew else "office"


def _working(cal: Calendar, view: View, least: int, most: int) -> int:
    """So many minutes of work later; of what is urgent, minutes of the clock, and a quarter of them."""
    luck = chance(view.key, view.version, "takes")
    minutes = least + (most - least) * luck * luck
    if view.priority == "urgent":
        return view.at + int(minutes * MINUTE / 4)
    if view.priority == "high":
        minutes *= 0.6
    return cal.ahead(view.at, int(minutes * MINUTE)) + int(chance(view.key, view.version, "second") * 50 * clock.SECOND)


def _in_time(view: View, at: int) -> int:
    """The instant, or where that would be late a good while before the deadline."""
    if view.due_at is None or at <= view.due_at or view.due_at <= view.at:
        return at
    return view.at + int((view.due_at - view.at) * (0.3 + 0.65 * chance(view.key, view.version, "hurries")))


def _awake(view: View, least: float, most: float, *key: object) -> int:
    return awake(view.at, least, most, *key)


def awake(since: int, least: float, most: float, *key: object) -> int:
    """So many hours later, in the waking part of a day."""
    luck = chance(*key, "hours")
    at = since + int((least + (most - least) * luck * luck) * clock.HOUR)
    hour = (at - calendar.midnight(calendar.day_of(at))) // clock.HOUR
    return at + (int(chance(*key, "wakes") * 3) + 7 - hour) * clock.HOUR if hour < 7 else at
