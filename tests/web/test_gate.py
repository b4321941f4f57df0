"""What every request passes through: sizes, pauses, pace, headers; and how errors are said."""

import asyncio
import json
import socket

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from dothi import config
from dothi.kit.errors import BadInput, Busy, Fault
from dothi.web import security, setup
from tests.web.asking import Asking


def app():
    made = FastAPI()
    setup.prepare(made)

    async def echo(request: Request):
        return JSONResponse({"bytes": len(await request.body())})

    async def long(_):
        return PlainTextResponse("nước lớn " * 1000)

    async def fails(_):
        raise RuntimeError("secret inside")

    async def bad(_):
        raise BadInput("this thing is not right", [Fault("name", "is missing"), Fault("x", "is 5", "0 to 4")])

    async def busy(_):
        raise Busy("the queue is full")

    for path, view in {"/echo": echo, "/long": long, "/fails": fails, "/bad": bad, "/busy": busy}.items():
        made.router.add_route(path, view, methods=["GET", "POST"])
    return made


@pytest.fixture
def limits(monkeypatch, tmp_path):
    def say(**values):
        monkeypatch.setenv("DOTHI_DATA", str(tmp_path))
        for name, value in values.items():
            monkeypatch.setenv(f"DOTHI_{name.upper()}", str(value))
        config.settings.cache_clear()
        return Asking(app())

    yield say
    config.settings.cache_clear()


def test_a_body_over_the_limit_is_refused_whether_its_length_is_said_or_not(limits):
    client = limits(max_body=1000)
    assert client.post("/echo", content=b"x" * 1000).json() == {"bytes": 1000}
    assert client.post("/echo", content=b"x" * 1001).status_code == 413

    async def chunks():
        for _ in range(20):
            yield b"x" * 100

    answer = client.post("/echo", content=chunks())
    assert answer.status_code == 413
    assert "1,000 bytes" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_length_that_is_no_number_is_refused(limits):
    assert limits().post("/echo", content=b"x", headers={"content-length": "-5"}).status_code == 413


def test_a_caller_who_asks_too_often_is_told_how_long_to_wait(limits):
    client = limits(requests_per_minute=3)
    assert [client.get("/long").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/long")
    assert int(refused.headers["retry-after"]) >= 1
    assert client.get("/health").status_code == 404  # watchers are never told to wait


def test_the_pace_recovers_and_its_memory_is_bounded(monkeypatch):
    now = 0.0
    pace = security.Pace(lambda: now)
    assert [pace.wait(b"a", 60) for _ in range(61)] == [0] * 60 + [1]
    now = 2.0
    assert [pace.wait(b"a", 60) for _ in range(3)] == [0, 0, 1]
    monkeypatch.setattr(security, "REMEMBERED", 5)
    for number in range(50):
        pace.wait(str(number).encode(), 60)
    assert len(pace._left) == 5


def test_long_answers_are_compressed_for_those_who_read_it(limits):
    client = limits()
    answer = client.get("/long", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == "nước lớn " * 1000
    assert "content-encoding" not in client.get("/long", headers={"accept-encoding": "identity"}).headers


def test_every_answer_says_what_a_browser_must_not_do(limits):
    for answer in (limits().get("/long"), limits().get("/nowhere"), limits(public_url="https://x.vn").get("/long")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert "max-age" in answer.headers["strict-transport-security"]


def test_an_unforeseen_error_tells_a_reference_and_nothing_else(limits, caplog):
    answer = limits().get("/fails")
    assert answer.status_code == 500
    said = answer.json()
    assert "secret inside" not in answer.text
    assert "Traceback" not in answer.text
    assert said["reference"] in caplog.text  # and the log has the whole of it
    assert "secret inside" in caplog.text


def test_programs_get_every_fault_as_problem_details(limits):
    answer = limits().get("/bad")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank", "title": "Bad Request", "status": 400, "code": "BadRequest", "detail": "this thing is not right",
        "faults": [
            {"place": "name", "message": "is missing", "allowed": None},
            {"place": "x", "message": "is 5", "allowed": "0 to 4"},
        ],
    }  # fmt: skip
    assert limits().get("/busy").headers["retry-after"] == "1"
    assert limits().request("DELETE", "/bad").status_code == 405


@pytest.mark.parametrize(("language", "title"), [("vi", "Yêu cầu chưa đúng"), ("en", "This request is not right")])
def test_people_get_a_page_in_their_language(limits, language, title):
    answer = limits().get("/bad", headers={"accept": "text/html,*/*;q=0.8", "accept-language": language})
    assert answer.status_code == 400
    assert f"<h1>{title}</h1>" in answer.text
    assert "0 to 4" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_caller_who_stops_in_the_middle_of_a_body_is_told_so(database, monkeypatch):
    monkeypatch.setenv("DOTHI_BODY_SECONDS", "0.2")
    config.settings.cache_clear()
    from tests.servers import Running

    with Running() as slow, socket.create_connection(("127.0.0.1", slow.port), 10) as line:
        form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nlogin="
        line.sendall(b"POST /admin/sign-in HTTP/1.1\r\nHost: t\r\n" + form)
        assert b" 408 " in line.recv(65536).split(b"\r\n")[0]


def test_a_caller_who_never_finishes_the_headers_is_let_go(monkeypatch):
    import uvicorn

    from dothi.web import protocol
    from tests.servers import free_port

    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.3)
    port = free_port()

    async def scenario():
        answer = PlainTextResponse("ok")
        settings = uvicorn.Config(answer, port=port, log_level="warning", http=protocol.Prompt, lifespan="off")
        server = uvicorn.Server(settings)
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: t\r\nX-Slow: ")
        assert await asyncio.wait_for(reader.read(), 10) == b""  # closed, not answered
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):  # whoever asks properly stays connected, also after a pause longer than the headers may take
            writer.write(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.4)
        writer.close()
        server.should_exit = True
        await running

    asyncio.run(scenario())


def test_health_is_json_a_watcher_can_read(whole, server):
    said = httpx.get(f"{server.url}/health").json()
    assert said["ok"] is True
    assert said["database"]["kind"] in ("sqlite", "postgresql")
    assert json.dumps(said)
    metrics = httpx.get(f"{server.url}/metrics").text
    assert "\ndothi_up 1\n" in metrics
    assert "dothi_mqtt_connections" in metrics
