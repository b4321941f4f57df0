"""Kill -9 of the server or the database at random moments under mixed HTTP and MQTT load.

    python -m bench.soak [kills]      (50 unless said; DOTHI_BENCH_DATABASES chooses the databases)

Holds when: no acknowledged observation is lost, none is doubled, counters are exact, the server answers again by
itself after the database was killed, and `dothi journal verify` passes. Exit code 1 otherwise.
"""

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import text
from tests.servers import Cluster, wait_for

from bench import fill
from bench.harness import DATABASES, Place, Served, fresh, serving, using
from dothi.db import session as db
from dothi.kit import clock


class Ledger:
    """What was sent, and what was acknowledged: key to value."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sent: dict[tuple[int, int], float] = {}
        self.acknowledged: dict[tuple[int, int], float] = {}
        self.ways: dict[str, int] = {}
        self.at = fill.START

    def next(self, stream: int) -> tuple[int, int, float]:
        """A new key and value, noted as sent."""
        with self.lock:
            self.at += 1_000_000
            value = random.randrange(1000) / 10
            self.sent[stream, self.at] = value
            return stream, self.at, value

    def acknowledge(self, way: str, rows: list[tuple[int, int, float]]) -> None:
        """Note rows as acknowledged."""
        with self.lock:
            self.acknowledged.update(((stream, at), value) for stream, at, value in rows)
            self.ways[way] = self.ways.get(way, 0) + len(rows)


def singles(ledger: Ledger, port: int, ids: list[int], stop: threading.Event) -> None:
    """One observation after another."""
    connection: http.client.HTTPConnection | None = None
    while not stop.is_set():
        row = ledger.next(random.choice(ids))
        body = json.dumps({"phenomenonTime": clock.iso(row[1]), "result": row[2]})
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(
                "POST", f"/sta/v1.1/Datastreams({row[0]})/Observations", body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            answer.read()
            if answer.status == 201:
                ledger.acknowledge("single", [row])
        except (OSError, http.client.HTTPException):
            connection = None
            stop.wait(0.1)


def arrays(ledger: Ledger, port: int, ids: list[int], stop: threading.Event) -> None:
    """dataArray bodies of 200 rows."""
    while not stop.is_set():
        stream = random.choice(ids)
        rows = [ledger.next(stream) for _ in range(200)]
        data = [[clock.iso(at), value] for _, at, value in rows]
        body = [{"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": data}]
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(
                "POST", "/sta/v1.1/CreateObservations", json.dumps(body), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            links = json.loads(answer.read())
            if answer.status == 201:
                good = [row for row, link in zip(rows, links, strict=True) if not str(link).startswith("error")]
                ledger.acknowledge("dataArray", good)
        except (OSError, http.client.HTTPException, ValueError):
            pass
        stop.wait(0.05)


def published(ledger: Ledger, port: int, ids: list[int], stop: threading.Event) -> None:
    """MQTT QoS 1; a PUBACK is the acknowledgement."""
    waiting: dict[int, tuple[int, int, float]] = {}
    lock = threading.Lock()

    def acked(_: Any, __: Any, mid: int, *___: Any) -> None:
        with lock:
            row = waiting.pop(mid, None)
        if row is not None:
            ledger.acknowledge("mqtt", [row])

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="soak", clean_session=False)
    client.on_publish = acked
    client.reconnect_delay_set(1, 1)
    client.connect_async("127.0.0.1", port, keepalive=10)
    client.loop_start()
    while not stop.is_set():
        if not client.is_connected() or len(waiting) > 200:
            stop.wait(0.05)
            continue
        row = ledger.next(random.choice(ids))
        message = json.dumps({"phenomenonTime": clock.iso(row[1]), "result": row[2]})
        with lock:
            info = client.publish(f"v1.1/Datastreams({row[0]})/Observations", message, qos=1)
            waiting[info.mid] = row
        stop.wait(0.002)
    client.disconnect()
    client.loop_stop()


def check(place: Place, ledger: Ledger) -> list[str]:
    """What is wrong with what is stored; nothing when all holds."""
    with using(place), db.reading() as session:
        rows = session.execute(text("SELECT datastream_id, at, result FROM observation")).all()
        counted = session.execute(text("SELECT sum(count) FROM datastream_state")).scalar_one()
    stored = {(stream, at): value for stream, at, value in rows}
    faults = []
    lost = [key for key, value in ledger.acknowledged.items() if stored.get(key) != value]
    strange = [key for key, value in stored.items() if ledger.sent.get(key) != value]
    if lost:
        faults.append(f"{len(lost)} acknowledged observations are lost, e.g. {lost[:3]}")
    if strange:
        faults.append(f"{len(strange)} stored observations were never sent so, e.g. {strange[:3]}")
    if len(stored) != len(rows):
        faults.append("an observation is stored twice")
    if int(counted) != len(rows):
        faults.append(f"the counters say {counted}, stored are {len(rows)}")
    command = [sys.executable, "-m", "dothi.cli", "journal", "verify"]
    verified = subprocess.run(command, env=place.env, capture_output=True, text=True, check=False)
    if verified.returncode:
        faults.append(f"journal verify: {verified.stdout}{verified.stderr}")
    return faults


def soak(place: Place, cluster: "Cluster | None", kills: int) -> list[str]:
    """Load, kill, come back, so many times; then check."""
    with using(place):
        ids = fill.city(4)
    ledger = Ledger()
    ports: dict[str, str] = {}
    stop = threading.Event()
    with ExitStack() as stack:
        served = stack.enter_context(serving(place, **ports))
        ports = {"DOTHI_PORT": str(served.port), "DOTHI_MQTT_PORT": str(served.mqtt_port)}
        work = [(singles, served.port), (singles, served.port), (arrays, served.port), (published, served.mqtt_port)]
        threads = [threading.Thread(target=f, args=(ledger, port, ids, stop), daemon=True) for f, port in work]
        for thread in threads:
            thread.start()
        for number in range(kills):
            time.sleep(random.uniform(0.3, 3.0))
            if cluster is not None and number % 2:
                cluster.kill()
                time.sleep(random.uniform(0.1, 1.0))
                cluster.start()
            else:
                os.killpg(served.process.pid, signal.SIGKILL)
                served.process.wait()
                served = again(place, served)
            before = len(ledger.acknowledged)
            end = time.monotonic() + 40
            while len(ledger.acknowledged) < before + 50:  # it answers again by itself
                if time.monotonic() > end:
                    stop.set()
                    return [f"after kill {number + 1} nothing was acknowledged for 40 s"]
                time.sleep(0.05)
            print(
                f"\r{place.kind}: {number + 1}/{kills} kills, {len(ledger.acknowledged)} acknowledged",
                end="",
                flush=True,
            )
        time.sleep(1)
        stop.set()
        for thread in threads:
            thread.join(25)
        os.killpg(served.process.pid, signal.SIGINT)
        served.process.wait(20)
    print(f"\n{place.kind}: acknowledged {ledger.ways}, sent {len(ledger.sent)}")
    return check(place, ledger)


def again(place: Place, served: Served) -> Served:
    """Start the server once more on the same ports, as a service manager would."""
    env = place.env | {"DOTHI_MQTT_PORT": str(served.mqtt_port)}
    log = (place.folder / "serve.log").open("ab")
    command = [sys.executable, "-m", "dothi.cli", "serve", "--host", "127.0.0.1", "--port", str(served.port)]
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    wait_for(served.port, 60)
    return Served(process, served.port, served.mqtt_port)


def main(kills: int) -> int:
    """Soak every database; the number of those where something did not hold."""
    home = Path(tempfile.mkdtemp(prefix="dothi-soak-"))
    home.chmod(0o755)
    failed = 0
    try:
        for kind in DATABASES:
            with ExitStack() as stack:
                cluster = stack.enter_context(Cluster(durable=True)) if kind == "postgresql" else None
                place = fresh(kind, home, cluster.url if cluster else "")
                faults = soak(place, cluster, kills)
            print(f"{kind}: " + ("; ".join(faults) if faults else "nothing lost, nothing doubled, journal verifies"))
            failed += bool(faults)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 50) else 0)
