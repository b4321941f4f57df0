"""The day of the Vietnamese lunar calendar: tides, festivals and crowds follow it.

New moons and the sun's longitude by the series of Meeus, Astronomical Algorithms (1998), as Hồ Ngọc Đức arranged them for
Việt Nam's time zone (UTC+7): right to the day for 1900 to 2100.
"""

import math
from functools import lru_cache

from dothi.kit import clock
from dothi.web.i18n import Say

_ZONE = 7.0  # hours


def line(micros: int, say: Say) -> str:
    """13/10 âm lịch."""
    local = clock.local(micros)
    day, month, leap = of(local.day, local.month, local.year)
    return say("{day}/{month}{leap} âm lịch", day=day, month=month, leap=say(" nhuận") if leap else "")


def of(day: int, month: int, year: int) -> tuple[int, int, bool]:
    """Lunar day and month of a day of the sun's calendar, and whether the month is the doubled one."""
    number = _julian(day, month, year)
    k = int((number - 2415021.076998695) / 29.530588853)
    start = _new_moon(k + 1)
    if start > number:
        start = _new_moon(k)
    first, second = _month_eleven(year), _month_eleven(year)
    if first >= start:
        first = _month_eleven(year - 1)
    else:
        second = _month_eleven(year + 1)
    moons = round((start - first) / 29.530588853)
    leap, lunar_month = False, moons + 11
    if second - first > 365:
        doubled = _doubled(first)
        if moons >= doubled:
            lunar_month = moons + 10
            leap = moons == doubled
    return number - start + 1, (lunar_month - 1) % 12 + 1, leap


def _julian(day: int, month: int, year: int) -> int:
    a = (14 - month) // 12
    y, m = year + 4800 - a, month + 12 * a - 3
    return day + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400 - 32045


@lru_cache(maxsize=256)
def _new_moon(k: int) -> int:
    """The local day (Julian day number) of the k-th new moon since 1900-01-01."""
    t = k / 1236.85
    r = math.radians
    moon = 2415020.75933 + 29.53058868 * k + 0.0001178 * t**2 - 0.000000155 * t**3
    moon += 0.00033 * math.sin(r(166.56 + 132.87 * t - 0.009173 * t**2))
    sun = r(359.2242 + 29.10535608 * k - 0.0000333 * t**2 - 0.00000347 * t**3)
    anomaly = r(306.0253 + 385.81691806 * k + 0.0107306 * t**2 + 0.00001236 * t**3)
    node = r(21.2964 + 390.67050646 * k - 0.0016528 * t**2 - 0.00000239 * t**3)
    c = (0.1734 - 0.000393 * t) * math.sin(sun) + 0.0021 * math.sin(2 * sun)
    c += -0.4068 * math.sin(anomaly) + 0.0161 * math.sin(2 * anomaly) - 0.0004 * math.sin(3 * anomaly)
    c += 0.0104 * math.sin(2 * node) - 0.0051 * math.sin(sun + anomaly) - 0.0074 * math.sin(sun - anomaly)
    c += 0.0004 * math.sin(2 * node + sun) - 0.0004 * math.sin(2 * node - sun) - 0.0006 * math.sin(2 * node + anomaly)
    c += 0.0010 * math.sin(2 * node - anomaly) + 0.0005 * math.sin(2 * anomaly + sun)
    late = 0.000837 * t + 0.000265 * t**2 - 0.000278 if t >= -11 else 0.001 + 0.000839 * t + 0.0002261 * t**2
    if t >= -11:
        late = -0.000278 + 0.000265 * t + 0.000262 * t**2
    return int(moon + c - late + 0.5 + _ZONE / 24)


def _sun_sector(day: int) -> int:
    """Which twelfth of its circle the sun is in at local midnight; 9 begins with the winter solstice."""
    t = (day - 0.5 - _ZONE / 24 - 2451545.0) / 36525
    r = math.radians
    m = 357.52910 + 35999.05030 * t - 0.0001559 * t**2 - 0.00000048 * t**3
    longitude = 280.46645 + 36000.76983 * t + 0.0003032 * t**2
    longitude += (1.914600 - 0.004817 * t - 0.000014 * t**2) * math.sin(r(m))
    longitude += (0.019993 - 0.000101 * t) * math.sin(r(2 * m)) + 0.000290 * math.sin(r(3 * m))
    return int(longitude % 360 / 30)


def _month_eleven(year: int) -> int:
    """The first day of the month that holds the winter solstice."""
    k = int((_julian(31, 12, year) - 2415021) / 29.530588853)
    start = _new_moon(k)
    return _new_moon(k - 1) if _sun_sector(start) >= 9 else start


def _doubled(first: int) -> int:
    """How many months after the eleventh the doubled one comes: the first in which the sun enters no new sign."""
    k = int((first - 2415021.076998695) / 29.530588853 + 0.5)
    last, i = 0, 1
    here = _sun_sector(_new_moon(k + i))
    while here != last and i < 14:
        last = here
        i += 1
        here = _sun_sector(_new_moon(k + i))
    return i - 1
