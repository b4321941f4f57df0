"""Words: what the two databases say differently, spelled side by side.

A word is a FunctionElement compiled per dialect. SQLite's spatial words are functions that
db/engine.py registers on each connection and shapely answers; PostgreSQL's are PostGIS.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, LargeBinary, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def _spell(word: type, sqlite: str, postgresql: str) -> None:
    """Say how each database spells a word; {0}, {1} stand for its arguments, {*} for all of them."""

    def spelled(form: str) -> Any:
        def compile_word(element: Any, compiler: Any, **kw: Any) -> str:
            parts = [compiler.process(clause, **kw) for clause in element.clauses]
            return form.replace("{*}", ", ".join(parts)).format(*parts)

        return compile_word

    compiles(word, "sqlite")(spelled(sqlite))
    compiles(word, "postgresql")(spelled(postgresql))


class json_quote(FunctionElement[str]):
    """A text as a JSON string with its quotes; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_quote"


_spell(json_quote, "json_quote({0})", "coalesce(to_json(({0})::text)::text, 'null')")


class json_number(FunctionElement[str]):
    """A double as JSON text, shortest form that reads back to the same number; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_number"


_spell(
    json_number,
    "CASE WHEN {0} IS NULL THEN 'null' WHEN CAST({0} AS INTEGER) = {0} AND abs({0}) < 1e15 THEN"
    " CAST(CAST({0} AS INTEGER) AS TEXT) WHEN CAST(printf('%!.15g', {0}) AS REAL) = {0} THEN printf('%!.15g', {0})"
    " ELSE printf('%!.17g', {0}) END",
    "coalesce(({0})::text, 'null')",
)


class json_body(FunctionElement[str]):
    """A JSON column as its JSON text; NULL becomes null."""

    type, inherit_cache, name = Text(), True, "json_body"


_spell(json_body, "coalesce({0}, 'null')", "coalesce(({0})::text, 'null')")


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


_spell(joined, "group_concat({0}, {1})", "string_agg({0}, {1})")


class iso_text(FunctionElement[str]):
    """Microseconds since 1970 UTC as ISO 8601 in UTC, with milliseconds (microseconds where there are any)."""

    type, inherit_cache, name = Text(), True, "iso_text"


_spell(
    iso_text,
    "(strftime('%Y-%m-%dT%H:%M:%S', ({0} - (({0} % 1000000) + 1000000) % 1000000) / 1000000, 'unixepoch') ||"
    " CASE WHEN {0} % 1000 = 0 THEN printf('.%03dZ', ((({0} % 1000000) + 1000000) % 1000000) / 1000)"
    " ELSE printf('.%06dZ', (({0} % 1000000) + 1000000) % 1000000) END)",
    "to_char(timestamp '1970-01-01' + {0} * interval '1 microsecond', CASE WHEN {0} % 1000 = 0"
    ' THEN \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\' ELSE \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\' END)',
)


class text_of(FunctionElement[str]):
    """Anything as text."""

    type, inherit_cache, name = Text(), True, "text_of"


_spell(text_of, "CAST({0} AS TEXT)", "({0})::text")


class integers(FunctionElement[Any]):
    """A JSON array of integers, given as text, as a one-column table `value`: `integers(p).table_valued("value")`."""

    inherit_cache, name = True, "integers"


_spell(
    integers,
    "json_each({0})",
    "(SELECT value::bigint AS value FROM jsonb_array_elements_text(({0})::jsonb) AS e(value))",
)


class from_wkb(FunctionElement[Any]):
    """A geometry made of well-known binary in WGS 84."""

    type, inherit_cache, name = LargeBinary(), True, "from_wkb"


_spell(from_wkb, "{0}", "ST_GeomFromWKB({0}, 4326)")


class as_wkb(FunctionElement[bytes]):
    """The well-known binary of a geometry."""

    type, inherit_cache, name = LargeBinary(), True, "as_wkb"


_spell(as_wkb, "{0}", "ST_AsBinary({0})")


def _spatial(name: str, kind: Any, doc: str) -> type[FunctionElement[Any]]:
    body = {"type": kind, "inherit_cache": True, "name": name, "__doc__": doc}
    word = type(name, (FunctionElement,), body)
    _spell(word, f"dothi_{name}({{*}})", f"{name}({{*}})")
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


class transaction_id(FunctionElement[int]):
    """The number of the running transaction, where the database has one; NULL on SQLite."""

    type, inherit_cache, name = BigInteger(), True, "transaction_id"


_spell(transaction_id, "NULL", "pg_current_xact_id()::text::bigint")


class oldest_transaction(FunctionElement[int]):
    """The oldest transaction still in flight; entries of it or later may yet appear. Huge on SQLite (one writer)."""

    type, inherit_cache, name = BigInteger(), True, "oldest_transaction"


_spell(oldest_transaction, "9223372036854775807", "pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
