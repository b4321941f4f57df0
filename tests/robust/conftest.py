"""A city of one station on the real server, and questions asked of it as they stand, bytes and all."""

import base64
import socket
from types import SimpleNamespace
from typing import Self

import httpx
import pytest

from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from tests.sensorthings_write.conftest import datastream, location, multi, thing

STA = "/sta/v1.1"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def reason(answer: httpx.Response) -> str:
    """What a refusal says is wrong; fails when it is none, or says nothing."""
    assert 400 <= answer.status_code < 500, (answer.request.method, str(answer.request.url)[:200], answer.text[:300])
    if "json" not in answer.headers["content-type"]:
        assert answer.headers["content-type"].startswith("text/html"), answer.text[:200]
        return answer.text
    said = answer.json()
    assert said.get("message") or said.get("detail") or said.get("title")
    return answer.text


@pytest.fixture
def web(open_writes, server):
    """Asks the server as anybody, who may write here."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


@pytest.fixture
def guarded(server):
    """Asks the server as it runs for real: strangers write nothing."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def station(web, **more):
    """A thing with a place and a datastream: their ids."""
    body = thing(Locations=[location()], Datastreams=[datastream()], MultiDatastreams=[multi()], **more)
    made = web.post(f"{STA}/Things", json=body)
    assert made.status_code == 201, made.text
    id_ = made.json()["@iot.id"]
    stream = web.get(f"{STA}/Things({id_})/Datastreams").json()["value"][0]["@iot.id"]
    return SimpleNamespace(thing=id_, stream=stream)


@pytest.fixture
def city(web):
    return station(web)


def key(scopes, *, agency=None, **more) -> str:
    """A new key's text."""
    with db.writing() as session:
        return identity.create_key(session, SYSTEM, "khóa thử", list(scopes), agency=agency, **more)


@pytest.fixture
def agencies(database):
    """Two offices: their codes."""
    with db.writing() as session:
        for code in ("lan", "minh"):
            identity.create_agency(session, SYSTEM, code, f"Phòng {code}")
    return ("lan", "minh")


class Line:
    """A bare connection to the server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> bytes:
        """Everything the server says until it hangs up."""
        said = b""
        try:
            while chunk := self.socket.recv(65536):
                said += chunk
        except ConnectionResetError:
            pass
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.fixture
def line(server):
    """Opens bare connections."""
    return lambda: Line(server.port)
