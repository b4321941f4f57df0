"""How the system is: the page, /health for watchers, /metrics for Prometheus."""

import json
import time
from typing import Any

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import dothi
from dothi.alerts import worker as rules
from dothi.config import settings
from dothi.db import session as db
from dothi.doors.mqtt import service as mqtt
from dothi.jobs import runner
from dothi.jobs import store as jobs
from dothi.kit import clock
from dothi.screens.admin.desk import Ask, get
from dothi.screens.admin.signing import ROLE_NAMES
from dothi.screens.desk import SIGNED_IN
from dothi.sensing import ingest

_started = time.time()
_SERVES_MQTT = ("all", "broker", "back")
_RUNS_RULES = ("all", "worker", "back")


def state() -> dict[str, Any]:
    """What works and what does not. `ok` is false when observations cannot be taken in; the rest tells why."""
    now = clock.now_micros()
    said: dict[str, Any] = {
        "ok": True, "version": dothi.__version__, "time": clock.iso(now), "role": settings().role,
        "uptime_seconds": round(time.time() - _started),
        "database": {"ok": False, "kind": db.engine().dialect.name},
        "ingest": {"waiting": ingest.waiting(), "limit": settings().queue_rows},
        "mqtt": mqtt.health() if settings().role in _SERVES_MQTT else {"ok": None},
        "rules": rules.health() if settings().role in _RUNS_RULES else {"ok": None},
        "jobs": {},
    }  # fmt: skip
    began = time.perf_counter()
    try:
        with db.reading() as session:
            session.scalar(select(1))
            runs = jobs.runs(session)
        said["database"] |= {"ok": True, "milliseconds": round((time.perf_counter() - began) * 1000, 2)}
        late = runner.late(now)
        said["jobs"] = {
            run.name: {
                "started": clock.iso(run.started_at),
                "finished": clock.iso(run.finished_at) if run.finished_at is not None else None,
                "failed": run.error is not None, "late": run.name in late,
            }
            for run in runs
        }  # fmt: skip
    except Exception as error:
        said["database"]["trouble"] = type(error).__name__
    said["ok"] = said["database"]["ok"] and said["mqtt"]["ok"] is not False
    return said


def metrics(said: dict[str, Any]) -> str:
    """The state in Prometheus's text format, version 0.0.4."""
    lines: list[str] = []

    def add(name: str, kind: str, about: str, values: list[tuple[str, float]]) -> None:
        lines.extend((f"# HELP dothi_{name} {about}", f"# TYPE dothi_{name} {kind}"))
        lines.extend(f"dothi_{name}{labels} {value:g}" for labels, value in values)

    add("up", "gauge", "1 when observations can be taken in", [("", said["ok"])])
    add("uptime_seconds", "gauge", "Seconds since this process started", [("", said["uptime_seconds"])])
    add("database_up", "gauge", "1 when the database answers", [("", said["database"]["ok"])])
    if "milliseconds" in said["database"]:
        seconds = said["database"]["milliseconds"] / 1000
        add("database_seconds", "gauge", "Seconds of the database's answer", [("", seconds)])
    add("ingest_waiting", "gauge", "Observations waiting for a commit", [("", said["ingest"]["waiting"])])
    add("ingest_limit", "gauge", "Observations that may wait", [("", said["ingest"]["limit"])])
    door = said["mqtt"]
    if door["ok"] is not None:
        add("mqtt_up", "gauge", "1 when the MQTT door works", [("", door["ok"])])
        counts = [(f'{{outcome="{one}"}}', door[one]) for one in ("accepted", "repeated", "refused") if one in door]
        if counts:
            add("mqtt_observations_total", "counter", "Observations that came over MQTT", counts)
        if "connections" in door:
            add("mqtt_connections", "gauge", "Clients of the embedded broker", [("", door["connections"])])
    if said["jobs"]:
        troubled = [(f'{{job="{name}"}}', one["failed"] or one["late"]) for name, one in said["jobs"].items()]
        add("job_troubled", "gauge", "1 when a job failed or is late", troubled)
    return "\n".join(lines) + "\n"


async def _health(_: Request) -> Response:
    said = await run_in_threadpool(state)
    body = json.dumps(said, ensure_ascii=False).encode()
    headers = {"cache-control": "no-store"}
    return Response(body, 200 if said["ok"] else 503, headers, "application/json")


async def _metrics(_: Request) -> Response:
    text = metrics(await run_in_threadpool(state))
    return Response(text, 200, {"cache-control": "no-store"}, "text/plain; version=0.0.4; charset=utf-8")


def _overview(ask: Ask) -> Response:
    return ask.page("overview", role_names=ROLE_NAMES)


def _system(ask: Ask) -> Response:
    runs = jobs.runs(ask.session)
    return ask.page("system", state=state(), runs=runs, now=clock.now_micros())


routes = [get("/admin", _overview, SIGNED_IN), get("/admin/system", _system, "admin")]
open_routes = [Route("/health", _health), Route("/metrics", _metrics)]
