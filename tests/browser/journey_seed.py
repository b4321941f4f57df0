"""A city in which a report can travel: wards, the call centre, a lighting office with a crew, and who works there.

All of it invented.
"""

import io
import random
from types import SimpleNamespace

from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dothi.cases import offices
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.places import base
from dothi.places import service as places
from tests.browser import seed
from tests.cases import scene as people
from tests.field import scene

AT = (106.4137, 10.5359)  # in the ward of Long An
OWNER = "Máy của An"  # what the phone writes into its photos
STAFF = ("taker", "dispatcher", "worker", "manager")


def town(engine: Engine) -> SimpleNamespace:
    """Fill the empty database in use; the people by what they do, a browser's session of each in `tokens`."""
    with db.writing() as session:
        places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=seed.WARDS, approximate=True)
        base.load_base(session, seed.CITY, "tan-an")
    with Session(engine, expire_on_commit=False) as session:
        made = scene.city(session)
        made.centre = people.office(session, "tt-1022", "Tổng đài 1022")
        made.taker = people.person(session, "hoa", "dispatcher", made.centre.code, "Đỗ Thị Hoa")
        offices.rule(session, SYSTEM, "report", None, None, made.centre.code)
        offices.rule(session, SYSTEM, "report", "lamp-out", None, made.centre.code)
        session.commit()
    with db.writing() as session:
        made.tokens = {who: identity.sign_in(session, getattr(made, who).id) for who in STAFF}
    return made


def photo(*, lit: bool) -> bytes:
    """A street lamp at night as a phone takes it: large, with its place and its owner in the file."""
    luck = random.Random(3)
    picture = Image.new("RGB", (1600, 1200), (18, 22, 40))
    pen = ImageDraw.Draw(picture)
    for x in range(0, 1600, 100):
        pen.rectangle((x, 700 - luck.randrange(200), x + 90, 900), fill=(30, 34, 48))
    pen.rectangle((0, 900, 1600, 1200), fill=(52, 52, 56))
    pen.rectangle((790, 250, 806, 900), fill=(90, 92, 96))
    pen.rectangle((800, 250, 960, 262), fill=(90, 92, 96))
    if lit:
        glow = Image.new("L", picture.size, 0)
        ImageDraw.Draw(glow).polygon([(940, 270), (560, 1100), (1340, 1100)], fill=150)
        picture.paste((255, 226, 150), mask=glow.filter(ImageFilter.GaussianBlur(60)))
    ImageDraw.Draw(picture).ellipse((915, 252, 975, 284), fill=(255, 240, 190) if lit else (60, 62, 66))
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "Điện thoại".encode(), OWNER.encode()
    lon, lat = AT
    exif.get_ifd(0x8825).update({1: "N", 2: _degrees(lat), 3: "E", 4: _degrees(lon)})
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=85, exif=exif.tobytes(), comment=OWNER.encode())
    return held.getvalue()


def _degrees(of: float) -> tuple[float, float, float]:
    minutes = (of - int(of)) * 60
    return float(int(of)), float(int(minutes)), round((minutes - int(minutes)) * 60, 2)


def private_in(file: bytes) -> list[str]:
    """What a picture says beside itself."""
    with Image.open(io.BytesIO(file)) as opened:
        found = [str(tag) for tag in opened.getexif()] + [
            key for key in ("exif", "xmp", "comment") if key in opened.info
        ]
    return found + [OWNER] * (OWNER.encode() in file)
