"""What goes over a live stream, as bytes, and which of it a client asked for. Pure."""

from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.datastructures import QueryParams

from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault
from dothi.web.sealed import opened, sealed

_json = msgspec.json.Encoder()
Row = tuple[int, int, int, Any]  # datastream, thing, phenomenonTime (µs UTC), result
HEARTBEAT = b": alive\n\n"
_NUMBERS = frozenset({"correction", "load", "review"})  # of all datasets in one sequence


@dataclass(frozen=True)
class Cursor:
    """Where a stream is: the last journal entry sent, and the moment (µs UTC) observations are complete up to.

    Listeners carry it sealed: entries they may not see are numbered in the same sequence.
    """

    entry: int
    moment: int

    def __str__(self) -> str:
        return sealed("live", f"{self.entry}-{self.moment}")

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """The cursor of a Last-Event-ID; None for anything that is not one of ours."""
        entry, dash, moment = (opened("live", (text or "").strip()) or "").partition("-")
        if not dash or not (entry.isdecimal() and moment.isdecimal()) or len(entry) + len(moment) > 36:
            return None
        return cls(int(entry), int(moment))


@dataclass(frozen=True)
class Wanted:
    """What of the stream a client asked for; an empty set does not limit.

    kinds: `observation`, and journal kinds by their beginning: `sensing`, `sensing.thing`.
    """

    kinds: frozenset[str] = frozenset()
    things: frozenset[int] = frozenset()
    datastreams: frozenset[int] = frozenset()
    box: tuple[float, float, float, float] | None = None

    @property
    def observations(self) -> bool:
        """Whether observations are wanted at all."""
        return not self.kinds or "observation" in self.kinds

    @property
    def journal(self) -> bool:
        """Whether journal entries are wanted at all."""
        return not self.kinds or bool(self.kinds - {"observation"})

    def observation(self, row: Row, place: tuple[float | None, float | None] | None) -> bool:
        """Whether an observation is wanted. place: longitude and latitude of its thing."""
        if self.datastreams and row[0] not in self.datastreams:
            return False
        if self.things and row[1] not in self.things:
            return False
        return self._inside(place)

    def entry(self, kind: str, subject: str | None, place: tuple[float | None, float | None] | None) -> bool:
        """Whether a journal entry is wanted. place: of the thing it is about."""
        if self.kinds and not any(kind == one or kind.startswith(one + ".") for one in self.kinds):
            return False
        if self.things or self.datastreams:
            about, _, number = (subject or "").partition(":")
            named = (
                self.things if about == "thing" else self.datastreams if about.endswith("datastream") else frozenset()
            )
            if not number.isdecimal() or int(number) not in named:
                return False
        return self._inside(place)

    def _inside(self, place: tuple[float | None, float | None] | None) -> bool:
        if self.box is None:
            return True
        if place is None or place[0] is None or place[1] is None:
            return False
        west, south, east, north = self.box
        return west <= place[0] <= east and south <= place[1] <= north


def wanted(query: QueryParams) -> Wanted:
    """The filters of a query string; raises BadInput with every fault."""
    faults: list[Fault] = []
    kinds = frozenset(part.strip() for text in query.getlist("kind") for part in text.split(",") if part.strip())
    things, datastreams = _ids(query, "thing", faults), _ids(query, "datastream", faults)
    box = _box(query.get("bbox"), faults)
    known = {"kind", "thing", "datastream", "bbox", "lastEventId"}
    faults += [Fault(name, "unknown parameter", ", ".join(sorted(known))) for name in query if name not in known]
    if faults:
        raise BadInput("the live stream cannot be opened", faults)
    return Wanted(kinds, things, datastreams, box)


def _ids(query: QueryParams, name: str, faults: list[Fault]) -> frozenset[int]:
    parts = [part.strip() for text in query.getlist(name) for part in text.split(",") if part.strip()]
    if any(not part.isascii() or not part.isdecimal() or len(part) > 18 for part in parts) or len(parts) > 1000:
        faults.append(Fault(name, f"{', '.join(parts)[:80]!r} are no ids", "up to 1000 whole numbers, with commas"))
        return frozenset()
    return frozenset(int(part) for part in parts)


def _box(text: str | None, faults: list[Fault]) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    box = geo.box(text)
    if box is None:
        faults.append(Fault("bbox", f"{text[:80]!r} is no box", "west,south,east,north in degrees"))
    return box


def frame(event: str, cursor: Cursor, data: bytes) -> bytes:
    """One event as EventSource reads it."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(cursor).encode(), event.encode(), data)


def observations(rows: list[Row]) -> bytes:
    """The data of an `observations` event."""
    return b'{"o":' + _json.encode(rows) + b"}"


def entry(one: dict[str, Any]) -> bytes:
    """The data of a `journal` event; its number is sealed, and numbers of other rows are left out."""
    data = one["data"] and {name: value for name, value in one["data"].items() if name not in _NUMBERS}
    return encode({**one, "id": sealed("entry", str(one["id"])), "data": data})


def encode(value: Any) -> bytes:
    """Any other data."""
    return _json.encode(value)
