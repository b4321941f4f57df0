"""CAP's terms as people say them; the terms themselves stay in the messages."""

from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.screens import words as common
from dothi.web.i18n import Say, marked

SEVERITIES = {
    "Extreme": marked("Đặc biệt nguy hiểm"),
    "Severe": marked("Nguy hiểm"),
    "Moderate": marked("Cần đề phòng"),
    "Minor": marked("Cần chú ý"),
    "Unknown": marked("Chưa rõ mức độ"),
}
URGENCIES = {
    "Immediate": marked("Làm ngay"),
    "Expected": marked("Làm sớm, trong vòng một giờ"),
    "Future": marked("Sắp tới"),
    "Past": marked("Đã qua"),
    "Unknown": marked("Chưa rõ"),
}
CERTAINTIES = {
    "Observed": marked("Đang xảy ra"),
    "Likely": marked("Nhiều khả năng xảy ra"),
    "Possible": marked("Có thể xảy ra"),
    "Unlikely": marked("Ít khả năng xảy ra"),
    "Unknown": marked("Chưa rõ"),
}
CATEGORIES = {
    "Met": marked("Thời tiết, thủy văn"),
    "Geo": marked("Sạt lở, động đất"),
    "Env": marked("Môi trường"),
    "Health": marked("Sức khỏe"),
    "Fire": marked("Cháy"),
    "Transport": marked("Giao thông"),
    "Infra": marked("Hạ tầng: điện, nước, viễn thông"),
    "Safety": marked("An toàn chung"),
    "Security": marked("An ninh"),
    "Rescue": marked("Cứu nạn"),
    "CBRNE": marked("Hóa chất, phóng xạ, chất nổ"),
    "Other": marked("Khác"),
}
RESPONSES = {
    "Shelter": marked("Trú ẩn tại chỗ"),
    "Evacuate": marked("Sơ tán"),
    "Prepare": marked("Chuẩn bị"),
    "Execute": marked("Làm theo phương án đã có"),
    "Avoid": marked("Tránh xa"),
    "Monitor": marked("Theo dõi tin"),
    "Assess": marked("Tự đánh giá"),
    "AllClear": marked("Đã hết nguy hiểm"),
    "None": marked("Không cần làm gì"),
}
STATUSES = {
    "Actual": marked("Thật"),
    "Exercise": marked("Diễn tập"),
    "Test": marked("Thử nghiệm"),
    "System": marked("Tin kỹ thuật"),
    "Draft": marked("Bản nháp"),
}
STATES = {
    "draft": marked("Bản nháp"),
    "asked": marked("Chờ người thứ hai duyệt"),
    "refused": marked("Bị trả lại"),
    "dropped": marked("Đã bỏ"),
    "published": marked("Đang có hiệu lực"),
    "superseded": marked("Đã có bản cập nhật"),
    "cancelled": marked("Đã hủy"),
    "expired": marked("Đã hết hạn"),
}
MSG_TYPES = {"Alert": marked("Cảnh báo mới"), "Update": marked("Cập nhật"), "Cancel": marked("Hủy")}


def moment(micros: int | None, now: int) -> str:
    """17:42 for today, 17:42 20/11 for another day of this year, with the year otherwise; a dash for never."""
    if micros is None:
        return "–"
    local, today = (clock.local(one) for one in (micros, now))
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} {local.day}/{local.month}" + ("" if local.year == today.year else f"/{local.year}")


whole = common.moment  # as the templates say it


def until(micros: int | None, now: int, say: Say) -> str:
    """`đến 23:00`; nothing for no end."""
    return "" if micros is None else say("đến {when}", when=moment(micros, now))


# where a fault is, as the form calls it
PLACES = {
    "event_vi": marked("Sự kiện, tiếng Việt"),
    "event_en": marked("Sự kiện, tiếng Anh"),
    "headline_vi": marked("Tiêu đề, tiếng Việt"),
    "headline_en": marked("Tiêu đề, tiếng Anh"),
    "description_vi": marked("Nội dung, tiếng Việt"),
    "description_en": marked("Nội dung, tiếng Anh"),
    "instruction_vi": marked("Việc cần làm, tiếng Việt"),
    "instruction_en": marked("Việc cần làm, tiếng Anh"),
    "headline": marked("Tiêu đề"),
    "instruction": marked("Việc cần làm"),
    "area": marked("Khu vực"),
    "units": marked("Phường, xã"),
    "shape": marked("Vùng khoanh trên bản đồ"),
    "expires": marked("Hết hiệu lực lúc"),
    "onset": marked("Bắt đầu lúc"),
    "category": marked("Loại"),
    "status": marked("Tính chất"),
    "reason": marked("Lý do"),
    "reason_vi": marked("Lý do, tiếng Việt"),
    "template": marked("Mẫu"),
    "read": marked("Đã đọc"),
}
# what is wrong, in the words of the form
_WRONG = {
    "is missing": marked("còn thiếu"),
    "is empty": marked("còn trống"),
    "is past": marked("đã qua"),
    "is too long": marked("quá dài"),
    "is after the end": marked("sau lúc hết hiệu lực"),
    "is too far away": marked("quá xa; một cảnh báo kéo dài nhiều nhất 30 ngày"),
    "holds a gap of the template": marked("còn chỗ trống […] chưa điền"),
    "is not GeoJSON": marked("không phải GeoJSON"),
    "the warning is not ready": marked("Cảnh báo chưa đủ để duyệt."),
    "this warning cannot be kept": marked("Chưa lưu được, xem các chỗ đánh dấu."),
    "say why it is refused": marked("Hãy nói vì sao trả lại."),
    "say why it is cancelled": marked("Hãy nói vì sao hủy."),
    "choose a template first": marked("Hãy chọn mẫu trước."),
    "somebody changed this warning meanwhile; read it again": marked("Có người vừa sửa cảnh báo này. Hãy đọc lại."),
    "only a warning that is in force is updated or cancelled": marked(
        "Chỉ cảnh báo đang có hiệu lực mới cập nhật hoặc hủy được."
    ),
    "an update or a cancellation of this warning is being prepared already": marked(
        "Đang có một bản cập nhật hoặc hủy được chuẩn bị."
    ),
    "what this message is about is over already: it ran out, or was updated or cancelled meanwhile": marked(
        "Cảnh báo này đã hết hạn, hoặc vừa được cập nhật hay hủy."
    ),
    "the page is too old; open it again": marked("Trang này đã cũ, hãy mở lại."),
}


def fault(one: Fault, say: Say) -> str:
    """A fault as a line under its field, or of a list."""
    label = PLACES.get(one.place) or PLACES.get(one.place.rpartition(".")[2])
    text = say(_WRONG[one.message]) if one.message in _WRONG else one.message
    return f"{say(label)}: {text}" if label else text


def told(error: DothiError, say: Say) -> DothiError:
    """An error in the words of the page."""
    faults = [
        Fault(one.place, say(_WRONG[one.message]) if one.message in _WRONG else one.message) for one in error.faults
    ]
    message = say(_WRONG[error.message]) if error.message in _WRONG else error.message
    known = {one.place for one in faults} & PLACES.keys()
    if faults and not known:
        message = f"{message} ({'; '.join(map(str, faults))})"
    return BadInput(message, faults)


def caution(one: Fault, say: Say) -> str:
    """What is allowed and still unwise."""
    if one.place.endswith(".headline"):
        return say("Tiêu đề dài hơn 160 ký tự; nhiều điện thoại sẽ cắt bớt.")
    if one.place.endswith(".instruction"):
        return say("Chưa nói người dân cần làm gì.")
    return say("Khu vực có quá nhiều điểm; một số nơi nhận không đọc hết.")
