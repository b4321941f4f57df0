"""The methods of analysis, one module each: a schema of parameters and a pure function, with its published source."""

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

from dothi.analyses.model import Method

MODULES = (
    "night_flow", "water_balance", "outbreak", "network_hotspot", "catchment", "route", "degree_days", "cells",
    "spatial_check", "travel_time", "near", "balance", "schedule_kept", "forecast_level", "sun_hours", "vn_wqi",
)  # fmt: skip


@lru_cache(maxsize=1)
def methods() -> dict[str, Method]:
    """Every method by its code."""
    found: list[Method] = [
        import_module(f"{__name__}.{module}").METHOD for module in MODULES if find_spec(f"{__name__}.{module}")
    ]
    return {one.code: one for one in found}
