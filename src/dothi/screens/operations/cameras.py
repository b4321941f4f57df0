"""Cameras of the operations centre: the list, one camera, its viewing, and the drawn test source."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from dothi.db import session as db
from dothi.identity import access
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import DothiError
from dothi.screens.operations import viewing
from dothi.screens.operations.asking import Ask, get, json, post, wants_json
from dothi.screens.operations.viewing import Camera, Viewing
from dothi.sensing import state
from dothi.simulate import pictures
from dothi.simulate.pictures import Seen
from dothi.web import errors, shell, slots
from dothi.web.i18n import marked

NEAREST = 3  # beside the selected alarm
BEHIND = 2.0  # seconds between the stills of a test camera
OUTSIDE_BEHIND = 5.0  # seconds between the stills of a real one
_PAUSE = 0.5  # seconds between the frames of the drawn stream
_LOOKED = 5.0  # seconds for which what the sensors read is drawn
_EDGE = b"frame"
CLASSES = {
    "public": marked("Công cộng"), "restricted": marked("Hạn chế"), "sensitive": marked("Nhạy cảm"),
}  # fmt: skip
WHO = {
    "public": marked("Ai xem được cảnh báo thì xem được camera này."),
    "restricted": marked("Chỉ người xử lý cảnh báo xem được camera này."),
    "sensitive": marked("Chỉ người xử lý cảnh báo của cơ quan giữ camera xem được."),
}
_WINDS = (
    marked("bắc"), marked("đông bắc"), marked("đông"), marked("đông nam"), marked("nam"), marked("tây nam"), marked("tây"),
    marked("tây bắc"),
)  # fmt: skip


@dataclass(frozen=True)
class CamerasPage:
    """`operations/cameras.html`: the cameras the caller may look through. spot: what they are near to."""

    cameras: list[Camera]
    spot: tuple[float, float] | None


@dataclass(frozen=True)
class CameraPage:
    """`operations/camera.html`: one camera. viewing: None before it is opened; every: seconds between stills."""

    camera: Camera
    viewing: Viewing | None
    source: str
    every: float
    minutes: int


def _words(ask: Ask) -> dict[str, Any]:
    return {
        "classes": CLASSES,
        "who": WHO,
        "wind": lambda degrees: ask.say(_WINDS[round(degrees / 45) % 8]),
        "iso": clock.iso,
    }


def cameras(ask: Ask) -> Response:
    """Every camera the caller may look through, or those near a place (`?near=lon,lat`)."""
    spot = _spot(ask.request.query_params.get("near"))
    found = viewing.cameras(ask.session, ask.caller, ask.language, spot, NEAREST if ask.part else viewing.MOST)
    if wants_json(ask.request):
        return json({"cameras": [_public(one) for one in found]})
    page = CamerasPage(found, spot)
    simulated = any(one.simulated for one in found)
    if ask.part:
        return ask.page("operations/_cameras.html", page, (), slot={"cameras": found}, simulated=False, **_words(ask))
    return ask.page("operations/cameras.html", page, ("operations", "cameras"), simulated=simulated, **_words(ask))


def _spot(text: str | None) -> tuple[float, float] | None:
    try:
        lon, lat = (float(part) for part in (text or "").split(","))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def _public(one: Camera) -> dict[str, Any]:
    """A camera as programs get it: never its stream's address."""
    return {
        "code": one.code, "name": one.name, "lon": one.lon, "lat": one.lat, "direction": one.direction, "privacy": one.privacy,
        "agency": one.agency, "retention": one.retention, "kind": one.kind, "simulated": one.simulated,
        "metres": one.metres, "url": f"/operations/cameras/{one.code}",
    }  # fmt: skip


def camera(ask: Ask) -> Response:
    """One camera; with `viewing` its picture, `frame=1` for a page's corner."""
    query = ask.request.query_params
    one = viewing.camera(ask.session, ask.caller, ask.request.path_params["code"], ask.language)
    given = query.get("viewing")
    try:
        look = viewing.current(ask.session, ask.caller, one.code, given, ask.now) if given else None
    except viewing.Gone:
        look = None
    source = "" if look is None else _source(one, look)
    page = CameraPage(one, look, source, BEHIND if one.test else OUTSIDE_BEHIND, viewing.LONGEST // 60)
    template = "operations/camera_frame.html" if query.get("frame") else "operations/camera.html"
    entries = ("cameras",) if query.get("frame") else ("operations", "cameras")
    answer = ask.page(template, page, entries, simulated=one.simulated, **_words(ask))
    if one.host is not None:
        shell.allow(answer, pictures=[one.host])
    return answer


def _source(one: Camera, look: Viewing) -> str:
    if not one.test:
        return one.url
    name = "stream" if one.kind == "mjpeg" else "still"
    return f"/operations/cameras/{one.code}/{name}?viewing={look.token}"


def open_(ask: Ask) -> Response:
    """Begin a viewing, which is written down."""
    one = viewing.camera(ask.session, ask.caller, ask.request.path_params["code"], ask.language)
    look = viewing.begin(ask.session, ask.caller, one, ask.now)
    if wants_json(ask.request):
        source = _source(one, look)
        every = BEHIND if one.test else OUTSIDE_BEHIND
        return json({"viewing": look.token, "kind": one.kind, "source": source, "every": every, "until": look.until})
    frame = "&frame=1" if ask.values.get("frame") else ""
    return RedirectResponse(f"/operations/cameras/{one.code}?viewing={look.token}{frame}", 303)


def close(ask: Ask) -> Response:
    """End a viewing, which is written down too."""
    one = viewing.camera(ask.session, ask.caller, ask.request.path_params["code"], ask.language)
    look = viewing.opened(ask.caller, one.code, ask.values.get("viewing", ""))
    if look is None:
        raise viewing.Gone("this is no viewing of yours")
    viewing.end(ask.session, ask.caller, one, look, ask.now)
    if wants_json(ask.request) or ask.values.get("beacon"):
        return Response(status_code=204)
    return RedirectResponse(f"/operations/cameras/{one.code}", 303)


def _looking(request: Request) -> tuple[Caller, Camera, Viewing]:
    """Who looks through which test camera."""
    caller, code = access.caller(request), request.path_params["code"]
    with db.reading() as session:
        one = viewing.camera(session, caller, code)
        look = viewing.current(session, caller, code, request.query_params.get("viewing", ""))
    if not one.test:
        raise viewing.Gone("this camera has its own stream")
    return caller, one, look


def _seen(one: Camera) -> Seen:
    """What the simulated sensors near a camera read now."""
    if one.lon is None or one.lat is None:
        return Seen()
    with db.reading() as session:
        return _read(session, one.lon, one.lat)


def _read(session: Session, lon: float, lat: float) -> Seen:
    found: dict[str, tuple[float, float]] = {}
    box = (lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03)
    for thing in state.states(session, _SIMULATED, box):
        if not thing.simulated or thing.value is None or thing.lon is None or thing.lat is None:
            continue
        away = ((thing.lon - lon) ** 2 + (thing.lat - lat) ** 2) ** 0.5 * 111_195
        within = _WITHIN.get(thing.property or "")
        if within and away <= within and away < found.get(thing.property or "", (1e9, 0))[0]:
            found[thing.property or ""] = (away, thing.value)
    hour = found.get("rainfall-1h")
    return Seen(
        depth=found["flood-depth"][1] if "flood-depth" in found else None,
        stage=found["water-level"][1] if "water-level" in found else None,
        rain=hour[1] / 6 if hour else None,
    )


# metres within which a sensor tells what a drawn camera sees; only what is open shows in a picture
_WITHIN = {"flood-depth": 250, "water-level": 600, "rainfall-1h": 3500}
_SIMULATED = Caller()


async def still(request: Request) -> Response:
    """One picture of a test camera."""
    try:
        _, one, _ = await run_in_threadpool(_looking, request)
        seen = await run_in_threadpool(_seen, one)
    except DothiError as error:
        return errors.said(request, error)
    picture = await run_in_threadpool(pictures.frame, _scene(one), one.code, clock.now_micros(), seen)
    return Response(picture, media_type="image/png", headers={"cache-control": "no-store"})


async def stream(request: Request) -> Response:
    """The pictures of a test camera one after the other, until the viewing ends or nobody looks."""
    try:
        caller, one, look = await run_in_threadpool(_looking, request)
    except DothiError as error:
        return errors.said(request, error)
    return StreamingResponse(
        _frames(caller, one, look), media_type=f"multipart/x-mixed-replace; boundary={_EDGE.decode()}",
        # said to be as it is: a packer would hold frames back until it has enough of them
        headers={"cache-control": "no-store", "content-encoding": "identity"},
    )  # fmt: skip


async def _frames(caller: Caller, one: Camera, look: Viewing) -> AsyncIterator[bytes]:
    seen, read_at = Seen(), 0
    try:
        while (now := clock.now_micros()) < look.until:
            if now - read_at > _LOOKED * clock.SECOND:
                seen, read_at = await run_in_threadpool(_seen, one), now
            picture = await run_in_threadpool(pictures.frame, _scene(one), one.code, now, seen)
            head = b"--%s\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n" % (_EDGE, len(picture))
            yield head + picture + b"\r\n"
            await asyncio.sleep(_PAUSE)
    finally:
        # the reader may be gone, and this task with it: what is written down must not be
        await asyncio.shield(run_in_threadpool(_ended, caller, one, look))


def _ended(caller: Caller, one: Camera, look: Viewing) -> None:
    with db.writing() as session:
        viewing.end(session, caller, one, look)


def _scene(one: Camera) -> str:
    scene = one.url.removeprefix(viewing.TEST)
    return scene if scene in pictures.SCENES else "street"


def near(ask: Ask, subject: Any) -> dict[str, Any] | None:
    """What `operations/_cameras.html` shows beside a subject that stands somewhere; nothing in replay."""
    lon, lat = (_of(subject, "lon"), _of(subject, "lat"))
    if ask.replay or lon is None or lat is None:
        return None
    found = viewing.cameras(ask.session, ask.caller, ask.language, (lon, lat), NEAREST)
    return {"cameras": found, **_words(ask)} if found else None


def _of(subject: Any, name: str) -> float | None:
    value = subject.get(name) if isinstance(subject, dict) else getattr(subject, name, None)
    return float(value) if value is not None else None


def on_map(ask: Ask) -> dict[str, Any] | None:
    """The cameras as GeoJSON for the live map; nothing in replay."""
    if ask.replay:
        return None
    found = [
        one for one in viewing.cameras(ask.session, ask.caller, ask.language)
        if one.lon is not None and one.lat is not None
    ]  # fmt: skip
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": f"camera:{one.code}", "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
         "properties": _public(one)} for one in found
    ]}  # fmt: skip


slots.fill("operations.cameras", near)
slots.fill("operations.map.cameras", on_map)

_code = partial("/operations/cameras/{{code}}{0}".format)
routes: list[BaseRoute] = [
    get("/operations/cameras", cameras),
    get(_code(""), camera),
    post(_code("/open"), open_, viewing.LOOKS),
    post(_code("/close"), close, viewing.LOOKS),
    Route(_code("/still"), still, name=f"GET {_code('/still')}"),
    Route(_code("/stream"), stream, name=f"GET {_code('/stream')}"),
]
