"""Registers of commerce: how many businesses open and close each month in each ward. Numbers alone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance, count
from dothi.simulate.registers import Row, register

_TRADES = {"retail": 14.0, "food": 11.0, "services": 9.0, "making": 3.0, "online": 5.0}


def _first(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    return date(total // 12, total % 12 + 1, 1)


@register("business-registrations", days=1)
def business_registrations(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Three years of months; online sales grow, the rest holds; more close after Tết."""
    today = clock.moment(now).astimezone(clock.VIETNAM).date()
    for back in range(-36, 0):
        month = _first(today, back)
        told = _first(month, 1) + timedelta(days=4)
        at = clock.micros(datetime(told.year, told.month, told.day, 9, tzinfo=clock.VIETNAM))
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
