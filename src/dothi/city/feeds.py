"""The outside feeds of a city: its blueprint's `feeds`, kept as a setting, followed by the transit room."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dothi.city import weave
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault
from dothi.packs.lines import read
from dothi.places import cities
from dothi.sensing.sectors import sectors
from dothi.transit import mirror
from dothi.transit import service as transit
from dothi.transit import store as transit_store
from dothi.transit.declared import FILE, Feed

NAME = "feeds"


def declared() -> dict[str, Feed]:
    """The feeds packs declare, by code."""
    return {
        one.code: one
        for pack in sectors().packs.values()
        if (file := pack.files.get(FILE)) is not None
        for one in file.feeds
    }  # fmt: skip


def follow(session: Session, caller: Caller, *, folder: Path | None = None, missing_only: bool = False) -> list[str]:
    """Have the feeds blueprints give addresses of be followed; the codes of those followed now.

    A timetable of `<feed>` is the feed `<city>-<feed>`; addresses of vehicles go with the timetable they tell of. One no
    blueprint asks for any more is left. folder: of the city applied, whose timetable files are read.
    missing_only: leave those alone that stand, so that what a person changed by hand stays.
    """
    session.flush()
    known, followed, possible = declared(), [], set()
    here = read(weave.file(folder), folder.name).value.get("city") if folder is not None else None
    for city, named in cities.all_(session).items():
        possible |= {f"{city}-{code}" for code, one in known.items() if one.kind == "gtfs"}
        asked: dict[str, Any] = cities.of(session, NAME, city) or {}
        for code, wanted, realtime in _timetables(known, asked):
            feed = f"{city}-{code}"
            standing = transit_store.locked(session, feed)
            if missing_only and standing is not None:
                followed.append(feed)
                continue
            given = {**asked.get(code, {}), **wanted}
            seconds = given.get("every_seconds")
            heard = min((one[1] for one in realtime.values() if one[1]), default=None)
            pace: dict[str, Any] = {"hours": max(1, round(seconds / 3600))} if seconds else {}
            if heard:
                pace["seconds"] = round(heard)
            transit.follow(
                session, caller, feed, f"{known[code].title.vi} {cities.called(named)}".strip(), url=given.get("url"),
                realtime={part: url for part, (url, _) in realtime.items()}, licence=known[code].licence or "",
                source=str((given.get("properties") or {}).get("source") or ""), simulated=bool(given.get("simulated")), **pace,
            )  # fmt: skip
            followed.append(feed)
            if given.get("file") and folder is not None and here == city:
                _take(session, caller, feed, folder / str(given["file"]))
    for feed in sorted(possible - set(followed)):
        standing = transit_store.locked(session, feed)
        if standing is not None and standing.active and not missing_only:
            transit.leave(session, caller, feed)
    return followed


def _timetables(
    known: dict[str, Feed], asked: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any], dict[str, tuple[str, float | None]]]]:
    """(feed, what is asked of it, its vehicles' addresses by part with seconds) of each timetable a city names."""
    heard: dict[str, dict[str, tuple[str, float | None]]] = {}
    for code, given in asked.items():
        one = known.get(code)
        if one is None or one.kind != "gtfs-rt" or one.of is None:
            continue
        each = (given.get("properties") or {}).get("addresses") or {}  # an operator may have one address a part
        for part in one.parts:
            url = each.get(part) or given.get("url")
            if url:
                heard.setdefault(one.of, {})[part] = (str(url), given.get("every_seconds"))
    for code, one in known.items():
        if one.kind == "gtfs" and (code in asked or code in heard):
            yield code, dict(asked.get(code) or {}), heard.get(code, {})


def _take(session: Session, caller: Caller, feed: str, path: Path) -> None:
    """A timetable that lies beside the blueprint."""
    if not path.exists():
        raise BadInput("this feed cannot be followed", [Fault("file", str(path.name), "a GTFS zip beside city.yaml")])
    done = transit.take(session, caller, feed, transit.read(path.name, path))
    if done.version is not None:
        mirror.renew(session, transit.held(session, caller, feed))
