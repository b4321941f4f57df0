"""feeds.yaml: the feeds from outside a sector takes in; the addresses are the city's own."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from dothi import packs
from dothi.kit.errors import Fault

FILE = "feeds.yaml"
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Kind = Literal["gtfs", "gtfs-rt"]
PARTS = {"gtfs": ("timetable",), "gtfs-rt": ("positions", "updates", "alerts")}


class Feed(packs.Strict):
    """A feed as a sector wants it. of: for gtfs-rt, the code of the gtfs feed whose vehicles it tells of.

    every: how often it is asked, as 24h or 30s. into: datasets the sector declares that it fills.
    """

    code: Code
    title: packs.Text
    kind: Kind
    of: Code | None = None
    parts: list[Literal["timetable", "positions", "updates", "alerts"]] = Field(min_length=1)
    every: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[smh]$")]
    licence: str | None = None
    into: list[str] = Field(default_factory=list)
    needs: packs.Text | None = None  # what the operator must give, in a sentence


class Feeds(packs.Strict):
    """The whole file."""

    feeds: list[Feed]


packs.schema(FILE, Feeds)


def _each(found: dict[str, packs.Pack]) -> Iterator[tuple[packs.Pack, int, Feed]]:
    for pack in found.values():
        file: Feeds | None = pack.files.get(FILE)
        for i, one in enumerate(file.feeds if file else []):
            yield pack, i, one


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once, parts that the kind has, vehicles of a timetable that is there, datasets that are declared."""
    datasets = [
        one.code for pack in found.values() if (file := pack.files.get("datasets.yaml")) for one in file.datasets
    ]  # fmt: skip
    timetables = [one.code for _, _, one in _each(found) if one.kind == "gtfs"]
    seen: dict[str, str] = {}
    for pack, i, one in _each(found):
        here = ("feeds", i)
        if one.code in seen:
            yield pack.fault(FILE, (*here, "code"), f'feed "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, pack.code)
        for j, part in enumerate(one.parts):
            if part not in PARTS[one.kind]:
                yield pack.fault(
                    FILE, (*here, "parts", j), f'{one.kind} has no part "{part}"', allowed=", ".join(PARTS[one.kind])
                )
        if one.kind == "gtfs-rt" and one.of is None:
            yield pack.fault(
                FILE, (*here, "kind"), "gtfs-rt tells of no timetable", allowed="of: the code of a gtfs feed"
            )
        elif one.of is not None and one.of not in timetables:
            allowed = ", ".join(timetables) or "no gtfs feed is declared"
            yield pack.fault(
                FILE, (*here, "of"), f'no gtfs feed "{one.of}"', near=(one.of, timetables), allowed=allowed
            )
        for j, name in enumerate(one.into):
            if name not in datasets:
                yield pack.fault(FILE, (*here, "into", j), f'no dataset "{name}"', near=(name, datasets))
