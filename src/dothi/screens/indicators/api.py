"""`/api/indicators`: what is declared, the numbers, their series and places, for programs."""

import json
from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from dothi.indicators import reasons
from dothi.indicators import service as indicators
from dothi.indicators.model import Declared
from dothi.indicators.periods import containing
from dothi.indicators.values import Value
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.screens.indicators import asking
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.export import BACK, instant
from dothi.screens.indicators.one import pinned


def index(ask: Ask) -> Response:
    """`GET /api/indicators`."""
    known = indicators.known(ask.session)
    asked = asking.wanted(ask, known)
    rows = [
        {
            **_named(ask, known[one.indicator]),
            "value": told(ask, one),
            "url": f"{ask.base}/api/indicators/{one.indicator}",
        }
        for one in asking.found(ask, asked, known)
    ]
    return _written({"now": clock.iso(ask.now), "indicators": rows})


def one(ask: Ask) -> Response:
    """`GET /api/indicators/{code}`."""
    declared = asking.declared(ask)
    place, kind, period = pinned(ask, declared)
    value = indicators.value(ask.session, ask.caller, declared.code, place, period or kind, now=ask.now)
    ahead = indicators.forecast(ask.session, ask.caller, declared.code, place, kind, now=ask.now)
    body = {
        **_named(ask, declared), "description": declared.description.model_dump(), "direction": declared.direction,
        "periods": declared.periods, "places": declared.places, "formula": declared.said, "formula_hash": declared.hash,
        "inputs": {name: {"source": each.source, "query": each.query()} for name, each in declared.inputs.items()},
        "source": declared.source, "certainty": declared.certainty, "value": told(ask, value),
        "targets": [_target(each) for each in indicators.targets(ask.session, declared.code, value.place.code)],
        "forecast": None if ahead is None else {
            "method": ahead.method, "band": 0.8, "mean_error": ahead.error,
            "points": [{"period": p.period, "value": p.number, "low": p.low, "high": p.high} for p in ahead.points],
        },
    }  # fmt: skip
    return _written(body)


def values(ask: Ask) -> Response:
    """`GET /api/indicators/{code}/values`."""
    declared = asking.declared(ask)
    place, kind, _ = pinned(ask, declared)
    query = ask.request.query_params
    last = instant(query.get("to"), "to", end=True)
    last = containing(ask.now, kind).end if last is None else last
    first = instant(query.get("from"), "from")
    first = containing(last - 1, kind).before(BACK[kind] - 1).start if first is None else first
    if first >= last:
        raise BadInput("this stretch is empty", [Fault("to", "lies before from", "a later period")])
    boundary = instant(query.get("boundary"), "boundary")
    found = indicators.series(
        ask.session, ask.caller, declared.code, place, kind, first, last, boundary=boundary, now=ask.now
    )
    return _written({**_named(ask, declared), "values": [told(ask, each) for each in found]})


def places(ask: Ask) -> Response:
    """`GET /api/indicators/{code}/places`."""
    declared = asking.declared(ask)
    _, kind, period = pinned(ask, declared)
    found = indicators.by_place(ask.session, ask.caller, declared.code, period or kind, now=ask.now)
    return _written({**_named(ask, declared), "values": [told(ask, each) for each in found]})


def _named(ask: Ask, one: Declared) -> dict[str, Any]:
    return {
        "code": one.code, "title": one.title.model_dump(), "sector": one.sector, "unit": one.unit.model_dump(),
        "decimals": one.decimals, "standards": [each.model_dump() for each in one.standards],
        "page": f"{ask.base}/indicators/{one.code}",
    }  # fmt: skip


def told(ask: Ask, value: Value) -> dict[str, Any]:
    """A number for programs."""
    receipt = f"{ask.base}/indicators/receipts/{value.receipt_id}.json" if value.receipt_id else None
    return {
        "place": asdict(value.place), "kind": value.kind, "period": value.period, "start": clock.iso(value.start),
        "end": clock.iso(value.end), "number": value.number, "state": value.state, "reason": value.reason,
        "reason_text": reasons.said(value.reason, ask.language) or None, "numerator": value.numerator,
        "denominator": value.denominator, "factor": value.factor, "coverage": value.coverage, "running": value.running, "simulated": value.simulated,
        "carried": value.carried, "boundary": clock.iso(value.boundary) if value.boundary is not None else None,
        "computed_at": clock.iso(value.computed_at) if value.computed_at is not None else None,
        "target": _target(value.target) if value.target is not None else None, "light": value.light,
        "trend": asdict(value.trend) if value.trend is not None else None, "receipt": receipt,
    }  # fmt: skip


def _target(one: indicators.Target) -> dict[str, Any]:
    return {
        "year": one.year,
        "value": one.value,
        "phase": one.phase,
        "source": one.source,
        "set_at": clock.iso(one.set_at),
    }


def _written(body: Any) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})
