"""What state a thing is in, by the rules its sector's pack declares: for the map, its legend and the pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import clock, units
from dothi.kit.errors import BadInput
from dothi.sensing import aqi, state_store
from dothi.sensing.sectors import SEVERITY, AlarmLevel, Index, Property, Sectors, State, StationLevel, sectors

JUDGED = ("normal", "minor", "major", "critical")
UNKNOWN_STALE_MINUTES = 180.0  # of a property no pack knows


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state of one value. level: code of the index level or alarm level that decided.

    judged: False when nothing is declared to judge it by; `normal` then only says that it is measuring.
    """

    state: State
    level: str | None = None
    word_vi: str | None = None
    word_en: str | None = None
    judged: bool = True

    def word(self, language: str = "vi") -> str | None:
        """What the state says in words."""
        return self.word_en if language == "en" else self.word_vi


@dataclass(slots=True)
class ThingState:
    """A thing on the map. age_s: seconds since the newest value of the headline property; None: never any."""

    thing_id: int
    code: str | None
    name: str
    lon: float | None
    lat: float | None
    state: State
    value: float | None
    text: str
    unit: str
    property: str | None
    property_name: str
    level: str | None
    word: str | None
    judged: bool
    at: int | None
    age_s: float | None
    sector: str | None
    simulated: bool
    streams: int = 0


NODATA = Judgement("nodata", None, "Không có dữ liệu", "No data", judged=False)


def judge(
    known: Property | None,
    value: float | str | bool | None,
    age_s: float | None,
    *,
    index: Index | None = None,
    levels: Mapping[str, StationLevel | float | None] | None = None,
    stale_minutes: float | None = None,
) -> Judgement:
    """The state of a property's newest value.

    known: None for a property no pack knows. age_s: seconds since it was so. levels: the station's own alarm levels.
    stale_minutes: the stream's own; None: the pack's.
    """
    if value is None or age_s is None:
        return NODATA
    patience = stale_minutes or (known.state.stale_minutes if known else UNKNOWN_STALE_MINUTES)
    if age_s > patience * 60:
        return Judgement("offline", None, "Mất kết nối", "Offline", judged=False)
    if known is None:
        return Judgement("normal", judged=False)
    rule = known.state
    if rule.levels:
        return _by_levels(rule.levels, value, levels or {})
    if rule.index is not None and index is not None and isinstance(value, int | float):
        return _by_index(index, known.code, float(value))
    for line in rule.when:
        if line.fits(value):
            return Judgement(line.state, None, line.word.vi, line.word.en)
    return Judgement("normal", judged=bool(rule.when))


def _by_levels(
    declared: list[AlarmLevel], value: float | str | bool, own: Mapping[str, StationLevel | float | None]
) -> Judgement:
    thresholds = {code: one.value if isinstance(one, StationLevel) else one for code, one in own.items()}
    if isinstance(value, str | bool) or not any(v is not None for v in thresholds.values()):
        return Judgement("normal", judged=False)
    reached = [one for one in declared if (limit := thresholds.get(one.code)) is not None and value >= limit]
    if not reached:
        return Judgement("normal")
    worst = max(reached, key=lambda one: SEVERITY[one.state])
    return Judgement(worst.state, worst.code, worst.name.vi, worst.name.en)


def _by_index(index: Index, code: str, value: float) -> Judgement:
    """By the sub-index this one value would have; the index itself is reckoned from hours (`sensing.air`)."""
    column = next((c for c in index.columns.values() if c.property == code and c.averaging != "8h"), None)
    usable = aqi.usable(value)
    exact = None if column is None or usable is None else aqi.sub_index(index.steps, column.breakpoints, usable)
    if exact is None:
        return Judgement("normal", judged=False)
    level = index.level(aqi.half_up(exact))
    return Judgement(level.state, level.code, level.name.vi, level.name.en)


_VIETNAMESE = str.maketrans(",.", ".,")


def number(value: float | None, decimals: int, language: str = "vi") -> str:
    """A number as people read it: 1.234,5 in Vietnamese, with a real minus."""
    if value is None:
        return ""
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    text = text.replace("-", "\u2212")
    return text if language == "en" else text.translate(_VIETNAMESE)


Box = tuple[float, float, float, float]


def states(
    session: Session, caller: Caller, bbox: Box | None = None, *, language: str = "vi", at: int | None = None,
    things: list[int] | None = None,
) -> list[ThingState]:  # fmt: skip
    """Every thing a caller may see, with the state of its worst live value; set-based, for thousands of things.

    bbox: west, south, east, north in degrees. at: the moment ages are counted to (µs UTC), now when None.
    things: only these.
    """
    now = clock.now_micros() if at is None else at
    return of_rows(session, state_store.newest(session, caller, bbox, things), now, language)


def of_rows(session: Session, rows: Iterable[state_store.Row], now: int, language: str = "vi") -> list[ThingState]:
    """The state of every thing among some rows, which are ordered by thing. now: µs UTC, ages are counted to it."""
    taught = sectors()
    properties = state_store.properties(session)
    known = {id_: taught.property_of(code, name) for id_, (code, name, _) in properties.items()}
    by_levels = [id_ for id_, one in known.items() if one and one.state.levels]
    own = state_store.own_rules(session, by_levels)
    made: dict[int, ThingState] = {}
    rank: dict[int, tuple[int, int]] = {}
    lines: Lines = {}
    for row in rows:
        thing = made.get(row.thing_id)
        if thing is None:
            thing = made[row.thing_id] = ThingState(
                row.thing_id, row.code, row.name, row.lon, row.lat, "nodata", None, "", "", None, "", None, None,
                False, None, None, None, bool(row.simulated),
            )  # fmt: skip
        if row.datastream_id is None:
            continue
        thing.streams += 1
        property_ = row.property_id or 0
        line = _line(row, known.get(property_), lines)
        _weigh(thing, rank, row, line, known.get(property_), properties.get(property_), own, taught, now, language)
    return list(made.values())


Lines = dict[tuple[str | None, str | None, str | None], units.Line | None]


def _line(row: state_store.Row, known: Property | None, lines: Lines) -> units.Line | None:
    """How a datastream's numbers become the property's unit; None when they cannot."""
    key = (row.unit, row.definition, known.code if known else None)
    if key not in lines:
        code = units.ucum_of({"symbol": row.unit, "definition": row.definition})
        try:
            lines[key] = units.gas_line(code, known.unit.ucum, known.molar_mass) if known and code else None
        except BadInput:
            lines[key] = None
    return lines[key]


def _weigh(
    thing: ThingState, rank: dict[int, tuple[int, int]], row: state_store.Row, line: units.Line | None, known: Property | None,
    stored: state_store.Stored | None, own: Mapping[int, dict[str, float | None]], taught: Sectors, now: int, language: str,
) -> None:  # fmt: skip
    """Let one datastream speak for its thing, if it is worse or more telling than what spoke before."""
    age = None if row.last_at is None else max(0.0, (now - row.last_at) / clock.SECOND)
    result = row.result if row.result is None or line is None else line(row.result)
    value: float | str | bool | None = result if result is not None else _plain(row.result_json)
    stale = (stored.stale_minutes if stored else None) if row.stale_minutes is None else row.stale_minutes
    index = taught.indices.get(known.state.index) if known and known.state.index else None
    said = judge(known, value, age, index=index, levels=own.get(row.datastream_id or 0), stale_minutes=stale)
    if line is None and isinstance(value, float | int) and said.state in JUDGED:
        said = Judgement("normal", judged=False)  # in a unit that cannot become the property's: no rule applies
    # a last will that no later value has contradicted
    gone = row.connected is False and (
        row.last_at is None or row.connected_at is None or row.connected_at >= row.last_at
    )
    if gone and said.state not in ("nodata", "offline"):
        said = Judgement("offline", None, "Mất kết nối", "Offline", judged=False)
    here = (SEVERITY[said.state], -taught.order.get(known.code, 999) if known else -1000)
    if thing.thing_id in rank and rank[thing.thing_id] >= here:
        return
    rank[thing.thing_id] = here
    thing.state, thing.level, thing.word, thing.judged = said.state, said.level, said.word(language), said.judged
    thing.value = result
    decimals = known.decimals if known else 1
    thing.text = number(result, decimals, language) if result is not None else str(value if value is not None else "")
    thing.unit = known.unit.shown(language) if known and (line or not row.unit) else (row.unit or "")
    thing.property = known.code if known else (stored.code if stored else None)
    thing.property_name = (known.name.of(language) if known else stored.name if stored else "") or ""
    thing.at, thing.age_s = row.last_at, age
    thing.sector = taught.sector_of.get(known.code) if known else None


def _plain(text: str | None) -> str | bool | None:
    if text is None or text == "null":
        return None
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if text[:1] == '"' else text
