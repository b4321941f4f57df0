"""Actuators, what they can be asked to do, the tasks given to them (OGC 17-079r1 clause 8), and schedules.

Every time column is BIGINT microseconds since 1970 UTC. Whose these are, and who may see them, their thing says.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json

_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Actuator(Base):
    """The device that acts: a contactor, a gate drive, a pump's starter."""

    __tablename__ = "actuator"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)  # of a blueprint: LGT-001.lamp-circuit
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    encoding_type: Mapped[str] = mapped_column(Text)
    metadata_: Mapped[Any] = mapped_column("metadata", Json)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    thing_id: Mapped[int | None] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), index=True)


class TaskingCapability(Base):
    """What an actuator of a thing can be asked to do. tasking_parameters: a SWE Common DataRecord as JSON."""

    __tablename__ = "tasking_capability"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    tasking_parameters: Mapped[Any] = mapped_column(Json)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    kind: Mapped[str | None] = mapped_column(Text, index=True)  # declared in a pack's tasking.yaml; None: made by hand
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), index=True)
    actuator_id: Mapped[int] = mapped_column(ForeignKey("actuator.id", ondelete="CASCADE"), index=True)


class Task(Base):
    """One task. properties: what the interface tells of how it stands, written anew with every step."""

    __tablename__ = "task"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    creation_time: Mapped[int] = mapped_column(BigInteger)
    tasking_parameters: Mapped[Any] = mapped_column(Json)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    capability_id: Mapped[int] = mapped_column(ForeignKey("tasking_capability.id", ondelete="CASCADE"), index=True)
    actuator_id: Mapped[int] = mapped_column(ForeignKey("actuator.id", ondelete="CASCADE"))
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Text)  # tasking.flow.STATES
    state_at: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[int | None] = mapped_column(BigInteger)  # when the present state runs out
    asked_by: Mapped[str] = mapped_column(Text)  # Caller.actor, or schedule:<id>
    note: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)  # who approved, refused or cancelled it
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
    told_at: Mapped[int | None] = mapped_column(BigInteger)  # said last: what nobody acknowledges is said again
    acknowledged_at: Mapped[int | None] = mapped_column(BigInteger)
    read_value: Mapped[float | None]  # the last value read back
    read_at: Mapped[int | None] = mapped_column(BigInteger)  # its phenomenonTime
    reason: Mapped[str | None] = mapped_column(Text)
    schedule_id: Mapped[int | None] = mapped_column(Id)
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    __table_args__ = (
        Index(None, "actuator_id", "state"),
        Index(None, "thing_id", "creation_time"),
        Index(None, "state", "due"),
        _NEVER_AGAIN,
    )


class TaskSchedule(Base):
    """Switching by the sun and the clock, for a group of things.

    steps: [{at: "sunset+10m", set: {…}}]; exceptions: {"2026-02-17": [steps]}, an empty list: nothing on that day.
    """

    __tablename__ = "task_schedule"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, index=True)
    agency_id: Mapped[int | None] = mapped_column(Id, index=True)
    things: Mapped[Any] = mapped_column(Json)  # codes of things; a text that ends with * stands for all that begin so
    steps: Mapped[Any] = mapped_column(Json)
    exceptions: Mapped[Any] = mapped_column(Json)
    enabled: Mapped[bool] = mapped_column(Boolean)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer)


class TaskScheduleMark(Base):
    """Up to which moment a schedule has done its work for a capability."""

    __tablename__ = "task_schedule_mark"
    schedule_id: Mapped[int] = mapped_column(
        ForeignKey("task_schedule.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    capability_id: Mapped[int] = mapped_column(
        ForeignKey("tasking_capability.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    at: Mapped[int] = mapped_column(BigInteger)
