"""Published sets of indicators: their numbers and titles, and which of them are measured here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path

from dothi import packs
from dothi.indicators.model import Declared


class Member(packs.Strict):
    """One number of a set. needs: what data it would take, where nothing here measures it."""

    number: str
    title: packs.Text
    needs: packs.Text | None = None


class Section(packs.Strict):
    """A part of a set. needs: of those of its indicators that say nothing themselves."""

    needs: packs.Text

    number: str
    title: packs.Text
    indicators: list[Member]


class PublishedSet(packs.Strict):
    """A set. check: how sure its titles are."""

    code: str
    title: packs.Text
    source: str
    note: packs.Text
    sections: list[Section]

    @cached_property
    def numbers(self) -> dict[str, Member]:
        """Its indicators by number."""
        return {one.number: one for section in self.sections for one in section.indicators}


@dataclass(frozen=True, slots=True)
class Measured:
    """A number of a set and the indicators here that measure it; none: not measured, and `needs` says what it would take."""

    section: packs.Text
    number: str
    title: packs.Text
    needs: packs.Text
    codes: tuple[str, ...]


@lru_cache(maxsize=1)
def sets() -> dict[str, PublishedSet]:
    """The published sets dothi knows, by code."""
    folder = Path(str(resources.files("dothi.indicators").joinpath("sets")))
    found = [packs.load_file(path, PublishedSet, f"sets/{path.name}")[0] for path in sorted(folder.glob("*.yaml"))]
    return {one.code: one for one in found}


def members(code: str, known: Mapping[str, Declared]) -> list[Measured]:
    """Every number of a set in its order, with what measures it among some indicators."""
    by_number: dict[str, list[str]] = {}
    for one in known.values():
        for standard in one.standards:
            if standard.set == code:
                by_number.setdefault(standard.number, []).append(one.code)
    return [
        Measured(section.title, one.number, one.title, one.needs or section.needs, tuple(by_number.get(one.number, ())))
        for section in sets()[code].sections
        for one in section.indicators
    ]
