"""A town that takes seconds to fill is filled once: the tests that follow within two minutes get a copy of its file."""

import atexit
import copy
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

_FRESH = 120.0  # seconds: a town tells of its last minutes, and what it measured grows old
_kept: dict[str, tuple[float, Path, Any]] = {}


def filled(name: str, engine: Engine, build: Callable[[], Any]) -> Any:
    """What `build` says of the town it made in the empty database in use, or of the same town copied (SQLite)."""
    if engine.dialect.name != "sqlite":
        return build()
    home = Path(str(engine.url.database)).parent
    at, folder, made = _kept.get(name, (0.0, None, None))
    if folder is not None and time.monotonic() - at < _FRESH:
        engine.dispose()  # the file changes under it
        for rest in home.glob("dothi.db-*"):
            rest.unlink()
        shutil.copytree(folder, home, dirs_exist_ok=True)
        return copy.copy(made)
    at, made = time.monotonic(), build()
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="dothi-filled-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(home, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dothi.db-*"))
    _kept[name] = (at, folder, made)
    return copy.copy(made)
