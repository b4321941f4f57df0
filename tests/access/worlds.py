"""Two cities that are one to whoever has no rights: the second lacks all that the first hides.

Everything happens at set moments, so that nothing public differs between them by chance.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely
from sqlalchemy import insert

from dothi.city import store as city_store
from dothi.datasets import service
from dothi.datasets.loads import service as loads
from dothi.datasets.tables import Harvest, HarvestedDataset
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.kit.text import fold
from dothi.places.tables import Unit
from dothi.sensing import service as sensing
from tests.access import cap, duty, notify, tasking, transit

START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SECRET = ("noi-bo", "nhap", "thoi")  # restricted, a draft, a retired one
PUBLIC = ("den", "vung", "bang")
HIDDEN = ("gia", "hop_dong", "an_tu", "chu")  # of `den`: three kept back, one personal
WARDS = (("80104", "Phường Long An", 106.40), ("80105", "Phường Tân An", 106.44), ("80106", "Phường Khánh Hậu", 106.48))


@dataclass
class World:
    """What a test needs to know of a world: credentials of its callers, and numbers of what was made."""

    secret: bool
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


class Hands:
    """Does things at the next moment of a calendar; what only the first world has takes no moment of the second."""

    def __init__(self) -> None:
        self.at = START

    def tick(self) -> None:
        self.at += timedelta(hours=1)


@contextmanager
def standing(moment: datetime):
    """The clock stands still."""
    before, clock.source = clock.source, lambda: moment
    try:
        yield
    finally:
        clock.source = before


def den_schema(*, hidden: bool):
    fields = {
        "ma": {"type": "string", "title": "Mã", "x-role": "key"},
        "ten": {"type": "string", "title": "Tên đèn", "title-en": "Name", "x-role": "name"},
        "cong_suat": {"type": "number", "title": "Công suất", "x-unit": "W"},
        "loai": {
            "type": "string", "title": "Loại",
            "oneOf": [{"const": "led", "title": "LED"}, {"const": "hps", "title": "Cao áp"}],
        },
        "so_bong": {"type": "integer", "title": "Số bóng"},
        "sang": {"type": "boolean", "title": "Đang sáng"},
        "ngay": {"type": "string", "format": "date", "title": "Ngày lắp"},
        "nhan": {"type": "array", "items": {"type": "string"}, "title": "Nhãn"},
        "het_han": {"type": "string", "format": "date", "title": "Hết hạn", "x-role": "valid-until"},
        "gia": {"type": "number", "title": "Giá mua", "x-open": False},
        "hop_dong": {"type": "string", "title": "Số hợp đồng", "x-open": False},
        "an_tu": {"type": "string", "format": "date", "title": "Từ ngày", "x-open": False},
        "chu": {"type": "string", "title": "Người trông", "x-personal": True},
    }  # fmt: skip
    fields = {name: one for name, one in fields.items() if hidden or name not in HIDDEN}
    return {"type": "object", "properties": fields, "required": ["ma"], "x-order": list(fields)}


def plain_schema(**more):
    fields = {"ma": {"type": "string", "title": "Mã", "x-role": "key"},
              "ten": {"type": "string", "title": "Tên", "x-role": "name"}, **more}  # fmt: skip
    return {"type": "object", "properties": fields, "required": ["ma"], "x-order": list(fields)}


def lamp(number: int, *, fields: bool) -> dict:
    """A lamp, with what is hidden of it in the first world."""
    shown = {
        "ma": f"D{number:02}", "ten": f"Đèn {('Nguyễn Huệ', 'Lê Lợi', 'Châu Thị Kim')[number % 3]} {number}",
        "cong_suat": 70 + 10.5 * (number % 4), "loai": ("led", "hps")[number % 2], "so_bong": number % 4,
        "sang": number % 3 == 0, "ngay": f"2025-0{1 + number % 9}-10", "nhan": ["moi", "cu"][: number % 3],
        "het_han": f"2026-0{1 + number % 8}-20",
    }  # fmt: skip
    kept = {"gia": 100.0 + number, "hop_dong": f"HD-BIMAT-{number}", "chu": f"Trần Văn Kín {number}"}
    if number % 3:
        kept["an_tu"] = f"2025-1{number % 3}-01"
    return shown | kept if fields else shown


def point(number: int, lon: float = 106.39, lat: float = 10.52) -> dict:
    return {"type": "Point", "coordinates": [round(lon + (number % 5) * 0.02, 6), round(lat + (number // 5) * 0.01, 6)]}


def build(folder: Path, *, secret: bool, fields: bool = True) -> World:
    """A whole city in the database in use. secret: with what is hidden; fields: with hidden fields in what is open."""
    world, hands = World(secret), Hands()

    def step(work, *, hidden: bool = False):
        """One transaction at its own moment; hidden: the first world only."""
        hands.tick()
        if hidden and not secret:
            return None
        with standing(hands.at), db.writing() as session:
            made = work(session)
            session.flush()
            return made

    def dataset(code, title, hidden=False, agency="so-xd", sharing="open", status="published", **more):
        body = {
            "code": code, "title": title, "title_en": f"The {code}", "description": f"Mô tả của {title}", "agency": agency,
            "sharing": sharing, "status": status, "geometry_type": "Point", "schema": plain_schema(),
            "licence": "https://creativecommons.org/licenses/by/4.0/", "frequency": "MONTHLY", "keywords": ["đô thị"],
            "themes": ["TRAN"], "contact": {"name": "Phòng Hạ tầng", "email": "ha-tang@so-xd.example"}, "source": "Kê khai",
        } | more  # fmt: skip
        step(lambda session: service.create(session, SYSTEM, body), hidden=hidden)

    def put(code, key, properties, shape, hidden=False):
        feature = {"type": "Feature", "id": key, "geometry": shape, "properties": properties}
        step(lambda session: service.put(session, SYSTEM, code, key, feature), hidden=hidden)

    def kept(number, code="noi-bo"):
        """A record of the hidden dataset: far outside of what is public."""
        where = {"type": "Point", "coordinates": [round(107.9 + number / 50, 6), 12.1]}
        put(code, f"K{number}", {"ma": f"K{number}", "ten": f"Hồ sơ kín {number}"}, where, hidden=True)

    people(step, world)
    ground(step)
    hides = {"hidden": True, "agency": "so-ca", "themes": ["JUST"], "keywords": ["bí mật"]}
    dataset(
        "noi-bo",
        "Nội bộ mật",
        sharing="restricted",
        sector="an-ninh",
        licence="https://opensource.org/license/mit",
        **hides,
    )
    for number in range(3):
        kept(number)
    style = {"layers": [{"type": "circle", "paint": {"circle-radius": ["get", "gia"]}}], "fields": ["gia"]}
    dataset("den", "Đèn đường", schema=den_schema(hidden=fields), style=style if fields else None)
    dataset("nhap", "Bản nháp", status="draft", **hides)
    kept(0, "nhap")
    for number in range(25):
        put("den", f"D{number:02}", lamp(number, fields=fields), point(number))
        if number % 6 == 0:
            kept(10 + number)
    dataset("vung", "Vùng chiếu sáng", geometry_type="Polygon", themes=["ENVI"], keywords=["vùng"])
    for number in range(3):
        shape = shapely.geometry.mapping(shapely.box(106.38 + number * 0.04, 10.51, 106.42 + number * 0.04, 10.56))
        put("vung", f"V{number}", {"ma": f"V{number}", "ten": f"Vùng {number}"}, json.loads(json.dumps(shape)))
    refers = plain_schema(den={"type": "string", "x-reference": {"dataset": "den"}})
    dataset("thoi", "Đã thôi", schema=refers, sharing="open", status="draft", **hides)
    kept(0, "thoi")
    step(lambda session: service.describe(session, SYSTEM, "thoi", {"status": "retired"}), hidden=True)
    dataset("bang", "Bảng giá nước", geometry_type=None, agency="so-tc", frequency="ANNUAL")
    for number in range(4):
        put("bang", f"B{number}", {"ma": f"B{number}", "ten": f"Bậc {number}"}, None)
    dataset("chia-se", "Chia sẻ giữa các sở", sharing="shared", themes=["GOVE"])
    for number in range(4):
        kept(40 + number)
        put("chia-se", f"C{number}", {"ma": f"C{number}", "ten": f"Chung {number}"}, point(number, 106.5))
    dataset("tc-rieng", "Sổ của Sở Tài chính", agency="so-tc", sharing="restricted")
    for number in range(3):
        put("tc-rieng", f"T{number}", {"ma": f"T{number}", "ten": f"Khoản {number}"}, point(number, 106.42))
    # history: changed, deleted and brought back; of the hidden ones too
    changed = lamp(3, fields=fields) | {"cong_suat": 55.5}
    put("den", "D03", changed, point(3))
    put("noi-bo", "K1", {"ma": "K1", "ten": "Hồ sơ kín sửa"}, point(1, 107.9), hidden=True)
    step(lambda session: service.delete(session, SYSTEM, "den", "D24"))
    step(lambda session: service.delete(session, SYSTEM, "noi-bo", "K2"), hidden=True)
    step(lambda session: service.delete(session, SYSTEM, "tc-rieng", "T2"))
    step(
        lambda session: service.ask_review(session, SYSTEM, "nhap", sharing="restricted", status="published"),
        hidden=True,
    )
    step(
        lambda session: service.correct(session, SYSTEM, "noi-bo", "Sai tên", contact="kin@so-ca.example"), hidden=True
    )
    step(lambda session: service.correct(session, SYSTEM, "tc-rieng", "Thiếu một khoản"))
    deliver(folder, hands, "noi-bo", "khoan.csv", "ma,ten,lon,lat\nK90,Tệp kín,107.9,12.3\n", active=secret)
    world.ids["load"] = deliver(folder, hands, "tc-rieng", "so.csv", "ma,ten,lon,lat\nT9,Khoản chín,106.45,10.54\n")
    step(lambda session: harvested(session, repeats="noi-bo" if secret else None))
    things(step, world)
    duty.build(step)
    notify.build(step)
    cap.build(step)
    transit.build(step)
    tasking.build(step)
    return world


def people(step, world: World) -> None:
    """Agencies, people and keys; each caller's headers."""
    for code, name in (("so-xd", "Sở Xây dựng"), ("so-tc", "Sở Tài chính"), ("so-ca", "Công an thành phố")):
        step(lambda session, code=code, name=name: identity.create_agency(session, SYSTEM, code, name))
    persons = {
        "officer": ("officer", "agency", "so-tc"), "steward": ("data-steward", "agency", "so-tc"),
        "auditor": ("auditor", "agency", "so-tc"), "granted-other": ("officer", "dataset", "chia-se"),
        "keeper": ("officer", "agency", "so-xd"), "insider": ("officer", "agency", "so-ca"),
        "inside-steward": ("data-steward", "agency", "so-ca"), "granted": ("officer", "dataset", "noi-bo"),
        "granted-den": ("officer", "dataset", "den"),
    }  # fmt: skip
    made = {}
    for login, (role, kind, scope) in persons.items():
        agency = {"keeper": "so-xd", "insider": "so-ca", "inside-steward": "so-ca"}.get(login, "so-tc")

        def person(session, login=login, role=role, kind=kind, scope=scope, agency=agency):
            one = identity.create_person(session, SYSTEM, login, f"Người {login}", agency=agency)
            identity.grant(session, SYSTEM, one, role, kind, scope)
            return one.id

        made[login] = step(person)
    scopes = ["data:read", "sensing:read"]
    keys = {"key-other": "so-tc", "key": "so-ca", "key-all": None}
    told = {
        name: step(lambda session, name=name, agency=agency: identity.create_key(session, SYSTEM, name, scopes, agency=agency))
        for name, agency in keys.items()
    }  # fmt: skip
    world.headers["anonymous"] = {}
    for name, text in told.items():
        world.headers[name] = {"authorization": f"Bearer {text}"}
    for login, id_ in made.items():
        with standing(NOW - timedelta(hours=1)), db.writing() as session:
            world.headers[login] = {"cookie": f"dothi_session={identity.sign_in(session, id_)}"}


def ground(step) -> None:
    """The city's name and three wards."""

    def lay(session):
        city_store.put_setting(session, "city", {"name": {"vi": "Tân An", "en": "Tan An"}, "centre": [106.43, 10.53]})
        for code, name, west in WARDS:
            shape = shapely.box(west, 10.45, west + 0.04, 10.62)
            session.add(
                Unit(
                    code=code, level="commune", kind="phuong", name=name.removeprefix("Phường "), full_name=name, parent_code="80",
                    folded=fold(name), geometry=shapely.to_wkb(shapely.MultiPolygon([shape])), valid_from=0,
                )
            )  # fmt: skip

    step(lay)


def deliver(folder: Path, hands: Hands, code: str, name: str, text: str, *, active: bool = True) -> int:
    """A file loaded into a dataset and applied."""
    hands.tick()
    if not active:
        return 0
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with standing(hands.at):
        load = loads.stage(SYSTEM, code, path, None, "upsert")
        loads.apply(SYSTEM, load.id)
    return load.id


def harvested(session, repeats: str | None) -> None:
    """Another portal's two datasets, one of which may repeat one of ours."""
    portal = Harvest(url="https://cong.example", kind="ckan", title="Cổng khác", active=True)
    session.add(portal)
    session.flush()
    for number, same in enumerate((None, repeats)):
        title = ("Chợ", "Hồ sơ an ninh")[number]
        session.execute(
            insert(HarvestedDataset.__table__).values(
                harvest_id=portal.id, identifier=f"x{number}", code=f"cong-{number}", title=title, description="Ở cổng khác",
                folded=fold(title), metadata={"title": title}, digest=f"d{number}", same_as=same, seen_at=clock.now_micros(),
            )
        )  # fmt: skip


def things(step, world: World) -> None:
    """Two public things and, after them, a hidden one."""
    for number, (sharing, hidden) in enumerate((("open", False), ("open", False), ("restricted", True))):
        where = {"type": "Point", "coordinates": [106.40 + number / 100 if not hidden else 107.9, 10.53]}
        body = {
            "name": ("Trạm một", "Trạm hai", "Trạm kín")[number], "description": "", "properties": {"sharing": sharing},
            "Locations": [{
                "name": "Vị trí", "description": "", "encodingType": "application/geo+json", "location": where,
            }],
        }  # fmt: skip
        world.ids[f"thing{number}"] = step(
            lambda session, body=body: sensing.create(session, SYSTEM, "Thing", body), hidden=hidden
        )
