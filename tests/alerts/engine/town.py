"""A small town with gauges, and an engine driven by hand: every test sets the clock and says what is stored when."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.alerts import declared, rulebook
from dothi.alerts.engine import GRACE
from dothi.alerts.history import run
from dothi.alerts.rounds import Rounds
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.identity.guard import SYSTEM, Caller
from dothi.identity.tables import Agency
from dothi.kit import clock
from dothi.sensing import ingest
from dothi.sensing.columns import Columns
from dothi.sensing.tables import Datastream, DatastreamState, ObservedProperty, Sensor, Thing

S = clock.SECOND
MINUTE, HOUR = 60 * S, 3600 * S
NOON = clock.parse("2026-11-21T12:00:00+07:00")


class Clock:
    """The time everything in the test lives by."""

    def __init__(self, monkeypatch: Any, now: int = NOON) -> None:
        self.now = now
        monkeypatch.setattr(clock, "source", lambda: clock.moment(self.now))


class Hub:
    """In place of sensing's hub: what was stored waits until the test passes it on, or loses it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Columns, Sequence[int]]] = []
        self.heard = True

    def publish(self, columns: Columns, stored: Sequence[int]) -> None:
        self.waiting.append((columns, stored))


def agency(session: Session, code: str) -> Agency:
    made = Agency(code=code, name=code)
    session.add(made)
    session.flush()
    return made


def gauge(session: Session, code: str, *, properties: Sequence[str] = ("water-level",), **more: Any) -> list[int]:
    """A thing with a datastream for each property; their ids."""
    units = {"water-level": "m", "rainfall-1h": "mm", "pm25": "ug/m3"}
    thing = Thing(
        **{"code": code, "name": f"Trạm {code}", "name_folded": f"tram {code}", "description": "", "sharing": "open",
           "lon": 106.4, "lat": 10.5, "unit_code": "27694", **more}
    )  # fmt: skip
    session.add(thing)
    session.flush()
    made = []
    for name in properties:
        known = session.scalar(select(ObservedProperty).where(ObservedProperty.code == name))
        known = known or ObservedProperty(code=name, name=name, definition=name, description="")
        sensor = Sensor(name="cảm biến", description="", encoding_type="text/plain", metadata_="m")
        session.add_all([known, sensor])
        session.flush()
        stream = Datastream(
            name=f"{name} {code}", description="", observation_type="x/OM_Measurement", thing_id=thing.id,
            sensor_id=sensor.id, observed_property_id=known.id, sharing=thing.sharing, agency_id=thing.agency_id,
            unit={"name": "", "symbol": units[name], "definition": f"ucum:{units[name]}"},
        )  # fmt: skip
        session.add(stream)
        session.flush()
        session.add(DatastreamState(datastream_id=stream.id, count=0))
        made.append(stream.id)
    return made


def rule(code: str, when: dict[str, Any], on: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A rule's definition."""
    return {
        "code": code, "title": {"vi": f"Quy tắc {code}", "en": f"Rule {code}"},
        "on": on or {"property": "water-level"}, "when": when, **more,
    }  # fmt: skip


def put(rows: Sequence[tuple[int, int, float]]) -> None:
    """Store observations: (datastream, at, value)."""
    ingest.put_now(Columns([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))


class Town:
    """The engine, the clock and the hub of a test."""

    def __init__(self, monkeypatch: Any, now: int = NOON) -> None:
        self.clock = Clock(monkeypatch, now)
        self.hub = Hub()
        monkeypatch.setattr(ingest, "hub", self.hub)
        monkeypatch.setattr(declared, "rules", dict)
        self.rounds: Rounds | None = None

    @property
    def now(self) -> int:
        return self.clock.now

    def make(self, *definitions: dict[str, Any], caller: Caller = SYSTEM, **more: Any) -> None:
        with db.writing() as session:
            for one in definitions:
                rulebook.create(session, caller, one, status="on", **more)

    def start(self) -> Rounds:
        """A new process; the one before it, if any, was killed."""
        self.hub.waiting.clear()
        self.rounds = Rounds()
        self.rounds.open(self.now)
        return self.rounds

    def say(self, *rows: tuple[int, int, float]) -> None:
        """Observations are stored and heard at once."""
        put(rows)
        self.heard()

    def heard(self) -> None:
        assert self.rounds is not None
        for columns, stored in self.hub.waiting:
            self.rounds.hear(columns, stored, self.now)
        self.hub.waiting.clear()
        self.rounds.round(self.now)

    def wait(self, micros: int, *, step: int = MINUTE) -> None:
        """Time passes with nothing new; the engine is called when it asks to be, and once a step."""
        assert self.rounds is not None
        end = self.now + micros
        while self.now < end:
            due = self.rounds.engine.due()
            self.clock.now = min(end, self.now + step, due if due is not None and due > self.now else end)
            self.rounds.round(self.now)


def alarms(session: Session, *codes: str) -> list[Alarm]:
    """Every alarm that was not withdrawn, in the order they began."""
    session.rollback()
    query = select(Alarm).where(Alarm.withdrawn.is_(False)).order_by(Alarm.raised_at, Alarm.id)
    if codes:
        query = query.where(Alarm.rule_code.in_(codes))
    return list(session.scalars(query.execution_options(populate_existing=True)))


def stored(session: Session) -> set[tuple[Any, ...]]:
    """The alarms as facts to compare."""
    return {(a.rule_code, a.subject, a.raised_at, a.worst, a.cleared_at) for a in alarms(session)}


def clean(session: Session, rounds: Rounds, now: int) -> set[tuple[Any, ...]]:
    """The alarms a clean run over everything stored gives, by the pure twin."""
    from dothi.alerts import engine_store

    session.rollback()
    found: set[tuple[Any, ...]] = set()
    for sentry in rounds.engine.sentries.values():
        stretches = [(stream, -(1 << 62), 1 << 62) for stream in sentry.watcher.streams]
        history = list(engine_store.between(session, stretches))
        for one in run(sentry.watcher, history, now - GRACE):
            found.add((sentry.rule.code, sentry.facts.subject, one.raised_at, one.worst, one.cleared_at))
    return found


def days(count: float) -> timedelta:
    return timedelta(days=count)


def walk(values: Sequence[float], stream: int, start: int, step: int) -> Iterator[tuple[int, int, float]]:
    """Observations at a steady pace."""
    for i, value in enumerate(values):
        yield stream, start + i * step, value
