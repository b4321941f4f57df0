"""The whole application, asked as a browser without script asks, in a town of three wards that can send SMS."""

import itertools
import re
from types import SimpleNamespace

import pytest

from dothi import app, config
from dothi.cases import codes, throttling
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.notify.tables import Message
from dothi.places import base
from dothi.places import service as places
from dothi.screens.reports import listing, one, writing
from tests.browser import seed
from tests.cases import scene
from tests.web.asking import Browser

_phones = itertools.count(100_000)  # three codes an hour go to one telephone
AT = (106.4137, 10.5359)  # in phường Long An, as our outlines have it


@pytest.fixture(scope="module")
def town(standing):
    """The town's people by name, and how to ask it: `town.browser()`, `town.signed_in(caller)`."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (
            ("DOTHI_SMS_URL", "file:"),
            ("DOTHI_SMTP_URL", "file:"),
            ("DOTHI_REQUESTS_PER_MINUTE", "0"),
        ):
            patch.setenv(name, value)
        config.settings.cache_clear()
        with db.writing() as session:
            places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=seed.WARDS, approximate=True)
            base.load_base(session, seed.CITY, "tan-an")
            people = scene.city(session)
        application = app.create_app()

        def signed_in(caller):
            browser = Browser(application)
            with db.writing() as session:
                browser.http.cookies.set("dothi_session", identity.sign_in(session, caller.id))
            return browser

        yield SimpleNamespace(people=people, browser=lambda: Browser(application), signed_in=signed_in)
    config.settings.cache_clear()


@pytest.fixture(autouse=True)
def uncounted():
    """Nobody has asked too often yet."""
    for room in (listing, one, writing, codes, throttling):
        room.forget()


def sheet(**more):
    """The fields of a sheet as somebody fills them."""
    values = {
        "category": "pothole", "q-danger": "yes", "lon": str(AT[0]), "lat": str(AT[1]), "address": "Trước chợ Tân An", "text": "Sâu, dễ ngã xe.",
        "phone": f"0901 {next(_phones)}", "do": "send",
    }  # fmt: skip
    return {key: value for key, value in (values | more).items() if value is not None}


def hidden(page, *names):
    """Hidden values a page carries."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)"(?: autocomplete="off")? value="([^"]*)"', page.text))
    return {name: found[name] for name in names}


def code_of(number):
    """The newest one-time code sent for a report."""
    with db.reading() as session:
        rows = session.query(Message).filter(Message.cause == f"case:{number}").order_by(Message.id).all()
        return re.search(r"\d{6}", rows[-1].subject + rows[-1].body)[0]
