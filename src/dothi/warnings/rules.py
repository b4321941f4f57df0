"""The rules CAP 1.2 states in prose, which its schema cannot: every breach at once, each with its clause. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from dothi.kit.errors import BadInput, Fault
from dothi.warnings.areas import MOST_POINTS
from dothi.warnings.model import (
    CATEGORIES,
    CERTAINTIES,
    MSG_TYPES,
    RESPONSES,
    SCOPES,
    SEVERITIES,
    STATUSES,
    URGENCIES,
    Alert,
    Area,
    Info,
)  # fmt: skip

# 3.2.1 identifier and sender: no spaces, commas or restricted characters (< and &)
_RESTRICTED = frozenset(" ,<&\t\r\n")
LONGEST_HEADLINE = 160  # 3.2.2 headline: "160 characters may be a useful target"; short message services cut there


def check(alert: Alert) -> None:
    """Raise BadInput with every breach."""
    if faults := list(breaches(alert)):
        raise BadInput("the message breaks the rules of CAP 1.2", faults)


def breaches(alert: Alert) -> Iterator[Fault]:
    """What a message breaks, as faults placed like `info.0.area.1.polygon.0`."""
    yield from _alert(alert)
    for i, info in enumerate(alert.infos):
        at = f"info.{i}"
        yield from _info(alert, info, at)
        for j, area in enumerate(info.areas):
            yield from _area(area, f"{at}.area.{j}")


def cautions(alert: Alert) -> Iterator[Fault]:
    """What is allowed and still unwise: said to who writes a message, never held against a received one."""
    for i, info in enumerate(alert.infos):
        if info.headline and len(info.headline) > LONGEST_HEADLINE:
            yield Fault(
                f"info.{i}.headline",
                f"{len(info.headline)} characters",
                f"at most {LONGEST_HEADLINE} reach every phone",
            )
        if not info.instruction:
            yield Fault(f"info.{i}.instruction", "is empty", "what people are to do now")
        for j, area in enumerate(info.areas):
            for k, ring in enumerate(area.polygons):
                if len(ring) > MOST_POINTS:
                    yield Fault(f"info.{i}.area.{j}.polygon.{k}", f"{len(ring)} positions", f"at most {MOST_POINTS}")


def _alert(alert: Alert) -> Iterator[Fault]:
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value:
            yield Fault(name, "is empty", "3.2.1: a text that is unique")
        elif _RESTRICTED & set(value):
            yield Fault(name, f"{value[:60]!r}", "3.2.1: no spaces, commas, < or &")
    yield from _one_of("status", alert.status, STATUSES)
    yield from _one_of("msgType", alert.msg_type, MSG_TYPES)
    yield from _one_of("scope", alert.scope, SCOPES)
    if alert.scope == "Restricted" and not alert.restriction:
        yield Fault("restriction", "is missing", "3.2.1: says who may have a message of scope Restricted")
    if alert.scope != "Restricted" and alert.restriction:
        yield Fault("restriction", f"is given with scope {alert.scope}", "3.2.1: with scope Restricted only")
    if alert.scope == "Private" and not alert.addresses:
        yield Fault("addresses", "is missing", "3.2.1: names who a message of scope Private is for")
    if alert.msg_type != "Alert" and not alert.references:
        yield Fault("references", "is missing", f"3.2.1: what the {alert.msg_type} is of")
    for i, one in enumerate(alert.references):
        if one == alert.reference or (one.sender, one.identifier) == (alert.sender, alert.identifier):
            yield Fault(f"references.{i}", "is the message itself", "an earlier message")
        elif one.sent > alert.sent:
            yield Fault(f"references.{i}", "was sent later than this message", "3.2.1: an earlier message")
    if alert.msg_type == "Error" and not alert.note:
        yield Fault("note", "is missing", "3.2.1: why the message is rejected")
    if alert.msg_type in ("Alert", "Update") and not alert.infos:
        yield Fault("info", "is missing", f"what the {alert.msg_type} says")


def _info(alert: Alert, info: Info, at: str) -> Iterator[Fault]:
    if not info.categories:
        yield Fault(f"{at}.category", "is missing", ", ".join(CATEGORIES))
    for one in info.categories:
        yield from _one_of(f"{at}.category", one, CATEGORIES)
    for one in info.responses:
        yield from _one_of(f"{at}.responseType", one, RESPONSES)
    yield from _one_of(f"{at}.urgency", info.urgency, URGENCIES)
    yield from _one_of(f"{at}.severity", info.severity, SEVERITIES)
    yield from _one_of(f"{at}.certainty", info.certainty, CERTAINTIES)
    if not info.event.strip():
        yield Fault(f"{at}.event", "is empty", "3.2.2: the kind of the event in words")
    begins = info.effective if info.effective is not None else alert.sent
    if info.expires is not None and info.expires <= begins:
        yield Fault(f"{at}.expires", "is not after the time from which the information holds", "3.2.2: a later time")
    if info.expires is not None and info.onset is not None and info.expires < info.onset:
        yield Fault(f"{at}.expires", "is before the event begins", "a later time")
    if info.web and not _absolute(info.web):
        yield Fault(f"{at}.web", f"{info.web[:80]!r}", "3.2.2: a whole address")
    for i, file in enumerate(info.resources):
        if file.uri and not _absolute(file.uri) and not file.deref_uri:
            yield Fault(f"{at}.resource.{i}.uri", f"{file.uri[:80]!r}", "3.2.3: a whole address")


def _area(area: Area, at: str) -> Iterator[Fault]:
    if not area.description.strip():
        yield Fault(f"{at}.areaDesc", "is empty", "3.2.4: the area in words")
    for i, ring in enumerate(area.polygons):
        here = f"{at}.polygon.{i}"
        if len(ring) < 4:
            yield Fault(here, f"{len(ring)} positions", "3.2.4: at least four")
        elif ring[0] != ring[-1]:
            yield Fault(here, "does not end where it begins", "3.2.4: first and last position alike")
        if any(not (-90 <= lat <= 90 and -180 <= lon <= 180) for lat, lon in ring):
            yield Fault(here, "is off the globe", "3.2.4: latitude,longitude in WGS 84")
    for i, (lat, lon, radius) in enumerate(area.circles):
        if not (-90 <= lat <= 90 and -180 <= lon <= 180 and radius >= 0):
            yield Fault(f"{at}.circle.{i}", "is off the globe", "3.2.4: latitude,longitude and kilometres")
    if area.ceiling is not None and area.altitude is None:
        yield Fault(f"{at}.ceiling", "is given without altitude", "3.2.4: only together with altitude")


def _one_of(place: str, value: str, allowed: tuple[str, ...]) -> Iterator[Fault]:
    if value not in allowed:
        yield Fault(place, f"{value[:40]!r}", ", ".join(allowed))


def _absolute(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False
