"""Any message at all: it is written in the form of CAP 1.2 and read back as it was."""

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.warnings import model, parsing, reading, writing
from dothi.warnings.model import Alert, Area, Info, Reference, Resource
from tests.warnings import cap12

FORM = cap12.schema()


text = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool)
)
word = st.text("abcdefghij0123456789.-@:_", min_size=1, max_size=20)
instants = st.integers(0, 4_000_000_000).map(lambda s: s * clock.SECOND)
named = st.lists(st.tuples(text, text), max_size=2).map(tuple)


@st.composite
def ring(draw):
    points = draw(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=3, max_size=8))
    points = [(round(a, 5), round(b, 5)) for a, b in points]
    return (*points, points[0])


areas_ = st.builds(
    Area, text, st.lists(ring(), max_size=2).map(tuple),
    st.lists(st.tuples(st.integers(-90, 90), st.integers(-180, 180), st.integers(0, 500)), max_size=2).map(tuple), named,
    altitude=st.just(30.0), ceiling=st.none() | st.just(300.0),
)  # fmt: skip
infos_ = st.builds(
    Info, st.lists(st.sampled_from(model.CATEGORIES), min_size=1, max_size=3).map(tuple), text,
    st.sampled_from(model.URGENCIES), st.sampled_from(model.SEVERITIES), st.sampled_from(model.CERTAINTIES),
    st.sampled_from(["vi-VN", "en-US", "fr-CA"]), st.lists(st.sampled_from(model.RESPONSES), max_size=3).map(tuple),
    st.none() | text, named, sender_name=st.none() | text, headline=st.none() | text, description=st.none() | text,
    instruction=st.none() | text, web=st.none() | st.just("https://city.example/a?b=1&c=2"), parameters=named,
    resources=st.lists(st.builds(Resource, text, st.just("image/png"), st.none() | st.integers(0, 9)), max_size=1).map(tuple),
    areas=st.lists(areas_, max_size=2).map(tuple),
)  # fmt: skip
alerts = st.builds(
    Alert, word, word, instants, st.sampled_from(model.STATUSES), st.sampled_from(model.MSG_TYPES), source=st.none() | text,
    codes=st.lists(text, max_size=2).map(tuple), note=st.none() | text, incidents=st.none() | text,
    references=st.lists(st.builds(Reference, word, word, instants), max_size=2).map(tuple),
    infos=st.lists(infos_, max_size=2).map(tuple),
)  # fmt: skip
ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def own_key():
    """No database here."""


@ANY
@given(alerts)
def test_whatever_is_said_is_written_in_the_form_and_read_back(alert):
    body = writing.xml(alert)
    assert FORM.validate(etree.fromstring(body)), FORM.error_log.last_error
    again = reading.alert(parsing.parse(body))
    assert _plain(again) == unicodedata.normalize("NFC", _plain(alert))


def _plain(alert) -> str:
    """The message with whole numbers written alike; no zero has a sign."""
    return re.sub(r"-0(?=[,)])", "0", re.sub(r"\.0(?=[,)])", "", repr(alert)))


@pytest.mark.parametrize(
    "text", ["2026-11-21T14:30:00Z", "2026-11-21T14:30:00", "2026-11-21 14:30:00+07:00", "2026-11-21T14:30:00.5+07:00",
             "2026-13-21T14:30:00+07:00", "2026-11-21T14:30:00,07:00", "hôm qua", ""],
)  # fmt: skip
def test_an_instant_in_another_form_is_none(text):
    with pytest.raises(BadInput):
        model.instant(text)


def test_utc_is_written_with_a_minus():
    assert model.instant("2012-05-02T23:21:04-00:00") == model.instant("2012-05-03T06:21:04+07:00")
