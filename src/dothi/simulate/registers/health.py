"""Registers of health: ambulances, vaccines in stock, notifiable diseases by ward and week. About nobody."""

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, count, pick
from dothi.simulate.registers import Row, register

# cases a week in a ward of usual size, and the week of the year in which there are most
_DISEASES = {"dengue": (7.0, 40), "hfmd": (5.0, 20), "measles": (0.6, 12), "diarrhoea": (4.0, 24)}
_VACCINES = {"bcg": 40, "hepatitis-b": 45, "dpt-vgb-hib": 90, "polio": 80, "measles-rubella": 60,
             "japanese-encephalitis": 35, "rabies": 25}  # fmt: skip
_CALL = 50 * 60 * clock.SECOND  # an ambulance is out for so long


@register("disease-weeks", days=3 * 365)
def disease_weeks(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Three years of weeks, with seasons, ordinary chance, and an outbreak of dengue in one ward that is under way now."""
    monday = clock.local_day(begin) - timedelta(days=clock.local_day(begin).weekday())
    while (known := clock.midnight(monday + timedelta(days=8))) <= now:
        year, week, _ = monday.isocalendar()
        weeks_ago = (now - known) // (7 * clock.DAY)
        for n, ward in enumerate(ground.wards):
            for disease, (usual, peak) in _DISEASES.items():
                season = 1 + 0.7 * math.cos(2 * math.pi * (week - peak) / 52)
                size = 0.6 + 0.8 * chance("size", ward.code)
                mean = usual * season * size
                if disease == "dengue" and n == 0 and weeks_ago < 4:
                    mean *= (3.2, 2.6, 2.0, 1.4)[weeks_ago]
                cases = count(mean, disease, ward.code, year, week)
                middle = ward.shape.representative_point()
                yield Row(f"{disease}-{ward.code}-{year}-W{week:02}", known, {
                    "code": f"{disease}-{ward.code}-{year}-W{week:02}", "disease": disease, "week": f"{year}-W{week:02}",
                    "starts_on": monday.isoformat(), "unit": ward.code, "unit_name": ward.name, "cases": cases,
                }, {"type": "Point", "coordinates": [round(middle.x, 5), round(middle.y, 5)]})  # fmt: skip
        monday += timedelta(days=7)


def _stations(ground: Ground, *kinds: str) -> list[dict[str, Any]]:
    held = ground.records.get("health-stations", ())
    return [dict(one) for one in held if one["properties"].get("kind") in kinds]


@register("ambulances", days=1, after=("health-stations",))
def ambulances(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Three vehicles a hospital; each is out or waits, as the half hour wills."""
    for hospital in _stations(ground, "hospital"):
        for n in range(1, 4):
            code = f"{hospital['properties']['code']}-XE{n}"
            turn = now - now % _CALL
            state = pick({"ready": 0.68, "out": 0.27, "workshop": 0.05}, code, turn)
            kind = "intensive" if n == 1 else "basic"
            yield Row(code, begin, {
                "code": code, "base": hospital["properties"]["code"], "kind": kind, "state": state,
                "since": clock.iso(turn),
            }, hospital["geometry"])  # fmt: skip


@register("vaccine-stock", days=1, after=("health-stations",))
def vaccine_stock(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """What each ward station counted this morning; deliveries come once a month."""
    today = clock.local_day(now)
    for station in _stations(ground, "station", "hospital"):
        named = station["properties"]
        for vaccine, monthly in _VACCINES.items():
            left = (
                monthly * (1.15 - today.day / 30) * (0.7 + 0.6 * chance("stock", named["code"], vaccine, today.month))
            )
            doses = 0 if chance("none", named["code"], vaccine, today.isocalendar()[:2]) < 0.04 else max(int(left), 0)
            far = timedelta(days=int(60 + 400 * chance("expiry", named["code"], vaccine, today.year, today.month)))
            yield Row(f"{named['code']}-{vaccine}", begin, {
                "code": f"{named['code']}-{vaccine}", "station": named["code"], "station_name": named["name"],
                "vaccine": vaccine, "doses": doses, "expires_on": (today.replace(day=1) + far).isoformat(),
                "counted_on": today.isoformat(),
            }, station["geometry"])  # fmt: skip
