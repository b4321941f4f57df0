"""(h) The operations page in Chromium: from MQTT publish to pixel, and its frames with 10,000 alarms and 20,000 objects.

Not a timed test: figures are printed, nothing is judged. Publisher, server, Mosquitto and browser share the machine.
"""

import json
import os
import time
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import insert

from bench import fill
from bench.browsing import MOVE, frames, opened
from bench.harness import Place, emit, serving, using
from bench.mqtt import TOPIC, mosquitto
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock

RATES = [int(one) for one in os.environ.get("DOTHI_BENCH_RATES", "100,1000,5000").split(",")]
SECONDS = float(os.environ.get("DOTHI_BENCH_SECONDS", "30"))
THINGS = int(os.environ.get("DOTHI_BENCH_THINGS", "200"))  # of five datastreams each
ALARMS = 10_000
OBJECTS = 20_000
LAMP = ("Công suất đèn", "Điện áp đèn")  # what a city has so many of
EVERY = 0.4  # s between two values of the thing that is looked at

# what is written where somebody looks, with the moment of the frame after it
PROBE = """() => {
  window.seen = {panel: [], map: []};
  const note = (list, text) => requestAnimationFrame(() => list.push([text, performance.timeOrigin + performance.now()]));
  const panel = document.querySelector("ops-subject");
  new MutationObserver(() => { for (const one of panel.querySelectorAll("live-value")) note(window.seen.panel, one.textContent) })
    .observe(panel, {subtree: true, childList: true, characterData: true});
  const map = document.querySelector("ops-map");
  const said = () => { const one = map.querySelector(".map-said"); if (one) note(window.seen.map, one.textContent) };
  new MutationObserver(said).observe(map, {subtree: true, childList: true, characterData: true});
}"""
SCROLL = """() => { const list = document.querySelector(".queue .list"); let y = 0;
  window.moving = setInterval(() => { y += 90; list.scrollTop = y % (list.scrollHeight - list.clientHeight) }, 16) }"""


def run(place: Place, wide: Place) -> None:
    """Print the figures for one database."""
    with using(place):
        ids, token = fill.city(THINGS), officer()
    with mosquitto(place.folder) as port, serving(place, DOTHI_MQTT_URL=f"mqtt://127.0.0.1:{port}") as served:
        time.sleep(2)  # until it has subscribed
        for rate in RATES:
            with opened(f"{served.url}/operations?select=thing:1", token) as page:
                page.wait_for_selector("ops-map[data-ready]")
                page.wait_for_selector("html[data-live=on]")
                time.sleep(3)
                page.evaluate(PROBE)
                sent = publish(port, ids, rate)
                time.sleep(3)
                seen = page.evaluate("window.seen")
                for where in ("panel", "map"):
                    told(f"publish-to-{where}-{rate}", place.kind, delays(sent, seen[where]))
    with using(wide):
        fill.city(OBJECTS, LAMP)
        token = officer()
        alarms()
    with serving(wide) as served, opened(f"{served.url}/operations", token) as page:
        began = time.perf_counter()
        page.wait_for_selector("ops-map[data-ready]")
        emit("operations-ready-20000-objects", wide.kind, time.perf_counter() - began, "s")
        time.sleep(3)
        frames("frames-at-rest", wide.kind, page)
        page.evaluate(SCROLL)
        frames("frames-scrolling-10000-alarms", wide.kind, page)
        page.evaluate("clearInterval(window.moving)")
        box = page.locator("ops-map").bounding_box()
        if box:
            page.evaluate(MOVE, "ops-map")
            frames("frames-moving-20000-objects", wide.kind, page)


def officer() -> str:
    """A duty officer's session."""
    with db.writing() as session:
        person = identity.create_person(session, SYSTEM, "truc", "Người trực")
        identity.grant(session, SYSTEM, person, "duty-officer")
        session.flush()
        return identity.sign_in(session, person.id)


def publish(port: int, ids: list[int], rate: int) -> dict[str, float]:
    """Send so many observations a second; when each value of the watched datastream (the first) was sent, s since 1970."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bench-operations")
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent: dict[str, float] = {}
    began = time.time()
    count, watched, n = 0, began, 0

    def one(stream: int, result: float) -> None:
        body = {"phenomenonTime": clock.iso(clock.now_micros()), "result": result, "Datastream": {"@iot.id": stream}}
        client.publish(TOPIC, json.dumps(body), qos=1)

    while (now := time.time()) < began + SECONDS:
        if now >= watched:
            n += 1
            value = 200 + n  # above what the others send, and shown without decimals
            sent[str(value)] = time.time()
            one(ids[0], value)
            watched += EVERY
        while count < (now - began) * rate:
            count += 1
            one(ids[1 + count % (len(ids) - 1)], count % 997 / 10)
        time.sleep(0.002)
    client.loop_stop()
    client.disconnect()
    return sent


def delays(sent: dict[str, float], seen: list[Any]) -> list[float]:
    """Seconds from publishing a value until the frame that first shows it; a value overtaken by the next counts with that."""
    first: dict[str, float] = {}
    for text, at in seen:
        for word in str(text or "").split():
            first.setdefault(word, at / 1000)
    moments = sorted(first[word] for word in sent if word in first)
    found = []
    for word, at in sent.items():
        shown = first.get(word) or next((moment for moment in moments if moment >= at), None)
        if shown is not None:
            found.append(shown - at)
    return found


def told(name: str, kind: str, seconds: list[float]) -> None:
    """p50 and p99 of what was seen."""
    if not seconds:
        emit(f"{name}-nothing-seen", kind, 0, "s")
        return
    for share in (50, 99):
        emit(f"{name}-p{share}", kind, float(np.percentile(seconds, share)), "s", 1.0)


def alarms() -> None:
    """Ten thousand open alarms."""
    now = clock.now_micros()
    rows = [
        {
            "number": f"CB-26-{i:05d}", "rule_code": "nhieu", "rule_version": 1, "subject": f"rule:{i}", "sector": "water",
            "title": f"Cảnh báo số {i}", "subject_name": f"Cảm biến {i}", "severity": ("critical", "major", "minor", "warning")[min(3, i % 97 % 5)],
            "worst": "minor", "active": True, "acknowledged": i % 3 == 0, "raised_at": now - i * clock.SECOND,
            "noticed_at": now - i * clock.SECOND, "severity_at": now, "last_at": now, "group_key": f"n{i}", "repeats": 1,
            "withdrawn": False, "value_text": f"{i}", "unit": "", "thing_id": 1 + i, "sharing": "shared", "simulated": True,
            "exercise": False, "explanation": {}, "changed_at": now, "version": 1,
        }
        for i in range(ALARMS)
    ]  # fmt: skip
    with db.writing() as session:
        session.execute(insert(Alarm), rows)
