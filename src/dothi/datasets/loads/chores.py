"""The standing work of loads: what was interrupted is said to have failed, rows nobody needs go."""

from dothi.datasets.loads import service
from dothi.jobs.runner import every


@every("datasets.loads", minutes=60)
def tidy() -> None:
    """See service.tidy."""
    service.tidy()
