"""The site's own files: hashed names are kept for ever, and sent as small as the browser can read them."""

import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

LONGEST = 200  # bytes of a file's name; file systems refuse more than 255
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


class Static(StaticFiles):
    """Static files with the twins (`.br`, `.gz`) the build wrote beside them."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or its smaller twin when the browser reads it."""
        if "\0" in path or any(len(os.fsencode(part)) > LONGEST for part in path.split("/")):
            raise HTTPException(404)
        accepted = Headers(scope=scope).get("accept-encoding", "")
        kind = TYPES.get(os.path.splitext(path)[1])  # noqa: PTH122 - a URL's path
        answer = None
        for name, ending in ENCODINGS:
            if kind and name in accepted and self.lookup_path(path + ending)[1] is not None:
                answer = await super().get_response(path + ending, scope)
                answer.headers["content-encoding"] = name
                break
        if answer is None:
            answer = await super().get_response(path, scope)
        if kind:
            answer.headers["content-type"] = kind + ("; charset=utf-8" if kind.startswith("text/") else "")
            answer.headers["vary"] = "Accept-Encoding"
        hashed = "/assets/" in f"/{path}"
        answer.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "public, max-age=300"
        return answer
