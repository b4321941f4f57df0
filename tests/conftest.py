"""Every test runs on both databases unasked: ask for `database`, `session` or `server`."""

import contextlib
import functools
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from dothi import config
from dothi.db import schema
from dothi.db import session as db
from dothi.db.base import Base
from dothi.db.engine import make_engine

# no test is about how long an example takes: machines are busy at times
# (and httpx would give up after five seconds)
for _part in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _part, 60)
# thousands of clients are made, and each would read all the world's certificates, which takes 20 ms
_certificates = functools.cache(httpx.create_ssl_context)
httpx._transports.default.create_ssl_context = lambda **_: _certificates()
settings.register_profile("dothi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dothi")

# whatever the caller's environment says: dozens of programs are started, and none compiles the whole of dothi anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# tests one worker does after the other; the first that fits. Two workers drive a browser each
_TOGETHER = {
    **dict.fromkeys((f"tests/browser/test_{name}" for name in ("report", "s", "t", "w")), "browser 2"),
    "tests/browser/": "browser 1",
    "tests/robust/test_openapi.py::test_every_call": "calls",
}
_KIND = re.compile(r"[\[-](sqlite|postgresql)[\]-]")


class Groups(LoadScopeScheduling):
    """Any worker takes any module, on one of the databases: what a module or a folder makes once is made once.

    xdist's own `loadgroup` puts the group into a node's id, which pytest 9.2 no longer lets it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        for start, group in _TOGETHER.items():
            if nodeid.startswith(start):
                return group
        kind = _KIND.search(nodeid)
        place = "tests/access/" if nodeid.startswith("tests/access/") else nodeid.partition("::")[0]
        return f"{place} {kind[1] if kind else ''}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    """How tests are spread over workers."""
    return Groups(config, log)


KINDS = os.environ.get("DOTHI_TEST_DATABASES", "sqlite,postgresql").split(",")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = make_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_engine(worker_id: str) -> Iterator[Engine]:
    """A migrated PostgreSQL database of this test worker's own."""
    from tests.servers import postgresql

    with postgresql() as server:
        name = f"dothi_test_{worker_id}"
        plain = server.replace("postgresql://", "postgresql+psycopg://")
        admin = make_engine(f"{plain}/postgres").execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine = make_engine(f"{plain}/{name}")
        schema.upgrade(engine)
        yield engine
        engine.dispose()
        admin.dispose()


_LARGE = 1 << 19  # bytes of a table from which TRUNCATE is quicker than DELETE


def _empty(engine: Engine) -> None:
    """Leave no row and no used number: only the tables that hold something are touched, which takes milliseconds."""
    tables = [one.name for one in reversed(Base.metadata.sorted_tables)]
    holds = " UNION ALL ".join(
        f"(SELECT {n} AS n, (pg_total_relation_size('{name}') + coalesce((SELECT sum(pg_total_relation_size(inhrelid))"
        f" FROM pg_inherits WHERE inhparent = '{name}'::regclass), 0))::bigint AS size"
        f" WHERE EXISTS (SELECT 1 FROM {name}))"
        for n, name in enumerate(tables)
    )
    used = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
    with engine.begin() as connection:
        held = connection.execute(text(f"{holds} ORDER BY n")).all()
        large = [tables[n] for n, size in held if size > _LARGE]
        if large:
            connection.execute(text(f"TRUNCATE {', '.join(large)} CASCADE"))
        for n, size in held:
            if size <= _LARGE:
                connection.execute(text(f"DELETE FROM {tables[n]}"))
        for name in connection.scalars(text(used)).all():
            connection.execute(text(f"SELECT setval('{name}', 1, false)"))


@contextlib.contextmanager
def ready(
    kind: str, request: pytest.FixtureRequest, folder: Path, patch: pytest.MonkeyPatch | None = None
) -> Iterator[Engine]:
    """An empty, migrated database in use by dothi; the settings point at it and at an empty data folder."""
    if patch is None:
        with pytest.MonkeyPatch.context() as own, ready(kind, request, folder, own) as engine:
            yield engine
        return
    patch.setenv("DOTHI_DATA", str(folder / "data"))
    patch.setenv("DOTHI_MQTT_PORT", "0")
    (folder / "data").mkdir()
    if kind == "sqlite":
        path = folder / "data" / "dothi.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        patch.delenv("DOTHI_DATABASE_URL", raising=False)
        engine = make_engine(f"sqlite:///{path}")
    else:
        engine = request.getfixturevalue("postgresql_engine")
        _empty(engine)
        patch.setenv("DOTHI_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    config.settings.cache_clear()
    db.use(engine)
    forget()
    yield engine
    forget()
    db.use(None)
    config.settings.cache_clear()
    if kind == "sqlite":
        engine.dispose()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty, migrated database in use by dothi; the settings point at it and at an empty data folder.

    A module whose tests only read overrides it in the scope of the module, and fills it once.
    """
    with ready(request.param, request, tmp_path, monkeypatch) as engine:
        yield engine


@pytest.fixture(scope="module", params=KINDS)
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """`database` for all tests of a module, none of which asks for another."""
    with ready(request.param, request, tmp_path_factory.mktemp("standing")) as engine:
        yield engine


# modules of pages and rooms that count what strangers do or keep figures, and how they forget it
COUNTS = {
    "dothi.cases.papers": "forget", "dothi.cases.appointments": "forget_counts", "dothi.screens.reports.writing": "forget",
    "dothi.screens.reports.listing": "forget", "dothi.screens.reports.one": "forget",
}  # fmt: skip


def forget() -> None:
    """Drop what the process remembers of an earlier database."""
    from dothi.cases import calendar, codes, throttling, types
    from dothi.datasets import tiling, usage, views
    from dothi.identity import access
    from dothi.sensing import collection, ingest, registry
    from dothi.warnings import feeds, standing

    access.forget()
    access.throttle.forget()
    throttling.forget()
    codes.forget()
    types.use(None)
    calendar._known = None
    for name, verb in COUNTS.items():
        if name in sys.modules:  # what nobody loaded counted nothing
            getattr(sys.modules[name], verb)()
    if "dothi.cases.chores" in sys.modules:
        sys.modules["dothi.cases.chores"]._reckoned = None
    ingest.forget()
    registry.invalidate()
    collection.forget()
    views.forget()
    tiling.forget()
    usage.forget()
    standing.forget()
    feeds.forget()


@pytest.fixture
def session(database: Engine) -> Iterator[Session]:
    """A session; what the test writes is committed when it says `session.commit()` or at the end.

    Commit or roll back before other code is to write or its news is to be seen: SQLite has one writer and snapshots.
    """
    with Session(database, expire_on_commit=False) as made:
        yield made
        made.commit()


@pytest.fixture
def open_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anonymous callers may write; ask for it before `server`."""
    monkeypatch.setenv("DOTHI_OPEN_WRITES", "1")
    monkeypatch.setenv("DOTHI_DEFAULT_SHARING", "open")
    config.settings.cache_clear()


@pytest.fixture
def server(database: Engine, monkeypatch: pytest.MonkeyPatch):
    """The application's pages and interfaces on a free port: `.url`. What waits behind them starts with `whole`.

    Hundreds of tests start one of their own.
    """
    from tests.servers import Running

    monkeypatch.setenv("DOTHI_ROLE", os.environ.get("DOTHI_ROLE", "web"))
    config.settings.cache_clear()
    with Running() as running:
        yield running


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server also does scheduled work, watches the rules and takes what is published; ask for it before `server`."""
    monkeypatch.setenv("DOTHI_ROLE", "all")
