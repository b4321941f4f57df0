"""Reports in words: where, since when, how they stand, what happened; due moments with their day of the week."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dothi.cases.lists import Public
from dothi.cases.reading import Told
from dothi.cases.types import types
from dothi.kit import clock
from dothi.screens import wards, words
from dothi.screens.reports.asking import Ask
from dothi.web.i18n import Say, marked

_DAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ Nhật")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PHASES = {
    "new": marked("Mới gửi"), "open": marked("Đang xử lý"), "waiting": marked("Chờ bổ sung"), "done": marked("Đã xử lý"),
    "closed": marked("Đã đóng"),
}  # fmt: skip


def moment(at: int, language: str) -> str:
    """17:00 thứ Hai 30/11/2026."""
    local = clock.local(at)
    day = (_DAYS_EN if language == "en" else _DAYS_VI)[local.weekday()]
    return f"{local:%H:%M} {day} {local:%d/%m/%Y}"


def state(ask: Ask, case: Public) -> str:
    """The state of a report as the public reads it."""
    found = types().state(case.type, case.state)
    return (found.public or found.title).of(ask.language)


def place(ask: Ask, case: Public, named: dict[str, str] | None = None) -> str:
    """Address and ward; the ward alone where there is no address."""
    ward = ward_of(ask, case.unit, named)
    return ", ".join(filter(None, (case.address, wards.short(ward) if case.address else ward)))


def ward_of(ask: Ask, unit: str | None, named: dict[str, str] | None = None) -> str:
    """The full name of a ward; empty where it is not known."""
    if not unit:
        return ""
    known = named if named is not None else dict(wards.wards(ask.session, ask.language, ask.now))
    return known.get(unit, "")


def category(ask: Ask, code: str | None) -> str:
    """What a category is called."""
    found = types().named(code)
    return found.title.of(ask.language) if found else ""


def tone(case: Public, now: int) -> str:
    """The shape of a report: done, late, or on its way."""
    if case.phase in ("done", "closed"):
        return "normal" if case.resolved_at is not None else "offline"
    if case.due_at is not None and case.due_at < now:
        return "major"
    return "nodata" if case.phase == "waiting" else "minor"


def due_word(case: Public, now: int, say: Say) -> tuple[str, str]:
    """How the deadline stands: the badge's tone and word."""
    if case.phase in ("done", "closed"):
        if case.met is None:
            return "", ""
        return ("normal", say("Xong trong hạn")) if case.met else ("major", say("Xong sau hạn"))
    if case.due_at is None:
        return ("", say("Tạm dừng tính hạn")) if case.phase == "waiting" else ("", "")
    return ("major", say("Quá hạn")) if case.due_at < now else ("normal", say("Trong hạn"))


# what happened


@dataclass
class Line:
    """An entry of the timeline. tone: done | now | next."""

    at: int | None
    title: str
    text: str = ""
    note: str = ""
    tone: str = "done"
    href: str = ""
    own: bool = False


@dataclass
class Step:
    """A part of the bar over a report: what, when it was reached, whether it is done, current or to come."""

    title: str
    when: str = ""
    tone: str = ""
    rest: list[str] = field(default_factory=list)


def timeline(ask: Ask, case: Public, told: Sequence[Told]) -> list[Line]:
    """What happened, oldest first; people who met it too on one day are counted in one line."""
    found: list[Line] = []
    joined: tuple[Line, str, int] | None = None
    for one in told:
        line = _line(ask, case, one)
        if line is None:
            continue
        if one.kind == "joined":
            day = words.day(one.at)
            if joined is not None and joined[1] == day and found and found[-1] is joined[0]:
                joined = (joined[0], day, joined[2] + 1)
                joined[0].title = ask.say("{n} người nữa cũng gặp việc này", n=joined[2])
                continue
            joined = (line, day, 1)
        found.append(line)
    if found:
        found[-1].tone = "now" if case.phase != "closed" else "done"
    if case.phase in ("new", "open", "waiting"):
        found.append(Line(None, ask.say("Xử lý xong, báo lại người gửi"), tone="next"))
    elif case.phase == "done":
        found.append(Line(None, ask.say("Người gửi xác nhận, đóng phản ánh"), tone="next"))
    return found


def _line(ask: Ask, case: Public, one: Told) -> Line | None:
    say, data = ask.say, one.data
    own = one.reporter and not one.public
    match one.kind:
        case "opened":
            if case.channel == "phone":
                title = say("Người dân gọi điện phản ánh")
            else:
                title = say("Người dân gửi phản ánh") if one.reporter else say("Phản ánh được ghi nhận")
            return Line(one.at, title, case.text)
        case "confirmed":
            return Line(one.at, say("Tiếp nhận"))
        case "assigned":
            office = data.get("office_name") or one.office
            return Line(one.at, say("Giao {office}", office=office) if office else say("Đã phân công"), one.text)
        case "state":
            return Line(one.at, _stepped(ask, case, one), one.text, note=one.office or "")
        case "joined":
            return Line(one.at, say("Thêm một người cũng gặp việc này"))
        case "merged":
            number = str(data.get("number") or "")
            return Line(one.at, say("Gộp vào phản ánh {number}", number=number), one.text, href=f"/reports/{number}")
        case "linked":
            number = str(data.get("number") or "")
            return Line(one.at, say("Gộp thêm phản ánh {number} về cùng việc", number=number)) if number else None
        case "rated":
            return Line(one.at, _rated(say, data))
        case "comment":
            return Line(one.at, say("Anh chị nói thêm") if own else say("Trả lời của cơ quan"), one.text,
                        note="" if own else one.office or "", own=own)  # fmt: skip
        case "reopened":
            return Line(one.at, say("Mở lại"), one.text)
        case "attached" | "job":
            return Line(one.at, say("Cập nhật từ hiện trường"), one.text, note=one.office or "") if one.text else None
        case _:
            return Line(one.at, one.text) if one.text else None


def _stepped(ask: Ask, case: Public, one: Told) -> str:
    step = types().step(case.type, one.step) if one.step else None
    if one.step == "reopen":
        return ask.say("Người gửi báo chưa xong, mở lại")
    if one.step == "answer" and one.reporter:
        return ask.say("Người gửi đã bổ sung thông tin")
    if one.state:
        state_ = types().state(case.type, one.state)
        return (state_.public or state_.title).of(ask.language)
    return step.title.of(ask.language) if step else ask.say("Cập nhật")


def _rated(say: Say, data: dict[str, Any]) -> str:
    fixed, rating = data.get("fixed"), data.get("rating")
    if fixed is None:
        return say("Người gửi chấm {n}/5", n=rating)
    text = say("Người gửi xác nhận đã xong") if fixed else say("Người gửi báo chưa xong")
    return f"{text}, {rating}/5" if rating else text


def steps(ask: Ask, case: Public, told: Sequence[Told]) -> list[Step]:
    """Four parts: taken in, assigned, worked on, and how it ended; with when each was reached."""
    say = ask.say
    at: dict[str, int] = {}
    for one in told:
        if one.kind == "opened":
            at.setdefault("unconfirmed" if one.state == "unconfirmed" else one.state or "received", one.at)
        elif one.state:
            at[one.state] = one.at
    reached = {"received": 0, "assigned": 1, "working": 2, "waiting-citizen": 2, "resolved": 3, "closed": 3}
    place_ = reached.get(case.state, 3 if case.phase in ("done", "closed") else -1)
    last = state(ask, case) if case.phase in ("done", "closed") else say("Xong")
    if case.state == "resolved":
        last = say("Chờ xác nhận")
    middle = state(ask, case) if case.phase == "waiting" else say("Xử lý")
    titles = (say("Tiếp nhận"), say("Phân công"), middle, last)
    times = (at.get("received"), at.get("assigned"), at.get("working"), case.closed_at or case.resolved_at)
    made = []
    for index, (title, when) in enumerate(zip(titles, times, strict=True)):
        tone_ = (
            "d" if index < place_ or (index == place_ and case.phase == "closed") else "c" if index == place_ else ""
        )
        skipped = index < place_ and when is None and case.phase == "closed" and case.resolved_at is None
        made.append(
            Step(title, words.short(when, ask.now) if when and index <= place_ else "", "" if skipped else tone_)
        )
    return made
