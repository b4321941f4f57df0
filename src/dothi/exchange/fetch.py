"""Read documents of other servers, within limits: whatever they answer, this server is not harmed and reaches nothing inside.

Every address a name stands for is looked at before it is connected to, and that very address is connected to, so that a
name cannot point elsewhere a moment later. Private, local and other special addresses are refused unless the setting
harvest_private allows them.
"""

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpcore
import httpx

from dothi import __version__
from dothi.config import settings
from dothi.kit.errors import DothiError

AGENT = f"dothi/{__version__} (harvester)"
_PIECE = 65_536


class Refused(DothiError):
    """The address may not be asked, or its answer is none that is taken."""


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
        self._clock = _Clock()
        allowed = settings().harvest_private if private is None else private
        self._client = httpx.Client(
            transport=_Transport(_Backend(self._clock, private=allowed)), follow_redirects=False, trust_env=False,
            timeout=self.limits.pause, headers={"user-agent": AGENT, "accept-encoding": "gzip"},
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


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also where it holds an IPv4 address within."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


class _Clock:
    """When a document must be there."""

    until = 0.0

    def left(self, pause: float | None) -> float:
        """Seconds the next step may take; raises when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole took too long")
        return left if pause is None else min(pause, left)


class _Backend(httpcore.SyncBackend):
    """Connections to public addresses only, none of them longer than the document's time."""

    def __init__(self, clock: _Clock, *, private: bool) -> None:
        self._clock, self._private = clock, private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host[:100]} is not known: {error}") from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not self._private and not all(map(is_public, addresses)):
            raise Refused(f"{host[:100]} is a private or special address; DOTHI_HARVEST_PRIVATE would allow it")
        failure: Exception = httpcore.ConnectError(f"{host[:100]} has no address")
        for address in addresses[:4]:
            try:
                made = super().connect_tcp(address, port, self._clock.left(timeout), local_address, socket_options)
                return _Stream(made, self._clock)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is within the document's time."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream, self._clock = stream, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout)), self._clock)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Transport(httpx.BaseTransport):
    """httpx over connections of our own making."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False), max_connections=4, network_backend=backend, retries=0
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=b"",
            extensions=request.extensions,
        )
        with _said(request):
            answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Pieces(answer, request), extensions={})

    def close(self) -> None:
        self._pool.close()


class _Pieces(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response, request: httpx.Request) -> None:
        self._answer, self._request = answer, request

    def __iter__(self) -> Iterator[bytes]:
        with _said(self._request):
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _said(request: httpx.Request) -> Iterator[None]:
    """The lower floor's errors as httpx's."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise httpx.NetworkError(str(error), request=request) from error
