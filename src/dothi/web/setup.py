"""Prepare the application: how errors are said, and what every request passes through."""

from fastapi import FastAPI

from dothi.web import errors
from dothi.web.security import Gate


def prepare(app: FastAPI) -> None:
    """Called once, before the rooms are added."""
    errors.install(app)
    app.add_middleware(Gate)
