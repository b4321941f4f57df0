"""The verbs of feeds: declare, import a timetable, take an expired one as current, return to an earlier one."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.transit import opening, osm, parsing, store, values
from dothi.transit.model import Timetable
from dothi.transit.tables import TransitFeed, TransitVersion
from dothi.web.fetch import Fetcher, Limits

PERMISSION = "data:write"
KEPT = 3  # versions of a feed, the one that holds among them
REALTIME = ("positions", "updates", "alerts")
SHARING = ("open", "shared", "restricted")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_LIMITS = Limits(size=256 * 1024 * 1024, seconds=300)


@dataclass(frozen=True)
class Imported:
    """What an import did. version: None where the same file holds already."""

    feed: str
    version: int | None
    timetable: Timetable


def follow(
    session: Session, caller: Caller, code: str, title: str, *, url: str | None = None, realtime: dict[str, str] | None = None,
    licence: str = "", source: str = "", agency_id: int | None = None, sharing: str = "open", simulated: bool = False,
    hours: int = 24, seconds: int = 30,
) -> TransitFeed:  # fmt: skip
    """Declare a feed, or change how it is fetched. Raises BadInput with every fault."""
    standing = store.locked(session, code)
    guard.require(caller, PERMISSION, agency_id)
    if standing is not None and standing.agency_id != agency_id:
        guard.require(caller, PERMISSION, standing.agency_id)
    asked = {name: to for name, to in (realtime or {}).items() if to}
    faults = [] if _CODE.fullmatch(code) else [Fault("code", repr(code)[:80], "small letters, digits, -")]
    if not title.strip():
        faults.append(Fault("title", "is empty", "what the operator's network is called"))
    for name, to in {"url": url, **asked}.items():
        if to and not re.fullmatch(r"https?://\S{1,900}", to):
            faults.append(Fault(name, repr(to)[:120], "http:// or https://"))
    faults += [Fault("realtime", repr(name)[:60], ", ".join(REALTIME)) for name in asked if name not in REALTIME]
    if sharing not in SHARING:
        faults.append(Fault("sharing", repr(sharing)[:60], ", ".join(SHARING)))
    if not 1 <= hours <= 720:
        faults.append(Fault("hours", str(hours), "1 to 720"))
    if not 5 <= seconds <= 3600:
        faults.append(Fault("seconds", str(seconds), "5 to 3600"))
    if faults:
        raise BadInput("this feed cannot be followed", faults)
    given = {
        "title": title.strip()[:200], "url": url or None, "realtime": asked, "licence": licence, "source": source,
        "agency_id": agency_id, "sharing": sharing, "simulated": simulated, "active": True, "hours": hours,
        "seconds": seconds,
    }  # fmt: skip
    if standing is None:
        standing = TransitFeed(code=code, status="published", heard={}, **given)
        session.add(standing)
    elif all(getattr(standing, name) == value for name, value in given.items()):
        return standing
    else:
        for name, value in given.items():
            setattr(standing, name, value)
    session.flush()
    _tell(session, caller, standing, "followed", {"url": url, "realtime": sorted(asked), "sharing": sharing})
    return standing


def leave(session: Session, caller: Caller, code: str) -> None:
    """Fetch a feed no longer; its timetable stays."""
    row = held(session, caller, code)
    row.active = False
    _tell(session, caller, row, "left", {})


def held(session: Session, caller: Caller, code: str) -> TransitFeed:
    """A feed the caller may change, locked. What they may not even see answers as if it were not there."""
    row = store.locked(session, code)
    if row is None or not guard.may(caller, PERMISSION, row.agency_id):
        if row is None or store.feed(session, caller, code) is None:
            raise NotFound(f"there is no feed {code[:60]!r}, or you may not see it")
        guard.require(caller, PERMISSION, row.agency_id)
    return row


def seen(session: Session, caller: Caller, code: str) -> TransitFeed:
    """A feed the caller may see."""
    row = store.feed(session, caller, code)
    if row is None:
        raise NotFound(f"there is no feed {code[:60]!r}, or you may not see it")
    return row


def read(name: str, source: Path | bytes) -> Timetable:
    """A timetable of a file, a folder or bytes: GTFS, or OpenStreetMap as Overpass says it. Stores nothing."""
    if isinstance(source, Path) and source.suffix == ".json":
        try:
            source = source.read_bytes()
        except OSError as error:
            raise BadInput(f"{name} cannot be read: {error.strerror}", [Fault("file", name, "a file")]) from None
    if isinstance(source, bytes) and source[:1] in (b"{", b"["):
        return osm.parse(name, source)
    return parsing.parse(opening.of_bytes(name, source) if isinstance(source, bytes) else opening.of_path(source))


def fetch(url: str) -> Timetable:
    """A timetable from an address, within limits and never from inside."""
    with Fetcher(_LIMITS) as fetcher:
        answer = fetcher.get(url, "application/zip, application/octet-stream;q=0.9, */*;q=0.5")
    return read(answer.url.rpartition("/")[2][:80] or "gtfs.zip", answer.body)


def take(session: Session, caller: Caller, code: str, made: Timetable, *, again: bool = False) -> Imported:
    """Have a timetable hold in place of the one before it: all of it or, whatever happens, nothing.

    A file that holds already makes no version, unless it is wanted again (a newer dothi may read more of it). Nothing usable (no line with a stop) is refused.
    """
    row = held(session, caller, code)
    before = store.version(session, row.version_id) if row.version_id is not None else None
    row.checked_at, row.error = clock.now_micros(), None
    if before is not None and before.sha256 == made.sha256 and not again:
        return Imported(code, None, made)
    if not made.calls:
        faults = [Fault(f"{one.file}:{one.row}", f"{one.field} {one.kind} {one.value}", one.allowed or None)
                  for one in made.findings.listed[:20]]  # fmt: skip
        raise BadInput(f"{made.name} holds no line that calls at a stop", faults)
    known = store.versions(session, row.id)
    version = TransitVersion(
        feed_id=row.id, number=known[0].number + 1 if known else 1, imported_at=clock.now_micros(),
        imported_by=caller.actor, file=made.name[:200], sha256=made.sha256, timezone=made.timezone, begins=made.begins,
        ends=made.ends, shift=0, counts=made.findings.counts, found=made.findings.found,
        faults=[one.plain() for one in made.findings.listed], agencies=made.agencies[:200],
    )  # fmt: skip
    session.add(version)
    session.flush()
    store.keep(session, version.id, made)
    row.version_id = version.id
    old = [one.id for one in known][KEPT - 1 :]
    if old:
        store.drop(session, old)
    data = {"version": version.number, "file": made.name[:200], "sha256": made.sha256, "counts": made.findings.counts,
            "found": made.findings.found}  # fmt: skip
    _tell(session, caller, row, "imported", data)
    session.flush()
    return Imported(code, version.number, made)


def return_to(session: Session, caller: Caller, code: str, number: int) -> TransitVersion:
    """Have an earlier version hold again."""
    row = held(session, caller, code)
    known = {one.number: one for one in store.versions(session, row.id)}
    wanted = known.get(number)
    if wanted is None:
        allowed = ", ".join(map(str, known)) or "none is kept"
        raise BadInput(f"{code} has no version {number}", [Fault("version", str(number), allowed)])
    if wanted.id != row.version_id:
        row.version_id = wanted.id
        _tell(session, caller, row, "returned", {"version": number})
    return wanted


def take_as_current(session: Session, caller: Caller, code: str, *, undo: bool = False) -> int:
    """Move an expired calendar by whole weeks so that it holds now; every page says so. Returns the days moved.

    Weekdays stay; what the operator excepted by date (holidays) moves along, and may then be wrong.
    """
    row = held(session, caller, code)
    version = store.version(session, row.version_id) if row.version_id is not None else None
    if version is None:
        raise Conflict(f"{code} has no timetable yet")
    today = values.service_day(clock.now_micros(), version.timezone)
    if undo:
        shift = 0
    elif version.begins is None or version.ends is None:
        raise Conflict(f"{code} says of no day that it runs; there is nothing to move")
    elif version.begins <= today <= version.ends:
        raise Conflict(f"{code} holds today by itself, until {values.day_text(version.ends)}")
    else:
        shift = 7 * ((today - version.begins) // 7)
        if today > version.ends + shift:  # shorter than a week
            raise Conflict(f"{code} runs for less than a week; moved by whole weeks it does not hold today")
    if shift != version.shift:
        version.shift = shift
        _tell(session, caller, row, "taken-as-current", {"version": version.number, "days": shift})
    return shift


def state(version: TransitVersion, now: int) -> str:
    """Whether the calendar holds: current, shifted, expired, not-begun or no-days."""
    if version.begins is None or version.ends is None:
        return "no-days"
    if version.shift:
        return "shifted"
    today = values.service_day(now, version.timezone)
    return "expired" if today > version.ends else "not-begun" if today < version.begins else "current"


def _tell(session: Session, caller: Caller, row: TransitFeed, verb: str, data: dict[str, Any]) -> None:
    journal.append(
        session, f"transit.feed.{verb}", actor=caller.actor, subject=f"transit-feed:{row.code}", agency_id=row.agency_id,
        visibility="open" if row.sharing == "open" else "restricted", data=data,
    )  # fmt: skip
