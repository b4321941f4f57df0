"""Crews: who is in them, who is on shift, and which of them is best sent out for a case."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from dothi.cases import calendar, news, positions, routing, sight
from dothi.cases import field_store as store
from dothi.cases.positions import SHIFT, Position
from dothi.cases.routing import Point
from dothi.cases.tables import Case, Crew, CrewMember
from dothi.cases.types import types
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.journal import service as journal
from dothi.kit.errors import BadInput, Fault, NotAllowed, NotFound
from dothi.places import cities

USUAL = 45  # minutes a job takes where its category says nothing
_FULL = 2.0  # a minute of work over the shift weighs as two of driving


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a crew. on_since: on shift since; None: off."""

    person_id: int
    name: str
    on_since: int | None
    shares: bool


@dataclass(slots=True)
class Standing:
    """A crew as a dispatcher looks at it."""

    crew: Crew
    members: list[Member] = field(default_factory=list)
    position: Position | None = None

    @property
    def on(self) -> list[Member]:
        """Who is on shift."""
        return [one for one in self.members if one.on_since is not None]

    @property
    def base(self) -> Point | None:
        """Where it starts from."""
        crew = self.crew
        return (crew.lon, crew.lat) if crew.lon is not None and crew.lat is not None else None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A crew for a case. km: its way there; source: from where (position, job, base; none: nobody knows)."""

    crew_id: int
    km: float | None
    source: str
    minutes: int  # of work and driving it has that day without this case
    shift: int
    suits: bool
    cost: float

    @property
    def fits(self) -> bool:
        """Whether the case still fits into its day."""
        return self.minutes < self.shift


def offices(session: Session, caller: Caller) -> list[Agency]:
    """The offices the caller sends crews out for, of the city a page is about."""
    others = cities.of_others(session)
    return [
        one for one in store.offices_with_crews(session, sight.offices(caller, "cases:assign")) if one.id not in others
    ]


def standing(session: Session, caller: Caller, agency_id: int) -> list[Standing]:
    """The crews of an office, who is on shift, and where they last were."""
    guard.require(caller, "cases:assign", agency_id)
    found = {one.id: Standing(one) for one in store.crews(session, [agency_id])}
    now = news.now()
    for member, name in store.members(session, list(found)):
        found[member.crew_id].members.append(
            Member(member.person_id, name, since(member, now), member.shares and since(member, now) is not None)
        )
    for crew_id, at in positions.last(session, caller, [one.crew for one in found.values()]).items():
        found[crew_id].position = at
    return list(found.values())


def since(member: CrewMember, now: int) -> int | None:
    """Since when somebody is on shift; a shift nobody ended is over after SHIFT."""
    return member.on_since if member.on_since is not None and now - member.on_since < SHIFT else None


def mine(session: Session, caller: Caller) -> list[tuple[Crew, CrewMember]]:
    """The crews the caller belongs to."""
    if caller.kind != "person" or caller.id is None:
        return []
    return store.crews_of(session, caller.id)


def on_shift(session: Session, caller: Caller, *, shares: bool) -> None:
    """Begin the caller's shift in their crews. shares: they agree that the office sees where they are until it ends."""
    now = news.now()
    for crew, member in _own(session, caller):
        begins = since(member, now) is None
        if begins:
            member.on_since = now
        changed, member.shares = member.shares != shares or begins, shares
        if changed:
            _tell(session, caller, crew, "shift.began" if begins else "shift.sharing", {"shares": shares})
    if not shares and caller.id is not None:
        store.drop_positions(session, caller.id)
    session.flush()


def off_shift(session: Session, caller: Caller, *, erase: bool = False) -> None:
    """End the caller's shift: nothing more is kept of where they are. erase: what was kept goes at once."""
    for crew, member in _own(session, caller):
        if member.on_since is not None:
            member.on_since, member.shares = None, False
            _tell(session, caller, crew, "shift.ended", {})
    if erase and caller.id is not None:
        store.drop_positions(session, caller.id)
    session.flush()


def put_member(session: Session, caller: Caller, crew_id: int, person_id: int, *, there: bool = True) -> None:
    """Put somebody of the office into a crew, or take them out."""
    crew = store.crew(session, crew_id)
    if crew is None or not crew.active or not guard.may(caller, "cases:assign", crew.agency_id):
        raise NotFound("there is no such crew")
    person = identity.person(session, person_id)
    if person is None or not person.active or person.agency_id != crew.agency_id:
        raise BadInput(
            "nobody of the office", [Fault("person", "is not one of that office's", "somebody of the office")]
        )
    if there:
        store.add_member(session, crew.id, person.id)
    elif not store.drop_member(session, crew.id, person.id):
        return
    _tell(session, caller, crew, "crew.joined" if there else "crew.left", {"person": person.id})


def shift_minutes(session: Session, day: dt.date) -> int:
    """How long a day's shift is: the office hours of the day, or of a usual one where crews work on a free day."""
    cal = calendar.load(session)
    return sum(end - begin for begin, end in cal.hours(day)) or cal.longest


def begins(session: Session, day: dt.date) -> int:
    """When a day's shift begins, minutes since midnight in Vietnam."""
    hours = calendar.load(session).hours(day)
    return hours[0][0] if hours else 7 * 60 + 30


def minutes_of(category: str | None) -> int:
    """How long a job usually takes."""
    found = types().named(category)
    return found.minutes if found is not None else USUAL


def suits(crew: Crew, category: str | None) -> bool:
    """Whether a crew does this kind of work."""
    return not crew.categories or category in crew.categories


def nearest(
    standings: Sequence[Standing], case: Case, load: Mapping[int, int], ends: Mapping[int, Point], shift: int, *,
    live: bool, now: int,
) -> list[Suggestion]:  # fmt: skip
    """Crews for a case, the best first: those that do such work, are near, and have time.

    load: minutes each has that day; ends: where its last job of the day is; live: the day is today, so that a position
    counts before those.
    """
    at = (case.lon, case.lat) if case.lon is not None and case.lat is not None else None
    made = []
    for one in standings:
        crew, here, source = one.crew, one.base, "base"
        if live and one.position is not None and one.position.fresh(now):
            here, source = (one.position.lon, one.position.lat), "position"
        elif crew.id in ends:
            here, source = ends[crew.id], "job"
        way = routing.km(here, at) if here is not None and at is not None else None
        minutes = load.get(crew.id, 0)
        over = max(0, minutes + minutes_of(case.category) - shift)
        cost = (routing.drive(way) if way is not None else 60.0) + 0.15 * minutes + _FULL * over
        made.append(
            Suggestion(
                crew.id, way, source if way is not None else "none", minutes, shift, suits(crew, case.category), cost
            )
        )
    return sorted(made, key=lambda one: (not one.suits, one.cost, one.crew_id))


def by_crew(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Sums of pairs of crew and minutes."""
    found: dict[int, int] = defaultdict(int)
    for crew_id, minutes in rows:
        found[crew_id] += minutes
    return dict(found)


def _own(session: Session, caller: Caller) -> list[tuple[Crew, CrewMember]]:
    found = mine(session, caller)
    if not found:
        raise NotAllowed("you belong to no crew")
    return found


def _tell(session: Session, caller: Caller, crew: Crew, kind: str, data: dict[str, object]) -> None:
    journal.append(
        session, f"cases.{kind}", actor=caller.actor, subject=f"crew:{crew.code}", agency_id=crew.agency_id,
        visibility="restricted", data=data,
    )  # fmt: skip
