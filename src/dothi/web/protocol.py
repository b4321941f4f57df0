"""uvicorn's HTTP protocol that does not wait for ever: a caller must finish a request's headers in time."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 20.0


class Prompt(HttpToolsProtocol):
    """Closes connections that say nothing, or send their headers byte by byte."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller connected: the first headers are due."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEADER_SECONDS, self._close)

    def data_received(self, data: bytes) -> None:
        """Bytes came: either the headers are whole now, or they are still due."""
        super().data_received(data)
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            if self._late is None:
                self._late = self.loop.call_later(HEADER_SECONDS, self._close)
        elif self._late is not None:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
        super().connection_lost(exc)

    def _close(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.close()
