"""A rule in one sentence a severity, as a duty officer reads it; and the other words of these pages."""

from datetime import datetime
from typing import Any

from dothi.alerts import explain, saying
from dothi.alerts.explain import span
from dothi.alerts.model import SEVERITIES, Clear, Condition, Named, On, RuleModel, Schedule, Threshold
from dothi.kit import clock
from dothi.screens import words as common
from dothi.sensing.sectors import Property, sectors
from dothi.sensing.state import number
from dothi.web.i18n import Say, marked

SEVERITY = common.SEVERITIES
STATUS = {"on": marked("Đang bật"), "off": marked("Đã tắt"), "draft": marked("Bản nháp")}
STATUS_MARK = {"on": "normal", "off": "offline", "draft": "nodata"}
ORIGIN = {"pack": marked("Gói lĩnh vực"), "person": marked("Tự đặt")}
SCOPES = {
    "thing": marked("Thiết bị"), "datastream": marked("Chuỗi số liệu"), "unit": marked("Phường, xã"),
    "sector": marked("Lĩnh vực"), "rule": marked("Quy tắc"), "agency": marked("Cơ quan"),
}  # fmt: skip
WEEKDAYS = {
    "mon": marked("thứ Hai"), "tue": marked("thứ Ba"), "wed": marked("thứ Tư"), "thu": marked("thứ Năm"),
    "fri": marked("thứ Sáu"), "sat": marked("thứ Bảy"), "sun": marked("Chủ nhật"),
}  # fmt: skip
_LEVELS = {"bd1": marked("báo động I"), "bd2": marked("báo động II"), "bd3": marked("báo động III")}


def instant(text: str) -> int | None:
    """What a datetime-local field says, Vietnam time; None when it says none."""
    try:
        return clock.micros(datetime.fromisoformat(text).replace(tzinfo=clock.VIETNAM)) if text else None
    except ValueError:
        return None


def minutes(value: float, say: Say, language: str) -> str:
    """A length of time, given in minutes, in the unit that suits it."""
    if value >= 2880:
        return say("{n} ngày", n=number(value / 1440, 1, language))
    if value >= 120:
        return say("{n} giờ", n=number(value / 60, 1, language))
    return say("{n} phút", n=number(value, 0 if value >= 10 else 1, language))


def property_of(model: RuleModel) -> Property | None:
    """What the rule watches, as its pack describes it."""
    return sectors().properties.get(model.on.property or "")


def subject(on: On, say: Say, language: str) -> str:
    """What is watched."""
    known = sectors().properties
    if on.property is not None:
        names = [_name(known.get(on.property), on.property, language)]
    elif on.inputs:
        names = list(
            dict.fromkeys(_name(known.get(one.property), one.property, language) for one in on.inputs.values())
        )
    else:
        return say("cả thiết bị")
    return ", ".join(names)


def _name(known: Property | None, code: str, language: str) -> str:
    if known is None:
        return code
    return (known.name.en if language == "en" and known.name.en else known.name.vi) or code


def _unit(model: RuleModel, language: str) -> tuple[str, int]:
    known = property_of(model)
    if known is None:
        return "", 2
    return known.unit.shown(language), known.decimals


def threshold(given: Threshold, model: RuleModel, say: Say, language: str) -> str:
    """A limit: a number with its unit, or what the subject sets for itself."""
    unit, decimals = _unit(model, language)
    if isinstance(given, Named):
        if given.level is not None:
            word = say(_LEVELS[given.level]) if given.level in _LEVELS else given.level
            said = say("mức {level} của trạm", level=word)
        else:
            said = say("thuộc tính {name} của nơi đo", name=given.attribute)
        if given.times != 1:
            said += f" × {number(given.times, 2, language)}"
        if given.plus:
            sign = "+" if given.plus > 0 else "\u2212"
            said += f" {sign} {number(abs(given.plus), decimals, language)} {unit}".rstrip()
        return said
    digits = next((d for d in range(decimals, 5) if round(given, d) == given), 4)
    return f"{number(given, digits, language)}\u00a0{unit}".rstrip("\u00a0")


def condition(one: Condition, model: RuleModel, say: Say, language: str) -> str:
    """A condition as a phrase that follows what is watched."""

    def limit(given: Threshold) -> str:
        return threshold(given, model, say, language)

    parts: list[str] = []
    if one.formula is not None:
        parts.append(say("công thức {said}", said=one.formula))
    for name, word in (
        ("above", marked("trên {x}")), ("from_", marked("từ {x} trở lên")), ("below", marked("dưới {x}")),
        ("to", marked("từ {x} trở xuống")),
    ):  # fmt: skip
        if (given := getattr(one, name)) is not None:
            parts.append(say(word, x=limit(given)))
    if one.outside is not None:
        parts.append(say("ngoài khoảng {a} đến {b}", a=limit(one.outside[0]), b=limit(one.outside[1])))
    if one.equals is not None:
        parts.append(say("bằng {x}", x=str(one.equals)))
    if one.rate is not None:
        if one.rate.rise is not None:
            parts.append(say("tăng quá {x} mỗi {t}", x=limit(one.rate.rise), t=span(one.rate.per, language)))
        if one.rate.fall is not None:
            parts.append(say("giảm quá {x} mỗi {t}", x=limit(one.rate.fall), t=span(one.rate.per, language)))
    if isinstance(one.absent, str):
        parts.append(say("không có số liệu trong {t}", t=span(one.absent, language)))
    elif one.absent is not None:
        parts.append(say(
            "không có số liệu trong {n} lần chu kỳ gửi, ít nhất {t}",
            n=number(one.absent.intervals, 1, language).rstrip("0").rstrip(",."), t=span(one.absent.least, language),
        ))  # fmt: skip
    if one.unusual is not None:
        parts.append(say("lệch quá {n} lần độ phân tán so với thường ngày", n=number(one.unusual.spreads, 1, language)))
    if one.fence is not None:
        word = marked("ở trong vùng {x}") if one.fence.is_ == "inside" else marked("ở ngoài vùng {x}")
        parts.append(say(word, x=one.fence.area or say("đã vẽ")))
    said = ", ".join(parts)
    if one.agree is not None:
        said += say(", ở ít nhất {n} cảm biến", n=one.agree.count)
        if one.agree.share:
            said += say(" và {n} % số đang gửi", n=round(one.agree.share * 100))
    if one.lasting is not None:
        said += say(", kéo dài {t}", t=span(one.lasting, language))
    if one.times is not None and one.within is not None:
        said += say(", {n} lần trong {t}", n=one.times, t=span(one.within, language))
    return said


def conditions(model: RuleModel, say: Say, language: str) -> list[tuple[str, str]]:
    """(severity, condition in words), the worst first."""
    return [(name, condition(model.when[name], model, say, language)) for name in SEVERITIES if name in model.when]


def clearing(clear: Clear, model: RuleModel, say: Say, language: str) -> str:
    """When an alarm of the rule ends."""
    unit, decimals = _unit(model, language)
    if clear.when is not None:
        said = say("Hết khi {x}", x=condition(clear.when, model, say, language))
    elif clear.margin:
        digits = next((d for d in range(decimals, 5) if round(clear.margin, d) == clear.margin), 4)
        said = say(
            "Hết khi lùi qua ngưỡng {x}", x=f"{number(clear.margin, digits, language)}\u00a0{unit}".rstrip("\u00a0")
        )
    else:
        said = say("Hết ngay khi không còn thỏa điều kiện")
    if clear.lasting:
        said += say(" và giữ như vậy {t}", t=span(clear.lasting, language))
    if clear.keep_for:
        said += say("; cảnh báo đứng ít nhất {t}", t=span(clear.keep_for, language))
    if clear.quiet:
        said += say("; cũng hết khi {t} không có số liệu", t=span(clear.quiet, language))
    return said


def schedule(given: Schedule | None, say: Say, language: str) -> str:
    """When the rule watches."""
    if given is None or not (given.hours or given.days or given.season):
        return say("Mọi lúc")
    return explain.schedule(given, language)


def value(one: Any, language: str) -> str:
    """The figure of an alarm with its unit."""
    return saying.value(one, language)


def title(one: Any, language: str) -> str:
    """The title of a rule of the database."""
    return str((one.title_en if language == "en" else None) or one.title)
