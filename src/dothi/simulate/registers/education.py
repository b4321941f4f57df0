"""Registers of education: how many places each school has and how many are taken, this school year and the last two."""

from collections.abc import Iterator
from datetime import date

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance
from dothi.simulate.registers import Row, register

_FIRST_YEAR = {"kindergarten": 0.3, "primary": 0.21, "lower-secondary": 0.26, "upper-secondary": 0.34}
_YEARS = 3


@register("school-places", days=1, after=("schools",))
def school_places(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """School years begin on 5 September."""
    local = clock.local_day(now)
    newest = local.year if (local.month, local.day) >= (9, 5) else local.year - 1
    for school in ground.records.get("schools", ()):
        named = school["properties"]
        level, usual = named.get("level", "primary"), int(named.get("pupils") or 500)
        places = int(round(usual * (0.93 + 0.25 * chance("places", named["code"])), -1))
        for year in range(newest - _YEARS + 1, newest + 1):
            enrolled = int(
                usual * (1 + 0.02 * (year - newest)) * (0.97 + 0.06 * chance("enrolled", named["code"], year))
            )
            first = int(places * _FIRST_YEAR.get(level, 0.2))
            applied = int(first * (0.75 + 0.6 * chance("applied", named["code"], year)))
            code = f"{named['code']}-{year}-{year + 1}"
            began = clock.midnight(date(year, 9, 5)) + 8 * clock.HOUR
            yield Row(code, began, {
                "code": code, "school": named["code"], "name": named["name"], "level": level, "school_year": f"{year}-{year + 1}",
                "places": places, "enrolled": enrolled, "first_year_places": first, "first_year_applied": applied,
                "fullness": round(100 * enrolled / places, 1), "free": max(places - enrolled, 0),
                "two_shifts": enrolled > 1.15 * places,
            }, school["geometry"])  # fmt: skip
