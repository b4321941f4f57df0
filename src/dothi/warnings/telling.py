"""What is told of a warning to whoever may see it: the same shape for pages, maps and interfaces. Pure."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dothi.warnings.tables import Warning_

# how our screens show CAP's severities: the shapes and words of the look
TONE = {"Extreme": "critical", "Severe": "major", "Moderate": "minor", "Minor": "warning", "Unknown": "warning"}


@dataclass(frozen=True)
class Told:
    """A published (or drafted) warning. Instants µs UTC; geometry: GeoJSON of everything it covers."""

    id: int
    identifier: str
    sender: str
    inbound: bool
    feed: str
    state: str
    status: str
    msg_type: str
    severity: str
    tone: str
    category: str
    infos: tuple[dict[str, Any], ...]
    areas: tuple[dict[str, Any], ...]
    units: tuple[str, ...]
    sent_at: int | None
    onset_at: int | None
    expires_at: int | None
    ended_at: int | None
    signed: bool
    simulated: bool
    alarm_id: int | None
    url: str

    def info(self, language: str = "vi") -> dict[str, Any]:
        """The texts in a language: event, headline, description, instruction, sender_name, contact, web."""
        return next((one for one in self.infos if str(one["language"]).startswith(language)), self.infos[0])

    def places(self, language: str = "vi") -> str:
        """The areas' names with commas."""
        return ", ".join(dict.fromkeys(name_of(one, language) for one in self.areas))

    @property
    def geometry(self) -> dict[str, Any] | None:
        """All areas in one GeoJSON MultiPolygon; None when it is told in words and codes only."""
        rings: list[Any] = []
        for one in self.areas:
            shape = one.get("geometry")
            if shape:
                rings += shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        return {"type": "MultiPolygon", "coordinates": rings} if rings else None

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north of everything it covers; None when it is told in words and codes only."""
        shape = self.geometry
        points = [point for polygon in shape["coordinates"] for ring in polygon for point in ring] if shape else []
        if not points:
            return None
        lons, lats = [one[0] for one in points], [one[1] for one in points]
        return min(lons), min(lats), max(lons), max(lats)

    @property
    def exercise(self) -> bool:
        """Whether it is no real warning: an exercise or a test."""
        return self.status != "Actual"


def name_of(area: dict[str, Any], language: str) -> str:
    """An area's name."""
    names = area["names"]
    return str(names.get(language) or next(iter(names.values()), ""))


def told(row: Warning_) -> Told:
    """A stored warning as it is told."""
    infos = tuple(row.infos) or ({"language": "vi", "event": "", "headline": "", "description": "", "instruction": ""},)
    return Told(
        row.id, row.identifier, row.sender, row.inbound, row.feed, row.state, row.status, row.msg_type, row.severity,
        TONE.get(row.severity, "warning"), row.category, infos, tuple(row.areas), tuple(row.units), row.sent_at,
        row.onset_at, row.expires_at, row.ended_at, row.signed, row.simulated, row.alarm_id,
        address(row.identifier, row.feed),
    )  # fmt: skip


def address(identifier: str, feed: str = "") -> str:
    """The page of a message; others' name the feed they came from."""
    return f"/warnings/{quote(identifier, safe='')}" + (f"?feed={quote(feed, safe='')}" if feed else "")
