"""Words: what the two databases say differently, spelled side by side.

A word is a FunctionElement compiled per dialect. SQLite's spatial words are functions that
db/engine.py registers on each connection and shapely answers; PostgreSQL's are PostGIS.
"""

import re
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Boolean, ColumnClause, Double, Float, LargeBinary, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.functions import FunctionElement


def spell(word: type, sqlite: str | None, postgresql: str) -> None:
    """Say how each database spells a word; {0}, {1} stand for its arguments, {*} for all of them.

    An argument that is an expression stands in brackets. Each place spells its argument anew: SQLite's binds are counted.
    """

    def spelled(form: str) -> Any:
        def compile_word(element: Any, compiler: Any, **kw: Any) -> str:
            clauses = [one.self_group(against=operators.getitem) for one in element.clauses]

            def part(found: re.Match[str]) -> str:
                wanted = clauses if found[1] == "*" else [clauses[int(found[1])]]
                return ", ".join(compiler.process(one, **kw) for one in wanted)

            return re.sub(r"\{(\*|\d)\}", part, form)

        return compile_word

    if sqlite is not None:
        compiles(word, "sqlite")(spelled(sqlite))
    compiles(word, "postgresql")(spelled(postgresql))


class json_quote(FunctionElement[str]):
    """A text as a JSON string with its quotes; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_quote"


spell(json_quote, "json_quote({0})", "coalesce(to_json(({0})::text)::text, 'null')")


class json_number(FunctionElement[str]):
    """A double as JSON text, shortest form that reads back to the same number; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_number"


spell(
    json_number,
    "CASE WHEN {0} IS NULL THEN 'null' WHEN CAST({0} AS INTEGER) = {0} AND abs({0}) < 1e15 THEN"
    " CAST(CAST({0} AS INTEGER) AS TEXT) WHEN CAST(CAST({0} AS TEXT) AS REAL) = {0} THEN CAST({0} AS TEXT)"
    " ELSE printf('%!.17g', {0}) END",
    "coalesce(({0})::text, 'null')",
)


class json_body(FunctionElement[str]):
    """A JSON column as its JSON text; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_body"


spell(json_body, "coalesce({0}, 'null')", "coalesce(({0})::text, 'null')")


class json_text(FunctionElement[str]):
    """The text under a dotted path of keys (given as several arguments) in a JSON column; NULL when absent."""

    type, inherit_cache, name = Text(), True, "json_text"


@compiles(json_text, "sqlite")
def _json_text_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    column, *keys = (compiler.process(clause, **kw) for clause in element.clauses)
    path = " || ".join(f"'.\"' || {key} || '\"'" for key in keys)
    return f"json_extract({column}, '$' || {path})"


@compiles(json_text, "postgresql")
def _json_text_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    column, *keys = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} #>> ARRAY[{', '.join(f'({key})::text' for key in keys)}])"


class joined(FunctionElement[str]):
    """All rows' first argument as one text, the second argument between them."""

    type, inherit_cache, name = Text(), True, "joined"


spell(joined, "group_concat({0}, {1})", "string_agg({0}, {1})")


class iso_text(FunctionElement[str]):
    """Microseconds since 1970 UTC as ISO 8601 in UTC, with milliseconds (microseconds where there are any)."""

    type, inherit_cache, name = Text(), True, "iso_text"


spell(
    iso_text,
    # date and time take a fifth of the time of strftime
    "CASE WHEN {0} IS NULL THEN NULL WHEN {0} % 1000000 = 0 THEN date({0} / 1000000, 'unixepoch') || 'T' ||"
    " time({0} / 1000000, 'unixepoch') || '.000Z' ELSE"
    " strftime('%Y-%m-%dT%H:%M:%S', ({0} - (({0} % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') ||"
    " CASE WHEN {0} % 1000 = 0 THEN printf('.%03dZ', ((({0} % 1000000) + 1000000) % 1000000) / 1000)"
    " ELSE printf('.%06dZ', (({0} % 1000000) + 1000000) % 1000000) END END",
    "to_char(timestamp '1970-01-01' + {0} * interval '1 microsecond', CASE WHEN mod({0}, 1000) = 0"
    ' THEN \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\' ELSE \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\' END)',
)


class text_of(FunctionElement[str]):
    """Anything as text."""

    type, inherit_cache, name = Text(), True, "text_of"


spell(text_of, "CAST({0} AS TEXT)", "({0})::text")


class integers(FunctionElement[Any]):
    """A JSON array of integers, given as text, as a one-column table `value`: `integers(p).table_valued("value")`."""

    inherit_cache, name = True, "integers"


spell(
    integers,
    "json_each({0})",
    "(SELECT value::bigint AS value FROM jsonb_array_elements_text(({0})::jsonb) AS e(value))",
)


class spans(FunctionElement[Any]):
    """A JSON array of [key, begin, end] integers, given as text, as a table of columns `key`, `begin_`, `end_`."""

    inherit_cache, name = True, "spans"


spell(
    spans,
    "(SELECT json_extract(value, '$[0]') AS key, json_extract(value, '$[1]') AS begin_,"
    " json_extract(value, '$[2]') AS end_ FROM json_each({0}))",
    "(SELECT (v->>0)::bigint AS key, (v->>1)::bigint AS begin_, (v->>2)::bigint AS end_"
    " FROM jsonb_array_elements(({0})::jsonb) AS e(v))",
)


class by_index(FunctionElement[str]):
    """Has the rest of the transaction look rows up by index, whatever the planner thinks of fresh tables."""

    type, inherit_cache, name = Text(), True, "by_index"


spell(
    by_index,
    "NULL",
    "concat(set_config('jit', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
    " set_config('enable_seqscan', 'off', true))",
)


class glued(FunctionElement[str]):
    """Texts one after another; NULL when one of them is."""

    type, inherit_cache, name = Text(), True, "glued"


@compiles(glued)
def _glued(element: Any, compiler: Any, **kw: Any) -> str:
    return f"({' || '.join(compiler.process(clause, **kw) for clause in element.clauses)})"


class written(FunctionElement[str]):
    """Texts one after another, none of them NULL; literal_columns are quoted constant texts."""

    type, inherit_cache, name = Text(), True, "written"


spell(written, None, "concat({*})")


@compiles(written, "sqlite")
def _written_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # one printf takes half the time of a chain of ||
    form, values = "", []
    for clause in element.clauses:
        if isinstance(clause, ColumnClause) and clause.is_literal:
            form += compiler.process(clause, **kw)[1:-1].replace("%", "%%")
        else:
            form += "%s"
            values.append(compiler.process(clause, **kw))
    return f"printf({', '.join([chr(39) + form + chr(39), *values])})"


class json_raw(FunctionElement[str]):
    """A JSON column, or a column holding JSON text, as its JSON text; NULL stays NULL."""

    type, inherit_cache, name = Text(), True, "json_raw"


spell(json_raw, "{0}", "({0})::text")


class json_kept(FunctionElement[str]):
    """A text that is JSON already, as what a JSON column keeps."""

    type, inherit_cache, name = Text(), True, "json_kept"


spell(json_kept, "{0}", "({0})::jsonb")


def _inside(name: str, kind: Any, doc: str, sqlite: str, postgresql: str) -> type[FunctionElement[Any]]:
    """A word that looks inside JSON: its arguments are the column, then the keys; {json} and {path} in its spellings.

    A key is a bound text; a position in an array is a literal_column of the number.
    """
    word = type(name, (FunctionElement,), {"type": kind, "inherit_cache": True, "name": name, "__doc__": doc})

    def on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
        def spell(found: re.Match[str]) -> str:
            # each place spells its bound values anew: SQLite's are counted by position
            json, *keys = element.clauses
            if found.group() == "{json}":
                return str(compiler.process(json, **kw))
            path = [
                f"'.\"' || {compiler.process(key, **kw)} || '\"'"
                if isinstance(key, BindParameter)
                else f"'[{compiler.process(key, **kw)}]'"
                for key in keys
            ]
            glue = " || ".join(["'$'", *path])
            return f"({glue})"

        return re.sub(r"\{json\}|\{path\}", spell, sqlite)

    def on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
        json, *keys = element.clauses
        path = ", ".join(
            f"({compiler.process(key, **kw)})::text"
            if isinstance(key, BindParameter)
            else f"'{compiler.process(key, **kw)}'"
            for key in keys
        )
        column = compiler.process(json, **kw)
        return postgresql.replace("{json}", f"({column})::jsonb").replace("{path}", f"ARRAY[{path}]::text[]")

    compiles(word, "sqlite")(on_sqlite)
    compiles(word, "postgresql")(on_postgresql)
    return word


json_string = _inside(
    "json_string",
    Text(),
    "The text under a path of keys, when a JSON string stands there.",
    "CASE json_type({json}, {path}) WHEN 'text' THEN json_extract({json}, {path}) END",
    "CASE jsonb_typeof({json} #> {path}) WHEN 'string' THEN {json} #>> {path} END",
)
json_double = _inside(
    "json_double",
    Double(),
    "The number under a path of keys, when a JSON number stands there.",
    "CASE WHEN json_type({json}, {path}) IN ('integer', 'real') THEN CAST(json_extract({json}, {path}) AS REAL) END",
    "CASE jsonb_typeof({json} #> {path}) WHEN 'number' THEN ({json} #>> {path})::double precision END",
)
json_truth = _inside(
    "json_truth",
    Boolean(),
    "The truth under a path of keys, when true or false stands there.",
    "CASE json_type({json}, {path}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
    "CASE jsonb_typeof({json} #> {path}) WHEN 'boolean' THEN ({json} #>> {path})::boolean END",
)
json_there = _inside(
    "json_there",
    Boolean(),
    "Whether anything but null stands under a path of keys.",
    "coalesce(json_type({json}, {path}), 'null') <> 'null'",
    "coalesce(jsonb_typeof({json} #> {path}), 'null') <> 'null'",
)
json_part = _inside(
    "json_part",
    Text(),
    "The JSON text of what stands under a path of keys; NULL when nothing does.",
    "({json}) -> {path}",
    "({json} #> {path})::text",
)


class bytewise(FunctionElement[str]):
    """A text ordered and compared by its code points, on any database."""

    type, inherit_cache, name = Text(), True, "bytewise"


spell(bytewise, "{0}", '({0}) COLLATE "C"')


class lower_text(FunctionElement[str]):
    """A text in small letters, Vietnamese ones too."""

    type, inherit_cache, name = Text(), True, "lower_text"


spell(lower_text, "dothi_lower({0})", "lower({0})")


class upper_text(FunctionElement[str]):
    """A text in capital letters, Vietnamese ones too."""

    type, inherit_cache, name = Text(), True, "upper_text"


spell(upper_text, "dothi_upper({0})", "upper({0})")


class position_of(FunctionElement[int]):
    """Where in the first text the second begins, counted from 1; 0 when nowhere."""

    type, inherit_cache, name = BigInteger(), True, "position_of"


spell(position_of, "instr({0}, {1})", "strpos({0}, {1})")


class instant_text(FunctionElement[str]):
    """Microseconds since 1970 UTC spelled by a form: the arguments are the instant, SQLite's form, PostgreSQL's form.

    The forms are literal_column texts with their quotes.
    """

    type, inherit_cache, name = Text(), True, "instant_text"


spell(
    instant_text,
    "strftime({1}, ({0} - (({0} % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch')",
    "to_char(timestamp '1970-01-01' + {0} * interval '1 microsecond', {2})",
)


class rounded(FunctionElement[float]):
    """A number rounded to a whole one, halves away from zero."""

    type, inherit_cache, name = Double(), True, "rounded"


spell(rounded, "round({0})", "round(({0})::numeric)::double precision")


class floored(FunctionElement[float]):
    """The largest whole number not above a number."""

    type, inherit_cache, name = Double(), True, "floored"


spell(floored, "dothi_floor({0})", "floor({0})")


class remainder(FunctionElement[float]):
    """What is left of the first number divided by the second, with the first one's sign; NULL for division by zero."""

    type, inherit_cache, name = Double(), True, "remainder"


spell(
    remainder,
    "dothi_mod({0}, {1})",
    "mod(({0})::numeric, nullif(({1})::numeric, 0))::double precision",
)


class geojson_geometry(FunctionElement[Any]):
    """The geometry of a GeoJSON geometry or feature; NULL when it is none."""

    type, inherit_cache, name = LargeBinary(), True, "geojson_geometry"


spell(
    geojson_geometry,
    "dothi_geojson({0})",
    "CASE WHEN jsonb_typeof(({0})::jsonb) = 'object' THEN ST_SetSRID(ST_GeomFromGeoJSON("
    "CASE WHEN ({0})::jsonb ? 'geometry' THEN ({0})::jsonb -> 'geometry' ELSE ({0})::jsonb END), 4326) END",
)


class from_wkb(FunctionElement[Any]):
    """A geometry made of well-known binary in WGS 84."""

    type, inherit_cache, name = LargeBinary(), True, "from_wkb"


spell(from_wkb, "{0}", "ST_GeomFromWKB({0}, 4326)")


class as_wkb(FunctionElement[bytes]):
    """The well-known binary of a geometry."""

    type, inherit_cache, name = LargeBinary(), True, "as_wkb"


spell(as_wkb, "{0}", "ST_AsBinary({0})")


def _spatial(name: str, kind: Any, doc: str) -> type[FunctionElement[Any]]:
    body = {"type": kind, "inherit_cache": True, "name": name, "__doc__": doc}
    word = type(name, (FunctionElement,), body)
    spell(word, f"dothi_{name}({{*}})", f"{name}({{*}})")
    return word


_relation = "OGC 06-103r4 clause 6.1.15 {}(a, b)"
st_equals = _spatial("st_equals", Boolean(), _relation.format("Equals"))
st_disjoint = _spatial("st_disjoint", Boolean(), _relation.format("Disjoint"))
st_touches = _spatial("st_touches", Boolean(), _relation.format("Touches"))
st_within = _spatial("st_within", Boolean(), _relation.format("Within"))
st_overlaps = _spatial("st_overlaps", Boolean(), _relation.format("Overlaps"))
st_crosses = _spatial("st_crosses", Boolean(), _relation.format("Crosses"))
st_intersects = _spatial("st_intersects", Boolean(), _relation.format("Intersects"))
st_contains = _spatial("st_contains", Boolean(), _relation.format("Contains"))
st_relate = _spatial("st_relate", Boolean(), "DE-9IM relation of a and b matches the pattern")
st_distance = _spatial("st_distance", Float(), "Distance in degrees between a and b")
st_length = _spatial("st_length", Float(), "Length in degrees")


class in_turn(FunctionElement[str]):
    """Waits until no other transaction holds the turn of this name, and holds it until this one ends.

    On SQLite, where one transaction writes at a time anyway, it does nothing.
    """

    type, inherit_cache, name = Text(), True, "in_turn"


spell(in_turn, "NULL", "pg_advisory_xact_lock(hashtext({0}))::text")
