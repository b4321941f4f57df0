"""List the datasets of other portals here: described here, kept there.

A run reads everything first and then changes the list in one transaction. A dataset that another portal, or this city
itself, lists already is kept as a repetition of it (`same_as`) and shown once. What a portal no longer has is taken off,
unless so much is gone at once that something is wrong there rather than gone.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.config import settings
from dothi.datasets import describe
from dothi.datasets.tables import Harvest, HarvestedDataset
from dothi.db import session as db
from dothi.exchange import ckan, dcat, store
from dothi.exchange.fetch import Answer, Fetcher, Limits, Refused
from dothi.exchange.foreign import Foreign
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import nfc, slug

Kind = Literal["ckan", "dcat"]
READERS: dict[str, Callable[[Callable[[str, str], Answer], str, int], Iterable[Foreign | str]]] = {
    "ckan": ckan.read,
    "dcat": dcat.read,
}
MOST, PAGES = 50_000, 2_000  # datasets and pages of a portal
EVERY = 24 * clock.HOUR
SECONDS = 1800  # a run
BYTES = 512 * 1024 * 1024  # a run
LEFT = 0.5  # of what a portal gave must be there again before what is missing is taken off
TOLD = 20  # faults kept with the result
log = logging.getLogger(__name__)


@dataclass
class Result:
    """What a run found. missing: no longer there, but kept because too much was missing at once."""

    ok: bool = True
    read: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0
    missing: int = 0
    repeated: int = 0
    refused: int = 0
    seconds: float = 0.0
    error: str | None = None
    faults: list[str] = field(default_factory=list)


def add(session: Session, caller: Caller, url: str, kind: str, title: str, agency: str | None = None) -> Harvest:
    """Have a portal harvested from now on. url: a CKAN site, or a DCAT document (Turtle, RDF/XML, JSON-LD)."""
    guard.require(caller, "data:approve")
    faults = []
    url, title = url.strip(), nfc(title.strip())
    if not describe.is_web(url) or len(url) > 2000:
        faults.append(Fault("url", repr(url[:80]), "an address that begins with http:// or https://"))
    if kind not in READERS:
        faults.append(Fault("kind", repr(kind[:40]), ", ".join(READERS)))
    if not title or len(title) > 300:
        faults.append(Fault("title", repr(title[:80]), "1 to 300 characters"))
    if faults:
        raise BadInput("the portal cannot be added", faults)
    if store.harvest_at(session, url) is not None:
        raise Conflict(f"{url} is harvested already")
    owner = _agency(session, agency) if agency else None
    made = Harvest(url=url, kind=kind, title=title, agency_id=owner, active=True)
    session.add(made)
    session.flush()
    journal.append(
        session, "data.harvest.added", actor=caller.actor, subject=f"harvest:{made.id}", agency_id=owner,
        visibility="open", data={"url": url, "kind": kind, "title": title},
    )  # fmt: skip
    return made


def remove(session: Session, caller: Caller, id_: int) -> None:
    """Harvest a portal no more, and take its datasets off the list."""
    guard.require(caller, "data:approve")
    portal = _portal(session, id_)
    gone = store.held(session, id_).values()
    store.release(session, {one.code for one in gone})
    store.remove(session, {one.id for one in gone})
    session.delete(portal)
    journal.append(
        session, "data.harvest.removed", actor=caller.actor, subject=f"harvest:{id_}", agency_id=portal.agency_id,
        visibility="open", data={"url": portal.url, "title": portal.title},
    )  # fmt: skip


def run(caller: Caller, id_: int, tick: Callable[[int], None] = lambda _: None) -> Result:
    """Harvest one portal now, in transactions of its own. What goes wrong there is said in the result."""
    guard.require(caller, "data:approve")
    with db.reading() as session:
        portal = _portal(session, id_)
        url, kind = portal.url, portal.kind
    began = clock.now_micros()
    result = Result()
    found = _read(url, kind, result, tick)
    with db.writing() as session:
        portal = _portal(session, id_)
        if result.ok:
            _take(session, portal, found, result)
        now = clock.now_micros()
        result.seconds = round((now - began) / clock.SECOND, 1)
        portal.last_at, portal.last_result = now, asdict(result)
        data = {name: getattr(result, name) for name in ("ok", "read", "added", "changed", "removed", "error")}
        journal.append(
            session, "data.harvest.ran", actor=caller.actor, subject=f"harvest:{id_}", agency_id=portal.agency_id,
            visibility="open", data=data,
        )  # fmt: skip
    return result


def run_due(caller: Caller = guard.SYSTEM) -> dict[int, Result]:
    """Harvest every active portal that was not harvested for a day; one that fails does not keep the others."""
    before = clock.now_micros() - EVERY
    with db.reading() as session:
        ids = [one.id for one in store.harvests(session, active=True) if one.last_at is None or one.last_at < before]
    found = {}
    for id_ in ids:
        try:
            found[id_] = run(caller, id_)
        except NotFound:
            continue  # removed meanwhile
    return found


def _read(url: str, kind: str, result: Result, tick: Callable[[int], None]) -> dict[str, Foreign]:
    """Everything a portal describes, by identifier. What stops the reading is noted in the result."""
    found: dict[str, Foreign] = {}
    ends, size = clock.now_micros() + SECONDS * clock.SECOND, 0

    with Fetcher(Limits()) as fetcher:

        def get(address: str, accept: str) -> Answer:
            nonlocal size
            if clock.now_micros() > ends:
                raise Refused(f"the portal takes longer than {SECONDS} seconds")
            answer = fetcher.get(address, accept)
            size += len(answer.body)
            if size > BYTES:
                raise Refused(f"the portal gives more than {BYTES} bytes")
            return answer

        try:
            for one in READERS[kind](get, url, PAGES):
                if isinstance(one, str):
                    _note(result, one)
                elif one.identifier in found:
                    result.repeated += 1
                else:
                    found[one.identifier] = one
                    tick(len(found))
                if len(found) > MOST:
                    result.ok, result.error = False, f"the portal has more than {MOST} datasets"
                    break
        except Refused as error:
            result.ok, result.error = False, error.message[:500]
        except Exception as error:  # a portal must not stop the others, whatever it answers
            log.exception("harvesting %s failed", url)
            result.ok, result.error = False, f"{type(error).__name__}: {error}"[:500]
    result.read = len(found)
    return found


def _note(result: Result, fault: str) -> None:
    result.refused += 1
    if len(result.faults) < TOLD:
        result.faults.append(fault[:300])


def _take(session: Session, portal: Harvest, found: dict[str, Foreign], result: Result) -> None:
    """Bring the list to what was found."""
    now = clock.now_micros()
    held = store.held(session, portal.id)
    missing = [one for identifier, one in held.items() if identifier not in found]
    if missing and len(held) - len(missing) < LEFT * len(held):
        result.missing = len(missing)
        _say(result, f"{len(missing)} of {len(held)} datasets are missing at once; they are kept")
    else:
        store.release(session, {one.code for one in missing})
        store.remove(session, {one.id for one in missing})
        result.removed = len(missing)
    taken = store.codes(session)
    same = _Sameness(session, portal.id)
    for identifier, one in found.items():
        digest, metadata = one.digest(), one.metadata()
        repeats = same.of(one, digest)
        result.repeated += repeats is not None
        there = held.get(identifier)
        if there is None:
            code = _code(portal.id, one, taken)
            session.add(
                HarvestedDataset(
                    harvest_id=portal.id, identifier=identifier, code=code, title=one.title, description=one.description,
                    folded=one.folded(), metadata_=metadata, digest=digest, same_as=repeats, modified_at=one.modified,
                    seen_at=now,
                )
            )  # fmt: skip
            result.added += 1
        else:
            code = there.code
            values = {
                "title": one.title, "description": one.description, "metadata_": metadata, "digest": digest,
                "modified_at": one.modified, "folded": one.folded(),
            }  # fmt: skip
            changed = any(getattr(there, name) != value for name, value in values.items())
            for name, value in values.items() if changed else ():
                setattr(there, name, value)
            there.same_as, there.seen_at = repeats, now
            result.changed += changed
            result.same += not changed
        same.keep(digest, code, repeats)
    session.flush()


def _say(result: Result, text: str) -> None:
    result.faults = [text, *result.faults][:TOLD]


class _Sameness:
    """Which datasets repeat one that is listed already."""

    def __init__(self, session: Session, harvest_id: int) -> None:
        self._identifiers, self._digests = store.first_of(session, harvest_id)
        self._own, self._sources = store.own(session)
        self._base = (settings().public_url or "").rstrip("/")

    def of(self, one: Foreign, digest: str) -> str | None:
        """The code of the dataset this one repeats."""
        for address in filter(None, (one.identifier, one.landing)):
            if self._base and address.startswith(f"{self._base}/catalogue/"):
                code = re.split(r"[#?/.]", address.removeprefix(f"{self._base}/catalogue/"), maxsplit=1)[0]
                if code in self._own:
                    return code
            if address in self._sources:
                return self._sources[address]
        return self._identifiers.get(one.identifier) or self._digests.get(digest)

    def keep(self, digest: str, code: str, repeats: str | None) -> None:
        """Remember one that stands for itself: the next with the same digest repeats it."""
        if repeats is None:
            self._digests.setdefault(digest, code)


def _code(harvest_id: int, one: Foreign, taken: set[str]) -> str:
    """A name for its page: the number of the portal and the words of its title."""
    words = slug(one.title)[:60].strip("-") or "dataset"
    code, number = f"h{harvest_id}-{words}", 2
    while code in taken:
        code, number = f"h{harvest_id}-{words}-{number}", number + 1
    taken.add(code)
    return code


def listing(
    session: Session, q: str | None = None, limit: int = 50, offset: int = 0, *, repeats: bool = False
) -> tuple[list[tuple[HarvestedDataset, Harvest]], int]:
    """Harvested datasets with the portal each is of, and how many there are; everybody may see them.

    repeats: those too that repeat a dataset listed already.
    """
    rows, total = store.listed(session, q, limit, offset, repeats=repeats)
    return list(rows), total


def one(session: Session, code: str) -> tuple[HarvestedDataset, Harvest]:
    """A harvested dataset with its portal."""
    found = store.one(session, code)
    if found is None:
        raise NotFound(f"no harvested dataset {code[:80]!r}")
    return found


def portals(session: Session) -> list[tuple[Harvest, int]]:
    """The portals, and how many datasets each gave."""
    many = store.counts(session)
    return [(portal, many.get(portal.id, 0)) for portal in store.harvests(session)]


def _agency(session: Session, code: str) -> int:
    found = identity.agency_by_code(session, code)
    if found is None:
        raise NotFound(f"there is no agency {code[:80]!r}")
    return found.id


def _portal(session: Session, id_: int) -> Harvest:
    found = store.harvest(session, id_)
    if found is None:
        raise NotFound(f"no portal {id_} is harvested")
    return found


def set_active(session: Session, caller: Caller, id_: int, *, active: bool) -> Harvest:
    """Read a portal daily, or leave it as it is."""
    guard.require(caller, "data:approve")
    portal = _portal(session, id_)
    portal.active = active
    return portal


def summary(result: Result | dict[str, Any]) -> str:
    """A run in one line."""
    one = result if isinstance(result, Result) else Result(**result)
    if not one.ok:
        return f"failed after {one.read} datasets: {one.error}"
    text = f"{one.read} datasets: {one.added} new, {one.changed} changed, {one.same} the same, {one.removed} gone"
    more = [f"{count} {what}" for count, what in (
        (one.repeated, "listed already"), (one.missing, "missing but kept"), (one.refused, "refused")) if count]  # fmt: skip
    return ", ".join([text, *more])
