"""Resource paths of OGC 18-088 clause 9.2: `Things(1)/Datastreams(2)/Observations`, `…/name/$value`, `…/$ref`. Pure."""

import re
from dataclasses import dataclass
from typing import Literal

from dothi.doors.sensorthings import model
from dothi.doors.sensorthings.model import Entity, Link
from dothi.kit.errors import BadInput, Fault, NotFound

Key = int | tuple[int, int]  # an observation's key is (datastream, µs)

_SEGMENT = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<key>'[^']*'|[^()]*)\))?")
_MOST_SEGMENTS = 24


@dataclass(frozen=True)
class Step:
    """One entity set or navigation property of a path; `key` picks one entity."""

    entity: Entity
    link: Link | None = None  # None: the entity set itself
    key: Key | None = None


@dataclass(frozen=True)
class Resource:
    """What a path names: a collection or an entity, perhaps one property of it."""

    steps: tuple[Step, ...]
    inside: tuple[str, ...] = ()  # a property and keys inside it
    mode: Literal["", "value", "ref", "count"] = ""

    @property
    def entity(self) -> Entity:
        """The type of what is named."""
        return self.steps[-1].entity

    @property
    def single(self) -> bool:
        """Whether one entity is named rather than a collection."""
        last = self.steps[-1]
        return last.key is not None or (last.link is not None and not last.link.many)


def parse(path: str) -> Resource:
    """The resource a path below the service root names.

    Raises NotFound naming the segment and what there is instead, BadInput for a key that cannot be one.
    """
    parts = [part for part in path.strip("/").split("/") if part]
    if not parts or len(parts) > _MOST_SEGMENTS:
        raise NotFound(f"no resource {path[:200]!r}")
    steps: list[Step] = []
    for place, part in enumerate(parts):
        resource = Resource(tuple(steps))
        if steps and (resource.single or part in {"$ref", "$count"}):
            last = steps[-1]
            link = last.entity.link.get(part.partition("(")[0]) if resource.single else None
            if link is None:
                return _tail(resource, parts[place:])
            steps.append(_step(part, model.BY_NAME[link.target], link))
        elif steps:
            allowed = f"{_name(steps[-1])}(id), or options after ?"
            raise NotFound(f"{part!r} after a collection", [Fault("path", f"{part!r} after a collection", allowed)])
        else:
            entity = model.BY_SET.get(part.partition("(")[0])
            if entity is None:
                fault = Fault("path", f"no entity set {part[:80]!r}", ", ".join(model.BY_SET))
                raise NotFound(f"no entity set {part[:80]!r}", [fault])
            steps.append(_step(part, entity, None))
    return Resource(tuple(steps))


def key_of(entity: Entity, text: str) -> Key:
    """The key a client wrote between parentheses, with or without quotes."""
    bare = text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text
    if entity.name == "Observation":
        key = model.observation_key(bare)
        if key is not None and key[0] < 2**31:
            return key
        allowed = "an id as the interface gives it, for example Observations('12-1763710000000000')"
    else:
        if bare.isascii() and bare.isdigit() and len(bare) < 19:
            return int(bare)
        allowed = f"a whole number, for example {entity.set_name}(1)"
    fault = Fault("path", f"{text[:80]!r} is not an id of {entity.set_name}", allowed)
    raise BadInput(fault.message, [fault])


def _name(step: Step) -> str:
    return step.link.name if step.link else step.entity.set_name


def _step(part: str, entity: Entity, link: Link | None) -> Step:
    found = _SEGMENT.fullmatch(part)
    if found is None:
        raise NotFound(
            f"{part[:80]!r} cannot be read", [Fault("path", f"{part[:80]!r} cannot be read", "Name or Name(id)")]
        )
    text = found["key"]
    if text is None:
        return Step(entity, link)
    if link is not None and not link.many:
        raise NotFound(f"{link.name} is one entity and takes no id")
    return Step(entity, link, key_of(entity, text))


def _tail(resource: Resource, parts: list[str]) -> Resource:
    mode: Literal["", "value", "ref", "count"] = ""
    if parts[-1] in {"$value", "$ref", "$count"}:
        mode = parts.pop()[1:]  # type: ignore[assignment]
    if mode == "count" and (parts or resource.single):
        raise NotFound("$count counts a collection")
    if mode == "ref" and parts:
        raise NotFound("$ref stands after an entity or a collection")
    if not parts:
        if mode == "value":
            raise NotFound("$value stands after a property")
        return Resource(resource.steps, (), mode)
    entity = resource.entity
    first = parts[0]
    names = {"@iot.id": "id", "@iot.selfLink": "selfLink"}
    if first not in entity.property and first not in {"id", *names}:
        allowed = ", ".join([*entity.property, *entity.link, "id", "$ref"])
        raise NotFound(f"{entity.name} has no {first[:80]!r}", [Fault("path", f"no {first[:80]!r}", allowed)])
    if len(parts) > 1 and (first not in entity.property or entity.property[first].kind not in {"json", "result"}):
        raise NotFound(f"{first} has nothing inside it")
    return Resource(resource.steps, (names.get(first, first), *parts[1:]), mode)
