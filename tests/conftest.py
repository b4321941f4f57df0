"""Every test runs on both databases unasked: ask for `database`, `session` or `server`."""

import contextlib
import functools
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

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


# what a browser or another's program sees does not depend on the database: of these the second one is for the long run
_SECOND = ("tests/browser/", "tests/docs/test_clients.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test` leaves to the long run by where it is."""
    for item in items:
        if item.nodeid.startswith(_SECOND) and "postgresql" in item.nodeid.partition("[")[2]:
            item.add_marker(pytest.mark.soak)


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
        with engine.begin() as connection:
            connection.execute(text(_emptying()))
        yield engine
        engine.dispose()
        admin.dispose()


_LARGE = 1 << 19  # bytes of a table from which TRUNCATE is quicker than DELETE


def _emptying() -> str:
    """A function of PostgreSQL that leaves no row and no used number: it touches only tables that hold something.

    It takes a few milliseconds, where the same statements sent one by one are planned for each test anew.
    """
    each = "\n".join(
        f"IF EXISTS (SELECT 1 FROM {name}) THEN PERFORM testing_clear('{name}'); END IF;"
        for name in (one.name for one in reversed(Base.metadata.sorted_tables))
    )
    return f"""
        CREATE FUNCTION testing_clear(name regclass) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            IF pg_total_relation_size(name) + coalesce(
                (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = name), 0) > {_LARGE}
            THEN EXECUTE format('TRUNCATE %s CASCADE', name); ELSE EXECUTE format('DELETE FROM %s', name); END IF;
        END $$;
        CREATE FUNCTION testing_empty() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            {each}
            PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
                FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
        END $$;
    """


class Led:
    """An engine of SQLite that is led from one test's file to another's by a link: what it compiled once it keeps.

    Each test is lent another form of it, and no form is ever forgotten, lest its address be another's: by it rooms know
    whose database a thing they keep is of.
    """

    rested: ClassVar[list["Led"]] = []

    def __init__(self, link: Path) -> None:
        self.link = link
        self.own = make_engine(f"sqlite:///{link / 'dothi.db'}")
        self.lent: list[Engine] = []

    @classmethod
    def to(cls, data: Path, template: Path) -> "Led":
        """One that rests, or a new one, at a copy of the template in a data folder."""
        shutil.copy(template, data / "dothi.db")
        made = cls.rested.pop() if cls.rested else cls(Path(tempfile.mkdtemp(dir=template.parent)) / "data")
        made.link.symlink_to(data)
        made.lent.append(made.own.execution_options())
        return made

    @property
    def engine(self) -> Engine:
        """The form lent last."""
        return self.lent[-1]

    def rest(self) -> None:
        """Let go of the file."""
        self.own.dispose()
        self.link.unlink()
        self.rested.append(self)


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
    led = None
    if kind == "sqlite":
        led = Led.to(folder / "data", request.getfixturevalue("sqlite_template"))
        patch.delenv("DOTHI_DATABASE_URL", raising=False)
        engine = led.engine
    else:
        engine = request.getfixturevalue("postgresql_engine")
        with engine.begin() as connection:
            connection.execute(text("SELECT testing_empty()"))
        patch.setenv("DOTHI_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    config.settings.cache_clear()
    db.use(engine)
    forget()
    yield engine
    forget()
    db.use(None)
    config.settings.cache_clear()
    if led is not None:
        led.rest()


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
