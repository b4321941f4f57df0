"""The standing work of privacy."""

from dothi.cases import privacy
from dothi.jobs.runner import every


@every("cases.forget", minutes=60)
def forget() -> None:
    """Delete what nobody needs any more."""
    privacy.forget()
