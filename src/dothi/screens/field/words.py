"""What the crews' pages call things: states, ways, times, and errors in the reader's language."""

import re
from functools import partial

from dothi.cases.jobs import Meanwhile
from dothi.cases.types import types
from dothi.kit.errors import DothiError, Fault
from dothi.screens import jobs
from dothi.screens import words as common
from dothi.web.i18n import Say, marked

hour, short, day, moment, date_line = common.hour, common.short, common.day, common.moment, common.date_line
STATE_MARKS, PRIORITIES, PRIORITY_MARKS, DUE_MARKS = (
    jobs.STATE_MARKS, jobs.PRIORITIES, jobs.PRIORITY_MARKS, jobs.DUE_MARKS,
)  # fmt: skip
state, km, minutes, due_state, due_left, category = (
    jobs.state, jobs.km, jobs.minutes, jobs.due_state, jobs.due_left, jobs.category,
)  # fmt: skip
PHOTOS = {"before": marked("Trước khi làm"), "after": marked("Sau khi làm"), "other": marked("Ảnh khác")}
# what a queued step is called on a telephone, and in what was not taken
VERBS = {
    "go": marked("Lên đường"),
    "begin": marked("Bắt đầu làm"),
    "tick": marked("Đánh dấu bước"),
    "photo": marked("Gửi ảnh"),
    "work": marked("Ghi vật tư, thời gian"),
    "finish": marked("Báo xong"),
    "fail": marked("Báo chưa làm được"),
}
ERRORS = {
    "the job cannot be ended so": marked("Chưa báo xong được"),
    "the step cannot be taken so": marked("Chưa báo xong được"),
    "say why the job could not be done": marked("Cần ghi vì sao chưa làm được"),
    "this cannot be written down": marked("Chưa ghi được"),
    "say who signed": marked("Cần ghi tên người ký"),
    "this is no photo": marked("Tệp này không phải ảnh"),
    "this is no drawing": marked("Tệp này không phải ảnh"),
    "this file is of a kind that is not taken": marked("Không nhận loại tệp này"),
    "this file is too large": marked("Ảnh lớn quá"),
    "this file holds a virus; it was not kept": marked("Tệp có mã độc, không nhận."),
    "this case has files enough": marked("Việc này đã đủ ảnh"),
    "there is no such job to be seen": marked("Việc này không còn trong danh sách của đội anh chị."),
    "there is no such case to be seen": marked("Việc này không còn trong danh sách của đội anh chị."),
    "there is no such step": marked("Không có bước này."),
    "you belong to no crew": marked("Anh chị chưa thuộc đội nào. Người điều phối thêm anh chị vào đội."),
    "you are not on shift: nothing is kept of where you are": marked("Anh chị chưa vào ca nên vị trí không được lưu."),
    "you do not share where you are": marked("Anh chị chưa bật chia sẻ vị trí."),
    "this parcel was sent by somebody else": marked("Lần gửi này là của người khác."),
    "this page is too old; open it again": marked("Trang mở lâu quá. Anh chị mở lại trang."),
    "is missing": marked("còn thiếu"),
    "is not ticked": marked("chưa làm"),
    "a photo of what was done": marked("cần ảnh sau khi làm"),
    "every step ticked": marked("làm đủ các bước"),
    "too many bytes": marked("quá dung lượng"),
    "more than 0": marked("lớn hơn 0"),
}
_MEANWHILE = re.compile(r".* dealt with this job at .*")
_TOLD = {
    "going": marked("{who} đã lên đường lúc {at}."),
    "working": marked("{who} đã bắt đầu làm lúc {at}."),
    "done": marked("{who} đã báo xong lúc {at}."),
    "failed": marked("{who} đã báo chưa làm được lúc {at}."),
    "withdrawn": marked("Việc đã được thu hồi lúc {at}."),
}


def told(error: DothiError, say: Say) -> DothiError:
    """The error in the reader's words; what has none stays as it is."""
    if isinstance(error, Meanwhile):
        return common.retold(error, meanwhile(error.who, error.at, error.state, say))
    if _MEANWHILE.fullmatch(error.message):
        return common.retold(error, say("Người khác vừa cập nhật việc này. Anh chị xem lại rồi làm tiếp."))
    return common.retold(error, _word(error.message, say), common.faults_said(error, partial(_word, say=say)))


def meanwhile(who: str, at: int, state: str, say: Say) -> str:
    """Who dealt with a job first, and when."""
    text = _TOLD.get(state)
    if text is None:
        return say("Đã có người xử lý việc này lúc {at}.", at=moment(at))
    return say("Đã có người xử lý:") + " " + say(text, who=who or say("Đồng đội"), at=moment(at))


def _word(text: str, say: Say) -> str:
    if text in ERRORS:
        return say(ERRORS[text])
    span = re.fullmatch(r"(\d+) to (\d+) characters", text)
    return say("{a} đến {b} ký tự", a=span[1], b=span[2]) if span else text


def fault(one: Fault, say: Say) -> str:
    """What is wrong, in one line."""
    if one.place.startswith("check."):
        return say("Chưa làm bước: {step}", step=one.allowed or one.place[6:])
    text = f"{say(_FIELDS[one.place])}: {one.message}" if one.place in _FIELDS else one.message
    return f"{text} ({one.allowed})" if one.allowed else text


_FIELDS = {
    "text": marked("Đã làm gì"), "reason": marked("Lý do"), "minutes": marked("Số phút"), "note": marked("Ghi chú"),
    "photo": marked("Ảnh"), "photo_after": marked("Ảnh sau khi làm"), "checklist": marked("Các bước"),
    "signed_by": marked("Người ký"), "signature": marked("Chữ ký"), "file": marked("Ảnh"), "count": marked("Số lượng"),
}  # fmt: skip


def icon(code: str | None) -> str:
    """A category's icon."""
    found = types().named(code)
    return (found.icon if found is not None else None) or "list-checks"


def point(lon: float, lat: float) -> str:
    """10.53921,106.41207: as maps of telephones read it."""
    return f"{lat:.5f},{lon:.5f}"
