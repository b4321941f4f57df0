"""Registers of security: incidents of a year (evenings and a few spots more), patrols, hydrants, stations. About nobody."""

import math
from collections.abc import Iterator
from datetime import timedelta

from dothi.kit import clock
from dothi.simulate.ground import Ground, Spot
from dothi.simulate.luck import chance, count, pick
from dothi.simulate.registers import Row, register

_KINDS = {"theft": 0.34, "disturbance": 0.25, "fight": 0.1, "fire": 0.09, "rescue": 0.12, "fraud": 0.1}
_CALLED = {"fire": "114", "rescue": "114"}
_HOURS = {hour: 0.5 + (1.4 if 18 <= hour <= 23 else 0) + (0.5 if 8 <= hour <= 11 else 0) for hour in range(24)}
_BUSY = 6  # places where half of all happens: markets, stations, food streets
_WORKING = {"working": 0.86, "weak": 0.09, "broken": 0.05}


@register("incidents", days=365)
def incidents(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Nearly two a day."""
    busy = [ground.on_road("busy place", n, aside=250) for n in range(_BUSY)]
    for midnight in range(begin, now, clock.DAY):
        for n in range(count(1.8, "incidents", midnight)):
            words = ("security", midnight, n)
            at = (
                midnight
                + pick(_HOURS, "hour", *words) * clock.HOUR
                + int(60 * chance("at", *words)) * 60 * clock.SECOND
            )
            if at > now:
                continue
            if chance("busy", *words) < 0.5:
                near, turn = busy[int(_BUSY * chance("which", *words))], 2 * math.pi * chance("turn", *words)
                far = 0.0018 * math.sqrt(chance("far", *words))
                spot = Spot(near.lon + far * math.cos(turn), near.lat + far * math.sin(turn))
            else:
                spot = ground.on_road(*words, aside=200)
            kind = pick(_KINDS, "kind", *words)
            called = _CALLED.get(kind) or pick({"113": 0.66, "app": 0.2, "patrol": 0.14}, "called", *words)
            code = f"VV-{clock.local_day(midnight):%Y%m%d}-{n + 1}"
            yield Row(code, at, {
                "code": code, "kind": kind, "occurred_at": clock.iso(at), "received_by": called,
                "minutes": 0 if called == "patrol" else 4 + count(5, "minutes", *words),
            }, spot.point)  # fmt: skip


@register("patrols", days=60)
def patrols(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """One each evening in every ward; what was found is known once it is over."""
    for midnight in range(begin, now, clock.DAY):
        for ward in ground.wards:
            words = ("patrol", midnight, ward.code)
            starts = midnight + 19 * clock.HOUR + int(8 * chance("starts", *words)) * clock.HOUR // 2
            ends, middle = starts + 4 * clock.HOUR, ward.shape.representative_point()
            code = f"TT-{clock.local_day(midnight):%Y%m%d}-{ward.code}"
            yield Row(code, starts, {
                "code": code, "unit": ward.code, "unit_name": ward.name, "starts": clock.iso(starts),
                "ends": clock.iso(ends), "people": 3 + int(3 * chance("people", *words)),
                **({"kilometres": round(8 + 14 * chance("km", *words), 1), "found": count(0.4, "found", *words)}
                   if ends <= now else {}),
            }, {"type": "Point", "coordinates": [round(middle.x, 5), round(middle.y, 5)]})  # fmt: skip


@register("hydrants", days=1)
def hydrants(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """One every 300 m of street, checked within the last half year."""
    number = 0
    for road in ground.roads:
        if road.kind == "expressway":
            continue
        for n in range(int(road.metres // 300)):
            at = road.line.interpolate((n + 0.5) * 300 / road.metres, normalized=True)
            if ground.wards and ground.ward_of(at.x, at.y) is None:
                continue
            number += 1
            code = f"TCC-{number:03}"
            condition = pick(_WORKING, "hydrant", road.name, n)
            least, most = (0.2, 0.9) if condition != "working" else (1.6, 3.4)
            yield Row(code, begin, {
                "code": code, "road": road.name, "kind": pick({"pillar": 0.85, "underground": 0.15}, "kind", code),
                "pressure": 0.0 if condition == "broken" else round(least + (most - least) * chance("bar", code), 1),
                "condition": condition,
                "checked_on": (clock.local_day(begin) - timedelta(days=int(180 * chance("checked", code)))).isoformat(),
            }, Spot(at.x, at.y).point)  # fmt: skip


@register("fire-stations", days=1)
def fire_stations(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Two fire stations beside streets, and the police of each ward."""
    streets = {road.name: 0.0 for road in ground.roads if road.kind == "expressway"}
    for n in (1, 2):
        spot, code = ground.on_road("fire station", n, heavy=streets, aside=40), f"PCCC-{n:02}"
        yield Row(code, begin, {
            "code": code, "name": f"Đội chữa cháy số {n} (mô phỏng)", "kind": "fire", "phone": "114", "vehicles": 3 + n,
        }, spot.point)  # fmt: skip
    for ward in ground.wards:
        middle = ward.shape.representative_point()
        yield Row(f"CA-{ward.code}", begin, {
            "code": f"CA-{ward.code}", "name": f"Công an {ward.name} (mô phỏng)", "kind": "police", "phone": "113",
            "vehicles": 2,
        }, {"type": "Point", "coordinates": [round(middle.x, 5), round(middle.y, 5)]})  # fmt: skip
