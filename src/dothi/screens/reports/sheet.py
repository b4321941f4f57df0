"""What somebody wrote on the sheet of a report: read from the form, every fault said in words under its field."""

import json
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from dothi.cases import contacts, files, redaction, shelf
from dothi.cases.contacts import Contact
from dothi.cases.declared import Category
from dothi.cases.files import Prepared
from dothi.cases.types import answers, types
from dothi.identity import secret
from dothi.kit.errors import DothiError, Fault
from dothi.kit.text import nfc
from dothi.screens import questions
from dothi.screens.reports.asking import LONGEST as LONGEST_FIELD
from dothi.screens.reports.asking import PHOTOS, TYPE
from dothi.screens.wards import outside, wards
from dothi.web import sealed
from dothi.web.i18n import Say, marked

LONGEST_TEXT, LONGEST_ADDRESS = 1000, 200
KEPT = "reports.photo"
_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{32,200}")
_MOBILE_DIGITS = 10
# the fields a form shown again, or looked through, carries on
CARRIED = ("key", "secret", "lon", "lat", "accuracy", "ward", "address", "category", "text", "name", "phone", "email",
           "nameless", "private")  # fmt: skip
NO_CATEGORY = marked("Chọn việc cần phản ánh.")
NO_PLACE = marked("Cho biết ở đâu: ghim trên bản đồ, hoặc chọn phường và ghi địa chỉ.")
NO_WARD = marked("Chọn phường, xã.")
NO_CONTACT = marked("Để lại số điện thoại hoặc thư điện tử, hoặc đánh dấu gửi không để lại tên.")


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo taken in and not yet hung on a report. sealed: how the form carries it to the next page."""

    name: str
    sha256: str
    place: tuple[float, float] | None
    ready: Prepared | None = None  # looked through in this very request

    @property
    def sealed(self) -> str:
        """Nobody but this installation can write or read it."""
        return sealed.sealed(KEPT, json.dumps([self.sha256, self.name, self.place], ensure_ascii=False))

    @classmethod
    def opened(cls, said: str) -> "Photo | None":
        """The photo a form carries; None for what is none of ours, or lies here no longer."""
        text = sealed.opened(KEPT, said) if len(said) < LONGEST_FIELD else None
        if text is None:
            return None
        sha256, name, place = json.loads(text)
        made = cls(str(name), str(sha256), (place[0], place[1]) if place else None)
        return made if shelf.path(made.sha256).is_file() else None


@dataclass
class Sheet:
    """A sheet as it was filled. faults: by field, in words."""

    values: Mapping[str, str]
    photos: list[Photo] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    category: Category | None = None
    lon: float | None = None
    lat: float | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    contact: Contact | None = None

    def fault(self, place: str, text: str) -> None:
        """One more thing wrong."""
        self.faults.setdefault(place, []).append(Fault(place, text))

    @property
    def key(self) -> str:
        """The sender's name of this report: the same sent again is the same report."""
        given = self.values.get("key", "")
        return given if _KEY.fullmatch(given) else str(uuid.uuid4())

    @property
    def secret(self) -> str:
        """The token of the reporter's own link, made with the sheet, so that a repeated sending has it too."""
        given = self.values.get("secret", "")
        return given if _TOKEN.fullmatch(given) else secret.new_token()

    def without(self, text: str) -> str:
        """A text that everybody reads, without the name and numbers of its writer."""
        text = nfc(text)
        return redaction.Needles.of(self.contact).gone_from(text) if self.contact else text


def fresh(values: Mapping[str, str] | None = None) -> Sheet:
    """An empty sheet with a name and a secret of its own."""
    return Sheet({"key": str(uuid.uuid4()), "secret": secret.new_token(), **(values or {})})


def read(session: Session, form: FormData | None, values: Mapping[str, str], say: Say, now: int, *, signed_in: bool,
         asked: bool = True) -> Sheet:  # fmt: skip
    """The sheet a form is. asked: the extra questions were shown, so that their answers may be missing."""
    sheet = Sheet(dict(values))
    sheet.photos = _photos(form, sheet, say)
    known = {one.code: one for one in types().categories(TYPE)}
    sheet.category = known.get(values.get("category", ""))
    if sheet.category is None:
        sheet.fault("category", say(NO_CATEGORY))
    _place(session, sheet, say, now)
    if len(values.get("text", "")) > LONGEST_TEXT:
        sheet.fault("text", say("Dài quá: tối đa {n} ký tự.", n=LONGEST_TEXT))
    if len(values.get("address", "")) > LONGEST_ADDRESS:
        sheet.fault("address", say("Dài quá: tối đa {n} ký tự.", n=LONGEST_ADDRESS))
    if sheet.category is not None and asked:
        _answers(sheet, sheet.category, say)
    _contact(sheet, say, signed_in=signed_in)
    return sheet


def _photos(form: FormData | None, sheet: Sheet, say: Say) -> list[Photo]:
    """The photos a form brings, and those it carries from the page before."""
    if form is None:
        return []
    dropped = {str(one) for one in form.getlist("drop")}
    carried = [str(one) for one in form.getlist("kept") if isinstance(one, str) and one not in dropped]
    found = [photo for one in carried[:PHOTOS] if (photo := Photo.opened(one)) is not None]
    if len(found) < len(carried[:PHOTOS]):
        sheet.fault("photo", say("Ảnh gửi lúc trước không còn; chọn lại giúp."))
    for one in form.getlist("photo"):
        if not isinstance(one, UploadFile) or not one.filename:
            continue
        if len(found) >= PHOTOS:
            sheet.fault("photo", say("Tối đa {n} ảnh.", n=PHOTOS))
            break
        try:
            ready = files.prepare(one.filename, one.file)
        except DothiError as error:
            sheet.fault("photo", say("{name}: không nhận được ảnh này.", name=one.filename[:60])
                        + " " + _why(error, say))  # fmt: skip
            continue
        if ready.copies is None:
            sheet.fault("photo", say("{name}: chỉ nhận ảnh.", name=ready.name))
            continue
        found.append(Photo(ready.name, shelf.put(ready.content), ready.place, ready))
    return list({one.sha256: one for one in found}.values())


def _why(error: DothiError, say: Say) -> str:
    if error.status == 413:
        return say("Ảnh quá lớn.")
    found = str(error.faults[0].message if error.faults else "")
    if found == "infected":
        return say("Ảnh có mã độc.")
    return say("Dùng ảnh JPEG, PNG hoặc WebP.")


def _place(session: Session, sheet: Sheet, say: Say, now: int) -> None:
    values = sheet.values
    lon, lat = number(values.get("lon", "")), number(values.get("lat", ""))
    if lon is None and values.get("lonlat"):  # of a photo, which its sender agreed to
        first, _, second = values["lonlat"].partition(",")
        lon, lat = number(first), number(second)
    if lon is not None and lat is not None:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            sheet.fault("place", say("Vị trí này không có trên bản đồ."))
        elif outside(session, lon, lat, now):
            sheet.fault("place", say("Vị trí này ở ngoài địa bàn. Kéo ghim, hoặc ghi địa chỉ."))
        else:
            sheet.lon, sheet.lat = lon, lat
        return
    needed = sheet.category is None or sheet.category.place == "needed"
    if needed and not values.get("address"):
        sheet.fault("place", say(NO_PLACE))
    if needed and not values.get("ward") and wards(session, "vi", now):
        sheet.fault("ward", say(NO_WARD))


def _answers(sheet: Sheet, category: Category, say: Say) -> None:
    sheet.fields = questions.given(category, sheet.values)
    _, _, faults = answers(category, sheet.fields)
    for one in faults:
        name = one.place.split(".")[1] if "." in one.place else one.place
        missing = one.message == "is missing"
        sheet.fault(questions.PREFIX + name, say("Trả lời giúp câu này.") if missing else say("Câu trả lời chưa đúng."))


def _contact(sheet: Sheet, say: Say, *, signed_in: bool) -> None:
    values = sheet.values
    if values.get("nameless"):
        return
    name, phone, email = (values.get(one, "")[:300] or None for one in ("name", "phone", "email"))
    for one in contacts.check(name, phone, email):
        sheet.fault(one.place, _contact_said(one.place, phone or "", say))
    if not (phone or email) and not signed_in:
        sheet.fault("phone", say(NO_CONTACT))
    if not any(one in sheet.faults for one in ("name", "phone", "email")):
        made = contacts.checked(Contact(name, phone, email, language=None))
        sheet.contact = made or None


def _contact_said(place: str, phone: str, say: Say) -> str:
    if place == "name":
        return say("Tên chỉ gồm chữ, tối đa {n} ký tự.", n=contacts.LONGEST_NAME)
    if place == "email":
        return say("Địa chỉ thư chưa đúng, ví dụ: an@example.vn")
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("0") and len(digits) < _MOBILE_DIGITS:
        return say("Còn thiếu {n} số. Số di động có 10 số.", n=_MOBILE_DIGITS - len(digits))
    return say("Số điện thoại chưa đúng, ví dụ: 0901 234 567")


def number(text: str) -> float | None:
    """A finite number of a form; None for anything else."""
    try:
        found = float(text[:40])
    except ValueError:
        return None
    return found if math.isfinite(found) else None
