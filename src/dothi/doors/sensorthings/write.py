"""Writing the SensorThings interface: POST, PATCH, PUT and DELETE on every resource path (OGC 18-088 clause 10).

Observations go straight to ingest; everything else runs the verbs of `sensing.service` in a thread, one transaction
each, and is then read back by the reading side, which knows what the caller may see.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi.db import session as db
from dothi.doors.sensorthings import asked, dataarray, model, observing, patch, paths, read, tasking
from dothi.doors.sensorthings.asked import Answer, Ask, Unsupported, WrongMethod
from dothi.doors.sensorthings.paths import Resource, Step
from dothi.identity import access
from dothi.kit.errors import BadInput, Busy, Conflict, DothiError, Fault
from dothi.sensing import rights, service
from dothi.sensing.service import Parent
from dothi.web.address import root_of

log = logging.getLogger(__name__)
_OBSERVATIONS = re.compile(r"/(?:(Multi)?Datastreams\((\d{1,9})\)/)?Observations/?")
# few: writers of SQLite wait for each other anyway, and PostgreSQL's pool is small
_threads = ThreadPoolExecutor(4, thread_name_prefix="sensorthings-write")
T = TypeVar("T")
_QUERY = "!#$%&'()*+,-./:;=?@[]_~"  # stand for themselves in a query; the rest becomes UTF-8 in %
_IDS = ("@iot.id", "@odata.id", "@id")


async def endpoint(request: Request) -> Response:
    """Answer a POST, PATCH, PUT or DELETE below the service root."""
    try:
        caller = access.caller(request)
        headers = asked.headers_of(request)
        body = await asked.body_of(request, headers)
        ask = Ask(
            request.method, asked.path_of(request), caller, root_of(request), body,
            headers.get(b"content-type", b"").decode("latin-1"), headers.get(b"prefer", b"").decode("latin-1"),
            request.scope["query_string"].decode(errors="replace"),
        )  # fmt: skip
        if ask.path.rstrip("/") == "/$batch":
            from dothi.doors.sensorthings import batch

            return await batch.answer(ask, request)
        return (await answer(ask, request)).response()
    except DothiError as error:
        return asked.refused(error).response()


async def answer(ask: Ask, request: Request) -> Answer:
    """Do one write, in a transaction of its own. Raises DothiError."""
    if ask.method == "POST":
        hot = _OBSERVATIONS.fullmatch(ask.path)
        if hot is not None:
            try:
                return await observing.post(ask, int(hot[2]) if hot[2] else None, multi=bool(hot[1]))
            except observing.NotPlain:
                pass
        elif ask.path.rstrip("/") == "/CreateObservations":
            return await dataarray.post(ask)
    made = await in_thread(lambda session: perform(session, ask))
    return await represented(made, ask, request)


async def in_thread(work: Callable[[Session], T]) -> T:
    """Run work on a writing session, away from the event loop; it is committed when this returns."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _committed, work)


def _committed(work: Callable[[Session], T]) -> T:
    try:
        with db.writing() as session:
            return work(session)
    except IntegrityError as error:
        message = "another change came between; nothing was changed, send it again"
        raise Conflict(message, [Fault("body", str(error.orig).splitlines()[0][:200])]) from None
    except OperationalError as error:  # a deadlock, a lock held too long, a database that went away
        log.warning("a write was not taken: %s", error.orig)
        raise Busy("the database did not take the change; nothing was changed, send it again") from None


async def represented(made: Answer, ask: Ask, request: Request) -> Answer:
    """The answer with the entity as the caller may now read it; without, when they may not or do not want to."""
    if made.id is None or made.body:
        return made
    path = address(made.entity, made.id)
    if made.status == 201:
        made.headers["Location"] = f"{ask.root}/{path}"
    if ask.minimal:
        made.status = 204
        return made
    shown = await reading(request, path, "")
    if shown.status_code == 200:
        made.body = bytes(shown.body)
    return made


async def reading(request: Request, path: str, query: str) -> Response:
    """What a GET of a path answers this caller."""
    scope = {
        **request.scope, "method": "GET", "path_params": {"path": path}, "query_string": quote(query, safe=_QUERY, errors="replace").encode(),
        "headers": [pair for pair in request.scope["headers"] if pair[0] != b"if-none-match"],
    }  # fmt: skip
    return await read.endpoint(Request(scope))


def address(entity: str, id_: int | str) -> str:
    """The path of an entity below the service root."""
    quoted = f"'{id_}'" if isinstance(id_, str) else str(id_)
    return f"{model.BY_NAME[entity].set_name}({quoted})"


def perform(session: Session, ask: Ask) -> Answer:
    """Do one write inside a session's transaction."""
    resource = paths.parse(ask.path)
    if tasking.mine(resource):
        return tasking.perform(session, ask, resource)
    rights.require_any(ask.caller)
    if resource.mode == "ref":
        return _link(session, ask, resource)
    if resource.inside or resource.mode:
        raise _wrong(ask, "a property is changed by PATCH of its entity")
    if ask.method == "POST":
        return _create(session, ask, resource)
    if ask.method not in {"PATCH", "PUT", "DELETE"}:
        raise _wrong(ask, "a resource takes POST, PATCH, PUT and DELETE")
    if not resource.single:
        raise _wrong(ask, "a collection takes POST; name one entity by its id")
    entity, id_ = find(session, ask, resource.steps)
    if ask.method == "DELETE":
        service.delete(session, ask.caller, entity, id_)
        return Answer(200)
    changed = _change(session, ask, entity, id_)
    moved = changed != id_
    headers = {"Location": f"{ask.root}/{address(entity, changed)}"} if moved else {}
    return Answer(200, b"", headers, entity, changed)


def _create(session: Session, ask: Ask, resource: Resource) -> Answer:
    if resource.single:
        raise _wrong(ask, "a collection takes POST, one entity does not")
    asked.must_be_json(ask.kind)
    body = asked.parsed(ask.body)
    parent = None
    *before, last = resource.steps
    if last.link is not None:
        entity, id_ = find(session, ask, tuple(before))
        parent = Parent(entity, id_, last.link.name)
    made = service.create(session, ask.caller, last.entity.name, body, parent)
    return Answer(201, b"", {}, last.entity.name, made)


def _change(session: Session, ask: Ask, entity: str, id_: Any) -> Any:
    if ask.kind.partition(";")[0].strip().lower() == patch.KIND:
        if ask.method == "PUT":
            raise Unsupported(
                "PUT takes the whole entity; a JSON Patch goes with PATCH", [Fault("Content-Type", ask.kind)]
            )
        current = service.body_of(session, ask.caller, entity, id_)
        return service.update(session, ask.caller, entity, id_, patch.merge(current, asked.parsed(ask.body)))
    asked.must_be_json(ask.kind)
    verb = service.update if ask.method == "PATCH" else service.replace
    return verb(session, ask.caller, entity, id_, asked.parsed(ask.body))


def find(session: Session, ask: Ask, steps: tuple[Step, ...]) -> tuple[str, Any]:
    """The entity a path leads to, every step of it there for the caller."""
    entity: str = ""
    id_: Any = None
    for step in steps:
        key = _key(step)
        if step.link is None:
            entity, id_ = step.entity.name, key
        else:
            id_ = service.hop(session, entity, id_, step.link.name, key)
            entity = step.entity.name
        service.owner(session, ask.caller, entity, id_)
    return entity, id_


def _key(step: Step) -> int | str | None:
    if isinstance(step.key, tuple):
        return model.observation_id(*step.key)
    return step.key


def _link(session: Session, ask: Ask, resource: Resource) -> Answer:
    """`…/$ref`: link (POST to a collection, PUT to one) and unlink (DELETE) entities that are there."""
    *before, last = resource.steps
    if last.link is None:
        raise _wrong(ask, "$ref links an entity to another: Things(1)/Locations/$ref")
    entity, id_ = find(session, ask, tuple(before))
    name = last.link.name
    if ask.method == "DELETE":
        to = _key(last)
        if to is None and last.link.many:
            to = _referenced(last, _query_id(ask.query))
        service.unlink(session, ask.caller, entity, id_, name, to)
        return Answer(204)
    if ask.method not in {"POST", "PUT"} or last.key is not None or (ask.method == "POST" and not last.link.many):
        raise _wrong(ask, "POST links to a collection, PUT to one entity, DELETE unlinks")
    asked.must_be_json(ask.kind)
    body = asked.parsed(ask.body)
    given = next((body[one] for one in _IDS if one in body), None) if isinstance(body, dict) else None
    to = _referenced(last, given)
    service.link(session, ask.caller, entity, id_, name, to, only=ask.method == "PUT")
    return Answer(204)


def _query_id(query: str) -> str | None:
    return next(iter(parse_qs(query).get("$id", [])), None)


def _referenced(step: Step, given: Any) -> Any:
    """The id in a reference: `{"@iot.id": 5}`, or the address of an entity."""
    if isinstance(given, str) and "(" in given:
        segment = given.rstrip("/").rpartition("/")[2]
        named = paths.parse(segment).steps[0]
        given = _key(named) if named.entity.name == step.entity.name else given
    if (isinstance(given, int) and not isinstance(given, bool)) or (
        isinstance(given, str) and step.entity.name == "Observation"
    ):
        return given
    message = f"{str(given)[:80]!r} names no {step.entity.name}"
    raise BadInput(message, [Fault("@iot.id", message, f'{{"@iot.id": <id of a {step.entity.name}>}}')])


def _wrong(ask: Ask, allowed: str) -> WrongMethod:
    message = f"{ask.method} is not for {ask.path[:200]}"
    return WrongMethod(message, [Fault("method", message, allowed)])
