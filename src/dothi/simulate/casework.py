"""The demo's cases: a year of them when it first starts, and ever a few that come in and move on while it runs.

What somebody has touched by hand is left alone from then on: only the simulated staff's own cases move by themselves.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.cases import calendar, files, news, offices, tally
from dothi.cases import service as cases
from dothi.cases.service import New
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.city import blueprint as blueprints
from dothi.city import service as cities
from dothi.config import settings
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.places import service as places
from dothi.simulate import case_jobs, case_life, case_photos, case_rows, case_staff, case_words, deeds, dossiers
from dothi.simulate.case_life import Act
from dothi.simulate.case_rows import Stock
from dothi.simulate.case_staff import Company
from dothi.simulate.case_words import Birth, City
from dothi.simulate.luck import chance

YEAR = 365 * clock.DAY
A_DAY = 5.5  # reports of the past
LIVING = 36.0  # and while the demo runs: a few an hour
CATCH_UP = clock.DAY  # what an earlier start left behind comes in afterwards for so long
KEY_FILE, CITY_FILE = "simulator.key", "simulated-cases"
_MARK = "sim:"
_REPORTS = (Case.key.startswith(_MARK), Case.type == "report")
_CITIZEN = guard.Caller(everywhere=frozenset({"cases:handle"}))  # who may say that a citizen's report is simulated


def sketch(city: str) -> City | None:
    """Where the reports of a city can be."""
    return _sketched(cities.find(city))


@lru_cache(maxsize=4)
def _sketched(folder: Path) -> City | None:
    wanted = blueprints.load(folder)[0].places
    return case_words.city(folder / (wanted.base or "base.geojson"), folder / (wanted.wards or "wards.geojson"))


def _city() -> str | None:
    """The city whose stock stands in this installation."""
    path: Path = settings().data / CITY_FILE
    return path.read_text().strip() if path.exists() else None


def fill(city: str, now: int, *, span: int = YEAR, a_day: float = A_DAY) -> int:
    """Make the stock of a city that has none yet; returns how many cases were made."""
    where = sketch(city)
    with db.writing() as session:
        company = case_staff.hire(session)
        if where is None or company is None:
            return 0
        made = 0
        if not _any(session):
            (settings().data / CITY_FILE).write_text(city)
            births = case_words.births(where, now - span, now, a_day)
            stock = stocked(session, company, births, now, photos())
            case_rows.live(session, stock, births)
            made = len(case_rows.put(session, stock))
        filed = dossiers.fill(session, company, now, span, token())
        if made or filed:
            tally.recount(session)
        return made + filed


def stocked(
    session: Session, company: Company, births: list[Birth], now: int, photo: Callable[[str, str, str], dict[str, Any] | None]
) -> Stock:  # fmt: skip
    """A stock that is yet to live. photo: the columns of a drawing's file."""
    rows = places.locate_many(session, [one.lon for one in births], [one.lat for one in births])
    units = {one.key: row.code if row else None for one, row in zip(births, rows, strict=True)}

    @lru_cache(maxsize=1000)
    def office(category: str, unit: str | None) -> int | None:
        return offices.office_for(session, "report", types().category(category), unit)

    return Stock(
        calendar.load(session), company, now, units, office, token(), photo, case_rows.count_recipients(session)
    )  # fmt: skip


def token() -> Callable[[str], str]:
    """The secret of a simulated reporter's link: nobody can tell it who does not have this installation's key file."""
    path: Path = settings().data / KEY_FILE
    salt = path.read_bytes() if path.exists() else b"none"

    def of(key: str) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(salt + key.encode()).digest()).decode().rstrip("=")

    return of


def photos() -> Callable[[str, str, str], dict[str, Any] | None]:
    """The columns of a drawing's file by (drawing, before or after, key): each is painted and kept once."""

    @lru_cache(maxsize=200)
    def kept(name: str, when: str, variant: int) -> dict[str, Any]:
        ready = files.prepare(f"{name}-{when}.png", case_photos.drawing(name, when, variant))
        return {**files.columns(ready), "entry_id": None}

    def photo(name: str, when: str, key: str) -> dict[str, Any] | None:
        if when == "after" and chance(key, "photographed") > 0.8:
            return None
        return kept(name, when, int(chance(key, "variant") * case_photos.VARIANTS))

    return photo


def _any(session: Session) -> bool:
    return session.scalar(select(Case.id).where(*_REPORTS).limit(1)) is not None


# ---- what lives ----


def live(now: int) -> int:
    """Have new reports come in and the open ones move on, by the verbs; returns how many deeds were done.

    Only where a stock stands: a server that is no demo's has none.
    """
    city = _city()
    where = sketch(city) if city else None
    if where is None:
        return 0
    with db.writing() as session:
        company = case_staff.hire(session)
    if company is None:
        return 0
    with db.reading() as session:
        last = session.scalar(select(func.max(Case.opened_at)).where(*_REPORTS))
        cal = calendar.load(session)
    if last is None:
        return 0
    done, begin = 0, max(last + 1, now - CATCH_UP)
    for birth in case_words.births(where, begin // clock.HOUR * clock.HOUR, now, LIVING, "live:"):
        if birth.at > last:
            done += deeds.done(partial(born, company=company, birth=birth))
    done += deeds.moved(partial(_due, cal=cal, now=now), partial(moved, company=company, cal=cal, now=now))
    done += deeds.done(partial(case_jobs.send_out, company=company, now=now))
    return done + dossiers.live(company, cal, now, token())


def _due(session: Session, cal: calendar.Calendar, now: int) -> list[int]:
    open_ = select(Case).where(*_REPORTS, Case.closed_at.is_(None)).order_by(Case.id)
    return [one.id for one in session.scalars(open_) if _ready(cal, one, now)]


def _ready(cal: calendar.Calendar, case: Case, now: int) -> Act | None:
    """The step of a case whose time has come."""
    if case.closed_at is not None or case.pending_id is not None:
        return None
    act = case_life.next_act(cal, case_rows.view(case, case.key or "", twin=False))
    return act if act is not None and act.at <= now else None


def born(session: Session, company: Company, birth: Birth, office: int | None = None) -> Case:
    """Open a report as its reporter or the call centre does."""
    caller = company.centre if birth.channel in ("phone", "desk") else _CITIZEN
    with news.at(birth.at):
        new = New(
            type="report", category=birth.category, title=birth.title, text=birth.text, fields=birth.fields, lon=birth.lon,
            lat=birth.lat, address=birth.address, channel=birth.channel, key=birth.key, token=token()(birth.key),
            simulated=True, confirmed=True, office=office,
        )  # fmt: skip
        return cases.open_(session, caller, new).case


def moved(session: Session, company: Company, cal: calendar.Calendar, id_: int, now: int) -> bool:
    """Have an open simulated case take its next step, if its time has come and nobody else has touched it."""
    case = session.get(Case, id_)
    act = _ready(cal, case, now) if case is not None else None
    if case is None or act is None or case_rows.touched(session, case, company):
        return False
    take(session, company, case, act)
    return True


def take(session: Session, company: Company, case: Case, act: Act, into: int | None = None) -> None:
    """Do a step by its verb, when it was done."""
    caller = case_rows.by(company, case, act)
    link = token()(case.key or "")
    with news.at(act.at):
        if act.do == "rate":
            cases.rate(session, ANONYMOUS, case.id, fixed=act.fixed, rating=act.rating, text=act.text, token=link)
            return
        if act.do == "duplicate" and into is not None:
            cases.merge(session, caller, case.id, into, text=act.text)
            return
        if act.do == "assign":
            staff = company.staff.get(case.agency_id or 0)
            gang = staff.gang(case.category or "") if staff else None
            handler = staff.officer.id if staff and not gang else None
            cases.assign(session, caller, case.id, handler=handler, crew=gang.id if gang else None)
            return
        own = link if act.by == "reporter" else None
        cases.step(session, caller, case.id, act.do, text=act.text, reason=act.reason, token=own)
        case_jobs.follow(session, case, act.do, act.at)
        if act.note:
            cases.comment(session, case_rows.spokesman(company, case), case.id, act.note, public=True)
