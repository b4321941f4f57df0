"""(d) reads with 50 thousand and 5 million observations stored: pages, the expand of a map, counts, far skips.

The web role is measured as such; one line more says what is left where the same process opens its rule engine meanwhile.
"""

import os

from bench import fill, load
from bench.harness import Place, emit, memory, serving, using
from dothi.kit import clock

SECONDS = 5
EXPAND = "Things?$expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime%20desc))&$top=100"
MILLION = int(os.environ.get("DOTHI_BENCH_ROWS", "5000000"))


def run(few: Place, many: Place) -> None:
    """Print the figures of (d) for one database."""
    small: dict[str, float] = {}
    for place, total in ((few, 50_000), (many, MILLION)):
        with using(place):
            rate = fill.observations(fill.city(200), total)
            fill.vacuum()
        emit(f"fill-{total}", place.kind, rate, "rows/s")
        with serving(place, "web") as served:
            paths = {
                "top100-c8": ("Observations?$top=100", 8, 2000),
                "top100-c1": ("Observations?$top=100", 1, None),
                "expand-latest-c8": (EXPAND, 8, 100),
                "count-c1": ("Observations?$count=true&$top=0", 1, None),
                "skip-c1": (f"Observations?$skip={total // 5}&$top=1", 1, None),
                "one-c8": ("Observations('1-{at}')".replace("{at}", str(fill.START)), 8, None),
                "range-c8": (
                    "Datastreams(7)/Observations?$filter=phenomenonTime%20ge%202026-09-01T00:10:00Z&$top=20",
                    8,
                    None,
                ),
            }
            for name, (path, connections, aim) in paths.items():
                request = load.get(f"/sta/v1.1/{path}")
                load.run(served.port, lambda _, r=request: r, connections, 0.5)  # warm
                result = load.run(served.port, lambda _, r=request: r, connections, SECONDS)
                emit(f"read-{name}-{total}", place.kind, result.rate, "requests/s", aim, role="web")
                if total == 50_000:
                    small[name] = result.rate
                else:
                    slower = small[name] / result.rate
                    emit(f"read-{name}-flat", place.kind, slower, "times slower at 5 million", 1.3, role="web")
            # nothing of the above was written meanwhile, so that answers could be kept; here one in eight is a write
            expand, later = load.get(f"/sta/v1.1/{EXPAND}"), fill.START + 60 * 86_400_000_000

            def mixed(n: int, expand: bytes = expand, later: int = later) -> bytes:
                if n % 8:
                    return expand
                body = f'{{"phenomenonTime":"{clock.iso(later + n * 1_000_000)}","result":{n % 50}}}'
                return load.post("/sta/v1.1/Datastreams(1)/Observations", body.encode())

            rate = load.run(served.port, mixed, 8, SECONDS).rate * 7 / 8
            emit(f"read-expand-latest-written-c8-{total}", place.kind, rate, "requests/s", role="web")
            emit(f"memory-after-reads-{total}", place.kind, memory(served), "MB", role="web")
        with serving(place, "all") as served:  # its rules begin now, and look back
            request = load.get("/sta/v1.1/Observations?$top=100")
            rate = load.run(served.port, lambda _, r=request: r, 8, SECONDS).rate
            emit(f"read-top100-c8-{total}", place.kind, rate, "requests/s", 2000, role="all")
