"""Numbers as an SDMX-JSON 2.0.0 data message (SDMX 3.0): series by indicator, place and frequency. Pure.

Source: SDMX-JSON Data Message 2.0.0, field guide and JSON schema. Codes of FREQ and OBS_STATUS are those of the SDMX
cross-domain code lists CL_FREQ and CL_OBS_STATUS.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dothi.indicators.model import Declared
from dothi.indicators.periods import KINDS, Kind
from dothi.indicators.values import Value
from dothi.kit import clock

SCHEMA = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/data-message/tools/schemas/2.0.0/sdmx-json-data-schema.json"
Text = Mapping[str, str]
FREQUENCIES: dict[Kind, tuple[str, Text]] = {
    "day": ("D", {"vi": "Ngày", "en": "Daily"}), "week": ("W", {"vi": "Tuần", "en": "Weekly"}),
    "month": ("M", {"vi": "Tháng", "en": "Monthly"}), "quarter": ("Q", {"vi": "Quý", "en": "Quarterly"}),
    "year": ("A", {"vi": "Năm", "en": "Annual"}),
}  # fmt: skip
STATUSES: tuple[tuple[str, Text], ...] = (
    ("A", {"vi": "Bình thường", "en": "Normal value"}),
    ("P", {"vi": "Tạm tính, kỳ đang chạy", "en": "Provisional value: the period still runs"}),
    ("U", {"vi": "Độ tin cậy thấp, thiếu dữ liệu", "en": "Low reliability: too little data"}),
    ("M", {"vi": "Không có số liệu", "en": "Missing value"}),
)
_OBSERVATION = (
    ("OBS_STATUS", {"vi": "Trạng thái", "en": "Observation status"}),
    ("SIMULATED", {"vi": "Mô phỏng", "en": "Rests on simulated values"}),
    ("COVERAGE", {"vi": "Độ phủ, 0 đến 1", "en": "Coverage, 0 to 1"}),
    ("REASON", {"vi": "Vì sao thiếu", "en": "Why it is missing"}),
    ("RECEIPT", {"vi": "Biên nhận", "en": "Receipt"}),
)
_SERIES = (
    ("UNIT_MEASURE", {"vi": "Đơn vị (UCUM)", "en": "Unit of measure (UCUM)"}),
    ("DECIMALS", {"vi": "Số chữ số thập phân", "en": "Decimals"}),
)


def message(
    known: Mapping[str, Declared], values: Sequence[Value], language: str, now: int, address: str
) -> dict[str, Any]:
    """The whole message. now: µs UTC; address: where it was asked for."""
    indicators = _codes((one.indicator, _of(known[one.indicator].title)) for one in values)
    places = _codes(
        (one.place.code, {"vi": one.place.name, "en": one.place.name_en or one.place.name}) for one in values
    )
    kinds = [kind for kind in KINDS if any(one.kind == kind for one in values)]
    spans = sorted({(one.start, one.end, one.period) for one in values})
    times = {period: i for i, (_, _, period) in enumerate(spans)}
    order = {code: i for i, code in enumerate(indicators)}, {code: i for i, code in enumerate(places)}
    status = {code: i for i, (code, _) in enumerate(STATUSES)}
    series: dict[str, dict[str, Any]] = {}
    for one in values:
        key = f"{order[0][one.indicator]}:{order[1][one.place.code]}:{kinds.index(one.kind)}"
        declared = known[one.indicator]
        held = series.setdefault(key, {"attributes": [declared.unit.ucum, declared.decimals], "observations": {}})
        held["observations"][str(times[one.period])] = [
            one.number, status[_status(one)], one.simulated, one.coverage, one.reason, one.receipt_id,
        ]  # fmt: skip

    def dimension(id_: str, names: Text, place: int, rows: list[dict[str, Any]], *roles: str) -> dict[str, Any]:
        made = {"id": id_, **_named(names, language), "keyPosition": place, "values": rows}
        return made | ({"roles": list(roles)} if roles else {})

    def value(code: str, names: Text) -> dict[str, Any]:
        return {"id": code, **_named(names, language)}

    keys = ["INDICATOR", "REF_AREA", "FREQ"]
    structure: dict[str, Any] = {
        **_named({"vi": "Chỉ tiêu đô thị", "en": "City indicators"}, language), "dataSets": [0],
        "dimensions": {
            "dataSet": [],
            "series": [
                dimension("INDICATOR", {"vi": "Chỉ tiêu", "en": "Indicator"}, 0, [value(c, t) for c, t in indicators.items()]),
                dimension("REF_AREA", {"vi": "Địa bàn", "en": "Reference area"}, 1, [value(c, t) for c, t in places.items()], "REF_AREA"),
                dimension("FREQ", {"vi": "Kỳ", "en": "Frequency"}, 2, [value(*FREQUENCIES[kind]) for kind in kinds], "FREQ"),
            ],
            "observation": [
                dimension("TIME_PERIOD", {"vi": "Thời kỳ", "en": "Time period"}, 3, [
                    value(period, {"vi": period, "en": period}) | {"start": clock.iso(start), "end": clock.iso(end)}
                    for start, end, period in spans
                ], "TIME_PERIOD")
            ],
        },
        "measures": {"observation": [
            {"id": "OBS_VALUE", **_named({"vi": "Giá trị", "en": "Observation value"}, language), "format": {"dataType": "Double"}}
        ]},
        "attributes": {
            "series": [{"id": id_, **_named(names, language), "relationship": {"dimensions": keys}} for id_, names in _SERIES],
            "observation": [
                {"id": id_, **_named(names, language), "relationship": {"observation": {}}}
                | ({"values": [value(*one) for one in STATUSES]} if id_ == "OBS_STATUS" else {})
                for id_, names in _OBSERVATION
            ],
        },
    }  # fmt: skip
    links = [{"href": address, "rel": "self"}]
    meta = {
        "schema": SCHEMA, "id": f"IND{now}", "test": any(one.simulated for one in values), "prepared": clock.iso(now),
        "contentLanguages": [language, "en" if language == "vi" else "vi"], "sender": {"id": "dothi"}, "links": links,
    }  # fmt: skip
    if not values:  # a dimension without a value is none
        return {"meta": meta, "data": {"structures": [], "dataSets": []}}
    return {
        "meta": meta,
        "data": {"structures": [structure], "dataSets": [{"structure": 0, "action": "Information", "links": links, "series": series}]},
    }  # fmt: skip


def _status(value: Value) -> str:
    if value.number is None:
        return "M"
    if value.running:
        return "P"
    return "U" if value.state == "thin" else "A"


def _codes(pairs: Iterable[tuple[str, Text]]) -> dict[str, Text]:
    return dict(pairs)


def _of(text: Any) -> Text:
    return {"vi": text.vi, "en": text.en}


def _named(names: Text, language: str) -> dict[str, Any]:
    return {"name": names.get(language, names["vi"]), "names": dict(names)}
