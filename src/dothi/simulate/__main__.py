"""The simulated sensors as a process: `python -m dothi.simulate mqtt://host:port KEYFILE [day@ANCHOR]`."""

import sys
from pathlib import Path

from dothi.db import session as db
from dothi.kit import clock
from dothi.simulate import actuators, fleet, publisher, scenario


def main(url: str, key_file: str, day: str = "calm") -> None:
    """Speak for every simulated datastream of the city until stopped."""
    prefix, number, secret = Path(key_file).read_text().strip().split("_", 2)
    speakers = fleet.speakers(clock.now_micros(), scenario.read(day))
    devices = actuators.devices()
    db.engine().dispose()
    publisher.run(url, f"{prefix}_{number}", secret, speakers, devices)


main(*sys.argv[1:4])
