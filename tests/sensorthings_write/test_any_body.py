"""Whatever a client sends, it is taken or refused with a named reason; the database never is the one to refuse."""

import copy
import functools
import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dothi.doors.sensorthings import asked, multipart, patch
from dothi.identity.guard import SYSTEM
from dothi.kit.errors import DothiError
from dothi.sensing import service, shapes
from tests.sensorthings_write.conftest import datastream, location, multi, observed_property, point, sensor, thing

MODEST = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
ANY = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
        st.sampled_from(["\0", "\ud800", "2026-11-21T05:00:00Z", "x" * 3000, "Point", "open", "1-5", point(), {}]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["@iot.id", "name", "type", "coordinates", "x", "sharing", "code"]), inner,
                        max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip
FEATURE = {"name": "sông", "description": "", "encodingType": "application/geo+json", "feature": point()}
WHOLE = {
    "Thing": thing(Locations=[location()], Datastreams=[datastream()], properties={"code": "x"}),
    "Location": location(Things=[{"@iot.id": 1}]),
    "HistoricalLocation": {"time": "2026-11-21T05:00:00Z", "Thing": {"@iot.id": 1}, "Locations": [{"@iot.id": 1}]},
    "Sensor": sensor(properties={"code": "s"}),
    "ObservedProperty": observed_property(),
    "Datastream": datastream(Thing={"@iot.id": 1}, observedArea=point(), Observations=[{"result": 1}]),
    "MultiDatastream": multi(Thing={"@iot.id": 1}, Observations=[{"result": [1, 2]}]),
    "FeatureOfInterest": FEATURE,
    "Observation": {
        "result": 1, "phenomenonTime": "2026-11-21T05:00:00Z/2026-11-21T06:00:00Z", "resultQuality": {"a": 1},
        "resultTime": "2026-11-21T05:00:00Z", "parameters": {"a": [1]}, "Datastream": {"@iot.id": 1},
        "validTime": "2026-11-21T05:00:00Z/2026-11-21T06:00:00Z", "FeatureOfInterest": FEATURE,
    },
}  # fmt: skip


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


@st.composite
def spoilt(draw, entity):
    """A good body with one to three places changed, removed or added to."""
    body = copy.deepcopy(WHOLE[entity])
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([p for p in places(body) if p] or [()]))
        if not path:
            return copy.deepcopy(draw(ANY))
        *before, last = path
        inside = body
        for step in before:
            inside = inside[step]
        if draw(st.integers(0, 4)):
            inside[last] = copy.deepcopy(draw(ANY))
        else:
            del inside[last]
    return body


@functools.cache
def tried(entity):
    """Spoilt bodies: drawn once, for every verb."""
    made = []

    @MODEST
    @given(spoilt(entity))
    def keep(body):
        made.append(body)

    keep()
    return made


def refusal(call):
    """The reason a call gives for not doing it; None when it does it. Any other error is let through."""
    try:
        call()
    except DothiError as error:
        return error
    return None


def taken_or_refused(session, call, body):
    point_ = session.begin_nested()
    try:
        error = refusal(lambda: call(copy.deepcopy(body)))
    except Exception as error:
        error.add_note(f"given {body!r}")
        raise
    point_.rollback()
    assert error is None or (error.message and error.status < 500), body


@pytest.mark.soak
@pytest.mark.parametrize("entity", list(shapes.SHAPES))
def test_any_body_is_taken_or_refused_with_a_reason(session, at_rest, entity):
    for body in tried(entity):
        taken_or_refused(session, lambda body: service.create(session, SYSTEM, entity, body), body)


@pytest.mark.soak
@pytest.mark.parametrize("entity", list(shapes.SHAPES))
def test_any_change_is_taken_or_refused_with_a_reason(session, at_rest, entity):
    for body, verb in zip(tried(entity), itertools.cycle((service.update, service.replace)), strict=False):
        taken_or_refused(session, lambda body, verb=verb: verb(session, SYSTEM, entity, at_rest[entity], body), body)


@pytest.fixture
def at_rest(session, make):
    """One entity of every kind: their ids."""
    ids = {"Thing": make("Thing", thing(Locations=[location()], Datastreams=[datastream()]))}
    ids |= dict.fromkeys(("Location", "HistoricalLocation", "Sensor", "ObservedProperty", "Datastream"), 1)
    ids["MultiDatastream"] = make("MultiDatastream", multi(Thing={"@iot.id": 1}))
    ids["FeatureOfInterest"] = make("FeatureOfInterest", FEATURE)
    ids["Observation"] = make("Observation", WHOLE["Observation"])
    session.commit()
    return ids


@MODEST
@given(st.binary(max_size=60) | ANY.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_json_or_refused(body):
    error = refusal(lambda: asked.parsed(body))
    assert error is None or error.faults


OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "jump"])},
    optional={
        "path": st.sampled_from(["", "/", "/name", "/properties/x", "/properties", "/-", "name", "/~2"]) | ANY,
        "from": st.sampled_from(["", "/name", "/properties", "/nothing"]) | ANY,
        "value": ANY,
    },
)


@MODEST
@given(ANY | st.lists(OPERATION, max_size=4))
def test_any_json_patch_is_applied_or_refused(operations):
    error = refusal(lambda: patch.merge({"name": "x", "properties": None}, operations))
    assert error is None or error.faults


@MODEST
@given(st.text(max_size=40), st.text(max_size=200))
def test_any_multipart_body_is_read_or_refused(boundary, text):
    body = f"--b\r\n{text}\r\n--b--\r\n".encode(errors="replace")
    for kind in ("multipart/mixed; boundary=b", f"multipart/mixed; boundary={boundary}"):
        error = refusal(lambda kind=kind: multipart.parts(body, kind))
        assert error is None or error.faults
