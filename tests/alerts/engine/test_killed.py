"""A real server, killed in the middle of a duration: the alarm is raised once, at its instant."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from sqlalchemy import func, select

from dothi.alerts import rulebook
from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.config import settings
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.jobs.tables import Lease
from dothi.kit import clock
from tests.alerts.engine.town import alarms, gauge, rule
from tests.servers import free_port, wait_for

SECOND = clock.SECOND


class Served:
    """`dothi serve` as a process of its own, on the database of the test."""

    def __init__(self, url):
        self.port = free_port()
        environment = {
            **os.environ, "DOTHI_DATA": str(settings().data.absolute()), "DOTHI_MQTT_PORT": str(free_port()),
            "DOTHI_PORT": str(self.port), "DOTHI_OPEN_WRITES": "1", "DOTHI_ROLE": "all",
        }  # fmt: skip
        if "postgresql" in url:
            environment["DOTHI_DATABASE_URL"] = url
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dothi.cli", "serve"], env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(self.port, 180)
        except OSError:  # nothing is left running
            self.kill()
            raise

    def post(self, stream, at, value):
        body = {"phenomenonTime": clock.iso(at), "result": value, "Datastream": {"@iot.id": stream}}
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/sta/v1.1/Observations", json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        urllib.request.urlopen(asked, timeout=20).read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.1)
    return found


@pytest.mark.soak
def test_killed_in_the_middle_of_a_duration(database, session):
    held, quick = gauge(session, "G1")[0], gauge(session, "G2")[0]
    session.commit()
    with db.writing() as writing:
        for code, thing, when in (
            ("held", "G1", {"major": {"above": 1.5, "lasting": "6s"}}), ("quick", "G2", {"minor": {"above": 3}}),
        ):  # fmt: skip
            on = {"property": "water-level", "where": {"things": [thing]}}
            rulebook.create(writing, SYSTEM, rule(code, when, on), status="on")
    url = database.url.render_as_string(hide_password=False)
    served = Served(url)
    try:
        until(
            lambda: (
                session.scalar(select(func.count()).select_from(Lease).where(Lease.name == "alerts.engine"))
                or session.rollback()
            )
        )
        session.rollback()
        began = clock.now_micros() // 1000 * 1000
        served.post(held, began, 1.7)
        served.post(quick, began, 3.5)
        until(lambda: alarms(session, "quick"))
        session.rollback()
        served.kill()
        served = Served(url)
        served.post(held, began + 2 * SECOND, 1.8)
        (one,) = until(lambda: alarms(session, "held"))
        assert (one.raised_at, one.active, one.datastream_id) == (began + 6 * SECOND, True, held)
        session.rollback()
        served.kill()
        served = Served(url)
        served.post(held, began + 9 * SECOND, 1.0)
        until(lambda: [a for a in alarms(session, "held") if not a.active])
        session.rollback()
    finally:
        served.kill()
    (one,) = alarms(session, "held")
    assert one.cleared_at == began + 9 * SECOND
    assert session.scalar(select(func.count()).select_from(Alarm).where(Alarm.rule_code.in_(["held", "quick"]))) == 2
    kinds = session.scalars(select(AlarmEvent.kind).where(AlarmEvent.alarm_id == one.id).order_by(AlarmEvent.id)).all()
    assert kinds == ["raised", "cleared"]
