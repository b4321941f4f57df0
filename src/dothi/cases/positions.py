"""Where crews are: only what a member shares of their own will, only on shift, only for those who send crews out.

It is agreed to anew with every shift, ends with it, and what was kept is deleted after DOTHI_CREW_HOURS, or at once when
whoever shared it says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.cases import field_store as store
from dothi.cases import news
from dothi.cases.tables import Crew
from dothi.config import settings
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed

EVERY = 20 * clock.SECOND  # one a member in this time; more is dropped, not refused
FRESH = 15 * 60 * clock.SECOND  # older ones say where a crew was, not where it is
SHIFT = 14 * clock.HOUR  # a shift nobody ended is over by then


@dataclass(frozen=True, slots=True)
class Position:
    """Where a crew last was."""

    crew_id: int
    lon: float
    lat: float
    at: int

    def fresh(self, now: int) -> bool:
        """Whether the crew may still be there."""
        return now - self.at <= FRESH


def share(session: Session, caller: Caller, lon: float, lat: float) -> bool:
    """Keep where the caller's crews are; False where one was kept just before.

    Raises Conflict off shift, and for who has not agreed.
    """
    if caller.kind != "person" or caller.id is None:
        raise NotAllowed("a person shares where they are, not a key")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput("this is no place", [Fault("place", f"{lon}, {lat}", "lon and lat in degrees")])
    now = news.now()
    mine = store.crews_of(session, caller.id)
    on = [(crew, member) for crew, member in mine if member.on_since is not None and now - member.on_since < SHIFT]
    if not on:
        raise Conflict("you are not on shift: nothing is kept of where you are")
    sharing = [crew for crew, member in on if member.shares]
    if not sharing:
        raise Conflict("you do not share where you are")
    last = store.last_at(session, caller.id)
    if last is not None and now - last < EVERY:
        return False
    for crew in sharing:
        store.put_position(session, crew.id, caller.id, now, round(lon, 5), round(lat, 5))
    return True


def last(session: Session, caller: Caller, crews: Sequence[Crew]) -> dict[int, Position]:
    """Where some crews last were on the shift they are on, for who holds cases:assign in their office."""
    now = news.now()
    seen = [one.id for one in crews if guard.may(caller, "cases:assign", one.agency_id)]
    since = now - min(SHIFT, settings().crew_hours * clock.HOUR)
    rows = store.positions(session, seen, since) if seen else {}
    return {crew_id: Position(crew_id, row.lon, row.lat, row.at) for crew_id, row in rows.items()}
