"""The simulated sensors as a process: `python -m dothi.simulate mqtt://host:port KEYFILE`."""

import sys
from pathlib import Path

from dothi.db import session as db
from dothi.kit import clock
from dothi.simulate import fleet, publisher


def main(url: str, key_file: str) -> None:
    """Speak for every simulated datastream of the city until stopped."""
    prefix, number, secret = Path(key_file).read_text().strip().split("_", 2)
    speakers = fleet.speakers(clock.now_micros())
    db.engine().dispose()
    publisher.run(url, f"{prefix}_{number}", secret, speakers)


main(*sys.argv[1:3])
