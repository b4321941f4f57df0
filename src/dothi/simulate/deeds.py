"""What simulated people do: each deed in a transaction of its own, in rounds until nobody's time has come."""

import logging
from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.kit.errors import DothiError

log = logging.getLogger(__name__)
_ROUNDS = 8  # steps of one case at a time: after a long stop there are several


def done(deed: Callable[[Session], object]) -> bool:
    """Do one; what people did meanwhile comes first. Returns whether anything was done."""
    try:
        with db.writing() as session:
            return bool(deed(session))
    except DothiError as error:
        log.info("a simulated case stays as it is: %s", error)
        return False


def moved(ready: Callable[[Session], Iterable[int]], move: Callable[..., object]) -> int:
    """Have the cases whose time has come take their next steps; returns how many were taken.

    ready: ids of those cases; move: takes one's step by (session, id_), and says whether it did.
    """
    taken = 0
    for _ in range(_ROUNDS):
        with db.reading() as session:
            ids = list(ready(session))
        now = sum(done(partial(move, id_=id_)) for id_ in ids)
        taken += now
        if not now:
            break
    return taken
