"""The standing work of the rooms below this one."""

from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.journal import seals


@every("journal.seal", minutes=1)
def seal_journal() -> None:
    """Seal what has come into the journal."""
    with db.writing() as session:
        seals.seal(session)
