"""One file with everything: the database as it is at one moment, and the data folder's other files."""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, text

import dothi
from dothi.db.session import turn
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault

MANIFEST = "manifest.json"
DUMPS = {"sqlite": "dothi.db", "postgresql": "dothi.pgdump"}
_OWN = ("dothi.db", "dothi.db-wal", "dothi.db-shm")
_CHUNK = 1024 * 1024

Progress = Callable[[str, int, int], None]


class CannotKeep(DothiError):
    """A backup or restore cannot be done here."""


def backup(engine: Engine, data: Path, out: Path, progress: Progress = lambda *_: None) -> dict[str, Any]:
    """Write a backup to `out` (tar with a manifest of sha256 sums) while the server may go on; returns the manifest.

    SQLite: its online backup; PostgreSQL: pg_dump, which must be installed. progress(what, done, of).
    """
    kind = engine.dialect.name
    part = out.with_name(out.name + ".part")
    with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".dothi-backup-") as folder:
        dump = Path(folder) / DUMPS[kind]
        if kind == "sqlite":
            _dump_sqlite(engine, dump, progress)
        else:
            progress("pg_dump", 0, 0)
            _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}"], engine)
        files = {dump.name: dump, **{f"data/{name}": data / name for name in _others(data, out)}}
        manifest = {
            "dothi": dothi.__version__, "database": kind, "revision": _revision(engine),
            "made": clock.iso(clock.now_micros()),
            "files": {name: {"bytes": path.stat().st_size, "sha256": _sum(path)} for name, path in files.items()},
        }  # fmt: skip
        opened = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)  # it holds personal data
        with os.fdopen(opened, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w") as tar:
                head = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
                info = tarfile.TarInfo(MANIFEST)
                info.size = len(head)
                tar.addfile(info, io.BytesIO(head))
                for name, path in files.items():
                    progress(name, 0, 0)
                    tar.add(path, name, recursive=False)
            raw.flush()
            os.fsync(raw.fileno())
    part.replace(out)
    return manifest


def read_manifest(file: Path) -> dict[str, Any]:
    """The manifest of a backup, after checking that every file in it is whole; every fault is named."""
    try:
        with tarfile.open(file) as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST:
                raise BadInput(f"{file} is no backup of dothi", [Fault("", "it does not begin with a manifest")])
            held = tar.extractfile(first)
            manifest: dict[str, Any] = json.loads(held.read()) if held else {}
            found = {member.name: _sum_of(tar, member) for member in iter(tar.next, None)}
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BadInput(f"{file} is no whole backup of dothi", [Fault("", str(error) or "it ends early")]) from None
    wanted = {name: one["sha256"] for name, one in manifest["files"].items()}
    faults = [Fault(name, "is missing") for name in wanted if name not in found]
    faults += [Fault(name, "does not belong here") for name in found if name not in wanted]
    faults += [
        Fault(name, "was changed or damaged") for name in found if name in wanted and found[name] != wanted[name]
    ]
    if faults:
        raise BadInput(f"{file} is damaged; nothing was restored", faults)
    return manifest


def restore(engine: Engine, data: Path, file: Path, *, replace: bool = False) -> dict[str, Any]:
    """Bring a backup back into the database and data folder of the settings; returns its manifest.

    The server must not run. replace: also when there are people or data already, which are then lost.
    """
    manifest = read_manifest(file)
    kind = engine.dialect.name
    if manifest["database"] != kind:
        raise BadInput(
            "this backup is of another kind of database",
            [Fault("database", manifest["database"], f"{kind}, as the setting database_url says")],
        )
    if not replace and _in_use(engine):
        raise Conflict("there is a city in this database already; --replace overwrites it")
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix=".dothi-restore-") as folder:
        with tarfile.open(file) as tar:
            _unpack(tar, Path(folder).resolve())
        dump = Path(folder) / DUMPS[kind]
        if kind == "sqlite":
            _load_sqlite(engine, dump)
        else:
            _load_postgresql(engine, dump)
        kept = Path(folder) / "data"
        if kept.exists():
            shutil.copytree(kept, data, dirs_exist_ok=True)
    return manifest


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files of a backup below a folder: plain files, and none elsewhere.

    tarfile's own filters came with Python 3.11.4; Debian 12 has 3.11.2.
    """
    for member in tar:
        target = (folder / member.name).resolve()
        held = tar.extractfile(member) if member.isfile() and target.is_relative_to(folder) else None
        if held is None:
            message = "this is no backup of dothi; nothing was restored"
            raise BadInput(message, [Fault(member.name, "is not a plain file below the backup")])
        target.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, (member.mode & 0o755) | 0o600)
        with held, os.fdopen(opened, "wb") as out:
            shutil.copyfileobj(held, out, _CHUNK)


def _dump_sqlite(engine: Engine, dump: Path, progress: Progress) -> None:
    source = str(engine.url.database)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(dump)) as copy:
        live.execute("PRAGMA busy_timeout=30000")
        live.execute("BEGIN")  # one moment, however long the copy takes; writers go on in the WAL
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=-1, progress=lambda _, left, total: progress("database", total - left, total))
        live.execute("COMMIT")
        copy.execute("PRAGMA journal_mode=DELETE")
        if (said := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise CannotKeep(f"the copy of the database is not whole: {said}")


def _load_sqlite(engine: Engine, dump: Path) -> None:
    engine.dispose()
    target = Path(str(engine.url.database))
    target.parent.mkdir(parents=True, exist_ok=True)
    with turn(engine), closing(sqlite3.connect(dump)) as copy, closing(sqlite3.connect(target)) as live:
        live.execute("PRAGMA busy_timeout=1000")
        try:
            copy.backup(live)
        except sqlite3.OperationalError as error:
            raise CannotKeep(f"the database is in use ({error}); stop the server first") from None


def _load_postgresql(engine: Engine, dump: Path) -> None:
    _tool("pg_restore")
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    _run(["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump)], engine)


def _run(command: list[str], engine: Engine) -> None:
    url = engine.url.set(drivername="postgresql")
    environment = dict(os.environ)
    if url.password is not None:  # never on a command line, where others may read it
        environment["PGPASSWORD"] = str(url.password)
        url = url._replace(password=None)
    place = f"--dbname={url.render_as_string(hide_password=False)}"
    done = subprocess.run(
        [_tool(command[0]), *command[1:], place], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotKeep(f"{command[0]} failed: {done.stderr.strip()[-2000:]}")


def _tool(name: str) -> str:
    """The newest of a PostgreSQL tool: pg_dump reads servers up to its own version."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]), reverse=True)
    found = str(newest[0]) if newest else shutil.which(name)
    if found is None:
        raise CannotKeep(f"{name} is not installed; install PostgreSQL's client programs (Debian: postgresql-client)")
    return found


def _in_use(engine: Engine) -> bool:
    with engine.connect() as connection:
        if not inspect(connection).has_table("journal"):
            return False
        return connection.scalar(text("SELECT 1 FROM journal LIMIT 1")) is not None


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise CannotKeep("there is nothing to keep yet: run `dothi init` first")
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _others(data: Path, out: Path) -> Iterator[str]:
    """The data folder's files besides the database: secrets, keys; no backups, no hidden files."""
    if not data.is_dir():
        return
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        hidden = any(part.startswith(".") for part in path.relative_to(data).parts)
        backup_ = path.suffix in (".tar", ".part") or path.absolute() == out.absolute()
        if path.is_file() and not path.is_symlink() and not hidden and not backup_ and name not in _OWN:
            yield name


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum_of(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    held = tar.extractfile(member) if member.isfile() else None  # a link may lead to what is not there
    if held is None:
        return "not a file"
    digest = hashlib.sha256()
    while part := held.read(_CHUNK):
        digest.update(part)
    return digest.hexdigest()
