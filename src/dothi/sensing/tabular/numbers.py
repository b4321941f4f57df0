"""Numbers as people type them: units inside, comma decimals, thousands points, N/A, "<5"; slow and exact, then fast."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dothi.sensing.tabular import units
from dothi.sensing.tabular.cells import EMPTY, OK, REFUSED, Cells, Parsed, by_distinct, number_text

MISSING = (
    "", "-", "--", "---", "n/a", "#n/a", "na", "nan", "null", "none", "nil", "?", "*", "không", "không có",
    "không có số liệu", "missing", "no data",
)  # fmt: skip
_SHAPE = re.compile(
    r"(?P<sign>[<>≤≥])?\s*(?P<n>[-+−]?\s?(?:\d[\d.,'\u00a0\u202f ]*\d|\d|[.,]\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>\S.*)?",
    re.DOTALL,
)
_TRUE, _FALSE = {"true", "1", "yes", "y", "có", "đúng", "on"}, {"false", "0", "no", "n", "không", "sai", "off"}


@dataclass
class Number:
    """How the cells of one property are read.

    unit: UCUM of the datastream; given: UCUM of a bare number in the file; factor, offset: an own conversion instead.
    molar_mass: g/mol of a gas, for ppb in the file and µg/m³ in the datastream.
    decimal: "." or ",", or "any": whichever is clear; thousands: the grouping mark, refused when not declared.
    below: what "<5" means: refuse, limit (5) or half (2.5), kept with its sign as the result's quality.
    """

    unit: str = "1"
    given: str | None = None
    factor: float | None = None
    offset: float = 0.0
    molar_mass: float | None = None
    decimal: Literal[".", ",", "any"] = "."
    thousands: str | None = None
    missing: frozenset[str] = frozenset(MISSING)
    low: float | None = None
    high: float | None = None
    below: Literal["refuse", "limit", "half"] = "refuse"
    whole: bool = False
    quality: dict[str, int] = field(default_factory=dict)  # JSON texts met, shared with the run

    def affine(self, written: str | None) -> tuple[float, float]:
        """Factor and offset for a number whose unit is written so, or not at all."""
        if written:
            code = units.ucum(written)
            try:
                return units.conversion(code, self.unit, self.molar_mass)
            except units.NoConversion:
                if self.factor is None or self.given is None:
                    raise
                factor, offset = units.conversion(code, self.given)
                return factor * self.factor, offset * self.factor + self.offset
        if self.factor is not None or self.offset:
            return self.factor if self.factor is not None else 1.0, self.offset
        return units.conversion(self.given or self.unit, self.unit, self.molar_mass)


def parse(text: str, how: Number) -> tuple[float | None, str | None]:
    """The number in one cell's text and its sign ("<" …) if any; None when the cell says nothing.

    Raises ValueError with the reason a person reads in the report.
    """
    said = text.strip().strip("\"'").strip()
    if said.casefold() in how.missing:
        return None, None
    found = _SHAPE.fullmatch(said)
    if found is None:
        raise ValueError("not a number")
    value = _digits(found["n"], how)
    unit = (found["unit"] or "").strip()
    try:
        factor, offset = how.affine(unit or None)
    except units.NoConversion:
        raise ValueError(f"unit {unit!r} cannot become {how.unit!r}") from None
    value = value * factor + offset
    if found["sign"]:
        if how.below == "refuse":
            raise ValueError(f"{found['sign']} a limit, not a value; `below:` says what to do")
        if how.below == "half" and found["sign"] in "<≤":
            value /= 2
    fault = _fault(value, how)
    if fault:
        raise ValueError(fault)
    return value, found["sign"]


def parse_cells(cells: Cells, how: Number) -> Parsed:
    """Every cell's number; the same as `parse` of each text, by columns."""
    parsed = (
        Parsed(np.full(cells.length, np.nan), np.full(cells.length, EMPTY, np.uint8))
        if cells.text is None
        else by_distinct(cells, lambda texts: _parse_texts(texts, how))
    )
    if cells.number is not None:
        factor, offset = how.affine(None)
        given = ~np.isnan(cells.number)
        parsed.value = np.where(given, cells.number * factor + offset, parsed.value)
        parsed.state = np.where(given, OK, parsed.state).astype(np.uint8)
        for place in np.flatnonzero(given & _outside(parsed.value, how)):
            parsed.state[place] = REFUSED
            parsed.reasons[int(place)] = _fault(float(parsed.value[place]), how) or "not a number"
    if cells.instant is not None:
        for place in np.flatnonzero(cells.instant != np.iinfo(np.int64).min):
            parsed.state[place] = REFUSED
            parsed.reasons[int(place)] = "a date, not a number"
    return parsed


def parse_truth(text: str) -> bool | None:
    """True or false as typed in Vietnamese or English; raises ValueError."""
    said = text.strip().casefold()
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    if said in MISSING:
        return None
    raise ValueError("neither true nor false")


def _digits(text: str, how: Number) -> float:
    said = text.replace("−", "-").replace(" ", "").replace("\u00a0", "").replace("\u202f", "").replace("'", "")
    body, exponent = re.fullmatch(r"([^eE]*)((?:[eE].*)?)", said).groups()  # type: ignore[union-attr]
    sign, body = (body[0], body[1:]) if body[:1] in "+-" else ("", body)
    if len(said) != len(text.replace("−", "-")) and not re.fullmatch(
        r"[-+]?\s?\d{1,3}([\u00a0\u202f' ]\d{3})*([.,]\d+)?", text.replace("−", "-")
    ):
        raise ValueError("several numbers in one cell")
    decimal, thousands = how.decimal, how.thousands
    if decimal == "any":
        decimal, thousands = _clear(body)
    if thousands and thousands in body:
        mark, point = re.escape(thousands), re.escape(decimal)
        if not re.fullmatch(rf"\d{{1,3}}(?:{mark}\d{{3}})+(?:{point}\d*)?", body):
            raise ValueError(f"{thousands!r} does not separate thousands here")
        body = body.replace(thousands, "")
    other = "," if decimal == "." else "."
    if other in body or body.count(decimal) > 1:
        raise ValueError(
            f"{other!r} in a number whose decimal mark is {decimal!r}; `decimal:` and `thousands:` say which"
        )
    return float(sign + body.replace(decimal, ".") + exponent)


def _clear(body: str) -> tuple[Literal[".", ","], str | None]:
    marks = [char for char in body if char in ".,"]
    kinds = set(marks)
    if len(kinds) == 2:
        last: Literal[".", ","] = "," if marks[-1] == "," else "."
        return last, "." if last == "," else ","
    if not marks:
        return ".", None
    mark = marks[0]
    if len(marks) > 1:
        return ("," if mark == "." else "."), mark
    before, _, after = body.partition(mark)
    if len(after) == 3 and before not in {"", "0"} and len(before) <= 3:
        raise ValueError(f"{body!r} may mean thousands or decimals; set `decimal:`")
    return ("," if mark == "," else "."), None


def _outside(values: Any, how: Number) -> Any:
    bad = ~np.isfinite(values)
    if how.low is not None:
        bad |= values < how.low
    if how.high is not None:
        bad |= values > how.high
    if how.whole:
        bad |= values != np.floor(values)
    return bad


def _fault(value: float, how: Number) -> str | None:
    if not np.isfinite(value):
        return "not a finite number"
    if how.whole and value != int(value):
        return "not a whole number"
    if (how.low is not None and value < how.low) or (how.high is not None and value > how.high):
        low, high = ("" if end is None else number_text(float(end)) for end in (how.low, how.high))
        return f"{value:.6g} {how.unit} is outside {low}…{high}"
    return None


def _parse_texts(texts: Any, how: Number) -> Parsed:
    count = len(texts)
    value, state = np.full(count, np.nan), np.full(count, REFUSED, np.uint8)
    todo = np.ones(count, bool)
    if how.decimal != "any" and count:
        bare = pc.utf8_trim_whitespace(texts)
        point = re.escape(how.decimal)
        plain = pc.match_substring_regex(bare, rf"^-?[0-9]{{1,15}}({point}[0-9]{{1,17}})?$")
        _take(bare, plain, None, how, value, state, todo)
        if todo.any():
            shape = rf"^(?P<n>-?[0-9]{{1,15}}(?:{point}[0-9]{{1,17}})?)\s?(?P<u>[^\s0-9.,<>'\"+\-eE][^\s]*)$"
            split = pc.extract_regex(bare, shape)
            marks = pc.struct_field(split, 1)
            for unit in pc.unique(marks).to_pylist():
                if unit is not None:
                    _take(
                        pc.struct_field(split, 0),
                        pc.fill_null(pc.equal(marks, unit), False),
                        unit,
                        how,
                        value,
                        state,
                        todo,
                    )
    reasons: dict[int, str] = {}
    quality = None
    for place in np.flatnonzero(todo):
        try:
            number, sign = parse(texts[int(place)].as_py(), how)
        except ValueError as error:
            reasons[int(place)] = str(error)
            continue
        state[place] = EMPTY if number is None else OK
        value[place] = np.nan if number is None else number
        if sign:
            if quality is None:
                quality = np.full(count, -1, np.int32)
            quality[place] = how.quality.setdefault(f'{{"censored":"{sign}"}}', len(how.quality))
    return Parsed(value, state, reasons, quality=quality)


def _take(texts: Any, chosen: Any, unit: str | None, how: Number, value: Any, state: Any, todo: Any) -> None:
    """Settle the chosen texts, all plain numbers of one unit; those out of range are left for `parse` to say why."""
    try:
        factor, offset = how.affine(unit)
    except units.NoConversion:
        return
    where = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
    if not len(where):
        return
    some = texts.take(pa.array(where))
    if how.decimal == ",":
        some = pc.replace_substring(some, ",", ".")
    numbers = some.cast(pa.float64()).to_numpy(zero_copy_only=False) * factor + offset
    good = ~_outside(numbers, how)
    value[where[good]] = numbers[good]
    state[where[good]] = OK
    todo[where[good]] = False
