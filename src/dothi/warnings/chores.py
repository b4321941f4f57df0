"""The standing work of warnings: ending what ran out, asking the feeds that are followed."""

import logging

from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.warnings import feeds, service, store

log = logging.getLogger(__name__)


@every("warnings.expire", seconds=15)
def expire() -> None:
    """Mark what ran out, so that pages that follow the journal hear of it."""
    now = clock.now_micros()
    with db.reading() as session:
        waiting = store.expired_waiting(session, now)
    if waiting:
        with db.writing() as session:
            service.expire(session, now)


@every("warnings.feeds", seconds=30)
def ask_feeds() -> None:
    """Ask the feeds whose time has come."""
    for code in feeds.due(clock.now_micros()):
        done = feeds.poll(code)
        if done.error or done.refused:
            log.warning("feed %s: %s", code, done.error or "; ".join(done.refused))
