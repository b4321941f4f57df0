"""`/cap`: the feed, each message as it was signed, the certificate, and what is in force as GeoJSON. For everybody."""

import hashlib
import json

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.config import settings
from dothi.db import session as db
from dothi.doors.cap import feed
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.places import cities
from dothi.places.cities import Lens
from dothi.warnings import here, service, signing, store
from dothi.warnings.model import CONTENT_TYPE
from dothi.warnings.telling import Told, told
from dothi.web.address import base_of

HISTORY = 90 * clock.DAY
MOST = 500
_STATUSES = {"Actual": ("Actual",), "Exercise": ("Exercise",), "Test": ("Test",)}
_CORS = {"access-control-allow-origin": "*"}


def atom(request: Request) -> Response:
    """`/cap/atom.xml?status=Actual&lang=vi&city=`: the messages of 90 days, the newest first; city: what touches it."""
    asked = _asked(request, {"status": tuple(_STATUSES), "lang": ("vi", "en"), "city": None})
    status, language, city = asked.get("status", "Actual"), asked.get("lang", settings().language), asked.get("city")
    base, since = base_of(request), clock.now_micros() - HISTORY
    with db.reading() as session:
        seen = _city(session, city)
        stamp = store.stamp(session, ANONYMOUS, since, _STATUSES[status])
        tag = _tag(f"{stamp} {base} {status} {language} {city}".encode())
        if _unchanged(request, tag):
            return Response(status_code=304, headers=_headers(tag, 30))
        found = here.touching(
            seen, [told(row) for row in store.latest(session, ANONYMOUS, since, _STATUSES[status], MOST)]
        )
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    this = f"{base}/cap/atom.xml" + (f"?{query}" if query else "")
    body = feed.atom(found, base, this, language, signing.sender(), clock.micros(clock.EPOCH))
    return Response(body, headers=_headers(tag, 30), media_type="application/atom+xml; charset=utf-8")


def message(request: Request) -> Response:
    """`/cap/{identifier}.xml`: one message as it was signed; it never changes, another message ends it."""
    identifier = request.path_params["identifier"]
    with db.reading() as session:
        row = store.document(session, ANONYMOUS, identifier)
        body = b"" if row is None or row.xml is None else row.xml.encode()
    if not body:
        raise NotFound(f"no published message {identifier[:120]!r}")
    tag = _tag(body)
    if _unchanged(request, tag):
        return Response(status_code=304, headers=_headers(tag, 86_400))
    return Response(body, headers=_headers(tag, 86_400), media_type=f"{CONTENT_TYPE}; charset=utf-8")


def certificate(request: Request) -> Response:
    """`/cap/certificate.pem`: what our messages are signed with."""
    body = signing.certificate().encode()
    tag = _tag(body)
    if _unchanged(request, tag):
        return Response(status_code=304, headers=_headers(tag, 3600))
    return Response(body, headers=_headers(tag, 3600), media_type="application/x-pem-file")


def current(request: Request) -> Response:
    """`/cap/current.geojson?bbox=&city=`: what is in force now, ours and those we follow, gravest first; for maps."""
    asked = _asked(request, {"bbox": None, "city": None})
    with db.reading() as session:
        seen = _city(session, asked.get("city"))
        found = here.touching(seen, service.current(session, ANONYMOUS, bbox=_box(asked.get("bbox"))))
    features = [_feature(one) for one in found if one.status == "Actual"]
    body = json.dumps(
        {"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    tag = _tag(body)
    if _unchanged(request, tag):
        return Response(status_code=304, headers=_headers(tag, 10))
    return Response(body, headers=_headers(tag, 10), media_type="application/geo+json")


def _feature(one: Told) -> dict[str, object]:
    vi, en = one.info("vi"), one.info("en")
    return {
        "type": "Feature", "id": one.identifier, "geometry": one.geometry, "properties": {
            "identifier": one.identifier, "sender": one.sender, "inbound": one.inbound, "severity": one.severity,
            "tone": one.tone, "category": one.category, "event": vi["event"], "event_en": en["event"],
            "headline": vi["headline"], "headline_en": en["headline"], "areas": one.places("vi"),
            "areas_en": one.places("en"), "sent": clock.iso(one.sent_at or 0),
            "expires": None if one.expires_at is None else clock.iso(one.expires_at), "simulated": one.simulated,
            "url": one.url,
        },
    }  # fmt: skip


def _asked(request: Request, known: dict[str, tuple[str, ...] | None]) -> dict[str, str]:
    """The parameters, each known and allowed. Raises BadInput with every fault."""
    faults, found = [], dict(request.query_params)
    for name, value in found.items():
        if name not in known:
            faults.append(Fault(name[:80], "unknown parameter", ", ".join(known)))
        elif (allowed := known[name]) is not None and value not in allowed:
            faults.append(Fault(name, repr(value[:80]), ", ".join(allowed)))
    if faults:
        raise BadInput("this cannot be asked so", faults)
    return found


def _city(session: Session, code: str | None) -> Lens | None:
    """What a city of this installation holds. Raises BadInput for one that is not here."""
    if code is None:
        return None
    held = cities.all_(session)
    if code not in held:
        raise BadInput(
            "there is no such city", [Fault("city", repr(code[:80]), ", ".join(held) or "none: leave it out")]
        )
    return cities.of_city(session, held[code]) if len(held) > 1 else None


def _box(text: str | None) -> store.Box | None:
    if text is None:
        return None
    box = geo.box(text)
    if box is None:
        raise BadInput("bbox is not understood", [Fault("bbox", repr(text[:80]), "west,south,east,north in degrees")])
    return box


def _tag(content: bytes) -> str:
    return '"' + hashlib.sha256(content).hexdigest()[:24] + '"'


def _unchanged(request: Request, tag: str) -> bool:
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in held.split(",")]


def _headers(tag: str, seconds: int) -> dict[str, str]:
    return {"etag": tag, "cache-control": f"public, max-age={seconds}", **_CORS}


routes: list[BaseRoute] = [
    Route("/cap/atom.xml", atom, methods=["GET"]),
    Route("/cap/certificate.pem", certificate, methods=["GET"]),
    Route("/cap/current.geojson", current, methods=["GET"]),
    Route("/cap/{identifier}.xml", message, methods=["GET"]),
]
