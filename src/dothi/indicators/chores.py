"""The standing work of indicators: what changed is computed anew every two minutes."""

from dothi.indicators import refresh
from dothi.jobs.runner import every

_SECONDS = 60.0


@every("indicators.compute", minutes=2)
def compute() -> None:
    """Compute what changed since; a long history is filled in pieces."""
    refresh.run(_SECONDS)
