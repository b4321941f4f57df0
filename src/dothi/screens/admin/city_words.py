"""What kinds, verbs and notes of a plan are called on the page of a city."""

import json
import re
from typing import Any

from dothi.city.difference import Change
from dothi.web.i18n import Say, marked

KINDS = {
    "agency": marked("Cơ quan"), "base": marked("Bản đồ nền"), "area": marked("Khu vực"), "setting": marked("Thiết lập"),
    "property": marked("Đại lượng đo"), "sensor": marked("Kiểu cảm biến"), "thing": marked("Thiết bị"),
    "datastream": marked("Luồng số đo"), "dataset": marked("Tập dữ liệu"), "records": marked("Bản ghi"),
    "office": marked("Phân công xử lý"), "crew": marked("Tổ, đội"), "rule": marked("Quy tắc cảnh báo"),
    "switch": marked("Bật, tắt quy tắc"), "schedule": marked("Lịch điều khiển"), "target": marked("Mục tiêu chỉ số"),
}  # fmt: skip
VERBS = {
    "migrate": marked("chuyển đổi"), "create": marked("tạo mới"), "change": marked("đổi"), "remove": marked("bỏ"),
    "keep": marked("giữ nguyên"),
}  # fmt: skip
STATES = {"migrate": "info", "create": "normal", "change": "minor", "remove": "critical", "keep": "info"}
FIELDS = {
    "name": marked("tên"), "name_en": marked("tên tiếng Anh"), "description": marked("mô tả"), "agency": marked("cơ quan"),
    "lon": marked("kinh độ"), "lat": marked("vĩ độ"), "version": marked("phiên bản"), "sectors": marked("lĩnh vực"),
    "units": marked("xã, phường"), "sharing": marked("chia sẻ"), "properties.sharing": marked("chia sẻ"),
    "digest": marked("nội dung tệp"), "count": marked("số bản ghi"), "code": marked("mã"), "parent": marked("cơ quan cấp trên"),
    "categories": marked("loại việc"), "schema": marked("lược đồ"), "property": marked("đại lượng"), "title_en": marked("tên tiếng Anh"),
    "properties.name_en": marked("tên tiếng Anh"), "properties.every_seconds": marked("chu kỳ, giây"),
    "properties.levels": marked("các mức báo động"), "valid_from": marked("từ ngày"), "valid_to": marked("đến ngày"),
    "title": marked("tên"), "status": marked("trạng thái"), "when": marked("điều kiện"), "value": marked("giá trị"),
    "things": marked("thiết bị"), "steps": marked("các bước"),
}  # fmt: skip
_NOTES = (
    (r"removed by hand since the last apply", marked("đã bị bỏ bằng tay từ lần áp dụng trước")),
    (r"no longer wanted, but people and data may refer to it", marked("thiết kế không còn cần, nhưng người và dữ liệu có thể còn dùng")),
    (r"no longer wanted, but changed by hand since the last apply", marked("thiết kế không còn cần, nhưng đã được sửa bằng tay")),
    (r"no longer wanted, but holds ([\d,]+) observations", marked("thiết kế không còn cần, nhưng đang giữ {0} số đo")),
    (r"no longer wanted, but holds ([\d,]+) records", marked("thiết kế không còn cần, nhưng đang giữ {0} bản ghi")),
    (r"no longer wanted, but one of its datastreams stays", marked("thiết kế không còn cần, nhưng còn luồng số đo")),
    (r"also of ([\w-]+), which has it so", marked("cũng là của {0}, đang để như vậy")),
    (r"(.*): already done", marked("{0}: đã chuyển rồi")),
)  # fmt: skip
LONGEST = 90


def note(change: Change, say: Say) -> str:
    """A plan's note in the reader's language."""
    text = change.note or ""
    for pattern, said in _NOTES:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return say(said).format(*found.groups())
    return text


def value(given: Any, say: Say) -> str:
    """A value as a line of the plan shows it."""
    if given is None or given == "":
        return say("trống")
    if isinstance(given, bool):
        return say("có") if given else say("không")
    if isinstance(given, dict) and set(given) == {"vi", "en"}:
        given = given["vi"]
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
