"""People of a city, and alarms put into the database as the engine would have."""

from dothi.alerts import news
from dothi.alerts.tables import Alarm
from dothi.identity import access
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.identity.tables import Agency
from dothi.kit import clock

NAMES = {
    "nhung": "Nguyễn Thị Hồng Nhung",
    "viet": "Trần Quốc Việt",
    "duc": "Lê Minh Đức",
    "lan": "Phạm Thị Lan",
    "tam": "Võ Văn Tâm",
    "hai": "Đặng Hải",
    "xa": "Bùi Xa",
}


def agency(session, code="thoat-nuoc", name="Công ty Thoát nước"):
    found = session.query(Agency).filter_by(code=code).one_or_none()
    return found or identity.create_agency(session, SYSTEM, code, name, name_en="Drainage Company")


def person(session, login, role, at=None):
    """A caller with a role: everywhere, or inside the agency."""
    made = identity.create_person(session, SYSTEM, login, NAMES.get(login, f"Người {login}"), agency=at)
    identity.grant(session, SYSTEM, made, role, "agency" if at else "all", at)
    session.flush()
    return access.of_person(session, made)


_count = iter(range(1, 1_000_000))


def alarm(session, *, ago=60, severity="critical", told=True, **more):
    """An alarm raised `ago` seconds ago."""
    number, now = next(_count), clock.now_micros()
    at = now - ago * clock.SECOND
    values = {
        "number": f"CB-26-{number:05}", "rule_id": None, "rule_code": "muc-nuoc-bd", "rule_version": 1,
        "subject": f"thing:{number}", "title": "Mực nước vượt báo động III", "title_en": "Water above alarm level III",
        "subject_name": "Trạm Tân An", "severity": severity, "worst": severity, "active": True, "acknowledged": False,
        "raised_at": at, "noticed_at": at, "severity_at": at, "last_at": at, "group_key": f"g{number}", "repeats": 1,
        "withdrawn": False, "value_text": "1,63 m", "unit": "m", "sharing": "restricted", "simulated": False,
        "exercise": False, "explanation": {}, "changed_at": at, "version": 1,
    }  # fmt: skip
    made = Alarm(**(values | more))
    session.add(made)
    session.flush()
    if told:
        news.tell(session, made, "raised", actor="dothi", at=at, noticed_at=at)
    return made
