"""Cases, what happened to them, what they are due by, who follows them, and what hangs on them.

Every time column is BIGINT microseconds since 1970 UTC. Personal data stands in `case_contact` alone, so that a list, a
tally or an export of cases cannot carry it.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json

_RUNS = text("ended_at IS NULL")
_LIVES = text("closed_at IS NULL")
_HANDLED, _CREWED = (text(f"closed_at IS NULL AND {who} IS NOT NULL") for who in ("handler_id", "crew_id"))


class Case(Base):
    """Something that must be handled. No column says overdue: it is derived from due_at and the instant asked."""

    __tablename__ = "case_"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)  # PA-26-004871; a dossier's national code
    type: Mapped[str] = mapped_column(Text)  # report | job | dossier | … of a pack
    category: Mapped[str | None] = mapped_column(Text)  # of the type: a report's category, a dossier's procedure
    sector: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)  # of the type's flow
    phase: Mapped[str] = mapped_column(Text)  # the state's: new | open | waiting | done | closed
    priority: Mapped[str] = mapped_column(Text, default="normal")  # low | normal | high | urgent
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")  # in the reporter's words; shown to the public if public
    folded: Mapped[str] = mapped_column(Text, default="")  # number, title, address folded for search
    fields: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # answers, as the category's schema says
    channel: Mapped[str] = mapped_column(Text)  # web | phone | desk | open311 | alarm | field | import
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    address: Mapped[str] = mapped_column(Text, default="")  # where it is, never where the reporter lives
    unit: Mapped[str | None] = mapped_column(Text)  # code of the commune it lies in
    agency_id: Mapped[int | None] = mapped_column(Id)  # the office responsible; None: not assigned yet
    receiving_id: Mapped[int | None] = mapped_column(Id)  # the office that took it in, where another resolves it
    handler_id: Mapped[int | None] = mapped_column(Id)  # person
    crew_id: Mapped[int | None] = mapped_column(Id)
    public: Mapped[bool] = mapped_column(Boolean, default=False)  # shown on public pages and doors
    hidden: Mapped[str | None] = mapped_column(Text)  # why a moderator took it off the public pages
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    exercise: Mapped[bool] = mapped_column(Boolean, default=False)
    subject: Mapped[str | None] = mapped_column(Text)  # what it is about or came from: alarm:12, thing:4, record:x/y
    opened_at: Mapped[int] = mapped_column(BigInteger)  # received; the clock's beginning is the timer's
    due_at: Mapped[int | None] = mapped_column(BigInteger)  # the running timer's projection; None: none runs
    resolved_at: Mapped[int | None] = mapped_column(BigInteger)  # last came to phase done
    closed_at: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    reopened: Mapped[int] = mapped_column(Integer, default=0)
    rating: Mapped[int | None] = mapped_column(Integer)  # 1 to 5, by the reporter
    satisfied: Mapped[bool | None] = mapped_column(Boolean)
    met: Mapped[bool | None] = mapped_column(Boolean)  # done by the due moment then valid; None: not done yet
    pending_id: Mapped[int | None] = mapped_column(Id)  # the entry of a step that waits for somebody's approval
    followers: Mapped[int] = mapped_column(Integer, default=0)
    merged_into: Mapped[int | None] = mapped_column(Id)  # the case that goes on for this one
    person_id: Mapped[int | None] = mapped_column(Id)  # the reporter, where signed in
    secret: Mapped[str | None] = mapped_column(Text)  # sha256 hex of the token in the reporter's own link
    key: Mapped[str | None] = mapped_column(Text, unique=True)  # of the sender, so that a repeat is the same case
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = (
        # the inbox of an office: what is next due
        Index("ix_case_inbox", "agency_id", "due_at", "id", sqlite_where=_LIVES, postgresql_where=_LIVES),
        Index("ix_case_due", "due_at", "id", sqlite_where=_LIVES, postgresql_where=_LIVES),
        Index("ix_case_phase", "phase", "due_at", "id", sqlite_where=_LIVES, postgresql_where=_LIVES),
        # one's own: none that nobody has, else PostgreSQL seeks an office's free ones here
        Index("ix_case_handler", "handler_id", "due_at", sqlite_where=_HANDLED, postgresql_where=_HANDLED),
        Index("ix_case_crew", "crew_id", "due_at", sqlite_where=_CREWED, postgresql_where=_CREWED),
        # words anywhere in `folded`: ix_case_folded of the migration, where PostgreSQL has pg_trgm
        # public lists, newest first, by office, by ward and by category
        Index("ix_case_agency", "agency_id", "opened_at", "id"),
        Index("ix_case_public", "public", "opened_at", "id"),
        Index("ix_case_unit", "unit", "opened_at", "id"),
        Index("ix_case_category", "category", "opened_at", "id"),
        Index("ix_case_near", "lat", "lon"),
        Index("ix_case_updated", "updated_at", "id"),
        Index("ix_case_subject", "subject"),
        Index("ix_case_person", "person_id"),
        {"sqlite_autoincrement": True},
    )


class CaseContact(Base):
    """Who reported, and how to reach them. Personal: read only by `contacts`, each reading journalled."""

    __tablename__ = "case_contact"
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text, index=True)  # E.164
    email: Mapped[str | None] = mapped_column(Text, index=True)
    identity_number: Mapped[str | None] = mapped_column(Text)  # số định danh cá nhân, of a dossier's applicant
    home: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    papers: Mapped[dict[str, Any] | None] = mapped_column(Json)  # a form's fields marked x-personal
    verified_at: Mapped[int | None] = mapped_column(BigInteger)  # a one-time code was answered
    erased_at: Mapped[int | None] = mapped_column(BigInteger)  # on request; what remains names nobody


class CaseCode(Base):
    """A one-time code sent to a reporter; only its hash is kept, and five wrong tries end it."""

    __tablename__ = "case_code"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str] = mapped_column(Text)
    to: Mapped[str] = mapped_column(Text)  # sms | mail
    sent_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class CaseEntry(Base):
    """What was said and done about a case: append-only; public and internal entries apart."""

    __tablename__ = "case_entry"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"))
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)  # person:3, key:1, anonymous, dothi
    agency_id: Mapped[int | None] = mapped_column(Id)  # on whose behalf
    # opened confirmed state assigned transferred joined comment note priority due suspended resumed attached hidden shown
    # merged linked followed rated reopened escalated job contact erased
    kind: Mapped[str] = mapped_column(Text)
    public: Mapped[bool] = mapped_column(Boolean, default=False)
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str | None] = mapped_column(Text)  # the case's from then on
    step: Mapped[str | None] = mapped_column(Text)  # the transition taken
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    __table_args__ = (Index(None, "case_id", "at"),)


class CaseOffice(Base):
    """An office that co-handles a case (phối hợp) beside the one responsible."""

    __tablename__ = "case_office"
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), primary_key=True)
    agency_id: Mapped[int] = mapped_column(Id, primary_key=True, index=True)
    asked_at: Mapped[int] = mapped_column(BigInteger)
    done_at: Mapped[int | None] = mapped_column(BigInteger)


class CaseTimer(Base):
    """A deadline: what was allowed, what is used up, since when it runs.

    budget and consumed are in minutes of the unit; due_at is the projection with today's calendar, made anew when the
    calendar changes. A timer that waits has running_since NULL and no due_at.
    """

    __tablename__ = "case_timer"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(Text)  # receive | resolve | … of the type
    unit: Mapped[str] = mapped_column(Text)  # working-days | working-hours | hours (calendar)
    budget: Mapped[int] = mapped_column(Integer)  # minutes of working or calendar time; of working-days: days
    consumed: Mapped[int] = mapped_column(
        Integer, default=0
    )  # minutes used before running_since; of working-days: days
    since: Mapped[int] = mapped_column(BigInteger)  # when it first began
    running_since: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[int | None] = mapped_column(BigInteger, index=True)
    first_due_at: Mapped[int] = mapped_column(BigInteger)  # as promised at the beginning
    next_at: Mapped[int | None] = mapped_column(BigInteger, index=True)  # when a rung of its ladder is next looked at
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    met: Mapped[bool | None] = mapped_column(Boolean)  # once ended: by the due moment then valid
    __table_args__ = (
        Index("ix_case_timer_runs", "case_id", "code", unique=True, sqlite_where=_RUNS, postgresql_where=_RUNS),
    )


class CaseSuspension(Base):
    """The ledger of a timer's pauses and extensions, each with its reason."""

    __tablename__ = "case_suspension"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    timer_id: Mapped[int] = mapped_column(ForeignKey("case_timer.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(Text)  # pause (of a state) | hold (by hand) | extension | calendar
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)  # of a pause: None while it lasts
    amount: Mapped[int | None] = mapped_column(Integer)  # of an extension, in the budget's unit
    reason: Mapped[str] = mapped_column(Text)  # code: citizen | force-majeure | fee | other office | …
    text: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(Text)


class CaseFiring(Base):
    """A rung of an escalation ladder that fired; unique, so that it fires once, also after downtime."""

    __tablename__ = "case_firing"
    timer_id: Mapped[int] = mapped_column(ForeignKey("case_timer.id", ondelete="CASCADE"), primary_key=True)
    rung: Mapped[str] = mapped_column(Text, primary_key=True)  # code of the rung in the type
    due_at: Mapped[int] = mapped_column(BigInteger, primary_key=True)  # a new due moment may fire anew
    at: Mapped[int] = mapped_column(BigInteger)


class CaseLink(Base):
    """How a case hangs together with another, or with an alarm, a thing or a record."""

    __tablename__ = "case_link"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(Text)  # duplicate-of | part-of | caused-by | about
    to: Mapped[str] = mapped_column(Text, index=True)  # case:5, alarm:12, thing:4, record:lamps/L-12
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)
    __table_args__ = (UniqueConstraint("case_id", "kind", "to"),)


class CaseFollower(Base):
    """Who is told of a case's public news: an address of notify, or a person."""

    __tablename__ = "case_follower"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"))
    who: Mapped[str] = mapped_column(Text)  # address:7 | person:3 | browser:<sha256 of its cookie>
    at: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("case_id", "who"), Index(None, "who"))


class CaseFile(Base):
    """A file that hangs on a case. The original is kept apart from the public copy, which bears no EXIF and no GPS."""

    __tablename__ = "case_file"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), index=True)
    entry_id: Mapped[int | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(Text)  # before | after | paper | result | signature | other
    paper: Mapped[str | None] = mapped_column(Text)  # of a dossier: which of the procedure's papers it is
    name: Mapped[str] = mapped_column(Text)  # as given, shown escaped, never a path
    media_type: Mapped[str] = mapped_column(Text)  # by its content, not by its name
    size: Mapped[int] = mapped_column(Integer)  # bytes
    width: Mapped[int | None] = mapped_column(Integer)  # pixels, of the public copy
    height: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(Text)  # of the original; its place in the store
    shown: Mapped[str | None] = mapped_column(Text)  # sha256 of the public copy; None: there is none
    public: Mapped[bool] = mapped_column(Boolean, default=False)
    blurred: Mapped[list[Any] | None] = mapped_column(Json)  # boxes of the original as shares of its sides [x, y, w, h]
    scan: Mapped[str] = mapped_column(Text, default="none")  # none | clean | infected: what the virus scanner said
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(Text)


class Workday(Base):
    """A day that by official decision is worked or free against the rule: swaps, extra holidays."""

    __tablename__ = "workday"
    day: Mapped[str] = mapped_column(Text, primary_key=True)  # 2026-01-02
    works: Mapped[bool] = mapped_column(Boolean)
    document: Mapped[str] = mapped_column(Text)  # 12729/VPCP-KGVX
    note: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)


class OfficeRule(Base):
    """Which office a new case goes to: the most exact rule wins (category and unit, category, unit, type)."""

    __tablename__ = "office_rule"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    unit: Mapped[str | None] = mapped_column(Text)  # code of a commune
    agency_id: Mapped[int] = mapped_column(Id)
    __table_args__ = (UniqueConstraint("type", "category", "unit"),)


class ReplyTemplate(Base):
    """A text an office answers with often; slots {number} {title} {address} {due} {office}."""

    __tablename__ = "reply_template"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agency_id: Mapped[int | None] = mapped_column(Id)  # None: everybody's
    category: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    public: Mapped[bool] = mapped_column(Boolean, default=True)


class Crew(Base):
    """People who go out together."""

    __tablename__ = "crew"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    agency_id: Mapped[int] = mapped_column(Id, index=True)
    categories: Mapped[list[Any]] = mapped_column(Json, default=list)  # what it can do; empty: everything of its office
    lon: Mapped[float | None] = mapped_column(Float)  # where it starts from
    lat: Mapped[float | None] = mapped_column(Float)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class CrewMember(Base):
    """Who belongs to a crew."""

    __tablename__ = "crew_member"
    crew_id: Mapped[int] = mapped_column(ForeignKey("crew.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    on_since: Mapped[int | None] = mapped_column(BigInteger)  # on shift since; None: off. What was is not kept
    shares: Mapped[bool] = mapped_column(Boolean, default=False)  # agreed to share positions, this shift only


class CrewPosition(Base):
    """Where a crew last was. Only while a member shares it on shift; deleted after the retention set."""

    __tablename__ = "crew_position"
    crew_id: Mapped[int] = mapped_column(ForeignKey("crew.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    person_id: Mapped[int] = mapped_column(Id)
    lon: Mapped[float] = mapped_column(Float)
    lat: Mapped[float] = mapped_column(Float)


class Job(Base):
    """A crew's piece of work on a case, on a day, in the order of its route."""

    __tablename__ = "case_job"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), index=True)
    crew_id: Mapped[int] = mapped_column(Id)
    day: Mapped[str] = mapped_column(Text)  # 2026-11-21, Vietnam time
    position: Mapped[int] = mapped_column(Integer)  # in the day's route
    state: Mapped[str] = mapped_column(Text)  # planned | going | working | done | failed | withdrawn
    checks: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # step code → done at (µs), note
    parts: Mapped[list[Any]] = mapped_column(Json, default=list)  # {name, count, unit}
    minutes: Mapped[int | None] = mapped_column(Integer)  # of work, as the crew says
    note: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str | None] = mapped_column(Text)  # of a job that failed: a code of the type's step `fail`
    signed_by: Mapped[str | None] = mapped_column(Text)  # personal: who signed; the drawing is a file of kind signature
    began_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, default=1)
    __table_args__ = (Index(None, "crew_id", "day", "position"),)


class Sent(Base):
    """What a phone already sent after it was offline: the same parcel again changes nothing."""

    __tablename__ = "case_sent"
    key: Mapped[str] = mapped_column(Text, primary_key=True)  # the phone's own name of the parcel
    actor: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[dict[str, Any]] = mapped_column(Json)


class Dossier(Base):
    """What a dossier (hồ sơ) has beyond a case."""

    __tablename__ = "dossier"
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), primary_key=True)
    procedure: Mapped[str] = mapped_column(Text, index=True)  # code in the service catalogue
    online: Mapped[bool] = mapped_column(Boolean)
    digitised: Mapped[bool] = mapped_column(Boolean, default=False)  # every paper was filed as a file
    electronic_result: Mapped[bool] = mapped_column(Boolean, default=False)
    fee: Mapped[int] = mapped_column(Integer, default=0)  # VND
    paid: Mapped[int] = mapped_column(Integer, default=0)
    accepted_at: Mapped[int | None] = mapped_column(BigInteger)
    promised_at: Mapped[int | None] = mapped_column(BigInteger)  # on the receipt (giấy tiếp nhận và hẹn trả kết quả)
    supplements: Mapped[int] = mapped_column(Integer, default=0)  # requests for additions; the law allows one
    result: Mapped[str | None] = mapped_column(Text)  # granted | refused
    appealed_at: Mapped[int | None] = mapped_column(BigInteger)
    apology: Mapped[str] = mapped_column(Text, default="")  # published when late
    apology_until: Mapped[int | None] = mapped_column(BigInteger)  # the one new date it names


class DossierDraft(Base):
    """A form somebody has begun to fill; personal, deleted after 30 days."""

    __tablename__ = "dossier_draft"
    token: Mapped[str] = mapped_column(Text, primary_key=True)  # sha256 hex
    procedure: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(Id)
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    files: Mapped[list[Any]] = mapped_column(Json, default=list)
    at: Mapped[int] = mapped_column(BigInteger, index=True)


class Payment(Base):
    """A fee asked and what became of it at the payment provider."""

    __tablename__ = "payment"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    amount: Mapped[int] = mapped_column(Integer)  # VND
    state: Mapped[str] = mapped_column(Text)  # asked | paid | failed | returned
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)  # the sandbox's
    at: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[int | None] = mapped_column(BigInteger)


class Appointment(Base):
    """A time at a one-stop desk."""

    __tablename__ = "appointment"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agency_id: Mapped[int] = mapped_column(Id)
    at: Mapped[int] = mapped_column(BigInteger)
    seat: Mapped[int] = mapped_column(Integer)  # desks open at one time: each seat is given once
    procedure: Mapped[str | None] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(Id)
    secret: Mapped[str] = mapped_column(Text)  # sha256 hex of the token in its owner's link
    name: Mapped[str] = mapped_column(Text)  # personal
    phone: Mapped[str] = mapped_column(Text)  # personal
    cancelled_at: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("agency_id", "at", "seat"),)


class CaseTally(Base):
    """How many cases there are, kept with every change: public counts cost a look-up, not a scan."""

    __tablename__ = "case_tally"
    month: Mapped[str] = mapped_column(Text, primary_key=True)  # of opened_at in Vietnam, 2026-11
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    category: Mapped[str] = mapped_column(Text, primary_key=True)  # "" where there is none
    unit: Mapped[str] = mapped_column(Text, primary_key=True)
    agency_id: Mapped[int] = mapped_column(Id, primary_key=True)  # 0: no office yet
    phase: Mapped[str] = mapped_column(Text, primary_key=True)
    public: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    simulated: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


class CaseSequence(Base):
    """The last number given for a prefix and period."""

    __tablename__ = "case_sequence"
    name: Mapped[str] = mapped_column(Text, primary_key=True)  # PA-26, H53.15-261121
    last: Mapped[int] = mapped_column(Integer)
