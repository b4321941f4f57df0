"""Whoever may not write is refused, on every route there is; what a stranger sends is never taken for a page's own."""

import re

import httpx
import pytest
from starlette.routing import Mount, Route

from dothi.db import session as db
from dothi.identity import access
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.sensing import service as sensing
from dothi.sensing import tables
from tests.robust.conftest import STA, basic, key, reason
from tests.sensorthings_write.conftest import NOON, datastream, location, thing

# who may sign in is anybody; without the form's token nothing is even read
OPEN = {"/admin/sign-in", "/admin/sign-in/demo"}


def every_route(routes, before=""):
    for one in routes:
        if isinstance(one, Mount):
            yield from every_route(one.routes or [], before + one.path)
        elif isinstance(one, Route):
            yield before + one.path, one.methods


# asked by POST and changing nothing; and a message anybody may send, which tests/browser/test_catalogue.py tries
ANYBODY = {
    "/api/3/action/{name}", "/api/action/{name}", "/map/identify", "/map/totals", "/catalogue/{code}/corrections",
    "/services/payments/{provider}",  # what a provider signs: tests/services
    "/open311/v2/requests.{format}", "/open311/v2/tokens/{token}.{format}", "/open311/v2/{rest:path}",  # tests/open311
}  # fmt: skip


def written_paths():
    """Every path of the application, its parameters filled in, that takes something else than GET."""
    from dothi.app import create_app

    for path, methods in every_route(create_app().router.routes):
        if path.startswith(STA) or path in ANYBODY:
            continue
        for method in sorted((methods or {"POST"}) - {"GET", "HEAD", "OPTIONS"}):
            yield method, re.sub(r"{[^}]*}", "1", path)


STA_WRITES = [
    ("POST", "Things", thing()), ("PATCH", "Things(1)", {"name": "x"}), ("PUT", "Things(1)", thing()),
    ("DELETE", "Things(1)", None), ("POST", "Things(1)/Datastreams", datastream()), ("POST", "Locations", location()),
    ("POST", "Datastreams(1)/Observations", {"result": 1}), ("POST", "Observations", {"result": 1, "Datastream": {"@iot.id": 1}}),
    ("POST", "CreateObservations", [{"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": [[1]]}]),
    ("POST", "Things(1)/Locations/$ref", {"@iot.id": 1}), ("DELETE", "Things(1)/Locations(1)/$ref", None),
    ("DELETE", "Observations('1-1')", None),
]  # fmt: skip


@pytest.fixture
def town(agencies):
    """A station of each office: ids of things and datastreams."""
    found = []
    with db.writing() as session:
        for id_, code in enumerate(agencies, 1):
            body = thing(Locations=[location()], Datastreams=[datastream()], name=code, properties={"sharing": "open"})
            made = sensing.create(session, SYSTEM, "Thing", body)
            session.get(tables.Thing, made).agency_id = id_
            (stream,) = sensing.store.linked(session, "Thing", made, "Datastreams")
            session.get(tables.Datastream, stream).agency_id = id_
            found.append((made, stream))
    return found


def test_a_stranger_writes_on_no_route_at_all(guarded, town):
    asked = list(written_paths())
    assert len(asked) > 8  # the walk found the forms
    for method, path in asked:
        answer = guarded.request(method, path, data={"name": "x"})
        if path.startswith("/subscribe/"):
            # a citizen's own messages: the link that was sent to them stands for rights, and this is none
            assert answer.status_code in (400, 403, 404), (method, path, answer.status_code)
            continue
        # 405: the route is there for reading alone
        assert answer.status_code in (401, 403, 405), (method, path, answer.status_code)
    for method, path, body in STA_WRITES:
        answer = guarded.request(method, f"{STA}/{path}", json=body)
        assert answer.status_code == 401, (method, path, answer.text)
        assert reason(answer)
    batch = [{"id": "1", "method": "POST", "url": "Things", "body": thing()}]
    answer = guarded.post(f"{STA}/$batch", json={"requests": batch}).json()
    assert answer["responses"][0]["status"] == 401


def test_no_other_method_changes_anything(guarded, town):
    for path in (
        "/",
        "/air",
        "/health",
        "/live",
        "/places/units",
        "/portal/things.geojson",
        "/openapi.json",
        "/docs/api",
    ):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert guarded.request(method, path).status_code == 405


def test_a_key_of_another_office_changes_nothing(guarded, town, agencies):
    mine = {"X-API-Key": key({"sensing:read", "sensing:write", "observations:write"}, agency=agencies[0])}
    (own, own_stream), (other, other_stream) = town
    assert guarded.patch(f"{STA}/Things({own})", json={"name": "mới"}, headers=mine).status_code == 200
    for method, path, body in (
        ("PATCH", f"Things({other})", {"name": "mới"}), ("DELETE", f"Things({other})", None),
        ("POST", f"Datastreams({other_stream})/Observations", {"result": 1}),
        ("POST", f"Things({other})/Datastreams", datastream()),
    ):  # fmt: skip
        answer = guarded.request(method, f"{STA}/{path}", json=body, headers=mine)
        assert answer.status_code == 403, (method, path, answer.text)
        assert reason(answer)
    assert guarded.get(f"{STA}/Things({other})/name/$value").text == agencies[1]
    assert (
        guarded.post(f"{STA}/Datastreams({own_stream})/Observations", json={"result": 1}, headers=mine).status_code
        == 201
    )


def test_a_device_writes_for_its_own_thing_only(guarded, town):
    (own, own_stream), (_, other_stream) = town
    mine = {"X-API-Key": key({"observations:write"}, kind="device", thing_id=own, agency_id=1)}
    assert (
        guarded.post(f"{STA}/Datastreams({own_stream})/Observations", json={"result": 1}, headers=mine).status_code
        == 201
    )
    assert (
        guarded.post(f"{STA}/Datastreams({other_stream})/Observations", json={"result": 1}, headers=mine).status_code
        == 403
    )
    assert guarded.patch(f"{STA}/Things({own})", json={"name": "x"}, headers=mine).status_code == 403
    rows = [
        {"Datastream": {"@iot.id": id_}, "components": ["phenomenonTime", "result"], "dataArray": [[NOON, 1]]}
        for id_ in (own_stream, other_stream)
    ]
    said = guarded.post(f"{STA}/CreateObservations", json=rows, headers=mine).json()
    assert "Observations(" in said[0]
    assert said[1].startswith("error")


def test_a_key_that_ran_out_or_was_revoked_is_none(guarded, town, monkeypatch):
    over = key({"sensing:write"}, expires_at=clock.now_micros() + clock.SECOND)
    taken = key({"sensing:write"})
    with db.writing() as session:
        id_ = int(taken.split("_")[1])
        identity.revoke_key(session, SYSTEM, id_)
    now = clock.now_micros()
    monkeypatch.setattr(clock, "source", lambda: clock.moment(now + clock.HOUR))
    access.forget()
    for text in (over, taken, taken[:-1], "dk_1_", "dk_99999999999999999999_x", "khóa"):
        for headers in (
            {"X-API-Key": text.encode()}, {"Authorization": b"Bearer " + text.encode()}, basic(*text.rpartition("_")[::2]),
        ):  # fmt: skip
            answer = guarded.post(f"{STA}/Things", json=thing(), headers=headers)
            assert answer.status_code in (401, 429), (text, headers, answer.text)
            assert reason(answer)


def test_credentials_of_any_bytes_are_refused_in_words(guarded):
    for headers in (
        basic("a\0b", "x"), basic("a", "\0"), basic("dk_1", "x\0"), basic("dk_" + "1" * 40, "x"), basic("x" * 20000, "y"),
        {"Authorization": "Basic !!"}, {"Authorization": "Bearer"}, {"Authorization": "Digest x"},
        {"X-API-Key": b"dk_\xd9\xa1_x"}, {"X-API-Key": b"\xff"},
    ):  # fmt: skip
        for path in (f"{STA}/Things", "/", "/admin"):
            answer = guarded.get(path, headers=headers)
            assert answer.status_code in (401, 429), (headers, path, answer.status_code)
            assert reason(answer)
    for cookie in (b"dothi_session=\xff\xfe", b"dothi_session=" + b"x" * 5000):
        assert guarded.get("/", headers={"Cookie": cookie}).status_code == 200


@pytest.fixture
def signed_in(guarded):
    with db.writing() as session:
        identity.first_administrator(session, "lan", "Lan", "một mật khẩu dài")
    page = guarded.get("/admin/sign-in")
    token = re.search(r'name="_token" value="([^"]+)"', page.text)[1]
    answer = guarded.post("/admin/sign-in", data={"login": "lan", "password": "một mật khẩu dài", "_token": token})
    assert answer.status_code == 303
    return guarded


def form_token(client, path):
    return re.search(r'name="_token" value="([^"]+)"', client.get(path).text)[1]


def test_a_form_of_another_site_changes_nothing(signed_in):
    token = form_token(signed_in, "/admin/agencies")
    said = {"code": "x", "name": "X"}
    for data, headers in (
        (said, {}), ({**said, "_token": "é"}, {}), ({**said, "_token": token[:-1]}, {}),
        ({**said, "_token": token}, {"Sec-Fetch-Site": "cross-site"}),
        ({**said, "_token": token}, {"Origin": "https://example.org"}),
    ):  # fmt: skip
        answer = signed_in.post("/admin/agencies", data=data, headers=headers)
        assert answer.status_code in (401, 403), (data, headers, answer.text[:200])
    # neither does a request of another site's script with the browser's cookie
    cross = {"Origin": "https://example.org", "Content-Type": "text/plain"}
    assert signed_in.post(f"{STA}/Things", content=b"{}", headers=cross).status_code == 401
    assert signed_in.post("/admin/agencies", data={**said, "_token": token}).status_code == 303


def test_forms_take_any_text_or_say_why_not(signed_in):
    token = form_token(signed_in, "/admin/agencies")
    for path in (
        "agencies",
        "people",
        "keys",
        "people/1/grant",
        "people/1/password",
        "keys/1/revoke",
        "people/999999999/active",
    ):
        for text in ("\0", "x" * 50_000, "<script>alert(1)</script>", "' or 1=1 --", "9" * 30, "\ufffd"):
            names = (
                "code",
                "name",
                "login",
                "password",
                "role",
                "scope",
                "label",
                "days",
                "thing",
                "agency",
                "active",
                "parent",
            )
            data = {**dict.fromkeys(names, text), "scope-sensing:read": "1", "_token": token}
            answer = signed_in.post(f"/admin/{path}", data=data)
            assert answer.status_code < 500, (path, text[:20], answer.text[:300])
            assert "<script>alert(1)" not in answer.text
    for path in ("people/" + "9" * 40, "letters?before=" + "9" * 40, "journal?kind=%00&subject=%00&before=x"):
        assert signed_in.get(f"/admin/{path}").status_code < 500


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "\\\\evil",
        "/%0d%0aX: y",
        "evil",
    ],
)
def test_after_signing_in_one_stays_here(guarded, to):
    with db.writing() as session:
        identity.first_administrator(session, "lan", "Lan", "một mật khẩu dài")
    token = form_token(guarded, "/admin/sign-in")
    data = {"login": "lan", "password": "một mật khẩu dài", "_token": token, "next": to}
    answer = guarded.post("/admin/sign-in", data=data)
    assert answer.status_code == 303
    assert httpx.URL(str(guarded.base_url)).join(answer.headers["location"]).host == guarded.base_url.host
    assert "evil" not in answer.headers["location"].partition("?")[0] or answer.headers["location"].startswith("/")
