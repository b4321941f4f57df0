"""A wet evening in the small Tân An: a day of alarms, people on duty, orders, a wall with its views. All of it invented."""

import random
from types import SimpleNamespace

from dothi.alerts import news
from dothi.alerts import service as alarms
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.duty import orders, shifts, walls
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.sensing.tables import Datastream, Thing
from tests.browser import seed
from tests.duty import people

MINUTE = 60 * clock.SECOND
# title, subject, value, unit, limit, severity, minutes ago, lon, lat
NOW = (
    ("Mực nước trạm Tân An vượt báo động III", "Sông Vàm Cỏ Tây", "1,63", "m", 1.6, "critical", 4, 106.4258, 10.539),
    ("Ngập đường Châu Thị Kim", "Cảm biến ngập N-07", "38", "cm", 15, "critical", 9, 106.4335, 10.5242),
    ("Bơm số 2 dừng ngoài kế hoạch", "Trạm bơm Bảo Định", "0", "m³/h", None, "major", 12, 106.4172, 10.5362),
    ("Mưa lớn trong 1 giờ", "Trạm mưa M-01", "34,5", "mm", 30, "major", 26, 106.4285, 10.513),
    ("Ùn tắc nút Hùng Vương – QL62", "Đếm xe nút 07", "9", "km/h", None, "major", 31, 106.4035, 10.5425),
    ("Ngập hẻm 42 Nguyễn Thông", "Cảm biến ngập N-03", "21", "cm", 15, "major", 35, 106.419, 10.5308),
    ("14 đèn tắt, tủ chiếu sáng CS-12", "Đường Nguyễn Thông", "14", "đèn", None, "minor", 18, 106.4108, 10.5277),
    ("Cảm biến kênh N-11 chập chờn", "Kênh Bảo Định", "9", "lần", None, "minor", 29, 106.425, 10.519),
    ("Trạm mưa M-03 mất tín hiệu", "Trạm mưa M-03", "", "", None, "warning", 46, 106.3835, 10.5275),
)  # fmt: skip


def alarm(session, title, subject, value, unit, limit, severity, ago, lon, lat, **more):
    """One alarm, told as the engine tells it."""
    made = people.alarm(
        session, told=False, ago=ago * 60, severity=severity, title=title, title_en=title, subject_name=subject, value_text=value, unit=unit,
        limit=limit, lon=lon, lat=lat, simulated=True, sector="water", unit_code="27694", sharing="shared", **more,
    )  # fmt: skip
    news.tell(
        session, made, "raised", actor="dothi", at=made.raised_at, noticed_at=made.noticed_at,
        event={"severity": severity, "value_text": value, "limit": limit, "repeats": 1},
    )  # fmt: skip
    return made


def built(lamps=40, past=46):
    """The city with its room; what tests ask for by name."""
    named = seed.city(lamps=lamps)
    luck = random.Random(11)
    with db.writing() as session:
        centre = identity.create_agency(session, SYSTEM, "ioc", "Trung tâm điều hành", name_en="Operations Centre")
        works = people.agency(session, "ctdt", "Công ty Công trình đô thị")
        ward = people.agency(session, "kh", "UBND phường Khánh Hậu")
        roads = people.agency(session, "xd", "Sở Xây dựng")
        made = {}
        for login, role in (("nhung", "duty-officer"), ("duc", "duty-chief"), ("lan", "leader")):
            made[login] = people.person(session, login, role)
            one = session.get(identity.Person, made[login].id)
            one.agency_id, one.phone = centre.id, f"0276 300 00{made[login].id:02}"
        made["tam"] = people.person(session, "tam", "officer", "ctdt")
    with db.writing() as session:
        shifts.begin(session, made["nhung"]).began_at -= 200 * MINUTE
    with db.writing() as session:
        river = session.query(Thing).filter_by(code="tv-tan-an").one()
        stage = session.query(Datastream).filter_by(thing_id=river.id).order_by(Datastream.id).first()
        ids = []
        for i, row in enumerate(NOW):
            more = {"thing_id": river.id, "datastream_id": stage.id, "procedure": "tidal-flood"} if i == 0 else {}
            ids.append(alarm(session, *row, agency_id=works.id, **more).id)
        now = clock.now_micros()
        stream = stage.id
        over = []
        for _ in range(past):  # what the day was like
            ago = luck.choice([luck.uniform(60, 1380), luck.gauss(500, 60), luck.gauss(140, 40)])
            row = luck.choice(NOW[1:])
            over.append(
                alarm(
                    session, *row[:5], luck.choice(["major", "minor", "minor", "warning"]), max(50.0, ago), *row[7:]
                ).id
            )
    # the river rises, 11 cm an hour
    seed.put([(stream, now - n * 10 * MINUTE - MINUTE, round(1.63 - n * 0.0183, 2)) for n in range(12)])
    with db.writing() as session:
        alarms.clear(session, made["nhung"], over, "số đo đã về dưới ngưỡng")
        alarms.acknowledge(session, made["nhung"], over)
        alarms.acknowledge(session, made["nhung"], ids[3:6], "đã gọi chủ quản")
        for id_ in over:
            one = session.get(Alarm, id_)
            one.cleared_at = one.raised_at + int(luck.uniform(8, 40)) * MINUTE
            for event in alarms.events(session, made["nhung"], id_):
                if event.kind != "raised":
                    event.at = event.noticed_at = one.cleared_at
    with db.writing() as session:
        due = [("Báo cáo nắp cống mất trên đường Nguyễn Thông", works, -1440), ("Thông cống chợ Tân An", works, -300),
               ("Sửa bơm số 2 Bảo Định", works, -45), ("Dọn rác miệng cống", ward, -90),
               ("Cắm biển ngập, phân luồng QL62", roads, 60), ("Bố trí 2 bơm lưu động tại Châu Thị Kim", works, 78)]  # fmt: skip
        for i, (text, agency, minutes) in enumerate(due):
            order = orders.give(
                session,
                made["lan"],
                agency_id=agency.id,
                text=text,
                due_at=now + 120 * MINUTE,
                subject=f"alarm:{ids[1]}" if i == 5 else None,
            )
            order.given_at, order.due_at = now - 1500 * MINUTE, now + minutes * MINUTE
            if i == 5:
                orders.receive(session, made["tam"], order.id)
                orders.progress(session, made["tam"], order.id, "bơm 1 đã chạy")
    with db.writing() as session:
        turns = [{"title": "Toàn cảnh", "state": {}, "seconds": 20},
                 {"title": "Thoát nước, sông", "state": {"sector": "water", "map": "13.6/10.5355/106.424"}, "seconds": 20},
                 {"title": "Giao thông", "state": {"sector": "traffic"}, "seconds": 20}]  # fmt: skip
        wall, token = walls.create(session, people_caller(session, "duc", made), "Phòng trực", turns)
        wall_id = wall.id
    return SimpleNamespace(**made, things=named, alarms=ids, token=token, wall=wall_id, now=now)


def people_caller(session, login, made):
    """A caller as the server knows them now."""
    from dothi.identity import access

    return access.of_person(session, session.get(identity.Person, made[login].id))


def token(login):
    """A browser's session of a person."""
    with db.writing() as session:
        return identity.sign_in(session, session.query(identity.Person).filter_by(login=login).one().id)
