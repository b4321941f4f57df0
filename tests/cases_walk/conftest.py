"""The world of marks, once for each database, and how it is asked."""

import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from dothi import config
from dothi.app import create
from tests.access.asking import Web
from tests.cases_walk import world as worlds


class City:
    """The world and the application in front of it."""

    def __init__(self, world, web) -> None:
        self.world, self.web = world, web

    def get(self, who, path, accept="text/html", **headers):
        return self.web.get(path, self.world.roles[who] | {"accept": accept} | headers)

    def all(self, who, asked):
        """The answers to (path, accept)."""
        return self.web.all(("GET", path, self.world.roles[who] | {"accept": accept}, b"") for path, accept in asked)


def text_of(answer) -> str:
    """Everything an answer says: headers, body, the files within; telephone numbers without their gaps."""
    body = answer.body
    if body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(one) for one in packed.infolist())
    said = f"{answer.headers}\n{body.decode('utf-8', 'replace')}"
    return said + re.sub(r"(?<=\d)[\s.\-](?=\d)", "", said)


@pytest.fixture(scope="module")
def city(standing) -> Iterator[City]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOTHI_DEMO", "1")  # messages are written
        patch.setenv("DOTHI_REQUESTS_PER_MINUTE", "0")
        config.settings.cache_clear()
        with Session(standing, expire_on_commit=False) as session:
            world = worlds.build(session)
        web = Web(create())
        yield City(world, web)
        web.close()
    config.settings.cache_clear()
