"""Looking through a camera: which cameras a caller may look through, for how long, and that it is written down.

A camera's place and keeper are records of the dataset `cameras`; who may look follows from its privacy class. A viewing
lasts ten minutes at most; its beginning and its end are entries of the journal.
"""

import math
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from dothi.datasets import reading, views
from dothi.datasets.cql2 import parse
from dothi.datasets.reading import Asked
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import DothiError, NotFound
from dothi.web import sealed

DATASET = "cameras"
LOOKS, HANDLES = "alarms:read", "alarms:handle"
LONGEST = 600  # seconds
MOST = 500  # cameras on one page
TEST = "test:"
_PURPOSE = "camera"
_METRES = 111_195.0  # of a degree of latitude


class Gone(DothiError):
    """The viewing is over."""

    status = 410


@dataclass(frozen=True)
class Camera:
    """A camera the caller may look through. direction: degrees clockwise from north; agency: whose it is."""

    code: str
    name: str
    lon: float | None
    lat: float | None
    direction: int | None
    road: str
    agency: str
    agency_id: int | None
    privacy: str
    retention: str
    kind: str
    url: str
    simulated: bool
    metres: int | None = None

    @property
    def test(self) -> bool:
        """Whether it shows dothi's own drawn source."""
        return self.url.startswith(TEST)

    @property
    def host(self) -> str | None:
        """Where its pictures come from, as a page's policy names it; None for this server."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else None


@dataclass(frozen=True)
class Viewing:
    """One look through a camera. id: what the journal knows it by; started, until: µs UTC."""

    id: str
    camera: str
    actor: str
    started: int
    until: int

    @property
    def token(self) -> str:
        """The viewing as the browser carries it."""
        return sealed.sealed(_PURPOSE, f"{self.id}|{self.camera}|{self.actor}|{self.started}")


def cameras(
    session: Session, caller: Caller, language: str = "vi", spot: tuple[float, float] | None = None, most: int = MOST
) -> list[Camera]:
    """The cameras a caller may look through; with a spot (lon, lat) those within 3 km, the nearest first."""
    where = _may(session, caller)
    if where is None:
        return []
    box = None if spot is None else _around(spot, 3000)
    asked = Asked(where=where, bbox=box, limit=MOST, sort=(("name", False),))
    found = _read(session, asked, language)
    if spot is None:
        return found[:most]
    placed = [_at(one, spot) for one in found if one.lon is not None]
    return sorted(placed, key=lambda one: one.metres or 0)[:most]


def camera(session: Session, caller: Caller, code: str, language: str = "vi") -> Camera:
    """One of them. NotFound, worded alike, where there is none or the caller may not look through it."""
    where = _may(session, caller)
    said = f"no camera {code[:80]!r} that you may look through"
    if where is None or "\0" in code:
        raise NotFound(said)
    # the key is asked beside the class, in the same statement
    quoted = code.replace("'", "''")
    found = _read(session, Asked(where=(where, parse(f"code = '{quoted}'")), limit=1), language)
    if not found:
        raise NotFound(said)
    return found[0]


def _may(session: Session, caller: Caller) -> Any:
    """The clause of the cameras a caller may look through; None: none at all."""
    if not guard.may_somewhere(caller, LOOKS):
        return None
    try:
        views.view(caller, DATASET)
    except NotFound:
        return None
    told = "privacy = 'public'"
    if guard.may_somewhere(caller, HANDLES):
        told += " OR privacy = 'restricted'"
        keepers = [one.code for one in identity.agencies(session) if guard.may(caller, HANDLES, one.id)]
        if keepers:
            listed = ", ".join("'" + one.replace("'", "''") + "'" for one in keepers)
            told += f" OR (privacy = 'sensitive' AND agency IN ({listed}))"
    return parse(told)


def _read(session: Session, asked: Asked, language: str) -> list[Camera]:
    # the class decides, and whoever may look needs the stream's address, which the dataset keeps back
    view = views.view(guard.SYSTEM, DATASET)
    agencies = {one.code: one for one in identity.agencies(session)}
    made = []
    for record in reading.listing(view, asked, session).records:
        said = record["properties"]
        keeper = agencies.get(str(said.get("agency") or ""))
        lon, lat = record["west"], record["south"]
        name = (keeper.name_en if language == "en" and keeper.name_en else keeper.name) if keeper else ""
        made.append(Camera(
            record["key"], str(said.get("name") or record["key"]), lon, lat, said.get("direction"), str(said.get("road") or ""),
            name, keeper.id if keeper else view.agency_id, str(said["privacy"]), str(said.get("retention") or ""),
            str(said["kind"]), str(said["stream_url"]), view.simulated or str(said["stream_url"]).startswith(TEST),
        ))  # fmt: skip
    return made


def _around(spot: tuple[float, float], metres: float) -> reading.Box:
    lon, lat = spot
    high = metres / _METRES
    wide = high / max(0.1, math.cos(math.radians(lat)))
    return (lon - wide, max(-90.0, lat - high), lon + wide, min(90.0, lat + high))


def _at(one: Camera, spot: tuple[float, float]) -> Camera:
    east = ((one.lon or 0) - spot[0]) * math.cos(math.radians(spot[1]))
    metres = round(math.hypot(east, (one.lat or 0) - spot[1]) * _METRES)
    return Camera(**{**vars(one), "metres": metres})


def begin(session: Session, caller: Caller, one: Camera, now: int | None = None) -> Viewing:
    """Let the caller look for ten minutes, and write it down."""
    now = clock.now_micros() if now is None else now
    viewing = Viewing(secrets.token_hex(6), one.code, caller.actor, now, now + LONGEST * clock.SECOND)
    _note(session, "duty.camera.opened", caller, one, viewing, viewing.until)
    return viewing


def opened(caller: Caller, code: str, token: str) -> Viewing | None:
    """The viewing a token stands for, if it is this caller's, of this camera; over or not."""
    text = sealed.opened(_PURPOSE, token) if len(token) < 400 else None
    parts = text.rsplit("|", 3) if text else []
    if len(parts) != 4 or parts[1] != code or parts[2] != caller.actor:
        return None
    started = int(parts[3])
    return Viewing(parts[0], code, parts[2], started, started + LONGEST * clock.SECOND)


def current(session: Session, caller: Caller, code: str, token: str, now: int | None = None) -> Viewing:
    """The same, while it lasts: until its time is up or somebody said that they look no more. Raises Gone."""
    found = opened(caller, code, token)
    if found is None or (clock.now_micros() if now is None else now) >= found.until or _closed(session, found):
        raise Gone("this viewing is over; open the camera again")
    return found


def _closed(session: Session, viewing: Viewing) -> bool:
    entries = journal.read(
        session, limit=100, sees=guard.sees_entries(guard.SYSTEM), kinds=("duty.camera.closed",),
        subject=f"camera:{viewing.camera}", newest_first=True,
    )  # fmt: skip
    return any((entry["data"] or {}).get("viewing") == viewing.id for entry in entries)


def end(session: Session, caller: Caller, one: Camera, viewing: Viewing, now: int | None = None) -> None:
    """Write down that the caller looks no more; said twice, written once."""
    now = clock.now_micros() if now is None else now
    journal.take_turn(session)  # the page says so as its stream ends too
    if _closed(session, viewing):
        return
    _note(session, "duty.camera.closed", caller, one, viewing, min(now, viewing.until))


def _note(session: Session, kind: str, caller: Caller, one: Camera, viewing: Viewing, until: int) -> None:
    journal.append(
        session, kind, actor=caller.actor, subject=f"camera:{one.code}", agency_id=one.agency_id, visibility="restricted",
        data={"viewing": viewing.id, "camera": one.code, "privacy": one.privacy, "from": viewing.started, "until": until},
    )  # fmt: skip
