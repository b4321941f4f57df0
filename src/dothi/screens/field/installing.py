"""What a telephone installs of the crews' pages: the manifest, and the worker that keeps them while there is no network."""

import json
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import dothi.web
from dothi.web import i18n

SCOPE = "/field"
_WORKER = Path(dothi.web.__file__).parent / "static" / "field-worker.js"


def manifest(request: Request) -> Response:
    """`GET /field/manifest.webmanifest`."""
    say = i18n.speaker(i18n.language_of(request))
    body = {
        "id": SCOPE, "name": say("Hiện trường · đô thị"), "short_name": say("Hiện trường"),
        "description": say("Việc hôm nay của đội, cả khi mất mạng."), "lang": i18n.language_of(request),
        "start_url": SCOPE, "scope": SCOPE, "display": "standalone", "orientation": "portrait",
        "background_color": "#f5f5f2", "theme_color": "#ffffff",
        "icons": [
            {"src": "/static/field-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
            {"src": "/static/field-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
            {"src": "/static/mark.svg", "sizes": "any", "type": "image/svg+xml"},
        ],
    }  # fmt: skip
    headers = {"cache-control": "max-age=300", "vary": "Accept-Language, Cookie"}
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/manifest+json", headers=headers)


def worker(_: Request) -> Response:
    """`GET /field/worker.js`, allowed for the whole of /field."""
    headers = {"service-worker-allowed": SCOPE, "cache-control": "no-cache"}
    return Response(_script(_WORKER.stat().st_mtime_ns), media_type="text/javascript", headers=headers)


@lru_cache(maxsize=2)
def _script(_stamp: int) -> bytes:
    return _WORKER.read_bytes()


routes = [Route("/field/manifest.webmanifest", manifest), Route("/field/worker.js", worker)]
