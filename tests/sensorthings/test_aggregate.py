"""Aggregates over time: what the rollups say is what the observations say."""

import pytest

from dothi.kit import clock
from dothi.sensing import rollup


@pytest.fixture
def town(standing_town):
    return standing_town


VN = 7 * clock.HOUR


def test_a_day_begins_at_midnight_in_viet_nam(ask, town):
    days = ask(f"Datastreams({town.dust})/Observations?interval=1d&tz=Asia/Ho_Chi_Minh&aggregate=count")["value"]
    assert days[0]["phenomenonTime"] == "2026-11-20T00:00:00+07:00/2026-11-21T00:00:00+07:00"
    assert [day["count"] for day in days] == [34, 26]


def test_texts_and_truths_count_but_do_not_average(ask, town):
    rollup.settle_all()
    (day,) = ask(f"Datastreams({town.state})/Observations?interval=1d&aggregate=count,avg,max")["value"]
    assert (day["count"], day["avg"], day["max"]) == (7, 42, 42)


def test_filters_take_part(ask, town):
    for settled in (False, True):
        if settled:
            rollup.settle_all()
        url = f"Datastreams({town.dust})/Observations?interval=1h&aggregate=count&$filter="
        some = ask(url + "phenomenonTime ge 2026-11-20T02:00:00Z and phenomenonTime lt 2026-11-20T04:00:00Z")["value"]
        assert [one["count"] for one in some] == [2, 2]
        some = ask(url + "phenomenonTime ge 2026-11-20T02:30:00Z and phenomenonTime lt 2026-11-20T04:00:00Z")["value"]
        assert [one["count"] for one in some] == [1, 2]
        assert sum(one["count"] for one in ask(url + "result gt 20")["value"]) == len(
            ask.ids(f"Datastreams({town.dust})/Observations?$filter=result gt 20")
        )


@pytest.mark.parametrize("order", ["", "&$orderby=phenomenonTime desc"])
def test_aggregates_have_pages(ask, order):
    whole = ask(f"Observations?interval=1h&aggregate=avg&$top=1000{order}")["value"]
    url, found = f"Observations?interval=1h&aggregate=avg&$top=7{order}", []
    while url:
        page = ask(url)
        found += page["value"]
        url = page.get("@iot.nextLink")
    assert found == whole
    assert len(whole) > 40


def test_aggregates_as_csv(ask, town):
    lines = ask.get(f"Datastreams({town.dust})/Observations?interval=1d&aggregate=count&$resultFormat=CSV").text.split(
        "\r\n"
    )
    assert lines[0] == "phenomenonTime,Datastream@iot.id,count"
    assert lines[1] == f"2026-11-20T00:00:00Z/2026-11-21T00:00:00Z,{town.dust},48"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("interval=1y", "15m, 1h, 1d"),
        ("aggregate=avg", "missing"),
        ("interval=1h&aggregate=median", "no 'median'"),
        ("interval=1h&tz=Europe/Berlin", "daylight saving"),
        ("interval=1h&tz=Nowhere", "no time zone"),
        ("interval=1h&$expand=Datastream", "does not go with interval"),
        ("interval=1h&$orderby=result", "their time only"),
        ("interval=1h&$resultFormat=GeoJSON", "cannot show aggregates"),
    ],
)
def test_refused_with_a_reason(ask, query, said):
    assert said in ask(f"Observations?{query}", 400)["detail"]


def test_an_unknown_datastream_has_no_aggregates(ask):
    ask("Datastreams(99999)/Observations?interval=1h", 404)
