"""Who wants to be told of what and how, and every message with what became of it.

Every time column is BIGINT microseconds since 1970 UTC.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class Address(Base):
    """Where somebody can be reached. Personal data; a citizen's belongs to no person."""

    __tablename__ = "address"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(Text)  # mail | push | sms | webhook
    target: Mapped[str] = mapped_column(Text)  # an address, a number, a URL, a push endpoint
    secret: Mapped[dict[str, Any] | None] = mapped_column(Json)  # push keys, the webhook's HMAC key
    label: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(Text, default="vi")
    confirmed_at: Mapped[int | None] = mapped_column(BigInteger)  # None: the one-time link was not followed yet
    token: Mapped[str | None] = mapped_column(Text, unique=True)  # sha256 hex of the one-time link
    asked_at: Mapped[int | None] = mapped_column(BigInteger)  # when that link was sent
    created_at: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(Integer, default=0)  # tries in a row that came to nothing
    disabled_at: Mapped[int | None] = mapped_column(BigInteger)


class Preference(Base):
    """What a person wants on which channel, and when not. One row a person and channel."""

    __tablename__ = "preference"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    severity: Mapped[str] = mapped_column(Text, default="major")  # told from this severity up; `none`: never
    kinds: Mapped[list[Any]] = mapped_column(Json, default=list)  # prefixes of journal kinds; empty: all
    sectors: Mapped[list[Any]] = mapped_column(Json, default=list)
    quiet_from: Mapped[int | None] = mapped_column(Integer)  # minute of the local day
    quiet_until: Mapped[int | None] = mapped_column(Integer)
    quiet_breaks: Mapped[str] = mapped_column(Text, default="critical")  # this severity breaks the quiet hours


class Subscription(Base):
    """An address wants the published warnings of a place, and of hazards."""

    __tablename__ = "subscription"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"), index=True)
    unit_code: Mapped[str | None] = mapped_column(Text, index=True)  # None: the whole city
    topics: Mapped[list[Any]] = mapped_column(Json, default=list)  # CAP categories; empty: every one; `exercise` too
    created_at: Mapped[int] = mapped_column(BigInteger)


class Ladder(Base):
    """Who is told next, and after how long, while nobody acknowledges."""

    __tablename__ = "ladder"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)  # applies from this severity up
    sector: Mapped[str | None] = mapped_column(Text)
    agency_id: Mapped[int | None] = mapped_column(Id)
    rungs: Mapped[list[Any]] = mapped_column(Json)  # [{after_minutes, role | person, channels}]
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class Message(Base):
    """One message to one address: written in the transaction of its cause, sent after it, tried again when it fails."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)  # cause and address: the same is never sent twice
    cause: Mapped[str] = mapped_column(Text, index=True)  # alarm:12, warning:3, order:9
    address_id: Mapped[int | None] = mapped_column(ForeignKey("address.id", ondelete="SET NULL"), index=True)
    channel: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)  # webhook payload, push options, link
    severity: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)  # waiting | sent | failed | dropped
    due_at: Mapped[int] = mapped_column(BigInteger)  # not before: quiet hours, the next try, the end of a claim
    tries: Mapped[int] = mapped_column(Integer, default=0)  # begun; also the number of the claim
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (Index(None, "state", "due_at"),)


class Read(Base):
    """How far a reader of the journal has come."""

    __tablename__ = "notify_read"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger)  # journal id
