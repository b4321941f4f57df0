"""cases.yaml: the types of cases a sector pack declares, with their flow and deadlines, and the categories of each.

A type may stand in one pack and its categories in others: a citizen's report is one type, a broken lamp one of its
categories in the lighting pack.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from dothi import packs
from dothi.cases import checked

FILE = "cases.yaml"
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Phase = Literal["new", "open", "waiting", "done", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
# who may take a step: the citizen who reported, people of the responsible office by what they may do, or dothi itself
Who = Literal["reporter", "handle", "assign", "approve", "work", "moderate", "system"]
Effect = Literal[
    "ask-rating",  # the reporter is asked whether it is done, and to rate it
    "tell-reporter", "tell-followers", "tell-office",
    "publish",  # shown on public pages from now on
    "needs-approval",  # somebody else of the office confirms before the step counts
]  # fmt: skip
Need = Literal["text", "reason", "office", "handler", "crew", "photo-after", "result", "duplicate-of", "checklist"]


class State(packs.Strict):
    """Where a case stands. public: how it is said to the public, where that differs."""

    code: Code
    title: packs.Text
    phase: Phase
    public: packs.Text | None = None
    national: int | None = Field(None, ge=1, le=10)  # of the ten national states of dossiers


class Transition(packs.Strict):
    """A step from one state to another. needs: what must be given with it; reasons: the codes a reason may be."""

    code: Code
    title: packs.Text
    since: list[Code] = Field(alias="from", min_length=1)
    to: Code | None = None  # None: the state stays
    who: list[Who] = Field(min_length=1)
    needs: list[Need] = Field(default_factory=list)
    reasons: dict[Code, packs.Text] = Field(default_factory=dict)
    effects: list[Effect] = Field(default_factory=list)
    public: bool = True  # whether its entry is shown to the public
    within_days: int | None = Field(None, ge=1, le=366)  # only so long after the case was done: the reopen window


class Amount(packs.Strict):
    """How long a deadline is: one of the three. hours are calendar hours."""

    working_days: int | None = Field(None, ge=1, le=400)
    working_hours: float | None = Field(None, gt=0, le=2000)
    hours: float | None = Field(None, gt=0, le=9000)


class Rung(packs.Strict):
    """Who is told when a deadline comes near or has passed.

    at: share of the budget used, in percent: 80 is before the deadline, 100 at it, 150 after it.
    """

    code: Code
    at: int = Field(ge=1, le=1000)
    to: Literal["handler", "office", "manager", "leader"]  # of the responsible office; leader: everywhere


class Timer(packs.Strict):
    """A deadline of a type: it runs in some states, waits in others, and ends by coming to one."""

    code: Code
    title: packs.Text
    runs: list[Code] = Field(min_length=1)
    waits: list[Code] = Field(default_factory=list)
    ends: list[Code] = Field(min_length=1)
    budget: Amount
    by_priority: dict[Priority, Amount] = Field(default_factory=dict)
    main: bool = False  # the one a case's due moment is
    ladder: list[Rung] = Field(default_factory=list)
    basis: str | None = None  # the document it rests on


class Type(packs.Strict):
    """A kind of case."""

    code: Code
    title: packs.Text
    prefix: Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")] | None = None  # PA: numbers read PA-26-000123
    reported: bool = False  # citizens open it
    confirm: bool = False  # an anonymous reporter answers a one-time code before it counts
    start: Code
    states: list[State] = Field(min_length=2)
    transitions: list[Transition] = Field(min_length=1)
    timers: list[Timer] = Field(default_factory=list)


class Duplicates(packs.Strict):
    """When a new report is offered an older one to join."""

    metres: float = Field(250, gt=0, le=5000)
    days: int = Field(30, ge=1, le=366)


class Hotline(packs.Strict):
    """Whom to call instead."""

    number: Annotated[str, Field(pattern=r"^\d{3,12}$")]
    name: packs.Text


class Emergency(packs.Strict):
    """An answer that is no report but a call."""

    title: packs.Text
    hotline: Hotline


class Check(packs.Strict):
    """A step of the crew's checklist."""

    code: Code
    title: packs.Text
    photo: bool = False
    optional: bool = False


class Category(packs.Strict):
    """What a report is about. questions: JSON Schema (object) of the extra questions, titles in `title` and `x-en`."""

    code: Code
    type: Code
    title: packs.Text
    description: packs.Text | None = None
    icon: str | None = None  # a lucide name
    group: packs.Text | None = None
    words: list[str] = Field(default_factory=list)  # what else people call it, for the search
    questions: dict[str, Any] | None = None
    priority: Priority = "normal"
    public: bool = True  # False: never shown to the public (a neighbour, a quarrel)
    place: Literal["needed", "optional"] = "needed"
    duplicates: Duplicates = Duplicates()
    emergency: list[Emergency] = Field(default_factory=list)
    timers: dict[Code, Amount] = Field(default_factory=dict)  # instead of the type's
    office: Code | None = None  # the agency that handles it where the city says nothing else
    checklist: list[Check] = Field(default_factory=list)
    minutes: int = Field(45, ge=5, le=600)  # a crew usually needs
    datasets: list[Code] = Field(default_factory=list)  # whose nearest record is offered: the lamp, the manhole
    open311: str | None = None  # its code in the GeoReport door where it is not `code`


class File(packs.Strict):
    """The whole file."""

    types: list[Type] = Field(default_factory=list)
    categories: list[Category] = Field(default_factory=list)


SERVICES = "services.yaml"


class Paper(packs.Strict):
    """A document of a dossier (thành phần hồ sơ)."""

    code: Code
    title: packs.Text
    needed: bool = True
    copies: int = Field(1, ge=1, le=9)
    form: str | None = None  # the official form's name
    original: bool = False  # shown in the original at the desk


class Procedure(packs.Strict):
    """A public service (thủ tục hành chính): who, papers, fee, days, legal basis; the form as JSON Schema."""

    code: Code
    national: str | None = None  # mã thủ tục, e.g. 1.013225
    title: packs.Text
    summary: packs.Text
    field: packs.Text  # lĩnh vực
    level: Literal["commune", "province"]
    grade: Literal["full", "partial", "information"]  # toàn trình, một phần, cung cấp thông tin
    who: packs.Text  # who may file
    result: packs.Text
    days: Amount
    days_note: packs.Text | None = None
    fee: int = Field(0, ge=0)  # VND
    fee_note: packs.Text | None = None
    basis: list[str] = Field(min_length=1)  # legal documents
    certainty: Literal["confirmed", "assumed"]
    papers: list[Paper]
    form: dict[str, Any]  # JSON Schema (object); titles in `title` and `x-en`; personal fields say x-personal: true
    steps: list[packs.Text] = Field(default_factory=list)
    icon: str | None = None


class Services(packs.Strict):
    """The whole file."""

    services: list[Procedure]


packs.schema(FILE, File)
packs.schema(SERVICES, Services)
packs.names(checked.faults)
