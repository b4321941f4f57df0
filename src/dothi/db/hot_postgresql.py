"""The hot lane's connections to PostgreSQL: asyncpg, which costs a third of what other drivers do for one short row.

A connection is of the event loop it was opened on. Statements stay prepared on their connection.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Engine

# numbers travel as text: what is bound is an int or a float whatever the column is, and PostgreSQL reads either
_TEXTS = {"int2": int, "int4": int, "int8": int, "float4": float, "float8": float, "text": str, "varchar": str}
_WAIT = 10.0  # seconds for a connection to come free
_GONE = (
    OSError,
    asyncpg.InterfaceError,  # closed under us
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server shuts down or starts up; a cancelled query is caught before
    asyncpg.TooManyConnectionsError,
)


class Lost(Exception):
    """No connection could be had, or it broke twice."""


class Pool:
    """A few connections, the last used first.

    short: statements are planned once (planning over the months costs more than they do); else each time anew.
    """

    def __init__(self, engine: Engine, size: int, seconds: float, *, short: bool) -> None:
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._settings = {
            "statement_timeout": str(int(seconds * 1000)),
            "default_transaction_read_only": "on",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",  # many ask at once; what is asked is short
            "plan_cache_mode": "force_generic_plan" if short else "force_custom_plan",
        }
        self._free: list[Any] = []
        self._gate = asyncio.Semaphore(size)
        self._over = False

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """All rows; a server that was restarted meanwhile is asked once more. Raises Lost, or what PostgreSQL says."""
        if self._gate.locked():
            try:
                await asyncio.wait_for(self._gate.acquire(), _WAIT)
            except TimeoutError:
                raise Lost("no connection came free") from None
        else:
            await self._gate.acquire()
        try:
            try:
                return await self._ask(sql, values)
            except asyncpg.QueryCanceledError:
                raise
            except _GONE:
                self.drop()
                try:
                    return await self._ask(sql, values)
                except asyncpg.QueryCanceledError:
                    raise
                except _GONE as error:
                    raise Lost(type(error).__name__) from None
        finally:
            self._gate.release()

    async def _ask(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        connection = self._free.pop() if self._free else await self._open()
        try:
            rows = await connection.fetch(sql, *values)
        except asyncpg.PostgresError:
            self._back(connection)
            raise
        except BaseException:
            connection.terminate()
            raise
        self._back(connection)
        return [tuple(row) for row in rows]

    def _back(self, connection: Any) -> None:
        if self._over:
            connection.terminate()
        else:
            self._free.append(connection)

    async def _open(self) -> Any:
        connection = await asyncpg.connect(self._url, server_settings=self._settings, timeout=_WAIT)
        for name, decoder in _TEXTS.items():
            await connection.set_type_codec(
                name, schema="pg_catalog", encoder=str, decoder=decoder, format="text"
            )  # fmt: skip
        return connection

    def drop(self) -> None:
        """Close what is free at once."""
        while self._free:
            with contextlib.suppress(RuntimeError):  # its loop has closed, and the connection with it
                self._free.pop().terminate()

    def end(self) -> None:
        """Close what is free at once, and what is in use when it comes back."""
        self._over = True
        self.drop()

    async def close(self) -> None:
        """As `end`, politely."""
        self._over = True
        while self._free:
            with contextlib.suppress(Exception):
                await self._free.pop().close(timeout=2)
