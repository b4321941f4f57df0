"""Registers of traffic: accidents of two years, heavier on some roads and at a few spots; works and breakdowns. About nobody."""

import math
from collections.abc import Iterator

from dothi.kit import clock
from dothi.simulate.ground import Ground, Spot
from dothi.simulate.luck import chance, count, pick
from dothi.simulate.registers import Row, register

_HEAVY = {"Quốc lộ 1": 2.6, "Quốc lộ 62": 2.0, "Hùng Vương": 1.8}
_SPOTS = 5  # where a third of all accidents happen
_KINDS = {"motorbike-motorbike": 0.34, "car-motorbike": 0.27, "truck-motorbike": 0.13, "car-car": 0.11,
          "pedestrian": 0.08, "alone": 0.07}  # fmt: skip
_CAUSES = {"priority": 0.3, "speed": 0.2, "lane": 0.17, "alcohol": 0.12, "signal": 0.08, "surface": 0.07, "other": 0.06}
_SEVERITY = {"damage": 0.34, "slight": 0.42, "serious": 0.19, "fatal": 0.05}
_WEIGHT = {"damage": 0.5, "slight": 1.0, "serious": 3.0, "fatal": 5.0}
# hours of the day an accident is the more likely in
_HOURS = {
    hour: 0.4 + (1.3 if hour in (6, 7, 16, 17, 18) else 0) + (0.8 if 19 <= hour <= 22 else 0) for hour in range(24)
}
# kind: (how often a day, hours it lasts at least and at most)
_INCIDENTS = {"works": (0.35, 60, 500), "closure": (0.03, 6, 40), "breakdown": (0.8, 0.5, 2.5), "event": (0.06, 2, 5)}


def _heavy(ground: Ground) -> dict[str, float]:
    """How much more often it happens on a road of this name; seldom on expressways."""
    return _HEAVY | {road.name: 0.1 for road in ground.roads if road.kind == "expressway"}


def _near(spot: Spot, *words: object) -> Spot:
    """Within some tens of metres of a spot."""
    turn, far = 2 * math.pi * chance("turn", *words), 0.00035 * math.sqrt(chance("far", *words))
    return Spot(spot.lon + far * math.cos(turn), spot.lat + far * math.sin(turn), spot.road, spot.ward)


@register("accidents", days=730)
def accidents(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """One in two days; a third of them at a few spots, more in the rush and in the evening."""
    heavy = _heavy(ground)
    black = [ground.on_road("black spot", n, heavy=heavy) for n in range(_SPOTS)]
    for midnight in range(begin, now, clock.DAY):
        for n in range(count(0.5, "accidents", midnight)):
            words = ("accident", midnight, n)
            hour = pick(_HOURS, "hour", *words)
            at = midnight + hour * clock.HOUR + int(chance("minute", *words) * 60) * 60 * clock.SECOND
            if at > now:
                continue
            known = chance("black", *words) < 0.34
            spot = (
                _near(black[int(_SPOTS * chance("which", *words))], *words)
                if known
                else ground.on_road(*words, heavy=heavy, aside=25)
            )
            severity = pick(_SEVERITY, "severity", *words)
            hurt = 0 if severity == "damage" else 1 + count(0.5, "hurt", *words)
            code = f"TN-{clock.local_day(midnight):%Y%m%d}-{n + 1}"
            yield Row(code, at, {
                "code": code, "occurred_at": clock.iso(at), "kind": pick(_KINDS, "kind", *words), "severity": severity,
                "weight": _WEIGHT[severity], "killed": 1 if severity == "fatal" else 0,
                "injured": hurt - 1 if severity == "fatal" else hurt, "cause": pick(_CAUSES, "cause", *words),
                "road": spot.road or "", "wet": chance("wet", *words) < 0.2, "dark": hour < 6 or hour >= 18,
            }, spot.point)  # fmt: skip


@register("traffic-incidents", days=90)
def traffic_incidents(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Works of days and weeks, closures, breakdowns of an hour or two, events."""
    for midnight in range(begin, now, clock.DAY):
        for kind, (often, least, most) in _INCIDENTS.items():
            for n in range(count(often, kind, midnight)):
                words = ("incident", kind, midnight, n)
                at = midnight + int((5 + 16 * chance("at", *words)) * 60) * 60 * clock.SECOND
                if at > now:
                    continue
                hours = least + (most - least) * chance("long", *words) ** 2
                spot = ground.on_road(*words, heavy=_heavy(ground))
                code = f"SC-{clock.local_day(midnight):%Y%m%d}-{kind[:2].upper()}{n + 1}"
                yield Row(code, at, {
                    "code": code, "kind": kind, "road": spot.road or "", "starts": clock.iso(at),
                    "ends": clock.iso(at + int(hours * 60) * 60 * clock.SECOND),
                    "lanes": 2 if kind == "closure" else 1,
                }, spot.point)  # fmt: skip


def _jam(gate: str, midnight: int) -> float:
    """How jammed a gate is on a day, 0 to 1: a jam begins every six weeks or so and ebbs away over four days."""
    begins = (1 - back / 4 for back in range(4) if chance("jam", gate, midnight - back * clock.DAY) < 0.024)
    return max(begins, default=0.0)


def _left(gate: str, midnight: int) -> int:
    """Lorries that still wait when a gate shuts on a day."""
    return round((30 + 60 * chance("left", gate, midnight)) * (1 + 1.9 * _jam(gate, midnight)))


@register("border-waits", days=365, after=("border-gates",))
def border_waits(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Lorries at each gate by day: fewer on Sundays, a jam of several days now and then, cleared while it is open."""
    for gate in ground.records.get("border-gates", ()):
        named = gate["properties"]
        opens, closes = (int(str(named.get(key) or usual)[:2]) for key, usual in (("opens", "07"), ("closes", "19")))
        for midnight in range(begin, now, clock.DAY):
            day = clock.local_day(midnight)
            quiet = 0.72 if day.weekday() == 6 else 1.0
            came = round(
                360 * (0.8 + 0.4 * chance("came", gate["id"], day)) * quiet * (1 + 0.8 * _jam(gate["id"], midnight))
            )
            left, carried = _left(gate["id"], midnight), _left(gate["id"], midnight - clock.DAY)
            part = min(max(((now - midnight) / clock.HOUR - opens) / (closes - opens), 0.0), 1.0)
            cleared = round((carried + came - left) * part)
            arrived = round(came * min(1.0, (now - midnight) / clock.HOUR / closes))
            waiting = max(carried + arrived - cleared, 0)
            yield Row(f"{named['code']}-{day.isoformat()}", midnight + clock.SECOND, {
                "code": f"{named['code']}-{day.isoformat()}", "gate": named["code"], "gate_name": named["name"],
                "day": day.isoformat(), "arrived": arrived, "cleared": cleared, "waiting": waiting,
                "hours": round(waiting * (closes - opens) / max(carried + came - left, 1), 1),
                "told_at": clock.iso(min(now - now % (20 * 60 * clock.SECOND), midnight + closes * clock.HOUR)),
            })  # fmt: skip
