"""The duty room of both worlds: an order and a shift of an agency one may see, and those of one nobody here may."""

import json
from collections.abc import Iterator

from dothi.alerts.tables import Alarm
from dothi.duty import orders, presence, shifts, views
from dothi.identity import access
from dothi.identity import service as identity
from dothi.identity import store as people
from dothi.identity.guard import SYSTEM
from dothi.kit import clock

FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))
NUMBERS = ("CD-26-0001", "CD-26-0002", "CD-26-0999")


def build(step) -> None:
    """People of both worlds; of so-ca's room everything they do in the first only."""

    def person(login, role, agency):
        def made(session):
            one = identity.create_person(session, SYSTEM, login, f"Người {login}", agency=agency)
            identity.grant(session, SYSTEM, one, role, "agency" if agency else "all", agency)
            session.flush()
            return access.of_person(session, one)

        return step(made)

    leader, ours, theirs = (
        person("leader", "leader", None),
        person("duty-tc", "duty-officer", "so-tc"),
        person("duty-ca", "duty-officer", "so-ca"),
    )

    def give(session, agency, **more):
        office = people.agency_by_code(session, agency)
        due = clock.now_micros() + 90 * clock.DAY
        return orders.give(session, leader, agency_id=office.id, text=f"Việc của {agency}", due_at=due, **more)

    step(lambda session: give(session, "so-tc"))
    step(lambda session: orders.receive(session, ours, NUMBERS[0]))
    step(lambda session: shifts.begin(session, ours))

    def hidden(session):
        now = clock.now_micros()
        one = Alarm(
            number="CB-26-90001", rule_code="kin", rule_version=1, subject="thing:3", title="Cảnh báo kín", severity="critical",
            worst="critical", raised_at=now, noticed_at=now, severity_at=now, last_at=now, group_key="kin", changed_at=now,
            agency_id=theirs.agency_id, sharing="restricted", explanation={},
        )  # fmt: skip
        session.add(one)
        session.flush()
        give(session, "so-ca", subject=f"alarm:{one.id}")
        presence.here(session, theirs, "kin", f"alarm:{one.id}")
        views.save(session, theirs, "Góc nhìn kín", {"q": "kin"})
        shifts.begin(session, theirs)

    step(hidden, hidden=True)
    step(lambda session: orders.receive(session, theirs, NUMBERS[1]), hidden=True)
    step(lambda session: shifts.hand(session, theirs, "Việc kín"), hidden=True)


def requests(asked) -> Iterator:
    """What a stranger would try; asked: walk.Asked."""

    def html(route, path, **more):
        return asked(route, path, headers=(("accept", "text/html"),), **more)

    def sent(route, path, text=""):
        return asked(route, path, "POST", FORM, text.encode())

    yield html("/operations/handover", "/operations/handover", few=True)
    yield html("/operations/handover", "/operations/handover?before=1900000000000000")
    for id_ in (1, 2, 999, "x"):
        yield html("/operations/handover/{id}", f"/operations/handover/{id_}", few=id_ == 2)
        yield sent("/operations/handover/{id}/take", f"/operations/handover/{id_}/take", "digest=x")
        yield sent("/operations/handover/{id}/end", f"/operations/handover/{id_}/end", "reason=x")
    yield sent("/operations/handover/begin", "/operations/handover/begin", "post=duty")
    yield sent("/operations/handover/sign", "/operations/handover/sign", "note=x")
    for text in (
        "",
        "?state=all",
        "?state=late",
        "?agency=3",
        "?agency=1&state=all",
        "?subject=alarm:1&state=all",
        "?lang=en",
    ):
        yield html("/operations/orders", f"/operations/orders{text}", few=text in ("", "?state=all"))
    yield asked("/operations/orders", "/operations/orders?state=all", headers=(("accept", "application/json"),))
    yield sent("/operations/orders", "/operations/orders", "text=x")
    yield html("/operations/orders/new", "/operations/orders/new?subject=alarm:1")
    for number in NUMBERS:
        yield html("/operations/orders/{number}", f"/operations/orders/{number}", few=True)
        for verb in ("receive", "accept", "khong-co"):
            yield sent("/operations/orders/{number}/{verb}", f"/operations/orders/{number}/{verb}", "text=x")
    yield html("/operations/views", "/operations/views?state=%3Fq%3Dx")
    yield asked("/operations/views.json", "/operations/views.json", few=True)
    yield sent("/operations/views", "/operations/views", "title=x")
    yield sent("/operations/views/{id}/delete", "/operations/views/1/delete")
    yield html("/operations/walls", "/operations/walls")
    yield sent("/operations/walls", "/operations/walls", "title=x")
    yield sent("/operations/walls/{id}/revoke", "/operations/walls/1/revoke")
    for id_ in (1, 999):
        yield sent("/operations/steps", "/operations/steps", f"alarm={id_}&step=x")
    for subject in ("alarm:1", "alarm:999", None):
        body = json.dumps({"tab": "t1", "subject": subject}).encode()
        yield asked(
            "/operations/presence",
            "/operations/presence",
            "POST",
            (("content-type", "application/json"),),
            body,
            few=True,
        )
