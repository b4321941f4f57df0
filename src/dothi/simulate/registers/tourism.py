"""Registers of tourism: events of the year, and the flags of beaches where a city has any."""

from collections.abc import Iterator

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, pick
from dothi.simulate.registers import Row, register

_KINDS = {
    "Hội chợ hàng Việt": ("Fair of Vietnamese goods", 5.0, 8000), "Giải chạy phong trào": ("City run", 0.4, 1500),
    "Đêm nhạc ngoài trời": ("Open-air concert", 0.2, 2500), "Chợ phiên nông sản": ("Farmers' market", 1.5, 3000),
    "Ngày hội sách": ("Book day", 2.0, 2000), "Giải đua xuồng": ("Boat race", 0.5, 4000),
}  # fmt: skip
_AHEAD = 45 * clock.DAY  # events are announced so long before


@register("events", days=180, after=("sights",))
def events(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """About one a week, announced some weeks ahead."""
    places = [(one["properties"]["name"], one["geometry"]) for one in ground.records.get("sights", ())]
    for day in range(begin, now + _AHEAD, clock.DAY):
        if chance("event", day) >= 0.15:
            continue
        name = pick(dict.fromkeys(_KINDS, 1.0), "kind", day)
        english, days, expected = _KINDS[name]
        starts = day + int(7 + 11 * chance("hour", day)) * clock.HOUR
        place, shape = (
            places[int(len(places) * chance("place", day))]
            if places
            else ("trung tâm thành phố", ground.somewhere("event", day).point)
        )
        code = f"SK-{clock.local_day(starts):%Y%m%d}"
        yield Row(code, max(begin, starts - _AHEAD), {
            "code": code, "name": f"{name} (mô phỏng)", "name_en": f"{english} (simulated)", "starts": clock.iso(starts),
            "ends": clock.iso(starts + int(days * clock.DAY)), "place": place, "free": chance("free", day) < 0.8,
            "expected": int(expected * (0.6 + 0.8 * chance("many", day))),
        }, shape)  # fmt: skip


@register("beaches", days=1, after=("sights",))
def beaches(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """A flag each morning and after noon at every sight that is a beach."""
    turn = now - (now + clock.HOUR) % (6 * clock.HOUR)  # 6, 12, 18 o'clock in Vietnam
    for one in ground.records.get("sights", ()):
        named = one["properties"]
        if "bãi" not in str(named.get("name", "")).lower():
            continue
        flag = pick({"green": 0.62, "yellow": 0.25, "red": 0.1, "none": 0.03}, named["code"], turn)
        why = {"yellow": "Sóng vừa, có dòng chảy xa bờ", "red": "Sóng lớn, dòng chảy xa bờ", "none": "Ngoài giờ trực"}
        yield Row(f"B-{named['code']}", begin, {
            "code": f"B-{named['code']}", "name": named["name"], "flag": flag, "set_at": clock.iso(turn),
            "guards": 0 if flag == "none" else 2 + int(3 * chance("guards", named["code"])),
            **({"reason": why[flag]} if flag in why else {}),
        }, one["geometry"])  # fmt: skip
