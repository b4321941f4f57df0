"""city.yaml: a city as a folder that names its places, agencies, sectors and sensors."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from dothi import packs
from dothi.city import inputs as typed
from dothi.city import weave
from dothi.city.practice import Goal, Rule, Schedule, Status
from dothi.packs.lines import Source
from dothi.sensing.sectors import Code, StationLevel

Sharing = Literal["restricted", "shared", "open"]
Place = tuple[str | int, ...]
SensorCode = Annotated[str, Field(min_length=1, max_length=120)]


class Area(packs.Strict):
    """The city as a named area made of administrative units; valid_to is exclusive."""

    code: Code
    kind: str = "pilot-city"
    name: packs.Text
    units: list[Annotated[str, Field(pattern=r"^\d{2,5}$")]]
    valid_from: date | None = None
    valid_to: date | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


class Places(packs.Strict):
    """Areas, and the folder's own sketches: base (river, roads) and wards, GeoJSON files beside city.yaml."""

    areas: list[Area]
    base: str | None = None
    wards: str | None = None


class Agency(packs.Strict):
    """An office. electronic_code: mã định danh điện tử."""

    code: Code
    name: packs.Text
    electronic_code: str | None = None
    parent: Code | None = None


class Model(packs.Strict):
    """A sensor model or procedure (SensorThings Sensor)."""

    code: Code
    name: str
    description: packs.Text
    properties: dict[str, Any] = Field(default_factory=dict)


class Stream(packs.Strict):
    """A datastream of each thing of a group. levels: a station of the sector's table, or this station's own."""

    property: Code
    model: Code | None = None
    every_seconds: float | None = Field(None, gt=0)
    station: Code | None = None
    levels: dict[Code, StationLevel] | None = None
    levels_source: str | None = None
    properties: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> "Stream":
        if self.station is not None and self.levels is not None:
            raise ValueError("takes its levels from a station or gives its own, not both")
        return self


class Point(packs.Strict):
    """A thing at a place of its own."""

    code: SensorCode | None = None
    name: packs.Text | None = None
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    properties: dict[str, Any] = Field(default_factory=dict)


class Along(packs.Strict):
    """Things along a line of the base map, by its name. Metres; offset: to the side, turn by turn."""

    name: str
    every: float = Field(gt=0)
    start: float = Field(0, ge=0)
    offset: float = 0
    most: int | None = Field(None, gt=0)
    properties: dict[str, Any] = Field(default_factory=dict)


class Grid(packs.Strict):
    """Things on a grid inside wards (all of the city's, or those named), `every` metres apart."""

    every: float = Field(gt=0)
    wards: list[str] = Field(default_factory=list)
    most: int | None = Field(None, gt=0)


class Around(packs.Strict):
    """`count` things spread over a disc of `radius` metres."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    radius: float = Field(gt=0)
    count: int = Field(gt=0)


class At(packs.Strict):
    """Where the things of a group are: one way or several together, numbered in this order."""

    points: list[Point] = Field(default_factory=list)
    along: list[Along] = Field(default_factory=list)
    grid: Grid | None = None
    around: list[Around] = Field(default_factory=list)

    @model_validator(mode="after")
    def _somewhere(self) -> "At":
        if not (self.points or self.along or self.grid or self.around):
            raise ValueError("says no place; give points, along, grid or around")
        return self


class Group(packs.Strict):
    """Things alike. code and name may hold {n} (number in the group, {n:03}), {road} (the line) and {city}.

    sector: left out in a sector's own file.
    """

    code: SensorCode
    name: packs.Text
    description: packs.Text | None = None
    sector: Code = ""
    agency: Code
    model: Code
    sharing: Sharing = "open"
    official: bool = False
    simulated: bool | None = None
    properties: dict[str, Any] = Field(default_factory=dict)
    at: At
    datastreams: list[Stream]


Contact = dict[Literal["name", "email", "phone", "url"], str]


class DatasetUse(packs.Strict):
    """A declared dataset taken up by this city. file: GeoJSON beside city.yaml whose features are its records."""

    agency: Code
    sharing: Sharing = "restricted"
    file: str | None = None
    simulated: bool | None = None
    licence: str | None = None
    contact: Contact | None = None
    source: str | None = None
    source_url: str | None = None
    quality: str | None = None


class Catalogue(packs.Strict):
    """What the city's datasets say of themselves where nothing else is said. licence: of open ones; contact: an office."""

    licence: str | None = None
    contact: Contact | None = None


class Actuators(packs.Strict):
    """Actuators of one kind (of the pack's tasking.yaml) on things of this city. things: codes, `*` for any letters."""

    kind: Code
    things: list[SensorCode] = Field(min_length=1)
    simulated: bool | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


class Feed(packs.Strict):
    """The address at which this city finds an outside feed its pack declares. credentials: the name of a secret."""

    url: str | None = None
    file: str | None = None
    every_seconds: float | None = Field(None, gt=0)
    credentials: str | None = None
    simulated: bool | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


class Override(packs.Strict):
    """A value of the sector's pack this city sets otherwise. at: file, then keys; things with codes by their code."""

    at: str = Field(min_length=3)
    value: Any
    source: str = Field(min_length=3)


class SectorUse(packs.Strict):
    """A sector switched on and what this city says of it: `sectors/<code>.yaml`, or under `sectors` in city.yaml.

    stale_minutes: by property, where this city is more or less patient than the pack. rules: beside the pack's;
    switched: the pack's own that stand otherwise here, by code; targets: by indicator.
    """

    stale_minutes: dict[Code, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    models: list[Model] = Field(default_factory=list)
    sensors: list[Group] = Field(default_factory=list)
    datasets: dict[Code, DatasetUse] = Field(default_factory=dict)
    actuators: list[Actuators] = Field(default_factory=list)
    feeds: dict[Code, Feed] = Field(default_factory=dict)
    overrides: list[Override] = Field(default_factory=list)
    rules: list[Rule] = Field(default_factory=list)
    switched: dict[Code, Status] = Field(default_factory=dict)
    schedules: list[Schedule] = Field(default_factory=list)
    targets: dict[Code, list[Goal]] = Field(default_factory=dict)
    inputs: dict[str, Any] = Field(default_factory=dict)  # declared here for this sector; `load` puts them together


class Office(packs.Strict):
    """Which agency gets the new cases of a type: of these categories (of dossiers: services) and wards, or of all."""

    type: Code
    agency: Code
    categories: list[Code] = Field(default_factory=list)
    wards: list[Annotated[str, Field(pattern=r"^\d{2,5}$")]] = Field(default_factory=list)


class Crew(packs.Strict):
    """People who go out together. categories: what they can do, none: everything of their agency; lon, lat: their yard."""

    code: Code
    name: str = Field(min_length=1, max_length=120)
    agency: Code
    categories: list[Code] = Field(default_factory=list)
    lon: float | None = Field(None, ge=-180, le=180)
    lat: float | None = Field(None, ge=-90, le=90)


class Cases(packs.Strict):
    """Who handles what people report and file."""

    offices: list[Office] = Field(default_factory=list)
    crews: list[Crew] = Field(default_factory=list)


class Adjusted(packs.Strict):
    """One item as people had it in the city this blueprint was exported from. fields: over those made; gone: left out."""

    kind: Literal[
        "agency", "area", "property", "sensor", "thing", "datastream", "dataset", "records", "office", "crew",
        "rule", "switch", "schedule", "target",
    ]  # fmt: skip
    code: str
    fields: dict[str, Any] = Field(default_factory=dict)
    without: list[str] = Field(default_factory=list)
    gone: bool = False


class Blueprint(packs.Strict):
    """The whole of a city: city.yaml and its sectors' files."""

    city: Code
    version: str
    name: packs.Text
    summary: packs.Text | None = None
    simulated: bool = False
    centre: tuple[float, float]
    zoom: float = 13
    places: Places
    agencies: list[Agency] = Field(default_factory=list)
    sectors: dict[Code, SectorUse]
    models: list[Model] = Field(default_factory=list)
    sensors: list[Group] = Field(default_factory=list)
    datasets: dict[Code, DatasetUse] = Field(default_factory=dict)
    catalogue: Catalogue = Catalogue()
    cases: Cases = Cases()
    rules: list[Rule] = Field(default_factory=list)
    prefix: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}-$")] | None = None
    adjust: list[Adjusted] = Field(default_factory=list)
    from_: Code | None = Field(None, alias="from")
    inputs: dict[str, Any] = Field(default_factory=dict)  # by `load`: their values
    _declared: dict[str, typed.Input] = PrivateAttr(default_factory=dict)
    _written: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def declared(self) -> dict[str, typed.Input]:
        """The inputs this city's files declare, by name."""
        return self._declared

    @property
    def written(self) -> dict[str, Any]:
        """The whole as its files say it, put together, `${…}` not filled in and each input with its value as default."""
        return self._written

    def groups(self) -> Iterator[tuple[Place, Group]]:
        """Every group of sensors with its key: city.yaml's, then each sector's own."""
        for i, one in enumerate(self.sensors):
            yield ("sensors", i), one
        for code, use in self.sectors.items():
            for i, one in enumerate(use.sensors):
                yield ("sectors", code, "sensors", i), one if one.sector else one.model_copy(update={"sector": code})

    def all_models(self) -> Iterator[tuple[Place, Model]]:
        """Every sensor model with its key."""
        for i, one in enumerate(self.models):
            yield ("models", i), one
        for code, use in self.sectors.items():
            for i, one in enumerate(use.models):
                yield ("sectors", code, "models", i), one

    def taken(self) -> dict[str, tuple[Place, DatasetUse]]:
        """Every dataset taken up, by code, with its key."""
        made: dict[str, tuple[Place, DatasetUse]] = {c: (("datasets", c), one) for c, one in self.datasets.items()}
        for sector, use in self.sectors.items():
            made |= {c: (("sectors", sector, "datasets", c), one) for c, one in use.datasets.items()}
        return made


def load(folder: Path) -> tuple[Blueprint, Source]:
    """A city's blueprint and the lines of its keys. Raises BadInput with every fault of its shape.

    folder: the city's folder, or its city.yaml.
    """
    path = weave.file(folder)
    found = weave.gather(path)
    name = f"{path.parent.name}/{path.name}"
    packs.refuse(found.faults, name)
    inputs = typed.resolve(found.inputs)
    node = typed.fill(found.node, inputs)
    faults = [*inputs.faults, *typed.unused(inputs)]
    source = weave.woven(node, name)
    made = packs.shaped(source, Blueprint)
    packs.refuse([*faults, *source.faults], name)
    assert made is not None  # noqa: S101 - no faults, so there is a model
    made = made.model_copy(update={"inputs": inputs.plain, "from_": found.made_from})
    made._declared = inputs.declared  # noqa: SLF001 - its own module
    made._written = {**weave.plain(found.node), "inputs": typed.written(inputs)}  # noqa: SLF001
    return made, source
