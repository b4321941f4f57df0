"""What the sector packs teach sensing: properties, units, limits, indices, and when a value is a worry."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dothi import packs
from dothi.datasets import declared  # teaches packs the file datasets.yaml
from dothi.kit import text as texts
from dothi.kit.errors import Fault
from dothi.web import icons

State = Literal["normal", "minor", "major", "critical", "offline", "nodata"]
Judged = Literal["normal", "minor", "major", "critical"]
Certainty = Literal["verified", "second-hand", "from-memory", "assumed", "unknown"]
SEVERITY: dict[str, int] = {"nodata": 0, "offline": 1, "normal": 2, "minor": 3, "major": 4, "critical": 5}
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]


class Unit(packs.Strict):
    """A unit: its UCUM code, the symbol people read, its name."""

    ucum: str
    symbol: packs.Text | str
    name: str = ""

    def shown(self, language: str = "vi") -> str:
        """The symbol in a language."""
        return self.symbol.of(language) if isinstance(self.symbol, packs.Text) else self.symbol

    def sensorthings(self) -> dict[str, str]:
        """The unit as a SensorThings unitOfMeasurement."""
        return {"name": self.name or self.shown("en"), "symbol": self.shown("vi"), "definition": f"ucum:{self.ucum}"}


class Limit(packs.Strict):
    """A limit of a regulation or of practice, for one averaging time and one stretch of days."""

    averaging: str
    value: float
    valid_from: date | None = None
    valid_to: date | None = None  # exclusive
    source: str
    certainty: Certainty


class When(packs.Strict):
    """One line of a state rule: the first line that fits a value decides."""

    above: float | None = None
    from_: float | None = Field(None, alias="from")
    below: float | None = None
    to: float | None = None
    equals: str | bool | None = None
    state: Judged
    word: packs.Text

    @model_validator(mode="after")
    def _says_when(self) -> "When":
        if all(v is None for v in (self.above, self.from_, self.below, self.to, self.equals)):
            raise ValueError("says no condition; give one of above, from, below, to, equals")
        return self

    def fits(self, value: float | str | bool) -> bool:
        """Whether the line speaks about this value."""
        if self.equals is not None:
            return value == self.equals
        if isinstance(value, str | bool):
            return False
        return (
            (self.above is None or value > self.above)
            and (self.from_ is None or value >= self.from_)
            and (self.below is None or value < self.below)
            and (self.to is None or value <= self.to)
        )


class AlarmLevel(packs.Strict):
    """One of the named levels whose value each station sets for itself (báo động I, II, III)."""

    code: Code
    name: packs.Text
    state: Judged
    advice: packs.Text


class Rule(packs.Strict):
    """How a value becomes a state: fixed thresholds, the levels of an index, or levels each station has."""

    stale_minutes: float = Field(gt=0)
    when: list[When] = Field(default_factory=list)
    index: Code | None = None
    levels: list[AlarmLevel] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_way(self) -> "Rule":
        if sum(map(bool, (self.when, self.index, self.levels))) > 1:
            raise ValueError("judges in more than one way; give one of when, index, levels")
        return self


class Property(packs.Strict):
    """An observed property."""

    code: Code
    name: packs.Text
    description: packs.Text | None = None
    definition: str
    model: declared.Modelled | None = None
    unit: Unit
    decimals: int = Field(ge=0, le=6)
    plausible: tuple[float, float] | None = None
    aliases: list[str] = Field(default_factory=list)
    molar_mass: float | None = Field(None, gt=0)  # g/mol, of a gas
    kind: Literal["measurement", "count", "truth", "category"] = "measurement"
    limits: list[Limit] = Field(default_factory=list)
    state: Rule

    @model_validator(mode="after")
    def _in_order(self) -> "Property":
        if self.plausible is not None and self.plausible[0] >= self.plausible[1]:
            raise packs.Wrong("the smallest value is not below the largest", "plausible", allowed="[smallest, largest]")
        return self

    def limits_on(self, day: date) -> list[Limit]:
        """The limits in force on a day."""
        return [
            one for one in self.limits
            if (one.valid_from is None or one.valid_from <= day) and (one.valid_to is None or day < one.valid_to)
        ]  # fmt: skip


class ObservedProperties(packs.Strict):
    """observed_properties.yaml."""

    properties: list[Property]


class Sector(packs.Strict):
    """sector.yaml: the manifest."""

    code: Code
    version: int
    title: packs.Text
    summary: packs.Text
    icon: str
    headline: list[Code]  # properties by importance: which value speaks for a thing


class Level(packs.Strict):
    """A level of an index, with what it means for people. to: the highest index value of the level."""

    code: Code
    to: int
    name: packs.Text
    colour: str = Field(pattern=r"^#[0-9A-F]{6}$")
    colour_name: packs.Text
    state: Judged
    advice: packs.Text
    advice_sensitive: packs.Text


class Column(packs.Strict):
    """Breakpoints of one pollutant at one averaging, µg/m³, beside the index's steps (a shorter column ends early)."""

    property: Code
    averaging: Literal["1h", "8h", "pm"]  # pm: Nowcast in the hourly index, 24 hours in the daily one
    breakpoints: list[float]


class Index(packs.Strict):
    """An index made of sub-indices between breakpoints."""

    code: Code
    name: packs.Text
    source: str
    method: packs.Text
    steps: list[int]
    columns: dict[Code, Column]
    needs_one_of: list[Code]
    complete: float = Field(gt=0, le=1)
    complete_source: str
    levels: list[Level]

    def level(self, value: int) -> Level:
        """The level an index value lies in."""
        return next((one for one in self.levels if value <= one.to), self.levels[-1])


class Indices(packs.Strict):
    """indices.yaml."""

    indices: list[Index]


class StationLevel(packs.Strict):
    """A station's own value of an alarm level; null stays unknown."""

    value: float | None = None
    certainty: Certainty
    note: str | None = None

    @model_validator(mode="after")
    def _honest(self) -> "StationLevel":
        if (self.value is None) != (self.certainty == "unknown"):
            raise ValueError("a level without a value has the certainty unknown, and only such a level")
        return self


class Station(packs.Strict):
    """The alarm levels of one gauging station, metres above the station's own datum."""

    code: Code
    name: str
    river: str
    lon: float | None = None
    lat: float | None = None
    levels: dict[Code, StationLevel]
    source: str


class AlarmLevels(packs.Strict):
    """alarm_levels.yaml."""

    property: Code
    source: str
    stations: list[Station]


packs.schema("sector.yaml", Sector)
packs.schema("observed_properties.yaml", ObservedProperties)
packs.schema("indices.yaml", Indices)
packs.schema("alarm_levels.yaml", AlarmLevels)


@dataclass(frozen=True)
class Sectors:
    """All packs together, by code. order: of properties, most telling first."""

    packs: dict[str, packs.Pack]
    sectors: dict[str, Sector]
    properties: dict[str, Property]
    sector_of: dict[str, str]
    order: dict[str, int]
    indices: dict[str, Index]
    stations: dict[str, Station]
    aliases: dict[str, str]
    datasets: dict[str, tuple[str, declared.Declared]]  # with the sector that declares it

    def property_of(self, code: str | None, name: str | None = None) -> Property | None:
        """The property of a code, or of a name somebody wrote (`PM2.5`, `bụi mịn`)."""
        if code and code in self.properties:
            return self.properties[code]
        for written in (code, name):
            if written and (found := self.aliases.get(plain(written))):
                return self.properties[found]
        return None


def plain(written: str) -> str:
    """A property's name as it is compared: folded, only letters and digits."""
    return "".join(c for c in texts.fold(written) if c.isalnum())


@packs.renewed
@lru_cache(maxsize=1)
def sectors() -> Sectors:
    """The packs shipped with this installation, read once. Raises BadInput with every fault."""
    return together(packs.load(packs.content_path("sectors")))


def together(found: dict[str, packs.Pack]) -> Sectors:
    """Some packs as one body of knowledge."""
    manifests = {code: pack.files["sector.yaml"] for code, pack in found.items() if "sector.yaml" in pack.files}
    properties: dict[str, Property] = {}
    sector_of: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for sector, _, _, one in _properties(found):
        properties[one.code] = one
        sector_of[one.code] = sector
        for written in (one.code, one.name.vi, one.name.en, *one.aliases):
            aliases.setdefault(plain(written), one.code)
    headlines = [code for manifest in manifests.values() for code in manifest.headline]
    order = {code: i for i, code in enumerate([*headlines, *(c for c in properties if c not in headlines)])}
    return Sectors(
        found, manifests, properties, sector_of, order,
        {one.code: one for _, pack in _with(found, "indices.yaml") for one in pack.indices},
        {one.code: one for _, pack in _with(found, "alarm_levels.yaml") for one in pack.stations},
        aliases,
        declared.declared(found),
    )  # fmt: skip


def _with(found: dict[str, packs.Pack], file: str) -> Iterator[tuple[packs.Pack, Any]]:
    for pack in found.values():
        if pack.files.get(file) is not None:
            yield pack, pack.files[file]


def _own(pack: packs.Pack) -> list[Property]:
    file: ObservedProperties | None = pack.files.get("observed_properties.yaml")
    return file.properties if file is not None else []


def _properties(found: dict[str, packs.Pack]) -> Iterator[tuple[str, packs.Pack, int, Property]]:
    for pack, file in _with(found, "observed_properties.yaml"):
        for i, one in enumerate(file.properties):
            yield pack.code, pack, i, one


def properties_of(found: dict[str, packs.Pack]) -> dict[str, Property]:
    """The properties some packs declare, by code."""
    return {one.code: one for _, _, _, one in _properties(found)}


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Names across files: codes given once, references that lead somewhere, columns as long as the steps."""
    seen: dict[str, str] = {}
    file = "observed_properties.yaml"
    indices = [one.code for _, given in _with(found, "indices.yaml") for one in given.indices]
    for sector, pack, i, one in _properties(found):
        if one.code in seen:
            yield pack.fault(file, ("properties", i, "code"), f'property "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, sector)
        if one.state.index and one.state.index not in indices:
            yield pack.fault(file, ("properties", i, "state", "index"), f'no index "{one.state.index}"',
                             near=(one.state.index, indices), allowed=", ".join(indices))  # fmt: skip
    levels = {
        code: {level.code for level in one.state.levels} for _, _, _, one in _properties(found) for code in (one.code,)
    }
    yield from _manifest_faults(found, list(seen))
    yield from _index_faults(found, list(seen))
    yield from _station_faults(found, levels)


def _manifest_faults(found: dict[str, packs.Pack], codes: list[str]) -> Iterable[Fault]:
    for pack in found.values():
        manifest: Sector | None = pack.files.get("sector.yaml")
        if manifest is None:
            yield Fault(f"sectors/{pack.code}", "the pack has no manifest", "sector.yaml")
            continue
        if manifest.code != pack.code:
            yield pack.fault(
                "sector.yaml", ("code",), f'the folder is called "{pack.code}", the sector "{manifest.code}"'
            )
        if manifest.icon not in icons.names():
            yield pack.fault("sector.yaml", ("icon",), f'no icon "{manifest.icon}"',
                             near=(manifest.icon, list(icons.names())), allowed=", ".join(icons.names()))  # fmt: skip
        for i, code in enumerate(manifest.headline):
            if code not in codes:
                own = [one.code for one in _own(pack)]
                yield pack.fault("sector.yaml", ("headline", i), f'no property "{code}"', near=(code, codes),
                                 allowed=", ".join(own))  # fmt: skip


def _index_faults(found: dict[str, packs.Pack], codes: list[str]) -> Iterable[Fault]:
    for pack, file in _with(found, "indices.yaml"):
        for i, index in enumerate(file.indices):
            for name, column in index.columns.items():
                path = ("indices", i, "columns", name)
                if column.property not in codes:
                    yield pack.fault("indices.yaml", (*path, "property"), f'no property "{column.property}"',
                                     near=(column.property, codes))  # fmt: skip
                if len(column.breakpoints) > len(index.steps) or column.breakpoints != sorted(set(column.breakpoints)):
                    yield pack.fault("indices.yaml", (*path, "breakpoints"), "breakpoints must rise, one beside each step",
                                     allowed=f"at most {len(index.steps)} rising numbers")  # fmt: skip
            measured = {column.property for column in index.columns.values()}
            for j, code in enumerate(index.needs_one_of):
                if code not in measured:
                    yield pack.fault("indices.yaml", ("indices", i, "needs_one_of", j), f'no column measures "{code}"',
                                     near=(code, sorted(measured)), allowed=", ".join(sorted(measured)))  # fmt: skip


def _station_faults(found: dict[str, packs.Pack], levels: dict[str, set[str]]) -> Iterable[Fault]:
    for pack, file in _with(found, "alarm_levels.yaml"):
        known = levels.get(file.property)
        if not known:
            yield pack.fault("alarm_levels.yaml", ("property",), f'no property "{file.property}" with levels',
                             near=(file.property, list(levels)))  # fmt: skip
            continue
        for i, station in enumerate(file.stations):
            for code in station.levels:
                if code not in known:
                    yield pack.fault("alarm_levels.yaml", ("stations", i, "levels", code), f'no level "{code}"',
                                     near=(code, sorted(known)), allowed=", ".join(sorted(known)))  # fmt: skip
