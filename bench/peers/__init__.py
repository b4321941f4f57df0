"""Other servers on the same PostGIS rows, measured in the same run: tipg and pygeoapi from PyPI."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.servers import free_port, wait_for

from bench import load
from bench.harness import Place, processor

HOME = Path(os.environ.get("DOTHI_BENCH_PEERS", ".make/peers")).absolute()
_TABLE = """
CREATE SCHEMA IF NOT EXISTS peers;
CREATE TABLE peers.points AS
SELECT r.id::int AS id, r.key AS code, r.properties->>'name' AS name, r.properties->>'kind' AS kind,
    (r.properties->>'power')::float8 AS power, (r.properties->>'height')::float8 AS height,
    (r.properties->>'on')::boolean AS lit, r.properties->>'since' AS since, r.properties->>'note' AS note,
    r.geometry::geometry(Point, 4326) AS geom
FROM record r JOIN dataset d ON d.id = r.dataset_id AND d.code = 'points' ORDER BY r.id;
ALTER TABLE peers.points ADD PRIMARY KEY (id);
CREATE INDEX ON peers.points USING gist (geom);
ANALYZE peers.points;
"""


def rates(place: Place, seconds: float) -> dict[str, dict[str, tuple[float, float]]]:
    """Requests/s at 8 connections and the server's ms of processor a request, by server and request.

    A server that does not start is said and left out.
    """
    subprocess.run(["bash", Path(__file__).parent / "install.sh", HOME], check=True)
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(_TABLE)
        (first, last) = connection.execute("SELECT min(id), max(id) FROM peers.points").fetchone()
    found = {}
    for name, server in (("tipg", _tipg), ("pygeoapi", _pygeoapi)):
        try:
            with server(place) as (port, paths, process):
                found[name] = {
                    request: _rate(port, path, seconds, process) for request, path in paths(first, last - first).items()
                }
        except (OSError, RuntimeError, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
    return found


def _rate(port: int, path, seconds: float, process: int) -> tuple[float, float]:
    load.run(port, lambda n: load.get(path(n)), 8, 0.5)
    before = processor(process)
    found = load.run(port, lambda n: load.get(path(n)), 8, seconds)
    return found.rate, 1000 * (processor(process) - before) / found.requests


@contextmanager
def _running(command: list[str], env: dict[str, str], port: int, log: Path) -> Iterator[int]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=out, start_new_session=True)
        try:
            wait_for(port, 60)
            time.sleep(2)
            yield process.pid
        except OSError:
            print(log.read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def _tipg(place: Place):
    from bench.features import addresses, boxes

    port = free_port()
    env = {"DATABASE_URL": place.url, "TIPG_DB_SCHEMAS": '["peers"]', "TIPG_MAX_FEATURES_PER_QUERY": "10000"}
    command = [
        str(HOME / "bin/uvicorn"),
        "tipg.main:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
        "--no-access-log",
    ]
    base = "/collections/peers.points"

    def paths(first: int, count: int):
        box = [",".join(map(str, one)) for one in boxes(count)]
        return {
            "items": lambda _: f"{base}/items?limit=100",
            "bbox": lambda n: f"{base}/items?limit=1000&bbox={box[n % 500]}",
            "item": lambda n: f"{base}/items/{first + n * 37 % count}",
            "tile": lambda n: "{0}/tiles/WebMercatorQuad/14/{1[0]}/{1[1]}".format(base, addresses()[n % 400]),
        }

    with _running(command, env, port, place.folder / "tipg.log") as process:
        yield port, paths, process


_CONFIG = """
server: {{bind: {{host: 127.0.0.1, port: {port}}}, url: "http://127.0.0.1:{port}", mimetype: application/json; charset=UTF-8,
  encoding: utf-8, language: en-US, limits: {{default_items: 100, max_items: 10000}}, map: {{url: "x", attribution: "x"}}}}
logging: {{level: ERROR}}
metadata:
  identification: {{title: bench, description: bench, keywords: [bench], keywords_type: theme, terms_of_service: x, url: x}}
  license: {{name: x, url: x}}
  provider: {{name: x, url: x}}
  contact: {{name: x, position: x, address: x, city: x, stateorprovince: x, postalcode: x, country: x, phone: x, fax: x,
    email: x, url: x, hours: x, instructions: x, role: x}}
resources:
  points:
    type: collection
    title: points
    description: points
    keywords: [bench]
    links: []
    extents: {{spatial: {{bbox: [105, 10, 107, 12], crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}}}
    providers:
      - type: feature
        name: PostgreSQL
        data: {{host: 127.0.0.1, port: {db_port}, dbname: {db}, user: dothi, password: "x", search_path: [peers, public]}}
        id_field: id
        table: points
        geom_field: geom
"""


@contextmanager
def _pygeoapi(place: Place):
    from urllib.parse import urlsplit

    from bench.features import boxes

    port, url = free_port(), urlsplit(place.url)
    config, document = place.folder / "pygeoapi.yml", place.folder / "pygeoapi-openapi.yml"
    config.write_text(_CONFIG.format(port=port, db_port=url.port, db=url.path.lstrip("/")))
    env = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(document)}
    make = [str(HOME / "bin/pygeoapi"), "openapi", "generate", str(config), "--output-file", str(document)]
    subprocess.run(make, check=True, env={**os.environ, **env}, capture_output=True)
    command = [str(HOME / "bin/gunicorn"), "pygeoapi.flask_app:APP", "--bind", f"127.0.0.1:{port}", "--threads", "8"]
    base = "/collections/points"

    def paths(first: int, count: int):
        box = [",".join(map(str, one)) for one in boxes(count)]
        return {
            "items": lambda _: f"{base}/items?limit=100&f=json",
            "bbox": lambda n: f"{base}/items?limit=1000&bbox={box[n % 500]}&f=json",
            "item": lambda n: f"{base}/items/{first + n * 37 % count}?f=json",
        }

    with _running(command, env, port, place.folder / "pygeoapi.log") as process:
        yield port, paths, process
