"""`/services/appointments`: choose a desk, a day and a time; see, keep and give back an appointment."""

import datetime as dt
from dataclasses import dataclass

from starlette.responses import Response

from dothi.cases import appointments, calendar, dossiers
from dothi.cases.declared import Procedure
from dothi.cases.tables import Appointment
from dothi.cases.types import types
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.tables import Agency
from dothi.kit.errors import BadInput, Conflict, NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.services.desk import HANDLES, Ask
from dothi.web.forms import Filled

COOKIE = "dothi_appointment"


@dataclass
class Choosing:
    """The context of `services/appointments.html`. parts: the slots of the morning and of the afternoon."""

    desks: list[Agency]
    desk: Agency | None
    service: Procedure | None
    days: list[dt.date]
    day: dt.date | None
    parts: list[tuple[str, list[appointments.Slot]]]
    faults: dict[str, str]
    message: str


@dataclass
class Kept:
    """The context of `services/appointment.html`."""

    appointment: Appointment
    desk: str
    service: Procedure | None
    booked: bool


@dataclass
class OfDay:
    """The context of `services/desk_day.html`."""

    desks: list[Agency]
    desk: Agency
    day: dt.date
    days: list[dt.date]
    appointments: list[Appointment]
    titles: dict[str, str]


def choose(ask: Ask) -> Response:
    """`GET /services/appointments`."""
    return _choose(ask, dict(ask.request.query_params), {}, "")


def _choose(ask: Ask, given: dict[str, str], faults: dict[str, str], message: str) -> Response:
    service = types().procedures.get(given.get("service", ""))
    desks = dossiers.desks(ask.session, service) if service else _every(ask)
    desk = next((one for one in desks if str(one.id) == given.get("office")), desks[0] if len(desks) == 1 else None)
    open_ = appointments.days(ask.session, ask.now)
    day = next((one for one in open_ if one.isoformat() == given.get("day")), open_[0] if open_ else None)
    slots = appointments.slots(ask.session, desk.id, day, ask.now) if desk and day else []
    noon = calendar.midnight(day) + 12 * 60 * calendar.MINUTE if day else 0
    halves = [(ask.say("Buổi sáng"), [one for one in slots if one.at < noon]),
              (ask.say("Buổi chiều"), [one for one in slots if one.at >= noon])]  # fmt: skip
    page = Choosing(desks, desk, service, open_, day, [one for one in halves if one[1]], faults, message)
    return ask.page("appointments", page, Filled(given), 422 if faults or message else 200)


def book(ask: Ask) -> Response:
    """`POST /services/appointments`."""
    given = ask.values
    at = given.get("at", "")
    desk = whole(given.get("office")) or 0
    try:
        with db.writing() as session:
            made = appointments.book(
                session, desk, whole(at) or 0, name=given.get("name", ""),
                phone=given.get("phone", ""), procedure=given.get("service") or None, address=ask.address,
            )  # fmt: skip
            id_, token = made.appointment.id, made.token
    except BadInput as error:
        said = {
            "name": ask.say("Ghi họ và tên người đến."), "phone": ask.say("Số điện thoại có 10 số, bắt đầu bằng 0."),
            "at": ask.say("Chọn một giờ còn chỗ."), "office": ask.say("Chọn nơi đến."),
        }  # fmt: skip
        faults = {one.place: said[one.place] for one in error.faults if one.place in said}
        return _choose(ask, given, faults, "")
    except appointments.Taken:
        return _choose(ask, given, {"at": ask.say("Giờ này vừa có người đặt hết chỗ. Chọn giờ khác.")}, "")
    except Conflict:
        return _choose(
            ask, given, {}, ask.say("Số điện thoại này đã có lịch vào giờ đó, hoặc đã có ba lịch hẹn sắp tới.")
        )
    path = f"/services/appointments/{id_}"
    return ask.keep(back(f"{path}?booked"), COOKIE, token, path)


def kept(ask: Ask) -> Response:
    """`GET /services/appointments/{id}`."""
    given = ask.request.query_params.get("t")
    path = f"/services/appointments/{ask.request.path_params['id']}"
    if given:
        return ask.keep(back(path), COOKIE, given[:200], path)
    found = _mine(ask)
    return ask.page("appointment", Kept(found, *_about(ask, found), "booked" in ask.request.query_params))


def ics(ask: Ask) -> Response:
    """`GET /services/appointments/{id}/calendar.ics`."""
    found = _mine(ask)
    desk, service = _about(ask, found)
    title = service.title.of(ask.language) if service else ask.say("Hẹn làm thủ tục")
    text = appointments.ics(found, desk, title, f"{ask.base}/services/appointments/{found.id}", ask.now)
    headers = {
        "content-disposition": f'attachment; filename="hen-{found.id}.ics"',
        "cache-control": "private, no-store",
    }
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


def cancel(ask: Ask) -> Response:
    """`POST /services/appointments/{id}/cancel`."""
    appointments.cancel(ask.session, ask.request.path_params["id"], ask.request.cookies.get(COOKIE))
    return back("/services/appointments?cancelled")


def of_day(ask: Ask) -> Response:
    """`GET /services/desk/appointments`: who comes today, for a desk's own people."""
    mine = [one for one in identity.agencies(ask.session) if guard.may(ask.caller, HANDLES, one.id)]
    at_desks = {one.id for service in types().procedures.values() for one in dossiers.desks(ask.session, service)}
    desks = [one for one in mine if one.id in at_desks]
    if not desks:
        raise NotFound(ask.say("Đơn vị của anh chị không có Bộ phận Một cửa."))
    given = ask.request.query_params
    desk = next((one for one in desks if str(one.id) == given.get("office")), desks[0])
    days = sorted({calendar.day_of(ask.now), *appointments.days(ask.session, ask.now)})
    day = next((one for one in days if one.isoformat() == given.get("day")), days[0])
    titles = {one.code: one.title.of(ask.language) for one in types().procedures.values()}
    found = appointments.of_day(ask.session, ask.caller, desk.id, day)
    return ask.page("desk_day", OfDay(desks, desk, day, days, found, titles))


def _every(ask: Ask) -> list[Agency]:
    found: dict[int, Agency] = {}
    for one in types().procedures.values():
        found.update({desk.id: desk for desk in dossiers.desks(ask.session, one)})
    return sorted(found.values(), key=lambda one: one.name)


def _mine(ask: Ask) -> Appointment:
    return appointments.mine(ask.session, ask.request.path_params["id"], ask.request.cookies.get(COOKIE))


def _about(ask: Ask, found: Appointment) -> tuple[str, Procedure | None]:
    desk = identity.agency(ask.session, found.agency_id)
    return desk.name if desk else "", types().procedures.get(found.procedure or "")
