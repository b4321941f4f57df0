"""Which module answers which kind of block."""

from collections.abc import Callable
from typing import Any

from dothi.answers import model
from dothi.answers.asking import Asking
from dothi.answers.blocks import (
    alarms,
    analysis,
    bars,
    cases,
    chart,
    figure,
    index,
    indicator,
    mapped,
    records,
    search,
    things,
    warned,
    words,
)
from dothi.answers.shown import Shown

_KINDS: dict[str, Callable[[Asking, Any], Shown]] = {
    "figure": figure.answer, "figures": figure.answers, "list": records.listed, "table": records.table,
    "things": things.answer, "chart": chart.answer, "bars": bars.answer, "map": mapped.answer, "alarms": alarms.answer,
    "cases": cases.answer, "indicator": indicator.answer, "analysis": analysis.answer, "text": words.answer,
    "search": search.answer, "index": index.answer, "warnings": warned.answer,
}  # fmt: skip


def answer(ask: Asking, block: model.Block) -> Shown:
    """What a block shows to whoever asks."""
    shown = _KINDS[block.kind](ask, block.spec)
    shown.officials = block.officials
    return shown
