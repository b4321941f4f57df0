"""Things as rows of a list: the same everywhere."""

from dataclasses import dataclass

from dothi.screens import words
from dothi.screens.portal.asking import Ask
from dothi.sensing.state import ThingState


@dataclass
class Row:
    """A thing in a list. value: with its unit, empty for none. at: µs UTC of that value."""

    id: int
    name: str
    note: str
    state: str
    value: str
    stale: bool
    at: int | None
    age: str


def row(one: ThingState, ask: Ask, names: dict[str, str], called: dict[str, str]) -> Row:
    """A thing's state as a row."""
    value = f"{one.text}{words.NBSP}{one.unit}" if one.text and one.unit else one.text
    note = [one.property_name or names.get(one.sector or "other", ""), one.word or called[one.state]]
    return Row(
        one.thing_id, one.name, " · ".join(n for n in note if n), one.state, value, one.state == "offline", one.at,
        words.age(one.at, ask.now, ask.language) if one.at else "",
    )  # fmt: skip
