"""A town with reports of every kind, on both databases; the official schemas every answer is held against."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from jsonschema import Draft7Validator, FormatChecker
from lxml import etree
from referencing import Registry, Resource
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi import config
from dothi.app import create_app
from dothi.cases import files, news
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.city import store as city_store
from dothi.identity import service as identity
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.notify.tables import Message
from tests.cases import scene
from tests.cases.reporters import phone_photo
from tests.web.asking import Asking

HERE = "/open311/v2"
FOLDER = Path(__file__).parent
NAME, PHONE, MAIL = ("Trần", "Thị Kín"), "+84912345678", "kin.tran@example.vn"
_SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in (FOLDER / "schema").glob("*.json")}
_REGISTRY = Registry().with_resources(
    [(name, Resource.from_contents({**one, "$schema": "http://json-schema.org/draft-07/schema#"}))
     for name, one in _SCHEMAS.items() if name != "swagger.json"]
)  # fmt: skip
_LISTS = {"services", "attributes", "values", "service_requests", "service_request_updates", "errors", "endpoints", "formats", "media_urls"}  # fmt: skip


def held(schema, answer):
    """What an official schema has against an answer; nothing is left out of it."""
    content = answer.json() if "json" in answer.headers["content-type"] else of_xml(answer.content)
    found = _SCHEMAS[schema] if isinstance(schema, str) else schema
    check = Draft7Validator(found, registry=_REGISTRY, format_checker=FormatChecker())
    assert [f"{one.json_path}: {one.message}" for one in check.iter_errors(content)] == []
    return content


def made_schema():
    """A list of the RequestResponse of the official description; the example beside it says account_id may be null."""
    one = json.loads(json.dumps(_SCHEMAS["swagger.json"]["definitions"]["RequestResponse"]))
    for property_ in one["properties"].values():
        property_["type"] = ["string", "null"]
    return {"type": "array", "minItems": 1, "items": one}


def of_xml(content):
    """An answer in XML as JSON would have said it, so that one schema holds both."""
    return _value(etree.fromstring(content))


def _value(node):
    if node.tag in _LISTS:
        return [_value(one) for one in node]
    if len(node):
        return {one.tag: _value(one) for one in node}
    text = node.text
    if node.tag in ("lat", "long") and text:
        return float(text)
    if node.tag in ("metadata", "variable", "required", "simulated", "exercise"):
        return {"true": True, "false": False}[text]
    if node.tag in ("order", "code", "followers", "reopened", "rating") and text and text.isdecimal():
        return int(text)
    return text


@pytest.fixture(scope="module")
def town(standing):
    """A report in each state, one hidden, one private, one not confirmed, one merged, one of last year; SMS to files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOTHI_SMS_URL", "file:")
        patch.setenv("DOTHI_REPORTS_PER_HOUR", "0")
        patch.setenv("DOTHI_REPORTS_PER_CONTACT", "0")
        config.settings.cache_clear()
        with Session(standing, expire_on_commit=False) as session:
            yield _town(session)
        config.settings.cache_clear()


def _town(session):
    city = scene.city(session)
    city_store.put_setting(session, "city", {"code": "tan-an", "name": {"vi": "Tân An", "en": "Tân An"}})
    keys = {
        name: identity.create_key(session, SYSTEM, name, scopes)
        for name, scopes in {"app": ["cases:handle"], "reader": ["data:read"]}.items()
    }
    session.commit()
    who = Contact(" ".join(NAME), PHONE, MAIL)
    made = {}
    for until in ("received", "assigned", "working", "resolved", "rated"):
        made[until] = scene.lifecycle(session, city, until=until, category="lamp-out", contact=who).case
        session.commit()
    made["merged"] = scene.report(session, category="lamp-out", title="Đèn hỏng", contact=who)
    session.commit()
    cases.assign(session, city.admin, made["merged"].id, office=city.lights.id)
    cases.merge(session, city.admin, made["merged"].number, made["working"].number)
    for name in ("hidden", "private", "unconfirmed"):
        more = {"public": name != "private", "contact": who, "category": "lamp-out"}
        by = ANONYMOUS if name == "unconfirmed" else SYSTEM
        made[name] = cases.open_(session, by, scene.new(**more, confirmed=name != "unconfirmed")).case
    cases.hide(session, SYSTEM, made["hidden"].number, "Lộ biển số xe")
    session.commit()
    with news.at(clock.now_micros() - 200 * clock.DAY):
        made["old"] = scene.report(
            session, category="waste-not-collected", opened_at=clock.now_micros() - 200 * clock.DAY, simulated=True
        )
    session.commit()
    files.keep(session, SYSTEM, made["working"], "before", "anh.jpg", phone_photo(), public=True)
    files.keep(session, SYSTEM, made["working"], "paper", "giay.jpg", phone_photo(), public=True)
    session.commit()
    return SimpleNamespace(cases=made, keys=keys, city=city, session=session)


@pytest.fixture(scope="module")
def web(town):
    """Asks the door: `web.get("services.json")`."""
    return Door(Asking(create_app()))


class Door:
    def __init__(self, asking):
        self.asking = asking

    def get(self, path, **how):
        return self.asking.get(f"{HERE}/{path}", **how)

    def post(self, path, **how):
        return self.asking.post(f"{HERE}/{path}", **how)


def code_of(session, number):
    """The one-time code in the newest message about a report."""
    session.rollback()
    said = select(Message).where(Message.cause == f"case:{number}").order_by(Message.id.desc())
    message = session.scalars(said).first()
    return re.search(r"\b\d{6}\b", f"{message.subject} {message.body}".replace(number, ""))[0]
