"""The rules of CAP 1.2 that its schema cannot say, one by one: each breach is found, at its place, and nothing else."""

from dataclasses import replace

import pytest

from dothi.kit import clock
from dothi.warnings import rules
from dothi.warnings.model import Alert, Area, Info, Reference, Resource

SENT = 1_795_000_000 * clock.SECOND
RING = ((10.5, 106.4), (10.5, 106.5), (10.6, 106.5), (10.5, 106.4))
INFO = Info(("Met",), "Lũ", "Immediate", "Severe", "Observed", "vi-VN", areas=(Area("Long An", (RING,)),))
GOOD = Alert("202611211430-k3v9qt2m", "canh-bao@city.example", SENT, "Actual", "Alert", infos=(INFO,))
BEFORE = Reference("canh-bao@city.example", "202611211130-aaaabbbb", SENT - clock.HOUR)


@pytest.fixture(autouse=True)
def own_key():
    """No database here."""


def places(alert: Alert) -> list[str]:
    return [fault.place for fault in rules.breaches(alert)]


def of(**changes) -> Alert:
    return replace(GOOD, infos=(replace(INFO, **changes),))


def where(**changes) -> Alert:
    return of(areas=(replace(INFO.areas[0], **changes),))


def test_a_good_message_breaks_nothing():
    assert places(GOOD) == []
    assert places(replace(GOOD, msg_type="Update", references=(BEFORE,))) == []
    assert places(replace(GOOD, msg_type="Cancel", references=(BEFORE,), infos=())) == []
    assert places(replace(GOOD, msg_type="Ack", references=(BEFORE,), infos=())) == []
    assert places(replace(GOOD, scope="Restricted", restriction="nội bộ")) == []
    assert places(replace(GOOD, scope="Private", addresses="a@b.example")) == []
    assert places(where(altitude=10.0, ceiling=100.0)) == []


@pytest.mark.parametrize(
    ("alert", "place"),
    [
        *((replace(GOOD, identifier=bad), "identifier") for bad in ("", "a b", "a,b", "a<b", "a&b", "a\nb")),
        *((replace(GOOD, sender=bad), "sender") for bad in ("", "ủy ban", "a,b", "<a>", "a&b")),
        (replace(GOOD, status="Live"), "status"),
        (replace(GOOD, scope="Open"), "scope"),
        (replace(GOOD, scope="Restricted"), "restriction"),
        (replace(GOOD, restriction="nội bộ"), "restriction"),
        (replace(GOOD, scope="Private"), "addresses"),
        *((replace(GOOD, msg_type=kind), "references") for kind in ("Update", "Cancel", "Ack")),
        (replace(GOOD, msg_type="Error", references=(BEFORE,)), "note"),
        (replace(GOOD, infos=()), "info"),
        (replace(GOOD, msg_type="Update", references=(GOOD.reference,)), "references.0"),
        (replace(GOOD, msg_type="Update", references=(replace(BEFORE, sent=SENT + clock.SECOND),)), "references.0"),
        (of(categories=()), "info.0.category"),
        (of(categories=("Met", "Weather")), "info.0.category"),
        (of(event="  "), "info.0.event"),
        (of(responses=("Run",)), "info.0.responseType"),
        (of(urgency="Now"), "info.0.urgency"),
        (of(severity="critical"), "info.0.severity"),
        (of(certainty="Sure"), "info.0.certainty"),
        (of(expires=SENT), "info.0.expires"),
        (of(expires=SENT + clock.HOUR, effective=SENT + clock.HOUR), "info.0.expires"),
        (of(expires=SENT + clock.HOUR, onset=SENT + 2 * clock.HOUR), "info.0.expires"),
        (of(web="/warnings/1"), "info.0.web"),
        (of(resources=(Resource("bản đồ", "image/png", uri="map.png"),)), "info.0.resource.0.uri"),
        (where(description=""), "info.0.area.0.areaDesc"),
        (where(polygons=(RING[:3],)), "info.0.area.0.polygon.0"),
        (where(polygons=((*RING[:3], (1.0, 1.0)),)), "info.0.area.0.polygon.0"),
        (where(polygons=(tuple((lon, lat) for lat, lon in RING),)), "info.0.area.0.polygon.0"),
        (where(circles=((106.4, 10.5, 1.0),)), "info.0.area.0.circle.0"),
        (where(circles=((10.5, 106.4, -1.0),)), "info.0.area.0.circle.0"),
        (where(ceiling=100.0), "info.0.area.0.ceiling"),
    ],
)  # fmt: skip
def test_each_breach_is_found_at_its_place(alert, place):
    assert places(alert) == [place]


def test_all_breaches_are_said_at_once():
    bad = replace(GOOD, identifier="a b", sender="", infos=(replace(INFO, event="", severity="x"),))
    assert places(bad) == ["identifier", "sender", "info.0.severity", "info.0.event"]


def test_cautions_are_not_breaches():
    long = of(headline="x" * 161)
    assert places(long) == []
    assert [one.place for one in rules.cautions(long)] == ["info.0.headline", "info.0.instruction"]
