"""The wall: read at five metres, by nobody signed in. Its token reads and no more, and never stands in an address.

A wall's link is /operations/wall#TOKEN: what follows # is not sent. The page's script hands the token over once and gets
a cookie for it, which only this page's addresses see.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.db import session as db
from dothi.doors.live import events, service
from dothi.doors.live.feed import Client, Feed, sight
from dothi.doors.live.routes import Stream
from dothi.duty import walls
from dothi.duty.tables import Wall
from dothi.identity import access
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Busy, DothiError, Fault, NotSignedIn
from dothi.places import cities
from dothi.screens import drawing
from dothi.screens.asking import chosen_city, city_name, map_setting, remember_city
from dothi.screens.operations import desk, figures, matters, words
from dothi.screens.operations import map as mapped
from dothi.screens.operations.asking import SEES, Ask, admit, json
from dothi.sensing import glance
from dothi.web import assets, errors, forms, i18n, shell, slots

ADDRESS = "/operations/wall"
COOKIE = "dothi_wall"
KEPT = 400 * 24 * 3600  # seconds: the longest browsers keep a cookie
SHOWN = 12  # alarms of one answer
FIGURES = 5
SEEN_EVERY = 60 * clock.SECOND
SECONDS = 30  # a view stands so long unless it says otherwise


def page(request: Request) -> Response:
    """`GET /operations/wall`: the empty frame; what it shows it asks for with its cookie."""
    language = i18n.language_of(request)
    say = i18n.speaker(language)
    cities.choose(chosen_city(request))
    with db.reading() as session:
        context = {
            "city": city_name(session, language), "map": map_setting(say), "entries": ("wall",),
            "settings": {"address": ADDRESS},
        }  # fmt: skip
        return remember_city(request, shell.page(request, "operations/wall.html", context))


async def enter(request: Request) -> Response:
    """`POST /operations/wall/open`: the token as the body; answers with the cookie that stands for it."""
    token = (await request.body())[:200].decode("ascii", "replace").strip()
    found = await run_in_threadpool(_wall_of, token)
    if found is None:
        return errors.said(request, NotSignedIn("this wall's token is not known, or was revoked"))
    answer = Response(status_code=204, headers={"cache-control": "no-store"})
    answer.set_cookie(
        COOKIE, token, max_age=KEPT, path=ADDRESS, httponly=True, samesite="strict", secure=forms.secure(request)
    )
    return answer


def _wall_of(token: str) -> Wall | None:
    with db.reading() as session:
        return walls.of_token(session, token)


def _known(request: Request, session: Session) -> tuple[Wall | None, Caller]:
    """The wall whose cookie a request carries; else whoever is signed in and may see alarms."""
    token = request.cookies.get(COOKIE)
    wall = walls.of_token(session, token) if token else None
    if wall is not None:
        return wall, walls.caller_of(wall)
    caller = access.caller(request)
    admit(caller, SEES)
    return None, caller


def _get(path: str, view: Callable[[Ask, Wall | None], Response]) -> Route:
    def answer(request: Request) -> Response:
        try:
            with db.reading() as session:
                wall, caller = _known(request, session)
                made = view(Ask.of(request, session, caller), wall)
            if wall is not None and (wall.seen_at is None or clock.now_micros() - wall.seen_at > SEEN_EVERY):
                with db.writing() as session:
                    walls.saw(session, wall)
            return made
        except DothiError as error:
            return errors.said(request, error)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return Route(f"{ADDRESS}{path}", endpoint, name=f"GET {ADDRESS}{path}")


def now(ask: Ask, wall: Wall | None) -> Response:
    """`GET /operations/wall/now.json`: everything but the map's things. Times in ms."""
    lines = matters.standing(ask)
    counts = Counter(one.severity for one in lines)
    worst = next((name for name in words.SEVERITIES if counts[name]), "normal")
    first = matters.several(ask, lines[:SHOWN])
    top = matters.whole(ask, lines[0]) if lines else None
    sources = desk.sources(ask)
    body: dict[str, Any] = {
        "at": ask.now // 1000, "build": _build(), "title": wall.title if wall else "",
        "city": ask.city,
        "worst": {"s": worst, "word": words.severity(worst, ask.say) if lines else ask.say("Bình thường"), "n": counts[worst]},
        "counts": [[words.severity(name, ask.say), counts[name], name] for name in words.SEVERITIES],
        "sources": [[one.name, one.state, one.word] for one in sources],
        "simulated": glance.any_simulated(ask.session, ask.caller), "exercise": any(one.exercise for one in lines),
        "alarms": [_matter(one) for one in first],
        "top": None if top is None else {
            **_matter(top), "against": top.against, "trend": top.trend, "direction": top.direction,
            "doing": top.doing, "blocked": top.blocked[:1], "steps": top.steps,
        },
        "criticals": [one.number for one in lines if one.severity == "critical" and not one.acknowledged],
        "figures": [
            {
                "code": f.code, "name": f.name, "value": f.value, "unit": f.unit, "tone": f.tone, "trend": f.trend,
                "direction": f.direction, "limit": f.limit, "at": None if f.at is None else f.at // 1000, "late": f.late,
            }
            for f in figures.all_of(ask)[:FIGURES]
        ],
        "views": _views(ask, wall), "bounds": drawing.bounds(ask.states),
        "warnings": (slots.of("operations.map.warnings", ask) or mapped.NOTHING).get("features", [])[:20],
    }  # fmt: skip
    return json(body)


def _matter(one: matters.Matter) -> dict[str, Any]:
    return {
        "id": one.id, "number": one.number, "s": one.severity, "title": one.title, "place": one.place, "value": one.value,
        "figure": one.figure, "unit": one.unit, "at": one.at // 1000, "state": one.state, "heard": one.heard,
        "who": one.who, "lon": one.lon, "lat": one.lat, "sector": one.sector,
    }  # fmt: skip


def _views(ask: Ask, wall: Wall | None) -> list[dict[str, Any]]:
    found = [
        {"title": one.get("title") or ask.say("Góc nhìn {n}", n=i), "state": one.get("state") or {},
         "seconds": one.get("seconds") or SECONDS}
        for i, one in enumerate(wall.views if wall else [], 1)
    ]  # fmt: skip
    return found or [{"title": ask.say("Toàn cảnh"), "state": {}, "seconds": SECONDS}]


def _build() -> str:
    """Changes when the page's own files do: an old wall then loads itself anew."""
    return str(assets.manifest().get("src/wall.ts", {}).get("file", ""))


def things(ask: Ask, _wall: Wall | None) -> Response:
    """`GET /operations/wall/map.json`: what stands on the map, as `/operations/map.json` has it."""
    return mapped.picture(ask)


async def live(request: Request) -> Response:
    """`GET /operations/wall/live`: the live stream as the wall may see it; for `kind`s of alerts and warnings."""
    feed = service.feed()
    try:
        wanted = events.wanted(request.query_params)
        if wanted.observations:
            raise BadInput("a wall asks for news", [Fault("kind", "is missing", "alerts, warnings")])
        if feed is None:
            raise Busy("the live feed is not running; come back later")
        caller = await asyncio.to_thread(_caller, request)
        since = events.Cursor.parse(request.headers.get("last-event-id"))
        client, first = await feed.join(caller, wanted, since)
    except DothiError as error:
        return errors.said(request, error)
    return WallStream(feed, client, first, request)


def _caller(request: Request) -> Caller:
    with db.reading() as session:
        return _known(request, session)[1]


class WallStream(Stream):
    """A stream that ends when the wall's token is revoked."""

    def __init__(self, feed: Feed, client: Client, first: list[bytes], request: Request) -> None:
        super().__init__(feed, client, first, request)
        self._of = request

    def _sight(self) -> object:
        try:
            return sight(_caller(self._of))
        except DothiError:
            return None


routes: list[BaseRoute] = [
    Route(ADDRESS, page, name=f"GET {ADDRESS}"), Route(f"{ADDRESS}/open", enter, methods=["POST"], name=f"POST {ADDRESS}/open"),
    _get("/now.json", now), _get("/map.json", things), Route(f"{ADDRESS}/live", live, name=f"GET {ADDRESS}/live"),
]  # fmt: skip
