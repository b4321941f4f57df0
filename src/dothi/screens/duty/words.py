"""What the duty room's pages call things: states, steps, times, and its errors in the reader's language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dothi.alerts import saying
from dothi.kit import clock
from dothi.kit.errors import DothiError
from dothi.screens import words as common
from dothi.web.i18n import Say, marked

# as the templates say them
SEVERITIES, severity = common.SEVERITIES, common.severity
moment, short, field_of = common.moment, common.short, common.field_of
STATES = {
    "given": marked("Chờ nhận"),
    "received": marked("Đang làm"),
    "done": marked("Chờ nghiệm thu"),
    "accepted": marked("Đã hoàn thành"),
    "returned": marked("Làm lại"),
    "withdrawn": marked("Đã thu hồi"),
}
STATE_MARKS = {
    "given": "minor",
    "received": "info",
    "done": "info",
    "accepted": "normal",
    "returned": "major",
    "withdrawn": "",
}
ENTRIES = {
    "given": marked("ra chỉ đạo"),
    "received": marked("đã nhận"),
    "progress": marked("báo cáo tiến độ"),
    "done": marked("báo đã xong"),
    "accepted": marked("nghiệm thu"),
    "returned": marked("trả lại làm tiếp"),
    "withdrawn": marked("thu hồi"),
    "reminded": marked("đôn đốc"),
    "extended": marked("gia hạn"),
}
ORDER_ACTIONS = {
    "given": marked("ra chỉ đạo"),
    "received": marked("nhận chỉ đạo"),
    "progress": marked("báo tiến độ chỉ đạo"),
    "done": marked("báo xong chỉ đạo"),
    "accepted": marked("nghiệm thu chỉ đạo"),
    "returned": marked("trả lại chỉ đạo"),
    "withdrawn": marked("thu hồi chỉ đạo"),
    "reminded": marked("đôn đốc chỉ đạo"),
    "extended": marked("gia hạn chỉ đạo"),
}
VERBS = {
    "receive": marked("Nhận chỉ đạo"),
    "progress": marked("Báo cáo tiến độ"),
    "done": marked("Báo đã xong"),
    "accept": marked("Nghiệm thu"),
    "return": marked("Trả lại làm tiếp"),
    "remind": marked("Đôn đốc"),
    "extend": marked("Gia hạn"),
    "withdraw": marked("Thu hồi"),
}
ASKS = {
    "receive": marked("Lời nhắn khi nhận (không bắt buộc)"),
    "progress": marked("Đã làm được gì"),
    "done": marked("Kết quả"),
    "accept": marked("Nhận xét (không bắt buộc)"),
    "return": marked("Còn gì phải làm lại"),
    "remind": marked("Lời nhắc (không bắt buộc)"),
    "extend": marked("Vì sao gia hạn"),
    "withdraw": marked("Vì sao thu hồi"),
}
ACTIONS = {
    "alerts.alarm.acknowledged": marked("nhận cảnh báo"),
    "alerts.alarm.unacknowledged": marked("trả lại cảnh báo"),
    "alerts.alarm.assigned": marked("giao cảnh báo"),
    "alerts.alarm.commented": marked("ghi chú"),
    "alerts.alarm.cleared": marked("kết thúc cảnh báo"),
    "alerts.alarm.shelved": marked("tạm nén cảnh báo"),
    "alerts.alarm.step": marked("làm bước quy trình"),
    "duty.shift.began": marked("vào ca"),
    "duty.shift.handed": marked("ký bàn giao ca"),
    "duty.shift.taken": marked("ký nhận ca"),
    "duty.shift.ended": marked("kết thúc ca"),
    "warnings.drafted": marked("soạn cảnh báo cho dân"),
    "warnings.asked": marked("trình duyệt cảnh báo cho dân"),
    "warnings.published": marked("phát cảnh báo cho dân"),
    "warnings.refused": marked("không duyệt cảnh báo cho dân"),
    "warnings.approved": marked("duyệt cảnh báo cho dân"),
    "warnings.dropped": marked("bỏ bản nháp cảnh báo"),
    "warnings.edited": marked("sửa bản nháp cảnh báo"),
    "warnings.cancelled": marked("hủy cảnh báo đã phát"),
    "warnings.updated": marked("cập nhật cảnh báo đã phát"),
}
DUES = {
    "30": marked("trong 30 phút"), "60": marked("trong 1 giờ"), "120": marked("trong 2 giờ"), "240": marked("trong 4 giờ"),
    "day": marked("17:00 hôm nay"), "next": marked("17:00 ngày mai"), "at": marked("Giờ khác"),
}  # fmt: skip
POSTS = {"duty": marked("Trực ban"), "chief": marked("Trưởng ca")}
# what the room says in English, in the interface's own words
ERRORS = {
    "this order cannot be given": marked("Chưa ra được chỉ đạo này"),
    "this cannot be said of the order": marked("Chưa ghi được"),
    "the deadline cannot be this": marked("Hạn này không đặt được"),
    "somebody else changed this order meanwhile": marked(
        "Người khác vừa cập nhật chỉ đạo này. Anh chị xem lại rồi làm tiếp; lời đã viết còn giữ ở dưới."
    ),
    "whoever reported it done does not accept it: another person does": marked(
        "Người báo xong không tự nghiệm thu: người khác nghiệm thu."
    ),
    "you are on duty already": marked("Anh chị đang trong ca rồi."),
    "you are not on duty": marked("Anh chị chưa vào ca."),
    "this shift is over": marked("Ca này đã kết thúc."),
    "somebody else took this shift over already": marked("Người khác đã nhận ca này."),
    "this shift is not signed for handover yet": marked("Ca này chưa ký bàn giao."),
    "the report was signed anew meanwhile; read it again": marked(
        "Biên bản vừa được ký lại. Anh chị đọc lại rồi ký nhận."
    ),
    "whoever hands a shift over does not take it: another person does": marked(
        "Người giao không tự nhận ca: người khác ký nhận."
    ),
    "a shift nobody takes over ends for a reason": marked("Cần ghi lý do kết thúc ca."),
    "the note is too long": marked("Ghi chú dài quá"),
    "this view cannot be kept": marked("Chưa lưu được góc nhìn"),
    "all nine keys are taken; choose one to replace": marked("Chín phím đã dùng hết. Anh chị chọn phím để thay."),
    "this wall cannot be made": marked("Chưa tạo được màn hình"),
    "this step cannot be ticked": marked("Chưa đánh dấu được bước này"),
    "somebody else did this step already": marked("Người khác đã làm bước này."),
    "a person does this, not a key": marked("Việc này do người làm, không phải khóa."),
    "there is no such order to be seen": marked("Không có chỉ đạo nào như vậy."),
    "there is no such shift to be seen": marked("Không có ca nào như vậy."),
    "there is no such view to be seen": marked("Không có góc nhìn nào như vậy."),
    "there is no such wall to be seen": marked("Không có màn hình nào như vậy."),
    "is missing": marked("còn thiếu"),
    "is past": marked("đã qua"),
    "is more than a year ahead": marked("xa quá một năm"),
    "is not known": marked("không có"),
    "is not one of that agency's": marked("không phải người của đơn vị đó"),
    "there is no such alarm": marked("không có cảnh báo này"),
    "none is free": marked("không còn phím trống"),
    "an agency": marked("chọn một đơn vị"),
    "a day and an hour": marked("chọn ngày và giờ"),
    "within a year from now": marked("từ bây giờ đến một năm"),
    "somebody of the agency, or nobody": marked("người của đơn vị, hoặc để trống"),
}
_STEP = re.compile(r"the order is (\w+); (\w+) needs .*")

hour, day, when, age = common.hour, common.day, common.when, common.age


def told(error: DothiError, say: Say) -> DothiError:
    """The error in the reader's words; what has none stays as it is."""
    step = _STEP.fullmatch(error.message)
    if step:
        message = say(
            "Chỉ đạo đang ở trạng thái “{state}”, chưa thể: {verb}.", state=say(STATES[step[1]]).lower(),
            verb=say(VERBS[step[2]]).lower(),
        )  # fmt: skip
    else:
        message = _word(error.message, say)
    return common.retold(error, message, common.faults_said(error, partial(_word, say=say)))


def _word(text: str, say: Say) -> str:
    if text in ERRORS:
        return say(ERRORS[text])
    long = re.fullmatch(r"(\d+) characters", text)
    if long:
        return say("{n} ký tự", n=long[1])
    span = re.fullmatch(r"(?:(\d+) to|up to) (\d+) characters", text)
    return say("{a} đến {b} ký tự", a=span[1] or 0, b=span[2]) if span else text


def second(micros: int | None) -> str:
    """17:42:08 21/11/2026, as signatures carry it."""
    return f"{clock.local(micros):%H:%M:%S %d/%m/%Y}" if micros else "–"


def long_day(micros: int, say: Say) -> str:
    """ngày 21 tháng 11 năm 2026."""
    at = clock.local(micros)
    return say(
        "ngày {d} tháng {m} năm {y}", d=f"{at.day:02}", m=f"{at.month:02}" if at.month < 3 else at.month, y=at.year
    )


def span(seconds: int | None, say: Say) -> str:
    """45 giây, 4 phút, 1 giờ 18 ph, 3 ngày; a dash for none."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return say("{n} giây", n=seconds)
    if seconds < 3600:
        return say("{n} phút", n=seconds // 60)
    if seconds < 86400:
        hours, minutes = seconds // 3600, seconds % 3600 // 60
        return say("{h} giờ {m} ph", h=hours, m=minutes) if minutes else say("{n} giờ", n=hours)
    return say("{n} ngày", n=seconds // 86400)


def due(due_at: int, now: int, say: Say) -> str:
    """còn 1 giờ 18 ph, trễ 1 ngày."""
    seconds = abs(due_at - now) // clock.SECOND
    return say("trễ {span}", span=span(seconds, say)) if due_at < now else say("còn {span}", span=span(seconds, say))


def state(name: str, say: Say) -> str:
    """An order's state."""
    return say(STATES.get(name, name))


def mark(name: str, *, late: bool) -> str:
    """The colour of an order's state."""
    return "major" if late else STATE_MARKS.get(name, "")


def shape(name: str) -> str:
    """The shape that stands for a severity."""
    return name if name in ("critical", "major", "minor") else "warning"


def action(kind: str, say: Say) -> str:
    """What a journal entry says somebody did."""
    if kind.startswith("duty.order."):
        return say(ORDER_ACTIONS.get(kind.rpartition(".")[2], kind))
    if kind in ACTIONS:
        return say(ACTIONS[kind])
    short = "warnings." + kind.rpartition(".")[2]
    return say(ACTIONS[short]) if kind.startswith("warnings.") and short in ACTIONS else kind


def value(one: dict[str, Any], language: str) -> str:
    """An alarm's figure with its unit; older reports keep the figure alone."""
    return saying.measured(one.get("value_text") or "", one.get("unit") or "", language)


def title(one: dict[str, Any], language: str) -> str:
    """An alarm's title in the reader's language."""
    return str((one.get("title_en") if language == "en" else None) or one.get("title") or "")


def dues(now: int) -> dict[str, str]:
    """The deadlines a form offers just now."""
    return {key: label for key, label in DUES.items() if key != "day" or clock.local(now).hour < 16}


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, several things of the same kind within ten minutes as one."""

    at: int
    kind: str
    person: int | None
    text: str
    about: list[str]


def deeds(actions: Sequence[Mapping[str, Any]]) -> list[Deed]:
    """A report's actions as people tell them."""
    made: list[Deed] = []
    for one in actions:
        about, last = one["title"] or one["number"] or "", made[-1] if made else None
        same = last is not None and (last.kind, last.person, last.text) == (one["kind"], one["person"], one["text"])
        if (
            last is not None
            and same
            and one["at"] - last.at < 600 * clock.SECOND
            and not one["kind"].startswith("duty.")
        ):
            if about not in last.about:
                last.about.append(about)
        else:
            made.append(Deed(one["at"], one["kind"], one["person"], one["text"], [about] if about else []))
    return made


def over(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The report's alarms that do not stand among the open ones."""
    still = {one["id"] for one in report["open"]["alarms"]}
    return [one for one in report["alarms"] if one["id"] not in still]


def due_of(choice: str, text: str, now: int) -> int | None:
    """The deadline a form chose (µs): minutes from now, 17:00 of today or tomorrow, or its own day and hour; None: none.

    text: `2026-11-21T19:00`, Vietnam's time. Raises BadInput.
    """
    if choice in ("day", "next"):
        local = clock.local(now)
        five = datetime(local.year, local.month, local.day, 17, tzinfo=clock.VIETNAM)
        return clock.micros(five + timedelta(days=1 if choice == "next" else 0))
    if choice.isdecimal() and choice in DUES:
        return now + int(choice) * 60 * clock.SECOND
    return clock.parse(text, clock.VIETNAM) if text else None


def percent(part: int, of: int, language: str) -> str:
    """87,5 %; a dash of nothing."""
    return f"{common.number(100 * part / of, 1, language)}\u00a0%" if of else "–"


def decimal(value: float, digits: int, language: str) -> str:
    """0,83."""
    return common.number(value, digits, language)


def given_name(name: str) -> str:
    """Nhung: what people call Nguyễn Thị Hồng Nhung once she was named in full."""
    return name.rpartition(" ")[2]
