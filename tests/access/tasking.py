"""Tasks of both worlds: what a restricted thing was told, and what an open one was, whose tasks are no stranger's either."""

from collections.abc import Iterator

from dothi.identity import guard
from dothi.sensing.tables import Thing
from dothi.tasking import entities, service
from dothi.tasking.service import Asking

FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))
RECORD = {"type": "DataRecord", "field": [{"name": "on", "type": "Boolean"}]}


def build(step) -> None:
    """An actuator with a task at each thing that has a name of its own, those restricted in the first world only."""

    def give(sharing):
        def done(session):
            for thing in session.query(Thing).filter(Thing.sharing == sharing).order_by(Thing.id).limit(2):
                words = {"name": f"Bơm {sharing}", "description": "x"}
                device = {**words, "encodingType": "text/plain", "metadata": "x"}
                body = {**words, "taskingParameters": RECORD}
                made = entities.create_capability(session, guard.SYSTEM, body, thing.id, device)
                service.ask(session, guard.SYSTEM, made, Asking({"on": True}, f"ghi chú {sharing}"))

        return done

    step(give("open"))
    step(give("restricted"), hidden=True)


def requests(asked) -> Iterator:
    """What a stranger would try; asked: walk.Asked."""

    def html(route, path, **more):
        return asked(route, path, headers=(("accept", "text/html"),), **more)

    def sent(route, path, text=""):
        return asked(route, path, "POST", FORM, text.encode())

    yield html("/operations/tasks", "/operations/tasks?state=all", few=True)
    yield html("/operations/tasks", "/operations/tasks?thing=1")
    yield html("/operations/tasks/schedules", "/operations/tasks/schedules")
    yield sent("/operations/tasks/schedules", "/operations/tasks/schedules", "code=x&do=drop")
    yield sent("/operations/tasks", "/operations/tasks", "capability=1&thing=1&sure=1&p-on=true")
    for id_ in (1, 2, 3, 999):
        yield html("/operations/tasks/new", f"/operations/tasks/new?capability={id_}")
        yield html("/operations/tasks/{id:id}", f"/operations/tasks/{id_}")
        for verb in ("approve", "cancel", "khong-co"):
            yield sent("/operations/tasks/{id:id}/{verb}", f"/operations/tasks/{id_}/{verb}", "thing=1&sure=1")
