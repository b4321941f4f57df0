"""Two wards, two people, and a warning one of them has written."""

from collections.abc import Callable

import pytest
import shapely

from dothi.config import settings
from dothi.db import session as db
from dothi.identity.guard import ROLES, Caller
from dothi.kit import clock, geo
from dothi.places import store as place_store
from dothi.warnings import composing, service, signing

HOUR = clock.HOUR
WRITER = Caller("person", 11, "Người soạn", 1, everywhere=ROLES["duty-officer"])
CHIEF = Caller("person", 12, "Người duyệt", 1, everywhere=ROLES["duty-chief"])
OTHER = Caller("person", 13, "Lãnh đạo", 1, everywhere=ROLES["leader"])
READER = Caller("person", 14, "Chuyên viên", 1, everywhere=ROLES["officer"])
# two wards side by side, and one far away
WARDS = {
    "27694": ("Long An", shapely.box(106.40, 10.50, 106.42, 10.54)),
    "27712": ("Tân An", shapely.box(106.42, 10.50, 106.44, 10.54)),
    "27715": ("Khánh Hậu", shapely.box(106.36, 10.50, 106.38, 10.52)),
}


@pytest.fixture(scope="session")
def signing_key() -> str:
    """A key made once for all tests: making one takes longer than a test."""
    return signing._made()


@pytest.fixture(autouse=True)
def own_key(database, signing_key) -> None:
    (settings().data / signing.FILE).write_text(signing_key)


def put_wards(session) -> None:
    names = [
        {
            "code": code, "level": "commune", "kind": "phường", "name": name, "full_name": f"phường {name}",
            "full_name_en": f"{name} Ward", "folded": name.lower(), "parent_code": "80", "valid_from": 0, "valid_to": None,
            "geometry": geo.wkb(shape), "lon": shape.centroid.x, "lat": shape.centroid.y, "approximate": False,
        }
        for code, (name, shape) in WARDS.items()
    ]  # fmt: skip
    place_store.insert_units(session, names)
    place_store.touch(session)


@pytest.fixture
def wards(session):
    put_wards(session)
    session.commit()


def said(headline: str = "Nước sông trên báo động III", **more: str) -> composing.Said:
    return composing.Said("Lũ trên sông", headline, "Nước lên nhanh.", "Không ra sông.", **more)


def composed(**changes) -> composing.Composed:
    texts = {"vi": said(), "en": composing.Said("River flood", "River above alarm level III", "Rising.", "Keep away.")}
    base = {
        "said": texts, "categories": ("Met",), "responses": ("Avoid",), "urgency": "Immediate", "severity": "Severe",
        "certainty": "Observed", "expires_at": clock.now_micros() + 6 * HOUR, "units": ("27694", "27712"),
    }  # fmt: skip
    return composing.Composed(**(base | changes))


@pytest.fixture
def publish(session, wards) -> Callable:
    """A warning that one person wrote and another approved."""

    def make(**changes):
        session.commit()  # SQLite has one writer
        with db.writing() as own:
            row = service.draft(own, WRITER, composed(**changes))
            row = service.ask(own, WRITER, row.id, row.version)
            row = service.approve(own, CHIEF, row.id, row.version)
            own.flush()
            own.expunge(row)
        return row

    return make


def cancelled(id_: int) -> None:
    """Two people cancel a warning, in a transaction of their own."""
    with db.writing() as session:
        row = service.cancel(session, WRITER, id_, {"vi": "hết"})
        service.approve(session, CHIEF, row.id, row.version)
