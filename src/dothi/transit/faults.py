"""The named faults of a GTFS feed: what each means, and whether a row, a value or only a remark is lost by it."""

from dataclasses import dataclass, field
from typing import Any, Literal

Weight = Literal["refused", "mended", "noted"]
# refused: the row is left out; mended: the value is replaced or left out, the row is kept; noted: nothing is lost
KINDS: dict[str, Weight] = {
    "missing-file": "noted", "missing-column": "refused", "missing-value": "refused", "bad-number": "refused",
    "bad-position": "refused", "bad-time": "refused", "bad-date": "refused", "bad-choice": "mended",
    "bad-colour": "mended", "duplicate-key": "refused", "no-such": "refused", "broken-row": "refused",
    "time-goes-back": "mended", "time-missing": "mended", "name-missing": "mended", "station-missing": "mended",
    "not-read": "noted", "unknown-column": "noted", "unused-column": "noted", "encoding": "noted", "timezone": "mended",
    "expired": "noted", "not-begun": "noted", "no-days": "noted", "no-times": "noted",
}  # fmt: skip
SHOWN = 300  # faults kept with their place; all are counted


@dataclass(frozen=True, slots=True)
class GtfsFault:
    """What is wrong at one place. row: of the file as a spreadsheet counts, 1 is the header; 0: the whole file."""

    kind: str
    file: str
    row: int
    field: str
    value: str
    allowed: str

    @property
    def weight(self) -> Weight:
        """What is lost by it."""
        return KINDS[self.kind]

    def __str__(self) -> str:
        place = f"{self.file}:{self.row}" if self.row else self.file
        said = f"{place}: {self.field + ': ' if self.field else ''}{self.kind}"
        return (
            said + (f" {self.value!r}" if self.value else "") + (f"; allowed: {self.allowed}" if self.allowed else "")
        )

    def plain(self) -> dict[str, Any]:
        """As it is stored."""
        return {"kind": self.kind, "weight": self.weight, "file": self.file, "row": self.row, "field": self.field,
                "value": self.value, "allowed": self.allowed}  # fmt: skip


@dataclass
class Findings:
    """Every fault counted by its name, the first of each with its place; rows read, accepted and refused by file."""

    found: dict[str, int] = field(default_factory=dict)
    listed: list[GtfsFault] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def note(self, kind: str, file: str, row: int = 0, name: str = "", value: object = "", allowed: str = "") -> None:
        """Note a fault. Of one kind no more than a third of the list is kept, so that each kind is seen."""
        many = self.found[kind] = self.found.get(kind, 0) + 1
        if many <= SHOWN // 3 and len(self.listed) < SHOWN:
            self.listed.append(GtfsFault(kind, file, row, name, str(value)[:80], allowed))

    def count(self, file: str, read: int, accepted: int) -> None:
        """Note how a file was read."""
        self.counts[file] = {"read": read, "accepted": accepted, "refused": read - accepted}
