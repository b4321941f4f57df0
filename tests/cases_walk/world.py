"""A city full of people who must not be found: whatever is theirs bears a mark that stands nowhere else."""

import io
import uuid
from dataclasses import dataclass, field

from PIL import Image
from sqlalchemy import select

from dothi.cases import appointments, dossiers, files, planning
from dothi.cases import service as cases
from dothi.cases.calendar import day_of
from dothi.cases.contacts import Contact
from dothi.cases.tables import Case, CaseContact, CaseFile, DossierDraft, Job
from dothi.identity import secret
from dothi.identity import service as identity
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.identity.tables import Person
from dothi.kit import clock
from tests.cases import reporters
from tests.cases import scene as base
from tests.field import scene

PHONE, OTHER_PHONE, VISITOR = "0907654321", "0381112223", "0389998887"
# what is found nowhere but by whoever reported, and by who unmasked it for a purpose
PERSONAL = {
    "name": "Zqxten", "phone": PHONE[1:], "email": "zqxthu", "home": "Zqxnha", "identity": "079187654321",
    "plate": "ZQXBIEN", "site": "Zqxdat", "certificate": "ZQXSO", "draft": "Zqxnhap", "exif": "Zqxmay",
}  # fmt: skip
HOME = (106.413579, 10.535791)  # of the report that is nobody's business
FORM = {
    "filed_by": "self", "name": "Nguyễn Zqxten", "identity": "079187654321", "phone": PHONE, "email": "zqxthu@example.vn",
    "home": "Số 7 hẻm Zqxnha, Tân An", "site": "Thửa Zqxdat, Tân An", "parcel": 12, "sheet": 3, "land_area": 80.5,
    "certificate": "ZQXSO-1", "work": "new", "floors": 2, "footprint": 60, "total_area": 120, "height": 8,
    "adjoining": "no", "truthful": True,
}  # fmt: skip


@dataclass
class World:
    """What was made. roles: the headers of each; callers: who they are; tokens: of the reporters' own links."""

    cases: dict[str, Case] = field(default_factory=dict)
    roles: dict[str, dict[str, str]] = field(default_factory=dict)
    callers: dict[str, Caller] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    files: dict[int, CaseFile] = field(default_factory=dict)
    job: int = 0
    appointment: int = 0
    # the mark of what is said inside of a case → the case
    inside: dict[str, str] = field(default_factory=dict)


def contact(**more):
    values = {"name": "Nguyễn Zqxten", "phone": PHONE, "email": "zqxthu@example.vn", "home": "Số 7 hẻm Zqxnha",
              "identity_number": "079187654321"}  # fmt: skip
    return Contact(**(values | more))


def photo(mark: str | None = None) -> bytes:
    """A photo; with a mark in its EXIF and its comment, as a phone writes its owner's name."""
    picture, out = Image.new("RGB", (320, 240), "green"), io.BytesIO()
    exif = Image.Exif()
    if mark:
        exif[0x013B] = mark
    picture.save(out, "JPEG", exif=exif.tobytes(), **({"comment": mark.encode()} if mark else {}))
    return out.getvalue()


def build(session) -> World:
    """The whole world in the database in use."""
    world = World()
    city = scene.city(session)
    auditor = base.person(session, "kiem", "auditor", None, "Kiểm Toán")
    key = identity.create_key(session, SYSTEM, "he-thong", ["cases:read", "journal:read", "sensing:read", "data:read"])
    session.commit()

    def opened(name, mark=None, **more):
        given = {"contact": contact(), "address": "Đường Nguyễn Thông, Tân An", "category": "lamp-out", **more}
        made = base.opened(session, ANONYMOUS, **given)
        world.cases[name], world.tokens[name] = made.case, made.token
        if mark:
            world.inside[mark] = name
        return made.case

    shown = opened("shown")
    session.get(CaseContact, shown.id).verified_at = 1
    cases.confirm(session, SYSTEM, shown.id)
    cases.assign(session, city.admin, shown.id, office=city.lights.id, handler=city.officer.id)
    cases.comment(session, city.officer, shown.id, "Nội bộ: Zqxnoibo", public=False)
    cases.comment(session, ANONYMOUS, shown.id, "Tôi nói riêng: Zqxloi", token=world.tokens["shown"])
    world.inside |= {"Zqxnoibo": "shown", "Zqxloi": "shown", "zqxanhkin": "shown"}
    plate = opened(
        "plate", category="illegal-parking" if _has("illegal-parking") else _plated(), fields={"plate": "ZQXBIEN-1"}
    )
    cases.confirm(session, SYSTEM, plate.id)
    private = opened("private", "Zqxkin", public=False, title="Việc riêng Zqxkin", lon=HOME[0], lat=HOME[1])
    hidden = opened("hidden", "Zqxgiau", title="Bài bị ẩn Zqxgiau")
    opened("unconfirmed", "Zqxchua", title="Chưa xác nhận Zqxchua")
    other = opened("other", contact=Contact("Lê Khác", OTHER_PHONE))
    for one in (private, hidden, other):
        cases.confirm(session, SYSTEM, one.id)
        cases.assign(session, city.admin, one.id, office=city.lights.id)
    world.inside["106.413579"] = "private"
    cases.hide(session, city.admin, hidden.id, "Lý do ẩn")
    for kind, name, public, mark in (
        ("before", "truoc.jpg", True, PERSONAL["exif"]), ("before", "zqxanhkin.jpg", False, None),
        ("signature", "chu-ky.png", False, None),
    ):  # fmt: skip
        files.keep(session, ANONYMOUS, shown, kind, name, photo(mark), public)
    files.keep(session, ANONYMOUS, hidden, "before", "an.jpg", photo(), True)
    files.keep(session, ANONYMOUS, private, "before", "rieng.jpg", photo(), True)
    job = planning.plan(session, city.dispatcher, shown.number, city.crew.id, day_of(clock.now_micros()).isoformat())
    jobs_row = session.get(Job, job.id)
    jobs_row.signed_by, jobs_row.note = "Trần Zqxky", "Ghi chú Zqxghichu"
    world.inside |= {"Zqxghichu": "shown", "Zqxky": "shown"}
    world.job = job.id
    attached = [(paper, files.prepare(f"{paper}.pdf", reporters.PDF)) for paper in ("land", "drawings")]
    procedure = dossiers.procedure("house-permit")
    desk = dossiers.desks(session, procedure)[0]
    filed = dossiers.file_(session, ANONYMOUS, procedure, dict(FORM), attached, office=desk.id, draft=uuid.uuid4().hex)
    world.cases["dossier"], world.tokens["dossier"] = filed.case, filed.token
    now = clock.now_micros()
    day = next(one for one in appointments.days(session, now))
    slot = next(one for one in appointments.slots(session, desk.id, day) if one.free)
    booked = appointments.book(session, desk.id, slot.at, name="Ông Zqxhen", phone=VISITOR)
    world.appointment, world.tokens["appointment"] = booked.appointment.id, booked.token
    session.add(
        DossierDraft(
            token=secret.digest("x" * 43), procedure="house-permit", values={"name": "Zqxnhap"}, files=[], at=now
        )
    )
    session.commit()
    world.files = {one.id: one for one in session.scalars(select(CaseFile))}
    people = {
        "citizen": city.citizen, "officer": city.officer, "stranger": city.stranger, "worker": city.worker,
        "other-worker": city.other_worker, "dispatcher": city.dispatcher, "manager": city.manager, "leader": city.leader,
        "auditor": auditor, "admin": city.admin,
    }  # fmt: skip
    world.roles = {"anonymous": {}, "reporter": _own(world, "shown", "private", "hidden", "unconfirmed", "plate"),
                   "other-reporter": _own(world, "other"), "key": {"authorization": f"Bearer {key}"}}  # fmt: skip
    kept = f"dothi_dossier={world.tokens['dossier']}; dothi_appointment={world.tokens['appointment']}"
    world.roles["applicant"] = {"cookie": kept}
    for name, caller in people.items():
        assert session.get(Person, caller.id)
        world.roles[name] = {"cookie": f"dothi_session={identity.sign_in(session, caller.id)}"}
        world.callers[name] = caller
    session.commit()
    return world


def _own(world: World, *names: str) -> dict[str, str]:
    kept = "~".join(f"{world.cases[one].number}:{world.tokens[one]}" for one in names)
    return {"cookie": f"dothi_reports={kept}"}


def _has(code: str) -> bool:
    from dothi.cases.types import types

    found = types().named(code)
    return found is not None and "plate" in (found.questions or {}).get("properties", {})


def _plated() -> str:
    from dothi.cases.types import types

    return next(code for code in types().categories_ if _has(code))
