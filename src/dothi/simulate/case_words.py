"""What simulated people report, where and when: the words of case_words.yaml put together by chance, the same every time."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dothi.cases.types import questions_of, types
from dothi.kit import clock
from dothi.packs import lines
from dothi.simulate.luck import chance, pick

_FILE = Path(__file__).parent / "case_words.yaml"
_METRES = 111_195.0  # of a degree of latitude
# how much more of it there is, by month from January
_SEASONS = {
    "rain": (0.3, 0.2, 0.3, 0.6, 1.3, 1.6, 1.7, 1.7, 1.9, 1.9, 1.4, 0.6),
    "flood": (0.3, 0.1, 0.1, 0.2, 0.8, 1.2, 1.2, 1.4, 2.2, 3.2, 2.8, 1.2),
    "dry": (1.4, 1.8, 2.1, 2.0, 1.1, 0.7, 0.6, 0.6, 0.5, 0.5, 0.6, 1.0),
    "tet": (1.6, 2.0, 1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.1),
}  # fmt: skip
_ALWAYS = (1.0,) * 12
# and by hour of the day in Vietnam
_HOURS = {
    "day": (0.1, 0, 0, 0, 0.2, 0.6, 1.6, 3, 4, 4, 3.5, 2.5, 1.5, 2, 3, 3.2, 3, 2.6, 2, 1.8, 1.6, 1, 0.5, 0.2),
    "evening": (0.3, 0.1, 0, 0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.6, 0.8, 1.2, 2, 5, 6, 5, 3.5, 1.6, 0.7),
    "night": (1.5, 0.8, 0.3, 0.2, 0.2, 0.3, 0.5, 0.7, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6, 0.7, 0.8, 0.8, 1, 2, 3, 4, 5, 5, 3),
    "rush": (0.1, 0, 0, 0, 0.2, 0.8, 3, 5, 3, 1.5, 1.2, 2, 1.2, 1, 1.2, 1.6, 3.5, 5, 3, 1.6, 1.2, 0.8, 0.4, 0.2),
    "morning": (0.1, 0, 0, 0.1, 0.6, 2.5, 5, 5, 3, 2, 1.6, 1.6, 1, 0.8, 1, 1.2, 2, 2.5, 2, 1.5, 1, 0.6, 0.3, 0.2),
}  # fmt: skip
_CHANNELS = {"web": 68.0, "phone": 22.0, "open311": 4.0, "desk": 6.0}
_TWINS = 0.06  # share of the reports that are about what somebody reported just before


@dataclass(frozen=True)
class Kind:
    """What is said of a category."""

    code: str
    weight: float
    season: tuple[float, ...]
    hours: tuple[float, ...]
    photo: str | None
    titles: Sequence[str]
    texts: Sequence[str]
    done: Sequence[str]


@dataclass(frozen=True)
class Street:
    """A road of the city's sketch. line: degrees; length: metres."""

    name: str
    line: BaseGeometry
    length: float


@dataclass(frozen=True)
class City:
    """Where things can be: roads, and places people name."""

    streets: Sequence[Street]
    places: Sequence[str]


@dataclass(frozen=True)
class Birth:
    """A report as it comes in.

    at: µs UTC; key: the sender's; twin: key of the earlier report it doubles; joiners: when others say they met it too.
    """

    key: str
    at: int
    category: str
    title: str
    text: str
    fields: dict[str, Any]
    lon: float
    lat: float
    address: str
    channel: str
    photo: str | None
    twin: str | None
    joiners: tuple[int, ...]


@lru_cache(maxsize=1)
def said() -> dict[str, Any]:
    """The whole file."""
    found: dict[str, Any] = lines.read(_FILE, _FILE.name).value
    return found


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """The categories that are declared and have words."""
    known = {one.code for one in types().categories("report")}
    return {
        code: Kind(
            code, one["weight"], _SEASONS.get(one.get("season", ""), _ALWAYS), _HOURS[one["hours"]], one.get("photo"),
            one["titles"], one["texts"], one["done"],
        )
        for code, one in said()["categories"].items()
        if code in known
    }  # fmt: skip


def city(base: Path, wards: Path) -> City | None:
    """The roads within the wards and the named places of a city's sketch; None where it has none."""
    if not base.exists() or not wards.exists():
        return None
    streets, places = [], []
    within = shapely.union_all([shapely.geometry.shape(one["geometry"]) for one in _features(wards)])
    for feature in _features(base):
        properties, shape = feature["properties"], shapely.geometry.shape(feature["geometry"])
        if properties.get("kind") == "road" and properties.get("name"):
            parts = shapely.get_parts(shape.intersection(within))
            lines = [one for one in parts if one.geom_type == "LineString" and not one.is_empty]
            streets += [Street(_road(properties["name"]), one, one.length * _METRES) for one in lines]
        elif properties.get("kind") in ("poi", "bridge") and properties.get("name"):
            places.append(properties["name"])
    return City(streets, places) if streets and places else None


def _features(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["features"]
    return found


def births(where: City, begin: int, end: int, a_day: float, salt: str = "") -> list[Birth]:
    """The reports between two instants, about so many a day, in the order they come in."""
    made: list[Birth] = []
    first = begin // clock.HOUR
    for hour in range(first, -(-end // clock.HOUR)):
        local = clock.local(hour * clock.HOUR)
        share = {
            code: one.weight * one.season[local.month - 1] * one.hours[local.hour] for code, one in kinds().items()
        }
        expected = a_day * sum(share.values()) / _usual()
        count = int(expected) + (chance(salt, hour, "more") < expected % 1)
        moments = sorted(hour * clock.HOUR + int(chance(salt, hour, n, "at") * clock.HOUR) for n in range(count))
        for n, at in enumerate(moments):
            if begin <= at < end:
                made.append(_birth(where, f"sim:{salt}{hour}:{n}", at, share, made))
    return made


@lru_cache(maxsize=1)
def _usual() -> float:
    """The sum of the weights of a whole day in an average month."""
    return sum(one.weight * sum(one.season) / 12 * sum(one.hours) for one in kinds().values())


def _birth(where: City, key: str, at: int, share: dict[str, float], before: list[Birth]) -> Birth:
    twin = None
    if chance(key, "twin") < _TWINS:
        recent = [one for one in before[-25:] if at - one.at < 2 * clock.DAY and one.twin is None]
        twin = recent[int(chance(key, "of") * len(recent))] if recent else None
    kind = kinds()[twin.category if twin else pick(share, key, "category")]
    if twin:
        lon, lat, address = _near(key, twin.lon, twin.lat), twin.lat, twin.address
    else:
        lon, lat, address = place(where, key)
    since = one_of(said()["since"], key, "since")
    text = one_of(kind.texts, key, "text")
    text = f"{text}, {since}." if chance(key, "says since") < 0.7 else f"{text}."
    wish = one_of(said()["wishes"], key, "wish")
    joiners = []
    if chance(key, "joined") < 0.16:
        count = 1 + int(6 * chance(key, "joiners") ** 2)
        joiners = [at + int((1 + 60 * chance(key, "joins", n)) * clock.HOUR) for n in range(count)]
    return Birth(
        key, at, kind.code, one_of(kind.titles, key, "title"), f"{text} {wish}".strip(), fields(kind.code, key), lon, lat,
        address, pick(_CHANNELS, key, "channel"), kind.photo if chance(key, "photo") < 0.55 else None,
        twin.key if twin else None, tuple(sorted(joiners)),
    )  # fmt: skip


def place(where: City, key: str) -> tuple[float, float, str]:
    """A point beside a road, and how people say where it is."""
    lengths = {str(n): one.length for n, one in enumerate(where.streets)}
    street = where.streets[int(pick(lengths, key, "street"))]
    along = street.line.interpolate(chance(key, "along"), normalized=True)
    off = 4 + 36 * chance(key, "off") ** 2
    turn = 2 * math.pi * chance(key, "turn")
    lat = along.y + off * math.sin(turn) / _METRES
    lon = along.x + off * math.cos(turn) / (_METRES * math.cos(math.radians(along.y)))
    spot = one_of(said()["spots"], key, "spot")
    words = {
        "n": 1 + int(chance(key, "number") * 480), "road": street.name, "poi": one_of(where.places, key, "poi"),
        "m": 50 * (1 + int(chance(key, "metres") * 8)),
    }  # fmt: skip
    said_ = spot.format(**words)
    return round(lon, 6), round(lat, 6), said_[:1].upper() + said_[1:]


def one_of(choices: Sequence[str], *words: object) -> str:
    """One of some texts."""
    return choices[int(chance(*words) * len(choices))]


def _near(key: str, lon: float, lat: float) -> float:
    """Up to forty metres east or west."""
    return round(lon + (chance(key, "near") - 0.5) * 80 / (_METRES * math.cos(math.radians(lat))), 6)


def _road(name: str) -> str:
    """How a road is said within a sentence: roads that are called by their kind need no second one."""
    return name if name.startswith(("Quốc lộ", "Đường", "Tỉnh lộ")) else f"đường {name}"


def fields(category: str, key: str) -> dict[str, Any]:
    """Answers to the questions with choices, to most of them."""
    asked = questions_of(types().category(category))
    found: dict[str, Any] = {}
    for name, schema in asked.get("properties", {}).items():
        needed = name in asked.get("required", [])
        if schema.get("x-personal") or (not needed and chance(key, name, "answers") > 0.6):
            continue
        choices = [one["const"] for one in schema.get("oneOf", [])] or schema.get("enum", [])
        if choices:
            found[name] = choices[int(chance(key, name) * len(choices))]
        elif schema.get("type") == "boolean":
            found[name] = chance(key, name) < 0.5
        elif needed and schema.get("type") == "string":
            found[name] = "không rõ"
        elif needed and schema.get("type") in ("integer", "number"):
            found[name] = schema.get("minimum", 1)
    return found
