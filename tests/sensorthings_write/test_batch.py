"""`$batch` in both forms: order, references, and all or nothing within a group."""

import json

import pytest

from dothi import config
from tests.sensorthings_write.conftest import NOON, datastream, got, location, thing


def batch(sta, *requests):
    answer = sta.post("$batch", json={"requests": list(requests)})
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["responses"]}


def ask(id_, method, url, body=None, **more):
    return {"id": id_, "method": method, "url": url, **({"body": body} if body is not None else {}), **more}


def test_requests_are_answered_by_their_ids(sta, at_work):
    said = batch(
        sta,
        ask("a", "GET", "Things(1)"),
        ask("b", "POST", "Things", thing()),
        ask("c", "PATCH", "/Things(1)", {"name": "mới"}),
        ask("d", "GET", "/sta/v1.1/Things?$select=name&$count=true"),
        ask("e", "DELETE", "Things(99)"),
        ask("f", "POST", "Datastreams(1)/Observations", {"phenomenonTime": NOON, "result": 1}),
        ask("g", "POST", "Datastreams(1)/Observations", {"result": "x"}),
    )
    assert {id_: one["status"] for id_, one in said.items()} == {
        "a": 200,
        "b": 201,
        "c": 200,
        "d": 200,
        "e": 404,
        "f": 201,
        "g": 400,
    }
    assert said["a"]["body"]["name"] == "Trạm Phú Khương"
    assert said["b"]["headers"]["location"] == f"{sta.root}/Things(2)"
    assert said["d"]["body"]["@iot.count"] == 2
    assert said["g"]["body"]["faults"][0]["place"] == "result"


def test_a_request_may_name_what_another_made(sta):
    said = batch(
        sta,
        ask("new", "POST", "Things", thing()),
        ask("where", "POST", "$new/Locations", location(), dependsOn=["new"]),
        ask("what", "POST", "Datastreams", datastream(Thing={"@iot.id": "$new"})),
        ask("look", "GET", "$new?$expand=Locations,Datastreams"),
    )
    assert [one["status"] for one in said.values()] == [201, 201, 201, 200]
    assert len(said["look"]["body"]["Locations"]) == 1
    assert len(said["look"]["body"]["Datastreams"]) == 1


def test_what_depends_on_a_failure_is_not_done(sta):
    said = batch(
        sta,
        ask("bad", "POST", "Things", {}),
        ask("after", "POST", "Things", thing(), dependsOn=["bad"]),
        ask("free", "POST", "Things", thing()),
    )
    assert [one["status"] for one in said.values()] == [400, 424, 201]


def test_an_atomicity_group_happens_whole_or_not_at_all(sta, at_work):
    said = batch(
        sta,
        ask("1", "POST", "Things", thing(), atomicityGroup="g"),
        ask("2", "POST", "Datastreams(1)/Observations", {"phenomenonTime": NOON, "result": 1}, atomicityGroup="g"),
        ask("3", "PATCH", "Things(99)", {"name": "x"}, atomicityGroup="g"),
        ask("4", "POST", "Things", thing(name="sau"), atomicityGroup="h"),
        ask("5", "POST", "$4/Locations", location(), atomicityGroup="h"),
    )
    assert [one["status"] for one in said.values()] == [424, 424, 404, 201, 201]
    assert [one["name"] for one in got(sta, "Things")["value"]] == ["Trạm Phú Khương", "sau"]
    assert got(sta, "Observations")["value"] == []


def test_a_batch_is_bounded(sta, monkeypatch):
    monkeypatch.setenv("DOTHI_MAX_BATCH", "2")
    config.settings.cache_clear()
    answer = sta.post("$batch", json={"requests": [ask(str(i), "GET", "Things") for i in range(3)]})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("requests", "places"),
    [
        ([{}], {"requests[0].id", "requests[0].url", "requests[0].method"}),
        ([5], {"requests[0]"}),
        ([ask("a", "JUMP", "Things")], {"requests[0].method"}),
        ([ask("a", "GET", "Things"), ask("a", "GET", "Things")], {"requests[1].id"}),
        ([ask("a", "GET", "Things", dependsOn=["b"])], {"requests[0].dependsOn"}),
        ([ask("a", "GET", "Things", headers=5, atomicityGroup=5)],
         {"requests[0].headers", "requests[0].atomicityGroup"}),
    ],
)  # fmt: skip
def test_a_bad_batch_is_refused_whole_with_every_fault(sta, requests, places):
    answer = sta.post("$batch", json={"requests": requests})
    assert answer.status_code == 400, answer.text
    assert {fault["place"] for fault in answer.json()["faults"]} == places


def http(method, url, body=None, **headers):
    lines = [f"{method} {url} HTTP/1.1", "Content-Type: application/json", ""]
    lines.append(json.dumps(body, ensure_ascii=False) if body is not None else "")
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*head, "", *lines])


def mixed(boundary, *parts):
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def changes(*parts):
    return "Content-Type: multipart/mixed; boundary=changes\r\n\r\n" + mixed("changes", *parts)


def send(sta, *parts):
    kind = {"Content-Type": "multipart/mixed; boundary=outer"}
    return sta.post("$batch", content=mixed("outer", *parts).encode(), headers=kind)


def test_multipart_batches_are_answered_in_kind(sta, at_work):
    answer = send(
        sta,
        http("GET", "Things(1)"),
        changes(
            http("POST", "Things", thing(name="Trạm Mỹ Tho"), Content_ID="1"),
            http("POST", "$1/Locations", location(), Content_ID="2"),
        ),
        http("GET", "/sta/v1.1/Things?$top=5"),
        http("DELETE", "Things(99)"),
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batch_")
    statuses = [line.split()[1] for line in answer.text.splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == ["200", "201", "201", "200", "404"]
    assert "Content-ID: 1" in answer.text
    assert "Trạm Mỹ Tho" in answer.text
    assert got(sta, "Things(2)/Locations")["value"][0]["name"] == "Bến Vàm Cỏ"


def test_a_change_set_happens_whole_or_not_at_all(sta):
    answer = send(sta, changes(http("POST", "Things", thing()), http("POST", "Things", {"name": 5})))
    statuses = [line.split()[1] for line in answer.text.splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == ["424", "400"]
    assert got(sta, "Things")["value"] == []


@pytest.mark.parametrize(
    "parts", [(), ("nonsense",), (http("", "Things"),), (changes("x"),), ("Content-Type: application/http\r\n\r\n",)]
)
def test_a_broken_multipart_batch_is_refused(sta, parts):
    answer = send(sta, *parts)
    assert answer.status_code == 400, answer.text
    assert answer.json()["faults"]
