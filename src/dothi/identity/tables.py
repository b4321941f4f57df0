"""Who may do what: agencies, people, grants of roles, sessions and the keys of systems and devices."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class Agency(Base):
    """An office of the province: it owns data and people."""

    __tablename__ = "agency"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    electronic_code: Mapped[str | None] = mapped_column(Text)  # mã định danh điện tử, e.g. H21.09
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))


class Person(Base):
    """Somebody who signs in. Name, e-mail and phone are personal data."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    password: Mapped[str | None] = mapped_column(Text)  # argon2
    language: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Grant(Base):
    """A role, everywhere (scope_kind `all`) or within an agency, an area or a dataset."""

    __tablename__ = "grant_"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(Text)
    scope_kind: Mapped[str] = mapped_column(Text, default="all")  # all | agency | area | dataset
    scope: Mapped[str | None] = mapped_column(Text)  # code of the agency, area or dataset


class SignIn(Base):
    """A session of a browser; only the hash of its token is kept."""

    __tablename__ = "sign_in"
    token: Mapped[str] = mapped_column(Text, primary_key=True)  # sha256 hex
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)


class Key(Base):
    """A key of a system or a device; the secret is shown once and only its hash is kept.

    The whole key reads `dk_<id>_<secret>`; over MQTT the user name is `dk_<id>` and the password the secret.
    """

    __tablename__ = "key"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)  # system | device
    hash: Mapped[str] = mapped_column(Text)  # sha256 hex of a 256-bit random secret
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    thing_id: Mapped[int | None] = mapped_column(Id)  # a device key acts for this thing only
    scopes: Mapped[list[Any]] = mapped_column(Json)  # e.g. ["sensing:read", "sensing:write", "observations:write"]
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
