"""The standing work of harvesting."""

import logging

from dothi.exchange import harvest
from dothi.jobs.runner import every

log = logging.getLogger(__name__)


@every("exchange.harvest", minutes=20)
def harvest_due() -> None:
    """Harvest the portals whose day is over: asked often, so that a server restarted every night still does it."""
    for id_, result in harvest.run_due().items():
        log.info("portal %s: %s", id_, harvest.summary(result))
