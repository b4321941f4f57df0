"""Other portals' datasets listed here: found whole, shown once, kept current, and never at this server's cost."""

import json

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from dothi import config
from dothi.datasets.tables import Dataset, Harvest, HarvestedDataset
from dothi.db.session import writing
from dothi.exchange import ckan, dcat, foreign, harvest
from dothi.exchange.cli import app
from dothi.exchange.fetch import Answer
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from tests.catalogue.conftest import LAMPS, MADE
from tests.catalogue.hostile import Hostile

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.fixture
def private(monkeypatch, database):
    """This test's servers are at a private address."""
    monkeypatch.setenv("DOTHI_HARVEST_PRIVATE", "1")
    config.settings.cache_clear()


@pytest.fixture
def portal_of(session, private):
    """Add a portal and harvest it; its number, to run again."""

    def added(url, kind="dcat"):
        made = harvest.add(session, SYSTEM, url, kind, f"Cổng {kind} {url}")
        session.commit()
        return made.id

    return added


@pytest.fixture
def hostile():
    with Hostile() as server:
        yield server


def listed(session, **asked):
    session.expire_all()
    rows, _ = harvest.listing(session, **asked)
    session.commit()
    return {one.title: one for one, _ in rows}


def turtle(*titles, more="", start=1):
    sets = "".join(
        f'<http://there.example/set/{n}> a dcat:Dataset ; dct:title "{title}"@vi ; dct:identifier "there-{n}" ;'
        f" dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <http://there.example/{n}.csv> ] .\n"
        for n, title in enumerate(titles, start)
    )
    return PREFIXES + sets + more


def test_our_own_server_is_harvested_by_both_ways_and_each_dataset_shown_once(session, private, put, portal, server):
    for number in range(4):
        put(f"bo-{number}", title=f"Bộ số {number}")
    with writing() as s:  # the server writes too
        first = harvest.add(s, SYSTEM, f"{server.url}/catalogue.ttl?limit=2", "dcat", "Cổng một").id
        second = harvest.add(s, SYSTEM, server.url, "ckan", "Cổng hai").id
    result = harvest.run(SYSTEM, first)
    assert (result.ok, result.read, result.added, result.error, result.faults) == (True, 6, 6, None, [])
    result = harvest.run(SYSTEM, second)
    assert (result.ok, result.read, result.added, result.repeated) == (True, 6, 6, 6)
    assert set(listed(session)) == {"Đèn đường", "Ngân sách năm", *(f"Bộ số {n}" for n in range(4))}
    assert len(listed(session, q="den duong")) == 1
    by_dcat, by_ckan = session.scalars(
        select(HarvestedDataset).where(HarvestedDataset.title == "Đèn đường").order_by(HarvestedDataset.id)
    ).all()
    assert by_ckan.same_as == by_dcat.code == "h1-den-duong"
    for one in (by_dcat, by_ckan):
        told = one.metadata_
        assert one.identifier == told["dcat:landingPage"] == f"{server.url}/catalogue/den-duong"
        assert told["dct:title"] == {"vi": "Đèn đường", "en": "Street lights"}
        assert told["dct:publisher"] == "Sở so-xd"
        assert told["dct:license"] == "https://creativecommons.org/licenses/by/4.0/"
        assert sorted(told["dcat:theme"]) == ["REGI", "TRAN"]
        assert sorted(told["dcat:keyword"]) == ["chiếu sáng", "đèn"]
        assert told["dct:accrualPeriodicity"] == "MONTHLY"
        assert told["dcat:bbox"] == [106.4, 10.53, 106.42, 10.55]
        assert told["dct:temporal"] == {"start": MADE, "end": MADE + 365 * clock.DAY}
        assert {"csv", "geojson", "gpkg"} <= {form["format"] for form in told["dcat:distribution"]}
        assert one.modified_at == MADE + 40 * clock.DAY
    assert by_dcat.digest == by_ckan.digest
    again = harvest.run(SYSTEM, first)
    assert (again.added, again.changed, again.same, again.removed) == (0, 0, 6, 0)


def test_what_changes_there_changes_here_and_what_goes_goes(session, portal_of, hostile):
    hostile.say("/c", turtle("Một", "Hai", "Ba", "Bốn"))
    id_ = portal_of(f"{hostile.url}/c")
    assert harvest.run(SYSTEM, id_).added == 4
    codes = {title: one.code for title, one in listed(session).items()}
    hostile.say("/c", turtle("Một", "Hai đã sửa", "Ba"))
    result = harvest.run(SYSTEM, id_)
    assert (result.added, result.changed, result.same, result.removed) == (0, 1, 2, 1)
    found = listed(session)
    assert set(found) == {"Một", "Hai đã sửa", "Ba"}
    assert found["Hai đã sửa"].code == codes["Hai"]
    last = session.get(Harvest, id_)
    assert (last.last_result["changed"], last.last_result["ok"]) == (1, True)
    kinds = session.scalars(select(Entry.kind).order_by(Entry.id)).all()
    assert kinds == ["data.harvest.added", "data.harvest.ran", "data.harvest.ran"]


def test_when_most_is_missing_at_once_nothing_is_taken_off(session, portal_of, hostile):
    hostile.say("/c", turtle("Một", "Hai", "Ba", "Bốn"))
    id_ = portal_of(f"{hostile.url}/c")
    harvest.run(SYSTEM, id_)
    for titles in ((), ("Một",)):
        hostile.say("/c", turtle(*titles))
        result = harvest.run(SYSTEM, id_)
        assert (result.ok, result.removed, result.missing) == (True, 0, 4 - len(titles))
        assert len(listed(session)) == 4


def test_a_run_that_breaks_off_changes_nothing(session, portal_of, hostile):
    page = "<{0}> a hydra:PartialCollectionView ; hydra:next <{1}> .".format
    hostile.say("/c", turtle("Một", more=page(f"{hostile.url}/c", f"{hostile.url}/d")))
    hostile.say("/d", turtle("Hai", start=2))
    id_ = portal_of(f"{hostile.url}/c")
    assert harvest.run(SYSTEM, id_).added == 2
    hostile.say("/c", turtle("Một đã sửa", more=page(f"{hostile.url}/c", f"{hostile.url}/d")))
    hostile.say("/d", "no turtle")
    result = harvest.run(SYSTEM, id_)
    assert (result.ok, result.read) == (False, 1)
    assert "cannot be read" in result.error
    assert set(listed(session)) == {"Một", "Hai"}
    session.expire_all()
    assert session.get(Harvest, id_).last_result["ok"] is False


def test_pages_that_lead_in_a_circle_end(session, portal_of, hostile):
    page = "<{0}> a hydra:PartialCollectionView ; hydra:next <{1}> .".format
    hostile.say("/c", turtle("Một", more=page(f"{hostile.url}/c", f"{hostile.url}/d")))
    hostile.say("/d", turtle("Hai", start=2, more=page(f"{hostile.url}/d", f"{hostile.url}/c")))
    result = harvest.run(SYSTEM, portal_of(f"{hostile.url}/c"))
    assert (result.ok, result.read, hostile.asked) == (True, 2, ["/c", "/d"])


def test_the_same_dataset_of_two_portals_is_shown_once_until_the_first_lets_go(session, portal_of, hostile):
    hostile.say("/a", turtle("Một", "Hai"))
    # another identifier, the same title and the same data
    hostile.say("/b", turtle("Một", "Ba").replace("there-", "other-").replace("example/set", "example/tap"))
    first, second = portal_of(f"{hostile.url}/a"), portal_of(f"{hostile.url}/b")
    harvest.run(SYSTEM, first)
    assert harvest.run(SYSTEM, second).repeated == 1
    assert set(listed(session)) == {"Một", "Hai", "Ba"}
    harvest.remove(session, SYSTEM, first)
    session.commit()
    assert set(listed(session)) == {"Một", "Ba"}


def test_what_came_from_us_or_what_we_list_already_is_a_repetition(session, portal_of, hostile, put, monkeypatch):
    monkeypatch.setenv("DOTHI_PUBLIC_URL", "https://tanan.example/")
    config.settings.cache_clear()
    put("den-duong", LAMPS, title="Đèn đường")
    put("song", title="Sông", source_url="http://there.example/song")
    put("kin", title="Kín", sharing="restricted", source_url="http://there.example/kin")
    dataset = '<{0}> a dcat:Dataset ; dct:title "{1}" .\n'.format
    hostile.say("/c", PREFIXES + dataset("https://tanan.example/catalogue/den-duong#dataset", "Đèn") + dataset("http://there.example/song", "S")
                + dataset("http://there.example/kin", "K") + dataset("https://tanan.example/catalogue/kin", "L"))  # fmt: skip
    id_ = portal_of(f"{hostile.url}/c")
    harvest.run(SYSTEM, id_)
    found = {one.title: one.same_as for one in listed(session, repeats=True).values()}
    assert found == {"Đèn": "den-duong", "S": "song", "K": None, "L": None}  # what is hidden here is not given away


def test_harmful_descriptions_are_cleaned_or_left_out(session, portal_of, hostile):
    hostile.say(
        "/c",
        PREFIXES
        + """<http://there.example/1> a dcat:Dataset ; dct:title "Tên\\u0000\\u0007 <script>"@vi ;
            dct:description "%s" ; dcat:landingPage <javascript:alert(1)> ; dct:license <file:///etc/passwd> ;
            dct:spatial [ dcat:bbox "POLYGON((0 0, 999 0, 9 9, 0 0))" ] , [ dcat:bbox "nonsense" ] ;
            dct:temporal [ dcat:startDate "yesterday" ] ; dct:modified "2026-02-03"^^xsd:date ;
            dcat:distribution [ dcat:downloadURL <javascript:alert(2)> ] , [ dcat:accessURL <data:text/html,x> ] ,
                [ dcat:accessURL <http://there.example/a.csv> ; dct:format "CSV" ] .
           <http://there.example/2> a dcat:Dataset .
           [] a dcat:Dataset ; dct:title "Không tên" ."""
        % ("x" * 50_000),
    )
    result = harvest.run(SYSTEM, portal_of(f"{hostile.url}/c"))
    assert (result.ok, result.added, result.refused, len(result.faults)) == (True, 1, 2, 2)
    (one,) = listed(session).values()
    assert one.title == "Tên <script>"
    assert len(one.description) == foreign.TEXT
    kept = json.dumps(one.metadata_)
    assert not any(word in kept for word in ("javascript", "file:", "data:text"))
    assert one.metadata_["dcat:distribution"] == [
        {"title": "csv", "url": "http://there.example/a.csv", "format": "csv", "media_type": "text/csv"}
    ]
    assert {"dcat:bbox", "dct:temporal"}.isdisjoint(one.metadata_)
    assert one.modified_at == clock.parse("2026-02-03T00:00:00Z")


def test_an_address_inside_is_refused_unless_the_setting_allows_it(session, hostile, database):
    hostile.say("/c", turtle("Một"))
    id_ = harvest.add(session, SYSTEM, f"{hostile.url}/c", "dcat", "Cổng").id
    session.commit()
    result = harvest.run(SYSTEM, id_)
    assert (result.ok, hostile.asked) == (False, [])
    assert "private or special" in result.error


def test_a_portal_that_is_no_ckan_is_told_in_words(session, portal_of, hostile):
    asked = f"/api/3/action/package_search?rows={ckan.ROWS}&start=0&sort=metadata_created+asc%2C+name+asc"
    id_ = portal_of(hostile.url, "ckan")
    for body in ("", "{}", "[]", '{"success": true}', '{"success": true, "result": {"results": 1, "count": 1}}', "[" * 99_999,
                 '{"success": false, "error": {}}'):  # fmt: skip
        hostile.say(asked, body, "application/json")
        result = harvest.run(SYSTEM, id_)
        assert (result.ok, result.read) == (False, 0), body
        assert result.error
    hostile.say(asked, '{"success": true, "result": {"results": [1, {}, {"id": "a"}], "count": 3}}', "application/json")
    result = harvest.run(SYSTEM, id_)
    assert (result.ok, result.refused, len(result.faults)) == (True, 3, 3)


def test_packages_of_other_portals_are_read_as_they_come():
    one = ckan.package(
        {
            "id": "0f", "name": "mua", "title": " Lượng  mưa ", "notes": "Trạm", "organization": {"title": "Sở"}, "license_id": "cc-by",
            "metadata_modified": "2025-05-01T08:00:00.123456", "tags": [{"name": "mưa"}, {"name": "mưa"}, 3], "groups": None,
            "resources": [{"name": "", "url": "http://p.example/mua.xlsx", "format": "XLSX"}, {"url": "ftp://x"}, "x"],
            "extras": [{"key": "spatial", "value": '{"type":"Point","coordinates":[106.5,10.5]}'}, {"key": "theme", "value": "ENVI"}],
        },
        "http://p.example",
    )  # fmt: skip
    assert (one.title, one.publisher, one.landing) == ("Lượng mưa", "Sở", "http://p.example/dataset/mua")
    assert one.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert one.modified == clock.parse("2025-05-01T08:00:00.123456Z")
    assert (one.keywords, one.themes, one.box) == (("mưa",), ("ENVI",), (106.5, 10.5, 106.5, 10.5))
    assert [(form.title, form.format) for form in one.forms] == [("xlsx", "xlsx")]


def test_json_ld_and_rdf_xml_of_other_portals_are_read():
    jsonld = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@graph": [{"@id": "http://p.example/1", "@type": "dcat:Dataset", "dct:title": [{"@value": "Rain", "@language": "en"}, {"@value": "Mưa", "@language": "vi"}]}],
    }  # fmt: skip
    graph = dcat.parse(Answer("http://p.example/c", "application/ld+json", json.dumps(jsonld).encode()))
    xml = graph.serialize(format="xml", encoding="utf-8")
    for read in (graph, dcat.parse(Answer("http://p.example/c", "application/rdf+xml", xml))):
        (node,) = read.subjects(None, dcat.DCAT.Dataset)
        one = dcat.dataset(read, node)
        assert (one.title, one.title_en, one.identifier) == ("Mưa", "Rain", "http://p.example/1")


def test_a_portal_is_added_by_whoever_may_and_only_once(session, private):
    harvest.add(session, SYSTEM, "https://p.example/c.ttl", "dcat", "Cổng")
    with pytest.raises(Conflict):
        harvest.add(session, SYSTEM, "https://p.example/c.ttl", "ckan", "Cổng khác")
    with pytest.raises(BadInput) as error:
        harvest.add(session, SYSTEM, "file:///etc/passwd", "ftp", " ")
    assert {fault.place for fault in error.value.faults} == {"url", "kind", "title"}
    with pytest.raises(NotFound):
        harvest.add(session, SYSTEM, "https://q.example", "ckan", "Cổng", agency="nobody")
    with pytest.raises(NotSignedIn):
        harvest.add(session, ANONYMOUS, "https://q.example", "ckan", "Cổng")
    with pytest.raises(NotAllowed):
        harvest.run(Caller("person", 1, everywhere=frozenset({"data:read"})), 1)


def test_portals_are_read_once_a_day_and_one_that_fails_keeps_none_back(session, portal_of, hostile, monkeypatch):
    hostile.say("/b", turtle("Một"))
    failing, fine = portal_of(f"{hostile.url}/a"), portal_of(f"{hostile.url}/b")
    stopped = portal_of(f"{hostile.url}/c")
    harvest.set_active(session, SYSTEM, stopped, active=False)
    session.commit()
    assert {id_: one.ok for id_, one in harvest.run_due().items()} == {failing: False, fine: True}
    assert harvest.run_due() == {}
    later = clock.now_micros() + 25 * clock.HOUR
    monkeypatch.setattr(clock, "source", lambda: clock.moment(later))
    assert set(harvest.run_due()) == {failing, fine}


def test_the_command_line_adds_runs_lists_and_removes(session, private, hostile):
    hostile.say("/c", turtle("Một", "Hai"))
    run = CliRunner()

    def said(*words, code=0):
        done = run.invoke(app, list(words))
        assert done.exit_code == code, done.output
        return done.output

    assert "portal 1" in said("add", f"{hostile.url}/c", "--kind", "dcat", "--title", "Cổng bạn")
    assert "2 datasets: 2 new" in said("run", "1")
    assert "Cổng bạn" in said("list")
    assert "2 the same" in said("run")
    hostile.answers.clear()
    assert "failed" in said("run", code=1)
    said("remove", "1")
    assert listed(session) == {}
    assert session.scalars(select(Dataset)).all() == []
