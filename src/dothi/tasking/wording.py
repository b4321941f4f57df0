"""Reasons and states in words. A reason is kept as `code` or `code:text`; what people wrote is `said:…`."""

from dothi.tasking import flow

STATES: dict[str, tuple[str, str]] = {
    flow.PENDING: ("Chờ duyệt", "Awaiting approval"),
    flow.QUEUED: ("Chờ gửi", "Queued"),
    flow.SENT: ("Đã gửi", "Sent"),
    flow.ACKNOWLEDGED: ("Thiết bị đã nhận", "Acknowledged"),
    flow.DONE: ("Đã thực hiện", "Done"),
    flow.FAILED: ("Không đạt", "Failed"),
    flow.REFUSED: ("Bị từ chối", "Refused"),
    flow.TIMED_OUT: ("Quá thời hạn", "Timed out"),
    flow.CANCELLED: ("Đã hủy", "Cancelled"),
}
_REASONS: dict[str, tuple[str, str]] = {
    "not-approved": ("không ai duyệt trong thời hạn", "nobody approved it in time"),
    "never-sent": ("không gửi được trong thời hạn", "it could not be sent in time"),
    "never-acknowledged": ("thiết bị không trả lời", "the device did not answer"),
    "never-done": ("thiết bị đã nhận nhưng không báo xong", "acknowledged, but never said to be done"),
    "nothing-read": ("thiết bị đã nhận nhưng không có số đo mới để đối chiếu", "acknowledged, but nothing new was measured to read back"),
    "read-otherwise": ("số đo đọc lại không đúng lệnh", "what was read back is not what was asked for"),
    "replaced": ("được thay bằng lệnh số", "replaced by task"),
    "interlock": ("điều kiện an toàn không đạt:", "an interlock stands in the way:"),
    "device": ("thiết bị báo:", "the device said:"),
    "gone": ("không còn khai báo loại thiết bị này", "its kind is no longer declared"),
    "said": ("", ""),
}  # fmt: skip


def state(name: str, language: str = "vi") -> str:
    """A state in words."""
    return STATES.get(name, (name, name))[language == "en"]


def reason(text: str | None, language: str = "en") -> str:
    """A reason in words; empty where there is none."""
    if not text:
        return ""
    code, _, rest = text.partition(":")
    known = _REASONS.get(code)
    if known is None:
        return text
    if code == "interlock":
        vi, _, en = rest.partition("\x1f")
        rest = (en or vi) if language == "en" else vi
    return f"{known[language == 'en']} {rest}".strip()
