"""Offices, people and cases of a small city, for tests of cases. All of it invented."""

import uuid
from types import SimpleNamespace

from dothi.cases import service as cases
from dothi.cases.service import New
from dothi.cases.tables import Case, Crew, CrewMember
from dothi.cases.types import types
from dothi.identity import access
from dothi.identity import service as identity
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.identity.tables import Agency
from dothi.kit import clock

PLACE = (106.405, 10.535)  # Tân An


def office(session, code, name):
    found = session.query(Agency).filter_by(code=code).one_or_none()
    return found or identity.create_agency(session, SYSTEM, code, name, name_en=f"Office {code}")


def person(session, login, role, at=None, name=None):
    """A caller with a role: everywhere, or inside the office."""
    made = identity.create_person(session, SYSTEM, login, name or f"Người {login}", agency=at)
    if role:
        identity.grant(session, SYSTEM, made, role, "agency" if at else "all", at)
    session.flush()
    return access.of_person(session, made)


def city(session):
    """Two offices with a manager, a dispatcher, two officers and a crew; a leader; a citizen who signed in."""
    lights = office(session, "chieu-sang", "Công ty Chiếu sáng đô thị")
    roads = office(session, "xay-dung", "Sở Xây dựng")
    made = SimpleNamespace(
        lights=lights, roads=roads,
        manager=person(session, "quan", "manager", lights.code, "Trần Quân"),
        dispatcher=person(session, "dieu", "dispatcher", lights.code, "Lê Điều"),
        officer=person(session, "tam", "officer", lights.code, "Võ Văn Tâm"),
        second=person(session, "duc", "officer", lights.code, "Lê Minh Đức"),
        stranger=person(session, "viet", "officer", roads.code, "Trần Quốc Việt"),
        stranger_chief=person(session, "phuc", "dispatcher", roads.code, "Phan Phúc"),
        worker=person(session, "tho", "field-worker", lights.code, "Thợ Ba"),
        leader=person(session, "lan", "leader", None, "Phạm Thị Lan"),
        admin=person(session, "nhung", "administrator", None, "Nguyễn Thị Hồng Nhung"),
        citizen=person(session, "an", None, None, "Nguyễn Văn An"),
    )  # fmt: skip
    made.crew = Crew(code="doi-1", name="Đội 1", agency_id=lights.id, categories=[], active=True)
    session.add(made.crew)
    session.flush()
    session.add(CrewMember(crew_id=made.crew.id, person_id=made.worker.id))
    session.commit()
    return made


def new(**more):
    """A report of a citizen."""
    values = {
        "type": "report", "category": "other", "title": "Đèn đường không sáng", "text": "Trước số nhà 12, tắt ba đêm.",
        "lon": PLACE[0], "lat": PLACE[1], "address": "Đường Nguyễn Thông, Tân An", "key": str(uuid.uuid4()),
    }  # fmt: skip
    return New(**(values | more))


def report(session, caller=SYSTEM, **more):
    """A report that counts; its case."""
    return opened(session, caller, **more).case


def opened(session, caller=SYSTEM, **more):
    return cases.open_(session, caller, new(**{"confirmed": True, **more}))


def lifecycle(session, city, *, until="rated", at=None, **more):
    """A report on its way: opened, assigned, working, resolved, rated; the token of its reporter too."""
    del at
    made = opened(session, ANONYMOUS, **more)
    cases.confirm(session, SYSTEM, made.case.id)
    verbs = {
        "assigned": lambda: cases.assign(session, city.admin, made.case.id, office=city.lights.id, handler=city.officer.id),
        "working": lambda: cases.step(session, city.officer, made.case.id, "start"),
        "resolved": lambda: cases.step(session, city.officer, made.case.id, "resolve", text="Đã thay bóng đèn"),
        "rated": lambda: cases.rate(session, ANONYMOUS, made.case.id, fixed=True, rating=5, token=made.token),
    }  # fmt: skip
    if until != "received":
        for name, verb in verbs.items():
            verb()
            if name == until:
                break
    return made


def row(**more):
    """A case as it stands in the table, for lists of many; number and so on may be given."""
    now = clock.now_micros()
    number = more.pop("number", f"PA-26-{uuid.uuid4().hex[:9]}")
    values = {
        "number": number, "type": "report", "category": "other", "sector": "egov", "state": "received", "phase": "new",
        "priority": "normal", "title": "Ổ gà", "text": "", "folded": f"{number} o ga".lower(), "fields": {},
        "channel": "web", "address": "", "public": True, "simulated": False, "exercise": False, "opened_at": now,
        "updated_at": now, "reopened": 0, "followers": 0, "version": 1,
    }  # fmt: skip
    return Case(**(values | more))


def steps_of(type_="report"):
    return {one.code: one for one in types().type(type_).transitions}
