"""The entity types of OGC 18-088 and 17-079r1, clause 8 of both: their properties, where those are stored, and how they hang together.

Pure description; reading and writing both follow it. Datastream and MultiDatastream share a table (`multi`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from dothi.sensing import tables
from dothi.tasking import tables as tasking

Kind = Literal["text", "json", "instant", "span", "result"]


@dataclass(frozen=True)
class Property:
    """A JSON property and the columns it is kept in.

    kind: text; json (a JSON column or JSON text); instant (µs); span (µs start in `column`, µs end or NULL in
    `until`); result (a number in `column`, JSON text of anything else in `result_json`).
    geometry: the WKB column kept beside a GeoJSON property.
    derived: the server computes it; what a client sends is not stored in `column`.
    """

    name: str
    column: str
    kind: Kind = "text"
    mandatory: bool = False
    until: str | None = None
    geometry: str | None = None
    derived: bool = False


@dataclass(frozen=True)
class Pairs:
    """An association table: the column naming this entity, the one naming the target, and the order if any."""

    table: Any
    own: str
    target: str
    order: str | None = None


@dataclass(frozen=True)
class Link:
    """A navigation property, joined in one of three ways.

    column: a foreign key of this entity's own table (always to one).
    back: a foreign key of the target's table naming this entity (always to many).
    pairs: an association table (always to many).
    """

    name: str
    target: str
    many: bool
    column: str | None = None
    back: str | None = None
    pairs: Pairs | None = None
    mandatory: bool = False


@dataclass(frozen=True)
class Entity:
    """An entity type. `multi` picks the half of the datastream table that is meant."""

    name: str
    set_name: str
    table: Any
    properties: tuple[Property, ...]
    links: tuple[Link, ...]
    multi: bool | None = None

    @cached_property
    def property(self) -> Mapping[str, Property]:
        """The properties by JSON name."""
        return {p.name: p for p in self.properties}

    @cached_property
    def link(self) -> Mapping[str, Link]:
        """The navigation properties by name."""
        return {n.name: n for n in self.links}


_NAME = Property("name", "name", mandatory=True)
_DESCRIPTION = Property("description", "description", mandatory=True)
_PROPERTIES = Property("properties", "properties", "json")
_ENCODING = Property("encodingType", "encoding_type", mandatory=True)
_STREAM_TIMES = (
    Property("observedArea", "observed_area", "json"),
    # columns of datastream_state, kept by ingest
    Property("phenomenonTime", "first_at", "span", until="until", derived=True),
    Property("resultTime", "first_result_at", "span", until="last_result_at", derived=True),
    _PROPERTIES,
)

ENTITIES: tuple[Entity, ...] = (
    Entity(
        "Thing",
        "Things",
        tables.Thing,
        (_NAME, _DESCRIPTION, _PROPERTIES),
        (
            Link("Locations", "Location", many=True, pairs=Pairs(tables.ThingLocation, "thing_id", "location_id")),
            Link("HistoricalLocations", "HistoricalLocation", many=True, back="thing_id"),
            Link("Datastreams", "Datastream", many=True, back="thing_id"),
            Link("MultiDatastreams", "MultiDatastream", many=True, back="thing_id"),
            Link("TaskingCapabilities", "TaskingCapability", many=True, back="thing_id"),
            # not in the standard: a thing's actuators and tasks without going over its capabilities
            Link("Actuators", "Actuator", many=True, back="thing_id"),
            Link("Tasks", "Task", many=True, back="thing_id"),
        ),
    ),
    Entity(
        "Location",
        "Locations",
        tables.Location,
        (
            _NAME,
            _DESCRIPTION,
            _ENCODING,
            Property("location", "location", "json", mandatory=True, geometry="geometry"),
            _PROPERTIES,
        ),
        (
            Link("Things", "Thing", many=True, pairs=Pairs(tables.ThingLocation, "location_id", "thing_id")),
            Link(
                "HistoricalLocations",
                "HistoricalLocation",
                many=True,
                pairs=Pairs(tables.HistoricalLocationLocation, "location_id", "historical_location_id"),
            ),
        ),
    ),
    Entity(
        "HistoricalLocation",
        "HistoricalLocations",
        tables.HistoricalLocation,
        (Property("time", "time", "instant", mandatory=True),),
        (
            Link("Thing", "Thing", many=False, column="thing_id", mandatory=True),
            Link(
                "Locations",
                "Location",
                many=True,
                pairs=Pairs(tables.HistoricalLocationLocation, "historical_location_id", "location_id"),
                mandatory=True,
            ),
        ),
    ),
    Entity(
        "Datastream",
        "Datastreams",
        tables.Datastream,
        (
            _NAME,
            _DESCRIPTION,
            Property("observationType", "observation_type", mandatory=True),
            Property("unitOfMeasurement", "unit", "json", mandatory=True),
            *_STREAM_TIMES,
        ),
        (
            Link("Thing", "Thing", many=False, column="thing_id", mandatory=True),
            Link("Sensor", "Sensor", many=False, column="sensor_id", mandatory=True),
            Link("ObservedProperty", "ObservedProperty", many=False, column="observed_property_id", mandatory=True),
            Link("Observations", "Observation", many=True, back="datastream_id"),
        ),
        multi=False,
    ),
    Entity(
        "MultiDatastream",
        "MultiDatastreams",
        tables.Datastream,
        (
            _NAME,
            _DESCRIPTION,
            Property("observationType", "observation_type", mandatory=True),
            Property("multiObservationDataTypes", "observation_types", "json", mandatory=True),
            Property("unitOfMeasurements", "units", "json", mandatory=True),
            *_STREAM_TIMES,
        ),
        (
            Link("Thing", "Thing", many=False, column="thing_id", mandatory=True),
            Link("Sensor", "Sensor", many=False, column="sensor_id", mandatory=True),
            Link(
                "ObservedProperties",
                "ObservedProperty",
                many=True,
                pairs=Pairs(tables.DatastreamProperty, "datastream_id", "observed_property_id", "position"),
                mandatory=True,
            ),
            Link("Observations", "Observation", many=True, back="datastream_id"),
        ),
        multi=True,
    ),
    Entity(
        "Sensor",
        "Sensors",
        tables.Sensor,
        (_NAME, _DESCRIPTION, _ENCODING, Property("metadata", "metadata", "json", mandatory=True), _PROPERTIES),
        (
            Link("Datastreams", "Datastream", many=True, back="sensor_id"),
            Link("MultiDatastreams", "MultiDatastream", many=True, back="sensor_id"),
        ),
    ),
    Entity(
        "ObservedProperty",
        "ObservedProperties",
        tables.ObservedProperty,
        (_NAME, Property("definition", "definition", mandatory=True), _DESCRIPTION, _PROPERTIES),
        (
            Link("Datastreams", "Datastream", many=True, back="observed_property_id"),
            Link(
                "MultiDatastreams",
                "MultiDatastream",
                many=True,
                pairs=Pairs(tables.DatastreamProperty, "observed_property_id", "datastream_id"),
            ),
        ),
    ),
    Entity(
        "Observation",
        "Observations",
        tables.Observation,
        (
            Property("phenomenonTime", "at", "span", until="until"),  # the time of arrival when a client gives none
            Property("result", "result", "result", mandatory=True),
            Property("resultTime", "result_time", "instant"),  # NULL: the same as phenomenonTime's start
            Property("resultQuality", "quality", "json"),
            Property("validTime", "valid_from", "span", until="valid_until"),
            Property("parameters", "parameters", "json"),
        ),
        (
            # an observation has the one or the other
            Link("Datastream", "Datastream", many=False, column="datastream_id", mandatory=True),
            Link("MultiDatastream", "MultiDatastream", many=False, column="datastream_id", mandatory=True),
            # NULL: the feature_id of its datastream
            Link("FeatureOfInterest", "FeatureOfInterest", many=False, column="feature_id"),
        ),
    ),
    Entity(
        "FeatureOfInterest",
        "FeaturesOfInterest",
        tables.FeatureOfInterest,
        (
            _NAME,
            _DESCRIPTION,
            _ENCODING,
            Property("feature", "feature", "json", mandatory=True, geometry="geometry"),
            _PROPERTIES,
        ),
        (Link("Observations", "Observation", many=True, back="feature_id"),),
    ),
    # OGC 17-079r1 clause 8: tasking
    Entity(
        "TaskingCapability",
        "TaskingCapabilities",
        tasking.TaskingCapability,
        (_NAME, _DESCRIPTION, Property("taskingParameters", "tasking_parameters", "json", mandatory=True), _PROPERTIES),
        (
            Link("Thing", "Thing", many=False, column="thing_id", mandatory=True),
            Link("Actuator", "Actuator", many=False, column="actuator_id", mandatory=True),
            Link("Tasks", "Task", many=True, back="capability_id"),
        ),
    ),
    Entity(
        "Actuator",
        "Actuators",
        tasking.Actuator,
        (_NAME, _DESCRIPTION, _ENCODING, Property("metadata", "metadata", "json", mandatory=True), _PROPERTIES),
        (
            Link("TaskingCapabilities", "TaskingCapability", many=True, back="actuator_id"),
            Link("Tasks", "Task", many=True, back="actuator_id"),  # not in the standard
        ),
    ),
    Entity(
        "Task",
        "Tasks",
        tasking.Task,
        (
            Property("creationTime", "creation_time", "instant", derived=True),
            Property("taskingParameters", "tasking_parameters", "json", mandatory=True),
            _PROPERTIES,  # not in the standard: how it stands
        ),
        (Link("TaskingCapability", "TaskingCapability", many=False, column="capability_id", mandatory=True),),
    ),
)
# written through the tasking room
TASKING = frozenset({"TaskingCapability", "Actuator", "Task"})

BY_NAME: Mapping[str, Entity] = {entity.name: entity for entity in ENTITIES}
BY_SET: Mapping[str, Entity] = {entity.set_name: entity for entity in ENTITIES}


def observation_id(datastream: int, at: int) -> str:
    """The id of an observation in the interfaces, unquoted: its key, '<datastream>-<µs>'."""
    return f"{datastream}-{at}"


def observation_key(text: str) -> tuple[int, int] | None:
    """The (datastream, µs) an observation's id stands for; None when it is not of that form."""
    datastream, dash, at = text.partition("-")
    if not dash or not datastream.isascii() or not datastream.isdigit():
        return None
    digits = at.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(datastream) > 10 or len(digits) > 18:
        return None
    return int(datastream), int(at)
