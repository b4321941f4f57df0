"""Where the bytes of files lie: `files` in the data folder, each under the sha256 of its content."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from dothi.config import settings

THUMB = ".thumb"
_DOOMED = "cases.doomed"  # of a session: contents that go with its commit


def folder() -> Path:
    """The folder of all files."""
    return settings().data / "files"


def path(sha256: str, ending: str = "") -> Path:
    """The place of a content; a thumbnail lies beside the copy it was made of."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError("no sha256")
    return folder() / sha256[:2] / f"{sha256[2:]}{ending}"


def put(content: bytes, sha256: str | None = None, ending: str = "") -> str:
    """Keep a content, whole or not at all; returns its sha256, or files it under another's."""
    name = sha256 or hashlib.sha256(content).hexdigest()
    to = path(name, ending)
    if to.exists() and to.stat().st_size == len(content):
        os.utime(to)  # young again: the sweep leaves what may be about to be used
        return name
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened, part = tempfile.mkstemp(dir=to.parent, prefix=".part-")
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(to)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return name


def unlink(names: Iterable[str]) -> None:
    """Delete contents and their thumbnails."""
    for name in names:
        path(name).unlink(missing_ok=True)
        path(name, THUMB).unlink(missing_ok=True)


def unlink_after(session: Session, names: Iterable[str]) -> None:
    """Delete contents once the session's transaction is committed: undone, it still has its files."""
    session.info.setdefault(_DOOMED, set()).update(names)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if _DOOMED in session.info and not session.in_nested_transaction():
        unlink(session.info.pop(_DOOMED))


@event.listens_for(Session, "after_rollback")
def _undone(session: Session) -> None:
    session.info.pop(_DOOMED, None)  # of a savepoint too: what it may have kept alive the sweep deletes later


def older(than: float) -> Iterator[tuple[str, Path]]:
    """Contents last written before an instant (seconds since 1970), by name; leftovers of broken writes have none."""
    for found in folder().glob("??/*"):
        try:
            if found.stat().st_mtime >= than:
                continue
        except FileNotFoundError:
            continue
        bare = found.parent.name + found.name.removesuffix(THUMB)
        yield ("" if found.name.startswith(".") else bare), found
