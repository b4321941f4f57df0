"""Real receivers: an SMTP server, a server for webhooks, browsers and gateways; people with addresses."""

import base64
import email
import email.policy
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dothi import config
from dothi.db import session as db
from dothi.identity import access, service
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.notify import addresses, sending, store
from dothi.notify.tables import Message
from tests.servers import free_port


class Mailbox:
    """An SMTP server on a free port that keeps what it takes. refusing: recipient to the answer it gets."""

    def __init__(self, **how):
        self.letters, self.refusing, self.broken, self.gone = [], {}, False, False
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **how)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refusing:
            return self.refusing[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.broken:
            return "451 4.3.0 later"
        made = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append(made)
        return "250 OK"

    def text(self, place=-1):
        return self.letters[place].get_content().replace("\r\n", "\n").rstrip()

    def __enter__(self):
        self.controller.start()
        return self

    def away(self):
        """Nobody answers at the port any more."""
        self.controller.stop()
        self.gone = True

    def __exit__(self, *_):
        if not self.gone:
            self.controller.stop()


class Receiver(ThreadingHTTPServer):
    """Keeps each call. answers: status codes to give, the last one for ever; headers: of every answer."""

    daemon_threads = True

    def __init__(self):
        self.calls, self.answers, self.headers, self.on_call = [], [200], {}, None
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.calls.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.server.on_call:
            self.server.on_call()
        status = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Browser:
    """What a browser keeps of its opting in, and how it reads a message (RFC 8291, RFC 8188), by hand."""

    def __init__(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def point(self):
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def keys(self):
        return {"p256dh": b64(self.point), "auth": b64(self.auth)}

    def read(self, body):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))

        def derived(salt, key, info, length):
            return HKDF(SHA256(), length, salt, info).derive(key)

        key = derived(self.auth, shared, b"WebPush: info\0" + self.point + sender, 32)
        cipher = AESGCM(derived(salt, key, b"Content-Encoding: aes128gcm\0", 16))
        plain = cipher.decrypt(derived(salt, key, b"Content-Encoding: nonce\0", 12), sealed, None)
        return json.loads(plain.rstrip(b"\0")[:-1])  # the last byte, 2, ends the last record


def b64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def mailbox(monkeypatch, database):
    with Mailbox() as box:
        monkeypatch.setenv("DOTHI_SMTP_URL", f"smtp+plain://127.0.0.1:{box.port}")
        monkeypatch.setenv("DOTHI_MAIL_FROM", "Điều hành Tân An <dieuhanh@example.vn>")
        monkeypatch.setenv("DOTHI_PUBLIC_URL", "http://tanan.example.vn")
        config.settings.cache_clear()
        yield box


@pytest.fixture
def receiver(monkeypatch, database):
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("DOTHI_NOTIFY_PRIVATE", "1")
    config.settings.cache_clear()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def now(monkeypatch):
    """A clock that stands until it is moved: now.pass_(seconds)."""

    class Now:
        at = clock.parse("2026-11-21T07:00:00Z")  # 14:00 in Vietnam

        def pass_(self, seconds):
            self.at += int(seconds * clock.SECOND)

        def set(self, text):
            self.at = clock.parse(text)

    made = Now()
    monkeypatch.setattr(clock, "source", lambda: clock.moment(made.at))
    return made


@pytest.fixture
def people(database):
    """Make people: people(login, role, agency) -> Caller."""

    def made(login, role="duty-officer", agency=None):
        with db.writing() as session:
            if agency and not any(one.code == agency for one in _agencies(session)):
                service.create_agency(session, SYSTEM, agency, f"Cơ quan {agency}")
            person = service.create_person(session, SYSTEM, login, f"Người {login}", agency=agency)
            service.grant(session, SYSTEM, person, role, "agency" if agency else "all", agency)
            return access.of_person(session, person)

    return made


def _agencies(session):
    from dothi.identity import store as identity

    return identity.agencies(session)


def give(caller, channel, target, **how):
    """A confirmed address of a person's; of a webhook its key."""
    with db.writing() as session:
        made, key = addresses.add(session, caller, channel, target, **how)
        made.confirmed_at, made.token = clock.now_micros(), None
        store.drop_waiting(session, made.id, "confirmed by the test")
        id_ = made.id
    return (id_, key) if key else id_


def prefer(caller, channel="mail", **how):
    wanted = {
        "severity": "major", "kinds": [], "sectors": [], "quiet_from": None, "quiet_until": None,
        "quiet_breaks": "critical",
    }  # fmt: skip
    with db.writing() as session:
        addresses.prefer(session, caller, channel, **{**wanted, **how})


def send():
    return sending.send_due(5)


def messages():
    from sqlalchemy import select

    with db.reading() as session:
        return list(
            session.scalars(
                select(Message).where(Message.error.is_distinct_from("confirmed by the test")).order_by(Message.id)
            )
        )
