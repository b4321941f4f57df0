"""The standing work of field work: what phones sent long ago and shifts nobody ended are forgotten."""

from dothi.cases import field_store as store
from dothi.cases.parcels import KEPT
from dothi.cases.positions import SHIFT
from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.kit import clock


@every("cases.field", minutes=30)
def forget() -> None:
    """Positions themselves are deleted by `forgetting`."""
    now = clock.now_micros()
    with db.writing() as session:
        store.forget_sent(session, now - KEPT)
        store.end_shifts(session, now - SHIFT)
