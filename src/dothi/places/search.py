"""Find places by what people type, with and without diacritics."""

from dataclasses import dataclass

from dothi.kit.text import sort_key
from dothi.places import names
from dothi.places.atlas import AreaRow, Atlas, Row

_LEVEL_RANK = {"province": 0, "commune": 1, "district": 2}


@dataclass(frozen=True, slots=True)
class Hit:
    """A place found: a unit, or a named area (then level is None and unit_code absent)."""

    type: str  # unit | area
    code: str
    level: str | None
    kind: str
    name: str
    full_name: str
    province: str | None  # full name of the province a unit lies in
    province_code: str | None
    lon: float | None
    lat: float | None
    valid_from: int | None
    valid_to: int | None
    exact: bool  # the accents typed are the name's own

    @property
    def label(self) -> str:
        """What tells it from its namesakes: Phường Tân An, Tỉnh Tây Ninh."""
        return f"{self.full_name}, {self.province}" if self.province and self.level != "province" else self.full_name


def find(atlas: Atlas, text: str, at: int, limit: int, *, former: bool = False) -> list[Hit]:
    """The best matches first: exact accents, whole name, beginning of the name, then any of its words.

    former: also units that stand no longer at the instant (or not yet).
    """
    meant = names.readings(text)
    if not meant:
        return []
    hits = _ranked(atlas, meant, at, former=former)
    if not hits and meant[0].within is None:
        hits = _ranked(atlas, _peeled(atlas, meant, at), at, former=former)
    if not hits:
        hits = _unspaced(atlas, meant[0], at, former=former)
    return [_hit(atlas, row, exact, at) for exact, row in hits[:limit]]


def _unspaced(atlas: Atlas, reading: names.Reading, at: int, *, former: bool) -> list[tuple[bool, Row | AreaRow]]:
    """Names that begin as typed when spaces don't count: "longan", "ea h leo" for Ea H'Leo."""
    typed = reading.name.replace(" ", "")
    everything: list[Row | AreaRow] = [*atlas.rows, *atlas.areas]
    found = [
        place for place in everything if (former or place.valid(at)) and place.key.replace(" ", "").startswith(typed)
    ]
    found.sort(key=lambda place: (place.key.replace(" ", "") != typed, *_order(atlas, place, at)))
    return [(False, place) for place in found]


def _peeled(atlas: Atlas, meant: list[names.Reading], at: int) -> list[names.Reading]:
    """The same readings with a province's name taken off their end: "tan an can tho"."""
    provinces = {row.key for row in atlas.rows if row.level == "province" and row.valid(at)}
    found = []
    for reading in meant:
        words, accents = reading.name.split(), reading.accents.split()
        for cut in range(1, len(words)):
            tail = " ".join(words[cut:])
            for prefix in ("", "tinh ", "thanh pho ", "tp "):
                if tail.startswith(prefix) and tail.removeprefix(prefix) in provinces:
                    head = " ".join(words[:cut])
                    found.append(names.Reading(head, " ".join(accents[:cut]), reading.kind, tail.removeprefix(prefix)))
    return found


def _ranked(atlas: Atlas, meant: list[names.Reading], at: int, *, former: bool) -> list[tuple[bool, Row | AreaRow]]:
    best: list[tuple[tuple[object, ...], bool, Row | AreaRow]] = []
    everything: list[Row | AreaRow] = [*atlas.rows, *atlas.areas]
    for place in everything:
        if not former and not place.valid(at):
            continue
        scores = [score for reading in meant if (score := _score(atlas, place, reading, at)) is not None]
        if scores:
            score = min(scores)
            best.append((score, score[0] == 0, place))
    best.sort(key=lambda found: (found[0], *_order(atlas, found[2], at)))
    return [(exact, place) for _, exact, place in best]


def _score(atlas: Atlas, place: Row | AreaRow, reading: names.Reading, at: int) -> tuple[int, int] | None:
    """(0 when the accents are the name's own, how the name matches); None when it doesn't."""
    if reading.within is not None:
        province = atlas.province(place, None if not place.valid(at) else at) if isinstance(place, Row) else None
        if province is None or not province.key.startswith(reading.within):
            return None
    if isinstance(place, AreaRow):
        forms = [(place.key, place.accents)] if reading.kind is None else []
    else:
        if reading.kind is not None and place.kind != reading.kind:
            return None
        forms = [(place.key, place.accents)]
        if reading.kind is None:
            forms.append((place.full_key, place.full_accents))
            if reading.name == place.code:
                return (0, 0)
    found = [match for key, accents in forms if (match := _match(reading, key, accents)) is not None]
    return min(found, default=None)


def _match(reading: names.Reading, key: str, accents: str) -> tuple[int, int] | None:
    if reading.name not in key or f" {reading.name}" not in f" {key}":
        return None
    how = (
        0
        if key == reading.name
        else 1
        if key.startswith(f"{reading.name} ")
        else 2
        if key.startswith(reading.name)
        else 3
    )
    return (0 if f" {reading.accents}" in f" {accents}" else 1), how


def _order(atlas: Atlas, place: Row | AreaRow, at: int) -> tuple[object, ...]:
    if isinstance(place, AreaRow):
        return (0, 1, sort_key(place.name), ((), ()), "")
    province = atlas.province(place)
    standing = 0 if place.valid(at) else 1
    return (
        standing,
        _LEVEL_RANK[place.level],
        sort_key(place.name),
        sort_key(province.name) if province else ((), ()),
        place.code,
    )


def _hit(atlas: Atlas, place: Row | AreaRow, exact: bool, at: int) -> Hit:
    if isinstance(place, AreaRow):
        lon, lat = place.properties.get("lon"), place.properties.get("lat")
        return Hit(
            "area", place.code, None, place.kind, place.name, place.name, None, None, lon, lat,
            place.valid_from, place.valid_to, exact,
        )  # fmt: skip
    province = atlas.province(place, at if place.valid(at) else None)
    return Hit(
        "unit", place.code, place.level, place.kind, place.name, place.full_name,
        province.full_name if province else None, province.code if province else None,
        place.lon, place.lat, place.valid_from, place.valid_to, exact,
    )  # fmt: skip
