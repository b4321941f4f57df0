"""A live feed behind a real server, and listeners that read it as a browser's EventSource does."""

import asyncio
import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine
from starlette.applications import Starlette

from dothi.doors.live import routes, service
from dothi.sensing import ingest


@dataclass
class Event:
    id: str
    kind: str
    data: object


class Listener:
    """Reads a stream on a thread; `events` holds what came, `comments` the heartbeats."""

    def __init__(self, url: str, headers: dict[str, str] | None = None, **query: object) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.passed: list[Event] = []
        self.comments: queue.Queue[str] = queue.Queue()
        self.last = ""
        self.closed = threading.Event()
        self._client = httpx.Client(timeout=20)
        address = url + ("?" + urlencode(query) if query else "")
        self._stream = self._client.stream("GET", address, headers=headers)
        self.response = self._stream.__enter__()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(httpx.HTTPError, OSError, httpx.StreamError, RuntimeError):
            for line in self.response.iter_lines():
                if line.startswith(":"):
                    self.comments.put(line)
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    self.last = fields.get("id", self.last)
                    self.events.put(Event(self.last, fields.get("event", "message"), json.loads(fields["data"])))
                    fields = {}
                else:
                    fields = {}
        self.closed.set()

    def next(self, kind: str, seconds: float = 10) -> Event:
        """The next event of a kind; others wait for their own turn."""
        for place, event in enumerate(self.passed):
            if event.kind == kind:
                return self.passed.pop(place)
        end = time.monotonic() + seconds
        while True:
            event = self.events.get(timeout=max(0.01, end - time.monotonic()))
            if event.kind == kind:
                return event
            self.passed.append(event)

    @property
    def silent(self) -> bool:
        """Whether nothing came that was not asked for."""
        return not self.passed and self.events.empty()

    def rows(self, count: int, seconds: float = 10) -> list[list[object]]:
        """So many observations, however many frames they come in."""
        found: list[list[object]] = []
        while len(found) < count:
            found += self.next("observations", seconds).data["o"]
        return found

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        with contextlib.suppress(Exception):
            self._stream.__exit__(None, None, None)
        self._client.close()

    def __enter__(self) -> Self:
        assert self.next("hello")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Live:
    """The server."""

    def __init__(self) -> None:
        @contextlib.asynccontextmanager
        async def alive(_: Starlette) -> AsyncIterator[None]:
            self.loop = asyncio.get_running_loop()
            await service.start()
            yield
            await service.stop()

        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/live"
        app = Starlette(routes=routes.routes, lifespan=alive)
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)

    def start(self) -> "Live":
        ingest.start()
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        feed = service.feed()
        if feed is not None:
            self.loop.call_soon_threadsafe(feed.close)
        self.server.should_exit = True
        self.thread.join(20)
        self.socket.close()
        ingest.stop()

    def listen(self, headers: dict[str, str] | None = None, **query: object) -> Listener:
        return Listener(self.url, headers, **query)


@pytest.fixture
def live(database: Engine) -> Iterator[Live]:
    """A running live feed."""
    made = Live().start()
    yield made
    made.stop()
