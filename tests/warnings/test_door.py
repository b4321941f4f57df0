"""The public door and pages: the feed, signed messages, what is in force; nothing of drafts at any of them."""

import httpx
import pytest
from lxml import etree

from dothi import config
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.warnings import feeds, parsing, reading, service, signing, standing, store, writing
from dothi.warnings.tables import Warning_
from tests.warnings import cap12
from tests.warnings.conftest import WRITER, cancelled, composed, said
from tests.warnings.test_inbound import message

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def told(publish, server):
    """A warning, an exercise, a draft with a secret in it; and how the door is asked."""
    one = publish()
    drill = publish(status="Exercise")
    with db.writing() as session:
        hidden = service.draft(session, WRITER, composed(said={"vi": said("Bí mật chưa phát")}))
        service.ask(session, WRITER, hidden.id, hidden.version)
    standing.forget()
    with httpx.Client(base_url=server.url, headers={"accept": "text/html"}) as web:
        yield web, one, drill, hidden


def test_the_feed_leads_to_every_signed_message(told):
    web, one, drill, _ = told
    answer = web.get("/cap/atom.xml")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    entries = etree.fromstring(answer.content).findall(f"{ATOM}entry")
    assert len(entries) == 1
    links = {link.get("type"): link.get("href") for link in entries[0].findall(f"{ATOM}link")}
    xml = web.get(links["application/cap+xml"])
    assert xml.headers["content-type"].startswith("application/cap+xml")
    assert cap12.schema().validate(etree.fromstring(xml.content))
    pem = web.get("/cap/certificate.pem").text
    assert reading.alert(signing.verified(parsing.parse(xml.content), pem)).identifier == one.identifier
    assert web.get(links["text/html"]).status_code == 200
    exercises = etree.fromstring(web.get("/cap/atom.xml?status=Exercise&lang=en").content).findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title")[:9] for entry in exercises] == ["EXERCISE:"]
    assert web.get(f"/cap/{drill.identifier}.xml").status_code == 200


def test_what_did_not_change_is_not_sent_again(told):
    web, one, _, _ = told
    for path in ("/cap/atom.xml", f"/cap/{one.identifier}.xml", "/cap/certificate.pem", "/cap/current.geojson"):
        first = web.get(path)
        again = web.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
    tag = web.get("/cap/atom.xml").headers["etag"]
    cancelled(one.id)
    changed = web.get("/cap/atom.xml", headers={"if-none-match": tag})
    assert changed.status_code == 200
    assert len(etree.fromstring(changed.content).findall(f"{ATOM}entry")) == 2


def test_drafts_are_nowhere(told):
    web, _, _, hidden = told
    for path in ("/cap/atom.xml", "/cap/atom.xml?status=Test", "/cap/current.geojson", "/warnings", "/"):
        assert "Bí mật" not in web.get(path).text, path
    for path in (
        f"/cap/{hidden.identifier}.xml",
        "/cap/nothing.xml",
        f"/warnings/{hidden.identifier}",
        "/warnings/nothing",
    ):
        assert web.get(path).status_code == 404, path
    for path in ("/operations/warnings", f"/operations/warnings/{hidden.id}", "/operations/warnings/new"):
        answer = web.get(path)
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/admin/sign-in"), path


def test_the_band_stands_over_every_page_for_real_warnings_only(told):
    web, one, _, _ = told
    for path in ("/", "/air", "/warnings", "/nothing-here"):
        assert web.get(path).text.count('class="band"') == 1, path
    assert "Until" not in web.get("/?lang=vi").text
    english = web.get("/?lang=en").text
    assert "River above alarm level III" in english
    cancelled(one.id)
    standing.forget()
    assert 'class="band"' not in web.get("/").text


def test_what_ended_since_it_was_kept_is_not_told(publish, monkeypatch):
    standing.forget()
    publish(expires_at=clock.now_micros() + clock.HOUR)
    assert len(standing.standing()) == 1
    later = clock.moment(clock.now_micros() + 2 * clock.HOUR)
    monkeypatch.setattr(clock, "source", lambda: later)
    assert standing.standing() == []


def test_ninety_days_are_told(told):
    web, one, _, _ = told
    for days, count in ((89, 1), (91, 0)):
        with db.writing() as session:
            session.get(Warning_, one.id).sent_at = clock.now_micros() - days * clock.DAY
        assert len(etree.fromstring(web.get("/cap/atom.xml").content).findall(f"{ATOM}entry")) == count


@pytest.mark.parametrize("query", ["status=Draft", "status=actual", "lang=fr", "x=1"])
def test_a_wrong_question_is_said_so(server, query):
    answer = httpx.get(f"{server.url}/cap/atom.xml?{query}")
    assert answer.status_code == 400
    assert answer.json()["faults"][0]["place"] == query.partition("=")[0]
    assert httpx.get(f"{server.url}/cap/current.geojson?bbox=1,2,3").status_code == 400


def test_one_installation_follows_another(told, session, monkeypatch):
    """Our own feed read as a stranger reads it: index, messages, signatures, and the end of a warning."""
    web, one, _, _ = told
    monkeypatch.setenv("DOTHI_HARVEST_PRIVATE", "1")
    monkeypatch.setenv("DOTHI_CAP_SENDER", "canh-bao@noi-khac.example")  # who reads is somebody else
    config.settings.cache_clear()
    url = str(web.base_url).rstrip("/") + "/cap/atom.xml"
    with db.writing() as own:
        pem = signing.certificate()
        feeds.follow(own, SYSTEM, "ban", url, "Tỉnh bạn", senders=["canh-bao@localhost"], certificate=pem)
    assert feeds.due(clock.now_micros()) == ["ban"]
    done = feeds.poll("ban")
    assert (done.error, done.refused, done.counts) == (None, [], {"new": 1})
    assert feeds.due(clock.now_micros()) == []
    session.rollback()
    copy = store.received(session, "ban", "canh-bao@localhost", one.identifier)
    assert (copy.signed, copy.units, copy.inbound) == (True, ["27694", "27712"], True)
    assert copy.infos[0]["headline"] == one.infos[0]["headline"]
    cancelled(one.id)
    assert feeds.poll("ban").counts == {"new": 1}, "what was read is not asked for again"
    session.rollback()
    session.expire_all()
    assert store.received(session, "ban", "canh-bao@localhost", one.identifier).state == "cancelled"
    assert service.current(session, ANONYMOUS) == [
        told_ for told_ in service.current(session, ANONYMOUS) if told_.status == "Exercise"
    ]


def test_what_a_feed_says_wrong_is_kept_in_words(session, wards, monkeypatch):
    class Fetcher:
        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def get(self, url, _):
            from dothi.exchange.fetch import Answer, Refused

            links = "".join(
                f'<entry><id>{n}</id><updated>1</updated><link href="{n}.xml" type="application/cap+xml"/></entry>'
                for n in range(4)
            )
            found = {
                "https://kttv.example/atom.xml": f'<feed xmlns="http://www.w3.org/2005/Atom">{links}</feed>'.encode(),
                "https://kttv.example/0.xml": writing.xml(message("KT-0", sender="la@la.example")),
                "https://kttv.example/1.xml": b"<!DOCTYPE a><a/>",
                "https://kttv.example/2.xml": writing.xml(message("KT-2")),
            }
            if url not in found:
                raise Refused(f"{url} cannot be read: it took too long")
            return Answer(url, "application/xml", found[url])

    monkeypatch.setattr(feeds, "Fetcher", Fetcher)
    feeds.follow(session, SYSTEM, "kttv", "https://kttv.example/atom.xml", "Đài", senders=["canhbao@kttv.example"])
    session.commit()
    done = feeds.poll("kttv")
    assert done.counts == {"new": 1}
    assert len(done.refused) == 3
    again = feeds.poll("kttv")
    assert (again.counts, len(again.refused)) == ({}, 1), "only what could not be had is asked for again"
    session.rollback()
    session.expire_all()
    assert "took too long" in store.feed(session, "kttv").error
