"""(a) dataArray bodies, (b) single posts: durable observations per second over HTTP."""

import json

from bench import fill, load, raw
from bench.harness import Place, emit, memory, serving, using
from dothi.kit import clock

SECONDS = 8
LATER = fill.START + 60 * 86_400_000_000


def run(place: Place) -> None:
    """Print the figures of (a) and (b) for one database."""
    with using(place):
        ids = fill.city(200)
        limit = raw.insert_rate(place, LATER)
    emit("ingest-raw", place.kind, limit, "rows/s")
    with serving(place) as served:
        for rows in (1000, 10_000):
            bodies = _bodies(ids, rows, count=1500 if rows == 1000 else 250, shift=rows)
            for connections in (1, 8):
                half = bodies[: len(bodies) // 2] if connections == 1 else bodies[len(bodies) // 2 :]
                requests = [load.post("/sta/v1.1/CreateObservations", body) for body in half]
                result = load.run(served.port, lambda n, r=requests: r[n] if n < len(r) else None, connections, SECONDS)
                emit(f"ingest-dataarray-{rows}-c{connections}", place.kind, result.rate * rows, "rows/s", limit)
        emit("memory-after-dataarray", place.kind, memory(served), "MB")
        start = LATER + 400 * 86_400_000_000
        for connections in (1, 8, 32):
            base = start + connections * 86_400_000_000 * 30

            def make(n: int, base: int = base) -> bytes:
                text = clock.iso(base + (n // len(ids)) * 1_000_000)
                body = f'{{"phenomenonTime":"{text}","result":{n % 997 / 10}}}'
                return load.post(f"/sta/v1.1/Datastreams({ids[n % len(ids)]})/Observations", body.encode())

            result = load.run(served.port, make, connections, SECONDS)
            emit(
                f"ingest-single-c{connections}", place.kind, result.rate, "posts/s", 2000 if connections == 8 else None
            )
        emit("memory-after-singles", place.kind, memory(served), "MB")


def _bodies(ids: list[int], rows: int, count: int, shift: int) -> list[bytes]:
    """Bodies of `rows` observations: groups of 1,000 (or fewer) minute values of a datastream, always newer."""
    bodies = []
    per = min(rows, 1000)
    groups = rows // per
    at = dict.fromkeys(ids, LATER + shift * 86_400_000_000 // 100)
    turn = 0
    for _ in range(count):
        body = []
        for _ in range(groups):
            id_ = ids[turn % len(ids)]
            turn += 1
            start = at[id_]
            at[id_] += per * fill.STEP
            data = [[clock.iso(start + i * fill.STEP), round(20 + i % 300 / 10, 1)] for i in range(per)]
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
