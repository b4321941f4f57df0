"""Bring a database to the present schema."""

import pkgutil
from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine

import dothi
from dothi.kit.errors import Conflict


def load_tables() -> None:
    """Import every room's tables, so that the one metadata knows them."""
    for room in pkgutil.iter_modules(dothi.__path__):
        home = Path(dothi.__path__[0]) / room.name
        if (home / "tables.py").exists():
            import_module(f"dothi.{room.name}.tables")


def upgrade(engine: Engine) -> None:
    """Run the migrations the database has not seen; safe to call at every start."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.execution_options(dothi_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Conflict(f"the database is not of this dothi; did a newer one make it? ({error})") from error
