"""A plain HTTP/1.1 load: a few keep-alive connections, each sending its next request when answered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Result:
    """What a load saw. latencies: seconds, one a request."""

    requests: int = 0
    seconds: float = 0.0
    bad: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    bytes: int = 0

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self, load: "_Load") -> None:
        self.load, self.buffer, self.need, self.began = load, bytearray(), -1, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        request = self.load.next()
        if request is None:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        if self.need < 0:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(buffer[:end]).lower()
            at = head.find(b"content-length:")
            if at < 0:
                raise ValueError(f"an answer without Content-Length: {head[:200]!r}")
            stop = head.find(b"\r\n", at)
            self.need = end + 4 + int(head[at + 15 : stop if stop > 0 else None])
        if len(buffer) < self.need:
            return
        result = self.load.result
        result.requests += 1
        result.bytes += len(buffer)
        result.latencies.append(time.perf_counter() - self.began)
        if buffer[9:10] != b"2":
            result.bad.append(bytes(buffer[:600]).decode("utf-8", "replace"))
        buffer.clear()
        self.need = -1
        self.send()

    def connection_lost(self, _: Exception | None) -> None:
        self.load.lost()


class _Load:
    def __init__(self, make: Callable[[int], bytes | None], seconds: float, connections: int) -> None:
        self.make, self.number, self.open = make, 0, connections
        self.until = time.perf_counter() + seconds
        self.result = Result()
        self.done = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        if time.perf_counter() > self.until:
            return None
        request = self.make(self.number)
        self.number += 1
        return request

    def lost(self) -> None:
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


def run(port: int, make: Callable[[int], bytes | None], connections: int, seconds: float) -> Result:
    """Send what make(0), make(1), … give (None ends it) over so many connections for so long."""

    async def go() -> Result:
        load = _Load(make, seconds, connections)
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            await loop.create_connection(lambda: _Connection(load), "127.0.0.1", port)
        await load.done
        load.result.seconds = time.perf_counter() - began
        return load.result

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(go())
    if result.bad:
        raise RuntimeError(f"{len(result.bad)} of {result.requests} answers were not 2xx: {result.bad[0]}")
    return result


def get(path: str, headers: str = "") -> bytes:
    """A GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n{headers}\r\n".encode()


def post(path: str, body: bytes, kind: str = "application/json") -> bytes:
    """A POST request."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
