"""Two offices with their people and cases, and the browsers of those people. All of it invented."""

import io
from functools import cache

from PIL import Image
from sqlalchemy.orm import Session

from dothi.app import create
from dothi.cases import files
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from tests.cases import scene
from tests.web.asking import Browser

CONTACT = Contact("Nguyễn Văn Anh", "0901 234 567", "anh@example.vn")
PERSONAL = ("Nguyễn Văn Anh", "0901234567", "+84901234567", "0901 234 567", "anh@example.vn")
WHO = ("officer", "second", "manager", "dispatcher", "stranger", "admin", "leader", "worker", "citizen")


@cache
def application():
    """The whole application, asked without a server between; it uses whatever database is in use."""
    return create()


def photo(colour=(120, 130, 110)):
    made = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(made, "JPEG")
    return made.getvalue()


class Room:
    """What stands: numbers of cases by what they are for, ids of people and offices, a token of each person."""

    def __init__(self):
        with Session(db.engine(), expire_on_commit=False) as session:
            city = scene.city(session)  # commits
        with db.writing() as session:
            self.lights, self.roads, self.crew = city.lights.id, city.roads.id, city.crew.id
            self.ids = {who: getattr(city, who).id for who in WHO}
            self.numbers = {}
            for name in ("new", "open", "other", "pair"):
                made = scene.report(session, title=f"Đèn tắt ở {name}", contact=CONTACT, simulated=True)
                self.numbers[name] = made.number
                cases.assign(session, city.admin, made.id, office=self.roads if name == "other" else self.lights)
                if name == "open":
                    cases.assign(session, city.dispatcher, made.id, handler=city.officer.id)
                    cases.step(session, city.officer, made.id, "start")
                    self.file = files.keep(session, SYSTEM, made, "before", "truoc.jpg", photo(), public=True).id
            self.tokens = {who: identity.sign_in(session, id_) for who, id_ in self.ids.items()}

    def at(self, who=None):
        """Somebody's browser."""
        made = Browser(application())
        if who is not None:
            made.http.cookies.set("dothi_session", self.tokens[who])
        return made

    def page(self, name):
        return f"/desk/cases/{self.numbers[name]}"
