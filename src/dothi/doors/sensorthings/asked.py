"""A write as this door sees it, however it came: over HTTP or inside a $batch; and the answers, errors included."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from dothi.config import settings
from dothi.doors.sensorthings import errors
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, DothiError, Fault, TooLarge
from dothi.web import bodies

JSON = "application/json"


class WrongMethod(DothiError):
    """The resource is there, and this is not done to it."""

    status = 405


class TooSlow(DothiError):
    """The body did not arrive in time."""

    status = 408


class Unsupported(DothiError):
    """The body is of a kind this resource does not take."""

    status = 415


@dataclass(slots=True)
class Ask:
    """One write. path: below the service root, decoded; root: the service root's URL without a slash at its end."""

    method: str
    path: str
    caller: Caller
    root: str
    body: bytes = b""
    kind: str = JSON
    prefer: str = ""
    query: str = ""

    @property
    def minimal(self) -> bool:
        """Whether the caller wants no body back."""
        return "return=minimal" in self.prefer


@dataclass(slots=True)
class Answer:
    """What is answered. body: bytes as they go out; id: of the entity created or changed, entity: its type."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    entity: str = ""
    id: int | str | None = None

    def response(self) -> Response:
        """The answer as HTTP."""
        headers = {**errors.CORS, **self.headers}
        return Response(self.body, self.status, headers, media_type=JSON if self.body else None)


def path_of(request: Request) -> str:
    """The path below the service root, decoded."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", ""))


def headers_of(request: Request) -> dict[bytes, bytes]:
    """The first value of each header by its name in small letters: one pass, where each look-up would be one."""
    given: dict[bytes, bytes] = {}
    for name, value in request.scope["headers"]:
        given.setdefault(name, value)
    return given


async def body_of(request: Request, headers: dict[bytes, bytes]) -> bytes:
    """The request's body, never more than the setting allows; a caller who stops sending is refused."""
    limit, pause = settings().max_body, settings().body_seconds
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    if bodies.packed(encoding):
        said = f"a body in {encoding[:40]!r} is not taken"
        raise Unsupported(said, [Fault("Content-Encoding", said, "the body as it is, not packed")])
    chunks: list[bytes] = []
    size = 0
    patience = bodies.Patience(pause)
    while True:
        try:
            message = await _received(request, patience.seconds(size))
        except TimeoutError:
            said = f"the body came too slowly, or not at all for {pause:g} s"
            allowed = f"{bodies.SLOWEST} bytes a second"
            raise TooSlow(said, [Fault("body", "came too slowly", allowed)]) from None
        if message["type"] == "http.disconnect":
            raise TooSlow("the caller went away before the body was whole")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False) and not chunks:
            return bytes(chunk)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _received(request: Request, seconds: float) -> Message:
    """The next piece of a body; TimeoutError when it does not come. asyncio.timeout costs several times as much."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a server runs each request in one
    before, late = task.cancelling(), False

    def stop() -> None:
        nonlocal late
        late = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, stop)
    try:
        return await request.receive()
    except asyncio.CancelledError:
        if late and task.uncancel() <= before:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()


def parsed(body: bytes) -> Any:
    """The JSON value of a body; BadInput says where it stops being JSON."""
    try:
        return json.loads(body, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _not_json(f"{error.msg} at {where}") from None
    except UnicodeDecodeError as error:
        raise _not_json(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise _not_json("nested too deep") from None
    except ValueError as error:
        raise _not_json(str(error)[:120]) from None


def must_be_json(kind: str) -> None:
    """Refuse a body that says it is something else than JSON."""
    bare = kind.partition(";")[0].strip().lower()
    if bare and bare != JSON and not bare.endswith("+json"):
        raise Unsupported(f"{bare} is not taken here", [Fault("Content-Type", f"{bare} is not taken here", JSON)])


def refused(error: DothiError) -> Answer:
    """An error as this door says it."""
    said = errors.answer(error)
    headers = {name: said.headers[name] for name in ("Retry-After", "WWW-Authenticate") if name in said.headers}
    return Answer(error.status, bytes(said.body), headers)


def unprintable(text: str) -> bool:
    """Whether a text would break the lines of a message, or is no Unicode text."""
    return not text.isprintable()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _not_json(why: str) -> BadInput:
    return BadInput(f"the body is not JSON: {why}", [Fault("body", why, "JSON in UTF-8")])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes", [Fault("body", "too large", f"up to {limit} bytes")])
