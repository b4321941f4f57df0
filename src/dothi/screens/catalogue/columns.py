"""How the values of each column are spread: bars of numbers, days and most frequent words."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.screens import words
from dothi.screens.catalogue import cells, store
from dothi.screens.catalogue.asking import Ask
from dothi.screens.catalogue.store import Spread

BINS = 14
INLINE = 20_000  # records up to which a dataset's page draws its columns at once
_REMEMBERED = 2000
_lock = threading.Lock()
# by dataset (its number and when it was made), version and field
_known: OrderedDict[tuple[int, int, int, str], Spread] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar. share: of the longest one, 0 to 1."""

    label: str
    count: str
    share: float
    rest: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's spread. bars: words by frequency; histogram: numbers or days, drawn; pairs: the same for the script."""

    field: Field
    title: str
    unit: str
    facts: str
    bars: Sequence[Bar]
    histogram: Markup
    pairs: Sequence[tuple[str, int]]


def columns(ask: Ask, view: View) -> list[Column]:
    """Every column worth drawing. Which fields there are is the view's to say; so no hidden one is ever counted."""
    made = []
    for field in view.fields:
        if field.kind in ("array", "object"):
            continue
        spread = _spread(ask.session, view, field)
        if spread.filled:
            made.append(_column(ask, field, spread, view.code))
    return made


def width_of(low: float, high: float, *, whole: bool) -> tuple[float, float]:
    """Start and width of round bins holding a range; whole: of whole numbers."""
    span = high - low
    if span <= 0:
        return low, 1.0 if whole else abs(low) or 1.0
    raw = span / BINS
    size = 10.0 ** floor(log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if raw <= size * m * 1.0000001)
    if whole:
        step = max(1.0, float(round(step)))
    return floor(low / step) * step, step


def _spread(session: Session, view: View, field: Field) -> Spread:
    key = (view.id, view.created_at, view.version, field.name)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    # how keys are spread tells nothing
    keyed = field.role == "key" or field.name == view.key_field
    spread = store.spread(session, view, field, None if keyed else width_of)
    with _lock:
        _known[key] = spread
        while len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    return spread


def _column(ask: Ask, field: Field, spread: Spread, code: str) -> Column:
    say, language = ask.say, ask.language
    title = field.called(language)

    def count(n: int) -> str:
        return words.number(n, 0, language)

    facts = []
    if spread.low is not None and spread.high is not None:
        facts.append(
            say("{low} đến {high}", low=_end(field, spread.low, language), high=_end(field, spread.high, language))
        )
        if spread.mean is not None:
            facts.append(say("trung bình {mean}", mean=words.number(spread.mean, _places(spread), language)))
    elif spread.distinct is not None:
        facts.append(
            say("mỗi bản ghi một giá trị") if spread.distinct == spread.filled > 1
            else say("{n} giá trị khác nhau", n=count(spread.distinct))
        )  # fmt: skip
    if spread.empty:
        facts.append(say("{n} để trống", n=count(spread.empty)))
    if spread.bins:
        pairs = [(label(field, spread, at, language), n) for at, n in spread.bins]
        name = f"{title}: {', '.join(facts)}"
        return Column(field, title, field.unit or "", " · ".join(facts), (), histogram(pairs, name, language), pairs)
    if spread.distinct == spread.filled and spread.filled > 12:
        return Column(field, title, field.unit or "", " · ".join(facts), (), Markup(""), ())
    return Column(field, title, field.unit or "", " · ".join(facts), _bars(ask, field, spread, code), Markup(""), ())


def _bars(ask: Ask, field: Field, spread: Spread, code: str) -> list[Bar]:
    from urllib.parse import urlencode

    most = max((n for _, n in spread.top), default=1)
    named = {True: ask.say("có"), False: ask.say("không")}
    made = []
    for value, n in spread.top:
        text = named[value] if isinstance(value, bool) else cells.named(field, value, ask.language)
        said = str(value).lower() if isinstance(value, bool) else str(value)
        href = f"/catalogue/{code}?{urlencode({'f': f'{field.name}:is:{said}'})}#data" if said else ""
        made.append(Bar(text or "–", words.number(n, 0, ask.language), n / most, href=href))
    rest = spread.filled - sum(n for _, n in spread.top)
    if rest > 0:
        made.append(
            Bar(ask.say("các giá trị khác"), words.number(rest, 0, ask.language), min(1.0, rest / most), rest=True)
        )
    return made


def label(field: Field, spread: Spread, at: Any, language: str) -> str:
    """What a bin is called: 10 – 20, 2025, 03/2025."""
    if spread.width is None:
        text = str(at)
        return f"{text[5:]}/{text[:4]}" if len(text) == 7 else text
    end = at + spread.width
    if field.kind == "integer" and spread.width == 1:
        return cells.figure(int(at), field, language)
    return f"{_plain(at, field, language)} – {_plain(end, field, language)}"


def histogram(pairs: Sequence[tuple[str, int]], name: str, language: str) -> Markup:
    """Bars side by side from zero, for readers without script and for the first second of everybody else."""
    wide, tall, floor_ = 236.0, 104.0, 84.0
    most = max((n for _, n in pairs), default=1) or 1
    slot = wide / max(1, len(pairs))
    parts = [
        f'<path d="M0 {floor_}H{wide:g}"/>',
        f'<text x="0" y="10">{escape(words.number(most, 0, language))}</text>',
    ]
    for i, (text, n) in enumerate(pairs):
        if n:
            h = max(1.0, (floor_ - 16) * n / most)
            parts.append(
                f'<rect x="{i * slot + 0.5:.1f}" y="{floor_ - h:.1f}" width="{max(1.0, slot - 1):.1f}" height="{h:.1f}">'
                f"<title>{escape(text)}: {escape(words.number(n, 0, language))}</title></rect>"
            )
    if pairs:
        parts.append(f'<text x="0" y="100">{escape(pairs[0][0].split(" – ")[0])}</text>')
        parts.append(f'<text x="{wide:g}" y="100" text-anchor="end">{escape(pairs[-1][0].split(" – ")[-1])}</text>')
    return Markup(  # noqa: S704 - numbers and escaped names only
        f'<svg class="hist" viewBox="0 0 {wide:g} {tall:g}" role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>'
    )


def _end(field: Field, value: Any, language: str) -> str:
    if isinstance(value, str):
        return cells.cell(field, value, language, "", "").text
    return cells.figure(int(value) if field.kind == "integer" else value, field, language)


def _plain(value: float, field: Field, language: str) -> str:
    rounded = round(value, 10)
    return cells.figure(int(rounded) if float(rounded).is_integer() else rounded, field, language)


def _places(spread: Spread) -> int:
    span = (spread.high or 0) - (spread.low or 0) if not isinstance(spread.high, str) else 0
    return 0 if span > 100 else 1 if span > 5 else 2
