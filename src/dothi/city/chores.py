"""The standing work of cities: feeds their blueprints name are followed, whichever pack declares them meanwhile."""

from dothi.city import feeds
from dothi.db import session as db
from dothi.identity import guard
from dothi.jobs.runner import every


@every("city.feeds", minutes=30)
def follow() -> int:
    """Follow the feeds that are not followed yet; returns how many the blueprints ask for."""
    with db.writing() as session:
        return len(feeds.follow(session, guard.SYSTEM, missing_only=True))
