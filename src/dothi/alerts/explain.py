"""Why an alarm: the condition in words of both languages, and what it rests on."""

from collections.abc import Callable
from typing import Any

from dothi import packs
from dothi.alerts.facts import Facts
from dothi.alerts.memory import Change
from dothi.alerts.model import (
    WEEKDAYS,
    Absence,
    Clear,
    Condition,
    Named,
    On,
    RuleModel,
    Schedule,
    Severity,
    Threshold,
    micros,
)  # fmt: skip
from dothi.alerts.verdicts import number
from dothi.kit import formula
from dothi.kit.clock import DAY, HOUR, SECOND
from dothi.sensing.sectors import Property, sectors
from dothi.sensing.state import number as written

Language = str  # vi | en
SEVERITY_WORDS: dict[str, tuple[str, str]] = {
    "critical": ("Nghiêm trọng", "Critical"), "major": ("Lớn", "Major"), "minor": ("Nhẹ", "Minor"),
    "warning": ("Lưu ý", "Warning"),
}  # fmt: skip
HOW_WORDS: dict[str, tuple[str, str]] = {
    "condition": ("điều kiện không còn", "the condition is met no longer"),
    "quiet": ("không có số liệu nữa", "nothing came any more"),
    "schedule": ("hết giờ theo dõi", "its hours are over"),
    "by-hand": ("kết thúc bằng tay", "ended by hand"),
    "rule-off": ("quy tắc đã tắt", "the rule was switched off"),
    "withdrawn": ("số liệu đến sau cho thấy không có", "late data showed that it never was"),
}
_DAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def span(text: str, language: Language) -> str:
    """A time to wait in words: `1h30m` is "1 giờ 30 phút"."""
    left, parts = micros(text), []
    names = (("ngày", "d"), ("giờ", "h"), ("phút", "min"), ("giây", "s"))
    for size, (vi, en) in zip((DAY, HOUR, 60 * SECOND, SECOND), names, strict=True):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {en if language == 'en' else vi}")
    return " ".join(parts)


def condition(model: RuleModel, severity: Severity, facts: Facts | None = None, language: Language = "vi") -> str:
    """The condition of a severity in words; with the subject's own numbers where they are known."""
    return _Words(model, facts, language).whole(model.when[severity])


def rule(model: RuleModel, language: Language = "vi") -> list[tuple[str, str]]:
    """The whole rule in words: (what is meant, how it reads), for people who do not read YAML."""
    words = _Words(model, None, language)
    en = language == "en"
    said = [(SEVERITY_WORDS[severity][en], words.whole(given)) for severity, given in model.conditions()]
    said.append(("Ends" if en else "Kết thúc", words.clear(model.clear)))
    if model.schedule is not None:
        said.append(("Watches" if en else "Theo dõi", schedule(model.schedule, language)))
    if model.suppress is not None:
        said.append(("Silent under" if en else "Không kêu khi có", ", ".join(model.suppress.parents)))
    return said


def explained(model: RuleModel, facts: Facts, change: Change) -> dict[str, Any]:
    """What is kept with an alarm: how it came about, its numbers, the readings, and the condition in both languages."""
    return {
        "how": change.how, "value": change.value, "limit": change.limit, "at": change.at, "severity": change.severity,
        "unit": facts.unit,
        "words": {language: condition(model, change.severity, facts, language) for language in ("vi", "en")},
        "ends": {language: _Words(model, facts, language).clear(model.clear) for language in ("vi", "en")},
        "thresholds": {key: value for key, value in facts.numbers.items() if value is not None},
        "evidence": [
            {"stream": stream, "at": at, "value": value, "name": facts.names.get(stream, "")}
            for stream, at, value in change.evidence
        ],
    }  # fmt: skip


def continued(kept: dict[str, Any] | None, model: RuleModel, facts: Facts, change: Change) -> dict[str, Any]:
    """What is kept with an alarm, and beside it what made it as severe as it now is."""
    kept = kept or {}
    return {**kept, "steps": {**kept.get("steps", {}), change.severity: explained(model, facts, change)}}


def reckoned(on: On, text: str) -> str | packs.Text | None:
    """What a formula that is a number is measured in: as declared, or the unit all its inputs share and it keeps."""
    if on.unit is not None:
        return on.unit
    read = formula.parse(text)
    known = sectors().properties
    found = [known.get(on.inputs[name].property) for name in read.names if name in on.inputs]
    one = found[0] if found else None
    if one is None or not read.level or any(other is None or other.unit.ucum != one.unit.ucum for other in found):
        return None
    return one.unit.symbol


def schedule(given: Schedule, language: Language) -> str:
    """When a rule watches, in words."""
    en = language == "en"
    parts = []
    if given.hours:
        parts.append(", ".join(f"{one.from_}–{one.to}" for one in given.hours))
    if given.days:
        names = _DAYS_EN if en else _DAYS_VI
        parts.append(", ".join(names[WEEKDAYS.index(one)] for one in given.days))
    if given.season is not None:
        first, last = ("/".join(reversed(one.split("-"))) for one in (given.season.from_, given.season.to))
        parts.append(f"from {first} to {last} each year" if en else f"từ {first} đến {last} hằng năm")
    return "; ".join(parts) or ("always" if en else "mọi lúc")


class _Words:
    """Conditions of one rule in one language."""

    def __init__(self, model: RuleModel, facts: Facts | None, language: Language) -> None:
        self.model, self.facts, self.language = model, facts, language
        self.en = language == "en"
        self.property: Property | None = sectors().properties.get(_spoken(model.on) or "")
        self.kinds: dict[str, Callable[[Condition], str]] = {
            "threshold": self._threshold, "outside": self._outside, "equals": self._equals, "rate": self._rate,
            "absent": self._absent, "unusual": self._unusual, "fence": self._fence, "formula": self._formula,
        }  # fmt: skip

    def whole(self, given: Condition) -> str:
        said = self.kinds[given.kind](given)
        if given.agree is not None:
            share = f", ≥ {given.agree.share:.0%}" if given.agree.share else ""
            count = given.agree.count
            said = f"at least {count} sensors{share}: {said}" if self.en else f"ít nhất {count} cảm biến{share}: {said}"
        if given.lasting is not None:
            time = span(given.lasting, self.language)
            said += f", for {time}" if self.en else f", liên tục {time}"
        if given.times is not None and given.within is not None:
            time = span(given.within, self.language)
            each = given.counting == "crossings"
            if self.en:
                said += f", {given.times} {'crossings' if each else 'values'} within {time}"
            else:
                said += f", {given.times} {'lần vượt' if each else 'số đo'} trong {time}"
        return said

    def clear(self, given: Clear) -> str:
        if given.when is not None:
            said = ("when " if self.en else "khi ") + self.whole(given.when)
        elif given.margin:
            unit = self._unit()
            digits = self._digits(given.margin)
            margin = f"{written(given.margin, digits, self.language)} {unit}".strip()
            said = f"when {margin} back behind the threshold" if self.en else f"khi trở lại quá ngưỡng {margin}"
        else:
            said = HOW_WORDS["condition"][self.en]
        for key, vi, en in (
            ("lasting", "liên tục {}", "for {}"), ("keep_for", "giữ ít nhất {}", "kept for at least {}"),
            ("quiet", "hoặc không có số liệu {}", "or nothing comes for {}"),
        ):  # fmt: skip
            if (time := getattr(given, key)) is not None:
                said += ", " + (en if self.en else vi).format(span(time, self.language))
        return said

    def _name(self) -> str:
        return (
            self.property.name.of(self.language) if self.property is not None else ("value" if self.en else "giá trị")
        )

    def _unit(self) -> str:
        return self.property.unit.shown(self.language) if self.property is not None else ""

    def _digits(self, value: float) -> int:
        least = self.property.decimals if self.property is not None else 1
        return max(least, len(f"{value:.4f}".rstrip("0").partition(".")[2]))

    def _limit(self, given: Threshold, *, unit: str | None = None) -> str:
        """A threshold: its number and what it is called, `1,60 m (Báo động III)`."""
        unit = self._unit() if unit is None else unit
        found = number(given, self.facts.numbers if self.facts is not None else {})
        text = "" if found is None else f"{written(found, self._digits(found), self.language)} {unit}".strip()
        if not isinstance(given, Named):
            return text
        called = given.attribute or ""
        if given.level is not None:
            levels = (
                {one.code: one.name.of(self.language) for one in self.property.state.levels} if self.property else {}
            )
            called = levels.get(given.level, given.level)
        if given.times != 1:
            called = f"{written(given.times * 100, 0, self.language)} % {called}"
        if given.plus:
            sign = "+" if given.plus > 0 else "−"
            called += f" {sign} {written(abs(given.plus), self._digits(abs(given.plus)), self.language)} {unit}"
        if self.facts is not None and found is None:
            return f"{called} ({'unknown' if self.en else 'chưa biết'})"
        return f"{text} ({called})" if text else called

    def _threshold(self, given: Condition) -> str:
        return f"{self._name()} {self._comparison(given)}"

    def _comparison(self, given: Condition, unit: str | None = None) -> str:
        words = (
            ("above", "trên {}", "above {}"), ("from_", "từ {} trở lên", "{} or more"), ("below", "dưới {}", "below {}"),
            ("to", "từ {} trở xuống", "{} or less"),
        )  # fmt: skip
        said = [
            (en if self.en else vi).format(self._limit(limit, unit=unit))
            for key, vi, en in words
            if (limit := getattr(given, key)) is not None
        ]
        return (" and " if self.en else " và ").join(said)

    def _outside(self, given: Condition) -> str:
        low, high = (self._limit(one) for one in given.outside or ())
        return f"{self._name()} outside {low} to {high}" if self.en else f"{self._name()} ngoài khoảng {low} đến {high}"

    def _equals(self, given: Condition) -> str:
        value = given.equals
        shown = (
            str(value)
            if not isinstance(value, bool)
            else ("yes" if value else "no")
            if self.en
            else ("có" if value else "không")
        )
        return f"{self._name()} is {shown}" if self.en else f"{self._name()} là {shown}"

    def _rate(self, given: Condition) -> str:
        rate = given.rate
        assert rate is not None  # noqa: S101 - its kind says so
        per = span(rate.per, self.language).removeprefix("1 ")
        said = []
        for limit, vi, en in ((rate.rise, "tăng hơn {} mỗi {}", "rises by more than {} per {}"),
                              (rate.fall, "giảm hơn {} mỗi {}", "falls by more than {} per {}")):  # fmt: skip
            if limit is not None:
                said.append((en if self.en else vi).format(self._limit(limit), per))
        joined = (" or " if self.en else " hoặc ").join(said)
        over = span(rate.over, self.language)
        return f"{self._name()} {joined} ({'over' if self.en else 'tính trong'} {over})"

    def _absent(self, given: Condition) -> str:
        if isinstance(given.absent, Absence):
            least, times = span(given.absent.least, self.language), f"{given.absent.intervals:g}"
            if self.en:
                return f"nothing came for {times} expected intervals, at least {least}"
            return f"không có số liệu trong {times} kỳ đo, ít nhất {least}"
        time = span(given.absent or "1s", self.language)
        return f"nothing came for {time}" if self.en else f"không có số liệu trong {time}"

    def _unusual(self, given: Condition) -> str:
        unusual = given.unusual
        assert unusual is not None  # noqa: S101 - its kind says so
        side = {"above": ("cao hơn", "above"), "below": ("thấp hơn", "below"), "both": ("lệch", "away from")}[
            unusual.side
        ]
        least = ""
        if unusual.least:
            shown = f"{written(unusual.least, self._digits(unusual.least), self.language)} {self._unit()}".strip()
            least = f" and {shown}" if self.en else f" và {shown}"
        if self.en:
            return f"{self._name()} {side[1]} the usual of this hour of the week by more than {unusual.spreads:g} spreads{least}"
        return f"{self._name()} {side[0]} mức thường thấy của giờ này trong tuần hơn {unusual.spreads:g} lần độ phân tán{least}"

    def _fence(self, given: Condition) -> str:
        fence = given.fence
        assert fence is not None  # noqa: S101 - its kind says so
        place = fence.area or ("the drawn area" if self.en else "vùng đã vẽ")
        inside = fence.is_ == "inside"
        if self.en:
            return f"is {'inside' if inside else 'outside'} {place}"
        return f"ở {'trong' if inside else 'ngoài'} {place}"

    def _formula(self, given: Condition) -> str:
        inputs = self.model.on.inputs
        known = sectors().properties
        names = [
            f"{name} = {known[one.property].name.of(self.language)}"
            for name, one in inputs.items()
            if one.property in known
        ]
        names += [f"{name} = {self._limit(one)}" for name, one in self.model.on.constants.items()]
        assert given.formula is not None  # noqa: S101 - its kind says so
        unit = reckoned(self.model.on, given.formula) or ""
        bounds = self._comparison(given, unit=unit.of(self.language) if isinstance(unit, packs.Text) else unit)
        return f"{given.formula} {bounds}".strip() + (f" ({', '.join(names)})" if names else "")


def _spoken(on: On) -> str | None:
    """The property whose unit and levels a rule's numbers are in."""
    if on.property is not None:
        return on.property
    own = [one.property for one in on.inputs.values() if one.thing is None and one.nearest_m is None]
    return own[0] if own else None
