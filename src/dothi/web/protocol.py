"""uvicorn's HTTP protocol that does not wait for ever: a caller must finish a request's headers in time."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dothi.web.bodies import SLOWEST

HEADER_SECONDS = 20.0
LOOK_SECONDS = 30.0  # between two looks at a caller who does not take their answer


class Prompt(HttpToolsProtocol):
    """Closes connections that say nothing, send their headers byte by byte, or do not take their answer."""

    _late: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _left = 0  # bytes of an answer not taken at the last look

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
        self._unstick()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The answer piles up here: see that it is taken at all."""
        super().pause_writing()
        self._unstick()
        self._left = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(LOOK_SECONDS, self._look)

    def resume_writing(self) -> None:
        """The caller took it."""
        self._unstick()
        super().resume_writing()

    def _look(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left > self._left - SLOWEST * LOOK_SECONDS:
            self._stuck = None
            self.transport.abort()
            return
        self._left = left
        self._stuck = self.loop.call_later(LOOK_SECONDS, self._look)

    def _unstick(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _close(self) -> None:
        self._late = None
        if not self.transport.is_closing():
            self.transport.close()
