"""What the pages of tasks call things: states, steps, times, and errors in the reader's language."""

from collections.abc import Mapping
from typing import Any

from dothi.kit.errors import DothiError, Fault
from dothi.screens import words as common
from dothi.tasking import flow, sun, swe, wording
from dothi.tasking.declared import kinds
from dothi.tasking.service import Blocked, SamePerson
from dothi.web.i18n import Say, marked

moment, short = common.moment, common.short
MARKS = {
    flow.PENDING: "minor", flow.QUEUED: "info", flow.SENT: "info", flow.ACKNOWLEDGED: "info", flow.DONE: "normal",
    flow.FAILED: "critical", flow.REFUSED: "major", flow.TIMED_OUT: "major", flow.CANCELLED: "",
}  # fmt: skip
STEPS = {
    "asked": marked("ra lệnh"),
    "approved": marked("đã duyệt"),
    "sent": marked("đã gửi cho thiết bị"),
    "acknowledged": marked("thiết bị đã nhận"),
    "done": marked("đã thực hiện, đọc lại đúng"),
    "failed": marked("không đạt"),
    "refused": marked("bị từ chối"),
    "timed-out": marked("quá thời hạn"),
    "cancelled": marked("đã hủy"),
}
VERBS = {"approve": marked("Duyệt"), "refuse": marked("Từ chối"), "cancel": marked("Hủy lệnh")}
FILTERS = {
    "open": marked("Đang chạy"),
    "pending": marked("Chờ duyệt"),
    "bad": marked("Không đạt"),
    "done": marked("Đã thực hiện"),
    "all": marked("Tất cả"),
}
_ERRORS = {
    "a second person approves, no key": marked("Phải do một người khác duyệt."),
    "the time to approve this task is over": marked("Đã quá thời hạn duyệt lệnh này."),
    "the schedule was changed meanwhile": marked("Lịch vừa được người khác sửa; xem lại rồi lưu."),
}
_FAULTS = {
    "is missing": marked("chưa nhập"),
    "no such parameter": marked("không có tham số này"),
    "is empty or too long": marked("để trống hoặc quá dài"),
    "names nothing, or too many": marked("chưa chọn thiết bị nào"),
    "are none": marked("chưa có bước nào"),
}


_SUN = {"sunset": "mặt trời lặn", "sunrise": "mặt trời mọc", "dawn": "rạng đông", "dusk": "chập tối"}


def mark_of(text: str, language: str) -> str:
    """A step's moment in words: `mặt trời lặn + 10 phút`."""
    found = sun.moment_of(text)
    if found.event is None:
        return text
    name = found.event if language == "en" else _SUN[found.event]
    if not found.minutes:
        return name
    return f"{name} {'+' if found.minutes > 0 else '−'} {abs(found.minutes)} {'min' if language == 'en' else 'phút'}"


def state(name: str, language: str) -> str:
    """A state in words."""
    return wording.state(name, language)


def reason(text: str | None, language: str) -> str:
    """A reason in words."""
    return wording.reason(text, language)


def parameters(record: Any, values: Mapping[str, Any], language: str) -> str:
    """What is asked for, in words."""
    return swe.said(record, values, language)


def allowed(one: Mapping[str, Any], language: str) -> str:
    """What a field takes, in words."""
    if language == "en":
        return swe.allowed(one)
    held, unit = one.get("constraint") or {}, (one.get("uom") or {}).get("code", "")
    said = [f"{value:g}" for value in held.get("value") or () if isinstance(value, int | float)]
    said += [f"{low:g} đến {high:g}" for low, high in held.get("interval") or ()]
    said = [part.replace(".", ",") for part in said]
    return (" hoặc ".join(said) + (f" {unit}" if unit else "")) if said else ""


def told(error: DothiError, say: Say, language: str = "vi") -> DothiError:
    """An error in the reader's language; what has no words here is said as it is."""
    if isinstance(error, SamePerson):
        return type(error)(say("Người ra lệnh không tự duyệt được lệnh của mình."))
    if isinstance(error, Blocked):
        return type(error)(
            say("Điều kiện an toàn chưa đạt: lệnh không được gửi."), [_lock(one, language) for one in error.faults]
        )
    if error.faults and error.message.startswith("the task cannot be given"):
        return type(error)(say("Lệnh chưa gửi được: xem các ô bên dưới."), [_fault(one, say) for one in error.faults])
    if error.faults and error.message.startswith("the schedule cannot be kept"):
        return type(error)(say("Lịch chưa lưu được: xem các ô bên dưới."), [_fault(one, say) for one in error.faults])
    if "asks for just this" in error.message:
        return type(error)(say("Một lệnh giống hệt đang chạy cho thiết bị này."))
    if "does not hold tasks:" in error.message:
        return type(error)(say("Anh chị không có quyền này với thiết bị của đơn vị khác."))
    if isinstance(error, flow.CannotStep) and "does not become" in error.message:
        return type(error)(say("Lệnh vừa sang trạng thái khác; xem lại."))
    known = _ERRORS.get(error.message)
    return type(error)(say(known), error.faults) if known else error


def _lock(fault: Fault, language: str) -> Fault:
    code = fault.place.partition(".")[2]
    lock = next((one for kind in kinds().values() for one in kind.interlocks if one.code == code), None)
    if lock is None or language == "en":
        return fault
    tail = fault.message.partition(": ")[2]
    return Fault(lock.title.vi, tail.replace("nothing fresh is known of", "không có số liệu mới của"), fault.allowed)


def _fault(fault: Fault, say: Say) -> Fault:
    place = fault.place.removeprefix("taskingParameters.")
    known = _FAULTS.get(fault.message)
    message = say(known) if known else fault.message.replace("found ", say("nhận được") + " ", 1)
    return Fault(place, message, fault.allowed)
