"""`/field`: the jobs of a crew's day in the order of the route, the shift, and where the crew is."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from dothi.cases import crews, jobs, planning, positions
from dothi.cases.crews import Standing
from dothi.cases.jobs import Line
from dothi.cases.planning import Column
from dothi.cases.tables import Crew, CrewMember
from dothi.config import settings
from dothi.kit.errors import BadInput, Fault
from dothi.screens.desk import back
from dothi.screens.field.desk import Ask, get, post, wrong
from dothi.web import forms
from dothi.web.forms import Filled


@dataclass(slots=True)
class Stop:
    """A job in the list. begins: when it is reckoned to begin (µs); km: from the one before."""

    line: Line
    number: int
    begins: int | None
    km: float | None


@dataclass(slots=True)
class CrewDay:
    """A crew's day: what is to be done in its order, what is behind."""

    crew: Crew
    stops: list[Stop]
    over: list[Line]
    done: list[Line]
    minutes: int
    km: float


@dataclass(slots=True)
class Today:
    """The context of `field/today.html`. on_since: the caller's shift; None: off."""

    day: str
    is_today: bool
    date: int  # µs, noon
    crews: list[CrewDay]
    on_since: int | None
    shares: bool
    keep_hours: int
    simulated: bool


def today(ask: Ask) -> Response:
    """`GET /field`; `?day=next` tomorrow."""
    return _page(ask)


def _page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    now = jobs.today(ask.now)
    ahead = ask.request.query_params.get("day") == "next"
    day = planning.day_after(now) if ahead else now
    mine = crews.mine(ask.session, ask.caller)
    columns = planning.days(ask.session, [Standing(crew) for crew, _ in mine], day)
    context = Today(
        day, not ahead, planning.noon(day), [_crew_day(one) for one in columns], *_shift(mine, ask.now),
        settings().crew_hours, any(line.simulated for one in columns for line in (*one.lines, *one.over)),
    )  # fmt: skip
    return ask.page("today", filled, status, page=context, simulated=context.simulated)


def _crew_day(column: Column) -> CrewDay:
    open_ = [one for one in column.lines if one.open]
    stops = [Stop(one, n, column.begins(one), column.km(one)) for n, one in enumerate(open_, 1)]
    done = [one for one in column.lines if not one.open]
    return CrewDay(column.crew, stops, column.over, done, column.minutes, column.route.km)


def _shift(mine: list[tuple[Crew, CrewMember]], now: int) -> tuple[int | None, bool]:
    since = [at for _, member in mine if (at := crews.since(member, now)) is not None]
    return (min(since), any(member.shares for _, member in mine)) if since else (None, False)


def shift(ask: Ask) -> Response:
    """`POST /field/shift`: do=on|off|share|hide|erase; shares: the consent."""
    do = ask.values.get("do", "")
    if do in ("on", "share", "hide"):
        shares = do == "share" or (do == "on" and ask.values.get("shares") == "1")
        crews.on_shift(ask.session, ask.caller, shares=shares)
    elif do in ("off", "erase"):
        crews.off_shift(ask.session, ask.caller, erase=do == "erase")
    else:
        error = BadInput("there is no such step", [Fault("do", repr(do)[:40], "on, off, share, hide, erase")])
        return _page(ask, wrong(ask, error), 400)
    return back("/field")


def position(ask: Ask) -> Response:
    """`POST /field/position`: where the crew is, while its member shares it on shift."""
    try:
        lon, lat = float(ask.values.get("lon", "")), float(ask.values.get("lat", ""))
    except ValueError:
        raise BadInput("this is no place", [Fault("lon", "is no number", "degrees")]) from None
    kept = positions.share(ask.session, ask.caller, lon, lat)
    return JSONResponse({"kept": kept}, headers={"cache-control": "no-store"})


def me(ask: Ask) -> Response:
    """`GET /field/me`: who is signed in, and the token this browser's forms are sent with."""
    _, shares = _shift(crews.mine(ask.session, ask.caller), ask.now)
    body = {"shares": shares, "person": ask.caller.id, "token": forms.token(ask.request), "today": jobs.today(ask.now)}
    answer = JSONResponse(body, headers={"cache-control": "no-store"})
    forms.keep(ask.request, answer)
    return answer


routes = [
    get("/field", today), post("/field/shift", shift), post("/field/position", position), get("/field/me", me),
]  # fmt: skip
