"""A CAP 1.2 message as values: what the standard's elements hold, in the standard's own terms.

OASIS Common Alerting Protocol 1.2 (1 July 2010), section 3.2. Instants are µs UTC; positions are latitude, longitude
in degrees, WGS 84, in that order as CAP writes them; radii are kilometres, altitudes feet above mean sea level.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CONTENT_TYPE = "application/cap+xml"
STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
)  # fmt: skip
RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

Position = tuple[float, float]  # latitude, longitude
Ring = tuple[Position, ...]
Circle = tuple[float, float, float]  # latitude, longitude, radius in km
Named = tuple[str, str]  # valueName, value
# 3.3.2: an offset is always written, and never as Z. The schema's pattern lets a comma stand for the sign; we do not
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Area:
    """Where: a description in words, and outlines, circles and codes that together cover it."""

    description: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Named, ...] = ()
    altitude: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that goes with the message."""

    description: str
    mime_type: str
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What is to be known, in one language."""

    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str = "en-US"  # what the standard takes it to be when it is not said
    responses: tuple[str, ...] = ()
    audience: str | None = None
    event_codes: tuple[Named, ...] = ()
    effective: int | None = None
    onset: int | None = None
    expires: int | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[Named, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message: the extended message identifier `sender,identifier,sent`."""

    sender: str
    identifier: str
    sent: int

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{written(self.sent)}"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message."""

    identifier: str
    sender: str
    sent: int
    status: str
    msg_type: str
    scope: str = "Public"
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: str | None = None
    infos: tuple[Info, ...] = ()

    @property
    def reference(self) -> Reference:
        """How a later message names this one."""
        return Reference(self.sender, self.identifier, self.sent)


def written(micros: int) -> str:
    """An instant as CAP writes it, in Vietnam's time and whole seconds: `2026-11-21T14:30:00+07:00`."""
    local = clock.local(micros)
    # before 1975 the offset had odd seconds, which the form cannot say
    whole = timedelta(minutes=round((local.utcoffset() or timedelta()).total_seconds() / 60))
    minutes = whole // timedelta(minutes=1)
    moment = (clock.moment(micros) + whole).replace(tzinfo=None, microsecond=0)
    sign = "-" if minutes < 0 else "+"
    return f"{moment.isoformat()}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def instant(text: str) -> int:
    """The instant of CAP's form; BadInput for any other, `Z` among them."""
    if not _INSTANT.fullmatch(text):
        allowed = "for example 2026-11-21T14:30:00+07:00; UTC is written -00:00"
        raise BadInput(f"{text[:60]!r} is not an instant as CAP writes it", [Fault("", f"{text[:60]!r}", allowed)])
    return clock.parse(text)


def references_of(text: str) -> tuple[Reference, ...]:
    """The messages named by the element `references`. Raises BadInput naming the word that is none."""
    found = []
    for word in text.split():
        parts = word.split(",")
        if len(parts) != 3 or not parts[0] or not parts[1]:
            raise BadInput(
                f"{word[:120]!r} does not name a message",
                [Fault("", f"{word[:120]!r}", "sender,identifier,sent, separated by spaces")],
            )
        found.append(Reference(parts[0], parts[1], instant(parts[2])))
    return tuple(found)
