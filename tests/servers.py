"""Real servers for the tests: PostgreSQL as a subprocess of its own, uvicorn on a bound socket."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
import uvicorn


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(port: int, seconds: float = 20) -> None:
    """Return when something accepts connections on the port."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Cluster:
    """A throw-away PostgreSQL cluster; `url` has no database name.

    durable: with the settings of production, for benchmarks and soak runs; tests need no fsync.
    """

    def __init__(self, *, durable: bool = False) -> None:
        found = [shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
        initdb = next((Path(p) for p in found if p), None)
        if initdb is None:
            raise RuntimeError("PostgreSQL is not installed: run `make test`, or set DOTHI_TEST_POSTGRESQL")
        self.home = Path(tempfile.mkdtemp(prefix="dothi-pg-"))
        self.user: dict[str, object] = {}
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.home, owner.pw_uid, owner.pw_gid)
            self.user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self.port = free_port()
        self.url = f"postgresql://dothi@127.0.0.1:{self.port}"
        self.quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": self.home}
        make = [initdb, "-D", self.home / "data", "-A", "trust", "-U", "dothi", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*make, "--no-sync"], check=True, **self.quiet, **self.user)
        options: dict[str, object] = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.home,
            "max_connections": 200,
            "shared_buffers": "2GB" if durable else "128MB",
        }
        if durable:
            options["max_wal_size"] = "4GB"
        else:
            options |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        self.command = [initdb.parent / "postgres", "-D", self.home / "data"]
        for name, value in options.items():
            self.command += ["-c", f"{name}={value}"]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, also after a kill."""
        self.process = subprocess.Popen(self.command, start_new_session=True, **self.quiet, **self.user)
        end = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(f"{self.url}/postgres", connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """Kill -9 the server and all it started, as a power cut would."""
        assert self.process is not None
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        children = [int(pid) for pid in task.read_text().split()]  # each leads a group of its own
        for pid in [self.process.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        (self.home / "data" / "postmaster.pid").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
        shutil.rmtree(self.home, ignore_errors=True)


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """The URL, without a database name, of a PostgreSQL server to test on: a throw-away one unless one is given."""
    if given := os.environ.get("DOTHI_TEST_POSTGRESQL"):
        yield given.rstrip("/")
        return
    with Cluster(durable=durable) as cluster:
        yield cluster.url


class _Uvicorn(uvicorn.Server):
    """Stops when it is told to: uvicorn looks every tenth of a second, and waits as long for connections there aren't.

    Hundreds of tests start a server of their own.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop, self.told = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        await self.lifespan.shutdown()

    def stop(self) -> None:
        """Have it stop; of any thread."""
        self.should_exit = True
        self.loop.call_soon_threadsafe(self.told.set)


class Running:
    """The whole application answering on `url`."""

    def __init__(self) -> None:
        from dothi.app import create
        from dothi.web.protocol import Prompt

        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            create(), http=Prompt, log_level="warning", lifespan="on", timeout_graceful_shutdown=2, server_header=False
        )
        self.server = _Uvicorn(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        end = time.monotonic() + 30
        while not self.server.started:
            if not self.thread.is_alive() or time.monotonic() > end:
                raise RuntimeError("the server did not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.thread.join(60)
        self.socket.close()
        if self.thread.is_alive():  # it would go on writing, into the next test's database
            raise RuntimeError("the server did not stop")
