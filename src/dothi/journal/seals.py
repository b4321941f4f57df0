"""Seals: a chain of hashes over the journal, so that a changed or missing entry shows."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dothi.journal import store
from dothi.journal.canon import GENESIS, chain
from dothi.journal.tables import Seal
from dothi.kit import clock
from dothi.kit.errors import BadInput


@dataclass(frozen=True)
class Verdict:
    """What verifying found. broken: the first thing that does not fit, in words; None when all fits."""

    seals: int
    entries: int
    unsealed: int
    broken: str | None


def seal(session: Session) -> int:
    """Seal every entry that is not sealed yet; returns how many were."""
    before = store.last_seal(session)
    first = before.last_id + 1 if before else 1
    last = store.newest(session)
    if last < first:
        return 0
    found = list(store.entries(session, first, last))
    if not found:
        return 0
    previous = before.hash if before else GENESIS
    store.add_seal(
        session,
        Seal(
            first_id=found[0]["id"], last_id=last, count=len(found), at=clock.now_micros(), previous=previous,
            hash=chain(previous, found),
        ),
    )  # fmt: skip
    return len(found)


def verify(session: Session) -> Verdict:
    """Recompute every seal from the entries themselves."""
    kept = [_plain(one) for one in store.seals(session)]
    last = kept[-1]["last_id"] if kept else 0
    verdict = _walk(kept, lambda first, end: store.entries(session, first, end))
    return Verdict(verdict.seals, verdict.entries, store.unsealed(session, last), verdict.broken)


def export(session: Session, path: Path) -> int:
    """Write the sealed journal as JSON lines: for each seal its entries, then the seal; returns how many entries.

    The file can be verified on any machine with `dothi journal verify --file`.
    """
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for one in store.seals(session):
            for entry in store.entries(session, one.first_id, one.last_id):
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                written += 1
            file.write(json.dumps({"seal": _plain(one)}) + "\n")
    return written


def verify_file(path: Path) -> Verdict:
    """Verify an exported journal without a database."""
    pending: list[dict[str, Any]] = []
    kept: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, start=1):
            try:
                said = json.loads(text)
            except ValueError:
                raise BadInput(f"{path}:{number}: not a line of JSON") from None
            if "seal" in said:
                kept.append((said["seal"], pending))
                pending = []
            else:
                pending.append(said)
    of = {one["id"]: entries for one, entries in kept}
    first_of = {one["first_id"]: one["id"] for one, _ in kept}
    verdict = _walk([one for one, _ in kept], lambda first, _: iter(of[first_of[first]]))
    return Verdict(verdict.seals, verdict.entries, len(pending), verdict.broken)


def _walk(seals: Iterable[dict[str, Any]], entries_of: Callable[[int, int], Iterator[dict[str, Any]]]) -> Verdict:
    previous, last, count, number = GENESIS, 0, 0, 0
    for number, one in enumerate(seals, start=1):
        found: list[dict[str, Any]] = list(entries_of(one["first_id"], one["last_id"]))
        count += len(found)
        where = f"seal {one['id']} (entries {one['first_id']} to {one['last_id']})"
        broken = None
        if one["previous"] != previous:
            broken = f"{where} does not continue the seal before it"
        elif one["first_id"] <= last:
            broken = f"{where} begins before the seal before it ends"
        elif len(found) != one["count"]:
            broken = f"{where} covers {one['count']} entries, found {len(found)}"
        elif chain(previous, found) != one["hash"]:
            broken = f"{where}: an entry was changed after it was sealed"
        if broken:
            return Verdict(number, count, 0, broken)
        previous, last = one["hash"], one["last_id"]
    return Verdict(number, count, 0, None)


def _plain(one: Seal) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("id", "first_id", "last_id", "count", "at", "previous", "hash")}
