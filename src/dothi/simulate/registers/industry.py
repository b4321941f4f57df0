"""Registers of industry: licences and their terms, output by month. Enterprises are invented."""

import math
from collections.abc import Iterator
from datetime import timedelta

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance
from dothi.simulate.registers import Row, register

# branch: product, unit, what a worker makes in a month, electricity per unit (kWh)
_BRANCHES = {
    "farm-products": ("Gạo, trái cây chế biến", "tấn", 9.0, 62.0), "wood": ("Gỗ xẻ, ván", "m³", 4.2, 110.0),
    "minerals": ("Cát, đất san lấp", "m³", 60.0, 1.8), "materials": ("Gạch không nung", "nghìn viên", 14.0, 85.0),
    "garments": ("Áo quần", "nghìn chiếc", 0.32, 420.0), "other": ("Bao bì", "tấn", 2.5, 260.0),
}  # fmt: skip
# what the name tells, before the branch: a word of it, then product, unit, a worker's month, kWh per unit
_NAMED: tuple[tuple[str, tuple[str, str, float, float]], ...] = (
    ("thủy sản", ("Thủy sản đông lạnh", "tấn", 1.1, 480.0)), ("cá tra", ("Cá tra phi lê", "tấn", 1.1, 480.0)),
    ("nước mắm", ("Nước mắm", "nghìn lít", 3.5, 35.0)), ("thanh long", ("Thanh long sơ chế", "tấn", 6.0, 70.0)),
    ("hoa hồi", ("Hoa hồi sấy", "tấn", 0.8, 210.0)), ("gạo", ("Gạo", "tấn", 9.0, 62.0)),
    ("thức ăn", ("Thức ăn chăn nuôi", "tấn", 22.0, 55.0)), ("xi măng", ("Xi măng", "tấn", 160.0, 95.0)),
    ("bê tông", ("Bê tông thương phẩm", "m³", 75.0, 4.5)), ("đá vôi", ("Đá vôi", "m³", 60.0, 2.4)),
    ("xay xát", ("Gạo", "tấn", 9.0, 62.0)), ("giày", ("Giày", "nghìn đôi", 0.2, 600.0)), ("nước đá", ("Nước đá", "tấn", 30.0, 55.0)),
    ("kho vận", ("Hàng nông sản qua kho", "tấn", 70.0, 6.0)),
)  # fmt: skip
_PAUSED = 3  # months for which those that pause have made nothing
_KINDS = {"environment": 10, "water": 5, "fire": 5}


@register("licences", days=1, after=("enterprises",))
def licences(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Each enterprise holds two or three; quarries one for mining. Some end within months, one or two are over."""
    today = clock.local_day(begin)
    for one in ground.records.get("enterprises", ()):
        named = one["properties"]
        kinds = _KINDS | ({"mining": 5} if named["branch"] == "minerals" else {})
        for kind, years in kinds.items():
            code = f"GP-{named['code']}-{kind}"
            if chance("has", code) < 0.15 and kind != "mining":
                continue
            ends = today + timedelta(days=int((years * 365 * 0.75) * chance("ends", code)) - 25)
            yield Row(code, begin, {
                "code": code, "enterprise": named["code"], "enterprise_name": named["name"], "kind": kind,
                "issued_on": (ends - timedelta(days=365 * years)).isoformat(), "valid_until": ends.isoformat(),
                **({"allowed": 40_000.0, "allowed_unit": "m³/năm"} if kind == "mining" else {}),
            })  # fmt: skip


@register("production", days=1, after=("enterprises",))
def production(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Two years of months, each reported on the tenth of the next."""
    today = clock.local_day(now)
    for one in ground.records.get("enterprises", ()):
        named = one["properties"]
        name = str(named.get("name") or "").lower()
        known = next((made for word, made in _NAMED if word in name), None)
        product, unit, each, power = known or _BRANCHES[named["branch"]]
        workers = int(named.get("employees") or 50)
        for back in range(-24, -_PAUSED if named.get("state") == "paused" else 0):
            month = clock.month(today, back)
            told = clock.month(month, 1) + timedelta(days=9)
            season = 1 + 0.12 * math.sin(2 * math.pi * (month.month / 12 + chance("season", named["code"])))
            tet = 0.72 if month.month == 2 else 1.0
            made = workers * each * season * tet * (0.92 + 0.16 * chance("output", named["code"], month))
            code = f"{named['code']}-{month:%Y-%m}"
            yield Row(code, clock.midnight(told) + 9 * clock.HOUR, {
                "code": code, "enterprise": named["code"], "branch": named["branch"], "month": f"{month:%Y-%m}",
                "starts_on": month.isoformat(), "product": product, "output": round(made, 1), "unit": unit,
                "electricity": round(made * power * (0.95 + 0.1 * chance("power", named["code"], month))),
            })  # fmt: skip
