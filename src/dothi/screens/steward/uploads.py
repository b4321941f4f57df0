"""Files somebody sent and has not finished with: kept a day in the data folder, each for who sent it alone."""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from dothi.config import settings
from dothi.kit.errors import NotFound, TooLarge

KEPT = 24 * 3600.0  # seconds
_PIECE = 1 << 20
_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file somebody sent. code: of the dataset it is meant for; empty: a new one is to be made of it."""

    id: str
    name: str
    owner: str
    code: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return _folder() / self.id / self.name


def keep(file: IO[bytes], name: str, owner: str, code: str) -> Upload:
    """Keep a file as it is read; files of earlier days are dropped."""
    _sweep()
    one = Upload(secrets.token_urlsafe(12), _plain(name), owner, code)
    folder = _folder() / one.id
    folder.mkdir(parents=True)
    left = settings().max_body
    with one.path.open("wb") as out:
        for piece in _pieces(file):
            left -= len(piece)
            if left < 0:
                drop(one)
                raise TooLarge(f"the file is larger than {settings().max_body:,} bytes (setting DOTHI_MAX_BODY)")
            out.write(piece)
    (folder / "upload.json").write_text(json.dumps(asdict(one), ensure_ascii=False), "utf-8")
    return one


def find(id_: str, owner: str) -> Upload:
    """The file of an address, for who sent it; NotFound for everybody else and for one that is gone."""
    told = _folder() / id_ / "upload.json"
    if not _ID.fullmatch(id_) or not told.is_file():
        raise NotFound("there is no such file any more; send it again")
    one = Upload(**json.loads(told.read_text("utf-8")))
    if one.owner != owner or not one.path.is_file():
        raise NotFound("there is no such file any more; send it again")
    return one


def drop(one: Upload) -> None:
    """Throw a file away."""
    shutil.rmtree(_folder() / one.id, ignore_errors=True)


def _folder() -> Path:
    return settings().data / "uploads"


def _plain(name: str) -> str:
    """A file name without a path, never hidden, never that of our own note beside it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(". ")[-120:]
    return f"file-{kept}" if kept in ("", "upload.json") else kept


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _sweep() -> None:
    folder = _folder()
    if not folder.is_dir():
        return
    oldest = time.time() - KEPT
    for one in folder.iterdir():
        if one.stat().st_mtime < oldest:
            shutil.rmtree(one, ignore_errors=True)
