"""The SQL of the rule engine: what it follows, what it remembers, and the stored observations it reads again."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from dothi.alerts import maintenance, suppression
from dothi.alerts.hot import NEVER
from dothi.alerts.news import ENGINE
from dothi.alerts.reconcile import Told
from dothi.alerts.standing import course
from dothi.alerts.tables import Alarm, AlarmEvent, Followed, Mark, Rule, Watch
from dothi.alerts.verdicts import Value
from dothi.db.rows import write_each
from dothi.db.words import spans
from dothi.journal import service as journal
from dothi.journal.tables import Entry
from dothi.sensing.tables import DatastreamState, Observation, ObservationSuperseded

_PART = 400  # keys of one statement
_ABOUT = [
    f"sensing.{noun}.{verb}"
    for noun in ("thing", "location", "datastream", "observed_property")
    for verb in ("created", "updated", "deleted")
]
RULE_ITSELF = "*"  # the Watch that says since when a rule is followed at all


BLOCK = 1024
_FOLLOWED = text(
    "INSERT INTO followed (block, content) VALUES (:block, :content)"
    " ON CONFLICT (block) DO UPDATE SET content = excluded.content"
)
_WATCHES_BY_ROW = {
    "new": "INSERT INTO watch (state, version, upto, rule_id, subject) VALUES (?, ?, ?, ?, ?)",
    "kept": "UPDATE watch SET state = ?, version = ?, upto = ? WHERE rule_id = ? AND subject = ?",
}
_GIVEN = (
    "unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::text[]) AS v(state, version, upto, rule_id, subject)"
)
_WATCHES_AT_ONCE = {
    "new": "INSERT INTO watch (state, version, upto, rule_id, subject)"
    f" SELECT v.state::jsonb, v.version, v.upto, v.rule_id, v.subject FROM {_GIVEN}",
    "kept": f"UPDATE watch SET state = v.state::jsonb, version = v.version, upto = v.upto FROM {_GIVEN}"
    " WHERE watch.rule_id = v.rule_id AND watch.subject = v.subject",
}


class Newest(NamedTuple):
    """A datastream's counter and newest observation."""

    total: int
    last_at: int | None
    value: Value | None


def value_of(result: float | None, said: str | None) -> Value | None:
    """A stored result as rules read it: a number, a truth, a text; other JSON as its text."""
    if said is None or said == "null":
        return result
    if said in {"true", "false"}:
        return said == "true"
    if said.startswith('"'):
        read: str = msgspec.json.decode(said)
        return read
    return said


def text_of(value: Value | None) -> str | None:
    """The JSON text that `value_of` reads as this value; None for numbers and nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if value[:1] in "[{" else json.dumps(value)
    return None


def rules(session: Session) -> list[Rule]:
    """Every rule."""
    return list(session.scalars(select(Rule).order_by(Rule.id)))


def rules_stamp(session: Session) -> tuple[int, ...]:
    """What differs when any rule has been made, changed, switched or deleted."""
    sums = (func.sum(Rule.id), func.sum(Rule.version), func.max(Rule.changed_at))
    query = select(func.count(), *(func.coalesce(one, 0) for one in sums))
    return tuple(int(one) for one in session.execute(query).one())


def watches(session: Session) -> dict[tuple[int, str], Watch]:
    """All the engine remembers."""
    return {(one.rule_id, one.subject): one for one in session.scalars(select(Watch))}


def followed(session: Session) -> dict[int, tuple[int, int]]:
    """How far each datastream has been read: its count and the newest instant."""
    found: dict[int, tuple[int, int]] = {}
    for content in session.scalars(select(Followed.content)):
        rows = np.frombuffer(content, dtype="<i8").reshape(-1, 3).tolist()
        found.update((id_, (count, upto)) for id_, count, upto in rows)
    return found


def states(session: Session) -> dict[int, Newest]:
    """Counter and newest observation of every datastream."""
    s = DatastreamState
    rows = session.execute(select(s.datastream_id, s.count, s.last_at, s.result, s.result_json))
    return {id_: Newest(count, last, value_of(result, said)) for id_, count, last, result, said in rows}


def counters(session: Session) -> NDArray[np.int64]:
    """Rows of id, counter and newest instant (NEVER for none) of every datastream.

    A text a column: 100,000 rows every few seconds, of which Python makes no objects.
    """
    texts = session.connection().execute(_COUNTERS).one()
    return np.stack([np.fromstring(one or "", dtype=np.int64, sep=",") for one in texts], axis=1)


_STATE = DatastreamState
_COUNTERS = select(
    *(
        func.aggregate_strings(cast(one, Text), ",")
        for one in (_STATE.datastream_id, _STATE.count, func.coalesce(_STATE.last_at, NEVER))
    )
)


def between(session: Session, stretches: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, Value | None]]:
    """Stored observations as (datastream, at, value), by datastream and instant.

    stretches: (datastream, after, until): later than `after`, up to and with `until`.
    """
    wanted = list(stretches)
    o = Observation.__table__.c  # columns, not objects: a rule that begins reads a million of them
    for begin in range(0, len(wanted), _PART):
        part = spans(literal(json.dumps(wanted[begin : begin + _PART]), Text)).table_valued(
            column("key", o.at.type), column("begin_", o.at.type), column("end_", o.at.type)
        )
        query = (
            select(o.datastream_id, o.at, o.result, o.result_json)
            .select_from(part)
            .join(
                Observation.__table__,
                (o.datastream_id == part.c.key) & (o.at > part.c.begin_) & (o.at <= part.c.end_),
            )
            .order_by(o.datastream_id, o.at)
        )
        for stream, at, result, said in session.execute(query):
            yield stream, at, result if said is None else value_of(result, said)


def counted(session: Session, upto: Mapping[int, int]) -> dict[int, int]:
    """How many observations some datastreams hold up to an instant each: the counter, less those beyond."""
    ids, o, s = sorted(upto), Observation, DatastreamState
    found: dict[int, int] = {}
    for begin in range(0, len(ids), _PART):
        part = ids[begin : begin + _PART]
        totals = session.execute(select(s.datastream_id, s.count).where(s.datastream_id.in_(part)))
        found.update({id_: count for id_, count in totals})  # noqa: C416 - rows are no pairs to mypy
        stretches = [(id_, upto[id_], (1 << 62)) for id_ in part]
        there = spans(literal(json.dumps(stretches), Text)).table_valued(
            column("key", o.at.type), column("begin_", o.at.type), column("end_", o.at.type)
        )
        beyond = (
            select(o.datastream_id, func.count())
            .select_from(there)
            .join(o, (o.datastream_id == there.c.key) & (o.at > there.c.begin_))
            .group_by(o.datastream_id)
        )
        for id_, count in session.execute(beyond):
            found[id_] -= count
    return found


def earliest_received(session: Session, id_: int, after: int, upto: int, received: int) -> int | None:
    """The earliest instant of a datastream within (after, upto] that was received at `received` or later."""
    o = Observation
    return session.scalar(
        select(func.min(o.at)).where(
            o.datastream_id == id_, o.at > after, o.at <= upto, o.received_at >= received
        )
    )  # fmt: skip


def superseded(session: Session, after: int) -> list[tuple[int, int, int]]:
    """Corrections and deletions beyond an id: (id, datastream, at)."""
    o = ObservationSuperseded
    query = select(o.id, o.datastream_id, o.at).where(o.id > after).order_by(o.id).limit(20_000)
    return [(id_, stream, at) for id_, stream, at in session.execute(query)]


def newest_superseded(session: Session) -> int:
    """The id of the newest correction."""
    return session.scalar(select(func.max(ObservationSuperseded.id))) or 0


class Glance(NamedTuple):
    """What is otherwise when there is something to look at.

    entry: the journal's newest. corrected: the newest correction, and how many there are beyond an id; wanted: windows
    run, or alarms are held by one or by a shelf that is over.
    """

    entry: int
    corrected: tuple[int, int]
    wanted: bool


def glance(session: Session, corrected: int, now: int) -> Glance:
    """All of it in one statement, as it is asked every second. corrected: the id beyond which corrections count."""
    found = session.connection().execute(_GLANCE, {"corrected": corrected, "now": now}).one()
    return Glance(found[0], (found[1], found[2]), bool(found[3]))


_BEYOND = ObservationSuperseded.id > bindparam("corrected", type_=BigInteger())
_NOW = bindparam("now", type_=BigInteger())
_GLANCE = select(
    select(func.coalesce(func.max(Entry.id), 0)).scalar_subquery(),
    select(func.coalesce(func.max(ObservationSuperseded.id), 0)).where(_BEYOND).scalar_subquery(),
    select(func.count(ObservationSuperseded.id)).where(_BEYOND).scalar_subquery(),
    or_(maintenance.running(_NOW), suppression.held(_NOW)),
)


def hand_clears(session: Session, after: int) -> list[tuple[int, int, int]]:
    """Alarms people have ended, beyond an event's id: (id of the event, alarm, at)."""
    e = AlarmEvent
    query = select(e.id, e.alarm_id, e.at).where(e.id > after, e.kind == "cleared", e.actor != ENGINE).order_by(e.id)
    return [(id_, alarm, at) for id_, alarm, at in session.execute(query)]


def newest_event(session: Session) -> int:
    """The id of the newest event."""
    return session.scalar(select(func.max(AlarmEvent.id))) or 0


def told(session: Session, rule_id: int, subject: str, after: int) -> tuple[list[Told], list[int]]:
    """The alarms of a rule at a subject that stood, or were raised, after an instant; and when hands ended any."""
    a = Alarm
    alarms = select(a.id).where(
        a.rule_id == rule_id, a.subject == subject,
        (a.cleared_at.is_(None)) | (a.cleared_at > after) | (a.raised_at > after),
    )  # fmt: skip
    events: dict[int, list[AlarmEvent]] = {}
    for one in session.scalars(select(AlarmEvent).where(AlarmEvent.alarm_id.in_(alarms)).order_by(AlarmEvent.id)):
        events.setdefault(one.alarm_id, []).append(one)
    found = [Told(id_, course(mine)) for id_, mine in events.items()]
    found.sort(key=lambda one: (one.course.raised_at or 0, one.id))
    by_hand = {
        one.at for mine in events.values() for one in mine
        if one.kind == "cleared" and one.actor != ENGINE and one.at > after
    }  # fmt: skip
    return found, sorted(by_hand)


def standing(session: Session) -> dict[tuple[int, str], list[int]]:
    """Ids of the active alarms of rules, by rule and subject."""
    query = select(Alarm.rule_id, Alarm.subject, Alarm.id).where(Alarm.active.is_(True), Alarm.rule_id.is_not(None))
    found: dict[tuple[int, str], list[int]] = {}
    for rule_id, subject, id_ in session.execute(query.order_by(Alarm.id)):
        if rule_id is None:
            continue
        found.setdefault((rule_id, subject), []).append(id_)
    return found


def held(session: Session, id_: int) -> Alarm | None:
    """An alarm, locked until the transaction ends."""
    return session.scalar(
        select(Alarm).where(Alarm.id == id_).with_for_update().execution_options(populate_existing=True)
    )


def begun(session: Session, rule_id: int, subject: str, at: int) -> Alarm | None:
    """The alarm of a rule at a subject that began at an instant, locked until the transaction ends."""
    query = select(Alarm).where(Alarm.rule_id == rule_id, Alarm.subject == subject, Alarm.raised_at == at)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def latest_of_group(session: Session, key: str, since: int, until: int) -> int:
    """How often a group had been raised, by its newest alarm raised in a stretch of time; 0 for never."""
    query = (
        select(Alarm.repeats)
        .where(Alarm.group_key == key, Alarm.raised_at >= since, Alarm.raised_at <= until, Alarm.withdrawn.is_(False))
        .order_by(Alarm.raised_at.desc(), Alarm.id.desc())
        .limit(1)
    )
    return session.scalar(query) or 0


def group_stands(session: Session, key: str) -> list[str]:
    """The severities of a group's alarms that stand: active, or not acknowledged."""
    query = select(Alarm.severity).where(
        Alarm.group_key == key, Alarm.withdrawn.is_(False),
        (Alarm.active.is_(True)) | (Alarm.acknowledged.is_(False)),
    )  # fmt: skip
    return list(session.scalars(query))


def newest_entry(session: Session) -> int:
    """The id of the journal's newest entry; what is committed later has a greater one. 0: there is none."""
    return journal.newest(session)


def tells(session: Session, after: int, upto: int, *, rules: bool = False) -> bool:
    """Whether the journal tells, after an id up to another, of what rules rest on; or, when so asked, of rules."""
    begins = ("alerts.rule",) if rules else ("places.", "city.")
    about = [Entry.kind.startswith(one, autoescape=True) for one in begins]
    if not rules:
        about.append(Entry.kind.in_(_ABOUT))
    query = select(Entry.id).where(Entry.id > after, Entry.id <= upto, or_(*about)).limit(1)
    return session.scalar(query) is not None


class Remembered(NamedTuple):
    """A row of what is remembered; state: its JSON."""

    rule_id: int
    subject: str
    version: int
    upto: int
    state: bytes


def save_watches(session: Session, rows: Sequence[Remembered], kept: Sequence[Remembered] = ()) -> None:
    """Remember some rules at some subjects. kept: of which the database holds a row already.

    As the driver takes them, with JSON that is text already: at a checkpoint there are tens of thousands. SQLite is
    quickest row by row in the order of the key, PostgreSQL with all of them in one statement.
    """
    for verb, given in (("new", rows), ("kept", kept)):
        lines = [(one.state.decode(), one.version, one.upto, one.rule_id, one.subject) for one in sorted(given)]
        write_each(session, _WATCHES_BY_ROW[verb], _WATCHES_AT_ONCE[verb], lines)


def drop_watches(session: Session, keys: Sequence[tuple[int, str]]) -> None:
    """Forget some rules at some subjects."""
    for begin in range(0, len(keys), _PART):
        session.execute(delete(Watch).where(tuple_(Watch.rule_id, Watch.subject).in_(keys[begin : begin + _PART])))


def drop_rule_watches(session: Session, rule_ids: Sequence[int]) -> None:
    """Forget some rules altogether."""
    if rule_ids:
        session.execute(delete(Watch).where(Watch.rule_id.in_(rule_ids)))


def save_followed(session: Session, rows: NDArray[np.int64]) -> None:
    """Note how far whole blocks of datastreams have been read: rows of datastream, count and newest instant, by id."""
    block = rows[:, 0] // BLOCK
    for part in np.split(rows, np.flatnonzero(np.diff(block)) + 1):
        if len(part):
            values = {"block": int(part[0, 0]) // BLOCK, "content": part.astype("<i8").tobytes()}
            session.execute(_FOLLOWED, values)


def mark(session: Session, name: str) -> int | None:
    """How far something has been read."""
    return session.scalar(select(Mark.value).where(Mark.name == name))


def set_mark(session: Session, name: str, value: int) -> None:
    """Note how far something has been read."""
    query = update(Mark).where(Mark.name == bindparam("which")).values(value=value)
    done = session.execute(query, {"which": name})
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(insert(Mark).values(name=name, value=value))
