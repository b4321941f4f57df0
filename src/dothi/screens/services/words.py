"""The words of public services: fees, days, levels, states."""

from datetime import date

from dothi.cases.clock import of as amount_of
from dothi.cases.declared import Procedure
from dothi.cases.tables import CaseFile
from dothi.cases.timers import amount_said
from dothi.kit import clock
from dothi.screens import words
from dothi.web.i18n import Say, marked

LEVELS = {"commune": marked("Cấp phường, xã"), "province": marked("Cấp tỉnh")}
GRADES = {
    "full": marked("Toàn trình: nộp và nhận kết quả trên mạng"), "partial": marked("Một phần trên mạng"),
    "information": marked("Chỉ cung cấp thông tin"),
}  # fmt: skip
CERTAINTY = {
    "confirmed": marked("Đã đối chiếu với danh mục công bố"),
    "assumed": marked("Chưa đối chiếu với danh mục công bố của tỉnh: giấy tờ, số ngày và mức phí là giả định"),
}
PAYMENTS = {
    "asked": marked("Chờ thanh toán"), "paid": marked("Đã thu"), "failed": marked("Không thành"),
    "returned": marked("Đã hoàn"),
}  # fmt: skip
RESULTS = {"granted": marked("Chấp thuận"), "refused": marked("Từ chối")}
# what a citizen sees of the ten states: five stages on the way, and whether it goes on
STAGES = (
    (marked("Đã nộp"), ("filed",)), (marked("Tiếp nhận"), ("accepted",)),
    (marked("Đang giải quyết"), ("processing", "supplement", "fee", "stopped")), (marked("Có kết quả"), ("done",)),
    (marked("Đã trả kết quả"), ("handed-over",)),
)  # fmt: skip
TONES = {
    "supplement": "major", "fee": "major", "stopped": "minor", "not-accepted": "critical", "withdrawn": "offline",
    "done": "normal", "handed-over": "normal",
}  # fmt: skip
hour, day, moment, short, iso_day = words.hour, words.day, words.moment, words.short, date.isoformat
_DAYS = {
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ Nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def money(amount: int, language: str, say: Say) -> str:
    """75.000 ₫; 0 is no fee."""
    return f"{words.number(amount, 0, language)}\u00a0₫" if amount else say("Không thu")


def days(of: Procedure, language: str) -> str:
    """10 ngày làm việc."""
    return amount_said(*amount_of(of.days), language)


def due(micros: int | None, language: str) -> str:
    """17:00 thứ Hai 30/11/2026; a dash for none."""
    if micros is None:
        return "–"
    at = clock.local(micros)
    return f"{at:%H:%M} {_DAYS[language][at.weekday()]} {at:%d/%m/%Y}"


def whole_day(of: date, language: str) -> str:
    """Thứ Hai 30/11."""
    said = f"{_DAYS[language][of.weekday()]} {of:%d/%m}"
    return said[0].upper() + said[1:]


def size(count: int, language: str) -> str:
    """2,4 MB, 310 kB."""
    if count >= 1_000_000:
        return f"{words.number(count / 1_000_000, 1, language)}\u00a0MB"
    return f"{max(1, round(count / 1000))}\u00a0kB"


def share(value: float | None, language: str) -> str:
    """87,4 %; a dash for nothing counted."""
    return words.quantity(None if value is None else 100 * value, 1, "%", language)


def stages(state: str, say: Say) -> list[tuple[str, str]]:
    """The stages of a dossier on its way, each done, now or next."""
    here = next((at for at, (_, states) in enumerate(STAGES) if state in states), None)
    if here is None:  # not accepted, withdrawn: it went no further
        return []
    last = here == len(STAGES) - 1
    return [
        (say(title), "done" if at < here or last else "now" if at == here else "next")
        for at, (title, _) in enumerate(STAGES)
    ]


def paper_titles(of: Procedure | None, language: str) -> dict[str, str]:
    """The papers of a service by code."""
    return {one.code: one.title.of(language) for one in (of.papers if of else [])}


def paper_of(one: CaseFile, titles: dict[str, str], say: Say) -> str:
    """Which paper a file is."""
    return titles.get(one.paper or "", say("Giấy tờ khác"))


def figure(value: float, decimals: int, language: str) -> str:
    """86,4; a whole number without decimals."""
    return words.number(value, 0 if float(value).is_integer() else decimals, language)
