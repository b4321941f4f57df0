"""Registers of waste: depots, the plan of collection, visits of trucks that agree with the bins' levels, weights by month."""

from collections.abc import Iterator

import numpy as np

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance
from dothi.simulate.noise import random, seed_of
from dothi.simulate.registers import Row, register

_TRUCKS = 4
_EMPTIED = int(4.5 * clock.HOUR)  # after midnight: as the model of fill-level has it


def _missed(bin_code: str, midnight: int) -> bool:
    """Whether the truck leaves a bin out on a day: the same luck its fill level has."""
    day = (midnight + 7 * clock.HOUR) // clock.DAY
    return bool(random(seed_of(bin_code) + 9, np.array([day]))[0] > 0.93)


@register("waste-depots", days=1)
def waste_depots(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """A depot and a transfer station beside two streets, not at an expressway that nothing joins."""
    streets = {road.name: 0.0 for road in ground.roads if road.kind == "expressway"}
    for code, name, kind, trucks in (
        ("BX-01", "Bãi xe thu gom (mô phỏng)", "depot", _TRUCKS), ("TC-01", "Trạm trung chuyển (mô phỏng)", "transfer", 0),
    ):  # fmt: skip
        spot = ground.on_road("waste depot", code, heavy=streets, aside=60)
        yield Row(code, begin, {"code": code, "name": name, "kind": kind, "trucks": trucks}, spot.point)


@register("collection-plan", days=1, after=("waste-bins",))
def collection_plan(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Every bin before dawn, by the truck of its neighbourhood."""
    for bin_ in ground.records.get("waste-bins", ()):
        named = bin_["properties"]
        yield Row(f"LT-{named['code']}", begin, {
            "code": f"LT-{named['code']}", "bin": named["code"], "place": named.get("place") or named["code"],
            "days": "daily", "from": "04:00", "until": "06:00", "truck": _truck(named["code"]),
        }, bin_["geometry"])  # fmt: skip


def _truck(bin_code: str) -> str:
    return f"XE-{1 + int(_TRUCKS * chance('truck', bin_code))}"


@register("truck-visits", days=10, after=("waste-bins",))
def truck_visits(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """When a truck stopped at a bin; one visit in twenty leaves no position, and only the bin tells of it."""
    for midnight in range(begin, now, clock.DAY):
        for bin_ in ground.records.get("waste-bins", ()):
            code = str(bin_["properties"]["code"])
            if (
                _missed(str(bin_["properties"].get("sensor") or code), midnight)
                or chance("lost", code, midnight) < 0.05
            ):
                continue
            at = midnight + _EMPTIED + int(45 * chance("visit", code, midnight)) * 60 * clock.SECOND
            if at > now:
                continue
            key = f"V-{clock.local_day(midnight):%Y%m%d}-{code}"
            yield Row(key, at, {"code": key, "at": clock.iso(at), "bin": code, "truck": _truck(code)}, bin_["geometry"])


@register("recycling", days=2 * 365)
def recycling(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Weights of each ward and month, known on the fifth day of the next; sorting at home spreads slowly."""
    month = clock.month(clock.local_day(begin))
    while True:
        following = clock.month(month, 1)
        known = clock.midnight(following.replace(day=5))
        if known > now:
            return
        for ward in ground.wards:
            words = (ward.code, month.year, month.month)
            collected = (900 + 1100 * chance("waste", ward.code)) * (0.93 + 0.14 * chance("month", *words))
            years = month.year - 2024 + month.month / 12
            share = 0.07 + 0.03 * years + 0.03 * chance("share", ward.code) + 0.015 * chance("recycled", *words)
            recycled, composted = collected * share, collected * (0.04 + 0.02 * chance("composted", *words))
            recycled, composted, collected = round(recycled, 1), round(composted, 1), round(collected, 1)
            yield Row(f"{ward.code}-{month:%Y-%m}", known, {
                "code": f"{ward.code}-{month:%Y-%m}", "month": month.isoformat(), "unit": ward.code, "unit_name": ward.name,
                "collected": collected, "recycled": recycled, "composted": composted,
                "landfilled": round(collected - recycled - composted, 1),
                "recycled_share": round(100 * (recycled + composted) / collected, 1),
            })  # fmt: skip
        month = following
