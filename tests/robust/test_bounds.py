"""What would wear the server out is bounded: bodies, batches, answers, queries, slow and many callers."""

import json
import time

import httpx
import pytest

from dothi import config
from dothi.doors.live import feed
from dothi.web import bodies, protocol
from tests.robust.conftest import STA, reason, station
from tests.sensorthings_write.conftest import datastream, thing


def first_lines(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind(path)}\r\n".encode()


def kind(path: str) -> str:
    return "application/json" if path.startswith(STA) else "application/x-www-form-urlencoded"


@pytest.fixture
def tight(monkeypatch):
    """Small limits; ask for it before the server."""
    for name, value in {
        "MAX_BODY": "100000", "BODY_SECONDS": "0.4", "MAX_BATCH": "10", "MAX_ANSWER": "300000", "QUERY_SECONDS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"DOTHI_{name}", value)
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.4)
    monkeypatch.setattr(protocol, "LOOK_SECONDS", 0.2)
    config.settings.cache_clear()


POSTS = [f"{STA}/Things", f"{STA}/CreateObservations", f"{STA}/$batch", "/admin/sign-in"]


@pytest.mark.parametrize("path", POSTS)
def test_a_body_beyond_the_setting_is_refused_announced_or_not(tight, web, line, path):
    field = b"a=" + b"x" * 9_997 + b"&"  # many fields: a single one of such a size is refused for itself
    large = field * 11

    def pieces():
        for _ in range(11):
            yield field

    for body in (large, pieces()):
        answer = web.post(path, content=body, headers={"Content-Type": kind(path)})
        assert answer.status_code == 413
        assert "100" in reason(answer)
    with line() as bare:  # announced only: refused before a byte of it is sent
        bare.send(first_lines(path) + b"Content-Length: 99999999999\r\n\r\n")
        assert b" 413 " in bare.socket.recv(65536)


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_does_not_come_is_not_waited_for(tight, web, line, path):
    with line() as bare:
        bare.send(first_lines(path) + b'Content-Length: 50\r\n\r\n{"na')
        assert b" 408 " in bare.socket.recv(65536)


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_drips_is_not_waited_for_either(tight, web, line, path, monkeypatch):
    monkeypatch.setattr(bodies, "SLOWEST", 10**9)
    with line() as bare:
        bare.send(first_lines(path) + b"Content-Length: 500\r\n\r\n")
        bare.socket.settimeout(0.1)
        said = b""
        for _ in range(400):
            try:
                bare.send(b"x")
                said = bare.socket.recv(65536)
                break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert b" 408 " in said


def test_headers_that_drip_are_not_waited_for(tight, web, line):
    with line() as silent, line() as dripping:
        assert silent.answer() == b""
        dripping.socket.settimeout(0.1)
        dripping.send(b"GET / HTTP/1.1\r\n")
        closed = False
        for _ in range(400):
            try:
                dripping.send(b"X")
                closed = dripping.socket.recv(10) == b""
                break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                closed = True
                break
        assert closed
    assert web.get("/health").status_code == 200


def test_an_answer_nobody_takes_is_given_up(open_writes, monkeypatch, server):
    monkeypatch.setattr(protocol, "LOOK_SECONDS", 0.2)
    with httpx.Client(base_url=server.url, timeout=60) as web:
        for _ in range(5):
            assert web.post(f"{STA}/Things", json=thing(description="x" * 3_000_000)).status_code == 201
        whole = len(web.get(f"{STA}/Things", headers={"Accept-Encoding": "identity"}).content)
    from tests.robust.conftest import Line

    bare = Line(server.port)
    with bare:
        bare.send(f"GET {STA}/Things HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(2)
        assert len(bare.answer()) < whole


def test_headers_and_lines_too_long_are_refused(web, line):
    with line() as bare:
        bare.send(b"GET /?" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n")
        bare.send(b"X: " + b"y" * 200_000 + b"\r\n" * 2)
        assert b" 500 " not in bare.socket.recv(200)
    for raw in (b"FOO\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"GET \xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"):  # fmt: skip
        with line() as bare:
            bare.socket.settimeout(5)
            bare.send(raw)
            said = bare.socket.recv(65536)
            assert b" 500 " not in said, (raw, said)
    assert web.get("/health").status_code == 200


def test_a_batch_has_only_so_many_requests_and_so_large_an_answer(tight, web):
    requests = [{"id": str(i), "method": "GET", "url": "Things"} for i in range(11)]
    answer = web.post(f"{STA}/$batch", json={"requests": requests})
    assert answer.status_code == 413
    assert "10" in reason(answer)
    for i in range(3):
        assert web.post(f"{STA}/Things", json=thing(name=f"kho {i}", description="x" * 60_000)).status_code == 201
    said = web.post(f"{STA}/$batch", json={"requests": requests[:10]}).json()["responses"]
    statuses = [one["status"] for one in said]
    assert statuses[0] == 200
    assert statuses[-1] == 413
    assert len(json.dumps(said)) < 600_000


def test_an_expansion_that_multiplies_is_refused(tight, web):
    city = station(web)
    for i in range(20):
        made = web.post(f"{STA}/Things({city.thing})/Datastreams", json=datastream(name=f"số {i}"))
        assert made.status_code == 201
    again = "Datastreams($expand=Thing($expand=Datastreams($expand=Thing($expand=Datastreams))))"
    answer = web.get(f"{STA}/Things?$expand={again}")
    assert answer.status_code == 400
    assert "300000" in reason(answer)
    assert web.get(f"{STA}/Things?$expand=Datastreams($expand=Thing)").status_code == 200


def test_a_query_without_end_is_stopped(tight, web, monkeypatch):
    city = station(web)
    for i in range(60):
        assert web.post(f"{STA}/Things({city.thing})/Datastreams", json=datastream(name=f"số {i}")).status_code == 201
    # what depends on six datastreams at once has to look at 61 to the sixth power of them
    lengths = "%20add%20".join(f"length({'Datastreams/Thing/' * i}Datastreams/name)" for i in range(6))
    answer = web.get(f"{STA}/Things?$filter={lengths}%20gt%20100000")
    assert answer.status_code == 400
    assert "1 s" in reason(answer)
    assert web.get(f"{STA}/Things").status_code == 200


def test_listeners_beyond_the_limit_are_told_to_come_back(web, line, monkeypatch):
    monkeypatch.setattr(feed, "MOST_CLIENTS", 3)
    held = [line() for _ in range(3)]
    for one in held:
        one.send(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in one.socket.recv(4096)
    answer = web.get("/live")
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    assert reason(answer)
    for one in held:
        one.socket.close()
