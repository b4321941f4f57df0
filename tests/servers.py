"""Real servers for the tests: PostgreSQL as a subprocess of its own, uvicorn on a bound socket."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

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


@contextmanager
def postgresql() -> Iterator[str]:
    """A throw-away PostgreSQL cluster; yields its URL without a database name."""
    if given := os.environ.get("DOTHI_TEST_POSTGRESQL"):
        yield given.rstrip("/")
        return
    found = [shutil.which("initdb"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    initdb = next((Path(p) for p in found if p), None)
    if initdb is None:
        raise RuntimeError("PostgreSQL is not installed: run `make test`, or set DOTHI_TEST_POSTGRESQL")
    home = Path(tempfile.mkdtemp(prefix="dothi-pg-"))
    user: dict[str, object] = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(home, owner.pw_uid, owner.pw_gid)
        user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    port = free_port()
    data = home / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    subprocess.run(
        [initdb, "-D", data, "-A", "trust", "-U", "dothi", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        check=True,
        cwd=home,
        **quiet,
        **user,
    )
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": home,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 200,
        "shared_buffers": "128MB",
    }
    command = [initdb.parent / "postgres", "-D", data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    process = subprocess.Popen(command, cwd=home, **quiet, **user)
    try:
        wait_for(port)
        yield f"postgresql://dothi@127.0.0.1:{port}"
    finally:
        process.send_signal(2)
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


class Running:
    """The whole application answering on `url`."""

    def __init__(self) -> None:
        from dothi.app import create_app

        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.app = create_app()
        config = uvicorn.Config(self.app, log_level="warning", lifespan="on", timeout_graceful_shutdown=2)
        self.server = uvicorn.Server(config)
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
        self.server.should_exit = True
        self.thread.join(20)
        self.socket.close()
