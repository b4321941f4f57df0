"""`dothi demo`: a whole simulated city on one machine, with nothing installed and nothing configured.

The building is a process of its own that ends: this one only waits, and keeps none of the building's memory.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from dothi import config
from dothi.kit.errors import Conflict, Fault

KEY_FILE = "simulator.key"
DAY_FILE = "scripted-day"
LOCK_FILE = "demo.lock"
FOLDER = "dothi-data-demo"  # of Tân An; each other city has its own beside it


def folder(city: str) -> str:
    """Where a city's demo keeps its data, unless `DOTHI_DATA` says: each its own, so that trying one leaves the others be."""
    name = Path(city).name
    return FOLDER if name == "tan-an" else f"{FOLDER}-{name}"


def prepare_environment(city: str, host: str | None, port: int | None) -> None:
    """Demo settings for this process and its children, unless the environment already says otherwise."""
    os.environ.setdefault("DOTHI_DATA", folder(city))
    os.environ.setdefault("DOTHI_DEFAULT_SHARING", "open")
    os.environ["DOTHI_DEMO"] = "1"
    if host:
        os.environ["DOTHI_HOST"] = host
    if port:
        os.environ["DOTHI_PORT"] = str(port)
    config.settings.cache_clear()
    settings = config.settings()
    os.environ["DOTHI_PORT"] = str(_free(settings.host, settings.port))
    if not settings.mqtt_url:
        os.environ["DOTHI_MQTT_PORT"] = str(_free(settings.mqtt_host, settings.mqtt_port))
    config.settings.cache_clear()


def _free(host: str, port: int) -> int:
    """The port, or the next one nobody listens on."""
    for candidate in range(port, port + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    return port


def run(city: str, host: str | None, port: int | None, days: float, name: str) -> int:
    """Build the city, then serve it and let its sensors speak until Ctrl-C. Raises Conflict where it runs already."""
    prepare_environment(city, host, port)
    settings = config.settings()
    with _alone(settings.data, f"http://{settings.host}:{settings.port}/"):
        return _run(city, days, name)


@contextmanager
def _alone(data: Path, address: str) -> Iterator[None]:
    """Hold a folder's demo while it runs: two would both speak for the same sensors."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / LOCK_FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            there = file.read().strip()
            message = f"a demo runs on this folder already, at {there}"
            raise Conflict(
                message, [Fault(str(data), "is in use", "Ctrl-C there first, or DOTHI_DATA=another folder")]
            ) from None
        file.truncate(0)
        file.write(address)
        file.flush()
        yield


def _run(city: str, days: float, name: str) -> int:
    console = Console()
    settings = config.settings()
    said = ["--city", city, "--days", str(days), "--scenario", name]
    build = subprocess.Popen([sys.executable, "-m", "dothi.cli", "demo", "--build-only", *said], start_new_session=True)
    failed = _until_stopped([build])
    if failed or build.returncode:
        return failed or 130
    key, day = settings.data / KEY_FILE, settings.data / DAY_FILE
    broker = settings.mqtt_url or f"mqtt://{settings.mqtt_host}:{settings.mqtt_port}"
    serve = subprocess.Popen([sys.executable, "-m", "dothi.cli", "serve"], start_new_session=True)
    lived = day.read_text("utf-8").strip() if day.exists() else "calm"
    speak = subprocess.Popen(
        [sys.executable, "-m", "dothi.simulate", broker, str(key), lived], start_new_session=True
    )  # fmt: skip
    console.rule()
    console.print(
        f"Live map    [bold link=http://{settings.host}:{settings.port}/]http://{settings.host}:{settings.port}/[/]"
    )
    console.print(f"Operations  http://{settings.host}:{settings.port}/operations (one click signs in as any role)")
    console.print(f"API         http://{settings.host}:{settings.port}/sta/v1.1")
    console.print(f"MQTT        {broker}")
    console.print(f"Data        {settings.data} (kept for the next start)", soft_wrap=True)
    console.print("All data is simulated. Ctrl-C stops everything.")
    console.rule()
    return _until_stopped([speak, serve])


def _until_stopped(children: list[subprocess.Popen[bytes]]) -> int:
    """Wait for Ctrl-C, SIGTERM or the end of a child; then stop the children in order."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    while not stopping and all(child.poll() is None for child in children):
        time.sleep(0.2)
    failed = next((child.returncode for child in children if child.poll()), 0)
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return failed
