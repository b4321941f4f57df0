"""The demo's dossiers: a year of them when it first starts, and ever a few that are filed and move on while it runs.

Nobody exists behind them: they carry no contact. What somebody has touched by hand is left alone from then on.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.cases import appointments, calendar, dossiers, files, news, numbering, payments, signing, tally
from dothi.cases import service as cases
from dothi.cases.calendar import Calendar
from dothi.cases.tables import Appointment, Case, Dossier
from dothi.cases.types import types
from dothi.db import session as db
from dothi.db.upsert import insert_into
from dothi.identity import guard, secret
from dothi.kit import clock
from dothi.simulate import case_photos, case_rows, deeds, dossier_life, dossier_rows, dossier_words
from dothi.simulate.case_staff import Company
from dothi.simulate.dossier_life import Act
from dothi.simulate.dossier_rows import Dossiers
from dothi.simulate.dossier_words import MARK, Desk, Filing
from dothi.simulate.luck import chance

A_DAY = 1.5  # dossiers of the past year
LATELY, LATELY_DAYS = 6.0, 3  # and of its last days, and while the demo runs
BOOKED_DAYS = 10  # how far ahead seats at the desks are taken
_VISITOR = "Khách đặt hẹn (mô phỏng)"
Token = Callable[[str], str]


def desks(session: Session) -> dict[str, list[Desk]]:
    """Where each service is filed."""
    return {
        code: [Desk(one.id, dossiers.unit_of(session, one)) for one in dossiers.desks(session, of)]
        for code, of in types().procedures.items()
    }


def fill(session: Session, company: Company, now: int, span: int, token: Token) -> int:
    """Make a year of dossiers up to now where there are none, and the appointments of the next days; how many were made.

    The counts of cases are whoever calls this to make anew.
    """
    if session.scalar(select(Case.id).where(Case.key.startswith(MARK)).limit(1)) is not None:
        return 0
    stock = stocked(session, company, now, token)
    filed = filings(session, stock.cal, now - span, now)
    case_rows.live(session, stock, filed, dossier_rows.PLAY)
    made = len(dossier_rows.put(session, stock))
    book(session, company, stock.cal, now, token)
    return made


def filings(session: Session, cal: Calendar, begin: int, now: int) -> list[Filing]:
    """The dossiers of a past: lately as many as come in while the demo runs, so that every state stands."""
    at, lately = desks(session), now - LATELY_DAYS * clock.DAY
    before = dossier_words.filings(at, cal, begin, max(begin, lately), A_DAY)
    return before + dossier_words.filings(at, cal, max(begin, lately), now, LATELY, "live:")


def stocked(session: Session, company: Company, now: int, token: Token) -> Dossiers:
    """A stock that is yet to live."""
    return Dossiers(
        calendar.load(session), company, now, {}, lambda *_: None, token, lambda *_: None,
        case_rows.count_recipients(session), paper=_papers(), sign=_signed(), decides=_deciding(session),
    )  # fmt: skip


def _deciding(session: Session) -> Callable[[str, str | None], int | None]:
    """The office that decides by (procedure, unit): each is looked up once."""
    return lru_cache(maxsize=1000)(partial(dossiers.deciding, session))


@lru_cache(maxsize=2)
def _drawn(kind: str) -> files.Prepared:
    name = "ket-qua-mo-phong.pdf" if kind == "result" else "giay-to-mo-phong.pdf"
    return files.prepare(name, case_photos.sheet(stamped=kind == "result"))


def _papers() -> Callable[[str], dict[str, Any]]:
    @lru_cache(maxsize=2)
    def kept(kind: str) -> dict[str, Any]:
        return {**files.columns(_drawn(kind)), "entry_id": None}

    return kept


def _signed() -> Callable[[str], Mapping[str, Any] | None]:
    """What an entry keeps of a result's signature, where this installation has a signer for trials; each sheet is signed once."""

    @lru_cache(maxsize=2)
    def signed(kind: str) -> Mapping[str, Any] | None:
        by = signing.signer()
        if by is None or not by.test:
            return None
        return dossiers.signed_of(by.sign(_drawn(kind).content, ""))

    return signed


# ---- what lives ----


def live(company: Company, cal: Calendar, now: int, token: Token) -> int:
    """Have new dossiers come in and the open ones move on, by the verbs; returns how many deeds were done."""
    with db.reading() as session:
        last = session.scalar(select(func.max(Case.opened_at)).where(Case.key.startswith(MARK)))
        at = desks(session) if last is not None else {}
    if last is None:
        return 0
    done, begin = 0, max(last + 1, now - clock.DAY)
    for filing in dossier_words.filings(at, cal, begin // clock.HOUR * clock.HOUR, now, LATELY, "live:"):
        if filing.at > last:
            done += deeds.done(partial(born, company=company, filing=filing, token=token))
    done += deeds.moved(partial(_due, cal=cal, now=now), partial(moved, company=company, cal=cal, now=now, token=token))
    return done + deeds.done(partial(book, company=company, cal=cal, now=now, token=token))


def _due(session: Session, cal: Calendar, now: int) -> list[int]:
    open_ = select(Case, Dossier).join(Dossier, Dossier.case_id == Case.id)
    lately = Case.closed_at.is_(None) | (Case.updated_at > now - 15 * clock.DAY)
    decides = _deciding(session)
    every = session.execute(open_.where(Case.key.startswith(MARK), lately).order_by(Case.id))
    return [case.id for case, row in every if _ready(cal, case, row, decides, now)]


def born(session: Session, company: Company, filing: Filing, token: Token) -> Case:
    """File a dossier: as rows too, for a form's personal answers are nobody's here."""
    stock = stocked(session, company, filing.at, token)
    stock.take = partial(numbering.take, session)
    case_rows.live(session, stock, [filing], dossier_rows.PLAY)
    id_ = dossier_rows.put(session, stock)[filing.key]
    case = session.get_one(Case, id_)
    tally.changed(session, None, tally.key(case))
    return case


def _ready(
    cal: Calendar, case: Case, row: Dossier, decides: Callable[[str, str | None], int | None], now: int
) -> Act | None:
    """The step of a dossier whose time has come."""
    by = decides(case.category or "", case.unit)
    act = dossier_life.next_act(cal, dossier_rows.standing(case, row, case.key or "", by))
    return act if act is not None and act.at <= now else None


def moved(session: Session, company: Company, cal: Calendar, id_: int, now: int, token: Token) -> bool:
    """Have a simulated dossier take its next step, if its time has come and nobody else has touched it."""
    case, row = session.get(Case, id_), session.get(Dossier, id_)
    if case is None or row is None:
        return False
    act = _ready(cal, case, row, _deciding(session), now)
    if act is None or case_rows.touched(session, case, company):
        return False
    take(session, company, case, act, token)
    return True


def take(session: Session, company: Company, case: Case, act: Act, token: Token) -> None:
    """Do a step by its verb, when it was done."""
    caller, link = dossier_rows.by(company, case, act), token(case.key or "")
    own = link if act.by == "applicant" else None
    if act.do == "pay":
        _pay(session, case, act, link, dossier_rows.reference_of(token, case.key or ""))
        return
    with news.at(act.at):
        match act.do:
            case "rate":
                dossiers.rate(session, guard.ANONYMOUS, case.number, own, act.rating or 0, act.text)
            case "receive":
                dossiers.receive(session, guard.ANONYMOUS, case.number, own)
            case "supply" if own:
                dossiers.supply(session, guard.ANONYMOUS, case.number, own, act.text, [])
            case "appeal":
                dossiers.appeal(session, guard.ANONYMOUS, case.number, own, act.text)
            case "apologise":
                dossiers.apologise(session, caller, case.number, act.text, act.until or 0)
            case "approve" | "return":
                cases.approve(session, caller, case.id, ok=act.do == "approve", text=act.text)
            case _:
                if act.do in ("grant", "refuse"):
                    dossiers.result(session, caller, case.number, _drawn("result"))
                step = dossier_rows.step_of(act.do)
                office = dossiers.resolving(session, case) if step == "forward" else None
                staff = company.staff.get(office or case.agency_id or 0)
                handler = staff.officer.id if staff and step in dossier_rows.TAKEN_ON else None
                cases.step(
                    session, caller, case.id, step, text=act.text, reason=act.reason, office=office, handler=handler, token=own
                )  # fmt: skip


def _pay(session: Session, case: Case, act: Act, link: str, reference: str) -> None:
    """Pay as an applicant does: asked for here, paid at the sandbox, which tells us so."""
    with news.at(act.at - dossier_rows.ASKED_BEFORE):
        asked = payments.ask(session, guard.ANONYMOUS, case.number, token=link)
        asked.reference = reference
        session.flush()
    with news.at(act.at):
        payments.told(
            session, asked.provider, *payments.Sandbox().said(asked.reference, asked.amount, paid=True)
        )  # fmt: skip


# ---- appointments ----


def book(session: Session, company: Company, cal: Calendar, now: int, token: Token) -> int:
    """Have some seats of the next days taken at the desks that are there; returns how many were."""
    first, taken = calendar.day_of(now), 0
    last = session.scalar(select(func.max(Appointment.at)).where(Appointment.name == _VISITOR)) or now
    where = {one.office: code for code, every in desks(session).items() for one in every if one.office in company.staff}
    for ahead in range(BOOKED_DAYS):
        day = first + dt.timedelta(days=ahead)
        for begin, end in cal.hours(day):
            for minute in range(begin, end - appointments.LENGTH + 1, appointments.LENGTH):
                at = calendar.midnight(day) + minute * calendar.MINUTE
                if at <= last:
                    continue
                for office, procedure in where.items():
                    if chance("seat", office, at) < 0.09 * (1 - 0.5 * ahead / BOOKED_DAYS):
                        values = {
                            "agency_id": office, "at": at, "seat": 0, "procedure": procedure, "case_id": None,
                            "secret": secret.digest(token(f"{office}:{at}")), "name": _VISITOR, "phone": "",
                            "cancelled_at": None,
                        }  # fmt: skip
                        statement = insert_into(session, Appointment).values(**values)
                        session.execute(statement.on_conflict_do_nothing())
                        taken += 1
    return taken
