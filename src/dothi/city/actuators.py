"""The actuators of a city: its blueprint's `actuators`, kept as a setting, made real by the tasking room."""

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.tasking import installed


def follow(session: Session, caller: Caller) -> None:
    """After an apply: things have the actuators the blueprints ask for, and no others of a blueprint's."""
    session.flush()
    installed.follow(session, caller)
