"""Which hours of which datastreams were rolled up again: noted in the transaction that did it."""

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dothi.indicators.tables import IndicatorMark
from dothi.kit import bus
from dothi.sensing.news import HoursRolled


@bus.hears(HoursRolled)
def note(session: Session, news: HoursRolled) -> None:
    """Keep the stretches until indicators have been computed of them."""
    if news.stretches:
        names = ("datastream_id", "first_hour", "last_hour")
        session.execute(insert(IndicatorMark), [dict(zip(names, one, strict=True)) for one in news.stretches])
