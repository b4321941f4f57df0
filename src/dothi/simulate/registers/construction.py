"""Registers of construction: permits, sites seen on patrol, social housing and who waits for it. Nobody is named."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from shapely.geometry import Point, shape

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, count, pick
from dothi.simulate.registers import Row, register


@register("building-permits", days=500, after=("zoning",))
def building_permits(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """About five a week; most keep to the plan of their block, one in twelve does not."""
    zones = [(one["properties"], shape(one["geometry"])) for one in ground.records.get("zoning", ())]
    built_up = [(named, zone) for named, zone in zones if named.get("function") != "green"]
    for midnight in range(begin, now, clock.DAY):
        issued = clock.local_day(midnight)
        if issued.weekday() > 4:
            continue
        for n in range(count(1.0, "permits", midnight)):
            words = ("permit", midnight, n)
            named: Mapping[str, Any] = {}
            where = Point(*ground.on_road(*words, aside=120).point["coordinates"])
            if built_up and chance("planned", *words) < 0.8:
                named, zone = built_up[int(len(built_up) * chance("zone", *words))]
                where = zone.representative_point()
            beside = ground.on_road(*words).road or ""
            use = pick({"housing": 0.72, "mixed": 0.16, "services": 0.09, "public": 0.03}, "use", *words)
            most = int(named.get("floors") or 4) or 1
            floors = max(1, min(most, 1 + int(most * chance("floors", *words))))
            coverage = min(float(named.get("building_density") or 80), 45 + 40 * chance("coverage", *words))
            if chance("over", *words) < 0.08:
                floors, coverage = most + 1 + int(2 * chance("more", *words)), min(coverage + 15, 100)
            days = 4 + int(13 * chance("days", *words))
            age = (clock.local_day(now) - issued).days
            state = "issued" if age < 30 else "building" if age < 240 else "finished"
            code = f"GPXD-{issued:%Y%m%d}-{n + 1}"
            yield Row(code, midnight + 15 * clock.HOUR, {
                "code": code, "issued_on": issued.isoformat(), "filed_on": (issued - timedelta(days=days)).isoformat(),
                "days": days, "online": chance("online", *words) < 0.78, "use": use, "floors": floors,
                "height": round(floors * 3.5 + 0.6, 1), "coverage": round(coverage, 0),
                "floor_area": round(floors * (55 + 90 * chance("area", *words))),
                "address": str(named.get("name") or beside), "state": state,
            }, {"type": "Point", "coordinates": [round(where.x, 6), round(where.y, 6)]})  # fmt: skip


@register("construction-sites", days=60, after=("building-permits",))
def construction_sites(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """What patrols saw in the last two months: sites of permits, and some that have none."""
    for permit in ground.records.get("building-permits", ()):
        named = permit["properties"]
        if named.get("state") != "building" or chance("seen", named["code"]) > 0.5:
            continue
        seen = clock.local_day(begin) + timedelta(days=int(50 * chance("when", named["code"])))
        wrong = chance("wrong", named["code"]) < 0.07
        yield Row(f"CTX-{named['code'][5:]}", begin, {
            "code": f"CTX-{named['code'][5:]}", "seen_on": seen.isoformat(), "permit": named["code"],
            "permit_state": "other" if wrong else "with", "floors_seen": int(named["floors"]) + wrong,
            "screened": chance("screen", named["code"]) < 0.8, "road": named.get("address") or "",
            "handled": "recorded" if wrong else "none",
        }, permit["geometry"])  # fmt: skip
    for midnight in range(begin, now, clock.DAY):
        for n in range(count(0.12, "without", midnight)):
            tries = (ground.on_road("without", midnight, n, turn, aside=90) for turn in range(20))
            spot = next(one for one in tries if not (one.road or "").startswith("Cao tốc"))
            code = f"CTK-{clock.local_day(midnight):%Y%m%d}-{n + 1}"
            yield Row(code, midnight + 9 * clock.HOUR, {
                "code": code, "seen_on": clock.local_day(midnight).isoformat(), "permit_state": "without",
                "floors_seen": 1 + int(2 * chance("floors", code)), "screened": False, "road": spot.road or "",
                "handled": pick({"recorded": 0.7, "stopped": 0.3}, "handled", code),
            }, spot.point)  # fmt: skip


@register("housing-need", days=1)
def housing_need(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Households registered in each ward."""
    for ward in ground.wards:
        yield Row(ward.code, begin, {
            "code": ward.code, "unit": ward.code, "unit_name": ward.name,
            "households": 180 + int(620 * chance("need", ward.code)),
            "income": round(9.5 + 4 * chance("income", ward.code), 1),
        })  # fmt: skip
