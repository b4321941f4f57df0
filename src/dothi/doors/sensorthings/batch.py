"""`$batch`: many requests in one, as JSON (OData JSON 4.01 clause 19) or multipart/mixed (OData 4.0 clause 11.7).

Requests are done here, without a round trip. Those of an atomicityGroup or a change set share one transaction: all of
them happen or none. The others stand alone, and the batch goes on after one that failed. Observations that follow
each other are stored together.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi.config import settings
from dothi.doors.sensorthings import asked, multipart, write
from dothi.doors.sensorthings.asked import Answer, Ask
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotFound, TooLarge

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_REFERENCE = re.compile(r"^/?\$([A-Za-z0-9_.~-]+)(?=[/?]|$)")
_OBSERVATIONS = re.compile(r"/(?:(?:Multi)?Datastreams\(\d{1,9}\)/)?Observations/?|/CreateObservations/?")


class NotDone(DothiError):
    """A request this one depends on failed."""

    status = 424


@dataclass(slots=True)
class Part:
    """One request of a batch. group: the atomicity group it shares a transaction with; after: ids it depends on."""

    id: str
    method: str
    url: str
    kind: str = asked.JSON
    prefer: str = ""
    body: Any = None  # bytes, or a JSON value still to be written
    group: str | None = None
    after: tuple[str, ...] = ()


@dataclass(slots=True)
class Work:
    """A batch under way: what was answered to each request, by its id."""

    ask: Ask
    request: Request
    answers: dict[str, Answer] = field(default_factory=dict)
    size: int = 0  # bytes of what was read


async def answer(ask: Ask, request: Request) -> Response:
    """Do a whole batch and answer it in the form it came in."""
    if ask.method != "POST":
        raise asked.WrongMethod(f"{ask.method} is not for $batch", [Fault("method", ask.method, "POST")])
    work = Work(ask, request)
    if ask.kind.lower().startswith("multipart/mixed"):
        sent = multipart.parts(ask.body, ask.kind)
        parts = [part for one in sent for part in _multipart(one)]
        _bounded(len(parts))
        await _do(work, parts)
        body, kind = multipart.written(sent, work.answers)
        return Response(body, 200, media_type=kind)
    asked.must_be_json(ask.kind)
    parts = _listed(asked.parsed(ask.body))
    await _do(work, parts)
    text = json.dumps({"responses": [_said(part.id, work.answers[part.id]) for part in parts]}, ensure_ascii=False)
    return Response(text.encode(errors="replace"), 200, media_type=asked.JSON)


def _bounded(count: int) -> None:
    most = settings().max_batch
    if count > most:
        message = f"{count} requests are too many for one batch"
        raise TooLarge(message, [Fault("requests", message, f"up to {most}")])


def _multipart(sent: multipart.Sent) -> list[Part]:
    return [Part(one.id, one.method, one.url, one.kind, one.prefer, one.body, sent.group, ()) for one in sent.requests]


def _listed(body: Any) -> list[Part]:
    """The requests of a JSON batch; every fault at once."""
    faults: list[Fault] = []
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list):
        raise BadInput("the body is not a batch", [Fault("requests", "is missing", '{"requests": [{"id", …}]}')])
    _bounded(len(requests))
    parts: list[Part] = []
    seen: set[str] = set()
    groups: list[str] = []
    for place, one in enumerate(requests):
        where = f"requests[{place}]"
        if not isinstance(one, dict):
            faults.append(Fault(where, "is not a JSON object", '{"id", "method", "url", …}'))
            continue
        part = _one(one, where, faults)
        if part.id in seen or part.id in groups:
            faults.append(Fault(f"{where}.id", f"{part.id[:60]!r} is given twice", "an id of its own"))
        before = parts[-1].group if parts else None
        if part.group is not None and part.group != before:
            if part.group in groups:
                message = f"the requests of {part.group[:60]!r} do not follow each other"
                faults.append(Fault(f"{where}.atomicityGroup", message, "one run of requests"))
            groups.append(part.group)
        faults += [
            Fault(f"{where}.dependsOn", f"no request {other[:60]!r} comes before", "ids of earlier requests")
            for other in part.after
            if other not in seen and other not in groups
        ]
        seen.add(part.id)
        parts.append(part)
    if faults:
        raise BadInput("the batch is not accepted: " + "; ".join(map(str, faults[:20])), faults)
    return parts


def _one(one: dict[str, Any], where: str, faults: list[Fault]) -> Part:
    id_, method, url = (one.get(name) for name in ("id", "method", "url"))
    for name, value in (("id", id_), ("url", url)):
        if not isinstance(value, str) or not value or asked.unprintable(value):
            faults.append(Fault(f"{where}.{name}", f"{str(value)[:60]!r} is no {name}", "text"))
    method = method.upper() if isinstance(method, str) else str(method)
    if method not in METHODS:
        faults.append(Fault(f"{where}.method", f"{method[:20]!r} is no method", ", ".join(METHODS)))
    headers = one.get("headers") or {}
    if not isinstance(headers, dict):
        faults.append(Fault(f"{where}.headers", "is not a JSON object", '{"name": "value"}'))
        headers = {}
    plain = {str(name).lower(): str(value) for name, value in headers.items()}
    group, after = one.get("atomicityGroup"), one.get("dependsOn") or []
    if not isinstance(group, str | None) or (not group and group is not None):
        faults.append(Fault(f"{where}.atomicityGroup", "is not text", "the name of a group"))
        group = None
    if isinstance(after, str):
        after = [after]
    if not isinstance(after, list) or not all(isinstance(name, str) for name in after):
        faults.append(Fault(f"{where}.dependsOn", "is not a list of ids", "ids of earlier requests or groups"))
        after = []
    kind = plain.get("content-type", asked.JSON)
    return Part(str(id_), method, str(url), kind, plain.get("prefer", ""), one.get("body"), group, tuple(after))


async def _do(work: Work, parts: list[Part]) -> None:
    place = 0
    while place < len(parts):
        first = parts[place]
        run = [first]
        if first.group is not None:
            while place + len(run) < len(parts) and parts[place + len(run)].group == first.group:
                run.append(parts[place + len(run)])
            await _together(work, run)
        elif _stores(work, first):
            while place + len(run) < len(parts) and _stores(work, parts[place + len(run)]):
                run.append(parts[place + len(run)])
            await asyncio.gather(*(_alone(work, part) for part in run))
        else:
            await _alone(work, first)
        place += len(run)


def _stores(work: Work, part: Part) -> bool:
    """Whether this is an observation like its neighbours, which wait for nothing but their common commit."""
    if part.group is not None or part.method != "POST" or part.after or "$" in part.url:
        return False
    return _OBSERVATIONS.fullmatch(_split(work.ask, part.url)[0]) is not None and not _refers(part.body)


def _refers(body: Any) -> bool:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b'"$' in text


async def _alone(work: Work, part: Part) -> None:
    try:
        _depend(work, part)
        ask = _asked(work, part)
        if part.method == "GET":
            work.answers[part.id] = await _read(work, ask)
        else:
            work.answers[part.id] = await write.answer(ask, work.request)
    except DothiError as error:
        work.answers[part.id] = asked.refused(error)


async def _together(work: Work, run: list[Part]) -> None:
    """One transaction for all of them."""
    failed: list[tuple[Part, DothiError]] = []

    def work_through(session: Session) -> None:
        for part in run:
            try:
                _depend(work, part)
                if part.method == "GET":
                    raise BadInput("a change set changes; put the GET outside", [Fault("method", "GET", "POST, …")])
                work.answers[part.id] = write.perform(session, _asked(work, part))
            except DothiError as error:
                failed.append((part, error))
                raise

    try:
        await write.in_thread(work_through)
    except DothiError as error:
        culprit, said = failed[0] if failed else (run[0], error)
        undone = NotDone(f"nothing of its group was done, because request {culprit.id} failed")
        for part in run:
            work.answers[part.id] = asked.refused(said if part is culprit else undone)
        return
    for part in run:
        ask = _asked(work, part)
        work.answers[part.id] = await write.represented(work.answers[part.id], ask, work.request)
    if run[0].group is not None:
        work.answers.setdefault(run[0].group, Answer(200))


async def _read(work: Work, ask: Ask) -> Answer:
    if work.size > (most := settings().max_answer):
        message = f"the answers of this batch are larger than {most} bytes"
        raise TooLarge(message, [Fault("url", message, "smaller batches")])
    response = await write.reading(work.request, ask.path.strip("/"), ask.query)
    work.size += len(response.body)
    kind = response.headers.get("content-type", asked.JSON)
    return Answer(response.status_code, bytes(response.body), {"Content-Type": kind})


def _depend(work: Work, part: Part) -> None:
    for other in part.after:
        if other in work.answers and work.answers[other].status >= 400:
            raise NotDone(f"request {other} failed, on which this one depends")


def _asked(work: Work, part: Part) -> Ask:
    """The write a part of the batch stands for, its references to earlier answers filled in."""
    path, query = _split(work.ask, _REFERENCE.sub(lambda found: _address(work, found), part.url))
    body = part.body
    if not isinstance(body, bytes):
        body = b"" if body is None else json.dumps(_filled(work, body)).encode()
    elif b'"$' in body:
        body = json.dumps(_filled(work, asked.parsed(body))).encode()
    prefer = part.prefer or work.ask.prefer
    return Ask(part.method, path, work.ask.caller, work.ask.root, body, part.kind, prefer, query)


def _address(work: Work, found: re.Match[str]) -> str:
    """`$1` in a URL is the entity that request 1 made."""
    made = work.answers.get(found[1])
    if made is None:
        return found[0]
    if made.id is None:
        raise NotDone(f"request {found[1]} made no entity")
    return write.address(made.entity, made.id)


def _filled(work: Work, value: Any, depth: int = 0) -> Any:
    """`"@iot.id": "$1"` in a body is the id that request 1 made."""
    if depth > 100:
        raise BadInput("the body is nested too deep", [Fault("body", "nested too deep", "100 levels")])
    if isinstance(value, list):
        return [_filled(work, one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, one in value.items():
        if name == "@iot.id" and isinstance(one, str) and one.startswith("$"):
            answered = work.answers.get(one[1:])
            if answered is None or answered.id is None:
                message = f"{one[:60]!r} names no request that made an entity"
                raise Conflict(message, [Fault("@iot.id", message, "the id of an earlier request")])
            made[name] = answered.id
        else:
            made[name] = _filled(work, one, depth + 1)
    return made


def _split(ask: Ask, url: str) -> tuple[str, str]:
    """Path below the service root and query of a URL, which may be relative to it, absolute on the server, or whole."""
    try:
        parts = urlsplit(url)
        mount = urlsplit(ask.root).path
    except ValueError as error:
        raise NotFound(f"{url[:100]!r} is no URL: {error}") from None
    path = unquote(parts.path)
    if path.startswith(mount + "/"):
        path = path.removeprefix(mount)
    return "/" + path.lstrip("/"), parts.query


def _said(id_: str, answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"id": id_, "status": answer.status}
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.body:
        headers.setdefault("content-type", asked.JSON)
        text = answer.body.decode(errors="replace")
        said["body"] = json.loads(text) if "json" in headers["content-type"] else text
    if headers:
        said["headers"] = headers
    return said
