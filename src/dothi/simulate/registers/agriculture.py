"""Registers of agriculture: seasons, pests, prices. Made up; no household stands behind any record."""

import math
from collections.abc import Iterator
from datetime import date, timedelta

from dothi.kit import clock
from dothi.simulate import climate
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, count, pick
from dothi.simulate.registers import Row, register

_PRICES = {
    "paddy": 7200,
    "fragrant-rice": 17500,
    "dragon-fruit": 16000,
    "lime": 14000,
    "pork": 62000,
    "vegetables": 15000,
    "catfish": 28000,
    "anchovy": 24000,
    "star-anise": 115000,
}
_MARKUP = {"farm": 1.0, "wholesale": 1.18, "market": 1.5}
_PESTS = {
    "brown-planthopper": ("crop", 0.3), "rice-blast": ("crop", 0.25), "leaf-folder": ("crop", 0.2),
    "dragon-fruit-canker": ("crop", 0.15), "african-swine-fever": ("livestock", 0.06), "avian-influenza": ("livestock", 0.04),
}  # fmt: skip
_OF = {"dragon-fruit-canker": "dragon-fruit"}  # pests of what not every city grows
# season: first and last day to sow as (month, day), days to the harvest
_SOUTH = {"Đông Xuân": ((11, 20), (12, 10), 100), "Hè Thu": ((4, 10), (5, 5), 95), "Thu Đông": ((8, 1), (8, 25), 95)}
_ADVICE = {"Xuân": "Che phủ mạ khi rét dưới 15 °C, cấy tập trung", "Mùa": "Cấy xong trước mùa lũ, khơi thông chỗ trũng"}
_NORTH = {"Xuân": ((1, 25), (2, 25), 120), "Mùa": ((6, 10), (7, 5), 110)}


@register("market-prices", days=400)
def market_prices(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Every product at three places each day; they wander about a season of their own."""
    grown = climate.at(*ground.centre).grown
    for midnight in range(begin, now, clock.DAY):
        day = clock.local_day(midnight)
        for product in grown:
            usual = _PRICES[product]
            season = 0.1 * math.sin(2 * math.pi * (day.timetuple().tm_yday / 365 + chance("season", product)))
            drift = 0.08 * math.sin(day.toordinal() / 23 + 9 * chance("drift", product))
            for place, markup in _MARKUP.items():
                luck = 0.03 * (chance("price", product, place, day.toordinal()) - 0.5)
                code = f"{product}-{place}-{day.isoformat()}"
                price = int(round(usual * markup * (1 + season + drift + luck), -2))
                yield Row(code, midnight + 8 * clock.HOUR, {
                    "code": code, "product": product, "place": place, "day": day.isoformat(), "price": price,
                })  # fmt: skip


@register("pest-reports", days=365)
def pest_reports(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Some a week, more in warm wet months; most are gone after two or three weeks."""
    grown = climate.at(*ground.centre).grown
    here = {name: weight for name, (_, weight) in _PESTS.items() if _OF.get(name, "paddy") in grown}
    for midnight in range(begin, now, clock.DAY):
        day = clock.local_day(midnight)
        season = 1 + 0.5 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 220) / 365)
        for n in range(count(0.35 * season, "pests", midnight)):
            pest = pick(here, "pest", midnight, n)
            subject = _PESTS[pest][0]
            severity = pick({"light": 0.62, "moderate": 0.28, "heavy": 0.1}, "severity", midnight, n)
            size = {"light": 3, "moderate": 12, "heavy": 35}[severity] * (0.5 + chance("size", midnight, n))
            gone = day + timedelta(days=10 + int(14 * chance("gone", midnight, n)))
            code = f"SB-{day:%Y%m%d}-{n + 1}"
            yield Row(code, midnight + 10 * clock.HOUR, {
                "code": code, "pest": pest, "subject": subject, "severity": severity,
                "extent": round(size, 1) if subject == "crop" else round(8 * size),
                "found_on": day.isoformat(), **({"cleared_on": gone.isoformat()} if gone <= clock.local_day(now) else {}),
            }, ground.somewhere("pest", midnight, n).point)  # fmt: skip


@register("crop-calendar", days=1)
def crop_calendar(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Rice seasons of this year and the next, by ward; sown by turns against the planthopper."""
    this = clock.local_day(now).year
    north = "cold" in climate.at(*ground.centre).hazards
    seasons = _NORTH if north else _SOUTH
    for year in (this - 1, this, this + 1):
        for season, ((month, first), (until_month, last), days) in seasons.items():
            for ward in ground.wards:
                shift = timedelta(days=int(6 * chance("sow", ward.code, season)))
                begins, ends = date(year, month, first) + shift, date(year, until_month, last) + shift
                code = f"lua-{ward.code}-{year}-{month:02}"
                known = clock.midnight(date(year - 1, 10, 1)) + 9 * clock.HOUR
                yield Row(code, known, {
                    "code": code, "crop": "Lúa", "season": f"{season} {year}–{year + 1}" if month >= 11 else f"{season} {year}", "unit": ward.code,
                    "sow_from": begins.isoformat(), "sow_until": ends.isoformat(),
                    "harvest": (ends + timedelta(days=days)).isoformat(),
                    "hectares": round(180 * (0.5 + chance("hectares", ward.code, season)), 0),
                    "advice": _ADVICE.get(season, "Xuống giống tập trung, né rầy theo bẫy đèn"),
                })  # fmt: skip
