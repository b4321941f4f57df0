"""Query options made of the grammar's own words in any order: read, or refused with their place; nothing else happens."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dothi.doors.sensorthings import read
from dothi.identity.guard import ANONYMOUS
from dothi.kit.errors import DothiError

MODEST = settings(
    max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
WORDS = [
    "name", "id", "@iot.id", "properties/a", "Datastreams/name", "Datastreams/Observations/result", "phenomenonTime", "result", "Thing",
    "Datastreams", "Observations", "Locations/location", "eq", "ne", "gt", "le", "and", "or", "not", "add", "sub", "mul", "div", "mod", "in", "any",
    "(", ")", ",", ";", "/", "=", "$", "'", "''", "-", "1", "-1", "0", "1e308", "1.5", "true", "false", "null", "'a'", "'đ'", "2026-11-21T05:00:00Z",
    "2026-11-21T05:00:00Z/2026-11-22T05:00:00Z", "duration'P1D'", "geography'POINT (106 10)'", "asc", "desc", "$top=1", "$filter=", "$expand=",
    "$select=", "$orderby=", "$count=true", "substringof(", "startswith(", "length(", "concat(", "round(", "year(", "now()", "geo.distance(",
    "st_intersects(", "overlaps(", "cast(", "date(", "totaloffsetminutes(", "\x00", "\ud83d", "%", "\\", '"', "--", "\t", "é",
]  # fmt: skip
TEXT = (
    st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=8).map("".join)
    | st.text(max_size=30)
)


def test_any_text_is_an_option_or_is_refused_with_its_place(database):
    @MODEST
    @given(
        st.sampled_from(
            ["Things", "Things(1)", "Observations", "Datastreams(1)/Observations", "MultiDatastreams", "Locations"]
        ),
        st.dictionaries(
            st.sampled_from(["$filter", "$orderby", "$select", "$expand", "$top", "$skiptoken", "interval"]),
            TEXT,
            max_size=3,
        ),
    )
    @example("Things", {"$filter": "length(" * 200 + "name" + ")" * 200 + " eq 1"})
    def holds(path, options):
        query = "&".join(f"{name}={text}" for name, text in options.items()).replace("+", "%2B").replace("#", "%23")
        refusal = None
        try:
            read.prepare(path, query.encode(errors="replace"), ANONYMOUS)
        except DothiError as error:
            refusal = error
        assert refusal is None or (refusal.message and refusal.status < 500)

    holds()
