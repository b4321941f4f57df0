"""The standing work of privacy."""

from dothi.cases import appointments, privacy
from dothi.db import session as db
from dothi.jobs.runner import every


@every("cases.forget", minutes=60)
def forget() -> None:
    """Delete what nobody needs any more."""
    privacy.forget()


@every("cases.appointments", minutes=60)
def forget_appointments() -> int:
    """Delete appointments long over; returns how many."""
    with db.writing() as session:
        return appointments.forget(session)
