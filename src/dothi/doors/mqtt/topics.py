"""The topics of OGC 18-088 clause 14 and dothi's own: what each means, and which filters match them.

Pure: no database, no socket.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

BASE = "v1.1/"
ENTITY_SETS = {
    "Things": "Thing",
    "Locations": "Location",
    "HistoricalLocations": "HistoricalLocation",
    "Datastreams": "Datastream",
    "MultiDatastreams": "MultiDatastream",
    "Sensors": "Sensor",
    "ObservedProperties": "ObservedProperty",
    "Observations": "Observation",
    "FeaturesOfInterest": "FeatureOfInterest",
    "TaskingCapabilities": "TaskingCapability",
    "Actuators": "Actuator",
    "Tasks": "Task",
}
SETS = {entity: set_ for set_, entity in ENTITY_SETS.items()}
# what dothi listens to on a broker of somebody else's
INTAKE = ("v1.1/Observations", "v1.1/+/Observations", "dothi/things/+/status", "dothi/tasks/+/status")

_CREATE = re.compile(r"v1\.1/(?:(Multi)?Datastreams\((\d{1,10})\)/)?Observations")
_STATUS = re.compile(r"dothi/things/(\d{1,10})/status")
_TASK = re.compile(r"v1\.1/(?:(TaskingCapabilities|Actuators)\((\d{1,10})\)/)?Tasks")
_REPORT = re.compile(r"dothi/tasks/(\d{1,15})/status")


@dataclass(frozen=True, slots=True)
class Target:
    """What a message published to a topic is for. stream: the (Multi)Datastream of the topic, None: the body names it.

    capability, actuator: of a task to be given, where the topic names one; task: the one a device reports of.
    """

    kind: str  # observation | status | task | report
    stream: int | None = None
    multi: bool = False
    thing: int = 0
    capability: int | None = None
    actuator: int | None = None
    task: int = 0


@lru_cache(maxsize=20_000)
def target(topic: str) -> Target | None:
    """What a device may publish here, or None: nothing."""
    if found := _CREATE.fullmatch(topic):
        return Target("observation", int(found[2]) if found[2] else None, found[1] is not None)
    if found := _STATUS.fullmatch(topic):
        return Target("status", thing=int(found[1]))
    if found := _TASK.fullmatch(topic):
        named = int(found[2]) if found[2] else None
        of_actuator = found[1] == "Actuators"
        return Target("task", capability=None if of_actuator else named, actuator=named if of_actuator else None)
    if found := _REPORT.fullmatch(topic):
        return Target("report", task=int(found[1]))
    return None


def status(thing_id: int) -> str:
    """The topic of a thing's connection state."""
    return f"dothi/things/{thing_id}/status"


def is_filter(text: str) -> bool:
    """Whether a text is a topic filter (mqtt-v5.0 clause 4.7)."""
    levels = text.split("/")
    if not text or "\0" in text or "#" in levels[:-1]:
        return False
    return all(level in ("+", "#") or not ("+" in level or "#" in level) for level in levels)


def may_hold(filter_: str) -> bool:
    """Whether a filter can match anything dothi ever says; others are refused."""
    first = filter_.split("/", 1)[0]
    return first in ("v1.1", "dothi", "+", "#")


def matches(filter_: str, topic: str) -> bool:
    """Whether a filter with wildcards matches a topic; `v1.1/Things` of `v1.1/Things?$select=name` is not one topic."""
    wanted, given = filter_.split("/"), topic.split("/")
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(given) or level not in ("+", given[i]):
            return False
    return len(wanted) == len(given)


def wild(filter_: str) -> bool:
    """Whether a filter has wildcards."""
    return "+" in filter_ or "#" in filter_


def selection(filter_: str) -> tuple[str, tuple[str, ...] | None]:
    """The topic of a filter and the properties its `?$select=` names, or None: all of them."""
    path, mark, query = filter_.partition("?")
    if not mark:
        return filter_, None
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key in ("$select", "%24select"):
            return path, tuple(name.strip() for name in value.split(",") if name.strip())
    return path, None
