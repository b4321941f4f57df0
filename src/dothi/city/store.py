"""The running city as items, read in a few statements; and the versions applied so far."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from dothi.cases.tables import Crew, OfficeRule
from dothi.city import practice_store
from dothi.city.items import Item, Key, flat
from dothi.city.tables import CityFile, CityVersion, Setting
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.identity.tables import Agency
from dothi.kit import clock
from dothi.places.cities import setting
from dothi.places.tables import Area
from dothi.sensing.tables import Datastream, DatastreamState, Location, ObservedProperty, Sensor, Thing, ThingLocation

__all__ = ["setting"]  # for those who know it from here

BASE = "base"  # the setting that remembers which sketches are drawn
SETTINGS = ("city", "inputs", "overrides", "actuators", "feeds")  # those a blueprint asks for
RECORDS = "records"  # the setting that remembers which files of records were loaded, and how they left the dataset
CHANGED = ", changed since"  # ends the digest of a file whose records are no longer as it left them


def latest(session: Session, city: str) -> CityVersion | None:
    """The version of a city applied last."""
    query = select(CityVersion).where(CityVersion.city == city).order_by(CityVersion.id.desc()).limit(1)
    return session.scalars(query).first()


def version(session: Session, city: str, id_: int) -> CityVersion | None:
    """One applied version of a city."""
    return session.scalars(select(CityVersion).where(CityVersion.city == city, CityVersion.id == id_)).first()


def versions(session: Session, city: str) -> list[CityVersion]:
    """Every version applied, newest first."""
    return list(session.scalars(select(CityVersion).where(CityVersion.city == city).order_by(CityVersion.id.desc())))


def add_version(session: Session, **values: Any) -> int:
    """Keep what was applied; returns its number."""
    return int(session.execute(insert(CityVersion).values(**values).returning(CityVersion.id)).scalar_one())


def kept_items(version: CityVersion | None) -> dict[Key, Item]:
    """The items of an applied version."""
    rows = (version.blueprint or {}).get("items", []) if version is not None else []
    return {(kind, code): Item(kind, code, fields) for kind, code, fields in rows}


def put_setting(session: Session, name: str, value: Any) -> None:
    """Set a small value of the running city."""
    if session.execute(update(Setting).where(Setting.name == name).values(value=value)).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(Setting).values(name=name, value=value))


def running(session: Session, keys: Iterable[Key]) -> dict[Key, Item]:
    """Those of some items that are there, as they are now."""
    wanted = set(keys)
    readers = _readers()
    return {item.key: item for reader in readers.values() for item in reader(session) if item.key in wanted}


def everything(session: Session, kinds: Iterable[str]) -> list[Item]:
    """Every item of some kinds, whoever made it."""
    readers = _readers()
    return [item for kind in kinds for item in readers[kind](session)]


def _readers() -> dict[str, Callable[[Session], Iterator[Item]]]:
    return {
        "agency": _agencies, "base": _bases, "area": _areas, "setting": _settings, "property": _properties,
        "sensor": _sensors, "thing": _things, "datastream": _datastreams, "dataset": _datasets, "records": _records,
        "office": _offices, "crew": _crews, **practice_store.readers(),
    }  # fmt: skip


def observations(session: Session) -> dict[Key, int]:
    """How many observations each datastream, thing, sensor and property holds, and records each dataset, if any."""
    counts: dict[Key, int] = {}
    tables: tuple[tuple[str, Any, Any], ...] = (
        ("datastream", Datastream, Datastream.id), ("thing", Thing, Datastream.thing_id),
        ("sensor", Sensor, Datastream.sensor_id), ("property", ObservedProperty, Datastream.observed_property_id),
    )  # fmt: skip
    for kind, table, link in tables:
        query = select(table.code, func.sum(DatastreamState.count)).select_from(Datastream)
        if table is not Datastream:
            query = query.join(table, table.id == link)
        query = query.join(DatastreamState, DatastreamState.datastream_id == Datastream.id)
        rows = session.execute(query.where(table.code.is_not(None)).group_by(table.code))
        counts |= {(kind, code): int(count) for code, count in rows if count}
    for code, count in session.execute(select(Dataset.code, Dataset.count).where(Dataset.count > 0)):
        counts |= {("dataset", code): int(count), ("records", code): int(count)}
    return counts


def _agencies(session: Session) -> Iterator[Item]:
    parent = aliased(Agency)
    query = select(Agency.code, Agency.name, Agency.name_en, Agency.electronic_code, parent.code)
    for code, name, name_en, electronic, above in session.execute(
        query.outerjoin(parent, parent.id == Agency.parent_id)
    ):
        fields = {"name": name, "name_en": name_en, "electronic_code": electronic, "parent": above}
        yield Item("agency", code, flat(fields))


def _bases(session: Session) -> Iterator[Item]:
    for code, fields in (setting(session, BASE) or {}).items():
        yield Item("base", code, fields)


def _areas(session: Session) -> Iterator[Item]:
    for area in session.scalars(select(Area)):
        yield Item("area", area.code, flat({
            "name": area.name, "name_en": area.name_en, "kind": area.kind, "units": area.units,
            "valid_from": _day(area.valid_from), "valid_to": _day(area.valid_to), "properties": area.properties,
        }))  # fmt: skip


def _day(at: int | None) -> str | None:
    return None if at is None else clock.local_day(at).isoformat()


def _settings(session: Session) -> Iterator[Item]:
    for name, value in session.execute(select(Setting.name, Setting.value)):
        if name.partition(":")[0] in SETTINGS and isinstance(value, dict):
            yield Item("setting", name, flat(value))


def _properties(session: Session) -> Iterator[Item]:
    table = ObservedProperty
    query = select(table.code, table.name, table.description, table.definition, table.properties)
    for code, name, description, definition, properties in session.execute(query.where(table.code.is_not(None))):
        own = _own(properties)
        yield Item("property", code, flat({
            "name": name, "description": description, "definition": definition, "properties": own,
        }))  # fmt: skip


def _sensors(session: Session) -> Iterator[Item]:
    query = select(
        Sensor.code, Sensor.name, Sensor.description, Sensor.encoding_type, Sensor.metadata_, Sensor.properties
    ).where(Sensor.code.is_not(None))
    for code, name, description, encoding, metadata, properties in session.execute(query):
        yield Item("sensor", code, flat({
            "name": name, "description": description, "encodingType": encoding, "metadata": metadata,
            "properties": _own(properties),
        }))  # fmt: skip


def _things(session: Session) -> Iterator[Item]:
    """Things with the point of their location as given (the columns lon, lat are a label point of any geometry)."""
    points: dict[int, Any] = dict(
        session.execute(
            select(ThingLocation.thing_id, Location.location).join(Location, Location.id == ThingLocation.location_id)
        ).all()
    )
    query = (
        select(Thing.id, Thing.code, Thing.name, Thing.description, Thing.properties, Agency.code)
        .outerjoin(Agency, Agency.id == Thing.agency_id)
        .where(Thing.code.is_not(None))
    )
    for id_, code, name, description, properties, agency in session.execute(query):
        lon, lat, shape = _position(points.get(id_))
        yield Item("thing", str(code), flat({
            "name": name, "description": description, "lon": lon, "lat": lat, "shape": shape, "agency": agency,
            "properties": _own(properties),
        }))  # fmt: skip


def _position(location: Any) -> tuple[float | None, float | None, Any]:
    """Longitude and latitude of a point, or the geometry that is none."""
    value = location.get("geometry", location) if isinstance(location, dict) else None
    if not isinstance(value, dict) or not value.get("coordinates"):
        return None, None, None
    if value.get("type") == "Point":
        return value["coordinates"][0], value["coordinates"][1], None
    return None, None, value


def nameless(session: Session) -> int:
    """How many things have no code, by which a blueprint could speak of them."""
    return session.scalar(select(func.count()).select_from(Thing).where(Thing.code.is_(None))) or 0


def by_people(session: Session, code: str) -> bool:
    """Whether people, or others with keys of their own, wrote records of a dataset that stand now."""
    who = or_(Record.recorded_by.startswith("person:"), Record.recorded_by.startswith("key:"))
    query = select(Record.id).join(Dataset, Dataset.id == Record.dataset_id).where(Dataset.code == code, who)
    return session.scalars(query.limit(1)).first() is not None


def _datastreams(session: Session) -> Iterator[Item]:
    table = Datastream
    query = (
        select(
            table.code, table.name, table.description, table.observation_type, table.unit, table.properties,
            Thing.code, Sensor.code, ObservedProperty.code,
        )
        .join(Thing, Thing.id == table.thing_id)
        .join(Sensor, Sensor.id == table.sensor_id)
        .outerjoin(ObservedProperty, ObservedProperty.id == table.observed_property_id)
        .where(table.code.is_not(None))
    )  # fmt: skip
    for code, name, description, kind, unit, properties, thing, sensor, observed in session.execute(query):
        yield Item("datastream", str(code), flat({
            "name": name, "description": description, "observationType": kind, "unitOfMeasurement": unit,
            "thing": thing, "sensor": sensor, "property": observed, "properties": _own(properties),
        }))  # fmt: skip


def _datasets(session: Session) -> Iterator[Item]:
    query = select(Dataset, Agency.code).outerjoin(Agency, Agency.id == Dataset.agency_id)
    for one, agency in session.execute(query):
        yield Item("dataset", one.code, flat({
            "name": one.title, "title_en": one.title_en, "description": one.description,
            "description_en": one.description_en, "agency": agency, "sharing": one.sharing, "status": one.status,
            "schema": one.schema, "geometry_type": one.geometry_type, "key_field": one.key_field,
            "licence": one.licence, "frequency": one.frequency, "contact": one.contact, "keywords": one.keywords,
            "themes": one.themes, "sector": one.sector, "source": one.source, "source_url": one.source_url,
            "quality": one.quality, "style": one.style, "simulated": one.simulated,
        }))  # fmt: skip


def _records(session: Session) -> Iterator[Item]:
    """The files loaded, where their dataset is still there; after a change of any record the digest is another."""
    for code, held in (setting(session, RECORDS) or {}).items():
        now = mark(session, dataset_of(code))
        if now is None:
            continue
        fields = {name: value for name, value in held.items() if name not in ("mark", "keys")}
        if now != held["mark"]:
            fields["digest"] = held["digest"] + CHANGED
        yield Item("records", code, fields)


def _offices(session: Session) -> Iterator[Item]:
    """Which agency gets which cases; a rule is called by what it is about, so that a person's change of agency shows."""
    rule = OfficeRule
    query = select(rule.type, rule.category, rule.unit, Agency.code).join(Agency, Agency.id == rule.agency_id)
    for type_, category, unit, agency in session.execute(query):
        code = ".".join((type_, category or "*", unit or "*"))
        yield Item("office", code, flat({"type": type_, "category": category, "unit": unit, "agency": agency}))


def _crews(session: Session) -> Iterator[Item]:
    query = select(Crew, Agency.code).outerjoin(Agency, Agency.id == Crew.agency_id).where(Crew.active)
    for one, agency in session.execute(query):
        yield Item("crew", one.code, flat({
            "name": one.name, "agency": agency, "categories": one.categories, "lon": one.lon, "lat": one.lat,
        }))  # fmt: skip


def drop_office(session: Session, code: str) -> None:
    """Forget a rule, by the code `_offices` gives it."""
    type_, category, unit = (None if part == "*" else part for part in code.split("."))
    rule = OfficeRule
    session.execute(
        delete(rule).where(
            rule.type == type_, rule.category.is_not_distinct_from(category), rule.unit.is_not_distinct_from(unit)
        )
    )


def put_crew(session: Session, code: str, values: dict[str, Any]) -> None:
    """Have a crew be as said, at work again if it was not."""
    values = {**values, "active": True}
    if session.execute(update(Crew).where(Crew.code == code).values(**values)).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(insert(Crew).values(code=code, **values))


def rest_crew(session: Session, code: str) -> None:
    """Have a crew go out no more; what it did stays its own."""
    session.execute(update(Crew).where(Crew.code == code).values(active=False))


def records_at(session: Session, code: str, at: int) -> dict[str, dict[str, Any]]:
    """The records of a dataset as they stood at a moment (µs UTC), as features by their keys."""
    made: dict[str, dict[str, Any]] = {}
    old = RecordVersion
    for table, ended in ((Record, None), (old, old.superseded_at > at)):
        query = select(table.key, table.geojson, table.properties).join(Dataset, Dataset.id == table.dataset_id)
        query = query.where(Dataset.code == code, table.recorded_at <= at)
        for key, geojson, properties in session.execute(query if ended is None else query.where(ended)):
            shape = None if geojson is None else msgspec.json.decode(geojson)
            made[key] = {"type": "Feature", "geometry": shape, "properties": properties}
    return made


def mark(session: Session, code: str) -> str | None:
    """A short text that is another one after any change of a dataset's records; None when there is no such dataset."""
    query = (
        select(Dataset.id, func.count(Record.id), func.coalesce(func.sum(Record.version), 0), func.max(Record.id))
        .outerjoin(Record, Record.dataset_id == Dataset.id)
        .where(Dataset.code == code)
        .group_by(Dataset.id)
    )
    row = session.execute(query).first()
    return None if row is None else ".".join(str(int(value or 0)) for value in row[1:])


def loaded_at(session: Session, city: str, key: Key, digest: str) -> int | None:
    """When the city was applied first with a file of this digest (µs UTC); None when it never was."""
    query = select(CityVersion).where(CityVersion.city == city).order_by(CityVersion.id)
    for one in session.scalars(query):
        item = kept_items(one).get(key)
        if item is not None and item.fields.get("digest") == digest:
            return one.applied_at
    return None


def dataset_of(code: str) -> str:
    """The dataset of an item `records`: several cities may each load a file into one dataset (`lamps@ben-luc`)."""
    return code.partition("@")[0]


def clean(session: Session, dataset: str) -> list[str]:
    """The loaded files of a dataset whose records nobody changed since."""
    now = mark(session, dataset)
    held = setting(session, RECORDS) or {}
    return [code for code, one in held.items() if dataset_of(code) == dataset and one.get("mark") == now]


def mark_again(session: Session, dataset: str, codes: Iterable[str]) -> None:
    """Have some loaded files count as unchanged by hand: what changed their records was an apply."""
    held = dict(setting(session, RECORDS) or {})
    now = mark(session, dataset)
    put_setting(session, RECORDS, {**held, **{code: {**held[code], "mark": now} for code in codes if code in held}})


def others(session: Session, city: str) -> dict[str, CityVersion]:
    """The version applied last of every other city of this installation."""
    newest = select(func.max(CityVersion.id)).where(CityVersion.city != city).group_by(CityVersion.city)
    return {one.city: one for one in session.scalars(select(CityVersion).where(CityVersion.id.in_(newest)))}


def cities(session: Session) -> list[str]:
    """Every city applied here, the first one first."""
    query = select(CityVersion.city).group_by(CityVersion.city).order_by(func.min(CityVersion.id))
    return list(session.scalars(query))


def keep_file(session: Session, city: str, name: str, digest: str, content: bytes) -> None:
    """Keep a sketch as it is drawn. digest: of all sketches of that apply together."""
    if file(session, city, name, digest) is None:
        session.execute(insert(CityFile).values(city=city, name=name, digest=digest, content=content))


def file(session: Session, city: str, name: str, digest: str) -> bytes | None:
    """A sketch as it was drawn once; None when it was not kept."""
    one = CityFile
    return session.scalar(select(one.content).where(one.city == city, one.name == name, one.digest == digest))


def drop_setting(session: Session, name: str) -> None:
    """Forget a small value."""
    session.execute(delete(Setting).where(Setting.name == name))


def digest(content: bytes) -> str:
    """The digest of a file of records."""
    return hashlib.sha256(content).hexdigest()[:16]


def dataset(session: Session, code: str) -> Dataset | None:
    """A dataset by its code."""
    return session.scalars(select(Dataset).where(Dataset.code == code)).first()


def keys_of(session: Session, code: str) -> set[str] | None:
    """The records an item `records` may speak of, where another city loads into the same dataset; None: all of them."""
    held = setting(session, RECORDS) or {}
    others_ = [one for name, one in held.items() if name != code and dataset_of(name) == dataset_of(code)]
    if not others_:
        return None
    theirs = {key for one in others_ for key in one.get("keys", [])}
    return set(records_now(session, dataset_of(code))) - theirs


def records_now(session: Session, code: str) -> dict[str, dict[str, Any]]:
    """The records of a dataset as features by their keys."""
    query = select(Record.key, Record.geojson, Record.properties).join(Dataset, Dataset.id == Record.dataset_id)
    return {
        key: {
            "type": "Feature",
            "geometry": None if geojson is None else msgspec.json.decode(geojson),
            "properties": properties,
        }
        for key, geojson, properties in session.execute(query.where(Dataset.code == code))
    }


def _own(properties: Any) -> dict[str, Any]:
    return {key: value for key, value in (properties or {}).items() if key != "code"}


def change_agency(session: Session, code: str, values: dict[str, Any]) -> None:
    """Change an agency's names and place; parent is the code of the agency above."""
    parent = values.pop("parent", None)
    values["parent_id"] = session.scalars(select(Agency.id).where(Agency.code == parent)).first() if parent else None
    session.execute(update(Agency).where(Agency.code == code).values(**values))


def agency_ids(session: Session) -> dict[str, int]:
    """Agencies by code."""
    return {code: id_ for code, id_ in session.execute(select(Agency.code, Agency.id))}  # noqa: C416 - rows, not tuples


def give(session: Session, thing_id: int, agency_id: int | None) -> None:
    """Have a thing and its datastreams belong to an agency."""
    session.execute(update(Thing).where(Thing.id == thing_id).values(agency_id=agency_id))
    session.execute(update(Datastream).where(Datastream.thing_id == thing_id).values(agency_id=agency_id))


def drop_base(session: Session, city: str) -> None:
    """Forget which sketches of a city are drawn."""
    held = {code: fields for code, fields in (setting(session, BASE) or {}).items() if code != city}
    put_setting(session, BASE, held)


def encoded(items: Iterable[Item]) -> list[Any]:
    """Items as JSON rows."""
    rows: list[Any] = msgspec.to_builtins([[item.kind, item.code, item.fields] for item in items])
    return rows
