"""Warnings to the public (CAP 1.2): composed, approved by a second person, published, updated, cancelled; and those of others.

Every time column is BIGINT microseconds since 1970 UTC.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class Warning_(Base):
    """One CAP message: an alert, its update or its cancellation."""

    __tablename__ = "warning"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identifier: Mapped[str] = mapped_column(Text)  # CAP identifier; unique with the sender. A draft has a makeshift one
    sender: Mapped[str] = mapped_column(Text)
    inbound: Mapped[bool] = mapped_column(Boolean, default=False)  # came from another sender's feed
    # code of that feed, empty for our own: what one feed says never touches what another said
    feed: Mapped[str] = mapped_column(Text, default="")
    chain_id: Mapped[int | None] = mapped_column(Id, index=True)  # the first message of this warning's life
    # draft | asked | refused | dropped | published | superseded | cancelled | expired
    state: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)  # CAP: Actual | Exercise | System | Test | Draft
    msg_type: Mapped[str] = mapped_column(Text)  # CAP: Alert | Update | Cancel | Ack | Error
    scope: Mapped[str] = mapped_column(Text, default="Public")
    references: Mapped[list[Any]] = mapped_column(Json, default=list)  # {sender, identifier, sent (µs UTC)}
    infos: Mapped[list[Any]] = mapped_column(Json)  # one per language: category, event, urgency, … , texts
    areas: Mapped[list[Any]] = mapped_column(Json)  # names by language, GeoJSON geometry, unit code
    severity: Mapped[str] = mapped_column(Text)  # CAP: Extreme | Severe | Moderate | Minor | Unknown
    category: Mapped[str] = mapped_column(Text)  # CAP: Met, Env, Safety …
    units: Mapped[list[Any]] = mapped_column(Json, default=list)  # codes of the wards it touches
    alarm_id: Mapped[int | None] = mapped_column(Id, index=True)
    template: Mapped[str | None] = mapped_column(Text)
    west: Mapped[float | None]
    south: Mapped[float | None]
    east: Mapped[float | None]
    north: Mapped[float | None]
    sent_at: Mapped[int | None] = mapped_column(BigInteger)  # CAP sent
    effective_at: Mapped[int | None] = mapped_column(BigInteger)
    onset_at: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)  # superseded or cancelled since
    agency_id: Mapped[int | None] = mapped_column(Id)
    drafted_by: Mapped[str] = mapped_column(Text)  # guard's Caller.actor: whose words these are
    drafted_at: Mapped[int] = mapped_column(BigInteger)
    decided_by: Mapped[str | None] = mapped_column(Text)  # never the one who drafted it
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    decision_note: Mapped[str | None] = mapped_column(Text)
    xml: Mapped[str | None] = mapped_column(Text, deferred=True)  # as published or received, signature and all
    signed: Mapped[bool] = mapped_column(Boolean, default=False)  # inbound: the signature was good
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = (
        Index(None, "feed", "sender", "identifier", unique=True),
        Index(None, "state", "expires_at"),
        {"sqlite_autoincrement": True},
    )


class CapFeed(Base):
    """Somebody else's CAP feed that is followed."""

    __tablename__ = "cap_feed"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    senders: Mapped[list[Any]] = mapped_column(Json, default=list)  # only these are believed; empty: any
    certificate: Mapped[str | None] = mapped_column(Text)  # PEM: only messages signed with it are believed
    minutes: Mapped[int] = mapped_column(Integer, default=5)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    checked_at: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)  # what was refused the last time, in words
