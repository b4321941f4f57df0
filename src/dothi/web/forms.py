"""Forms that work without script: a token against forgery, and each fault said under its field."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from dothi.config import settings
from dothi.kit.errors import BadInput, DothiError, Fault, NotAllowed
from dothi.kit.once import made_once

COOKIE = "dothi_form"
SESSION = "dothi_session"
FIELD = "_token"


class Forged(NotAllowed):
    """The form was not sent from a page of this server, or the page is too old."""


@dataclass
class Filled:
    """What somebody wrote into a form, and what is wrong with it: `filled.values.login`, `filled.faults.login`."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    message: str = ""

    @classmethod
    def wrong(cls, values: Mapping[str, str], error: DothiError) -> "Filled":
        """A form shown again with its error."""
        faults: dict[str, list[Fault]] = {}
        for fault in error.faults:
            faults.setdefault(fault.place.partition(".")[0], []).append(fault)
        return cls(values, faults, error.message)


def token(request: Request) -> str:
    """The hidden token of this browser's forms."""
    return _sign(_nonce(request), request.cookies.get(SESSION, ""))


def keep(request: Request, answer: Response) -> None:
    """Give the browser the cookie its tokens are made with, if it has none."""
    if COOKIE not in request.cookies:
        answer.set_cookie(COOKIE, _nonce(request), httponly=True, samesite="lax", secure=secure(request), path="/")


def check(request: Request, form: FormData) -> None:
    """Raise Forged unless the form carries this browser's token and comes from this server."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forged("this form was sent from another site")
    nonce, given = request.cookies.get(COOKIE), form.get(FIELD)
    if not nonce or not isinstance(given, str):
        raise Forged("this page is too old; open it again")
    if not hmac.compare_digest(given.encode(errors="replace"), _sign(nonce, request.cookies.get(SESSION, "")).encode()):
        raise Forged("this page is too old; open it again")


def secure(request: Request) -> bool:
    """Whether cookies may travel encrypted only."""
    return request.url.scheme == "https" or urlsplit(settings().public_url or "").scheme == "https"


def texts(form: FormData) -> dict[str, str]:
    """The form's texts, stripped, without its token; the first of each name. Raises BadInput for a zero character."""
    found: dict[str, str] = {}
    faults = [
        Fault(name[:80], "holds a zero character", "text") for name, value in form.multi_items() if "\0" in str(value)
    ]
    if faults:
        raise BadInput("the form cannot be read", faults)
    for name, value in form.multi_items():
        if isinstance(value, str) and name != FIELD:
            found.setdefault(name, value if name.startswith("password") else value.strip())
    return found


def _nonce(request: Request) -> str:
    held = request.cookies.get(COOKIE)
    if held:
        return held
    if not hasattr(request.state, "form_nonce"):
        request.state.form_nonce = secrets.token_urlsafe(16)
    return str(request.state.form_nonce)


def _sign(nonce: str, session: str) -> str:
    return hmac.new(secret(), f"{nonce} {session}".encode(), hashlib.sha256).hexdigest()


def secret() -> bytes:
    """What this installation signs and seals with."""
    return _secret(settings().secret, settings().data)


@lru_cache(maxsize=4)
def _secret(said: str | None, data: Path) -> bytes:
    """The installation's secret: the setting, or one made once in the data folder."""
    if said:
        return said.encode()
    return made_once(data / "secret", lambda: secrets.token_hex(32)).encode()
