"""A small evening for the duty officer's page: three sensors, seven alarms, four people. All of it invented."""

from dataclasses import dataclass, field

from dothi.alerts import news
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.kit.text import fold
from dothi.places import base
from dothi.places import service as places
from tests.browser import seed

MINUTE = 60 * clock.SECOND
PEOPLE = (
    ("nhung", "Nguyễn Thị Hồng Nhung", "duty-officer"), ("viet", "Trần Quốc Việt", "duty-officer"),
    ("loan", "Lê Thị Thanh Loan", "dispatcher"), ("tho", "Đỗ Văn Thọ", "officer"),
)  # fmt: skip
# number, severity, minutes ago, title, subject, value, unit, thing, more
ALARMS = (
    ("CB-26-00001", "critical", 4, "Mực nước trạm Tân An vượt BĐ III", "Trạm thủy văn Tân An", "1,63 m", "m", "river", {"limit": 1.6}),
    ("CB-26-00002", "critical", 3, "Ngập 38 cm, đường Châu Thị Kim", "Cảm biến ngập N-07", "38 cm", "cm", "flood", {}),
    ("CB-26-00003", "major", 27, "Bơm số 2 dừng ngoài kế hoạch", "Trạm bơm Bảo Định", "0 m³/h", "m³/h", None, {}),
    ("CB-26-00004", "major", 26, "Mưa 34,5 mm trong 1 giờ", "Trạm mưa M-01", "34,5 mm", "mm", "rain", {}),
    ("CB-26-00005", "minor", 18, "Đèn tắt, tủ chiếu sáng CS-12", "Đường Nguyễn Thông", "", "", None, {"group_key": "den", "sector": "lighting"}),
    ("CB-26-00006", "minor", 17, "Đèn tắt, tủ chiếu sáng CS-13", "Đường Nguyễn Thông", "", "", None, {"group_key": "den", "sector": "lighting"}),
    ("CB-26-00007", "minor", 50, "AQI giờ 128 đã về 84", "Trạm Khánh Hậu", "84", "", None, {"active": False, "sector": "air"}),
)  # fmt: skip


@dataclass
class Evening:
    """Ids by name; people's ids by login, their sessions."""

    things: dict[str, int] = field(default_factory=dict)
    streams: dict[str, int] = field(default_factory=dict)
    alarms: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


def alarm(session, number, severity, ago, title, subject, value="", unit="", thing_id=None, **more) -> Alarm:
    """One alarm, told as the engine tells it. ago: minutes."""
    now = clock.now_micros()
    at = now - ago * MINUTE
    values = {
        "number": number, "rule_code": "muc-nuoc-bd", "rule_version": 7, "subject": f"rule:{number}", "thing_id": thing_id,
        "sector": "water", "title": title, "title_en": f"{title} (en)", "subject_name": subject,
        "folded": fold(f"{number} {title} {subject}"), "severity": severity, "worst": severity, "active": True,
        "acknowledged": False, "raised_at": at, "noticed_at": at + 4 * clock.SECOND, "severity_at": at, "last_at": at,
        "group_key": number, "repeats": 1, "withdrawn": False, "value_text": value, "unit": unit, "lon": 106.419,
        "lat": 10.531, "unit_code": "27694", "sharing": "shared", "simulated": True, "exercise": False,
        "explanation": {"words": {"vi": "Mực nước ≥ 1,60 m liên tục 10 phút", "en": "Stage ≥ 1.60 m for 10 minutes"}},
        "changed_at": at, "version": 1,
    }  # fmt: skip
    if more.get("active") is False:
        more |= {"cleared_at": now - MINUTE, "cleared_noticed_at": now - MINUTE, "cleared_how": "condition"}
    made = Alarm(**(values | more))
    session.add(made)
    session.flush()
    news.tell(
        session,
        made,
        "raised",
        actor="dothi",
        at=at,
        noticed_at=made.noticed_at,
        event={"severity": severity, "value_text": value},
    )
    return made


def evening(map_: bool = False) -> Evening:
    """Make it in the database in use. map_: with the city's base map."""
    made, now = Evening(), clock.now_micros()
    rows = []
    with db.writing() as session:
        places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=seed.WARDS, approximate=True)
        if map_:
            base.load_base(session, seed.CITY, "tan-an")
        known = seed.properties(session)
        for name, title, lon, lat, code, value, levels in (
            (
                "river",
                "Trạm thủy văn Tân An",
                106.4258,
                10.539,
                "water-level",
                1.63,
                {"bd1": 1.2, "bd2": 1.4, "bd3": 1.6},
            ),
            ("flood", "Cảm biến ngập N-07", 106.4335, 10.5262, "flood-depth", 38.0, None),
            ("rain", "Trạm mưa M-01", 106.4325, 10.5152, "rainfall-1h", 34.5, None),
        ):
            made.things[name], streams = seed.thing(session, title, lon, lat, [code], known, code=name, levels=levels)
            made.streams[name] = streams[code]
            rows += [(streams[code], now - i * 10 * MINUTE, round(value * (1 - i / 40), 2)) for i in range(30)]
        for login, name, role in PEOPLE:
            person = identity.create_person(session, SYSTEM, login, name)
            identity.grant(session, SYSTEM, person, role)
            session.flush()
            made.people[login] = person.id
            made.tokens[login] = identity.sign_in(session, person.id)
        for number, severity, ago, title, subject, value, unit, thing, more in ALARMS:
            on = {"datastream_id": made.streams[thing]} if thing else {}
            one = alarm(
                session, number, severity, ago, title, subject, value, unit, made.things.get(thing), **on, **more
            )
            made.alarms[number] = one.id
    seed.put(rows)
    return made


def many(count: int) -> None:
    """So many more alarms, quiet ones, at once."""
    from sqlalchemy import insert

    now = clock.now_micros()
    rows = [
        {
            "number": f"CB-26-{i:05d}", "rule_code": "nhieu", "rule_version": 1, "subject": f"rule:{i}", "sector": "water",
            "title": f"Cảnh báo số {i}", "subject_name": f"Cảm biến {i}", "folded": f"canh bao so {i}", "severity": ("minor", "warning")[i % 2],
            "worst": "minor", "active": True, "acknowledged": False, "raised_at": now - i * clock.SECOND,
            "noticed_at": now - i * clock.SECOND, "severity_at": now, "last_at": now, "group_key": f"n{i}", "repeats": 1,
            "withdrawn": False, "value_text": f"{i}", "unit": "", "lon": 106.38 + (i % 100) / 1500, "lat": 10.51 + i / 200_000,
            "sharing": "shared", "simulated": True, "exercise": False, "explanation": {}, "changed_at": now, "version": 1,
        }
        for i in range(10_000, 10_000 + count)
    ]  # fmt: skip
    with db.writing() as session:
        session.execute(insert(Alarm), rows)
