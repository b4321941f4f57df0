"""The SQL behind baselines."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from dothi.alerts.tables import Baseline
from dothi.sensing.tables import ObservationHour


def hours(session: Session, datastream: int, since: int, until: int) -> NDArray[np.float64]:
    """Rolled-up hours that start in [since, until): rows of start (µs UTC), mean, smallest, largest."""
    h = ObservationHour
    rows = session.execute(
        select(h.hour, h.sum, h.numbers, h.min, h.max).where(
            h.datastream_id == datastream, h.hour >= since, h.hour < until, h.numbers > 0
        )
    )
    made = [(hour, total / count, low, high) for hour, total, count, low, high in rows if total is not None]
    return np.array(made, dtype=np.float64).reshape(-1, 4)


def replace(session: Session, datastream: int, rows: Sequence[tuple[int, float, float, int]], made_at: int) -> None:
    """Keep what is usual for a datastream: (slot, median, spread, count)."""
    session.execute(delete(Baseline).where(Baseline.datastream_id == datastream))
    if rows:
        session.execute(
            insert(Baseline),
            [
                {"datastream_id": datastream, "slot": slot, "median": median, "spread": spread, "count": count,
                 "made_at": made_at}
                for slot, median, spread, count in rows
            ],
        )  # fmt: skip
