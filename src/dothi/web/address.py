"""This server's address as callers know it."""

from starlette.requests import Request

from dothi.config import settings


def root_of(request: Request) -> str:
    """The address of the door a request came to: the server's, and the path the door is mounted at."""
    mount: str = request.scope.get("root_path", "")
    return base_of(request) + mount


def base_of(request: Request) -> str:
    """The setting public_url, or what the request was sent to; no slash at the end."""
    if public := settings().public_url:
        return public.rstrip("/")
    host = request.headers.get("host", "")
    if not host or not host.replace(".", "").replace("-", "").replace(":", "").strip("[]").isalnum():
        server = request.scope.get("server") or ("localhost", 80)
        host = f"{server[0]}:{server[1]}"
    return f"{request.scope['scheme']}://{host}"
