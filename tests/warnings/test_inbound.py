"""Others' messages: what is believed, what is refused, and whose warnings a message may end."""

from dataclasses import replace

import pytest
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, TooLarge
from dothi.warnings import feeds, inbound, model, parsing, reading, service, signing, store, writing
from dothi.warnings.inbound import NotBelieved
from dothi.warnings.model import Alert, Area, Info, Reference
from dothi.warnings.parsing import Hostile
from dothi.warnings.signing import NotSigned
from tests.warnings.conftest import READER

RING = ((10.51, 106.41), (10.51, 106.43), (10.53, 106.43), (10.51, 106.41))
SENDER = "canhbao@kttv.example"


def message(identifier="KT-1", *, ago=600, sender=SENDER, **changes) -> Alert:
    info = Info(
        ("Met",), "Bão", "Expected", "Severe", "Likely", "vi-VN", headline="Bão số 9", description="Gió cấp 12.",
        sender_name="Đài Khí tượng", areas=(Area("Vùng hạ lưu", (RING,)),),
        expires=clock.now_micros() // clock.SECOND * clock.SECOND + 6 * clock.HOUR,
    )  # fmt: skip
    sent = (clock.now_micros() // clock.SECOND - ago) * clock.SECOND
    return replace(Alert(identifier, sender, sent, "Actual", "Alert", infos=(info,)), **changes)


@pytest.fixture
def feed(session, wards):
    made = feeds.follow(session, SYSTEM, "kttv", "https://kttv.example/cap.xml", "Đài Khí tượng", senders=[SENDER])
    session.commit()
    return made


@pytest.fixture
def take(session, feed):
    def taken(what, of=feed):
        body = what if isinstance(what, bytes) else writing.xml(what)
        return inbound.take(session, of, body, clock.now_micros())

    return taken


def headlines(session, caller=ANONYMOUS):
    return [one.info("vi")["headline"] for one in service.current(session, caller)]


def test_a_message_becomes_a_warning_on_the_map(session, take):
    assert take(message()).outcome == "new"
    (one,) = service.current(session, ANONYMOUS)
    assert (one.inbound, one.tone, one.sender, one.units) == (True, "major", SENDER, ("27694", "27712"))
    assert one.geometry["type"] == "MultiPolygon"
    assert one.info("vi")["sender_name"] == "Đài Khí tượng"
    assert service.current(session, ANONYMOUS, own=True) == []
    assert service.current(session, ANONYMOUS, known=one.sent_at) == [], "it was sent, but we did not know yet"


def test_the_same_again_is_no_news_and_something_else_under_its_name_is_refused(session, take):
    first = message()
    take(first)
    assert take(first).outcome == "known"
    forged = replace(first, infos=(replace(first.infos[0], headline="Đã tan"),))
    with pytest.raises(NotBelieved):
        take(forged)
    assert headlines(session) == ["Bão số 9"]


def test_an_update_and_a_cancel_are_followed(session, take):
    first = message(ago=900)
    take(first)
    second = message("KT-2", ago=600, msg_type="Update", references=(first.reference,))
    second = replace(second, infos=(replace(second.infos[0], headline="Bão mạnh thêm"),))
    take(second)
    assert headlines(session) == ["Bão mạnh thêm"]
    take(message("KT-3", ago=300, msg_type="Cancel", references=(first.reference, second.reference), infos=()))
    assert headlines(session) == []
    rows = [store.received(session, "kttv", SENDER, f"KT-{n}") for n in (1, 2, 3)]
    assert [one.state for one in rows] == ["superseded", "cancelled", "published"]
    assert len({one.chain_id for one in rows}) == 1


def test_what_comes_after_what_ended_it_is_over(session, take):
    first = message(ago=900)
    take(message("KT-2", ago=300, msg_type="Cancel", references=(first.reference,), infos=()))
    take(first)
    assert headlines(session) == []


def test_nobody_ends_what_somebody_else_warned_of(session, take, feed):
    feed.senders = []
    first = message()
    take(first)
    other = feeds.follow(session, SYSTEM, "la", "https://other.example/", "Nguồn lạ")
    take(message("X-1", ago=60, sender="la@other.example", msg_type="Cancel", references=(first.reference,), infos=()))
    take(message("KT-9", ago=60, msg_type="Cancel", references=(first.reference,), infos=()), other)
    take(message("KT-8", ago=60, status="Exercise", msg_type="Cancel", references=(first.reference,), infos=()))
    assert headlines(session) == ["Bão số 9"]
    # nor does a feed keep another from saying something by taking its name first
    take(message("KT-7", ago=50), other)
    assert take(message("KT-7", ago=40)).outcome == "new"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"sender": "la@other.example"}, NotBelieved),
        ({"sender": "canh-bao@localhost"}, NotBelieved),
        ({"ago": -3600}, NotBelieved),
        ({"identifier": "a b"}, BadInput),
        ({"msg_type": "Update"}, BadInput),
        ({"scope": "Private"}, BadInput),
    ],
)
def test_who_is_not_believed_leaves_nothing(session, take, changes, kind):
    with pytest.raises(kind):
        take(message(**changes))
    assert headlines(session) == []


def test_ours_are_never_taken_from_others(session, take, publish):
    """Somebody plays our own message back to us."""
    row = publish()
    body = store.document(session, ANONYMOUS, row.identifier).xml.encode()
    with pytest.raises(NotBelieved):
        take(body)


def test_history_sent_again_is_not_taken(session, take):
    old = message(ago=20 * 86400)
    old = replace(old, infos=(replace(old.infos[0], expires=old.sent + clock.HOUR),))
    assert take(old).outcome == "old"
    assert take(replace(old, identifier="KT-x", infos=(replace(old.infos[0], expires=None),))).outcome == "old"
    recent = message("KT-2", ago=86400)
    recent = replace(recent, infos=(replace(recent.infos[0], expires=recent.sent + clock.HOUR),))
    assert take(recent).outcome == "new"
    assert headlines(session) == []


def test_what_is_not_for_the_public_is_for_the_desk(session, take):
    take(message("KT-1", scope="Restricted", restriction="lực lượng chức năng"))
    take(message("KT-2", status="Exercise"))
    assert headlines(session) == []
    assert headlines(session, READER) == ["Bão số 9", "Bão số 9"]
    assert store.published(session, ANONYMOUS, "KT-1", "kttv") is None


def test_acknowledgements_and_drafts_are_ignored(session, take):
    before = Reference(SENDER, "KT-0", 0)
    assert take(message("KT-1", msg_type="Ack", references=(before,))).outcome == "ignored"
    assert take(message("KT-2", status="Draft")).outcome == "ignored"


# ── signatures


def key_and_certificate():
    key, mark, pem = signing._made().partition("-----BEGIN CERTIFICATE-----")
    return key, mark + pem


def signed(alert: Alert, key: str, pem: str) -> bytes:
    signer = XMLSigner(
        SignatureConstructionMethod.enveloped, "rsa-sha256", "sha256", CanonicalizationMethod.CANONICAL_XML_1_0
    )
    return writing.document(signer.sign(writing.element(alert), key=key, cert=pem))


def test_where_a_certificate_is_given_only_its_signature_counts(session, take, feed):
    key, pem = key_and_certificate()
    other_key, other = key_and_certificate()
    feed.certificate = pem
    good = signed(message(), key, pem)
    for bad in (
        writing.xml(message()),
        signed(message(), other_key, other),
        good.replace(b"Severe", b"Minor "),
        good.replace("Bão số 9".encode(), "Bão số 8".encode()),
    ):
        with pytest.raises(NotSigned):
            take(bad)
    assert take(good).outcome == "new"
    assert store.received(session, "kttv", SENDER, "KT-1").signed


def test_a_good_signature_wrapped_around_a_lie_is_refused(session, take, feed):
    """The signed message hidden within a forged one: only what was signed is read."""
    key, pem = key_and_certificate()
    feed.certificate = pem
    good = signed(message(), key, pem)
    inner = good.partition(b"?>\n")[2]
    lie = writing.xml(message("KT-lie")).replace(b"</alert>", inner + b"</alert>")
    with pytest.raises(DothiError):
        take(lie)
    signature = good[good.index(b"<ds:Signature") : good.index(b"</ds:Signature>") + len(b"</ds:Signature>")]
    with pytest.raises(NotSigned):
        take(writing.xml(message("KT-lie")).replace(b"</alert>", signature + b"</alert>"))
    assert headlines(session) == []


# ── hostile documents

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>&j;</identifier></alert>"
)
HOSTILE = {
    "billion laughs": LAUGHS,
    "quadratic blowup": b'<!DOCTYPE a [<!ENTITY a "' + b"a" * 50_000 + b'">]><alert>' + b"&a;" * 5000 + b"</alert>",
    "external file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>',
    "external address": b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]><alert>&x;</alert>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><alert/>',
    "external DTD": b'<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/x.dtd"><alert/>',
    "bare doctype": b"<!DOCTYPE alert><alert/>",
    "in UTF-16": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]><alert>&x;</alert>'.encode("utf-16"),
    "deep": b"<a>" * 5000 + b"</a>" * 5000,
    "many elements": b"<a>" + b"<b/>" * 60_000 + b"</a>",
    "many attributes": b"<a " + b" ".join(b"a%d='1'" % i for i in range(500)) + b"/>",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_before_it_is_built(name, monkeypatch):
    monkeypatch.setattr(parsing.etree, "fromstring", lambda *_: pytest.fail("it was built"))
    with pytest.raises(Hostile):
        parsing.parse(HOSTILE[name])


@pytest.mark.parametrize("body", [b"", b"hello", b"<alert>", b"\x00\x01", b"<?xml version='1.0' encoding='x-klingon'?><a/>", b"<a>\xff</a>",
                                  b"<a xmlns:b='c'><d:e/></a>", b"<a/><b/>"])  # fmt: skip
def test_what_is_no_xml_is_said_so(body):
    with pytest.raises(BadInput):
        parsing.parse(body)


def test_too_large_is_not_read(take):
    with pytest.raises(TooLarge):
        take(b"<alert>" + b" " * inbound.MOST_BYTES + b"</alert>")
    text = " ".join(["10,106"] * 60_000)
    with pytest.raises(BadInput):
        reading.alert(parsing.parse(writing.xml(message()).replace(b"10.51,106.41 10.51,106.43", text.encode())))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ((b"<status>Actual</status>", b""), "status"),
        ((b"<status>Actual</status>", b"<status>Live</status>"), "status"),
        ((b"<status>Actual</status>", b"<status>Actual</status><status>Test</status>"), "status"),
        ((b"<scope>Public</scope>", b""), "scope"),
        ((b"<category>Met</category>", b""), "info.0.category"),
        ((b"<urgency>", b"<colour>red</colour><urgency>"), "info.0"),
        ((b"<event>", b"<urgency>Past</urgency><event>"), "info.0.event"),
        ((b"10.51,106.41 10.51,106.43", b"10.51 106.41,10.51"), "info.0.area.0.polygon.0"),
        ((b"<headline>", b"<headline><b>x</b>"), "info.0.headline.0"),
        ((b"+07:00</sent>", b"Z</sent>"), "sent.0"),
    ],
)
def test_what_is_not_in_the_form_is_named(change, place):
    body = writing.xml(message())
    assert change[0] in body
    with pytest.raises(BadInput) as caught:
        reading.alert(parsing.parse(body.replace(*change, 1)))
    assert place in [fault.place for fault in caught.value.faults]


def test_forms_of_other_countries_are_read(session, take, feed):
    """A prefix, another encoding, empty elements, codes of a profile, UTC with a minus, times over, two languages."""
    feed.senders = []
    now = model.written(clock.now_micros() - 60 * clock.SECOND)
    later = model.written(clock.now_micros() + clock.HOUR)
    body = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<c:alert xmlns:c="{model.NAMESPACE}"><!-- of a test --><c:identifier>2.49.0.1.124</c:identifier><c:sender>cap@met.example</c:sender>
<c:sent>{now}</c:sent><c:status>Actual</c:status><c:msgType>Alert</c:msgType><c:scope>Public</c:scope><c:restriction/>
<c:addresses/><c:code>profile:X</c:code><c:note/><c:references/><c:incidents/>
<c:info><c:category>Met</c:category><c:category>Fire</c:category><c:event>Orage à Québec</c:event><c:urgency>Past</c:urgency>
<c:severity>Minor</c:severity><c:certainty>Observed</c:certainty><c:eventCode><c:valueName>SAME</c:valueName><c:value>SVA</c:value></c:eventCode>
<c:expires>{later}</c:expires><c:web>javascript:alert(1)</c:web><c:contact/><c:area><c:areaDesc>Québec</c:areaDesc><c:circle>10.52,106.41 0.5</c:circle>
<c:geocode><c:valueName>CAP-CP</c:valueName><c:value>35</c:value></c:geocode></c:area></c:info>
<c:info><c:language>en-CA</c:language><c:category>Met</c:category><c:event>Thunderstorm</c:event><c:urgency>Past</c:urgency><c:severity>Extreme</c:severity>
<c:certainty>Observed</c:certainty><c:area><c:areaDesc>Quebec</c:areaDesc></c:area></c:info></c:alert>""".encode(
        "iso-8859-1"
    )
    assert take(body).outcome == "new"
    assert take(body).outcome == "known"
    (one,) = service.current(session, ANONYMOUS)
    assert one.severity == "Extreme"
    assert one.infos[0]["event"] == "Orage à Québec"
    assert one.infos[0]["web"] == ""
    assert one.info("en")["event"] in ("Orage à Québec", "Thunderstorm")
    assert one.units == ("27694",)


def test_following_takes_who_may_publish_everywhere(session, wards):
    from tests.warnings.conftest import WRITER

    with pytest.raises(DothiError):
        feeds.follow(session, WRITER, "x", "https://x.example/", "X")
    with pytest.raises(BadInput) as caught:
        feeds.follow(session, SYSTEM, "X y", "ftp://x", " ", certificate="no", minutes=0)
    assert {fault.place for fault in caught.value.faults} == {"code", "url", "title", "certificate", "minutes"}
