"""What the desk's pages call things: lists, entries, deadlines, verbs, and errors in the reader's language."""

import re

from dothi.cases import calendar, due
from dothi.cases.calendar import Calendar
from dothi.cases.lists import Line
from dothi.cases.reading import Told
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.kit import clock
from dothi.kit.clock import DAY
from dothi.kit.errors import DothiError, Fault
from dothi.screens import words as common
from dothi.web.i18n import Say, marked, speaker

moment, short, day, hour, date_line = common.moment, common.short, common.day, common.hour, common.date_line
LISTS = {
    "team": marked("Việc của đội"),
    "mine": marked("Giao cho tôi"),
    "unassigned": marked("Chưa phân công"),
    "overdue": marked("Quá hạn"),
    "soon": marked("Sắp đến hạn"),
    "waiting": marked("Chờ người dân"),
    "co-handled": marked("Phối hợp"),
    "approval": marked("Chờ tôi duyệt"),
    "done": marked("Đã xử lý, chờ đánh giá"),
    "all": marked("Tất cả, cả việc đã đóng"),
}
EMPTY = {
    "team": marked("Đội không còn việc nào mở."),
    "mine": marked("Chưa có việc nào giao cho anh chị."),
    "unassigned": marked("Việc nào cũng đã có người nhận."),
    "overdue": marked("Không có việc quá hạn."),
    "soon": marked("Không có việc nào sắp đến hạn."),
    "waiting": marked("Không có việc nào đang chờ người dân."),
    "co-handled": marked("Không có cơ quan nào đang nhờ phối hợp."),
    "approval": marked("Không có bước nào chờ duyệt."),
    "done": marked("Không có việc nào chờ người dân đánh giá."),
    "all": marked("Chưa có việc nào."),
}
ORDERS = {
    "given": marked("Chờ nhận"),
    "received": marked("Đang thực hiện"),
    "done": marked("Chờ xác nhận"),
}
PRIORITIES = {
    "low": marked("Thấp"), "normal": marked("Bình thường"), "high": marked("Cao"), "urgent": marked("Khẩn"),
}  # fmt: skip
PRIORITY_MARKS = {"high": "major", "urgent": "critical"}
PHASE_MARKS = {"open": "info", "done": "normal"}
CHANNELS = {
    "web": marked("trang web"), "phone": marked("điện thoại 1022"), "desk": marked("tại quầy"),
    "open311": marked("ứng dụng khác"), "alarm": marked("tự sinh từ cảnh báo"), "field": marked("đội hiện trường"),
    "import": marked("chuyển từ hệ thống khác"),
}  # fmt: skip
LINKS = {
    "duplicate-of": marked("Trùng với"), "part-of": marked("Một phần của"), "caused-by": marked("Do"),
    "about": marked("Về"),
}  # fmt: skip
LINKED = {
    "duplicate-of": marked("Gộp vào đây"), "part-of": marked("Gồm cả"), "caused-by": marked("Gây ra"),
    "about": marked("Nhắc đến ở"),
}  # fmt: skip
FILES = {
    "before": marked("Trước"), "after": marked("Sau"), "paper": marked("Giấy tờ"), "result": marked("Kết quả"),
    "signature": marked("Chữ ký"), "other": marked("Khác"),
}  # fmt: skip
TRANSFERS = {
    "not-ours": marked("Không thuộc thẩm quyền của đơn vị này"),
    "wrong-place": marked("Ngoài địa bàn"),
    "no-capacity": marked("Không đủ người, phương tiện"),
    "other": marked("Lý do khác"),
}
REASONS = due.REASONS
# why somebody gives more time, or stops a clock: those of the ledger that people choose
EXTENSIONS = ("complex", "force-majeure", "other-office")
SUSPENSIONS = ("force-majeure", "other-office", "citizen")
ENTRIES = {
    "opened": marked("Mở việc"),
    "confirmed": marked("Đã xác nhận phản ánh"),
    "state": marked("Chuyển bước"),
    "assigned": marked("Giao việc"),
    "transferred": marked("Chuyển đơn vị"),
    "joined": marked("Thêm người cũng gặp"),
    "comment": marked("Trao đổi"),
    "note": marked("Ghi chú"),
    "priority": marked("Đổi mức ưu tiên"),
    "due": marked("Đổi hạn"),
    "suspended": marked("Dừng tính hạn"),
    "resumed": marked("Tính hạn trở lại"),
    "attached": marked("Tệp đính kèm"),
    "hidden": marked("Ẩn khỏi trang công khai"),
    "shown": marked("Hiện lại trên trang công khai"),
    "merged": marked("Gộp vào việc khác"),
    "linked": marked("Liên kết"),
    "rated": marked("Người dân đánh giá"),
    "reopened": marked("Mở lại"),
    "escalated": marked("Báo lên cấp trên vì hạn"),
    "job": marked("Việc ngoài hiện trường"),
    "contact": marked("Xem liên hệ của người phản ánh"),
    "payment": marked("Thanh toán"),
    "signed": marked("Kết quả đã được ký số"),
    "apology": marked("Xin lỗi trễ hẹn"),
    "fee": marked("Sửa mức phí"),
    "erased": marked("Xóa dữ liệu cá nhân"),
    "co-handled": marked("Nhờ phối hợp"),
    "co-done": marked("Phối hợp xong"),
    "pending": marked("Xin duyệt"),
    "returned": marked("Không duyệt, trả lại"),
    "moved": marked("Sửa vị trí"),
    "category": marked("Đổi lĩnh vực"),
    "reworded": marked("Sửa câu chữ được hiện"),
}
# the same in a sentence: "Việt đã nhận lúc 17:41"
DID = {
    "assigned": marked("đã giao việc này"),
    "transferred": marked("đã chuyển việc này cho đơn vị khác"),
    "comment": marked("đã trao đổi"),
    "priority": marked("đã đổi mức ưu tiên"),
    "due": marked("đã đổi hạn"),
    "suspended": marked("đã dừng tính hạn"),
    "resumed": marked("đã cho tính hạn trở lại"),
    "hidden": marked("đã ẩn việc này"),
    "shown": marked("đã hiện lại việc này"),
    "merged": marked("đã gộp việc này"),
    "co-handled": marked("đã nhờ phối hợp"),
    "pending": marked("đã xin duyệt một bước"),
    "returned": marked("đã trả lại bước xin duyệt"),
    "moved": marked("đã sửa vị trí"),
    "category": marked("đã đổi lĩnh vực"),
    "rated": marked("đã đánh giá"),
}
_CHANGED = marked("đã thay đổi việc này")
VERBS = {
    "assign": marked("Giao việc"),
    "take": marked("Nhận việc"),
    "comment": marked("Trao đổi"),
    "transfer": marked("Chuyển đơn vị"),
    "co-handle": marked("Nhờ phối hợp"),
    "co-done": marked("Báo phối hợp xong"),
    "extend": marked("Gia hạn"),
    "suspend": marked("Dừng tính hạn"),
    "resume": marked("Tính hạn trở lại"),
    "priority": marked("Đổi mức ưu tiên"),
    "place": marked("Sửa vị trí"),
    "category": marked("Đổi lĩnh vực"),
    "merge": marked("Gộp vào việc khác"),
    "link": marked("Liên kết"),
    "attach": marked("Thêm ảnh, tệp"),
    "hide": marked("Ẩn khỏi trang công khai"),
    "show": marked("Hiện lại công khai"),
    "reword": marked("Sửa câu chữ được hiện"),
    "approve": marked("Duyệt"),
    "return": marked("Trả lại"),
    "follow": marked("Theo dõi"),
    "contact": marked("Xem liên hệ"),
}
ICONS = {
    "assign": "user-plus", "take": "user", "comment": "message-square", "transfer": "corner-up-right",
    "co-handle": "users", "co-done": "check", "extend": "clock", "suspend": "clock", "resume": "clock",
    "merge": "layers", "attach": "camera", "resolve": "check", "start": "arrow-right", "reject": "ban",
    "duplicate": "layers", "ask": "circle-help", "answer": "message-square", "approve": "check", "return": "undo-2",
}  # fmt: skip
LADDER = {
    "handler": marked("người xử lý"), "office": marked("đơn vị phụ trách"), "manager": marked("lãnh đạo đơn vị"),
    "leader": marked("lãnh đạo thành phố"),
}  # fmt: skip
PLACES = {
    "text": marked("Nội dung"), "reason": marked("Lý do"), "office": marked("Đơn vị"), "handler": marked("Người xử lý"),
    "crew": marked("Đội"), "photo_after": marked("Ảnh sau khi xử lý"), "result": marked("Văn bản kết quả"),
    "checklist": marked("Danh mục việc của đội"), "duplicate_of": marked("Việc được giữ lại"), "title": marked("Tiêu đề"),
    "category": marked("Lĩnh vực"), "place": marked("Nơi xảy ra"), "address": marked("Địa chỉ"), "name": marked("Họ tên"),
    "phone": marked("Điện thoại"), "email": marked("Thư điện tử"), "purpose": marked("Mục đích"),
    "amount": marked("Thêm bao nhiêu"), "priority": marked("Mức ưu tiên"), "document": marked("Số văn bản"),
    "day": marked("Ngày"), "note": marked("Ghi chú"), "file": marked("Tệp"), "version": "", "link": marked("Liên kết"),
}  # fmt: skip
_MISSING = {
    "text": marked("Cần ghi nội dung."),
    "reason": marked("Chọn một lý do."),
    "office": marked("Chọn một đơn vị."),
    "handler": marked("Chọn người xử lý hoặc một đội."),
    "crew": marked("Chọn một đội."),
    "photo_after": marked("Cần ảnh chụp sau khi xử lý."),
    "result": marked("Cần văn bản kết quả."),
    "checklist": marked("Danh mục việc của đội chưa xong."),
    "duplicate_of": marked("Chọn việc được giữ lại."),
    "category": marked("Chọn lĩnh vực."),
    "place": marked("Cần một điểm trên bản đồ hoặc một địa chỉ."),
    "title": marked("Cần tiêu đề."),
    "document": marked("Cần số văn bản quyết định."),
}
_SAID = {
    "does not say whose it is": marked(
        "Nói rõ việc này của cơ quan nào: chọn nơi chuyển đến, hoặc ghi tên cơ quan trong nội dung."
    ),
    "has the case already": marked("Đơn vị này đang giữ việc; chọn đơn vị khác."),
    "is responsible itself": marked("Đơn vị này đang phụ trách; chọn đơn vị khác."),
    "is not one of that office's": marked("Không thuộc đơn vị này."),
    "there is no such case": marked("Không có việc nào mang mã này."),
    "is not asked here": marked("Lĩnh vực này không hỏi điều đó."),
    "no name of somebody": marked("Họ tên chỉ gồm chữ, ví dụ Nguyễn Văn An."),
    "no telephone number": marked("Không phải số điện thoại, ví dụ 0901 234 567."),
    "no e-mail address": marked("Không phải địa chỉ thư điện tử, ví dụ an@example.vn."),
    "is no point": marked("Không phải một điểm trên bản đồ."),
    "is missing": marked("Còn thiếu."),
    "infected": marked("Tệp có mã độc, không nhận."),
    "too many bytes": marked("Tệp quá lớn."),
}
_MESSAGES = {
    "the step cannot be taken so": marked("Chưa làm được bước này."),
    "the case cannot be given so": marked("Chưa giao được việc."),
    "the case cannot be sent on so": marked("Chưa chuyển được việc."),
    "that office cannot help": marked("Chưa nhờ được đơn vị này."),
    "this case cannot be opened": marked("Chưa mở được việc."),
    "this contact cannot be kept": marked("Liên hệ chưa đúng."),
    "say what the contact is needed for": marked("Ghi rõ xem liên hệ để làm gì, từ 5 chữ cái."),
    "this case has no contact": marked("Việc này không có liên hệ."),
    "say why there is more time": marked("Ghi rõ vì sao gia hạn."),
    "say why it is hidden": marked("Ghi rõ vì sao ẩn."),
    "say why the step is sent back": marked("Ghi rõ vì sao trả lại."),
    "say something": marked("Ghi nội dung trao đổi."),
    "no such link": marked("Liên kết không đúng."),
    "no deadline of this case runs": marked("Việc này không có hạn nào đang tính."),
    "the deadline cannot be extended": marked("Chưa gia hạn được."),
    "the deadline cannot be stopped": marked("Chưa dừng được hạn."),
    "the deadlines of this case are stopped already": marked("Hạn của việc này đang dừng."),
    "the deadlines of this case are not stopped": marked("Hạn của việc này không bị dừng bằng tay."),
    "no step of this case waits for approval": marked("Không còn bước nào chờ duyệt."),
    "a step of this case waits for approval; it is confirmed or sent back first": marked(
        "Việc đang có một bước chờ duyệt: duyệt hoặc trả lại bước đó trước."
    ),
    "whoever asked for the step does not approve it: another person does": marked(
        "Người xin duyệt không tự duyệt được: cần một người khác."
    ),
    "your office is not asked to help here": marked("Đơn vị của anh chị không được nhờ phối hợp ở việc này."),
    "to another office a case goes by transfer, with its reason": marked(
        "Giao cho đơn vị khác thì dùng Chuyển đơn vị, có lý do."
    ),
    "this case has files enough": marked("Việc này đã đủ số tệp cho phép."),
    "this file is too large": marked("Tệp quá lớn."),
    "there is no such case to be seen": marked("Không có việc nào mang mã này, hoặc anh chị không được xem."),
    "there is no such template to be seen": marked("Không có mẫu trả lời này."),
    "this template cannot be kept": marked("Chưa lưu được mẫu."),
    "this day cannot be declared": marked("Chưa đặt được ngày này."),
    "the category is of another type": marked("Lĩnh vực này thuộc loại việc khác."),
    "there is no such place": marked("Không có nơi nào như vậy."),
    "only a picture can be blurred": marked("Chỉ làm mờ được ảnh."),
    "these boxes cannot be blurred": marked("Vùng làm mờ không hợp lệ."),
    "sign in to see the desk": marked("Đăng nhập để vào bàn làm việc."),
}
_CANNOT = re.compile(r"the case is ([a-z-]+): .*")


def state(type_: str, code: str, language: str) -> str:
    """A state as the inside calls it."""
    found = types().states.get((type_, code))
    return found.title.of(language) if found else code


def subject(category: str | None, language: str) -> str:
    """What a case is about: its category, or its public service."""
    found = types().about(category)
    return found.title.of(language) if found else ""


def entry(one: Told, type_: str, language: str, say: Say) -> str:
    """What happened, in a few words."""
    if one.kind in ("state", "pending", "returned", "confirmed", "assigned", "merged") and one.step:
        step = types().step(type_, one.step)
        if step is not None:
            title = step.title.of(language)
            if one.kind == "pending":
                return say("Xin duyệt: {step}", step=title)
            if one.kind == "returned":
                return say("Không duyệt: {step}", step=title)
            if one.kind == "state":
                return title
    return say(ENTRIES.get(one.kind, one.kind))


def did(one: Told, type_: str, language: str, say: Say) -> str:
    """What somebody did, as the rest of a sentence with their name."""
    if one.kind == "state" and one.step and (step := types().step(type_, one.step)) is not None:
        title = step.title.of(language)
        return say("đã làm bước “{step}”", step=title)
    return say(DID.get(one.kind, _CHANGED))


def left(cal: Calendar, due_at: int, now: int, language: str, since: int | None = None) -> str:
    """How long is left of a deadline or how late it is: còn 3 ngày làm việc, trễ 2 ngày làm việc."""
    name, amount = remaining(cal, due_at, now, language, since)
    return f"{name[:1].lower()}{name[1:]} {amount}" if now > due_at else due.left(cal, due_at, now, language, since)


def remaining(cal: Calendar, due_at: int, now: int, language: str, since: int | None = None) -> tuple[str, str]:
    """What is left of a deadline, or how late it is, with the name of it: Còn lại, 3 ngày làm việc; Trễ, 2 ngày làm việc."""
    say = speaker(language)
    first, last = sorted((now, due_at))
    days = due.days_left(cal, due_at, now, since)
    minutes = due.span((last - first) // calendar.MINUTE, say)
    name = say("Trễ") if now > due_at else say("Còn lại")
    if days >= 1:
        return name, say("1 ngày làm việc") if days == 1 else say("{n} ngày làm việc", n=days)
    if now > due_at and (passed := (now - due_at) // DAY):  # over a weekend no working day passes, but days do
        return name, due.days_said(passed, say)
    return name, minutes


def due_mark(of: Case | Line, now: int, edge: int, near: bool = False) -> str:
    """The shape of a deadline: critical overdue, major soon, minor by the next working day, none later."""
    found = due.state(of, now, edge)  # type: ignore[arg-type]
    return {"overdue": "critical", "due-soon": "major"}.get(found, "minor" if near and found == "on-time" else "")


def due_when(due_at: int, now: int, language: str) -> str:
    """17:00 hôm nay, 17:00 23/11."""
    if common.day(due_at) == common.day(now):
        say = speaker(language)
        return say("{hour} hôm nay", hour=common.hour(due_at))
    return common.short(due_at, now)


def weekday(day: object, language: str) -> str:
    """Thứ Ba 24/11/2026."""
    at = calendar.midnight(day)  # type: ignore[arg-type]
    return common.date_line(at, language)


def fault(one: Fault, say: Say) -> str:
    """One thing wrong with a form, in the reader's words."""
    place = one.place.partition(".")[0]
    if place in _MISSING and (one.message == "is missing" or place in ("reason", "document")):
        return say(_MISSING[place])
    if one.message in _SAID:
        return say(_SAID[one.message])
    long = re.fullmatch(r"(\d+) (?:characters|letters)", one.message)
    span = re.fullmatch(r"(?:(\d+) to|at most) (\d+) (?:characters|letters)", one.allowed or "")
    if long and span:
        return say("Đang có {n} chữ cái; cần {a} đến {b}.", n=long[1], a=span[1] or 0, b=span[2])
    name = say(PLACES[place]) if PLACES.get(place) else place
    figures = (
        one.allowed if re.fullmatch(r"[\d\s.,:/-]{1,80}", one.allowed or "") else ""
    )  # what is said in words is English
    return say("{place}: chưa đúng.", place=name) + (f" {figures}" if figures else "")


def told(error: DothiError, say: Say) -> DothiError:
    """The error in the reader's words; what has none stays as it is."""
    message = error.message
    stuck = _CANNOT.fullmatch(message)
    if message in _MESSAGES:
        message = say(_MESSAGES[message])
    elif stuck:
        message = say("Việc đã sang bước khác: không làm được bước này nữa.")
    elif error.status == 403:
        message = say("Anh chị không có quyền làm việc này ở đơn vị đang giữ việc.")
    return common.retold(
        error, message, [Fault(one.place, fault(one, say)) for one in error.faults if one.place != "version"]
    )


def type_(code: str, language: str) -> str:
    """What a type of cases is called."""
    found = types().by_code.get(code)
    return found.title.of(language) if found else code


def local_day(now: int) -> str:
    """2026-11-21 in Vietnam, as names of files carry it."""
    return f"{clock.local(now):%Y-%m-%d}"
