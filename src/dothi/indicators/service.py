"""The verbs of indicators. What a caller may not see of the inputs they do not see of the number (`sight`)."""

from dothi.indicators.computing import compute
from dothi.indicators.declared import known
from dothi.indicators.periods import Period
from dothi.indicators.reading import by_place, everywhere, forecast, latest, places, series, value
from dothi.indicators.receipts import again, receipt, reproduce
from dothi.indicators.sets import members
from dothi.indicators.spans import past
from dothi.indicators.targets import drop_target, set_target, targets
from dothi.indicators.values import Forecast, Place, Receipt, Reproduced, Since, Target, Trend, Value

__all__ = [
    "Forecast", "Period", "Place", "Receipt", "Reproduced", "Since", "Target", "Trend", "Value", "again", "by_place",
    "compute", "drop_target", "everywhere", "forecast", "known", "latest", "members", "past", "places", "receipt", "reproduce", "series",
    "set_target", "targets", "value",
]  # fmt: skip
