"""What other servers answer does this one no harm, and it is led nowhere inside."""

import socket
import time

import pytest

from dothi.exchange import dcat
from dothi.exchange.fetch import Answer, Fetcher, Limits, Refused, is_public
from tests.catalogue.hostile import Hostile, bomb, dripping, endless

SMALL = Limits(size=100_000, seconds=1.0, pause=0.5, redirects=3)


@pytest.fixture
def hostile():
    with Hostile() as server:
        yield server


def fetched(url, *, private=True, limits=SMALL):
    with Fetcher(limits, private=private) as fetcher:
        return fetcher.get(url, "text/turtle")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1", "198.18.0.1",
    ],
)  # fmt: skip
def test_special_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "203.162.4.190", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


def test_a_private_address_is_refused_before_anything_is_sent(hostile):
    hostile.say("/", "")
    with pytest.raises(Refused, match="private or special"):
        fetched(hostile.url, private=False)
    with pytest.raises(Refused, match="private or special"):
        fetched(hostile.url.replace("127.0.0.1", "localhost"), private=False)
    assert hostile.asked == []


def test_a_name_with_one_private_address_among_public_ones_is_refused(hostile, monkeypatch):
    port = hostile.server_port
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("1.1.1.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused, match="private or special"):
        fetched(f"http://portal.example:{port}/", private=False)
    assert hostile.asked == []


def test_the_address_that_was_looked_at_is_the_one_connected_to(hostile, monkeypatch):
    hostile.say("/", "# here")
    real, told = socket.getaddrinfo, []

    def once(host, port, *rest, **named):
        told.append(host)
        return real("127.0.0.1", port, *rest, **named) if host == "portal.example" else real(host, port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    assert fetched(f"http://portal.example:{hostile.server_port}/").body == b"# here"
    assert told.count("portal.example") == 1


def test_a_redirect_is_followed_and_looked_at_again(hostile):
    hostile.say("/a", "", status=302, location="/b")
    hostile.say("/b", "# here", kind="text/turtle; charset=utf-8")
    answer = fetched(f"{hostile.url}/a")
    assert (answer.url, answer.media_type, answer.body) == (f"{hostile.url}/b", "text/turtle", b"# here")
    for to in ("file:///etc/passwd", "gopher://127.0.0.1/", "http://user:secret@127.0.0.1/", "http://[::1"):
        hostile.say("/a", "", status=302, location=to)
        with pytest.raises(Refused):
            fetched(f"{hostile.url}/a")


def test_redirects_that_do_not_end_are_given_up(hostile):
    hostile.say("/a", "", status=301, location="/a")
    with pytest.raises(Refused, match="redirects"):
        fetched(f"{hostile.url}/a")
    assert len(hostile.asked) == SMALL.redirects + 1


def test_a_body_without_end_is_cut_off(hostile):
    hostile.answers["/"] = endless
    with pytest.raises(Refused, match="larger than"):
        fetched(hostile.url, limits=Limits(size=100_000, seconds=20, pause=5))


def test_a_slow_body_is_given_up_though_every_byte_comes_soon(hostile):
    hostile.answers["/"] = dripping
    began = time.monotonic()
    with pytest.raises(Refused, match="took too long"):
        fetched(hostile.url)
    assert time.monotonic() - began < 8


def test_a_packed_bomb_is_not_unpacked(hostile):
    hostile.say("/", bomb(50_000_000), **{"content-encoding": "gzip"})
    with pytest.raises(Refused, match="larger than"):
        fetched(hostile.url)
    hostile.say("/", b"no gzip at all", **{"content-encoding": "gzip"})
    with pytest.raises(Refused, match="unpacked"):
        fetched(hostile.url)
    hostile.say("/", bomb(50_000), **{"content-encoding": "gzip"})
    assert len(fetched(hostile.url).body) == 50_000


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a.example/", "", "http://", "//a", "http://a b/", "http://a:99999/"]
)
def test_what_is_no_address_of_the_web_is_refused(url):
    with pytest.raises(Refused):
        fetched(url)


def test_an_answer_that_is_none_is_said_in_words(hostile):
    with pytest.raises(Refused, match="answered 404"):
        fetched(hostile.url)
    hostile.answers["/"] = lambda handler: handler.wfile.write(b"\xff\xfe nonsense\r\n\r\n")
    with pytest.raises(Refused, match="cannot be read"):
        fetched(hostile.url)


def document(body, kind):
    return Answer("http://portal.example/catalogue", kind, body.encode() if isinstance(body, str) else body)


LAUGHS = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="x:&b;"/></rdf:RDF>"""
OUTSIDE = LAUGHS.replace('<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE])
def test_xml_entities_are_refused(text):
    for body in (text, text.encode("utf-16")):
        with pytest.raises(Refused, match="entity"):
            dcat.parse(document(body, "application/rdf+xml"))


@pytest.mark.parametrize(
    "text",
    [
        '{"@context": "http://inside.example/context", "@id": "x:1"}',
        '{"@context": [{}, "http://inside.example/context"]}',
        '{"@graph": [{"@context": "http://inside.example/context"}]}',
        '{"@context": {"@import": "http://inside.example/context"}}',
        '{"@context": {"a": {"@id": "x:a", "@context": "http://inside.example/context"}}}',
    ],
)
def test_a_json_ld_context_elsewhere_is_refused_unasked(text, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("another server was asked"))
    with pytest.raises(Refused, match="elsewhere"):
        dcat.parse(document(text, "application/ld+json"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[" * 100_000, "application/ld+json"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "application/ld+json"),
        ("<http://a> <http://b> " + "[ <http://c> " * 20_000, "text/turtle"),
        ("no turtle", "text/turtle"),
        ("<a><b></a>", "application/rdf+xml"),
        (b"\xff\xfe\x00", "text/turtle"),
        ("<html></html>", "text/html"),
    ],
)
def test_what_is_no_rdf_is_refused_in_words(text, kind):
    with pytest.raises(Refused):
        dcat.parse(document(text, kind))
