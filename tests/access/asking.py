"""Ask the application as it is served, without a server between; and what of an answer is compared."""

import asyncio
import io
import json
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from dothi.db import hot

HOST = "city.test"
# what differs by chance and tells nothing: a form's token, a script's nonce, a boundary, the sealed place of a page
_CHANCE = (
    (re.compile(rb'(name="_token" value=")[0-9a-f]+'), rb"\1*"),
    # known, and left: those who load into their own datasets see how many loads and messages there were in all
    (
        re.compile(rb"(/loads/|/steward/corrections/|(?:id|for)=\"[am]|&#34;(?:load|correction|review)&#34;: )\d+"),
        rb"\1*",
    ),
    (re.compile(rb"((?:cursor|after|before)=)([A-Za-z0-9_-]{16,})"), lambda found: found[1] + b"*" * len(found[2])),
)


@dataclass(frozen=True)
class Answer:
    """status, headers (sorted, in lower case) and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name), None)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def seen(self):
        """What is compared: everything, less what differs by chance."""
        headers = [
            (name, "*" if name == "set-cookie" else _plain(value.encode()).decode()) for name, value in self.headers
        ]
        return self.status, tuple(headers), _content(self.body, self.header("content-type") or "")


class Web:
    """Asks one application, one call after another, on one event loop."""

    def __init__(self, application) -> None:
        self.application = application
        self.runner = asyncio.Runner()

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        return self.runner.run(self._ask(method, path, headers or {}, body))

    def all(self, asked: Iterable[tuple[str, str, dict[str, str], bytes]]) -> list[Answer]:
        """The answers to many requests, in one run of the loop: each run would start threads of its own."""

        async def ask() -> list[Answer]:
            return [await self._ask(*one) for one in asked]

        return self.runner.run(ask())

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.ask("GET", path, headers)

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        given = {"host": HOST, "content-length": str(len(body))} | headers
        raw = quote(parts.path, safe="/%:;,@!$&'()*+=~-._")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": _decoded(parts.path), "raw_path": raw.encode(), "query_string": quote(parts.query, safe="=&%+:;,/?@!$'()*~-._").encode(),
            "root_path": "", "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("192.0.2.7", 50000), "server": (HOST, 80), "state": {},
        }  # fmt: skip
        started: list[dict] = []
        pieces: list[bytes] = []
        waiting, ended = [{"type": "http.request", "body": body, "more_body": False}], asyncio.Event()

        async def receive():
            if waiting:
                return waiting.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                started.append(message)
            else:
                pieces.append(message.get("body", b""))
                if not message.get("more_body"):
                    ended.set()

        try:
            await self.application(scope, receive, send)
        except Exception as error:  # the answer breaks off
            if not started:
                raise
            return Answer(599, (), f"broke off: {error}".encode())
        found = sorted((name.decode().lower(), value.decode()) for name, value in started[0]["headers"])
        return Answer(started[0]["status"], tuple(found), b"".join(pieces))

    def close(self) -> None:
        self.runner.run(hot.close())
        self.runner.close()


def _decoded(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)


def _plain(value: bytes) -> bytes:
    for pattern, by in _CHANCE:
        value = pattern.sub(by, value)
    return value


def _content(body: bytes, kind: str):
    """The body; of a file that holds the real moment it was written at, what it says."""
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return [(one.filename, _dated(one.filename, packed.read(one))) for one in packed.infolist()]
    if body.startswith(b"SQLite format 3"):
        with tempfile.NamedTemporaryFile(suffix=".gpkg") as file:
            file.write(body)
            file.flush()
            connection = sqlite3.connect(file.name)
            lines = [line for line in connection.iterdump() if "gpkg_contents" not in line]
            connection.close()
            return lines
    return _plain(body)


def _dated(name: str, content: bytes) -> bytes:
    if name.endswith(".dbf"):
        return content[:1] + content[4:]  # the day it was written
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"*", content) if name == "docProps/core.xml" else content
