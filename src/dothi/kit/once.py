"""Secrets an installation makes for itself: one file, made by whoever comes first, the same for all processes."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from dothi.kit.errors import BadInput, Fault


def made_once(path: Path, make: Callable[[], str]) -> str:
    """What the file says; when there is none, what `make` gives, kept there for its owner's eyes alone.

    A reader sees the whole text or no file at all, and of several makers at once all get the first one's text.
    Raises BadInput for an empty file, which would be a secret everybody knows.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # somebody was first: theirs is everybody's
                path.hardlink_to(part)
        finally:
            part.unlink(missing_ok=True)
    text = path.read_text("utf-8")
    if not text.strip():
        raise BadInput(f"{path} is empty", [Fault(path.name, "holds no secret", "delete the file: it is made again")])
    return text
