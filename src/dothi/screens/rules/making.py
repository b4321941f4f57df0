"""A new rule by choosing: what is measured, what is out of order about it, and how bad each limit is. Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dothi.alerts.model import SEVERITIES, WEEKDAYS
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import slug, whole
from dothi.screens.rules.editing import hours, number, put
from dothi.sensing.sectors import Property
from dothi.web.i18n import marked

Field = tuple[str, str, str]  # name, what it is called, what is counted: property | minutes | count | spreads


@dataclass(frozen=True)
class Kind:
    """What can be out of order. fields: asked for each severity; lasts: whether it may have to hold for a while."""

    title: str
    example: str
    fields: tuple[Field, ...]
    lasts: bool = True
    words: bool = False  # properties that are a truth or a category have it too


KINDS: dict[str, Kind] = {
    "high": Kind(marked("Cao quá ngưỡng"), marked("mực nước từ 1,4 m trở lên"), (("from", marked("Từ, trở lên"), "property"),)),
    "low": Kind(marked("Thấp quá ngưỡng"), marked("áp lực nước từ 1 bar trở xuống"), (("to", marked("Từ, trở xuống"), "property"),)),
    "range": Kind(
        marked("Ra ngoài khoảng"), marked("điện áp dưới 198 V hoặc trên 242 V"),
        (("low", marked("Thấp hơn"), "property"), ("high", marked("Cao hơn"), "property")),
    ),
    "rate": Kind(
        marked("Tăng, giảm nhanh"), marked("mực nước lên hơn 0,3 m mỗi giờ"),
        (("rise", marked("Tăng hơn"), "property"), ("fall", marked("Giảm hơn"), "property")),
    ),
    "silent": Kind(
        marked("Mất số liệu"), marked("30 phút không có số liệu nào"),
        (("silent", marked("Im lặng"), "minutes"),), lasts=False, words=True,
    ),
    "unusual": Kind(
        marked("Khác thường ngày"), marked("lệch xa mức thường thấy của giờ này trong tuần"),
        (("spreads", marked("Lệch hơn, số lần độ phân tán"), "spreads"),),
    ),
    "many": Kind(
        marked("Nhiều nơi cùng báo"), marked("từ 3 cảm biến trong một phường cùng đo 15 cm trở lên"),
        (("from", marked("Từ, trở lên"), "property"), ("count", marked("Số cảm biến"), "count")),
    ),
    "fence": Kind(
        marked("Ra, vào một vùng"), marked("xe ra khỏi địa bàn"), (("area", marked("Mã vùng hoặc mã phường, xã"), "area"),),
        words=True,
    ),
}  # fmt: skip
SIDES = {"both": marked("cao hơn hoặc thấp hơn"), "above": marked("cao hơn"), "below": marked("thấp hơn")}
GROUPS = {
    "unit": marked("theo phường, xã"),
    "thing": marked("theo từng thiết bị"),
    "rule": marked("cả quy tắc làm một"),
}
BESIDE = {"unit": marked("trong một phường, xã"), "area": marked("ở bất cứ đâu"), "distance": marked("gần nhau")}
IS = {"outside": marked("ở ngoài"), "inside": marked("ở trong")}
USUAL = {
    "margin": "",
    "per": "60",
    "over": "30",
    "side": "both",
    "by": "unit",
    "metres": "1000",
    "is": "outside",
    "group": "thing",
}
_LONGEST = 80


def fits(kind: str, prop: Property) -> bool:
    """Whether a property can be watched so."""
    return KINDS[kind].words or prop.kind in {"measurement", "count"}


def code_of(title: str, taken: Container[str]) -> str:
    """A code from a title, one nobody has: `Ngập đường Hùng Vương` is `ngap-duong-hung-vuong`."""
    made = slug(title)[:50].strip("-")
    made = made if made[:1].isalpha() else f"quy-tac-{made}".strip("-")
    return next(code for n in range(1, 10_000) if (code := made if n == 1 else f"{made}-{n}") not in taken)


def definition(
    kind: str, prop: Property, sector: str | None, values: Mapping[str, str], chosen: Mapping[str, Sequence[str]],
    taken: Container[str],
) -> dict[str, Any]:  # fmt: skip
    """The rule a form says. chosen: what was ticked, of `days` and `units`. Raises BadInput naming the fields."""
    faults: list[Fault] = []
    title = values.get("title", "")
    faults += [
        Fault(name, marked("Cần một cái tên."), f"1 – {_LONGEST}")
        for name in ("title", "title_en")
        if not 1 <= len(values.get(name, "")) <= _LONGEST
    ]
    when = {
        severity: said for severity in SEVERITIES if (said := _condition(kind, prop, severity, values, faults)) is not None
    }  # fmt: skip
    if not when and not faults:
        faults.append(Fault("severities", marked("Cần ít nhất một mức có ngưỡng."), ""))
    on: dict[str, Any] = {"property": prop.code}
    if kind == "many":
        by = values.get("by", "") if values.get("by", "") in BESIDE else "unit"
        on["together"] = {"by": by}
        if by == "distance":
            on["together"]["metres"] = number(values.get("metres", ""), "metres", faults)
    where: dict[str, Any] = {}
    put(where, "units", list(chosen.get("units", ())))
    put(where, "things", [one.strip() for one in values.get("things", "").replace(";", ",").split(",") if one.strip()])
    put(on, "where", where)
    made: dict[str, Any] = {
        "code": code_of(title, taken), "title": {"vi": title, "en": values.get("title_en", "")}, "on": on, "when": when,
        "group": {"by": values.get("group") if values.get("group") in GROUPS else "thing", "window": "1h"},
        "status": "draft",
    }  # fmt: skip
    clear: dict[str, Any] = {}
    if values.get("margin"):
        put(clear, "margin", number(values["margin"], "margin", faults))
    put(clear, "lasting", _minutes(values.get("clear_lasting", ""), "clear_lasting", faults))
    schedule: dict[str, Any] = {}
    put(schedule, "hours", hours(values.get("hours", ""), faults))
    put(schedule, "days", [one for one in WEEKDAYS if one in chosen.get("days", ())])
    for name, value in (
        ("sector", sector), ("clear", clear), ("schedule", schedule), ("procedure", values.get("procedure")),
    ):  # fmt: skip
        put(made, name, value or None)
    if faults:
        raise BadInput(marked("Chưa đặt được quy tắc này."), faults)
    return made


def _condition(
    kind: str, prop: Property, severity: str, values: Mapping[str, str], faults: list[Fault]
) -> dict[str, Any] | None:
    """One severity's condition; None where nothing is said of it."""
    given = {name: values.get(f"{severity}_{name}", "") for name, _, _ in KINDS[kind].fields}
    lasting = values.get(f"{severity}_lasting", "")
    if not any(given.values()):
        if lasting:
            faults.append(Fault(f"{severity}_{next(iter(given))}", marked("Có thời gian mà chưa có ngưỡng."), ""))
        return None
    said: dict[str, Any] = {}
    limits = {
        name: _limit(given[name], prop, f"{severity}_{name}", faults)
        for name, _, counted in KINDS[kind].fields if counted == "property" and given[name]
    }  # fmt: skip
    match kind:
        case "high" | "low":
            said = dict(limits)
        case "range":
            faults += [
                Fault(f"{severity}_{name}", marked("Khoảng cần cả hai đầu."), "")
                for name in ("low", "high")
                if not given[name]
            ]
            said["outside"] = [limits.get("low"), limits.get("high")]
        case "rate":
            said["rate"] = {
                **limits, "per": _minutes(values.get("per", ""), "per", faults, needed=True),
                "over": _minutes(values.get("over", ""), "over", faults, needed=True),
            }  # fmt: skip
        case "silent":
            said["absent"] = _minutes(given["silent"], f"{severity}_silent", faults, needed=True)
        case "unusual":
            side = values.get("side", "")
            said["unusual"] = {
                "spreads": number(given["spreads"], f"{severity}_spreads", faults), "side": side if side in SIDES else "both",
            }  # fmt: skip
        case "many":
            count = number(given["count"] or "2", f"{severity}_count", faults)
            if not given["from"]:
                faults.append(Fault(f"{severity}_from", marked("Cần một ngưỡng."), ""))
            said = {**limits, "agree": {"count": int(count or 2)}}
        case _:
            said["fence"] = {"area": given["area"], "is": "inside" if values.get("is") == "inside" else "outside"}
    if KINDS[kind].lasts:
        put(said, "lasting", _minutes(lasting, f"{severity}_lasting", faults))
    return said


def _limit(text: str, prop: Property, place: str, faults: list[Fault]) -> Any:
    """A number in the property's unit, or the station's own level by its code."""
    if any(one.code == text.lower() for one in prop.state.levels):
        return {"level": text.lower()}
    return number(text, place, faults)


def _minutes(text: str, place: str, faults: list[Fault], *, needed: bool = False) -> str | None:
    if not text:
        if needed:
            faults.append(Fault(place, marked("Cần số phút."), "1 – 525 600"))
        return None
    minutes = whole(text, 6)
    if minutes is None or not 0 < minutes <= 525_600:
        faults.append(Fault(place, f"{text[:40]!r}", marked("số phút, như 15")))
        return None
    return f"{minutes}m"


def placed(fault: Fault, kind: str) -> Fault:
    """A fault of the definition under the field that wrote it."""
    parts = fault.place.split(".")
    names = [name for name, _, _ in KINDS[kind].fields]
    if parts[0] == "when" and len(parts) > 1:
        name = next(
            (one for one in reversed(parts) if one.removesuffix("_") in {*names, "lasting", "per", "over"}), names[0]
        )
        name = name.removesuffix("_")
        return Fault(name if name in {"per", "over"} else f"{parts[1]}_{name}", fault.message, fault.allowed)
    known = {"clear": "margin", "schedule": "hours", "on": "things", "code": "title"}
    return Fault(known.get(parts[0], parts[0]), fault.message, fault.allowed)
