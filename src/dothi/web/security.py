"""What stands between the network and the rooms: sizes, pauses, pace, headers and compression. Plain ASGI, streaming."""

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dothi.config import settings
from dothi.web import bodies
from dothi.web.errors import problem

# the doors below these read their bodies themselves, bounded by the same settings
OWN_BODIES = ("/sta/",)
# health must be seen, and files of the site are cheap
UNCOUNTED = ("/static/", "/health", "/metrics")
REMEMBERED = 20_000
_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Gate:
    """Refuses bodies that are too large or too slow and callers who ask too often; adds the headers every answer has."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.smaller = GZipMiddleware(app, minimum_size=1000, compresslevel=5)
        self.pace = Pace()
        config = settings()
        self.limit, self.pause, self.per_minute = config.max_body, config.body_seconds, config.requests_per_minute
        self.headers = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"x-frame-options", b"SAMEORIGIN"),
            (b"permissions-policy", b"camera=(), microphone=(), payment=()"),
        ]
        if (config.public_url or "").startswith("https:"):
            self.headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection event of the server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"])
        send = self._with_headers(send)
        if self.per_minute and not scope["path"].startswith(UNCOUNTED):
            wait = self.pace.wait(_who(scope, given), self.per_minute)
            if wait:
                answer = problem(429, "too many requests; wait a little", headers={"retry-after": str(wait)})
                await answer(scope, receive, send)
                return
        if scope["method"] in _BODY:
            length = given.get(b"content-length", b"0")
            if not length.isdigit() or int(length) > self.limit:
                await self._too_large(scope, receive, send)
                return
            encoding = given.get(b"content-encoding", b"").decode("latin-1")
            if bodies.packed(encoding):
                said = f"a body in {encoding[:40]!r} is not taken; send it as it is"
                await problem(415, said, headers={"connection": "close"})(scope, receive, send)
                return
            if not scope["path"].startswith(OWN_BODIES):
                await self._bounded(scope, receive, send)
                return
            await self.app(scope, receive, send)
            return
        small = b"gzip" in given.get(b"accept-encoding", b"")
        await (self.smaller if small else self.app)(scope, receive, send)

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                there = {name for name, _ in headers}
                message["headers"] = [*headers, *(pair for pair in self.headers if pair[0] not in there)]
            await send(message)

        return sending

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application read its body, no more of it than the limit and with no longer pauses."""
        taken, wrong, started, whole = 0, 0, False, False
        patience = bodies.Patience(self.pause)

        async def receiving() -> Message:
            nonlocal taken, wrong, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(patience.seconds(taken)):
                    message = await receive()
            except TimeoutError:
                wrong = 408
                return {"type": "http.disconnect"}
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > self.limit:
                wrong = 413
                return {"type": "http.disconnect"}
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            if wrong and not started:
                return  # what the application makes of half a body is not told
            started = True
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        except Exception:
            if not wrong:
                raise
        if wrong and not started:
            if wrong == 413:
                await self._too_large(scope, receive, send)
            else:
                slow = problem(
                    408,
                    f"the body came too slowly, or not at all for {self.pause:g} s",
                    headers={"connection": "close"},
                )
                await slow(scope, receive, send)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = f"the body is larger than {self.limit:,} bytes (setting DOTHI_MAX_BODY)"
        await problem(413, said, headers={"connection": "close"})(scope, receive, send)


class Pace:
    """Counts requests per caller in a bounded memory; the callers unseen longest are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def wait(self, who: bytes, per_minute: int) -> int:
        """0 when the caller may go on, or the seconds to wait. A quiet minute allows a burst of a minute's requests."""
        now = self._clock()
        with self._lock:
            left, seen = self._left.get(who, (float(per_minute), now))
            left = min(float(per_minute), left + (now - seen) * per_minute / 60)
            self._left[who] = (left - 1 if left >= 1 else left, now)
            self._left.move_to_end(who)
            while len(self._left) > REMEMBERED:
                self._left.popitem(last=False)
        return 0 if left >= 1 else max(1, round((1 - left) * 60 / per_minute))


def _who(scope: Scope, given: dict[bytes, bytes]) -> bytes:
    """A caller's name for counting: the address; never the credentials alone, which anybody can make up."""
    address = (scope.get("client") or ("",))[0].encode()
    offered = given.get(b"authorization") or given.get(b"x-api-key")
    if offered is None:
        return address
    return address + hashlib.sha256(offered).digest()[:8]
