"""Registers of water supply: what each zone was billed, month by month."""

from collections.abc import Iterator
from datetime import timedelta

from dothi.kit import clock
from dothi.simulate.ground import Ground
from dothi.simulate.luck import chance
from dothi.simulate.registers import Row, register

_LITRES = 128.0  # a person and day, as the model of the zones' inflow has it


@register("water-billing", days=1, after=("supply-zones",))
def water_billing(ground: Ground, begin: int, now: int) -> Iterator[Row]:
    """Fourteen months, each known on the eighth of the next; meters read two percent too little."""
    today = clock.local_day(now)
    for zone in ground.records.get("supply-zones", ()):
        named = zone["properties"]
        for back in range(-14, 0):
            month, after = clock.month(today, back), clock.month(today, back + 1)
            used = int(named.get("people") or 0) * _LITRES / 1000 * (after - month).days
            volume = used * 0.975 * (0.985 + 0.03 * chance("billed", named["code"], month))
            told = after + timedelta(days=7)
            yield Row(
                f"{named['code']}-{month:%Y-%m}", clock.midnight(told) + 9 * clock.HOUR,
                {"code": f"{named['code']}-{month:%Y-%m}", "zone": named["code"], "month": month.isoformat(), "volume": round(volume)},
            )  # fmt: skip
