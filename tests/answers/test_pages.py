"""The answers of a small city: numbers as stored, seen only by those who may, on every page and for programs."""

import json

import pytest

from dothi.answers import model, service
from dothi.answers.asking import Asking
from dothi.app import create_app
from dothi.datasets import service as datasets
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.sensing import rollup
from tests.browser import seed
from tests.cases import scene
from tests.web.asking import Asking as Web

DAY = clock.DAY
SCHEMA = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "x-role": "key"}, "name": {"type": "string", "x-role": "name"},
        "level": {"type": "string", "oneOf": [{"const": "primary", "title": "Tiểu học", "title-en": "Primary"}]},
        "pupils": {"type": "integer", "title": "Học sinh"}, "seen": {"type": "string", "format": "date"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def town(standing):
    """A small Tân An, ten schools of which two are hidden from the public, and three reports."""
    now = clock.now_micros()
    seed.city(lamps=12, now=now)
    with db.writing() as session:
        for code, sharing in (("schools", "open"), ("health-stations", "restricted")):
            datasets.create(session, SYSTEM, {
                "code": code, "title": code, "schema": SCHEMA, "key_field": "code", "geometry_type": "Point",
                "sharing": sharing, "status": "published",
            })  # fmt: skip
    with db.writing() as session:
        today = clock.moment(now).astimezone(clock.VIETNAM).date().isoformat()
        for i in range(10):
            datasets.put(session, SYSTEM, "schools" if i < 8 else "health-stations", None, {
                "type": "Feature", "geometry": {"type": "Point", "coordinates": [106.40 + i / 1000, 10.53]},
                "properties": {"code": f"T{i}", "name": f"Trường {i}", "level": "primary", "pupils": 100 * i, "seen": today},
            })  # fmt: skip
    with db.writing() as session:
        people = scene.city(session)
    with db.writing() as session:
        for days in (2, 35, 36):
            scene.opened(
                session, people.admin, category="lamp-out", opened_at=now - days * DAY, simulated=True, unit="27694"
            )
    rollup.settle_all()
    return now


def answered(blocks, caller=ANONYMOUS, **more):
    """The blocks of a question as a caller reads them."""
    question = model.Question.model_validate({"code": "q", "ask": {"vi": "q", "en": "q"}, "blocks": blocks})
    with db.reading() as session:
        found = service.answer(
            Asking(session, caller, more.pop("language", "vi"), more.pop("sector", "lighting"), **more), question
        )
    return [*([found.head] if found.head else []), *found.blocks]


def one(kind, caller=ANONYMOUS, spec=None, **more):
    return answered([{kind: spec}], caller, **more)[0]


def test_a_number_of_sensors_has_unit_time_source_and_sentence(town):
    says = [{"from": 1, "state": "major", "text": {"vi": "{count}/{of} ở {name}", "en": "{count} of {of} at {name}"}}]
    found = one("figure", spec={"property": "flood-depth", "aggregate": "count", "where": "value >= 30", "says": says})
    assert (found.value, found.of, found.state, found.sentence) == (2, 8, "major", "2/8 ở Đo ngập đường số 7")
    assert found.simulated
    assert found.at
    assert found.source
    assert found.api.startswith("/sta/v1.1/Datastreams")
    worst = one("figure", spec={"property": "flood-depth"}, language="en")
    assert (worst.value, worst.unit, worst.state, worst.word) == (55, "cm", "critical", "Deep, impassable")
    gone = one("figure", spec={"property": "salinity"})
    assert gone.value is None
    assert gone.state == "nodata"
    assert "cảm biến" in gone.why


def test_as_of_a_moment_and_in_a_ward(town):
    early = one("figure", spec={"property": "flood-depth", "aggregate": "max"}, at=town - 5 * clock.HOUR)
    assert early.value == 55
    assert early.at <= town - 5 * clock.HOUR
    before = one("figure", spec={"property": "flood-depth", "aggregate": "max"}, at=town - 3 * DAY)
    assert before.value is None
    assert before.why
    wards = [
        one("figure", spec={"property": "flood-depth", "aggregate": "count", "where": "value >= 0"}, place=code)
        for code in seed.WARDS
    ]
    assert 0 < sum(found.value or 0 for found in wards) <= 8


def test_hours_are_put_together_and_gaps_stay(town):
    found = one("figure", spec={"property": "air-temperature", "of": "hour", "last": "12h", "aggregate": "mean"})
    assert found.value == pytest.approx(26)
    assert found.unit == "°C"
    line = one("chart", spec={"property": "water-level", "last": "24h"})
    points = line.lines[0].points
    assert None in [value for _, value in points]
    assert line.sentence.startswith("Cao nhất")
    each = one("chart", spec={"property": "air-temperature", "last": "6h", "by": "thing", "limit": 2})
    assert [len(each.lines), each.lines[0].name] == [2, "Trạm thời tiết 3"]
    sold = one("figure", spec={"property": "air-temperature", "of": "hour", "last": "2h", "aggregate": "integral",
                               "scale": {"by": 10, "unit": "₫", "source": "bảng giá", "certainty": "assumed"}})  # fmt: skip
    assert sold.value == pytest.approx(2 * (25 + 26 + 27) * 10)
    assert sold.unit == "₫"
    assert "giả định" in sold.how


def test_records_are_counted_listed_and_found_near(town):
    figure = one("figure", spec={"dataset": "schools", "aggregate": "sum", "field": "pupils", "where": "pupils >= 200"})
    assert (figure.value, figure.of, figure.count) == (2700, 8, 6)
    assert one("figure", spec={"dataset": "schools", "aggregate": "median", "field": "pupils"}).value == 350
    assert one("figure", spec={"dataset": "schools", "aggregate": "share", "where": "seen >= {today}"}).value == 100
    rows = one("list", spec={"dataset": "schools", "order": "-pupils", "fields": ["level"], "limit": 2})
    assert [(row.name, row.cells[0].text) for row in rows.rows] == [("Trường 7", "Tiểu học"), ("Trường 6", "Tiểu học")]
    assert rows.total == 8
    assert rows.rows[0].href == "/catalogue/schools/records/T7"
    near = one(
        "search", spec={"dataset": "schools", "ask": {"vi": "Gần", "en": "Near"}, "limit": 2}, near=(106.4031, 10.53)
    )
    assert [row.name for row in near.rows] == ["Trường 3", "Trường 4"]
    assert near.rows[0].metres < 20
    words = one("search", spec={"dataset": "schools", "ask": {"vi": "Gần", "en": "Near"}}, q="truong 5")
    assert [row.name for row in words.rows] == ["Trường 5"]
    bars = one("bars", spec={"dataset": "schools", "by": "level"})
    assert [(bar.name, bar.value) for bar in bars.bars] == [("Tiểu học", 8)]
    months = one(
        "bars",
        spec={
            "dataset": "schools",
            "by": "month",
            "time": "seen",
            "last": "60d",
            "aggregate": "sum",
            "field": "pupils",
        },
    )
    assert months.bars[-1].value == 2800
    assert months.moving


def test_nobody_counts_what_they_may_not_see(town):
    hidden = {"dataset": "health-stations", "aggregate": "count"}
    assert one("figure", spec=hidden).value is None
    assert one("figure", SYSTEM, spec=hidden).value == 2
    assert one("list", spec={"dataset": "health-stations"}).rows == []
    assert "người trực" in one("alarms", spec={}).why
    assert one("alarms", SYSTEM, spec={}).why == "Không có cảnh báo nào đang mở."


def test_cases_are_counted_by_ward_and_month(town):
    assert one("figure", spec={"cases": {"measure": "received"}, "last": "30d"}).value == 1
    assert one("figure", spec={"cases": {"measure": "open"}}).value == 3
    late = one("cases", spec={"state": "late"})
    assert late.total == len(late.rows) == 2
    assert late.rows[0].word == "quá hạn"
    assert late.rows[0].href.startswith("/reports/")
    months = one("bars", spec={"cases": {"measure": "received"}, "by": "month", "last": "90d"})
    assert sum(bar.value for bar in months.bars) == 3
    assert one("bars", spec={"cases": {"measure": "received"}, "by": "unit"}).bars[0].name.startswith("Phường")
    assert one("figure", spec={"cases": {"measure": "open"}}, at=town - 20 * DAY).value == 2


def test_what_nobody_there_asks_is_not_asked(town):
    with db.reading() as session:
        ask = {code: Asking(session, ANONYMOUS, "vi", code) for code in ("tourism", "traffic", "agriculture")}
        assert "is-the-beach-safe" not in {one.code for one in service.questions(ask["tourism"])}  # no beaches
        assert "is-the-border-jammed" not in {one.code for one in service.questions(ask["traffic"])}
        assert "may-i-take-water" not in {
            one.code for one in service.questions(ask["agriculture"])
        }  # nobody measures salt
        found = service.headline(ask["agriculture"])
        assert found is not None
        assert found[0].code != "may-i-take-water"
        assert ask["traffic"].has(["schools", "lamps-failed"])
        assert not ask["traffic"].has(["schools", "beaches"])
    assert answered([{"figure": {"dataset": "schools", "needs": ["beaches"]}}]) == []
    assert answered([{"figure": {"dataset": "schools", "needs": ["schools"]}}])[0].value == 8


def test_a_block_that_fails_does_not_take_the_page_with_it(town, monkeypatch):
    from dothi.answers import kinds

    monkeypatch.setitem(kinds._KINDS, "text", lambda *_: 1 / 0)
    found = answered([{"text": {"vi": "a", "en": "a"}}, {"figure": {"property": "flood-depth"}}])
    assert found[0].value == 55
    assert "lỗi" in found[1].why


def test_every_page_answers_for_people_and_for_programs(town):
    web = Web(create_app(), accept="text/html")
    index = web.get("/sectors")
    assert index.status_code == 200
    for card in web.get("/sectors.json").json()["answers"]:
        code = card["code"]
        page = web.get(f"/sectors/{code}")
        assert page.status_code == 200, code
        assert "đang có lỗi" not in page.text, code
        for language in ("vi", "en"):
            made = web.get(f"/sectors/{code}.json?lang={language}&place={seed.WARDS[0]}").json()
            assert "đang có lỗi" not in json.dumps(made, ensure_ascii=False)
        for answer in web.get(f"/sectors/{code}.json").json()["answers"]:
            head = answer.get("head")
            if head is not None and "value" in head:
                assert {"source", "at", "simulated", "text"} <= set(head), head
            elif head is not None:
                assert head["why"], head
            alone = web.get(f"/sectors/{code}/{answer['code']}?part=1")
            assert alone.status_code == 200
            assert f'id="{answer["code"]}"' in alone.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/sectors/lightin", 404, "lighting"), ("/sectors/lighting/nothing", 404, "nothing"),
        ("/sectors?place=00000", 400, "place"), ("/sectors/air?at=tomorrow", 400, "at"), ("/sectors/air?at=2999-01-01T00:00", 400, "still to come"),
        ("/sectors/air?near=1", 400, "near"), ("/sectors/air?q=%00", 400, "q"), ("/sectors/air.json?near=999,1", 400, "earth"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(town, path, status, said):
    answer = Web(create_app()).get(path)
    assert answer.status_code == status
    assert said in answer.text


def test_what_is_never_public_is_not_none(town):
    """Nobody reads "0 reports of illegal building" where such reports are not shown to them at all."""
    closed = {"cases": {"categories": ["illegal-building"], "measure": "received"}}
    found = one("figure", spec=closed, sector="planning")
    assert (found.value, found.text) == (None, "")
    assert "không công khai" in found.why
    assert "không công khai" in one("cases", spec={"type": "dossier"}, sector="egov").why
    assert "không công khai" in one("bars", spec={"cases": closed["cases"], "by": "unit"}, sector="planning").why
    assert one("figure", SYSTEM, closed, sector="planning").value == 0.0
    assert one("figure", spec={"cases": {"categories": ["lamp-out"], "measure": "received"}}).value == 3.0


def test_the_share_of_one_sum_in_another(town):
    found = one("figure", spec={"dataset": "schools", "aggregate": "sum", "field": "pupils", "over": "pupils"})
    assert (found.value, found.unit) == (100.0, "%")
    with pytest.raises(ValueError, match="over belongs to the sum"):
        model.Figure.model_validate({"dataset": "schools", "aggregate": "count", "over": "pupils"})
