"""Nobody finds whoever reported: every address, as every role, in both formats; what is unmasked is in the journal."""

import json
import re

import pytest
from sqlalchemy import JSON, String, func, select

from dothi import config
from dothi.cases import dossiers, privacy, reading
from dothi.cases.tables import Case, CaseTally
from dothi.db import session as db
from dothi.db.base import Base
from dothi.identity.guard import ANONYMOUS
from dothi.journal import seals
from dothi.journal.tables import Entry
from dothi.kit import clock
from tests.access.asking import Answer
from tests.cases_walk import walk
from tests.cases_walk.conftest import text_of
from tests.cases_walk.world import PERSONAL, PHONE, VISITOR
from tests.web.asking import TOKEN, Browser

FORMATS = ("text/html", "application/json")
FEW = ("anonymous", "admin")  # ask also what is of no cases
APPLICANT = ("/services/dossiers/", "/services/appointments/")  # one's own pages
PROGRAMS = ("anonymous", "stranger", "officer")  # ask for JSON too
# stand to a case as another role does: they ask for its pages and the lists, not for all there is
LIKE = ("other-reporter", "citizen", "other-worker", "dispatcher", "leader", "manager", "key", "auditor")
ON_POSTGRESQL = ("anonymous", "stranger", "worker", "officer")  # what pages say is walked by all on the other database
OWN = {"reporter": {"shown", "private", "hidden", "unconfirmed", "plate"}, "other-reporter": {"other"}}


def test_every_address_is_walked():
    """A new route must find samples for its parts, or be exempt with a reason."""
    there = walk.routes()
    assert set(walk.EXEMPT) <= set(there)
    unknown = {
        name
        for route in there
        if route not in walk.EXEMPT and "/files/" not in route and "/photos/" not in route
        for name in re.findall(r"\{([^}]+)\}", route)
        if name not in walk.SAMPLES and name not in ("number", "which")
    }
    assert unknown == set()


def readers(city, mark) -> set[str]:
    """The roles that may read what bears a mark of the inside: by the room's own word, and whoever reported it."""
    name = city.world.inside[mark]
    case = city.world.cases[name]
    found = {who for who, own in OWN.items() if name in own and mark not in ("Zqxnoibo", "Zqxghichu", "Zqxky")}
    with db.reading() as session:
        found |= {who for who, caller in city.world.callers.items() if reading.inside(session, caller, case)}
    return found | {"key"}  # it reads cases everywhere


@pytest.mark.soak
def test_no_answer_tells_who_reported(city):
    paths = {route: list(walk.filled(route, city.world)) for route in walk.routes() if route not in walk.EXEMPT}
    of_cases = [
        one
        for route, found in paths.items()
        if route.startswith((*walk.OF_CASES, "/admin/journal", "/operations/messages"))
        for one in found
    ]
    rest = [one for route, found in paths.items() if not route.startswith(walk.OF_CASES) for one in found]
    may = {mark: readers(city, mark) for mark in city.world.inside}
    assert may["Zqxnoibo"] >= {"officer", "dispatcher", "manager", "worker", "leader", "admin"}
    assert not may["Zqxnoibo"] & {"anonymous", "reporter", "other-reporter", "citizen", "stranger", "other-worker"}
    leaks, broken, seen, visited = [], [], set(), desk_people(city)
    for who in city.world.roles if on_sqlite() else ON_POSTGRESQL:
        mine = [one for one in of_cases if who not in LIKE or core(one)]
        if who == "applicant":  # the cookies are read there alone
            mine = [one for one in of_cases if one.startswith("/services")]
        asked = [(path, FORMATS[0]) for path in mine]
        asked += [(path, FORMATS[1]) for path in of_cases if who in PROGRAMS and "/files/" not in path]
        asked += [(path, "text/html") for path in rest] if who in FEW else []
        for (path, accept), answer in zip(asked, city.all(who, asked), strict=True):
            if answer.status >= 500 and path != "/health":  # nothing runs here that it would call well
                broken.append(f"{answer.status} {who} {path}")
            text = text_of(answer)
            said = path.replace("%", "")
            leaks += [
                f"{what} {mark}: {who} {accept} {path} ({answer.status})"
                for what, mark in PERSONAL.items()
                if mark in text
                and mark not in said
                and not own_photo(city, who, path, what)
                and not (who == "applicant" and path.startswith(APPLICANT))
            ]
            for mark, allowed in may.items():
                if mark in text and mark not in said:
                    seen.add((mark, who))
                    if who not in allowed:
                        leaks.append(f"{mark}: {who} {accept} {path} ({answer.status})")
            if VISITOR[1:] in text and who not in visited and not (who == "applicant" and path.startswith(APPLICANT)):
                leaks.append(f"visitor: {who} {accept} {path}")
    assert leaks == [], f"{len(leaks)} leaks:\n" + "\n".join(sorted(set(leaks))[:60])
    assert sorted(set(broken)) == []
    # the walk does reach what is inside: the officer reads it, the reporter reads their own words
    assert {("Zqxnoibo", "officer"), ("Zqxkin", "officer")} <= seen
    assert ("Zqxkin", "reporter") in seen or not on_sqlite()


def on_sqlite() -> bool:
    return db.engine().dialect.name == "sqlite"


def core(path) -> bool:
    """A case's own page, its files, or one of the lists cases stand in."""
    return bool(re.search(r"/[A-Z]\w\d?[.\w]*-[\d-]+(/files/\d+/public)?(\.json)?$", path)) or path in (
        "/reports", "/reports.geojson", "/desk", "/desk?list=all", "/field", "/desk/board", "/open311/v2/requests.json",
        "/desk/export?format=csv&list=all", "/operations/messages", "/admin/journal?kind=cases",
    )  # fmt: skip


def own_photo(city, who, path, what) -> bool:
    """An original as the phone made it: saved by those who handle the case, and by who sent it."""
    return what == "exif" and path.endswith("/original") and (who in readers(city, "Zqxnoibo") or who == "reporter")


def desk_people(city) -> set[str]:
    """Who sees who comes to a desk today: its own people."""
    office = city.world.cases["dossier"].receiving_id
    return {
        who
        for who, one in city.world.callers.items()
        if "cases:handle" in one.everywhere or ("cases:handle", office) in one.within
    }


def test_elsewhere_nothing_stands_of_cases(city):
    for who in ("anonymous", "auditor"):
        for path in walk.elsewhere():
            text = text_of(city.get(who, path, "*/*"))
            marks = [one for one in (*PERSONAL.values(), *city.world.inside) if one in text and one not in path]
            assert marks == [], (who, path)


def test_the_journal_names_nobody_and_tells_of_each_unmasking(city, tmp_path):
    from dothi.cases import contacts
    from dothi.cases.tables import Case

    world = city.world
    with db.writing() as session:
        case = session.get(Case, world.cases["shown"].id)
        found = contacts.read(
            session, world.callers["officer"], case, "gọi hỏi Nguyễn Zqxten, 0907 654 321, chỗ đèn tắt"
        )
        assert found.name == "Nguyễn Zqxten"
    with db.reading() as session:
        rows = session.scalars(select(Entry).where(Entry.kind == "cases.contact.read")).all()
        assert len(rows) == 1
        assert rows[0].actor == world.callers["officer"].actor
        assert "chỗ đèn tắt" in rows[0].data["purpose"]
    with db.writing() as session:
        seals.seal(session)
    with db.reading() as session:
        seals.export(session, tmp_path / "journal.jsonl")
    text = (tmp_path / "journal.jsonl").read_text("utf-8")
    text += json.dumps([json.loads(line) for line in text.splitlines()], ensure_ascii=False)
    assert "cases.contact.read" in text
    assert [one for one in (*PERSONAL.values(), *world.inside, VISITOR[1:]) if one in text] == []


def test_who_reported_is_shown_for_a_purpose_alone(city):
    """At the desk: with cases:contact, said what for, journalled; exported likewise."""
    number = city.world.cases["shown"].number
    before = unmasked()
    refused = [
        post(city, who, f"/desk/cases/{number}/contact", purpose="gọi hỏi chỗ đèn tắt")
        for who in ("leader", "stranger", "worker", "citizen")
    ]
    refused.append(post(city, "officer", f"/desk/cases/{number}/contact", purpose="x"))
    assert [PERSONAL["name"] in one.text for one in refused] == [False] * 5
    assert unmasked() == before
    shown = post(city, "officer", f"/desk/cases/{number}/contact", purpose="gọi hỏi chỗ đèn tắt")
    assert PERSONAL["name"] in shown.text
    assert unmasked() == before + 1
    for form in ("csv", "xlsx"):
        found = text_of(post(city, "officer", "/desk/export", format=form, list="all"))
        assert [one for one in (*PERSONAL.values(), VISITOR[1:]) if one in found] == [], form
    assert unmasked() == before + 1


def unmasked() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Entry).where(Entry.kind == "cases.contact.read"))


def post(city, who, path, **fields):
    """A form sent from this browser's own page."""
    browser = Browser(city.web.application)
    for part in city.world.roles[who].get("cookie", "").split("; "):
        name, _, value = part.partition("=")
        browser.http.cookies.set(name, value)
    fields["_token"] = TOKEN.search(browser.get("/reports/new").text)[1]
    answer = browser.http.post(path, data=fields)
    return Answer(answer.status_code, tuple(sorted(answer.headers.items())), answer.content)


def test_z_erased_nobody_is_found_and_what_is_counted_stays(city):
    """The last of this module: after it the world names nobody, in no table and in no file."""
    world = city.world
    marks = [*PERSONAL.values(), "Zqxky", "Zqxhen", VISITOR[1:]]
    with db.writing() as session:
        dossiers.withdraw(session, ANONYMOUS, world.cases["dossier"].number, world.tokens["dossier"], "Xin rút hồ sơ")
    with db.reading() as session:
        counted = session.scalar(select(func.sum(CaseTally.count)))
        standing = {
            one.id: (one.number, one.category, one.opened_at, one.agency_id) for one in session.scalars(select(Case))
        }
    assert found_in_tables(marks)
    with db.writing() as session:
        done, left = privacy.erase_contact(
            session,
            world.callers["admin"],
            phone=PHONE,
            email="zqxthu@example.vn",
            reason="đơn của Nguyễn Zqxten, 0907 654 321",
        )
        assert set(done) >= {
            world.cases[one].number for one in ("shown", "plate", "private", "hidden", "unconfirmed", "dossier")
        }
        assert left == []
        assert world.cases["other"].number not in done
        privacy.erase_contact(session, world.callers["admin"], phone=VISITOR)
    privacy.forget(clock.now_micros() + 31 * clock.DAY)
    assert found_in_tables(marks) == []
    kept = [path for path in (config.settings().data / "files").rglob("*") if path.is_file()]
    assert [path.name for path in kept for mark in marks if mark.encode() in path.read_bytes()] == []
    with db.reading() as session:
        gone = world.cases["unconfirmed"]  # a month later nobody had answered its code
        for one in session.scalars(select(Case)):
            assert (one.number, one.category, one.opened_at, one.agency_id) == standing[one.id]
        there = session.scalar(select(func.count()).select_from(Case))
        assert there == len(standing) - (session.get(Case, gone.id) is None)
        assert session.scalar(select(func.sum(CaseTally.count))) == counted - (len(standing) - there)
        kinds = session.scalars(select(Entry.kind).where(Entry.kind.in_(["cases.erased", "cases.erasure"]))).all()
        assert kinds.count("cases.erased") == len(done)
        assert kinds.count("cases.erasure") == 2
    number = world.cases["private"].number
    assert city.get("reporter", f"/reports/{number}").status == 404  # the link opens nothing any more


def found_in_tables(marks) -> list[tuple[str, str]]:
    """Every text and JSON value of every table that bears a mark; telephone numbers however they are spaced."""
    found = []
    with db.reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [one for one in table.columns if isinstance(one.type, String | JSON)]
            for row in session.execute(select(*columns)) if columns else ():
                text = "\n".join(str(one) for one in row if one)
                text += re.sub(r"(?<=\d)[\s.\-](?=\d)", "", text)
                found += [(table.name, mark) for mark in marks if mark in text]
    return found
