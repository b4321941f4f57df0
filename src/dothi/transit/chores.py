"""The standing work of feeds: timetables looked at once a day, vehicles every half minute, punctuality every quarter hour."""

import datetime as dt
import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

from dothi.db import session as db
from dothi.identity import guard
from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.kit.errors import DothiError
from dothi.transit import following, heard_store, mirror, service, store
from dothi.transit.tables import TransitFeed
from dothi.web.fetch import Fetcher, Limits

log = logging.getLogger(__name__)
_LIMITS = Limits(size=32 * 1024 * 1024, seconds=15, pause=10)
KEPT = 92 * clock.DAY  # calls seen; the figures made of them stay as records
_heard: dict[str, int] = {}


@every("transit.timetables", minutes=15)
def timetables() -> None:
    """Fetch the timetables whose time has come."""
    now = clock.now_micros()
    with db.reading() as session:
        due = [
            (one.code, one.url) for one in store.active(session)
            if one.url and (one.checked_at is None or now - one.checked_at >= one.hours * clock.HOUR)
        ]  # fmt: skip
    for code, url in due:
        fetch(code, url)


def fetch(code: str, url: str) -> service.Imported | None:
    """Fetch a feed's timetable now; what goes wrong is noted with the feed, and the one that holds stays."""
    try:
        made = service.fetch(url)
        with db.writing() as session:
            done = service.take(session, guard.SYSTEM, code, made)
            if done.version is not None:
                mirror.renew(session, service.held(session, guard.SYSTEM, code))
    except DothiError as error:
        said = str(error)[:2000]
        _note(code, lambda row: _failed(row, said))
        return None
    return done


def _failed(row: TransitFeed, said: str) -> None:
    row.checked_at, row.error = clock.now_micros(), said


def _note(code: str, change: Callable[[TransitFeed], None]) -> None:
    with db.writing() as session:
        change(service.held(session, guard.SYSTEM, code))


@every("transit.vehicles", seconds=15)
def vehicles() -> None:
    """Ask where the vehicles are, each feed at its own pace."""
    now = clock.now_micros()
    with db.reading() as session:
        due = [
            (one.code, dict(one.realtime)) for one in store.active(session)
            if one.realtime and now - _heard.get(one.code, 0) >= (one.seconds - 5) * clock.SECOND
        ]  # fmt: skip
    for code, addresses in due:
        _heard[code] = now
        listen(code, addresses)


def listen(code: str, addresses: dict[str, str]) -> list[following.Taken]:
    """Ask a feed's realtime addresses now."""
    done, wrong = [], []
    for kind, url in addresses.items():
        try:
            with Fetcher(_LIMITS) as fetcher:
                body = fetcher.get(url, "application/x-protobuf, application/octet-stream;q=0.9, */*;q=0.5").body
            with db.writing() as session:
                done.append(following.take(session, guard.SYSTEM, code, body, clock.now_micros(), kind))
        except DothiError as error:
            wrong.append(f"{kind}: {error}")
    if wrong:
        said = "; ".join(wrong)[:2000]
        _note(code, lambda row: setattr(row, "realtime_error", said))
    return done


@every("transit.punctuality", minutes=10)
def punctuality() -> int:
    """Keep the last hours' punctuality as records; forget calls nobody looks at any more."""
    now, kept = clock.now_micros(), 0
    with db.reading() as session:
        codes = [one.code for one in store.active(session) if one.heard_at is not None]
    for code in codes:
        kept += keep_hours(code, now - 4 * clock.HOUR, now)
    with db.writing() as session:
        heard_store.forget_passages(session, now - KEPT)
    return kept


def keep_hours(code: str, since: int, until: int) -> int:
    """Keep the hours between two instants as records of the feed's punctuality."""
    with db.writing() as session:
        feed = service.held(session, guard.SYSTEM, code)
        version = store.version(session, feed.version_id) if feed.version_id is not None else None
        if version is None:
            return 0
        zone = ZoneInfo(version.timezone)

        def local(hour: int) -> tuple[str, int]:
            at = clock.moment(hour * clock.HOUR).astimezone(zone)
            return dt.date.isoformat(at.date()), at.hour

        whole = since // clock.HOUR * clock.HOUR
        return mirror.record_punctuality(session, feed, whole, until, local) or 0
