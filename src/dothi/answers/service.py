"""The verbs of answers: the sectors there are, one question's answer, the number that speaks for a sector."""

import logging
from collections.abc import Collection

from dothi.answers import kinds, model, shown
from dothi.answers.asking import Asking
from dothi.answers.blocks import index, indicator
from dothi.answers.declared import pages
from dothi.kit.errors import NotFound
from dothi.packs import Text
from dothi.sensing.sectors import Sector, sectors

log = logging.getLogger(__name__)


def known(on: Collection[str] | None) -> list[Sector]:
    """The sectors switched on, in the order of their packs. on: None where no city says which: all."""
    return [one for code, one in sectors().sectors.items() if on is None or code in on]


def sector(code: str, on: Collection[str] | None) -> Sector:
    """A sector. Raises NotFound for one that is not switched on."""
    found = next((one for one in known(on) if one.code == code), None)
    if found is None:
        raise NotFound(f"there is no sector {code[:60]!r} here; there are {', '.join(one.code for one in known(on))}")
    return found


def called(of: Sector) -> tuple[Text, Text]:
    """Title and summary of a sector: its page's own, else its pack's."""
    found = pages().get(of.code)
    return (found and found.title) or of.title, (found and found.summary) or of.summary


def questions(ask: Asking) -> list[model.Question]:
    """What a sector's page asks here; nothing where its pack has none yet."""
    found = pages().get(ask.sector)
    return [one for one in found.questions if ask.has(one.needs)] if found is not None else []


def answer(ask: Asking, asked: model.Question) -> shown.Answer:
    """The answer to a question: the number that heads it, and the other blocks.

    A block that cannot be answered is told of and logged; the page lives.
    """
    made: list[shown.Shown] = []
    head: shown.Number | None = None
    for one in asked.blocks:
        if not ask.has(one.needs):
            continue
        found = _one(ask, one)
        if head is None and not found.officials:
            if isinstance(found, shown.Number):
                head = found
                made += _beside(ask, one)
                continue
            if isinstance(found, shown.Numbers):
                head, rest = found.numbers[0], found.numbers[1:]
                made.append(shown.Numbers("figures", numbers=rest, simulated=any(n.simulated for n in rest)))
                continue
        made.append(found)
        made += _beside(ask, one)
    note = asked.note.of(ask.language) if asked.note is not None else ""
    missing = head is not None and head.value is None and not head.text
    if missing and head is not None and head.why:
        # the head has said that there is nothing; blocks whose data are nowhere either would only say it again
        made = [one for one in made if one.source or not one.why]
    return shown.Answer(
        asked.code, asked.ask.of(ask.language), asked.audience == "officials", note, head, made, missing
    )


def _beside(ask: Asking, block: model.Block) -> list[shown.Shown]:
    """What a block shows beside its number: the stations of an index, an indicator's other periods and wards."""
    if block.index is not None:
        return [index.stations(ask, block.index)]
    if block.indicator is None:
        return []
    made = indicator.beside(ask, block.indicator)
    for one in made:
        one.officials = block.officials
    return made


def _one(ask: Asking, block: model.Block) -> shown.Shown:
    try:
        with ask.session.begin_nested():
            return kinds.answer(ask, block)
    except Exception:
        log.exception("a block of sector %s (%s) could not be answered", ask.sector, block.kind)
        kind = "figure" if block.kind in ("figure", "index", "indicator") else "list"
        made = shown.Number(kind, state="nodata") if kind == "figure" else shown.Rows(kind)
        made.why, made.officials = (
            ask.say("Phần này đang có lỗi; kỹ thuật viên đã được báo trong nhật ký."),
            block.officials,
        )
        return made


def headline(ask: Asking) -> tuple[model.Question, shown.Number] | None:
    """The question that speaks for a sector, with the number that answers it; None where no page asks one."""
    found = pages().get(ask.sector)
    if found is None:
        return None
    public = [one for one in questions(ask) if one.audience == "everyone"]
    for asked in sorted(public, key=lambda one: one.code != found.headline):
        for one in (block for block in asked.blocks if ask.has(block.needs)):
            if one.kind in ("figure", "index", "indicator") and not one.officials:
                made = _one(ask, one)
            elif one.kind == "figures" and one.figures:
                made = _one(ask, model.Block(figure=one.figures[0]))
            else:
                continue
            if isinstance(made, shown.Number):
                return asked, made
    return None
