"""Newest values of one property, each with state, time and place."""

from dothi.answers import model, reckon, shown, sieve
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import title_of
from dothi.answers.saying import NBSP
from dothi.sensing.sectors import sectors


def answer(ask: Asking, spec: model.Things) -> shown.Rows:
    """The things that fit, in the order asked for."""
    known = sectors().properties[spec.observed]
    values = ask.newest(spec.observed)
    where = None if spec.where is None else sieve.parsed(spec.where, ask.moment)
    # what is silent is told apart: a condition on a value says nothing of it
    pool = values if where is None else [one for one in values if one.state in reckon.LIVE]
    found = reckon.fitting(pool, where)
    unit = known.unit.shown(ask.language) if known.kind != "category" else None
    rows = [row(one, unit, ask) for one in reckon.ordered(found, spec.order)[: spec.limit]]
    made = shown.Rows(
        "things", title_of(spec, ask, known.name.of(ask.language)), source=source(spec.observed, values, ask),
        href=ask.address("/", sector=sectors().sector_of.get(spec.observed), q="") + "#ds", api=api(spec.observed, ask),
        at=max((one.at for one in found if one.at is not None), default=None), simulated=any(one.simulated for one in values),
        rows=rows, total=len(found),
    )  # fmt: skip
    if not values:
        made.why = nothing(spec.observed, ask)
    elif not found:
        made.why = ask.say("Không nơi nào như vậy trong {n} nơi đo.", n=len(values))
    return made


def row(one: reckon.Value, unit: str | None, ask: Asking) -> shown.Row:
    """One thing's line. unit: None of a code, which is said by its word."""
    value = f"{one.text}{NBSP}{unit}" if unit and one.number is not None else one.text
    if unit is None and one.word:
        value = ""
    return shown.Row(
        one.name, f"/things/{one.thing}", value=value, state=one.state, word=one.word, at=one.at,
        place=ask.unit_name(one.unit), lon=one.lon, lat=one.lat, thing=one.thing, number=one.number,
    )  # fmt: skip


def source(code: str, values: list[reckon.Value], ask: Asking) -> str:
    """Where numbers of a property are from, in words."""
    known = sectors().properties[code]
    live = sum(one.state in reckon.LIVE for one in values)
    said = ask.say("{name}: {n} nơi đo", name=known.name.of(ask.language), n=len(values))
    if live < len(values):
        said += ", " + ask.say("{n} nơi mất tin hoặc chưa có số liệu", n=len(values) - live)
    return said


def api(code: str, ask: Asking) -> str:
    """The datastreams of a property by SensorThings."""
    ids = ask.ids(code)
    if not ids:
        return ""
    wanted = " or ".join(f"ObservedProperty/id eq {one}" for one in ids)
    return ask.address("/sta/v1.1/Datastreams", **{"$filter": wanted, "$expand": "Thing"})


def nothing(code: str, ask: Asking) -> str:
    """Why a property has no values here, and what is needed."""
    name = sectors().properties[code].name.of(ask.language)
    if ask.place:
        return ask.say("Chưa có cảm biến nào đo {name} ở {place}.", name=name.lower(), place=ask.unit_name(ask.place))
    return ask.say("Chưa có cảm biến nào đo {name}. Cần ít nhất một cảm biến gửi số liệu về.", name=name.lower())
