"""Notifications of both worlds: a person's addresses, and those, the ladder and the messages of an agency nobody here sees."""

from collections.abc import Iterator

from dothi.identity import access
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.notify import addresses, ladders, service
from dothi.notify.ladders import Rung

FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))


def build(step) -> None:
    """People of both worlds; what so-ca's does in the first only."""

    def person(session, login, agency):
        one = identity.create_person(session, SYSTEM, login, f"Người {login}", agency=agency)
        identity.grant(session, SYSTEM, one, "duty-chief", "agency", agency)
        session.flush()
        return access.of_person(session, one)

    ours = step(lambda session: person(session, "notify-tc", "so-tc"))
    theirs = step(lambda session: person(session, "notify-ca", "so-ca"))

    def tells(caller, code):
        def done(session):
            made, _ = addresses.add(session, caller, "webhook", f"https://{code}.example.vn/tin")
            made.confirmed_at = clock.now_micros()
            ladders.put(
                session, SYSTEM, code=code, title=f"Thang {code}", severity="major", agency_id=caller.agency_id,
                rungs_=[Rung(5, person=caller.id)],
            )  # fmt: skip
            service.tell(
                session,
                cause="alarm:1",
                key=code,
                to=service.To(people=(caller.id,)),
                title=f"Tin {code}",
                body="x",
                kind="x",
            )

        return done

    step(tells(ours, "ta"))
    step(tells(theirs, "kin"), hidden=True)


def requests(asked) -> Iterator:
    """What a stranger would try; asked: walk.Asked."""

    def html(route, path, **more):
        return asked(route, path, headers=(("accept", "text/html"),), **more)

    def sent(route, path, text="x=y"):
        return asked(route, path, "POST", FORM, text.encode())

    mine = "/me/notifications"
    yield html(mine, mine, few=True)
    yield sent(f"{mine}/addresses", f"{mine}/addresses", "channel=webhook&target=https://kin.example.vn/tin")
    yield sent(f"{mine}/push", f"{mine}/push")
    yield sent(f"{mine}/preferences", f"{mine}/preferences")
    for id_ in (1, 2, 999):
        for verb in ("again", "test", "remove"):
            yield sent(f"{mine}/addresses/{{id:id}}/{verb}", f"{mine}/addresses/{id_}/{verb}")
        yield html("/operations/ladders/{id:id}", f"/operations/ladders/{id_}", few=True)
        yield sent("/operations/ladders/{id:id}", f"/operations/ladders/{id_}", "code=kin&title=x")
        yield sent("/operations/ladders/{id:id}/remove", f"/operations/ladders/{id_}/remove")
    yield html("/operations/ladders", "/operations/ladders", few=True)
    yield html("/operations/ladders/new", "/operations/ladders/new")
    yield sent("/operations/ladders", "/operations/ladders", "code=kin&title=x")
    for more in ("", "?cause=alarm:1", "?state=waiting", "?before=99"):
        yield html("/operations/messages", f"/operations/messages{more}", few=not more)
    yield html("/subscribe", "/subscribe", few=True)
    yield sent("/subscribe", "/subscribe", "channel=mail&target=a@example.vn")
    for route in ("confirm/{token}", "mine/{name}", "leave/{name}"):
        path = f"/subscribe/{route.partition('/')[0]}/khong-co"
        yield html(f"/subscribe/{route}", path)
        yield sent(f"/subscribe/{route}", path)
