"""An entity as JSON text, made by the database: the SQL expression of each property and of the whole.

The service root stands in the text as the one character ROOT, which JSON never holds unescaped. The closing brace is
left off, so that expanded entities can be put in after it.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Text, case, func, literal_column, null, select

from dothi.db import words
from dothi.doors.sensorthings.grammar import Path
from dothi.doors.sensorthings.literals import Refused
from dothi.doors.sensorthings.model import Entity, Link, Property
from dothi.doors.sensorthings.sources import Source, View
from dothi.identity import guard
from dothi.sensing import tables

ROOT = "\x01"
IDS = ("id", "@iot.id")

NOTHING = literal_column("''", Text())

Piece = str | ColumnElement[Any]


def glue(pieces: Iterable[Piece], *, sure: bool = False) -> ColumnElement[Any]:
    """Constant text and SQL texts as one; NULL when a piece is NULL.

    sure: no piece is ever NULL.
    """
    parts: list[Any] = []
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            parts.append(_constant(text))
            text = ""
        parts.append(piece)
    if text:
        parts.append(_constant(text))
    if len(parts) == 1:
        return parts[0]  # type: ignore[no-any-return]
    return words.written(*parts) if sure else words.glued(*parts)


def _constant(text: str) -> ColumnElement[Any]:
    return literal_column("'" + text.replace("'", "''") + "'", Text())


def identity(source: Source) -> list[Piece]:
    """The id as JSON."""
    if source.id_text is not None:
        return ['"', source.id_text, '"']
    if source.entity.name == "Observation":
        return ['"', words.text_of(source.c.datastream_id), "-", words.text_of(source.c.at), '"']
    return [words.text_of(source.c.id)]


def address(source: Source) -> list[Piece]:
    """The address of the entity."""
    key: list[Piece] = identity(source)
    if source.entity.name == "Observation":
        key = ["'", *key[1:-1], "'"]
    return [f"{ROOT}/{source.entity.set_name}(", *key, ")"]


def value(known: Property, source: Source, view: View) -> tuple[list[Piece], bool]:
    """The JSON text of a property, and whether it may be NULL (then the property is left out)."""
    columns = source.state.c if known.derived and source.state is not None else source.c
    column = columns[known.column]
    if known.kind == "text":
        return [words.json_quote(column)], False
    if known.kind == "result":
        return [func.coalesce(source.c.result_json, words.json_number(column))], False
    if known.kind == "instant":
        if known.name == "resultTime":
            same = words.iso_text(source.c.at) if source.time_text is None else source.time_text
            return ['"', case((column.is_(None), same), else_=words.iso_text(column)), '"'], False
        return ['"', words.iso_text(column), '"'], False
    if known.kind == "span":
        end = columns[str(known.until)]
        if known.derived:
            return ['"', words.iso_text(column), "/", words.iso_text(end), '"'], True
        later = func.coalesce(glue(["/", words.iso_text(end)]), NOTHING)
        if known.name == "phenomenonTime" and source.time_text is not None:
            return ['"', source.time_text, later, '"'], False
        return ['"', words.iso_text(column), later, '"'], known.name == "validTime"
    if known.name == "observedArea":
        return [observed_area(source, view)], True
    return [words.json_raw(column)], not known.mandatory


def observed_area(source: Source, view: View) -> ColumnElement[Any]:
    """The observedArea given, or the place of the FeatureOfInterest its observations have."""
    feature = tables.FeatureOfInterest.__table__.alias()
    place = (
        select(words.json_raw(feature.c.feature))
        .where(
            feature.c.id == source.c.feature_id,
            feature.c.geometry.is_not(None),
            guard.visible(view.caller, feature.c),
        )
        .correlate_except(feature)
        .scalar_subquery()
    )
    return func.coalesce(words.json_raw(source.c.observed_area), place)


def selected(entity: Entity, select_: Iterable[Path], wanted: Iterable[str]) -> set[str]:
    """The names $select keeps: properties, `id`, `@iot.selfLink`, navigation properties. Raises Refused."""
    names: set[str] = set()
    for path in select_:
        name = str(path.steps[0])
        if name in IDS and len(path.steps) == 1:
            names.add("id")
        elif name in entity.property or (name in {"@iot.selfLink", *entity.link} and len(path.steps) == 1):
            names.add(name)
        else:
            allowed = ", ".join(["id", *entity.property, *entity.link])
            raise Refused(path.at, f"{entity.name} has no {str(path)!r}", allowed)
    return names or {"id", "@iot.selfLink", *entity.property, *(n for n in entity.link if n not in set(wanted))}


def body(
    source: Source, view: View, names: set[str], expanded: Iterable[str], *, kind: bool | None = None
) -> ColumnElement[Any]:
    """The JSON text of an entity without its closing brace.

    kind: whether the observations are known to be of MultiDatastreams; None: the datastream's column says.
    """
    entity, gone = source.entity, set(expanded)
    sure: list[Piece] = []  # begins with a comma each
    if "id" in names:
        sure += [',"@iot.id":', *identity(source)]
    if "@iot.selfLink" in names:
        sure += [',"@iot.selfLink":"', *address(source), '"']
    for known in entity.properties:
        if known.name not in names:
            continue
        pieces, optional = value(known, source, view)
        label = f',"{known.name}":'
        if optional and known.kind == "json" and known.name != "observedArea":
            column = source.c[known.column]
            sure.append(case((column.is_not(None), glue([label, *pieces])), else_=NOTHING))
        else:
            sure += [func.coalesce(glue([label, *pieces]), NOTHING)] if optional else [label, *pieces]
    for link in entity.links:
        if link.name in names and link.name not in gone:
            sure += _link(link, source, kind)
    if isinstance(sure[0] if sure else None, str) and str(sure[0]).startswith(","):
        return glue(["{" + str(sure[0])[1:], *sure[1:]], sure=True)
    return glue(["{", func.substr(glue(sure, sure=True), 2)]) if sure else _constant("{")


def _link(link: Link, source: Source, kind: bool | None) -> list[Piece]:
    pieces: list[Piece] = [f',"{link.name}@iot.navigationLink":"', *address(source), f'/{link.name}"']
    if source.stream is None or link.name not in {"Datastream", "MultiDatastream"}:
        return pieces
    if kind is not None:
        return pieces if kind is (link.name == "MultiDatastream") else []
    if link.name == "MultiDatastream":
        return []
    # which of the two it is, only the row knows
    multi = source.stream.c.multi
    either = [_constant(f',"{name}@iot.navigationLink":"') for name in ("MultiDatastream", "Datastream")]
    ends = [_constant(f'/{name}"') for name in ("MultiDatastream", "Datastream")]
    head, tail = (case((multi, pair[0]), else_=pair[1]) for pair in (either, ends))
    return [head, *address(source), tail]


def array(source: Source, view: View, names: Iterable[str]) -> ColumnElement[Any]:
    """The JSON array of some properties, null where there is none: what dataArray and CSV are made of."""
    pieces: list[Piece] = []
    for name in names:
        pieces.append("," if pieces else "[")
        if name == "id":
            pieces += identity(source)
            continue
        texts, optional = value(source.entity.property[name], source, view)
        pieces += [func.coalesce(glue(texts), "null")] if optional else texts
    return glue([*pieces, "]"], sure=True)


def series(source: Source) -> ColumnElement[Any]:
    """The JSON member that names an observation's datastream in a data array."""
    assert source.stream is not None  # noqa: S101 - observations always have one
    heads = [f'"{name}@iot.navigationLink":"{ROOT}/{name}s(' for name in ("MultiDatastream", "Datastream")]
    head = case((source.stream.c.multi, _constant(heads[0])), else_=_constant(heads[1]))
    return glue([head, words.text_of(source.c.datastream_id), ')"'])


def geometry(source: Source, view: View) -> ColumnElement[Any]:
    """The GeoJSON of where an entity is, as JSON text; NULL where that is not known."""
    entity = source.entity
    if entity.name in {"Location", "FeatureOfInterest"}:
        column = source.c.location if entity.name == "Location" else source.c.feature
        return case((source.c.geometry.is_not(None), words.json_raw(column)))
    if entity.name == "Thing":
        place: list[Piece] = [
            '{"type":"Point","coordinates":[',
            words.json_number(source.c.lon),
            ",",
            words.json_number(source.c.lat),
        ]
        return case((source.c.lon.is_not(None), glue([*place, "]}"])))
    if entity.multi is not None:
        return observed_area(source, view)
    if source.stream is not None:
        feature = tables.FeatureOfInterest.__table__.alias()
        mine = func.coalesce(source.c.feature_id, source.stream.c.feature_id)
        seen = [feature.c.id == mine, feature.c.geometry.is_not(None), guard.visible(view.caller, feature.c)]
        found = select(words.json_raw(feature.c.feature)).where(*seen).correlate_except(feature)
        return found.scalar_subquery()
    return null()
