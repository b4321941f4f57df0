"""Words on single values: what stands in JSON by its kind, texts matched and folded, numbers reckoned, arrays as sets.

None of them fails on a value of another kind, a text that is no date, a division by zero or a number too large: the
answer is NULL then, on both databases. `functions` are SQLite's own; PostgreSQL spells the same out in SQL,
where OFFSET 0 keeps the planner from working an argument out anew at each of its uses.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dothi.kit import clock

# days are Vietnam's days, UTC+7 with no summer time
_OFFSET = 7 * clock.HOUR
# further from 1 a double is not reckoned with: PostgreSQL refuses the whole query where a result leaves the doubles
_LARGEST, _SMALLEST = 1e150, 1e-150
_FIRST, _LAST = -62135596800000000, 253402300799999999  # the years 1 to 9999, as kit.clock.parse allows

_INSTANT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"([.][0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
)
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STROKES = "đĐøØłŁ", "dDoOlL"  # letters Unicode does not take apart
_strip = re.compile(f"[{_MARKS}]")
_plain = str.maketrans(*_STROKES)


def _word(
    name: str, kind: Any, doc: str, sqlite: str, postgresql: str | Callable[[], str]
) -> type[FunctionElement[Any]]:
    """A word spelled twice; $0, $1 stand for its arguments, each place spelled anew: SQLite counts bound values."""
    word = type(name, (FunctionElement,), {"type": kind, "inherit_cache": True, "name": name, "__doc__": doc})

    def spelled(form: str | Callable[[], str]) -> Any:
        def compile_word(element: Any, compiler: Any, **kw: Any) -> str:
            clauses = list(element.clauses)
            text = form if isinstance(form, str) else form()
            return re.sub(r"\$(\d)", lambda m: f"({compiler.process(clauses[int(m[1])], **kw)})", text)

        return compile_word

    compiles(word, "sqlite")(spelled(sqlite))
    compiles(word, "postgresql")(spelled(postgresql))
    return word


# --- what stands in JSON: the column, the key

json_whole = _word(
    "json_whole",
    BigInteger(),
    "The whole number under a key, of 18 digits at most.",
    "dothi_whole(CASE WHEN json_type($0, '$.\"' || $1 || '\"') IN ('integer', 'real')"
    " THEN json_extract($0, '$.\"' || $1 || '\"') END)",
    "(SELECT CASE WHEN jsonb_typeof(v.j) = 'number' AND v.j #>> '{}' ~ '^-?[0-9]{1,18}([.]0*)?$'"
    " THEN trunc((v.j #>> '{}')::numeric)::bigint END FROM (SELECT $0 -> $1::text AS j OFFSET 0) AS v)",
)
json_items = _word(
    "json_items",
    Text(),
    "The array under a key, as JSON.",
    "CASE json_type($0, '$.\"' || $1 || '\"') WHEN 'array' THEN $0 -> ('$.\"' || $1 || '\"') END",
    "CASE jsonb_typeof($0 -> $1::text) WHEN 'array' THEN $0 -> $1::text END",
)
json_known = _word(
    "json_known",
    Boolean(),
    "True where anything but null stands under a key, else NULL.",
    "CASE WHEN coalesce(json_type($0, '$.\"' || $1 || '\"'), 'null') <> 'null' THEN 1 END",
    "CASE WHEN coalesce(jsonb_typeof($0 -> $1::text), 'null') <> 'null' THEN true END",
)

# --- times

_days = (
    "substr(v.t, 1, 4) <> '0000' AND (substr(v.t, 9, 2)::int <= 28 OR substr(v.t, 9, 2)::int <= 30 AND substr(v.t, 6, 2) <> '02'"
    " OR substr(v.t, 6, 2) IN ('01', '03', '05', '07', '08', '10', '12')"
    " OR substr(v.t, 9, 2) = '29' AND substr(v.t, 1, 4)::int & 3 = 0"
    " AND (mod(substr(v.t, 1, 4)::int, 100) <> 0 OR mod(substr(v.t, 1, 4)::int, 400) = 0))"
)
day_text = _word(
    "day_text",
    Text(),
    "A text that is a date (RFC 3339 full-date).",
    "dothi_day_text($0)",
    f"(SELECT CASE WHEN v.t ~ '^{_DAY.pattern}$' THEN CASE WHEN {_days} THEN v.t END END"
    " FROM (SELECT $0::text AS t OFFSET 0) AS v)",
)
instant_in = _word(
    "instant_in",
    BigInteger(),
    "Microseconds since 1970 UTC of a text that is a date-time (RFC 3339).",
    "dothi_instant_in($0)",
    f"(SELECT CASE WHEN w.m BETWEEN {_FIRST} AND {_LAST} THEN w.m END FROM (SELECT CASE WHEN"
    f" v.t ~ '^{_INSTANT.pattern}$' THEN CASE WHEN {_days} THEN (extract(epoch FROM"
    " regexp_replace(v.t, '([.][0-9]{6})[0-9]+', '\\1')::timestamptz) * 1000000)::bigint END END AS m"
    " FROM (SELECT $0::text AS t OFFSET 0) AS v OFFSET 0) AS w)",
)
day_of = _word(
    "day_of",
    Text(),
    "The date in Vietnam of microseconds since 1970 UTC.",
    "dothi_day_of($0)",
    f"to_char(timestamp '1970-01-01' + ($0 + {_OFFSET}) * interval '1 microsecond', 'YYYY-MM-DD')",
)

# --- texts


@cache
def _casefolded() -> str:
    """Full case folding of a text in small letters: what lower() leaves different is looked for first, being rare."""
    folds = {
        letter: letter.casefold()
        for letter in map(chr, (*range(0xD800), *range(0xE000, 0x20000)))
        if letter.lower() == letter and letter.casefold() != letter
    }
    alike = {letter: folded for letter, folded in folds.items() if len(folded) == 1}
    form = f"translate(v.t, '{''.join(alike)}', '{''.join(alike.values())}')"
    for letter, folded in folds.items():
        if len(folded) > 1:
            form = f"replace({form}, '{letter}', '{folded}')"
    return (
        f"(SELECT CASE WHEN v.t ~ '[{''.join(folds)}]' THEN {form} ELSE v.t END"
        ' FROM (SELECT lower($0::text COLLATE "und-x-icu") AS t OFFSET 0) AS v)'
    )


caseless = _word(
    "caseless",
    Text(),
    "A text in full Unicode case folding: STRASSE and Straße alike.",
    "dothi_caseless($0)",
    _casefolded,
)
accentless = _word(
    "accentless",
    Text(),
    "A text without its diacritics: tones and hooks of Vietnamese, đ as d; marks of other scripts stay.",
    "dothi_accentless($0)",
    f"normalize(translate(regexp_replace(normalize($0::text, NFD), '[{_MARKS}]', '', 'g'),"
    f" '{_STROKES[0]}', '{_STROKES[1]}'), NFC)",
)
lowered = _word("lowered", Text(), "A text in small letters.", "dothi_lower($0)", 'lower($0::text COLLATE "und-x-icu")')
raised = _word("raised", Text(), "A text in capital letters.", "dothi_upper($0)", 'upper($0::text COLLATE "und-x-icu")')
like = _word(
    "like",
    Boolean(),
    "A text matches a pattern, letters as they are: the text, the pattern for GLOB, the same for LIKE.",
    "($0 GLOB $1)",
    "($0 LIKE $2)",
)


def _listed(name: str, what: str, kind: str) -> type[FunctionElement[Any]]:
    return _word(
        name,
        Boolean(),
        f"The value is one of {what}, given as a JSON array: one bound value however many they are.",
        "($0 IN (SELECT value FROM json_each($1)))",
        f"($0 = ANY (ARRAY(SELECT e.i::{kind} FROM jsonb_array_elements_text($1::jsonb) AS e(i))))",
    )


among_texts = _listed("among_texts", "texts", "text")
among_whole = _listed("among_whole", "whole numbers", "bigint")
among_numbers = _listed("among_numbers", "numbers", "double precision")

# --- numbers


def _reckoning(name: str, doc: str, sql: str, guard: str = "") -> type[FunctionElement[Any]]:
    fits = "(v.{0} = 0 OR abs(v.{0}) BETWEEN 1e-150 AND 1e150)"
    return _word(
        name,
        Double(),
        f"{doc}; NULL where a number is beyond 1e150 or the result is not one.",
        f"dothi_{name}($0, $1)",
        f"(SELECT CASE WHEN {fits.format('x')} AND {fits.format('y')} THEN {f'CASE WHEN {guard} THEN {sql} END' if guard else sql} END"
        " FROM (SELECT $0::double precision AS x, $1::double precision AS y OFFSET 0) AS v)",
    )


plus = _reckoning("plus", "The sum", "v.x + v.y")
minus = _reckoning("minus", "The difference", "v.x - v.y")
times = _reckoning("times", "The product", "v.x * v.y")
over = _reckoning("over", "The quotient", "v.x / v.y", "v.y <> 0")
whole_over = _reckoning("whole_over", "The quotient without its fraction", "trunc(v.x / v.y)", "v.y <> 0")
left_over = _reckoning(
    "left_over",
    "What whole_over leaves, with the sign of the first number",
    "v.x - v.y * trunc(v.x / v.y)",
    "v.y <> 0",
)
power = _reckoning(
    "power",
    "The first number to the power of the second",
    "CASE WHEN v.y = 0 THEN 1 WHEN v.x = 0 THEN 0 ELSE power(v.x, v.y) END",
    "CASE WHEN v.x = 0 THEN v.y >= 0 WHEN v.x < 0 AND v.y <> trunc(v.y) THEN false"
    " ELSE abs(v.y) < 1e6 AND abs(v.y * log(abs(v.x))) < 150 END",
)
half_up = _word(
    "half_up",
    Double(),
    "A number rounded to a whole one, halves up.",
    "dothi_half_up($0)",
    "floor($0::double precision + 0.5)",
)
floor = _word(
    "floor", Double(), "The largest whole number not above.", "dothi_floor($0)", "floor($0::double precision)"
)

# --- arrays, as JSON, looked at as sets

_lacking = (
    "EXISTS (SELECT 1 FROM jsonb_array_elements(v.{0}) AS e(i) WHERE NOT EXISTS"
    " (SELECT 1 FROM jsonb_array_elements(v.{1}) AS f(i) WHERE f.i = e.i))"
)


def _sets(name: str, doc: str, sql: str) -> type[FunctionElement[Any]]:
    return _word(
        name,
        Boolean(),
        doc,
        f"dothi_{name}($0, $1)",
        f"(SELECT CASE WHEN v.a IS NOT NULL AND v.b IS NOT NULL THEN {sql} END"
        " FROM (SELECT $0::jsonb AS a, $1::jsonb AS b OFFSET 0) AS v)",
    )


set_contains = _sets("set_contains", "The first set holds all of the second.", "NOT " + _lacking.format("b", "a"))
set_equals = _sets(
    "set_equals",
    "Both sets hold the same.",
    f"NOT {_lacking.format('b', 'a')} AND NOT {_lacking.format('a', 'b')}",
)
set_overlaps = _sets(
    "set_overlaps",
    "The sets have something in common.",
    "EXISTS (SELECT 1 FROM jsonb_array_elements(v.a) AS e(i) JOIN jsonb_array_elements(v.b) AS f(i) ON e.i = f.i)",
)
json_of = _word("json_of", Text(), "A text or number as JSON.", "json_quote($0)", "to_jsonb($0)")
json_of_truth = _word(
    "json_of_truth",
    Text(),
    "A truth as JSON.",
    "json(CASE $0 WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)",
    "to_jsonb($0)",
)


class json_list(FunctionElement[str]):
    """A JSON array of JSON values; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_list"


@compiles(json_list, "sqlite")
def _json_list_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    parts = [f"coalesce({compiler.process(clause, **kw)}, 'null')" for clause in element.clauses]
    return "('[' || " + " || ',' || ".join(parts) + " || ']')"


@compiles(json_list, "postgresql")
def _json_list_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    parts = [f"({compiler.process(clause, **kw)})::jsonb" for clause in element.clauses]
    made = [f"jsonb_build_array({', '.join(parts[start : start + 90])})" for start in range(0, len(parts), 90)]
    return f"({' || '.join(made)})"


# --- SQLite's side


def _whole(a: float | None) -> int | None:
    return None if a is None or abs(a) >= 1e18 or a != int(a) else int(a)


def _day_text(a: str | None) -> str | None:
    if a is None or not _DAY.fullmatch(a):
        return None
    try:
        date.fromisoformat(a)
    except ValueError:
        return None
    return a


def _instant_in(a: str | None) -> int | None:
    if a is None or not _INSTANT.fullmatch(a):
        return None
    try:
        at = clock.micros(datetime.fromisoformat(a.upper()))
    except ValueError:
        return None
    return at if _FIRST <= at <= _LAST else None


def _day_of(a: int | None) -> str | None:
    if a is None or not _FIRST <= a + _OFFSET <= _LAST:
        return None
    return clock.moment(a + _OFFSET).date().isoformat()


def _caseless(a: str | None) -> str | None:
    return None if a is None else casefold(a)


def casefold(text: str) -> str:
    """What `caseless` makes of a text."""
    return text.lower().casefold()


def _accentless(a: str | None) -> str | None:
    return None if a is None else unaccent(a)


def unaccent(text: str) -> str:
    """What `accentless` makes of a text."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _strip.sub("", unicodedata.normalize("NFD", text)).translate(_plain))


def _reckoned(answer: Callable[[float, float], float | None]) -> Callable[[float | None, float | None], float | None]:
    def reckon(x: float | None, y: float | None) -> float | None:
        if x is None or y is None:
            return None
        if (x and not _SMALLEST <= abs(x) <= _LARGEST) or (y and not _SMALLEST <= abs(y) <= _LARGEST):
            return None
        return answer(float(x), float(y))

    return reckon


def _power(x: float, y: float) -> float | None:
    if x == 0:
        return None if y < 0 else float(y == 0)
    if (x < 0 and y != math.trunc(y)) or not (abs(y) < 1e6 and abs(y * math.log10(abs(x))) < 150):
        return None
    return math.pow(x, y)


def _half_up(a: float | None) -> float | None:
    return None if a is None else float(math.floor(a + 0.5))


def _distinct(a: Any) -> Any:
    """A JSON value that compares as JSON does: true is not 1."""
    if isinstance(a, bool):
        return ("truth", a)
    if isinstance(a, list):
        return tuple(map(_distinct, a))
    return tuple(sorted((key, _distinct(value)) for key, value in a.items())) if isinstance(a, dict) else a


def _related(answer: Callable[[set[Any], set[Any]], bool]) -> Callable[[str | None, str | None], bool | None]:
    def relate(a: str | None, b: str | None) -> bool | None:
        if a is None or b is None:
            return None
        return answer(set(map(_distinct, json.loads(a))), set(map(_distinct, json.loads(b))))

    return relate


functions: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("dothi_whole", 1, _whole),
    ("dothi_day_text", 1, _day_text),
    ("dothi_instant_in", 1, _instant_in),
    ("dothi_day_of", 1, _day_of),
    ("dothi_caseless", 1, _caseless),
    ("dothi_accentless", 1, _accentless),
    ("dothi_half_up", 1, _half_up),
    ("dothi_plus", 2, _reckoned(lambda x, y: x + y)),
    ("dothi_minus", 2, _reckoned(lambda x, y: x - y)),
    ("dothi_times", 2, _reckoned(lambda x, y: x * y)),
    ("dothi_over", 2, _reckoned(lambda x, y: x / y if y else None)),
    ("dothi_whole_over", 2, _reckoned(lambda x, y: float(math.trunc(x / y)) if y else None)),
    ("dothi_left_over", 2, _reckoned(lambda x, y: x - y * math.trunc(x / y) if y else None)),
    ("dothi_power", 2, _reckoned(_power)),
    ("dothi_set_contains", 2, _related(lambda a, b: a >= b)),
    ("dothi_set_equals", 2, _related(lambda a, b: a == b)),
    ("dothi_set_overlaps", 2, _related(lambda a, b: not a.isdisjoint(b))),
)
