"""Registers of disaster prevention: zones at risk, shelters, rescue means, and made-up bulletins that say they are."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from shapely.geometry import mapping, shape
from shapely.ops import unary_union

from dothi.kit import clock
from dothi.simulate import climate
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance
from dothi.simulate.registers import Row, register

_DEGREE = 111_195.0  # metres of a degree of latitude
_PER_KM2 = 2600  # people, about what a southern town has
_TRIGGERS = {
    "rain": "Mưa từ 50 mm/giờ và nước trên đường từ 40 cm (giả định)",
    "tide": "Mực nước trên báo động III, hoặc triều cao nhất tháng và nước trên đường từ 40 cm (giả định)",
    "both": "Mực nước trên báo động III, hoặc mưa từ 50 mm/giờ lúc nước sông đang cao (giả định)",
}
_MEANS = {"boat": 6, "truck": 4, "pump": 8, "vest": 160, "generator": 5, "saw": 10}
_MOON = clock.parse("2026-11-09T07:02:00Z")  # a new moon; spring tides come with it and with the full moon
_HALF = 14.765 * clock.DAY


@register("shelters", days=1, after=("schools",))
def shelters(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Larger schools serve as shelters; none is open on an ordinary day."""
    for school in ground.records.get("schools", ()):
        named = school["properties"]
        if named.get("level") == "kindergarten" or int(named.get("pupils") or 0) < 450:
            continue
        code = f"ST-{named['code']}"
        yield Row(code, begin, {
            "code": code, "name": named["name"], "capacity": int(round(int(named["pupils"]) * 0.45, -1)), "inside": 0,
            "state": "closed", "ramp": chance("ramp", code) < 0.6, "generator": chance("power", code) < 0.4,
            "ground": round(1.7 + 0.9 * chance("ground", code), 2),
        }, school["geometry"])  # fmt: skip


@register("rescue-means", days=1)
def rescue_means(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Each ward keeps some of each kind near its middle."""
    for ward in ground.wards:
        middle = ward.shape.representative_point()
        for kind, usual in _MEANS.items():
            number = max(int(usual * (0.6 + 0.8 * chance("number", ward.code, kind))), 1)
            code = f"PT-{ward.code}-{kind}"
            checked = clock.local_day(begin) - timedelta(days=int(200 * chance("check", code)))
            yield Row(code, begin, {
                "code": code, "kind": kind, "number": number, "ready": max(number - int(2 * chance("ready", code)), 0),
                "keeper": f"Ban chỉ huy {ward.name}", "checked_on": checked.isoformat(),
            }, {"type": "Point", "coordinates": [round(middle.x, 5), round(middle.y, 5)]})  # fmt: skip


@register("risk-zones", days=1, after=("flood-spots", "shelters"), prefix="V-")
def risk_zones(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Around spots that flooded before: those near each other are one zone."""
    spots = [(one["properties"], shape(one["geometry"])) for one in ground.records.get("flood-spots", ())]
    if not spots:
        return
    joined = unary_union([point.buffer(320 / _DEGREE, quad_segs=6) for _, point in spots])
    havens = [(one["properties"]["code"], shape(one["geometry"])) for one in ground.records.get("shelters", ())]
    for n, zone in enumerate(sorted(getattr(joined, "geoms", [joined]), key=lambda one: one.bounds), 1):
        inside = [named for named, point in spots if zone.contains(point)]
        depth = max(int(named.get("depth") or 0) for named in inside)
        crowded = 0.5 + 1.1 * chance("crowded", n, *sorted(str(named["code"]) for named in inside))
        scale = math.cos(math.radians(zone.centroid.y))
        people = int(round(zone.area * scale * _DEGREE**2 / 1e6 * _PER_KM2 * crowded, -1))
        roads = list(dict.fromkeys(str(named.get("road") or "") for named in inside))
        near = min(havens, key=lambda one: zone.centroid.distance(one[1]), default=None)
        code = f"V-{n:02}"
        yield Row(code, begin, {
            "code": code, "name": " – ".join(road for road in roads[:3] if road) or code, "hazard": "flood",
            "class": 1 + (depth >= 15) + (depth >= 30) + (depth >= 60), "households": people // 4, "people": people,
            "vulnerable": int(people * (0.17 + 0.08 * chance("vulnerable", n))), "trigger": _TRIGGERS[_cause(inside)],
            **({"shelter": near[0]} if near else {}),
        }, dict(mapping(zone.simplify(0.0001))))  # fmt: skip


def _cause(spots: Sequence[Mapping[str, Any]]) -> str:
    """What floods the spots of a zone: rain, tide, or both of them."""
    found = {str(named.get("cause") or "both") for named in spots}
    return found.pop() if len(found) == 1 else "both"


def _of_the_season(day: int) -> list[tuple[str, int, float, str]]:
    """What a day's bulletins may warn of beside tides and showers: (hazard, level, days, title)."""
    month = clock.local_day(day).month
    kinds = (
        ("cold", (11, 12, 1, 2, 3), 0.09, 1, 3.0, "Tin cảnh báo rét đậm, rét hại"),
        ("heat", (3, 4, 5, 6), 0.07, 1, 3.0, "Tin cảnh báo nắng nóng"),
        ("drought", (1, 2, 3, 4), 0.03, 1, 15.0, "Tin cảnh báo hạn hán"),
        ("flash-flood", (5, 6, 7, 8, 9, 10), 0.05, 1, 1.0, "Tin cảnh báo lũ quét, sạt lở đất"),
        ("flood", (6, 7, 8, 9, 10), 0.02, 2, 2.0, "Tin lũ trên sông"),
    )
    return [
        (hazard, level, days, title) for hazard, months, luck, level, days, title in kinds
        if month in months and chance(hazard, day) < luck
    ]  # fmt: skip


@register("risk-declarations", days=90)
def risk_declarations(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Bulletins as an officer would enter them: spring tides, and heavy rain now and then. Made up; the titles say so."""
    if not ground.wards:
        return
    middle = unary_union([ward.shape for ward in ground.wards]).representative_point()
    usual = climate.at(*ground.centre).hazards
    for day in range(begin, now, clock.DAY):
        turn = int((day - _MOON) // _HALF)
        issued = [one for one in _of_the_season(day) if one[0] in usual]
        if "surge" in usual and turn != int((day - clock.DAY - _MOON) // _HALF):
            issued.append(("surge", 2 if chance("surge", turn) < 0.3 else 1, 4.0, "Tin cảnh báo triều cường"))
        if chance("rain", day) < 0.05:
            issued.append(("heavy-rain", 1, 1.5, "Tin mưa lớn cục bộ"))
        for hazard, level, days, title in issued:
            at = day + 5 * clock.HOUR
            code = f"BT-{clock.local_day(at):%Y%m%d}-{hazard}"
            yield Row(code, at, {
                "code": code, "hazard": hazard, "level": level, "bulletin": f"{title} (mô phỏng)",
                "issuer": "Đài Khí tượng Thủy văn (mô phỏng)", "valid_from": clock.iso(at),
                "valid_until": clock.iso(at + int(days * clock.DAY)),
            }, {"type": "Point", "coordinates": [round(middle.x, 5), round(middle.y, 5)]})  # fmt: skip
