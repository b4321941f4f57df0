"""What the board calls things, and its errors in the reader's language."""

import re
from functools import partial

from dothi.cases.jobs import Meanwhile, reasons
from dothi.kit.errors import DothiError
from dothi.screens import jobs
from dothi.screens import words as common
from dothi.web.i18n import Say, marked

hour, short, day, moment, date_line, age = (
    common.hour, common.short, common.day, common.moment, common.date_line, common.age,
)  # fmt: skip
STATES, STATE_MARKS, PRIORITIES, PRIORITY_MARKS, DUE_MARKS = (
    jobs.STATES, jobs.STATE_MARKS, jobs.PRIORITIES, jobs.PRIORITY_MARKS, jobs.DUE_MARKS,
)  # fmt: skip
state, km, minutes, due_state, due_left, category = (
    jobs.state, jobs.km, jobs.minutes, jobs.due_state, jobs.due_left, jobs.category,
)  # fmt: skip
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
        return common.retold(error, say("{who} vừa cập nhật lúc {at}: {state}.", who=who, at=at, state=state_))
    if found := _MEANWHILE.fullmatch(text):
        state_ = say(STATES.get(found[3], found[3])).lower()
        return common.retold(
            error, say("{who} vừa cập nhật lúc {at}: {state}.", who=found[1], at=found[2], state=state_)
        )
    if found := _PLANNED.fullmatch(text):
        when = f"{found[5]}/{found[4]}/{found[3]}"
        return common.retold(
            error, say("{number} đã giao rồi: {crew}, {day}.", number=found[1], crew=found[2], day=when)
        )
    if found := _CHANGED.fullmatch(text):
        return common.retold(error, say("{who} vừa đổi việc này lúc {at}. Anh chị xem lại.", who=found[1], at=found[2]))
    if found := _NOT_NOW.fullmatch(text):
        return common.retold(error, say("{number} hiện không giao đội được.", number=found[1]))
    return common.retold(error, word(text, say), common.faults_said(error, partial(word, say=say)))


def word(text: str, say: Say) -> str:
    """An error's sentence."""
    found = re.fullmatch(r"today to (\d+) days ahead", text)
    if found:
        return say("từ hôm nay đến {n} ngày tới", n=found[1])
    return say(ERRORS[text]) if text in ERRORS else text


def reason(type_: str, code: str | None, language: str) -> str:
    """Why a job failed."""
    found = reasons(type_).get(code or "")
    return found.of(language) if found is not None else (code or "")


def given_name(name: str) -> str:
    """Nhung: what people call Nguyễn Thị Hồng Nhung."""
    return name.rpartition(" ")[2]
