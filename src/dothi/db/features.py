"""Words that pages of records are made of: boxes through each database's own index, JSON members put together."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, LargeBinary, Text, case, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dothi.db.types import Json
from dothi.db.words import spell


class boxed(FunctionElement[bool]):
    """Whether a record's box may meet a box, by index: arguments dataset id, id, geometry, west, south, east, north.

    Boxes in the indexes are rounded outwards to 32-bit numbers, so look at the columns too.
    """

    type, inherit_cache, name = Boolean(), True, "boxed"

    def self_group(self, against: Any = None) -> "boxed":  # noqa: ARG002
        """As it is: with `= 1` behind it, as SQLAlchemy writes a truth for SQLite, no index would be taken."""
        return self


spell(
    boxed,
    "{1} IN (SELECT id FROM record_box WHERE first_dataset <= {0} AND last_dataset >= {0}"
    " AND west <= {5} AND east >= {3} AND south <= {6} AND north >= {4})",
    "({2} && ST_MakeEnvelope({3}, {4}, {5}, {6}, 4326))",
)


class in_turn(FunctionElement[int]):
    """A record's id as pages are sorted by it: spelled so that PostgreSQL takes the index of the dataset's own records.

    By the primary key it would walk past the records of every other dataset until it finds the first of this one.
    """

    type, inherit_cache, name = BigInteger(), True, "in_turn"


spell(in_turn, "{0}", "({0} + 0)")


class unguessed(FunctionElement[bool]):
    """A condition whose share of the rows PostgreSQL cannot know, for WHERE: it then takes it for half of them.

    Its guess of a comparison inside JSON is a half percent, for which it would read and sort everything in the place of
    walking in order until the page is full.
    """

    type, inherit_cache, name = Boolean(), True, "unguessed"

    def self_group(self, against: Any = None) -> "unguessed":  # noqa: ARG002
        """As it is."""
        return self


spell(unguessed, "({0})", "CASE WHEN {0} THEN true ELSE false END")


class only_if(FunctionElement[int]):
    """A limit (first argument) that is none unless a condition (second), which stands in WHERE too, holds.

    PostgreSQL asks such a condition once, before the first row; SQLite of every row, but its limit once.
    """

    type, inherit_cache, name = BigInteger(), True, "only_if"


spell(only_if, "(CASE WHEN {1} THEN {0} ELSE 0 END)", "{0}")


class json_member(FunctionElement[str]):
    """The JSON text under one key (a literal_column text) of a JSON column or text; null where there is none."""

    type, inherit_cache, name = Text(), True, "json_member"


spell(json_member, "coalesce({0} -> {1}, 'null')", "coalesce((({0})::jsonb -> {1})::text, 'null')")


class json_led(FunctionElement[str]):
    """A JSON object (first argument) as text, one member before its own: the key with its colon, then its JSON text."""

    type, inherit_cache, name = Text(), True, "json_led"


spell(
    json_led,
    "('{' || {1} || {2} || CASE {0} WHEN '{}' THEN '}' ELSE ',' || substr({0}, 2) END)",
    # written out once only: that is most of the work; right() copies the rest where overlay() counts its letters
    "('{' || {1} || {2} || CASE ({0})::jsonb WHEN '{}' THEN '}' ELSE ',' || right(({0})::text, -1) END)",
)


def json_comma(text: ColumnElement[str]) -> ColumnElement[str]:
    """What stands between members put before those of a JSON object (its text) and them: nothing where it has none."""
    empty, nothing, comma = (literal_column(one, Text()) for one in ("'{}'", "''", "','"))
    return case((text == empty, nothing), else_=comma)


class json_rest(FunctionElement[str]):
    """The text of a JSON object without the bracket it begins with."""

    type, inherit_cache, name = Text(), True, "json_rest"


# right() copies the rest where substr() counts its letters
spell(json_rest, "substr({0}, 2)", "right({0}, -1)")


class json_without(FunctionElement[Any]):
    """A JSON object (first argument, a column) without some of its members, whose names are literal_column texts."""

    type, inherit_cache, name = Json, True, "json_without"


@compiles(json_without, "sqlite")
def _json_without_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, *names = (compiler.process(clause, **kw) for clause in element.clauses)
    paths = ", ".join(f"'$.\"{name[1:-1]}\"'" for name in names)
    return f"json_remove({column}, {paths})"


@compiles(json_without, "postgresql")
def _json_without_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, *names = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({column})::jsonb - ARRAY[{', '.join(names)}]::text[])"


class json_led_without(FunctionElement[str]):
    """As json_led without some of the object's own members: the object, key, JSON text, then literal_column names.

    What is left stands as it would if the members had never been there.
    """

    type, inherit_cache, name = Text(), True, "json_led_without"


@compiles(json_led_without, "sqlite")
def _json_led_without_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # led first: the object is taken apart once only
    whole, key, text, *names = element.clauses
    return _json_without_sqlite(json_without(json_led(whole, key, text), *names), compiler, **kw)


@compiles(json_led_without, "postgresql")
def _json_led_without_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    # led last: a jsonb puts its members in an order of its own
    whole, key, text, *names = element.clauses
    return str(compiler.process(json_led(json_without(whole, *names), key, text), **kw))


class beside(FunctionElement[str]):
    """Texts one after another, NULL counting as nothing."""

    type, inherit_cache, name = Text(), True, "beside"


@compiles(beside, "sqlite")
def _beside_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "(" + " || ".join(f"coalesce({compiler.process(clause, **kw)}, '')" for clause in element.clauses) + ")"


@compiles(beside, "postgresql")
def _beside_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    # concat takes a hundred arguments at most
    parts = [compiler.process(clause, **kw) for clause in element.clauses]
    made = [f"concat({', '.join(parts[start : start + 90])})" for start in range(0, len(parts), 90)]
    return made[0] if len(made) == 1 else f"concat({', '.join(made)})"


class utf8_of(FunctionElement[bytes]):
    """A text as its bytes in UTF-8, for an answer that goes out as it is; NULL stays NULL."""

    type, inherit_cache, name = LargeBinary(), True, "utf8_of"


spell(utf8_of, "CAST({0} AS BLOB)", "convert_to({0}, 'UTF8')")


class geojson_of(FunctionElement[str]):
    """The GeoJSON text of a geometry, seven decimals."""

    type, inherit_cache, name = Text(), True, "geojson_of"


spell(geojson_of, "dothi_geojson_of({0})", "ST_AsGeoJSON({0}, 7)")


class no_text(FunctionElement[str]):
    """NULL, as a text: the databases want to know of which type nothing is."""

    type, inherit_cache, name = Text(), True, "no_text"


spell(no_text, "CAST(NULL AS TEXT)", "NULL::text")


class no_number(FunctionElement[Any]):
    """NULL, as a whole number."""

    type, inherit_cache, name = BigInteger(), True, "no_number"


spell(no_number, "CAST(NULL AS INTEGER)", "NULL::bigint")
