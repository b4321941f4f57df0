"""Both worlds at once, each in a database of its own."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from dothi import config
from dothi.app import create
from dothi.datasets import usage
from dothi.db import schema
from dothi.db import session as db
from dothi.db.engine import make_engine
from tests.access import worlds
from tests.access.asking import Web
from tests.conftest import KINDS, forget

WORLDS = {"full": {"secret": True}, "bare": {"secret": False, "fields": False}}


class City:
    """A world and how it is asked, with the clock standing still."""

    def __init__(self, world, engine, data, web, patch) -> None:
        self.world, self.engine, self.data, self.web, self._patch = world, engine, data, web, patch

    def enter(self) -> "City":
        """Have the process use this world."""
        use(self.engine, self.data, self._patch)
        return self

    def ask(self, who, asked):
        return self.all(who, [asked])[0]

    def all(self, who, asked):
        headers = self.world.headers[who]
        with worlds.standing(worlds.NOW):
            return self.web.all((one.method, one.path, headers | dict(one.headers), one.body) for one in asked)

    def get(self, path, who="anonymous", **headers):
        with worlds.standing(worlds.NOW):
            return self.web.get(path, self.world.headers[who] | headers)


def use(engine, data, patch) -> None:
    patch.setenv("DOTHI_DATA", str(data))
    if engine.dialect.name == "sqlite":
        patch.delenv("DOTHI_DATABASE_URL", raising=False)
    else:
        patch.setenv("DOTHI_DATABASE_URL", _text(engine.url))
    patch.setenv("DOTHI_SECRET", "của phép thử")
    patch.setenv("DOTHI_VAPID_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE")  # pages say the public half of it
    config.settings.cache_clear()
    db.use(engine)
    forget()


def made(kind, name, request, folder, stack):
    """An empty database of a kind."""
    if kind == "sqlite":
        engine = make_engine(f"sqlite:///{folder / 'dothi.db'}")
    else:
        server = request.getfixturevalue("postgresql_engine").url
        admin = make_engine(_text(server.set(database="postgres"))).execution_options(isolation_level="AUTOCOMMIT")
        own = f"{server.database}_{name}"
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {own}"))
        stack.callback(admin.dispose)
        engine = make_engine(_text(server.set(database=own)))
    schema.upgrade(engine)
    stack.callback(engine.dispose)
    return engine


def _text(url) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="package", params=KINDS)
def cities(request, tmp_path_factory) -> Iterator[dict[str, City]]:
    """The full world and the bare one."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        # the uses of the walk are written by a timer into whichever world is in use when it fires: never, then
        patch.setattr(usage, "SECONDS", 86_400.0)
        found = {}
        for name, how in WORLDS.items():
            folder = tmp_path_factory.mktemp(f"{request.param}-{name}")
            engine = made(request.param, name, request, folder, stack)
            use(engine, folder, patch)
            world = worlds.build(folder, **how)
            web = Web(create())
            stack.callback(web.close)
            found[name] = City(world, engine, folder, web, patch)
        yield found
        db.use(None)
        forget()
        config.settings.cache_clear()


@pytest.fixture
def full(cities) -> City:
    """The world with what is hidden, in use."""
    return cities["full"].enter()
