"""Column types both databases read alike."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeDecorator, UserDefinedType

from dothi.kit import clock

# SQLite gives rowids only to INTEGER keys
Id = BigInteger().with_variant(Integer, "sqlite")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Instant(TypeDecorator[datetime]):
    """An aware datetime kept as BIGINT microseconds since 1970 UTC; a naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None or isinstance(value, int):
            return value
        return clock.micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else clock.moment(value)


class _PostgisGeometry(UserDefinedType[bytes]):
    """PostGIS geometry in WGS 84, read and written as well-known binary."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "geometry(Geometry,4326)"

    def bind_expression(self, bindvalue: Any) -> ColumnElement[Any]:
        return func.ST_GeomFromWKB(bindvalue, 4326, type_=self)

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        return func.ST_AsBinary(column, type_=LargeBinary)


class Geometry(TypeDecorator[bytes]):
    """A geometry in WGS 84 as well-known binary: BLOB on SQLite, PostGIS geometry on PostgreSQL."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        kind = _PostgisGeometry() if dialect.name == "postgresql" else LargeBinary()
        return dialect.type_descriptor(kind)

    def bind_expression(self, bindparam: Any) -> ColumnElement[Any]:
        return _from_wkb(bindparam, type_=self)

    def column_expression(self, column: Any) -> ColumnElement[Any]:
        return _as_wkb(column, type_=LargeBinary())

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes(value)


def _from_wkb(value: Any, type_: Any) -> ColumnElement[Any]:
    from dothi.db.words import from_wkb

    return from_wkb(value)


def _as_wkb(value: Any, type_: Any) -> ColumnElement[Any]:
    from dothi.db.words import as_wkb

    return as_wkb(value)
