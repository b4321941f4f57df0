"""(a) dataArray bodies, (b) single posts: durable observations per second over HTTP.

The web role is measured as such; what the same process does when it also runs the rules and the chores is one line more.
"""

import json

from bench import fill, load, raw
from bench.harness import Place, emit, memory, serving, using
from dothi.kit import clock

SECONDS = 8
RAW = fill.START + 10 * clock.DAY
LATER = fill.START + 20 * clock.DAY  # everything below ends within 50 days of it: nothing is of a time to come
SINGLES = LATER + 50 * clock.DAY


def run(place: Place) -> None:
    """Print the figures of (a) and (b) for one database."""
    with using(place):
        ids = fill.city(200)
        limit = raw.insert_rate(place, RAW)
    emit("ingest-raw", place.kind, limit, "rows/s")
    with serving(place, "web") as served:
        for rows in (1000, 10_000):
            bodies = _bodies(ids, rows, count=1500 if rows == 1000 else 250, start=LATER + rows // 1000 * clock.DAY)
            for connections in (1, 8):
                half = bodies[: len(bodies) // 2] if connections == 1 else bodies[len(bodies) // 2 :]
                _arrays(place, served.port, half, rows, connections, limit, "web")
        emit("memory-after-dataarray", place.kind, memory(served), "MB", role="web")
        for connections in (1, 8, 32):
            _singles(place, served.port, ids, connections, "web")
        emit("memory-after-singles", place.kind, memory(served), "MB", role="web")
    with serving(place, "all") as served:
        bodies = _bodies(ids, 10_000, count=125, start=LATER + 20 * clock.DAY)
        _arrays(place, served.port, bodies, 10_000, 8, limit, "all")
        _singles(place, served.port, ids, 8, "all")


def _arrays(
    place: Place, port: int, bodies: list[bytes], rows: int, connections: int, limit: float, role: str
) -> None:  # fmt: skip
    requests = [load.post("/sta/v1.1/CreateObservations", body) for body in bodies]
    result = load.run(port, lambda n: requests[n] if n < len(requests) else None, connections, SECONDS)
    emit(f"ingest-dataarray-{rows}-c{connections}", place.kind, result.rate * rows, "rows/s", limit, role=role)


def _singles(place: Place, port: int, ids: list[int], connections: int, role: str) -> None:
    base = SINGLES + connections * clock.HOUR + (clock.DAY if role == "all" else 0)

    def make(n: int) -> bytes:
        text = clock.iso(base + (n // len(ids)) * clock.SECOND)
        body = f'{{"phenomenonTime":"{text}","result":{n % 997 / 10}}}'
        return load.post(f"/sta/v1.1/Datastreams({ids[n % len(ids)]})/Observations", body.encode())

    result = load.run(port, make, connections, SECONDS)
    aim = 2000 if connections == 8 else None
    emit(f"ingest-single-c{connections}", place.kind, result.rate, "posts/s", aim, role=role)


def _bodies(ids: list[int], rows: int, count: int, start: int) -> list[bytes]:
    """Bodies of `rows` observations: groups of 1,000 (or fewer) minute values of a datastream, always newer."""
    bodies = []
    per = min(rows, 1000)
    groups = rows // per
    at = dict.fromkeys(ids, start)
    turn = 0
    for _ in range(count):
        body = []
        for _ in range(groups):
            id_ = ids[turn % len(ids)]
            turn += 1
            begin = at[id_]
            at[id_] += per * fill.STEP
            data = [[clock.iso(begin + i * fill.STEP), round(20 + i % 300 / 10, 1)] for i in range(per)]
            body.append(
                {
                    "Datastream": {"@iot.id": id_},
                    "components": ["phenomenonTime", "result"],
                    "dataArray@iot.count": per,
                    "dataArray": data,
                }
            )
        bodies.append(json.dumps(body).encode())
    return bodies
