"""$filter against its plain twin, on both databases; and that no query string is ever a server's fault."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dothi.doors.sensorthings import filters, grammar, model, sources
from dothi.doors.sensorthings.literals import Refused
from dothi.kit import clock
from dothi.kit.errors import BadInput
from tests.sensorthings import plain
from tests.sensorthings.conftest import SYSTEM, asking


@pytest.fixture
def town(standing_town):
    return standing_town


OBSERVATIONS = """
result gt 20
result ge 20.125
result eq 'hỏng'
result ne 'hỏng'
result eq true
result eq false
result eq null
result ne null
result eq 42
result/a/b eq 5
result/c[1] gt 1
result[1] ge 2.5
result add 1 gt 20 and result lt 25
result mul 2 sub 5 div 2 gt 40
result mod 5 lt 1
result div 0 gt 1
-result gt -12
round(result) eq 20
floor(result) eq 20 or ceiling(result) eq 20
not (result gt 12)
not (result gt 12 or result lt 11)
(result gt 12 and result lt 15) or (result gt 30 and not (result eq 31))
result in (11.5, 10, 42)
phenomenonTime ge 2026-11-20T12:00:00Z
phenomenonTime ge 2026-11-20T19:00:00+07:00
phenomenonTime lt 2026-11-20T01:00:00Z
phenomenonTime le 2026-11-20T01:00:00Z
phenomenonTime gt 2026-11-20T01:00:00Z and phenomenonTime lt 2026-11-20T03:00:00Z
phenomenonTime eq 2026-11-20T01:00:00Z
phenomenonTime ne 2026-11-20T01:00:00Z
phenomenonTime eq 2026-11-20T00:30:00.000123Z/2026-11-20T01:00:00Z
phenomenonTime gt 2026-11-20T00:00:00Z/2026-11-20T12:00:00Z
phenomenonTime lt 2026-11-20T12:00:00Z/2026-11-20T13:00:00Z
phenomenonTime ge '2026-11-20T12:00:00Z'
validTime eq null
validTime ne null
validTime lt 2026-11-21T00:00:00Z
resultTime gt phenomenonTime
resultTime le 2026-11-20T00:30:00Z
during(phenomenonTime, 2026-11-20T01:00:00Z/2026-11-20T02:00:00Z)
before(phenomenonTime, 2026-11-20T01:00:00Z)
after(phenomenonTime, 2026-11-21T01:00:00Z)
overlaps(phenomenonTime, 2026-11-20T00:45:00Z/2026-11-20T00:46:00Z)
meets(phenomenonTime, 2026-11-20T01:00:00Z/2026-11-20T02:00:00Z)
starts(phenomenonTime, 2026-11-20T01:00:00Z) or finishes(phenomenonTime, 2026-11-20T01:00:00Z)
year(phenomenonTime) eq 2026 and month(resultTime) eq 11 and day(phenomenonTime) eq 21
hour(phenomenonTime) eq 3 and minute(phenomenonTime) eq 30 and second(phenomenonTime) eq 0
fractionalseconds(phenomenonTime) gt 0
date(phenomenonTime) eq 2026-11-21
date(phenomenonTime) eq '2026-11-20' and time(phenomenonTime) lt 02:00:00
totaloffsetminutes(phenomenonTime) eq 0
phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime()
phenomenonTime lt now()
phenomenonTime add duration'PT1H' gt 2026-11-21T06:00:00Z
phenomenonTime gt 2026-11-21T06:00:00Z sub duration'PT1H30M'
resultTime sub phenomenonTime gt duration'PT1M'
parameters/n eq 1
parameters/n ge 1
resultQuality/level eq 'good'
substringof('oo', resultQuality/level)
Datastream/name eq 'bụi mịn' and result gt 25
Datastream/Thing/name eq 'Cầu Tân An'
Datastream/Thing/properties/height gt 2 or result lt 0
Datastream/ObservedProperty/name eq 'pm25'
MultiDatastream/name eq 'gió'
not (Datastream/name eq 'bụi mịn')
Datastream/properties/k eq 1
Datastream/unitOfMeasurement/symbol eq 'm'
geo.distance(FeatureOfInterest/feature, geography'POINT (106.41 10.53)') lt 0.001
geo.intersects(FeatureOfInterest/feature, geography'POLYGON ((106.4 10.5, 106.415 10.5, 106.415 10.6, 106.4 10.5))')
""".strip().splitlines()

THINGS = """
name eq 'Trạm Phú Khương'
name ne 'Trạm Phú Khương'
name gt 'K'
substringof('Tân', name)
contains(name, 'Tân')
startswith(name, 'Trạm')
endswith(name, 'tư')
endswith(name, '')
length(name) gt 10
indexof(name, 'Phú') eq 5
substring(name, 5) eq 'Phú Khương'
substring(name, 0, 4) eq 'Trạm'
substring(name, 100) eq ''
tolower(name) eq 'cầu tân an'
toupper(name) eq 'CẦU TÂN AN'
trim(concat(' ', concat(name, ' '))) eq 'Kho vật tư'
concat(name, description) eq 'x'
properties/kind eq 'air'
properties/kind ne 'air'
properties/height eq 3
properties/height gt 1
properties/height gt '1'
properties/on eq true
properties/on
properties/on ne true
properties/nothing eq null
properties/nothing ne 'x'
properties/height ne null
properties/tags[0] eq 'a'
properties/kind eq properties/kind
properties/height add 1 gt 3
not (properties/kind eq 'air')
substringof('wa', properties/kind) eq true
name eq 'it''s'
""".strip().splitlines()

LOCATIONS = """
st_within(location, geography'POLYGON ((106.4 10.5, 106.425 10.5, 106.425 10.6, 106.4 10.6, 106.4 10.5))')
st_intersects(location, geography'POINT (106.41 10.53)')
st_equals(location, geography'POINT (106.41 10.53)')
st_disjoint(location, geography'POINT (106.41 10.53)')
st_touches(location, geography'LINESTRING (106.41 10.53, 107 11)')
st_overlaps(location, geography'POINT (106.41 10.53)')
st_crosses(location, geography'LINESTRING (106 10, 107 11)')
st_contains(location, geography'POINT (106.42 10.54)')
st_relate(location, geography'POINT (106.42 10.54)', 'T********')
geo.intersects(location, geography'POLYGON ((106 10, 107 10, 107 10.535, 106 10.535, 106 10))')
geo.distance(location, geography'POINT (106.41 10.53)') lt 0.02
geo.length(geography'LINESTRING (0 0, 0 2)') eq 2
location ne null
""".strip().splitlines()


@pytest.fixture(scope="module")
def parsed():
    return lambda text: grammar.parse_option("$filter", text).filter


def _agree(ask, parsed, set_name, expand, filters):
    now = clock.now_micros()
    entities = ask(f"{set_name}?$top=1000{expand}")["value"]
    kept_some = 0
    for text in filters:
        wanted = [one["@iot.id"] for one in entities if plain.keeps(parsed(text), one, now)]
        got = ask.ids(f"{set_name}?$top=1000&$select=id&$filter={quote(text)}")
        assert got == wanted, text
        kept_some += bool(wanted)
    assert kept_some > len(filters) / 2


def test_observations_are_filtered_as_the_plain_twin_says(ask, parsed):
    expand = "&$expand=Datastream($expand=Thing,ObservedProperty),MultiDatastream,FeatureOfInterest"
    _agree(ask, parsed, "Observations", expand, OBSERVATIONS)


def test_things_are_filtered_as_the_plain_twin_says(ask, parsed):
    _agree(ask, parsed, "Things", "", THINGS)


def test_locations_are_filtered_as_the_plain_twin_says(ask, parsed):
    _agree(ask, parsed, "Locations", "", LOCATIONS)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Datastreams/name eq 'bụi mịn'", ["air"]),
        ("Datastreams/Observations/result gt 30", ["air"]),
        # joined by `and`: the same datastream
        ("Datastreams/name eq 'trạng thái' and Datastreams/ObservedProperty/name eq 'pm25'", []),
        ("Datastreams/name eq 'bụi mịn' and Datastreams/ObservedProperty/name eq 'pm25'", ["air"]),
        ("Datastreams/name eq 'mực nước' or MultiDatastreams/name eq 'gió'", ["air", "river"]),
        ("not (Datastreams/name eq 'bụi mịn')", ["river", "store"]),
        ("Locations/name eq 'chỗ của Kho vật tư'", ["store"]),
        ("Datastreams/phenomenonTime gt 2030-01-01T00:00:00Z", []),
        ("HistoricalLocations/Locations/name ne null", ["air", "river", "store"]),
        ("MultiDatastreams/ObservedProperties/name eq 'tốc độ gió'", ["air"]),
    ],
)
def test_paths_to_many_ask_whether_there_is_one(ask, town, text, names):
    assert ask.ids(f"Things?$filter={quote(text)}") == [getattr(town, name) for name in names]


def test_ids_in_filters(ask, town):
    observation = ask(f"Datastreams({town.level})/Observations?$top=1")["value"][0]["@iot.id"]
    assert ask.ids(f"Observations?$filter=id eq '{observation}'") == [observation]
    assert ask.ids(f"Datastreams?$filter=Thing/id eq {town.river}") == [town.level]
    assert ask.ids(f"Things?$filter=@iot.id gt {town.air}") == [town.river, town.store]
    assert len(ask.ids(f"Observations?$filter=Datastream/id eq {town.level}")) == 20


def test_an_offset_whose_plus_was_not_escaped(ask):
    there = ask.ids("Observations?$top=999&$filter=phenomenonTime%20ge%202026-11-20T19:00:00%2B07:00")
    assert ask.ids("Observations?$top=999&$filter=phenomenonTime+ge+2026-11-20T19:00:00+07:00") == there


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not " * 40 + "true", "nested too deeply"),
        ("(" * 40 + "1 eq 1" + ")" * 40, "nested too deeply"),
        (" or ".join(["1 eq 1"] * 400), "too long"),
        ("1e999 eq 1", "too large"),
        ("name eq 'x", "unfinished text"),
        ("geo.length(geography'POINT') eq 1", "cannot be read"),
        ("phenomenonTime gt duration'x'", "not a duration"),
        ("phenomenonTime gt 2026-01-02T00:00:00Z/2026-01-01T00:00:00Z", "ends before it starts"),
        ("substring('a') eq 'a'", "2 or 3"),
        ("st_relate(geography'POINT (1 1)', geography'POINT (1 1)', 'x')", "DE-9IM"),
        ("1 eq 1 eq 1", "cannot compare a bool"),
    ],
)
def test_refused_with_a_reason(text, said):
    with pytest.raises((BadInput, Refused)) as refused:
        _understood(text)
    assert said in f"{refused.value} {getattr(refused.value, 'allowed', '')}"


def _understood(text):
    view = sources.View(SYSTEM)
    observation = sources.of(model.BY_NAME["Observation"], view)
    return filters.condition(grammar.parse_option("$filter", text).filter, observation, view)


_WORDS = st.sampled_from(
    [
        *grammar.FUNCTIONS,
        "eq",
        "ne",
        "gt",
        "and",
        "or",
        "not",
        "add",
        "div",
        "mod",
        "in",
        "(",
        ")",
        ",",
        "/",
        "[0]",
        "-",
        "result",
        "name",
        "id",
        "phenomenonTime",
        "resultTime",
        "properties",
        "properties/kind",
        "parameters/n",
        "feature",
        "location",
        "Datastream/name",
        "Datastreams/Observations/result",
        "FeatureOfInterest/feature",
        "'x'",
        "''",
        "5",
        "0",
        "1e300",
        "-9223372036854775808",
        "99999999999999999999",
        "0.5",
        "true",
        "null",
        "2026-11-20T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z/9999-12-31T23:59:59Z",
        "duration'PT1H'",
        "2026-11-20",
        "12:00:00",
        "geography'POINT (1 1)'",
        "geography'POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))'",
        "now()",
        'result/a[0]/"',
        "%",
        "\x00",
    ]
)
_ENTITIES = st.sampled_from(
    ["Things", "Observations", "Locations", "Datastreams", "FeaturesOfInterest", "MultiDatastreams"]
)


@st.composite
def _expressions(draw, depth=0):
    """Expressions that parse, most of them, of any kinds."""
    if depth > 2 or draw(st.booleans()):
        return draw(_WORDS)
    name = draw(st.sampled_from([*grammar.FUNCTIONS, "op", "op", "op"]))
    if name == "op":
        op = draw(st.sampled_from(["eq", "ne", "gt", "le", "and", "or", "add", "sub", "mul", "div", "mod"]))
        return f"({draw(_expressions(depth + 1))} {op} {draw(_expressions(depth + 1))})"
    fewest, _ = grammar.FUNCTIONS[name]
    return f"{name}({','.join(draw(_expressions(depth + 1)) for _ in range(fewest))})"


def test_no_query_string_is_the_servers_fault(town):
    @settings(max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        entity=_ENTITIES,
        option=st.sampled_from(
            [
                "$filter",
                "$filter",
                "$filter",
                "$orderby",
                "$select",
                "$expand",
                "$top",
                "$skip",
                "$skiptoken",
                "as-of",
                "interval",
            ]
        ),
        text=_expressions() | st.lists(_WORDS, max_size=8).map(" ".join) | st.text(max_size=20),
        compared=st.booleans(),
    )
    def never(entity, option, text, compared):
        if compared and option == "$filter":
            text = f"{text} ne {text}"
        response = ask.get(f"{entity}?{quote(option)}={quote(text)}&$top=3")
        assert response.status_code in {200, 400}, response.text
        if response.status_code == 400:
            assert response.json()["faults"] or "cannot compute" in response.json()["message"]

    with asking() as ask:
        never()


@pytest.mark.parametrize(
    "path",
    [
        "Things(1)/",
        "Things(1",
        "Things()",
        "Things(1)(2)",
        "/",
        "Things(1)/name/x",
        "Things(1)/$ref/x",
        "Things(99999999999999999999)",
        "Observations('9999999999-1')",
        "Things(1)/Datastreams/$value",
        "%00",
        "Things('1')",
        "Things(1)/properties/%22/%5B",
        "Observations('1--9999999999999999')",
    ],
)
def test_no_path_is_the_servers_fault(ask, path):
    assert ask.get(path).status_code in {200, 204, 400, 404}
