"""The people in the operations centre: shifts and their handover, who looks at what, saved views, walls, orders, procedures.

Every time column is BIGINT microseconds since 1970 UTC.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json

_OPEN = text("ended_at IS NULL")


class Shift(Base):
    """A person's turn on duty, ended by a handover somebody else signs."""

    __tablename__ = "shift"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    agency_id: Mapped[int | None] = mapped_column(Id)  # whose desk; None: the city's centre
    post: Mapped[str] = mapped_column(Text, default="duty")  # duty | chief
    began_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, default="")  # open matters, in the officer's words
    report: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the shift's figures as they were signed
    handed_at: Mapped[int | None] = mapped_column(BigInteger)  # signed by the one who leaves
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[int | None] = mapped_column(BigInteger)  # signed by the one who comes
    digest: Mapped[str | None] = mapped_column(Text)  # sha256 hex of what both signed
    ended_by: Mapped[int | None] = mapped_column(Id)  # a chief ended it, nobody took over
    __table_args__ = (
        # a person stands one shift at a time
        Index("ix_shift_open", "person_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "began_at"),
    )


class Presence(Base):
    """Who looks at what just now; a row is old after half a minute."""

    __tablename__ = "presence"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    tab: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str | None] = mapped_column(Text, index=True)  # alarm:12
    alarm_id: Mapped[int | None] = mapped_column(Id)  # of an alarm: only who sees it is told that somebody looks at it
    at: Mapped[int] = mapped_column(BigInteger)


class SavedView(Base):
    """A view of the operations page: map, layers, filters. Keys 1 to 9 open the person's own or the agency's."""

    __tablename__ = "saved_view"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    agency_id: Mapped[int | None] = mapped_column(Id)
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[dict[str, Any]] = mapped_column(Json)  # what the address bar holds


class Wall(Base):
    """A wall screen: a read-only token, and the views it turns through."""

    __tablename__ = "wall"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(Text, unique=True)  # sha256 hex
    agency_id: Mapped[int | None] = mapped_column(Id)
    views: Mapped[list[Any]] = mapped_column(Json)  # states of saved views, each with seconds
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)


class Order(Base):
    """A leader's order (chỉ đạo) from a subject to an agency, with a deadline and a receipt."""

    __tablename__ = "order_"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)  # CD-26-0012
    subject: Mapped[str | None] = mapped_column(Text, index=True)  # alarm:12, thing:4, warning:3
    subject_name: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    agency_id: Mapped[int] = mapped_column(Id, index=True)  # who is to do it
    person_id: Mapped[int | None] = mapped_column(Id)  # by name, where given
    given_at: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)  # given | received | done | accepted | returned | withdrawn
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)  # the subject is
    exercise: Mapped[bool] = mapped_column(Boolean, default=False)
    received_by: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[int | None] = mapped_column(BigInteger)
    done_at: Mapped[int | None] = mapped_column(BigInteger)
    done_by: Mapped[str | None] = mapped_column(Text)  # never the one who accepts it
    closed_at: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = ({"sqlite_autoincrement": True},)


class OrderEntry(Base):
    """What was said and done about an order; append-only."""

    __tablename__ = "order_entry"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order_.id", ondelete="CASCADE"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    # given received progress done accepted returned withdrawn | reminded extended
    kind: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[int | None] = mapped_column(BigInteger)  # the deadline from then on: given, extended


class Step(Base):
    """A step of an alarm's procedure was done, or was undone: the newest row of a step decides."""

    __tablename__ = "procedure_step"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    alarm_id: Mapped[int] = mapped_column(Id)
    step: Mapped[str] = mapped_column(Text)  # code of the step in the procedure
    done: Mapped[int] = mapped_column(Integer)  # 1 | 0
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (Index(None, "alarm_id", "step"),)
