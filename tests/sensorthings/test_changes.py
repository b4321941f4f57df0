"""What is read of a town that changes: each test has one of its own."""

from collections import defaultdict

import pytest

from dothi.kit import clock
from dothi.sensing import rollup
from dothi.sensing.columns import Columns
from tests.sensorthings.conftest import START, put

VN = 7 * clock.HOUR


def test_a_page_survives_what_is_inserted_before_it(ask, town):
    first = ask(f"Datastreams({town.level})/Observations?$top=5&$select=id")
    put(Columns([town.level] * 3, [START - clock.HOUR * i for i in (1, 2, 3)], [1.0, 2.0, 3.0]))
    rest = ask.ids(first["@iot.nextLink"])
    assert len(rest) == 15
    assert not set(rest) & {o["@iot.id"] for o in first["value"]}


def test_as_of_shows_what_was_known_then(ask, town, monkeypatch):
    at = START + clock.DAY * 3
    said = clock.parse("2027-01-01T00:00:00Z")
    monkeypatch.setattr(clock, "source", lambda: clock.moment(said))
    put(Columns([town.level], [at], [5.0]))
    monkeypatch.setattr(clock, "source", lambda: clock.moment(said + clock.DAY))
    put(Columns([town.level], [at], [6.0]))
    url = f"Datastreams({town.level})/Observations?$filter=phenomenonTime eq {clock.iso(at)}&$select=result"
    assert ask(url)["value"] == [{"result": 6}]
    assert ask(f"{url}&as-of=2027-01-01T12:00:00Z")["value"] == [{"result": 5}]
    assert ask(f"{url}&as-of=2027-01-02T00:00:00Z")["value"] == [{"result": 6}]
    assert ask(f"{url}&as-of=2026-12-31T00:00:00Z")["value"] == []
    then = ask(
        f"Datastreams({town.level})?$expand=Observations($orderby=phenomenonTime desc;$top=1)&as-of=2027-01-01T12:00:00Z"
    )
    assert then["Observations"][0]["result"] == 5
    assert ask(f"Observations('{town.level}-{at}')?as-of=2027-01-01T12:00:00Z")["result"] == 5


# --- aggregates over time: what the rollups say is what the observations say


def _plain(rows, width, shift):
    """rows: (µs, number or None). The buckets, computed the slow way."""
    buckets = defaultdict(list)
    for at, number in sorted(rows):
        buckets[(at + shift) // width * width - shift].append(number)
    made = []
    for start, every in sorted(buckets.items()):
        some = [n for n in every if n is not None] or [None]
        there = some != [None]
        made.append(
            {
                "start": start,
                "count": len(every),
                "sum": sum(some) if there else None,
                "avg": sum(some) / len(some) if there else None,
                "min": min(some) if there else None,
                "max": max(some) if there else None,
                "first": some[0],
                "last": some[-1],
            }
        )
    return made


@pytest.mark.parametrize("settled", [True, False], ids=["rolled up", "dirty"])
def test_aggregates_equal_the_plain_twin(ask, town, settled):
    put(Columns([town.dust] * 3, [START + clock.HOUR * 40 + i for i in range(3)], [-1.5, 1e6, 0.1]))
    if settled:
        rollup.settle_all()
        # one hour is behind again: its observations count, not its rollup
        put(Columns([town.dust], [START + 1], [77.0]))
    observations = ask(f"Datastreams({town.dust})/Observations?$top=1000")["value"]
    rows = [(clock.parse(o["phenomenonTime"]), o["result"]) for o in observations]
    for interval, width, tz in (
        ("1h", clock.HOUR, None),
        ("15m", clock.HOUR // 4, None),
        ("1d", clock.DAY, "Asia/Ho_Chi_Minh"),
        ("PT6H", 6 * clock.HOUR, None),
        ("90m", clock.HOUR * 3 // 2, "Asia/Ho_Chi_Minh"),
        ("1d", clock.DAY, None),
    ):
        got = ask(
            f"Datastreams({town.dust})/Observations?interval={interval}&$top=1000"
            "&aggregate=count,sum,avg,min,max,first,last" + (f"&tz={tz}" if tz else "")
        )["value"]
        wanted = _plain(rows, width, VN if tz else 0)
        assert [clock.parse_span(one["phenomenonTime"]) for one in got] == [
            (w["start"], w["start"] + width) for w in wanted
        ], (interval, tz)
        for one, want in zip(got, wanted, strict=True):
            assert {k: one[k] for k in want if k != "start"} == pytest.approx(
                {k: v for k, v in want.items() if k != "start"}
            ), (interval, tz)
