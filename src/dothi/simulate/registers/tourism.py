"""Registers of tourism: events of the year, and the flags of beaches where a city has any."""

from collections.abc import Iterator

import numpy as np

from dothi.kit import clock
from dothi.simulate import models
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, pick
from dothi.simulate.model import Site
from dothi.simulate.registers import Row, register

# what: English, first and last hour, days, people expected
_KINDS = {
    "Hội chợ hàng Việt": ("Fair of Vietnamese goods", 9, 22, 5, 8000), "Giải chạy phong trào": ("City run", 5, 9, 1, 1500),
    "Đêm nhạc ngoài trời": ("Open-air concert", 19, 22, 1, 2500), "Chợ phiên nông sản": ("Farmers' market", 6, 18, 2, 3000),
    "Ngày hội sách": ("Book day", 8, 21, 2, 2000), "Giải đua thuyền": ("Boat race", 7, 11, 1, 4000),
}  # fmt: skip
_INDOORS = ("museum", "temple", "monument")  # kinds of sights where nothing of these is held
_AFLOAT = ("sông", "bến", "biển", "bãi", "chợ nổi", "làng chài", "kênh")  # words of places by the water
_FLAGS = {
    "yellow": "Sóng vừa, có dòng chảy xa bờ", "red": "Sóng lớn, dòng chảy xa bờ", "none": "Ngoài giờ trực",
}  # fmt: skip
_AHEAD = 45 * clock.DAY  # events are announced so long before


@register("events", days=180, after=("sights",))
def events(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """About one a week, announced some weeks ahead."""
    held = [one for one in ground.records.get("sights", ()) if one["properties"].get("kind") not in _INDOORS]
    places = [(str(one["properties"]["name"]), one["geometry"]) for one in held]
    wet = any(word in name.lower() for name, _ in places for word in _AFLOAT)
    kinds = {name: 1.0 for name in _KINDS if wet or name != "Giải đua thuyền"}
    for day in range(begin, now + _AHEAD, clock.DAY):
        if chance("event", day) >= 0.15:
            continue
        name = pick(kinds, "kind", day)
        english, first, last, days, expected = _KINDS[name]
        starts, ends = day + first * clock.HOUR, day + (days - 1) * clock.DAY + last * clock.HOUR
        afloat = [one for one in places if any(word in one[0].lower() for word in _AFLOAT)]
        among = afloat if name == "Giải đua thuyền" else places
        place, shape = (
            among[int(len(among) * chance("place", day))]
            if among
            else ("trung tâm thành phố", ground.somewhere("event", day).point)
        )
        code = f"SK-{clock.local_day(starts):%Y%m%d}"
        yield Row(code, max(begin, starts - _AHEAD), {
            "code": code, "name": f"{name} (mô phỏng)", "name_en": f"{english} (simulated)", "starts": clock.iso(starts),
            "ends": clock.iso(ends), "place": place, "free": chance("free", day) < 0.8,
            "expected": int(expected * (0.6 + 0.8 * chance("many", day))),
        }, shape)  # fmt: skip


@register("beaches", days=1, after=("sights",))
def beaches(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """A flag at every sight that is a beach, set at six and at noon after the waves; none while nobody is on duty."""
    turn = now - (now + clock.HOUR) % (6 * clock.HOUR)  # 0, 6, 12, 18 o'clock in Vietnam
    waves = models.every()["wave-height"]
    duty = 6 <= (turn + 7 * clock.HOUR) // clock.HOUR % 24 < 18
    for one in ground.records.get("sights", ()):
        named, shape = one["properties"], one["geometry"]
        if "bãi" not in str(named.get("name", "")).lower():
            continue
        code = f"B-{named['code']}"
        lon, lat = shape["coordinates"][:2]
        wave = float(waves(Site(code, lon, lat, (lon, lat)), np.array([turn]))[0])
        flag = "none" if not duty else "red" if wave >= 1.5 else "yellow" if wave >= 1.0 else "green"
        yield Row(code, begin, {
            "code": code, "name": named["name"], "flag": flag, "set_at": clock.iso(turn),
            "guards": 2 + int(3 * chance("guards", named["code"])) if duty else 0,
            **({"reason": _FLAGS[flag]} if flag in _FLAGS else {}),
        }, shape)  # fmt: skip
