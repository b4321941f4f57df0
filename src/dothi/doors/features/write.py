"""Creating, replacing, updating and deleting features (OGC API Features part 4), with optimistic locking by tags."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi.datasets import reading, service, views
from dothi.datasets.reading import Virtual
from dothi.datasets.tables import Record
from dothi.datasets.views import View
from dothi.db import session as db
from dothi.doors.features import answers, collections, formats, incoming, items, prepared, shown
from dothi.identity import access, guard
from dothi.kit.errors import Busy, Conflict, DothiError, Fault, NotFound, PreconditionFailed
from dothi.web.address import root_of

log = logging.getLogger(__name__)
# few: writers of SQLite wait for each other anyway, and PostgreSQL's pool is small
_threads = ThreadPoolExecutor(4, thread_name_prefix="features-write")
_ANY = "*"
_NONE = 0  # the version of a record that is not there
T = TypeVar("T")


async def create(request: Request, code: str) -> Response:
    """Take a new feature in."""
    caller, view = await _writable(request, code)
    uri = incoming.system(request)
    given = incoming.feature(await incoming.body(request), view, uri)
    record = await _in_thread(lambda session: service.put(session, caller, code, None, given, None))
    return await _made(request, caller, view, record, 201)


async def change(request: Request, code: str, key: str) -> Response:
    """Replace, update or delete a feature."""
    caller, view = await _writable(request, code)
    uri = incoming.system(request)
    if "\0" in key:
        raise NotFound("Nothing found.")
    wants = request.headers.get("if-match"), request.headers.get("if-none-match")
    if request.method == "DELETE":

        def removing(session: Session) -> None:
            version = _expected(session, view, key, wants)
            service.delete(session, caller, code, key, version)

        await _in_thread(removing)
        return Response(status_code=204, headers=answers.CORS)
    if request.method == "PUT":
        given = incoming.feature(await incoming.body(request), view, uri)

        def putting(session: Session) -> tuple[Record, bool]:
            version = _expected(session, view, key, wants, may_be_new=True)
            return service.put(session, caller, code, key, given, version), version == _NONE
    else:
        given = incoming.change(await incoming.body(request, change=True), view, uri)

        def putting(session: Session) -> tuple[Record, bool]:
            version = _expected(session, view, key, wants)
            return service.patch(session, caller, code, key, given, version), False

    record, new = await _in_thread(putting)
    return await _made(request, caller, view, record, 201 if new else 204)


async def _writable(request: Request, code: str) -> tuple[guard.Caller, View]:
    caller = access.caller(request)
    view = await collections.find(caller, code)
    if isinstance(view, Virtual):
        message = f"{code} is only read here"
        raise answers.WrongMethod(message, [Fault("method", message, "GET, HEAD, OPTIONS")])
    if not view.writes:
        guard.require(caller, "data:write", view.agency_id, dataset=view.code)
    return caller, view


def _expected(
    session: Session, view: View, key: str, wants: tuple[str | None, str | None], *, may_be_new: bool = False
) -> int:
    """The version a write is for, _NONE where there is no such record yet. Refuses what the headers forbid."""
    match, none_match = wants
    found = reading.one(view, key, session=session)
    if found is None:
        if match is not None:
            raise _failed("there is no such record", "no If-Match for a new one")
        if not may_be_new:
            raise NotFound(f"no item {key[:80]!r} in {view.code}")
        return _NONE
    now = (found["version"], found["recorded_at"])
    if none_match is not None and (none_match.strip() == _ANY or now in map(items.tagged, none_match.split(","))):
        raise _failed("there is such a record already", "another id, or no If-None-Match")
    if match is None:
        if _locks(view):
            message = "say which version you change"
            raise answers.Missing(message, [Fault("If-Match", "is missing", "the ETag of the item you read")])
        return int(found["version"])
    if match.strip() != _ANY and now not in map(items.tagged, match.split(",")):
        raise _failed("the record changed since you read it", "the ETag of the item as it is now")
    return int(found["version"])


def _locks(view: View) -> bool:
    """Whether the owner wants every change to name the version it changes."""
    return bool((view.properties or {}).get("requireIfMatch"))


def _failed(message: str, allowed: str) -> PreconditionFailed:
    return PreconditionFailed(message, [Fault("If-Match", message, allowed)])


async def _made(request: Request, caller: guard.Caller, view: View, record: Record, status: int) -> Response:
    """The answer to a write: where the record is and the tag it now has; the record itself if that is preferred."""
    base = root_of(request)
    where = f"{base}/collections/{answers.part(view.code)}/items/{answers.part(record.key)}"
    now = await asyncio.to_thread(collections.found, caller, view.code)
    ready = prepared.item(caller, now, b"")
    mark = items.item_tag(now, record.version, record.recorded_at, ready, base, formats.GEOJSON_FORM)
    headers = {**answers.CORS, "ETag": mark}
    if status == 201:
        headers["Location"] = where
    if "return=representation" not in request.headers.get("prefer", "").replace(" ", ""):
        return Response(status_code=status, headers=headers)
    found = await asyncio.to_thread(reading.one, now, record.key)
    if found is None:
        return Response(status_code=status, headers=headers)
    body: dict[str, Any] = {"type": "Feature", "id": record.key, "geometry": None}
    text = answers.text(body | {"properties": shown.properties(now, found)})
    text = text.replace('"geometry":null', f'"geometry":{found["geojson"] or "null"}', 1)
    headers["Preference-Applied"] = "return=representation"
    return Response(text, 200 if status == 204 else status, headers=headers, media_type=answers.GEOJSON)


async def _in_thread(work: Callable[[Session], T]) -> T:
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
    except DothiError as error:
        if error.status in (404, 409, 412):
            views.forget()  # what was kept of the dataset may be out of date
        raise
