"""A year of simulated cases as rows, written at once: what the verbs would have written one by one (a test compares).

The verbs take milliseconds each, this a small part of it, and the demo's first start does not wait for the difference.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from dothi.cases import clock as deadlines
from dothi.cases import escalation, news, numbering, tally, timers, verbs
from dothi.cases.calendar import Calendar
from dothi.cases.declared import Rung, Timer
from dothi.cases.tables import (
    Case,
    CaseEntry,
    CaseFile,
    CaseFiring,
    CaseFollower,
    CaseLink,
    CaseSequence,
    CaseSuspension,
    CaseTimer,
)  # fmt: skip
from dothi.cases.types import answers, types
from dothi.db.upsert import insert_into
from dothi.identity import guard, secret
from dothi.identity.guard import Caller
from dothi.journal.tables import Entry
from dothi.simulate import case_life
from dothi.simulate.case_life import Act, View
from dothi.simulate.case_staff import Company
from dothi.simulate.case_words import Birth

_DONE = ("done", "closed")
_PHOTOS: dict[str, str] = {"open": "before", "resolve": "after"}


@dataclass
class _Timed:
    """A timer, its ledger and the rungs it has fired."""

    row: CaseTimer
    declared: Timer
    ledger: list[CaseSuspension] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)
    firings: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Made:
    """A case as it comes about, with everything that hangs on it, in order."""

    case: Case
    birth: Any
    entries: list[dict[str, Any]] = field(default_factory=list)
    timers: list[_Timed] = field(default_factory=list)
    followers: list[tuple[str, int]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    joins: list[int] = field(default_factory=list)
    into: "Made | None" = None
    merged_at: int = 0
    merged_by: str = ""
    next: Any = None
    pending: dict[str, Any] | None = None  # the entry that waits for approval


@dataclass
class Stock:
    """Cases that live together up to an instant.

    units: by key of a birth; office: (category, unit) to the id of an agency; token: of a key; photo: the columns of a
    drawing's file by (drawing, before or after, key); recipients: how many people a rung means.
    """

    cal: Calendar
    company: Company
    until: int
    units: Mapping[str, str | None]
    office: Callable[[str, str | None], int | None]
    token: Callable[[str], str]
    photo: Callable[[str, str, str], dict[str, Any] | None]
    recipients: Callable[[Case, Rung], int]
    numbers: dict[str, int] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    journal: list[dict[str, Any]] = field(default_factory=list)
    take: Callable[[str], int] | None = None

    def number(self, series: str) -> int:
        """The next count of a series: the stock's own, or as `take` gives it where others take numbers too."""
        if self.take is not None:
            return self.take(series)
        self.numbers[series] = self.numbers.get(series, 0) + 1
        return self.numbers[series]


@dataclass(frozen=True)
class Play:
    """How a kind of case comes in, what a step does, and which is next."""

    born: Callable[[Session, Stock, Any], Made]
    do: Callable[[Stock, Made, Any], None]
    next: Callable[[Stock, Made], Any]


def live(session: Session, stock: Stock, births: Iterable[Any], play: Play | None = None) -> None:
    """Have every case come in and live up to the stock's instant, all in the order of time. play: reports, if not said."""
    play = play or REPORTS
    turns: list[tuple[int, int, Any]] = [(one.at, n, one) for n, one in enumerate(births)]
    heapq.heapify(turns)
    count = len(turns)
    while turns:
        at, _, one = heapq.heappop(turns)
        if at > stock.until:
            break
        if not isinstance(one, Made):
            one = play.born(session, stock, one)
            one.next = play.next(stock, one)
        elif (_turn(one) or at + 1) <= at:
            _live_on(stock, play, one, at)
        else:
            continue  # it was merged into meanwhile, or has another turn
        later = _turn(one)
        if later is not None:
            count += 1
            heapq.heappush(turns, (max(later, at), count, one))


def _turn(made: Made) -> int | None:
    times = [one.row.next_at for one in made.timers if one.row.ended_at is None and one.row.next_at is not None]
    times += [made.next.at] if made.next else []
    return min([*times, *made.joins[:1]], default=None)


def view(case: Case, key: str, *, twin: bool) -> View:
    """What the next step is decided by."""
    return View(
        key, case.category or "", case.state, case.priority, case.version, case.updated_at, case.agency_id is not None,
        case.crew_id is not None, twin, case.reopened, case.due_at,
    )  # fmt: skip


# ---- the deeds ----


def _born(session: Session, stock: Stock, birth: Birth) -> Made:
    type_, category, unit = types().type("report"), types().category(birth.category), stock.units[birth.key]
    caller = stock.company.centre if birth.channel in ("phone", "desk") else guard.ANONYMOUS
    state = next(one.to for one in type_.transitions if "system" in one.who and type_.start in one.since)
    fields, _, _ = answers(category, birth.fields)
    values: dict[str, Any] = {
        "type": type_.code, "category": category.code, "sector": types().sectors.get(category.code), "state": state,
        "phase": types().state(type_.code, state or "").phase, "priority": category.priority, "title": birth.title,
        "text": birth.text, "fields": fields, "channel": birth.channel, "lon": birth.lon, "lat": birth.lat,
        "address": birth.address, "unit": unit, "agency_id": stock.office(category.code, unit), "receiving_id": None,
        "handler_id": None, "crew_id": None, "public": category.public, "hidden": None, "simulated": True,
        "exercise": False, "subject": None, "opened_at": birth.at, "due_at": None, "resolved_at": None,
        "closed_at": None, "updated_at": birth.at, "reopened": 0, "rating": None, "satisfied": None, "met": None,
        "pending_id": None, "followers": 0, "merged_into": None, "person_id": None,
        "secret": secret.digest(stock.token(birth.key)), "key": birth.key, "version": 1,
    }  # fmt: skip
    series, said = numbering.series(session, type_, values, birth.at)
    values["number"] = said(stock.number(series))
    values["folded"] = verbs.searched(values["number"], birth.title, birth.address)
    made = Made(Case(**values), birth, joins=list(birth.joiners))
    stock.made[birth.key] = made
    clocked(stock, made, birth.at, news.actor(caller))
    reported = caller.kind == "anonymous"
    actor = news.REPORTER if reported else news.actor(caller)
    enter(made, birth.at, actor, None if reported else caller.agency_id, "opened", public=True, state=state)
    told = {"channel": birth.channel, "unit": unit, "office": made.case.agency_id, "priority": made.case.priority}
    tell(stock, made, birth.at, "opened", actor, shown=True, data=told)
    _photo(stock, made, "open", birth.at, news.REPORTER if reported else actor)
    return made


def _next(stock: Stock, made: Made) -> Act | None:
    twin = stock.made.get(made.birth.twin or "")
    goes_on = twin is not None and twin.case.closed_at is None
    return case_life.next_act(stock.cal, view(made.case, made.birth.key, twin=goes_on))


def _live_on(stock: Stock, play: Play, made: Made, at: int) -> None:
    """What comes first: a rung of a deadline, somebody who meets it too, the next step."""
    for timed in made.timers:
        if timed.row.ended_at is None and timed.row.next_at is not None and timed.row.next_at <= at:
            _fire(stock, made, timed, at)
            return
    if made.joins and made.joins[0] <= at:
        made.joins.pop(0)
        if made.case.phase != "closed":
            _joined(stock, made, at)
        return
    act = made.next
    if act is not None and act.at <= at:
        play.do(stock, made, act)
        made.next = play.next(stock, made)


def by(company: Company, case: Case, act: Act) -> Caller:
    """Who does a step."""
    staff = company.staff.get(case.agency_id or 0)
    match act.by:
        case "centre":
            return company.centre
        case "dothi":
            return guard.SYSTEM
        case "reporter":
            return guard.ANONYMOUS
        case _ if staff is None:
            return company.centre
        case "crew":
            gang = next((one for one in staff.gangs if one.id == case.crew_id), None)
            return gang.worker if gang else staff.officer
        case _:
            return staff.officer


def spokesman(company: Company, case: Case) -> Caller:
    """Who speaks to the public of a case."""
    staff = company.staff.get(case.agency_id or 0)
    return staff.officer if staff else company.centre


def touched(session: Session, case: Case, company: Company) -> bool:
    """Whether somebody else than the simulated staff had a hand in a case."""
    actors = session.scalars(select(CaseEntry.actor).where(CaseEntry.case_id == case.id).distinct())
    return any(one.startswith("person:") and int(one[7:]) not in company.ids for one in actors)


def _do(stock: Stock, made: Made, act: Act) -> None:
    case, at, caller = made.case, act.at, by(stock.company, made.case, act)
    reporter = act.by == "reporter"
    actor = news.REPORTER if reporter else news.actor(caller)
    agency = None if reporter else caller.agency_id or case.agency_id
    if act.do == "rate":
        _rated(stock, made, act)
        return
    if act.do == "duplicate":
        into = stock.made[made.birth.twin or ""]
        if into.case.closed_at is not None or into.into is not None:
            made.next = None
            _do(stock, made, Act(at, "assign", "centre"))
            return
        _merged(stock, made, into, at, actor)
    step = types().step(case.type, act.do)
    assert step is not None  # noqa: S101 - the flow is the report's own
    data: dict[str, Any] = {"reason": act.reason} if act.reason else {}
    if act.do == "assign":
        staff = stock.company.staff.get(case.agency_id or 0)
        gang = staff.gang(case.category or "") if staff else None
        data["office"] = case.agency_id
        if gang is not None:
            case.crew_id = data["crew"] = gang.id
        elif staff is not None:
            case.handler_id = data["handler"] = staff.officer.id
    if made.into is not None:
        data["number"] = made.into.case.number
    before = case.state
    become(made, step.to or case.state, at)
    kind = "merged" if made.into is not None else "assigned" if act.do == "assign" else "state"
    text = "" if reporter else act.text
    settle(stock, made, at, before, kind, actor, agency, caller, text=text, step=act.do, data=data, reason=act.reason)
    if reporter and act.text:
        enter(made, at, news.REPORTER, None, "comment", text=act.text, step=act.do)
    _photo(stock, made, act.do, at, actor)
    if act.note:
        officer = spokesman(stock.company, case)
        who, office = news.actor(officer), officer.agency_id or case.agency_id
        enter(made, at, who, office, "comment", public=True, text=act.note)
        tell(stock, made, at, "commented", who, shown=tally.shown(case), data=None)


def _rated(stock: Stock, made: Made, act: Act) -> None:
    case, at, before = made.case, act.at, made.case.state
    case.rating, case.satisfied = act.rating, act.fixed
    if act.fixed:
        become(made, "closed", at)
    data = {"fixed": act.fixed, "rating": act.rating}
    settle(stock, made, at, before, "rated", news.REPORTER, None, guard.ANONYMOUS, data=data)
    if not act.fixed:
        before = case.state
        become(made, "working", at)
        settle(stock, made, at, before, "state", news.REPORTER, None, guard.ANONYMOUS, step="reopen")
        enter(made, at, news.REPORTER, None, "comment", text=act.text or "—", step="reopen")
    elif act.text:
        enter(made, at, news.REPORTER, None, "comment", text=act.text)


def _merged(stock: Stock, made: Made, into: Made, at: int, actor: str) -> None:
    have = {who for who, _ in into.followers}
    into.followers += [(who, at) for who, _ in made.followers if who not in have]
    into.case.followers = len(into.followers)
    made.into, made.merged_at, made.merged_by = into, at, actor
    into.case.version += 1
    into.case.updated_at = at
    data = {"number": made.case.number, "count": into.case.followers}
    agency = stock.company.centre.agency_id
    enter(into, at, actor, agency, "linked", public=True, data=data)
    tell(stock, into, at, "linked", actor, shown=tally.shown(into.case), data=data)


def _joined(stock: Stock, made: Made, at: int) -> None:
    made.followers.append((follower(made.birth.key, at), at))
    made.case.followers += 1
    data = {"count": made.case.followers}
    enter(made, at, news.REPORTER, None, "joined", public=True, data=data)
    tell(stock, made, at, "joined", news.REPORTER, shown=tally.shown(made.case), data=data)


def follower(key: str, at: int) -> str:
    """Somebody's browser that is none."""
    return f"browser:{secret.digest(f'{key}:{at}')}"


REPORTS = Play(_born, _do, _next)


# ---- what every deed does ----


def become(made: Made, state: str, at: int) -> None:
    """Put a case into a state; as verbs.become."""
    case, phase = made.case, made.case.phase
    case.state, case.phase = state, types().state(case.type, state).phase
    if phase in _DONE and case.phase not in _DONE:
        case.reopened += 1
        case.resolved_at = case.closed_at = case.rating = case.satisfied = case.met = None
    if case.phase == "done":
        case.resolved_at, case.closed_at = at, None
    elif case.phase == "closed":
        case.closed_at = at


def settle(
    stock: Stock, made: Made, at: int, before: str, kind: str, actor: str, agency: int | None, caller: Caller, *,
    text: str = "", step: str | None = None, data: dict[str, Any] | None = None, reason: str | None = None,
    public: bool = True, journal: str | None = None,
) -> None:  # fmt: skip
    """Write a deed: the timers, the case's next version, the entry, the journal; as verbs.settle. before: its state."""
    case, due_at = made.case, made.case.due_at
    case.version += 1
    case.updated_at = at
    if case.state != before:
        clocked(stock, made, at, news.actor(caller), reason, text)
        main = types().main(case.type)
        if main is not None and case.met is None and case.state in main.ends:
            case.met = due_at is None or at <= due_at
    moved = case.state if case.state != before else None
    enter(made, at, actor, agency, kind, public=public, text=text, state=moved, step=step, data=data)
    journal = journal or ("stepped" if kind == "state" else kind)
    told = {"step": step, **(data or {})} if step else data
    tell(stock, made, at, journal, actor, shown=tally.shown(case), data=told)


def clocked(stock: Stock, made: Made, at: int, actor: str, reason: str | None = None, text: str = "") -> None:
    """The timers after a change of state; as timers.moved."""
    case, cal = made.case, stock.cal
    for declared in types().type(case.type).timers:
        timed = next((one for one in made.timers if one.declared is declared and one.row.ended_at is None), None)
        if timed is None:
            if case.state in declared.runs:
                made.timers.append(_begun(cal, made, declared, at))
                if declared.main:
                    case.met = None
            continue
        row = timed.row
        if case.state in declared.ends:
            row.met = row.consumed <= row.budget if row.due_at is None else at <= row.due_at
            row.ended_at, row.running_since, row.next_at = at, None, None
            _close(timed, at)
            if declared.main:
                case.met = row.met
        elif case.state in declared.waits:
            if not any(one.kind == "pause" and one.until is None for one in timed.ledger):
                timed.ledger.append(
                    CaseSuspension(kind="pause", since=at, until=None, amount=None, reason=reason or case.state, text=text, actor=actor)
                )  # fmt: skip
            timers.project(cal, row, timed.ledger, declared.ladder)
        elif case.state in declared.runs and row.running_since is None:
            _close(timed, at)
            timers.project(cal, row, timed.ledger, declared.ladder)
    main = next((one.row for one in made.timers if one.declared.main and one.row.ended_at is None), None)
    case.due_at = main.due_at if main else None


def _begun(cal: Calendar, made: Made, declared: Timer, at: int) -> _Timed:
    unit, budget = deadlines.of(timers.amount(declared, types().about(made.case.category), made.case.priority))
    row = CaseTimer(code=declared.code, unit=unit, budget=budget, consumed=0, since=at, running_since=at)
    row.ended_at = row.met = None
    timers.project(cal, row, (), declared.ladder)
    row.first_due_at = row.due_at or at
    return _Timed(row, declared)


def _close(timed: _Timed, at: int) -> None:
    for one in timed.ledger:
        if one.until is None:
            one.until = max(at, one.since)


def _fire(stock: Stock, made: Made, timed: _Timed, at: int) -> None:
    """The rungs due at an instant; as escalation does, but nobody is told of what was long ago."""
    row, case, cal, coming = timed.row, made.case, stock.cal, []
    if row.running_since is None or row.due_at is None:
        row.next_at = None
        return
    unit = timers.unit_of(row)
    for rung in sorted(timed.declared.ladder, key=lambda one: one.at):
        moment = timers.moment(cal, unit, row.running_since, row.budget, row.consumed, rung)
        if moment > at:
            coming.append(moment)
            continue
        last = timed.fired.get(rung.code)
        if last is not None and (last >= moment or row.budget * rung.at <= row.consumed * 100):
            continue
        if any(one["rung"] == rung.code and one["due_at"] == row.due_at for one in timed.firings):
            continue
        timed.fired[rung.code] = at
        timed.firings.append({"rung": rung.code, "due_at": row.due_at, "at": at})
        data = {
            "timer": row.code, "rung": rung.code, "at": rung.at, "to": rung.to, "due_at": row.due_at,
            "people": stock.recipients(case, rung), "messages": 0,
        }  # fmt: skip
        enter(made, at, news.ENGINE, case.agency_id, "escalated", data=data)
        tell(stock, made, at, "escalated", news.ENGINE, shown=False, data=data)
    row.next_at = min(coming, default=None)


def enter(
    made: Made, at: int, actor: str, agency: int | None, kind: str, *, public: bool = False, text: str = "",
    state: str | None = None, step: str | None = None, data: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Write down what happened, for the timeline."""
    made.entries.append(
        {"at": at, "actor": actor, "agency_id": agency, "kind": kind, "public": public, "text": text, "state": state,
         "step": step, "data": data or None}
    )  # fmt: skip


def tell(stock: Stock, made: Made, at: int, kind: str, actor: str, *, shown: bool, data: dict[str, Any] | None) -> None:
    """Tell the journal, as news.tell does of a past."""
    case = made.case
    told = {
        "number": case.number, "type": case.type, "category": case.category, "state": case.state, "phase": case.phase,
        "due_at": case.due_at, "simulated": case.simulated, "exercise": case.exercise, "url": news.path(case.number),
        "past": True, **(data or {}),
    }  # fmt: skip
    visible = shown and tally.shown(case)
    stock.journal.append(
        {"at": at, "kind": f"cases.{kind}", "actor": actor, "agency_id": case.agency_id, "subject": f"case:{case.number}",
         "place": case.unit, "visibility": "open" if visible else "restricted", "data": told}
    )  # fmt: skip


def _photo(stock: Stock, made: Made, deed: str, at: int, actor: str) -> None:
    when = _PHOTOS.get(deed)
    found = stock.photo(made.birth.photo, when, made.birth.key) if when and made.birth.photo else None
    if found is not None and when:
        hang(stock, made, {**found, "kind": when, "paper": None, "public": made.case.public, "at": at, "actor": actor})


def hang(stock: Stock, made: Made, file: dict[str, Any]) -> None:
    """Hang a file on a case. The file itself stands where its id will be: `put` knows it."""
    made.files.append(file)
    data = {key: file[key] for key in ("kind", "media_type", "public")} | {"file": file}
    tell(stock, made, file["at"], "file.added", file["actor"], shown=False, data=data)


# ---- the rows ----


def write(session: Session, stock: Stock) -> int:
    """Write everything; returns how many cases."""
    written = len(put(session, stock))
    tally.recount(session)
    return written


def put(session: Session, stock: Stock) -> dict[str, int]:
    """Write everything but the counts of cases; the id of each case by its key."""
    all_ = sorted(stock.made.values(), key=lambda one: (one.case.opened_at, one.case.number))
    ids = _added(session, Case, [_columns(one.case) for one in all_], ("number",))
    numbered = {id(one): id_ for one, id_ in zip(all_, ids, strict=True)}
    timed = [(id_, one) for made, id_ in zip(all_, ids, strict=True) for one in made.timers]
    rows = [_columns(one.row) | {"case_id": id_} for id_, one in timed]
    timer_ids = _added(session, CaseTimer, rows, ("case_id", "code", "since"))
    _files(session, stock, [(made, id_) for made, id_ in zip(all_, ids, strict=True) if made.files])
    entries: list[dict[str, Any]] = []
    follow: list[dict[str, Any]] = []
    for made, id_ in zip(all_, ids, strict=True):
        entries += [{**one, "case_id": id_} for one in made.entries]
        follow += [{"case_id": id_, "who": who, "at": at} for who, at in made.followers]
    _many(session, CaseEntry, sorted(entries, key=lambda one: int(one["at"])))
    _waiting(session, {id_: made.pending for made, id_ in zip(all_, ids, strict=True) if made.pending is not None})
    _many(session, CaseFollower, follow)
    suspended, fired = [], []
    for (_, one), timer_id in zip(timed, timer_ids, strict=True):
        suspended += [_columns(line) | {"timer_id": timer_id} for line in one.ledger]
        fired += [{**line, "timer_id": timer_id} for line in one.firings]
    _many(session, CaseSuspension, suspended)
    _many(session, CaseFiring, fired)
    merged = [one for one in all_ if one.into is not None]
    links = [
        {"case_id": numbered[id(one)], "kind": "duplicate-of", "to": f"case:{numbered[id(one.into)]}",
         "at": one.merged_at, "actor": one.merged_by}
        for one in merged
    ]  # fmt: skip
    _many(session, CaseLink, links)
    for made in merged:
        session.execute(update(Case).where(Case.id == numbered[id(made)]).values(merged_into=numbered[id(made.into)]))
    _many(session, Entry, sorted(stock.journal, key=lambda one: int(one["at"])))
    for name, last in stock.numbers.items():
        statement = insert_into(session, CaseSequence).values(name=name, last=last)
        session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"last": last}))
    return {one.birth.key: id_ for one, id_ in zip(all_, ids, strict=True)}


def _files(session: Session, stock: Stock, made_: list[tuple[Made, int]]) -> None:
    """Write the files, and put their ids where entries and the journal name a file that was yet to be written."""
    files = [(one, {**one, "case_id": id_}) for made, id_ in made_ for one in made.files]
    ids = _added(session, CaseFile, [row for _, row in files], ("case_id", "kind", "paper", "at"))
    known = {id(file): file_id for (file, _), file_id in zip(files, ids, strict=True)}
    for row in (*(entry for made, _ in made_ for entry in made.entries), *stock.journal):
        named = (row["data"] or {}).get("file")
        if isinstance(named, dict):
            row["data"]["file"] = known[id(named)]


def _waiting(session: Session, pending: dict[int, dict[str, Any]]) -> None:
    """Have cases know the entries that wait for approval."""
    for case_id, entry in pending.items():
        which = (CaseEntry.case_id == case_id, CaseEntry.kind == "pending", CaseEntry.at == entry["at"])
        id_ = session.scalar(select(func.max(CaseEntry.id)).where(*which))
        session.execute(update(Case).where(Case.id == case_id).values(pending_id=id_))


def _columns(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def _added(session: Session, table: Any, rows: list[dict[str, Any]], known_by: tuple[str, ...]) -> list[int]:
    """Add rows; their ids, found again by columns that tell them apart: one statement, where RETURNING takes one a row."""
    last = session.scalar(select(func.max(table.id))) or 0
    _many(session, table, rows)
    found = session.execute(select(table.id, *(getattr(table, one) for one in known_by)).where(table.id > last))
    ids = {tuple(row[1:]): int(row[0]) for row in found}
    return [ids[tuple(row[one] for one in known_by)] for row in rows]


def _many(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        same = {key: None for row in rows for key in row}
        session.execute(insert(table.__table__), [{**same, **row} for row in rows])


def count_recipients(session: Session) -> Callable[[Case, Rung], int]:
    """How many people a rung means, asked once for each office, handler and rung."""
    known: dict[tuple[int | None, int | None, str], int] = {}

    def count(case: Case, rung: Rung) -> int:
        key = (case.agency_id, case.handler_id, rung.to)
        if key not in known:
            known[key] = len(escalation.recipients(session, case, rung))
        return known[key]

    return count
