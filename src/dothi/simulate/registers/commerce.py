"""Registers of commerce: how many businesses open and close each month in each ward. Numbers alone."""

from collections.abc import Iterator
from datetime import timedelta

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, count
from dothi.simulate.registers import Row, register

_TRADES = {"retail": 14.0, "food": 11.0, "services": 9.0, "making": 3.0, "online": 5.0}


@register("business-registrations", days=1)
def business_registrations(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Three years of months; online sales grow, the rest holds; more close after Tết."""
    today = clock.local_day(now)
    for back in range(-36, 0):
        month = clock.month(today, back)
        told = clock.month(month, 1) + timedelta(days=4)
        at = clock.midnight(told) + 9 * clock.HOUR
        for ward in ground.wards:
            for trade, usual in _TRADES.items():
                size = 0.6 + 0.8 * chance("trade", ward.code)
                grown = 1 + (0.018 * (36 + back) if trade == "online" else 0.002 * (36 + back))
                mean = usual * size * grown
                closing = 0.55 * (1.4 if month.month in (2, 3) else 1.0)
                code = f"{ward.code}-{trade}-{month:%Y-%m}"
                yield Row(code, at, {
                    "code": code, "month": f"{month:%Y-%m}", "starts_on": month.isoformat(), "unit": ward.code,
                    "unit_name": ward.name, "trade": trade, "opened": count(mean, "opened", code),
                    "paused": count(mean * 0.2, "paused", code), "closed": count(mean * closing, "closed", code),
                    "days": round(2.9 - 0.03 * (36 + back) + 0.6 * chance("days", code), 1),
                })  # fmt: skip
