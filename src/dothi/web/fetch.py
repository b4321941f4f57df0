"""Read documents of other servers, within limits: whatever they answer, this server is not harmed and reaches nothing inside.

Private, local and other special addresses are refused unless the setting harvest_private allows them (kit.outward).
"""

import time
import zlib
from dataclasses import dataclass
from typing import Self

import httpx

from dothi import __version__
from dothi.config import settings
from dothi.kit.outward import Deadline, Refused, Transport, is_public

__all__ = ["Answer", "Fetcher", "Limits", "Refused", "is_public"]

AGENT = f"dothi/{__version__} (harvester)"
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost: bytes unpacked, seconds altogether, seconds without a byte, redirects."""

    size: int = 16 * 1024 * 1024
    seconds: float = 120
    pause: float = 20
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """A document: where it came from in the end, its media type and its bytes."""

    url: str
    media_type: str
    body: bytes


class Fetcher:
    """Reads documents one after another over kept connections. Use as a context."""

    def __init__(self, limits: Limits | None = None, *, private: bool | None = None) -> None:
        self.limits = limits or Limits()
        self._clock = Deadline()
        allowed = settings().harvest_private if private is None else private
        self._client = httpx.Client(
            transport=Transport(self._clock, private=allowed, setting="DOTHI_HARVEST_PRIVATE"),
            follow_redirects=False, trust_env=False, timeout=self.limits.pause, headers={"user-agent": AGENT, "accept-encoding": "gzip"},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def get(self, url: str, accept: str) -> Answer:
        """The document at an address. Raises Refused, in words, for whatever goes wrong."""
        self._clock.until = time.monotonic() + self.limits.seconds
        try:
            for _ in range(self.limits.redirects + 1):
                _check(url)
                with self._client.stream("GET", url, headers={"accept": accept}) as response:
                    if response.is_redirect:
                        url = _next(response)
                        continue
                    if response.status_code != 200:
                        raise Refused(f"{_short(url)} answered {response.status_code}")
                    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                    return Answer(url, kind, self._body(response))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise Refused(f"{_short(url)} cannot be read: {_why(error)}") from error
        raise Refused(f"{_short(url)}: more than {self.limits.redirects} redirects")

    def _body(self, response: httpx.Response) -> bytes:
        most = self.limits.size
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "deflate"):
            raise Refused(f"the answer is packed as {encoding[:20]!r}, which was not asked for")
        unpack = zlib.decompressobj(47) if encoding in ("gzip", "deflate") else None
        body = bytearray()
        for piece in response.iter_raw(_PIECE):
            if unpack is None:
                body += piece
            else:
                try:  # never more than what is still allowed, however small the packed form is
                    body += unpack.decompress(piece, most + 1 - len(body))
                except zlib.error as error:
                    raise Refused(f"the answer cannot be unpacked: {error}") from None
            if len(body) > most:
                raise Refused(f"the answer is larger than {most} bytes")
        return bytes(body)


def _check(url: str) -> None:
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise Refused(f"{_short(url)} is no address: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise Refused(f"{_short(url)} is no address of the web: it begins with http:// or https://")
    if parts.userinfo:
        raise Refused("an address with a password in it is not asked")


def _next(response: httpx.Response) -> str:
    to = response.headers.get("location", "")
    try:
        url = response.url.join(to)
    except (httpx.InvalidURL, ValueError) as error:
        raise Refused(f"redirected to {to[:80]!r}, which is no address: {error}") from None
    if response.url.scheme == "https" and url.scheme != "https":
        raise Refused("redirected from https to an address that is not encrypted")
    return str(url)


def _short(url: object) -> str:
    return str(url)[:200]


def _why(error: BaseException) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return str(error)[:200] or type(error).__name__
