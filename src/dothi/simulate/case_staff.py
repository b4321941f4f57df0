"""The people of the demo: who handles its simulated cases, and whom one click signs in as. Nobody of them exists."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import dossiers
from dothi.cases.tables import Crew, CrewMember
from dothi.identity import access, guard
from dothi.identity import service as identity
from dothi.identity import store as people
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency, Person

CENTRE = "tt-1022"
_MARK = "sim-"  # logins of those who act by themselves; nobody can sign in as them
# whom one click signs in as, beyond a person for every role who acts everywhere: (login, name, role, office, crew)
CAST = (
    ("demo-officer", "Chuyên viên phường Long An", "officer", "p-long-an", None),
    ("demo-manager", "Quản lý Công ty Công trình đô thị", "manager", "cong-trinh-do-thi", None),
    ("demo-field-worker", "Tổ viên Đội chiếu sáng", "field-worker", "cong-trinh-do-thi", "chieu-sang"),
    ("demo-1022", "Trực tổng đài 1022", "dispatcher", CENTRE, None),
)


@dataclass(frozen=True)
class Gang:
    """A crew and the one of it who acts. categories: what it does; none: everything of its office."""

    id: int
    categories: tuple[str, ...]
    worker: Caller


@dataclass(frozen=True)
class Staff:
    """Who acts for an office."""

    agency_id: int
    officer: Caller
    gangs: tuple[Gang, ...]
    manager: Caller | None = None  # who approves, where dossiers are decided

    def gang(self, category: str) -> Gang | None:
        """The crew for a category."""
        return next((one for one in self.gangs if category in one.categories), None)


@dataclass(frozen=True)
class Company:
    """Everybody who acts. centre: the call centre's, who gives cases out; ids: theirs, to know their deeds from others'."""

    centre: Caller
    staff: dict[int, Staff]
    ids: frozenset[int]


def hire(session: Session) -> Company | None:
    """Make the demo's people where they are not yet; None in a city without offices for cases."""
    offices = {one.code: one for one in people.agencies(session)}
    if CENTRE not in offices:
        return None
    crews = list(session.scalars(select(Crew).where(Crew.active).order_by(Crew.id)))
    for login, name, role, at, crew in _cast(offices):
        if at in offices:
            made = _person(session, login, f"{name} (mô phỏng)", role, at, everywhere=login == "demo-1022")
            _join(session, made, [one for one in crews if crew in (one.code, one.code.partition("-")[2])])
    centre = _person(session, f"{_MARK}1022", "Tổng đài viên 1022 (mô phỏng)", "dispatcher", CENTRE, everywhere=True)
    ids, staff, deciding = {centre.id}, {}, dossiers.offices_of(session)
    for office in offices.values():
        officer = _person(session, f"{_MARK}{office.code}", f"Cán bộ {office.name} (mô phỏng)", "officer", office.code)
        gangs = []
        for crew_ in crews:
            if crew_.agency_id != office.id:
                continue
            two = [
                _person(
                    session, f"{_MARK}{crew_.code}-{n}", f"Tổ viên {n}, {crew_.name} (mô phỏng)", "field-worker", office.code
                )
                for n in (1, 2)
            ]  # fmt: skip
            for one in two:
                _join(session, one, [crew_])
            ids |= {one.id for one in two}
            gangs.append(Gang(crew_.id, tuple(crew_.categories), access.of_person(session, two[0])))
        ids.add(officer.id)
        manager = None
        if office.id in deciding:
            chief = _person(
                session, f"{_MARK}{office.code}-ld", f"Lãnh đạo {office.name} (mô phỏng)", "manager", office.code
            )
            ids.add(chief.id)
            manager = access.of_person(session, chief)
        staff[office.id] = Staff(office.id, access.of_person(session, officer), tuple(gangs), manager)
    return Company(access.of_person(session, centre), staff, frozenset(ids))


def _cast(offices: dict[str, Agency]) -> list[tuple[str, str, str, str, str | None]]:
    """The cast in this city: where an office of it is another city's, the first of the communes here takes its part."""
    communes = sorted(code for code in offices if code.startswith(("p-", "x-")))
    made: list[tuple[str, str, str, str, str | None]] = []
    for login, name, role, at, crew in CAST:
        if at not in offices and at.startswith("p-") and communes:
            here = communes[0]
            made.append((login, f"Chuyên viên {offices[here].name.removeprefix('UBND ')}", role, here, crew))
        else:
            made.append((login, name, role, at, crew))
    return made


def _person(
    session: Session, login: str, name: str, role: str, office: str, *, everywhere: bool = False
) -> Person:  # fmt: skip
    found = people.person_by_login(session, login)
    if found is None:
        found = identity.create_person(session, guard.SYSTEM, login, name, agency=office)
        scope: tuple[Any, ...] = ("all", None) if everywhere else ("agency", office)
        identity.grant(session, guard.SYSTEM, found, role, *scope)
    return found


def _join(session: Session, person: Person, crews: list[Crew]) -> None:
    for crew in crews:
        if session.get(CrewMember, (crew.id, person.id)) is None:
            session.add(CrewMember(crew_id=crew.id, person_id=person.id))
    session.flush()


def known(session: Session) -> bool:
    """Whether the city has an office that takes cases in."""
    return session.scalar(select(Agency.id).where(Agency.code == CENTRE)) is not None
