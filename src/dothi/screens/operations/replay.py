"""The time machine's part of the operations page: the scrubber, the band that says REPLAY, how many alarms there were."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from dothi.alerts import standing
from dothi.alerts.model import SEVERITIES
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.screens import words as common
from dothi.screens.operations import words
from dothi.screens.operations.asking import Ask, get, json
from dothi.sensing import picture
from dothi.web import slots

MINUTE = 60 * clock.SECOND
LONGEST = 400 * clock.DAY
# how far back and forth the links without script go
STEPS = (-clock.DAY, -clock.HOUR, -10 * MINUTE, 10 * MINUTE, clock.HOUR)
SPEEDS = (1, 10, 60, 600)
SPANS = (6, 24, 7 * 24, 30 * 24)  # hours of the track


@dataclass
class Step:
    """A link of the scrubber without script."""

    href: str
    word: str


@dataclass
class Scrubber:
    """What `operations/_scrubber.html` reads. at, known: as people read them."""

    replay: bool
    at: str
    known: str
    differs: bool
    live: str
    past: str
    steps: list[Step]
    speeds: tuple[int, ...]
    spans: list[tuple[int, str]]


def scrubber(ask: Ask) -> Mapping[str, Any]:
    """The scrubber under the map."""
    began = ask.at if ask.replay else ask.now - clock.HOUR
    steps = [
        Step(_href(ask, at), _step(ask, step))
        for step in STEPS if (at := began + step) < ask.now
    ]  # fmt: skip
    spans = [
        (hours, ask.say("{n} ngày", n=hours // 24) if hours > 24 else ask.say("{n} giờ", n=hours)) for hours in SPANS
    ]
    return vars(
        Scrubber(
            ask.replay, words.second(ask.at), words.second(ask.known), ask.known != ask.at, _href(ask, None),
            _href(ask, began // MINUTE * MINUTE), steps, SPEEDS, spans,
        )
    )  # fmt: skip


def _step(ask: Ask, step: int) -> str:
    sign = "\u2212" if step < 0 else "+"
    return sign + words.span(abs(step), ask.language)


def _href(ask: Ask, at: int | None) -> str:
    """The same page at a moment; None: live."""
    query = [(k, v) for k, v in ask.request.query_params.multi_items() if k not in ("at", "known", "part")]
    if at is not None:
        query.append(("at", clock.iso(at)))
    return "/operations" + (f"?{urlencode(query)}" if query else "")


def band(ask: Ask) -> Mapping[str, Any] | None:
    """The band across the page while something past is shown; always there, so that the script can raise it."""
    date = common.date_line(ask.at, ask.language)
    return {
        "replay": ask.replay, "at": words.second(ask.at), "date": date, "known": _moment(ask.known, ask.at),
        "now": words.second(ask.now)[:5], "live": _href(ask, None),
    }  # fmt: skip


def _moment(known: int, at: int) -> str:
    """17:42:05, with its day where it is another."""
    a, b = (clock.local(one) for one in (known, at))
    return f"{a:%H:%M:%S}" if a.date() == b.date() else f"{a:%H:%M:%S %d/%m/%Y}"


def counts(ask: Ask) -> Response:
    """`GET /operations/replay/counts.json?since=&until=&step=`: alarms raised per step, by severity. Times in ms."""
    query, faults = ask.request.query_params, list[Fault]()
    since, until = (_instant(query.get(name), name, faults) for name in ("since", "until"))
    text = query.get("step", "1800")
    step = (whole(text, 7) or 0) * clock.SECOND
    if step <= 0:
        faults.append(Fault("step", repr(text[:20]), "whole seconds"))
    if not faults and not 0 < until - since <= LONGEST:
        faults.append(Fault("until", query.get("until", ""), "after since, at most 400 days"))
    if faults:
        raise BadInput("the histogram cannot be drawn", faults)
    found = standing.counts(ask.session, ask.caller, since, until, step)
    rows = [
        [one["at"] // 1000, *(one[name] for name in SEVERITIES)] for one in found if any(one[n] for n in SEVERITIES)
    ]
    return json(
        {"since": since // 1000, "until": until // 1000, "step": step // 1000, "severities": SEVERITIES, "rows": rows}
    )


def _instant(text: str | None, place: str, faults: list[Fault]) -> int:
    try:
        return clock.parse(text or "")
    except BadInput as error:
        faults.append(Fault(place, f"{(text or '')[:80]!r} is no instant", error.faults[0].allowed))
        return 0


def present(ask: Ask) -> Response:
    """`GET /operations/replay/now.json?at=&known=`: how many alarms stand now that the moment shown knows nothing of."""
    found = [one for one in standing.now(ask.session, ask.caller) if one.active and one.suppressed is None]
    new = [one for one in found if one.noticed_at > ask.known or one.raised_at > ask.at]
    critical = [one for one in new if one.severity == "critical"]
    return json({"new": len(new), "critical": len(critical), "numbers": [one.number for one in critical]})


def known(ask: Ask) -> Response:
    """`GET /operations/replay/known.json?at=&known=`: how many things had a value then, and how many got theirs later."""
    seen = picture.whole(ask.session, ask.caller, ask.at, ask.known)
    return json(
        {"things": len(seen.things), "known": sum(one.at is not None for one in seen.things), "later": seen.later}
    )


slots.fill("operations.scrubber", scrubber)
slots.fill("operations.modes", band)
routes: list[BaseRoute] = [
    get("/operations/replay/counts.json", counts),
    get("/operations/replay/now.json", present),
    get("/operations/replay/known.json", known),
]
