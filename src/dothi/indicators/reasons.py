"""Why there is no number, or why it is doubtful: said for people."""

_SAID: dict[str, tuple[str, str]] = {
    "no-data": ("Kỳ này chưa có số liệu", "No data in this period"),
    "no-sensors": ("Nơi này chưa có cảm biến đo chỉ số này", "No sensor measures this here"),
    "no-values": ("Cảm biến có, nhưng kỳ này không gửi số đo", "There are sensors, but none sent values in this period"),
    "no-dataset": ("Chưa có bộ dữ liệu cần dùng", "The dataset it needs is not there"),
    "other-fields": ("Bộ dữ liệu không còn trường mà chỉ số cần", "The dataset no longer has the fields it asks for"),
    "not-kept-then": ("Khi đó bộ dữ liệu chưa được lập", "The dataset was not kept then"),
    "no-records": ("Không có bản ghi nào để tính", "No record to compute from"),
    "no-place": ("Có bản ghi không có vị trí, không rõ thuộc địa bàn nào", "Some records have no location, so their place is not known"),
    "whole-city": ("Số liệu chung của cả thành phố, không chia theo phường, xã", "Known for the city as a whole only"),
    "many-cities": ("Có nhiều thành phố mà bản ghi không nói thuộc thành phố nào", "There are several cities and the records do not say whose they are"),
    "has-places": ("Bản ghi có vị trí, nên không phải số liệu chung của cả thành phố", "The records have places, so they are not the whole city's"),
    "no-cases": ("Không có vụ việc nào để tính", "No case to compute from"),
    "no-population": ("Chưa có số dân của đơn vị", "The population is not known"),
    "no-area": ("Chưa có diện tích của đơn vị", "The area is not known"),
    "no-outlines": ("Chưa có ranh giới của đơn vị thời đó", "The outlines of that time are not known"),
    "no-indicator": ("Chỉ số dùng để tính đang thiếu", "The indicator it rests on is missing"),
    "no-weight": ("Chưa có hệ số quy đổi giữa đơn vị cũ và mới", "No weight says how the old unit was divided"),
    "no-shares": ("Chỉ số loại này không chia nhỏ theo đơn vị được", "Numbers of this kind cannot be divided between units"),
    "part-missing": ("Thiếu số liệu của một phần địa bàn", "Part of the territory has no data"),
    "nothing-to-divide-by": ("Mẫu số bằng 0", "The denominator is zero"),
    "no-result": ("Công thức không cho kết quả", "The formula has no result"),
    "thin": ("Thiếu dữ liệu", "Too little data"),
    "not-computed": ("Chưa tính cho kỳ này", "Not computed for this period yet"),
    "ended": ("Đơn vị không còn hoặc chưa có vào thời điểm này", "The unit did not stand then"),
}  # fmt: skip
CODES = tuple(_SAID)


def said(reason: str | None, language: str = "vi") -> str:
    """A reason in words; nothing for none."""
    if reason is None:
        return ""
    if reason.startswith("few-"):
        least = reason.removeprefix("few-")
        return f"Few (<{least})" if language == "en" else f"Ít (<{least})"
    vi, en = _SAID.get(reason, (reason, reason))
    return en if language == "en" else vi
