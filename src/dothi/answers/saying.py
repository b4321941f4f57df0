"""The sentence of an answer: the first line that fits its number, with its slots filled."""

from collections.abc import Sequence
from dataclasses import dataclass

from dothi.answers.model import Line
from dothi.sensing.state import number

NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Slots:
    """What a sentence may put in, as text."""

    value: str = ""
    count: str = ""
    of: str = ""
    share: str = ""
    name: str = ""
    word: str = ""
    at: str = ""
    age: str = ""
    place: str = ""


def said(lines: Sequence[Line], value: float | str | None, slots: Slots, language: str) -> tuple[str, str | None]:
    """The sentence and the state it names; empty where no line fits."""
    line = next((one for one in lines if one.fits(value)), None)
    if line is None:
        return "", None
    given = {name: getattr(slots, name) for name in Slots.__dataclass_fields__}
    return line.text.of(language).format(**given), line.state


def quantity(value: float | None, decimals: int, unit: str, language: str) -> str:
    """1,63 m with a space that never breaks."""
    text = number(value, decimals, language)
    return f"{text}{NBSP}{unit}" if unit and text else text
