"""What each SensorThings entity is made of (OGC 18-088 clause 8), and everything wrong with a body that is not so.

Pure: a JSON body goes in, a Draft (typed values, nested drafts and references) and all its faults come out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from dothi.kit.errors import Fault
from dothi.sensing import checks
from dothi.sensing.checks import GEOJSON, OM, Faults

Check = Callable[[Any, str, Faults], Any]
Mode = Literal["create", "update", "replace"]
ID = "@iot.id"
DEEPEST = 8  # entities nested in entities


@dataclass(frozen=True)
class Property:
    """A plain property: its name, the column that keeps it, and how a value is checked."""

    name: str
    column: str
    check: Check
    mandatory: bool = False
    default: Any = None


@dataclass(frozen=True)
class Link:
    """A navigation property. inverse: the same relation seen from the other entity."""

    name: str
    entity: str
    inverse: str
    many: bool = False
    mandatory: bool = False


@dataclass(frozen=True)
class Shape:
    """An entity type: its set's name, properties and links; ignored: what the server keeps itself."""

    name: str
    plural: str
    properties: tuple[Property, ...]
    links: tuple[Link, ...]
    ignored: tuple[str, ...] = ()

    def link(self, name: str) -> Link | None:
        """The link of this name."""
        return next((link for link in self.links if link.name == name), None)


@dataclass(frozen=True)
class Ref:
    """A reference to an entity that is there already."""

    entity: str
    id: int | str
    place: str


@dataclass
class Draft:
    """A checked body: values by column, and what each link names."""

    entity: str
    place: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    links: dict[str, list["Draft | Ref"]] = field(default_factory=dict)

    def walk(self) -> Iterator["Draft"]:
        """This draft and every draft inside it."""
        yield self
        for targets in self.links.values():
            for target in targets:
                if isinstance(target, Draft):
                    yield from target.walk()

    def references(self) -> Iterator[Ref]:
        """Every reference in this draft and the drafts inside it."""
        for draft_ in self.walk():
            for targets in draft_.links.values():
                yield from (target for target in targets if isinstance(target, Ref))


def _described(*more: Property, owned: bool = False) -> tuple[Property, ...]:
    return (
        Property("name", "name", checks.name, mandatory=True),
        Property("description", "description", checks.text, mandatory=True),
        Property("properties", "properties", checks.owned_object if owned else checks.an_object),
        *more,
    )


_STREAM_LINKS = (
    Link("Thing", "Thing", "Datastreams", mandatory=True),
    Link("Sensor", "Sensor", "Datastreams", mandatory=True),
    Link("ObservedProperty", "ObservedProperty", "Datastreams", mandatory=True),
    Link("Observations", "Observation", "Datastream", many=True),
)
_MULTI_LINKS = (
    Link("Thing", "Thing", "MultiDatastreams", mandatory=True),
    Link("Sensor", "Sensor", "MultiDatastreams", mandatory=True),
    Link("ObservedProperties", "ObservedProperty", "MultiDatastreams", many=True, mandatory=True),
    Link("Observations", "Observation", "MultiDatastream", many=True),
)
_AREA = Property("observedArea", "observed_area", checks.area)
_KEPT = ("phenomenonTime", "resultTime")  # the server derives them from the observations

SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("Thing", "Things", _described(owned=True), (
            Link("Locations", "Location", "Things", many=True),
            Link("HistoricalLocations", "HistoricalLocation", "Thing", many=True),
            Link("Datastreams", "Datastream", "Thing", many=True),
            Link("MultiDatastreams", "MultiDatastream", "Thing", many=True),
        )),
        Shape("Location", "Locations", _described(
            Property("encodingType", "encoding_type", checks.filled, mandatory=True),
            Property("location", "location", checks.anything, mandatory=True),
            owned=True,
        ), (
            Link("Things", "Thing", "Locations", many=True),
            Link("HistoricalLocations", "HistoricalLocation", "Locations", many=True),
        )),
        Shape("HistoricalLocation", "HistoricalLocations", (
            Property("time", "time", checks.instant, mandatory=True),
        ), (
            Link("Thing", "Thing", "HistoricalLocations", mandatory=True),
            Link("Locations", "Location", "HistoricalLocations", many=True, mandatory=True),
        )),
        Shape("Sensor", "Sensors", _described(
            Property("encodingType", "encoding_type", checks.filled, mandatory=True),
            Property("metadata", "metadata_", checks.anything, mandatory=True),
        ), (
            Link("Datastreams", "Datastream", "Sensor", many=True),
            Link("MultiDatastreams", "MultiDatastream", "Sensor", many=True),
        )),
        Shape("ObservedProperty", "ObservedProperties", _described(
            Property("definition", "definition", checks.text, mandatory=True),
        ), (
            Link("Datastreams", "Datastream", "ObservedProperty", many=True),
            Link("MultiDatastreams", "MultiDatastream", "ObservedProperties", many=True),
        )),
        Shape("FeatureOfInterest", "FeaturesOfInterest", _described(
            Property("encodingType", "encoding_type", checks.filled, mandatory=True),
            Property("feature", "feature", checks.anything, mandatory=True),
            owned=True,
        ), (
            Link("Observations", "Observation", "FeatureOfInterest", many=True),
        )),
        Shape("Datastream", "Datastreams", _described(
            Property("unitOfMeasurement", "unit", checks.unit, mandatory=True),
            Property("observationType", "observation_type", checks.observation_type, mandatory=True),
            _AREA,
        ), _STREAM_LINKS, _KEPT),
        Shape("MultiDatastream", "MultiDatastreams", _described(
            Property("unitOfMeasurements", "units", checks.units, mandatory=True),
            Property("multiObservationDataTypes", "observation_types", checks.observation_types, mandatory=True),
            Property("observationType", "observation_type", checks.observation_type, default=OM + "OM_ComplexObservation"),
            _AREA,
        ), _MULTI_LINKS, _KEPT),
        # its properties are decoded by sensing.decode, as on the hot path
        Shape("Observation", "Observations", (), (
            Link("Datastream", "Datastream", "Observations"),
            Link("MultiDatastream", "MultiDatastream", "Observations"),
            Link("FeatureOfInterest", "FeatureOfInterest", "Observations"),
        )),
    )
}  # fmt: skip
SETS = {shape.plural: shape.name for shape in SHAPES.values()}
GEOMETRIES = {"Location": "location", "FeatureOfInterest": "feature"}
OBSERVATION = ("phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters")


def draft(
    entity: str, body: Any, place: str = "", *, given: str | None = None, mode: Mode = "create", depth: int = 0
) -> tuple[Draft, Faults]:
    """The draft of a body, and all its faults.

    given: the link that the path or the surrounding entity already settles. mode: in an update nothing is mandatory; in
    an update and a replacement related entities may be referenced, not created (18-088 clause 10.3).
    """
    made, faults = Draft(entity, place), Faults()
    if depth == 0:
        checks.clean(body, place, faults)
    if not isinstance(body, dict):
        faults.append(
            Fault(place or "body", f"{checks.short(body)} is not a JSON object", f"the properties of a {entity}")
        )
        return made, faults
    if depth > DEEPEST:
        faults.append(Fault(place, "entities are nested too deep", f"{DEEPEST} levels"))
        return made, faults
    if faults and depth == 0:
        return made, faults
    shape = SHAPES[entity]
    _plain(shape, body, made, faults, mode=mode)
    for link in shape.links:
        where = checks.inside(place, link.name)
        if body.get(link.name) is None:
            if link.mandatory and link.name != given and (mode == "create" or link.name in body):
                faults.append(Fault(where, f"a {entity} needs its {link.name}", f'{{"{ID}": <id>}} or a {link.entity}'))
            continue
        if link.name == given and not link.many:
            continue  # the path decides; a repeated link is harmless
        made.links[link.name] = _targets(link, body[link.name], where, faults, mode=mode, depth=depth)
    _unknown(shape, body, place, faults)
    _whole(made, body, given, faults, mode=mode)
    return made, faults


def _plain(shape: Shape, body: dict[str, Any], made: Draft, faults: Faults, *, mode: Mode) -> None:
    if shape.name == "Observation":
        made.values = {name: body[name] for name in OBSERVATION if name in body}
        return
    for one in shape.properties:
        where = checks.inside(made.place, one.name)
        if body.get(one.name) is not None:
            made.values[one.column] = one.check(body[one.name], where, faults)
        elif one.mandatory and (mode != "update" or one.name in body):
            faults.append(Fault(where, "is missing" if one.name not in body else "must not be null", _allowed(one)))
        elif one.name in body or mode != "update":
            made.values[one.column] = one.default
    kept = GEOMETRIES.get(shape.name)
    if kept and made.values.get("encoding_type") in GEOJSON and made.values.get(kept) is not None:
        checks.geometry(made.values[kept], checks.inside(made.place, kept), faults)


def _targets(link: Link, value: Any, where: str, faults: Faults, *, mode: Mode, depth: int) -> list[Draft | Ref]:
    if link.many and not isinstance(value, list):
        faults.append(Fault(where, f"{checks.short(value)} is not a list", f"a list of {link.entity}"))
        return []
    if link.many and link.mandatory and not value:
        faults.append(Fault(where, "the list is empty", f"at least one {link.entity}"))
    if not link.many:
        return [_target(link, value, where, faults, mode=mode, depth=depth)]
    return [_target(link, one, f"{where}[{i}]", faults, mode=mode, depth=depth) for i, one in enumerate(value)]


def _target(link: Link, value: Any, where: str, faults: Faults, *, mode: Mode, depth: int) -> Draft | Ref:
    if isinstance(value, dict) and ID in value:
        return Ref(link.entity, entity_id(link.entity, value[ID], checks.inside(where, ID), faults), where)
    if mode != "create" and isinstance(value, dict):
        allowed = f'{{"{ID}": <id>}}; create it with POST'
        faults.append(Fault(where, "an update links entities, it does not create them", allowed))
        return Ref(link.entity, 0, where)
    nested, more = draft(link.entity, value, where, given=link.inverse, depth=depth + 1)
    faults += more
    return nested


def entity_id(entity: str, value: Any, place: str, faults: Faults) -> int | str:
    """An entity's id as it stands in JSON: a whole number, or an Observation's '<datastream>-<µs>'."""
    if entity == "Observation":
        if isinstance(value, str) and decode_key(value) is not None:
            return value
        faults.append(Fault(place, f"{checks.short(value)} is not the id of an Observation", "'<datastream>-<µs>'"))
        return ""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        faults.append(Fault(place, f"{checks.short(value)} is not an id of ours", "a whole number"))
        return 0
    return value


def decode_key(text: str) -> tuple[int, int] | None:
    """Datastream and instant (µs UTC) of an Observation's id; None when it is none."""
    stream, dash, at = text.partition("-")
    if not dash or not stream.isascii() or not stream.isdigit() or not at.isascii() or len(text) > 40:
        return None
    if not at.removeprefix("-").isdigit() or int(stream) >= 2**31 or abs(int(at)) >= 2**63:
        return None
    return int(stream), int(at)


def _unknown(shape: Shape, body: dict[str, Any], place: str, faults: Faults) -> None:
    names = [one.name for one in shape.properties] or list(OBSERVATION)
    links = [link.name for link in shape.links]
    for key in body:
        if "@" not in key and key not in names and key not in links and key not in shape.ignored:
            faults.append(
                Fault(checks.inside(place, key), f"a {shape.name} has no such property", ", ".join(names + links))
            )


def _whole(made: Draft, body: dict[str, Any], given: str | None, faults: Faults, *, mode: Mode) -> None:
    """What concerns several properties together."""
    if made.entity == "Observation" and mode == "create":
        streams = [name for name in ("Datastream", "MultiDatastream") if name in made.links or name == given]
        if len(streams) != 1:
            message = "names both a Datastream and a MultiDatastream" if streams else "names no Datastream"
            faults.append(
                Fault(checks.inside(made.place, "Datastream"), f"the Observation {message}", "exactly one of them")
            )
    if made.entity == "Observation" and mode != "update" and "result" not in body:
        faults.append(Fault(checks.inside(made.place, "result"), "is missing", "any JSON value"))
    if made.entity == "MultiDatastream" and mode == "create":
        lengths = {
            "unitOfMeasurements": made.values.get("units"),
            "multiObservationDataTypes": made.values.get("observation_types"),
            "ObservedProperties": made.links.get("ObservedProperties"),
        }
        counts = {name: len(value) for name, value in lengths.items() if value}
        if len(set(counts.values())) > 1:
            found = ", ".join(f"{count} {name}" for name, count in counts.items())
            faults.append(Fault(made.place or "body", f"{found} do not go together", "as many of each"))


def _allowed(one: Property) -> str:
    kinds: dict[Check, str] = {checks.name: "text", checks.text: "text", checks.filled: "text", checks.unit: "name, symbol and definition",
             checks.observation_type: "an observation type", checks.instant: "an ISO 8601 instant"}  # fmt: skip
    return kinds.get(one.check, "a value")
