"""The feeds that are followed: chosen by somebody who may publish, asked at their pace, everything they say looked at."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.exchange.fetch import Fetcher, Limits
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound
from dothi.warnings import inbound, index, parsing, signing, store
from dothi.warnings.tables import CapFeed

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_ACCEPT = "application/cap+xml, application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8"
_INDEX, _MESSAGE = Limits(size=2 * 1024 * 1024, seconds=30), Limits(size=inbound.MOST_BYTES, seconds=15)
_ENOUGH = 60 * clock.SECOND  # a slow feed does not hold up the others; the rest comes the next time
# what was read of a feed and will not change: asked again only after a restart
_read: dict[str, dict[str, str]] = {}


@dataclass
class Polled:
    """What asking a feed gave: outcomes by how often, and what was refused, in words."""

    counts: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    error: str | None = None


def follow(
    session: Session, caller: Caller, code: str, url: str, title: str, *, senders: Sequence[str] = (),
    certificate: str | None = None, minutes: int = 5,
) -> CapFeed:  # fmt: skip
    """Follow a feed, or change how. What it says is shown to citizens, so it takes who may publish everywhere."""
    guard.require(caller, "warnings:approve")
    faults = [] if _CODE.fullmatch(code) else [Fault("code", repr(code)[:80], "small letters, digits, -")]
    if not re.match(r"https?://[^\s]+$", url):
        faults.append(Fault("url", repr(url)[:120], "http:// or https://"))
    if not title.strip():
        faults.append(Fault("title", "is empty", "what the sender is called"))
    if not 1 <= minutes <= 1440:
        faults.append(Fault("minutes", str(minutes), "1 to 1440"))
    try:
        if certificate:
            signing.check_certificate(certificate)
    except BadInput as error:
        faults += error.faults
    if faults:
        raise BadInput("this feed cannot be followed", faults)
    values = {
        "url": url, "title": title.strip(), "senders": list(senders), "certificate": certificate or None,
        "minutes": minutes, "active": True, "checked_at": None, "error": None,
    }  # fmt: skip
    row = store.feed(session, code)
    if row is None:
        row = CapFeed(code=code, **values)
        session.add(row)
    else:
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()
    forget(code)
    journal.append(
        session, "warnings.feed.followed", actor=caller.actor, subject=f"cap-feed:{code}",
        data={"url": url, "senders": list(senders), "signed": bool(certificate)},
    )  # fmt: skip
    return row


def leave(session: Session, caller: Caller, code: str) -> None:
    """Follow a feed no longer; what it gave stays until it ends."""
    guard.require(caller, "warnings:approve")
    row = _feed(session, code)
    row.active = False
    journal.append(session, "warnings.feed.left", actor=caller.actor, subject=f"cap-feed:{code}")


def due(now: int) -> list[str]:
    """Codes of the feeds whose time has come."""
    with db.reading() as session:
        return [
            one.code for one in store.feeds(session, active=True)
            if one.checked_at is None or now - one.checked_at >= one.minutes * 60 * clock.SECOND - 5 * clock.SECOND
        ]  # fmt: skip


def poll(code: str, tell: Callable[[str], None] = lambda _: None) -> Polled:
    """Ask a feed now: its index, then every message not read yet, each in a transaction of its own."""
    with db.reading() as session:
        feed = _feed(session, code)
        session.expunge(feed)
    done, read = Polled(), _read.setdefault(code, {})
    began = clock.now_micros()
    try:
        with Fetcher(_INDEX) as fetcher:
            answer = fetcher.get(feed.url, _ACCEPT)
        root = parsing.parse(answer.body, _INDEX.size)
        entries = index.listed(root, answer.url)
        whole = answer.body if len(entries) == 1 and entries[0].url == answer.url and not entries[0].stamp else None
        with Fetcher(_MESSAGE) as fetcher:
            for one in entries:
                if clock.now_micros() - began > _ENOUGH:
                    break
                if one.stamp and read.get(one.url) == one.stamp:
                    continue
                if _one(feed, fetcher, one, whole, done):
                    read[one.url] = one.stamp
                tell(one.url)
        for url in set(read) - {one.url for one in entries}:
            del read[url]
    except DothiError as error:
        done.error = error.message
    _note(code, done)
    return done


def _one(feed: CapFeed, fetcher: Fetcher, one: index.Listed, whole: bytes | None, done: Polled) -> bool:
    """Read one message; whether there is nothing more to learn from it."""
    try:
        body = fetcher.get(one.url, _ACCEPT).body if whole is None else whole
    except DothiError as error:
        done.refused.append(f"{one.url[:160]}: {error.message}"[:600])
        return False
    try:
        with db.writing() as session:
            outcome = inbound.take(session, feed, body, clock.now_micros()).outcome
    except DothiError as error:
        first = f" ({error.faults[0]})" if error.faults else ""
        done.refused.append(f"{one.url[:160]}: {error.message}{first}"[:600])
    except IntegrityError:  # somebody else asked the feed at the same time
        return False
    else:
        done.counts[outcome] = done.counts.get(outcome, 0) + 1
    return True


def _note(code: str, done: Polled) -> None:
    with db.writing() as session:
        row = _feed(session, code)
        row.checked_at = clock.now_micros()
        row.error = done.error or ("; ".join(done.refused)[:2000] or None)


def forget(code: str | None = None) -> None:
    """Read everything of a feed (or all) anew the next time."""
    if code is None:
        _read.clear()
    else:
        _read.pop(code, None)


def _feed(session: Session, code: str) -> CapFeed:
    row = store.feed(session, code)
    if row is None:
        raise NotFound(f"no feed {code[:60]!r} is followed")
    return row
