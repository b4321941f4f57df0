"""Rules, the alarms they raise, what happened to each alarm, and what the engine remembers between observations.

Every time column is BIGINT microseconds since 1970 UTC. An alarm has two axes: active or cleared, acknowledged or not.
Two clocks run through all of it: what *was* (phenomenon time: raised_at, cleared_at, AlarmEvent.at) and what we *knew*
(noticed_at). Replay asks both.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json

_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Rule(Base):
    """What is watched and when it is an alarm; from a sector pack or made by a person."""

    __tablename__ = "rule"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str | None] = mapped_column(Text)
    sector: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)  # pack | person
    agency_id: Mapped[int | None] = mapped_column(Id)
    definition: Mapped[dict[str, Any]] = mapped_column(Json)  # as declared: alerts.model.RuleModel
    version: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[str] = mapped_column(Text, default="draft")  # draft | on | off
    changed_at: Mapped[int] = mapped_column(BigInteger)
    changed_by: Mapped[str] = mapped_column(Text)  # guard's Caller.actor


class RuleVersion(Base):
    """How a rule read in each of its versions, for the explanation of old alarms."""

    __tablename__ = "rule_version"
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(Text)


class Alarm(Base):
    """A rule's condition was met at a subject, from raised_at to cleared_at."""

    __tablename__ = "alarm"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)  # CB-26-11842: what people say on the telephone
    rule_id: Mapped[int | None] = mapped_column(Id, index=True)  # None: from outside, a CAP feed
    rule_code: Mapped[str] = mapped_column(Text)
    rule_version: Mapped[int] = mapped_column(Integer)
    subject: Mapped[str] = mapped_column(Text)  # datastream:12 | thing:3 | area:tan-an | rule:…
    thing_id: Mapped[int | None] = mapped_column(Id, index=True)
    datastream_id: Mapped[int | None] = mapped_column(Id)
    sector: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str | None] = mapped_column(Text)
    subject_name: Mapped[str] = mapped_column(Text, default="")
    folded: Mapped[str] = mapped_column(Text, default="")  # kit.text.fold of what a person searches it by
    severity: Mapped[str] = mapped_column(Text)  # critical | major | minor | warning: now
    worst: Mapped[str] = mapped_column(Text)  # the worst it was
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    acknowledged: Mapped[bool] = mapped_column(Boolean, default=False)
    raised_at: Mapped[int] = mapped_column(BigInteger)  # phenomenon time
    noticed_at: Mapped[int] = mapped_column(BigInteger)  # when the engine said so
    severity_at: Mapped[int] = mapped_column(BigInteger)  # since when it has this severity
    last_at: Mapped[int] = mapped_column(BigInteger)  # newest observation it rests on
    cleared_at: Mapped[int | None] = mapped_column(BigInteger)
    cleared_noticed_at: Mapped[int | None] = mapped_column(BigInteger)
    cleared_how: Mapped[str | None] = mapped_column(Text)  # see service.HOW
    acknowledged_at: Mapped[int | None] = mapped_column(BigInteger)
    acknowledged_by: Mapped[str | None] = mapped_column(Text)  # person:3
    assignee_id: Mapped[int | None] = mapped_column(Id)  # identity.person
    group_key: Mapped[str] = mapped_column(Text)  # repeats and siblings stand under one line of the queue
    repeats: Mapped[int] = mapped_column(Integer, default=1)  # how often it was raised within the group's window
    parent_id: Mapped[int | None] = mapped_column(Id)  # the alarm that explains this one away
    suppressed: Mapped[str | None] = mapped_column(Text)  # why it does not ring: maintenance:4, parent:8, shelved
    shelved_until: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)  # late data showed that it never was
    value: Mapped[float | None]
    value_text: Mapped[str] = mapped_column(Text, default="")
    unit: Mapped[str] = mapped_column(Text, default="")
    limit: Mapped[float | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    unit_code: Mapped[str | None] = mapped_column(Text, index=True)  # places.unit
    agency_id: Mapped[int | None] = mapped_column(Id)  # who owns the thing
    sharing: Mapped[str] = mapped_column(Text)  # restricted | shared; never open: citizens get warnings
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    exercise: Mapped[bool] = mapped_column(Boolean, default=False)
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)  # alerts.explain.Explanation
    procedure: Mapped[str | None] = mapped_column(Text)  # code of the SOP
    changed_at: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, default=1)  # two officers at once: one wins
    __table_args__ = (
        Index("ix_alarm_standing", "active", "acknowledged"),
        Index(None, "rule_id", "subject", "raised_at", unique=True),
        Index(None, "raised_at"),
        Index(None, "group_key", "raised_at"),
        _NEVER_AGAIN,
    )


class AlarmEvent(Base):
    """One thing that happened to an alarm; append-only, so that any earlier moment can be shown again."""

    __tablename__ = "alarm_event"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarm.id", ondelete="CASCADE"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)  # when it was so
    noticed_at: Mapped[int] = mapped_column(BigInteger, index=True)  # when we knew
    # the engine's: raised severity repeated cleared withdrawn revised suppressed released
    # a person's: acknowledged unacknowledged assigned commented cleared shelved step escalated
    kind: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)  # dothi | person:3
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)  # severity, value, text, person, step …
    __table_args__ = (_NEVER_AGAIN,)


class Watch(Base):
    """What the engine remembers of one rule at one subject, so that a restart goes on where it stood."""

    __tablename__ = "watch"
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)  # of the rule
    upto: Mapped[int] = mapped_column(BigInteger)  # phenomenon time this memory has seen
    state: Mapped[dict[str, Any]] = mapped_column(Json)


class Followed(Base):
    """How far the engine has read the datastreams of a block: a differing count after a restart is late data.

    Packed, because all of them change all the time: a row a datastream cost a third of what ingest does.
    """

    __tablename__ = "followed"
    block: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)  # datastream id // 1024
    content: Mapped[bytes]  # little-endian int64 triples: datastream, its count, its newest instant


class Mark(Base):
    """How far the engine has read something that is counted: corrections of observations, journal, by-hand clears."""

    __tablename__ = "alert_mark"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class Maintenance(Base):
    """A time during which alarms within a scope are recorded but do not ring."""

    __tablename__ = "maintenance"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    starts_at: Mapped[int] = mapped_column(BigInteger)
    ends_at: Mapped[int] = mapped_column(BigInteger)  # exclusive
    scope_kind: Mapped[str] = mapped_column(Text)  # thing | datastream | unit | sector | rule | agency
    scope: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    agency_id: Mapped[int | None] = mapped_column(Id)
    by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    cancelled_at: Mapped[int | None] = mapped_column(BigInteger)


class Baseline(Base):
    """What is usual for a datastream in one hour of the local week: median and spread of its hourly means."""

    __tablename__ = "baseline"
    datastream_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # 0 is Monday 00:00, 167 the last
    median: Mapped[float]
    spread: Mapped[float]  # 1.4826 × median absolute deviation: the standard deviation of a normal distribution
    count: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[int] = mapped_column(BigInteger)
