"""A room in the middle of a wet evening: people, alarms of eight hours, orders, a shift that runs. All of it invented."""

from types import SimpleNamespace

from dothi.alerts import service as alarms
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.duty import orders, shifts, views
from dothi.duty.tables import OrderEntry, Shift
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from tests.duty import people

MINUTE = 60 * clock.SECOND
TITLES = (
    ("Mực nước trạm Tân An vượt báo động III", "Sông Vàm Cỏ Tây, trạm Tân An", "1,63 m", "critical"),
    ("Ngập 38 cm, đường Châu Thị Kim", "Cảm biến ngập N-07", "38 cm", "critical"),
    ("Bơm số 2 dừng ngoài kế hoạch", "Trạm bơm Bảo Định", "0 m³/h", "major"),
    ("Mưa 34,5 mm trong 1 giờ", "Trạm mưa M-01", "34,5 mm", "major"),
    ("Ùn tắc 1,2 km, nút Hùng Vương – QL62", "Giao thông", "9 km/h", "major"),
    ("14 đèn tắt, tủ chiếu sáng CS-12", "Đường Nguyễn Thông", "14 đèn", "minor"),
    ("Cảm biến kênh N-11 chập chờn", "Kênh Bảo Định", "9 lần", "minor"),
    ("Trạm mưa M-03 mất tín hiệu", "P. Khánh Hậu", "", "warning"),
)


def built(procedure=None, simulated=True):
    """The room; logins as they are named here."""
    with db.writing() as session:
        above = identity.create_agency(
            session, SYSTEM, "ubnd", "Ủy ban nhân dân tỉnh Tây Ninh", name_en="People's Committee"
        )
        centre = identity.create_agency(
            session,
            SYSTEM,
            "ioc",
            "Trung tâm điều hành đô thị thông minh",
            parent=above.code,
            name_en="Operations Centre",
        )
        works = people.agency(session, "ctdt", "Công ty Công trình đô thị")
        roads = people.agency(session, "xd", "Sở Xây dựng")
        made = {}
        for login, role, at in (
            ("nhung", "duty-officer", None), ("viet", "duty-officer", None), ("duc", "duty-chief", None),
            ("lan", "leader", None), ("tam", "officer", "ctdt"), ("hai", "officer", "ctdt"), ("xa", "officer", "xd"),
        ):  # fmt: skip
            made[login] = people.person(session, login, role, at)
        for login in ("nhung", "viet", "duc"):
            session.get(identity.Person, made[login].id).agency_id = centre.id
    with db.writing() as session:
        held = shifts.begin(session, made["nhung"])
        held.began_at -= 7 * 60 * MINUTE + 18 * MINUTE
    with db.writing() as session:
        for i, (title, where, value, severity) in enumerate(TITLES * 2):
            one = people.alarm(
                session, ago=900 + i * 1500, severity=severity, title=title, title_en=title, subject_name=where, value_text=value,
                agency_id=works.id, simulated=simulated, procedure=procedure if not i else None,
            )  # fmt: skip
            made.setdefault("alarms", []).append(one.id)
    with db.writing() as session:
        alarms.acknowledge(session, made["nhung"], made["alarms"][2:9], "đã gọi chủ quản")
        for event_alarm in made["alarms"][2:9]:
            one = alarms.alarm(session, made["nhung"], event_alarm)
            one.acknowledged_at = one.noticed_at + 150 * clock.SECOND
            alarms.events(session, made["nhung"], event_alarm)[-1].noticed_at = one.acknowledged_at
        alarms.clear(session, made["nhung"], made["alarms"][9:], "số đo đã về dưới ngưỡng")
        alarms.comment(session, made["nhung"], made["alarms"][:1], "Xem camera cầu Tân An 1: nước sát dạ cầu phụ")
    with db.writing() as session:
        lan, tam = made["lan"], made["tam"]
        give = lambda text, agency, minutes, about=None: orders.give(  # noqa: E731
            session, lan, agency_id=agency.id, text=text, due_at=clock.now_micros() + minutes * MINUTE,
            subject=f"alarm:{made['alarms'][about]}" if about is not None else None,
        )  # fmt: skip
        late = give("Báo cáo 14 nắp cống mất trên đường Nguyễn Thông", works, 60)
        pumps = give("Bố trí 2 bơm lưu động tại Châu Thị Kim", works, 78, 1)
        signs = give("Cắm biển cấm đường ngập, phân luồng QL62", roads, 40, 4)
        gate = give("Đóng cống Bảo Định, cử người trực cống", works, 30, 0)
        orders.receive(session, tam, pumps.id)
        orders.progress(session, tam, pumps.id, "Bơm 1 đã chạy, bơm 2 đang trên đường")
        orders.receive(session, made["hai"], gate.id)
        orders.done(session, made["hai"], gate.id, "Cống đóng lúc 17:36, có 2 người trực")
        made |= {"late": late.number, "pumps": pumps.number, "signs": signs.number, "gate": gate.number}
        day = 26 * 60 * MINUTE
        late.given_at, late.due_at = late.given_at - day, late.due_at - day
        session.query(OrderEntry).filter_by(order_id=late.id).update({"at": late.given_at, "due_at": late.due_at})
        views.save(session, made["duc"], "Thoát nước", "?sector=drainage&map=13.2/10.539/106.42", shared=True)
        views.save(session, made["duc"], "Giao thông", "?sector=traffic", position=2, shared=True)
        views.save(session, made["nhung"], "Trạm của tôi", "?assignee=me", position=3)
    with db.writing() as session:  # an earlier shift, handed over as it should be
        first = shifts.begin(session, made["viet"])
        first.began_at -= 15 * 60 * MINUTE
        shifts.hand(session, made["viet"], "Bơm số 2 hay dừng, đã báo cơ điện.")
        shifts.take(session, made["nhung"], first.id, first.digest)
        session.flush()
        at = session.query(Shift).filter_by(person_id=made["nhung"].id).one().began_at
        first.handed_at, first.taken_at, first.ended_at = at - MINUTE, at, at
    return SimpleNamespace(**made)


def token(login):
    """A browser's session of a person."""
    with db.writing() as session:
        return identity.sign_in(session, session.query(identity.Person).filter_by(login=login).one().id)


__all__ = ["Alarm", "built", "token"]
