"""A small city whose lighting office sends two crews out. All of it invented."""

import io

from PIL import Image

from dothi.cases import field_store as store
from dothi.cases import files
from dothi.cases import service as cases
from dothi.cases.tables import Crew
from tests.cases import scene as base

BASE = (106.4086, 10.5402)
# a line of places east of the yard, about 1.1 km apart
PLACES = [(106.41 + 0.01 * n, 10.54) for n in range(8)]


def city(session):
    """The offices of `cases.scene`, its crew with a yard, a second crew with its own worker."""
    made = base.city(session)
    made.crew.lon, made.crew.lat, made.crew.categories = *BASE, ["lamp-out", "lamp-pole", "other"]
    made.mate = base.person(session, "mate", "field-worker", made.lights.code, "Thợ Bốn")
    store.add_member(session, made.crew.id, made.mate.id)
    made.other_worker = base.person(session, "kha", "field-worker", made.lights.code, "Thợ Khá")
    made.other = Crew(
        code="doi-2",
        name="Đội 2",
        agency_id=made.lights.id,
        categories=["tree-fallen"],
        active=True,
        lon=106.44,
        lat=10.54,
    )
    session.add(made.other)
    session.flush()
    store.add_member(session, made.other.id, made.other_worker.id)
    session.commit()
    return made


def lamp(session, city, place=0, **more):
    """A report of a dark lamp that waits for a crew."""
    lon, lat = PLACES[place]
    made = base.opened(
        session, category="lamp-out", title=f"Đèn tắt số {place}", lon=lon, lat=lat, office=city.lights.id,
        confirmed=True, **more,
    )  # fmt: skip
    cases.assign(session, city.admin, made.case.id, office=city.lights.id)
    session.commit()
    return made.case


def photo(colour=(30, 90, 60), size=(640, 480), kind="JPEG"):
    """A picture as a phone sends it."""
    held = io.BytesIO()
    Image.new("RGB", size, colour).save(held, kind)
    return held.getvalue()


def prepared(name="anh.jpg", **more):
    return files.prepare(name, photo(**more))


def tick_all(session, caller, job):
    from dothi.cases import jobs

    for one in jobs.whole(session, caller, job.id).checks:
        jobs.tick(session, caller, job.id, one.code)
