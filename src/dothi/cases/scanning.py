"""The hook for a virus scanner: a command, or clamd by its socket. Without either a file's scan is said to be `none`."""

import contextlib
import logging
import os
import shlex
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dothi.config import settings
from dothi.kit.errors import DothiError

log = logging.getLogger(__name__)
Verdict = Literal["none", "clean", "infected"]
_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096


class CannotScan(DothiError):
    """The scanner did not answer; the file is not taken for now."""

    status = 503


def way() -> Literal["none", "command", "clamd"]:
    """What looks at files here; for the administrator's page."""
    given = settings()
    return "command" if given.scan_command else "clamd" if given.scan_url else "none"


def scan(content: bytes, folder: Path) -> Verdict:
    """What the scanner says of a file. folder: where a command finds it meanwhile. Raises CannotScan."""
    given = settings()
    if given.scan_command:
        return _by_command(given.scan_command, content, folder)
    return _by_clamd(given.scan_url, content) if given.scan_url else "none"


def _by_command(command: str, content: bytes, folder: Path) -> Verdict:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened, name = tempfile.mkstemp(dir=folder, prefix=".scan-")
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
        try:
            done = subprocess.run(
                [*shlex.split(command), name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=settings().scan_seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise _silent("it took too long") from None
        except (OSError, ValueError) as error:
            raise _silent(type(error).__name__) from error
    finally:
        Path(name).unlink(missing_ok=True)
    if done.returncode not in (0, 1):
        raise _silent(f"exit {done.returncode}")
    return "infected" if done.returncode else "clean"


def _by_clamd(url: str, content: bytes) -> Verdict:
    """Clamd's INSTREAM: lengths and chunks, an empty one at the end; the answer ends in OK or FOUND."""
    end = time.monotonic() + settings().scan_seconds
    try:
        with contextlib.closing(_connected(url)) as line:
            line.sendall(b"zINSTREAM\0")
            for at in range(0, len(content), _CHUNK):
                part = content[at : at + _CHUNK]
                line.settimeout(max(0.01, end - time.monotonic()))
                line.sendall(struct.pack(">I", len(part)) + part)
            line.sendall(struct.pack(">I", 0))
            said = b""
            while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER:
                line.settimeout(max(0.01, end - time.monotonic()))
                part = line.recv(_LONGEST_ANSWER)
                if not part:
                    break
                said += part
    except (OSError, ValueError) as error:
        raise _silent(type(error).__name__) from error
    answer = said.rstrip(b"\0\n ")
    if answer.endswith(b" FOUND"):
        return "infected"
    if answer.endswith(b": OK"):
        return "clean"
    raise _silent("an answer that is neither OK nor FOUND")


def _connected(url: str) -> socket.socket:
    seconds = settings().scan_seconds
    if url.startswith("unix:"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(seconds)
        try:
            line.connect(url.removeprefix("unix:"))
        except OSError:
            line.close()
            raise
        return line
    parts = urlsplit(url)
    if parts.scheme != "tcp" or not parts.hostname:
        raise ValueError("not tcp://host:port or unix:/path")
    return socket.create_connection((parts.hostname, parts.port or 3310), timeout=seconds)


def _silent(why: str) -> CannotScan:
    log.error("the virus scanner did not say anything of a file: %s", why)
    return CannotScan("the file cannot be looked through just now; try again in a while")
