"""The standing work of tasking."""

from dothi.jobs.runner import every
from dothi.tasking import schedules, watching


@every("tasking.watch", seconds=3)
def watch() -> None:
    """Read back what tasks did, and end those whose time is over."""
    watching.watch()


@every("tasking.schedules", seconds=30)
def keep_schedules() -> None:
    """Ask for what the schedules say is due."""
    schedules.run()
