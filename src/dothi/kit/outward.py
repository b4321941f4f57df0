"""Connections to other servers that reach nothing inside, whatever address somebody gave us.

Every address a name stands for is looked at before it is connected to, and that very address is connected to, so that a
name cannot point elsewhere a moment later.
"""

import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from dothi.kit.errors import DothiError


class Refused(DothiError):
    """The address may not be asked, or its answer is none that is taken."""


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


class Deadline:
    """When the whole of an exchange must be done."""

    until = 0.0

    def left(self, pause: float | None) -> float:
        """Seconds the next step may take; raises when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole took too long")
        return left if pause is None else min(pause, left)


class _Backend(httpcore.SyncBackend):
    """Connections to public addresses only, none of them longer than the deadline."""

    def __init__(self, clock: Deadline, *, private: bool, setting: str) -> None:
        self._clock, self._private, self._setting = clock, private, setting

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
            raise Refused(f"{host[:100]} is a private or special address; {self._setting} would allow it")
        failure: Exception = httpcore.ConnectError(f"{host[:100]} has no address")
        for address in addresses[:4]:
            try:
                made = super().connect_tcp(address, port, self._clock.left(timeout), local_address, socket_options)
                return _Stream(made, self._clock)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is within the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, clock: Deadline) -> None:
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


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom connections trust; read once, as that takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


class Transport(httpx.BaseTransport):
    """httpx over connections to addresses that were looked at.

    private: special and private addresses are allowed; setting: the name of the setting that would allow them.
    """

    def __init__(self, clock: Deadline, *, private: bool, setting: str, most: int = 4) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_certificates(),
            max_connections=most,
            network_backend=_Backend(clock, private=private, setting=setting),
            retries=0,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange, over a kept connection where there is one."""
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.read(),
            extensions=request.extensions,
        )
        with _said(request):
            answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Pieces(answer, request), extensions={})

    def close(self) -> None:
        """Close the kept connections."""
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
