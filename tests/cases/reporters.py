"""A report, who reported it, the people of two offices; and pictures as phones and attackers make them."""

import io
import struct
import zipfile
import zlib
from itertools import count

from PIL import Image

from dothi.cases import contacts
from dothi.cases.tables import Case, CaseContact
from dothi.identity import access
from dothi.identity import secret as secrets_
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.identity.tables import Agency
from dothi.kit import clock

TOKEN = "the-token-in-the-reporters-own-link"
NAME, PHONE, EMAIL = "Nguyễn Văn An", "+84901234567", "an.nguyen@example.vn"
_numbers = count(1)


def agency(session, code="chieu-sang", name="Trung tâm Chiếu sáng"):
    found = session.query(Agency).filter_by(code=code).one_or_none()
    return found or identity.create_agency(session, SYSTEM, code, name)


def person(session, login, role, at=None):
    """A caller with a role: everywhere, or inside an office."""
    made = identity.create_person(session, SYSTEM, login, f"Người {login}", agency=at.code if at else None)
    identity.grant(session, SYSTEM, made, role, "agency" if at else "all", at.code if at else None)
    session.flush()
    return access.of_person(session, made)


def report(session, contact=True, **more):
    """A public report of a broken lamp, in the hands of an office."""
    now = clock.now_micros()
    n = next(_numbers)
    office = agency(session)
    values = {
        "number": f"PA-26-{n:06}", "type": "report", "category": None, "sector": None, "state": "assigned",
        "phase": "open", "title": "Đèn đường hỏng", "text": "Đèn không sáng", "fields": {}, "channel": "web",
        "lon": 106.4, "lat": 10.5, "address": "Trước số 12 Hùng Vương", "agency_id": office.id, "public": True,
        "opened_at": now, "updated_at": now, "secret": secrets_.digest(TOKEN), "priority": "normal",
    }  # fmt: skip
    made = Case(**(values | more))
    session.add(made)
    session.flush()
    if contact:
        kept = contacts.checked(contacts.Contact(NAME, PHONE, EMAIL) if contact is True else contact)
        session.add(CaseContact(case_id=made.id, name=kept.name, phone=kept.phone, email=kept.email, home=kept.home,
                                identity_number=kept.identity_number, papers=kept.papers))  # fmt: skip
        session.flush()
    return made


def photo(size=(400, 200), form="JPEG", **save):
    """Left half red, right half blue."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    return saved(picture, form, **save)


def saved(picture, form="JPEG", **save):
    out = io.BytesIO()
    picture.save(out, form, **save)
    return out.getvalue()


def phone_photo(orientation=6, size=(400, 200)):
    """As a phone takes it: turned by its EXIF, with the place it was taken at and the phone's owner."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = "Nguyễn Văn An".encode()
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 32.0, 6.0), 3: "E", 4: (106.0, 24.0, 36.0)})
    return photo(size, exif=exif.tobytes(), comment=b"taken by An")


def png_bomb(width=60_000, height=60_000):
    """A PNG of a few hundred bytes that says it is huge."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def jpeg_and_zip():
    """A picture that is an archive as well: a JAR behind a JPEG."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as jar:
        jar.writestr("Evil.class", b"\xca\xfe\xba\xbe evil")
    return photo() + archive.getvalue()


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
