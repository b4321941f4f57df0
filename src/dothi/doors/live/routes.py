"""GET /live: Server-Sent Events of observations and journal entries (WHATWG HTML, section 9.2)."""

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dothi.doors.live import events, service
from dothi.doors.live.events import Cursor
from dothi.doors.live.feed import Client, Feed, sight
from dothi.identity import access
from dothi.kit.errors import Busy, DothiError

log = logging.getLogger(__name__)
GOODBYE_SECONDS = 2.0  # for the last event to reach a client who is sent away
HEARTBEAT_SECONDS = 15.0
ASK_AGAIN_SECONDS = 60.0  # a listener whose key was revoked is sent away within this time
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would gather the stream otherwise
    (b"access-control-allow-origin", b"*"),
]


async def live(request: Request) -> Response:
    """Open a stream: filters `bbox`, `thing`, `datastream`, `kind`; resume with Last-Event-ID."""
    feed = service.feed()
    try:
        wanted = events.wanted(request.query_params)
        if feed is None:
            raise Busy("the live feed is not running; come back later")
        caller = await asyncio.to_thread(access.caller, request)
        since = Cursor.parse(request.headers.get("last-event-id") or request.query_params.get("lastEventId"))
        client, first = await feed.join(caller, wanted, since)
    except DothiError as error:
        return _problem(error)
    return Stream(feed, client, first, request)


def _problem(error: DothiError) -> Response:
    faults = [{"place": one.place, "message": one.message, "allowed": one.allowed} for one in error.faults]
    body = {"type": "about:blank", "title": error.message, "status": error.status, "errors": faults}
    headers = {"Retry-After": "5"} if error.status == 429 else None
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


class Stream(Response):
    """The answer: it goes on until the client leaves or is sent away."""

    def __init__(self, feed: Feed, client: Client, first: list[bytes], request: Request) -> None:
        super().__init__()
        self._feed, self._client, self._first, self._request = feed, client, first, request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        """Send until either side has enough."""
        sending = asyncio.create_task(self._send(send))
        ends = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._client.ended.wait())]
        try:
            await asyncio.wait([*ends, sending], return_when=asyncio.FIRST_COMPLETED)
            if self._client.end is not None:
                await asyncio.wait([ends[0], sending], return_when=asyncio.FIRST_COMPLETED, timeout=GOODBYE_SECONDS)
            if sending.done() and not sending.cancelled() and (error := sending.exception()) is not None:
                log.warning("a live stream broke off: %r", error)
        finally:
            self._feed.leave(self._client)
            for task in (*ends, sending):
                task.cancel()
            await asyncio.gather(*ends, sending, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        client = self._client
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._body(send, b"".join(self._first))
        self._first = []
        asked = asyncio.get_running_loop().time()
        while client.end is None:
            try:
                await asyncio.wait_for(client.ready.wait(), HEARTBEAT_SECONDS)
                data = client.take()
            except TimeoutError:
                data = events.HEARTBEAT
            if data:
                await self._body(send, data)
            now = asyncio.get_running_loop().time()
            if now - asked > ASK_AGAIN_SECONDS:
                asked = now
                if await asyncio.to_thread(self._sight) != client.sight:
                    client.leave("rights")
        end = b"event: end\ndata: " + events.encode({"reason": client.end}) + b"\n\n"
        await send({"type": "http.response.body", "body": end, "more_body": False})

    def _sight(self) -> object:
        try:
            return sight(access.caller(self._request))
        except DothiError:  # the key or session is good no more
            return None

    @staticmethod
    async def _body(send: Send, data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


routes: list[BaseRoute] = [Route("/live", live)]
