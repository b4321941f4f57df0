"""Each channel against a real receiver: what arrives, how it is signed and sealed, what a refusal leads to."""

import base64
import hashlib
import hmac
import json
import ssl

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from dothi import config
from dothi.db import session as db
from dothi.kit import clock
from dothi.notify import mail, push, sending, sms, store
from dothi.notify.service import To, tell
from tests.notify.conftest import Browser, Mailbox, give, messages, send, unb64

TITLE = {"vi": "Nước sông vượt báo động 3", "en": "River above alarm level 3"}
BODY = {"vi": "Trạm Tân An: 2,41 m", "en": "Tan An station: 2.41 m"}


def tell_all(*callers, key="k", **how):
    given = {"severity": "critical", "link": "/operations?alarm=CB-26-00001", "kind": "alerts.alarm.raised", **how}
    with db.writing() as session:
        return tell(
            session, cause="alarm:1", key=key, to=To(people=tuple(one.id for one in callers)), title=TITLE, body=BODY,
            **given,
        )  # fmt: skip


def test_a_letter_says_in_the_readers_language_what_where_and_that_it_is_an_exercise(mailbox, people):
    lan, bob = people("lan"), people("bob")
    give(lan, "mail", "lan@example.vn")
    give(bob, "mail", "bob@example.vn", language="en")
    assert tell_all(lan, bob, exercise=True, simulated=True) == 2
    assert send() == 2
    vi, en = sorted(mailbox.letters, key=lambda one: one["to"], reverse=True)
    assert vi["subject"] == "DIỄN TẬP · MÔ PHỎNG: Nước sông vượt báo động 3"
    assert en["subject"] == "EXERCISE · SIMULATED: River above alarm level 3"
    assert vi.get_content().splitlines()[0] == "DIỄN TẬP. Đây không phải sự việc thật."
    assert "EXERCISE" in en.get_content().splitlines()[0]
    assert "2,41 m" in vi.get_content()
    assert "http://tanan.example.vn/operations?alarm=CB-26-00001" in vi.get_content()
    assert vi["from"] == "Điều hành Tân An <dieuhanh@example.vn>"
    assert [one.state for one in messages()] == ["sent", "sent"]


def test_no_title_breaks_out_of_its_line(mailbox, people):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    with db.writing() as session:
        tell(
            session, cause="alarm:1", key="k", to=To(people=(lan.id,)), title="Bơm\r\nBcc: x@evil.test\n\nhỏng", body="a\n.\nb",
            kind="alerts.alarm.raised",
        )  # fmt: skip
    send()
    assert mailbox.letters[0]["subject"] == "Bơm Bcc: x@evil.test hỏng"
    assert mailbox.letters[0]["bcc"] is None
    assert mailbox.text() == "a\n.\nb"


def test_what_a_mailbox_refuses_for_good_disables_its_address_and_the_others_go_on(mailbox, people, caplog):
    caplog.set_level("DEBUG", "dothi")
    lan, minh, hoa = people("lan"), people("minh"), people("hoa")
    give(lan, "mail", "lan@example.vn")
    give(minh, "mail", "minh@example.vn")
    give(hoa, "mail", "hoa@example.vn")
    mailbox.refusing = {"lan@example.vn": "550 5.1.1 <lan@example.vn> unknown", "minh@example.vn": "451 4.2.0 grey"}
    tell_all(lan, minh, hoa)
    send()
    states = {one.address_id: one for one in messages()}
    assert sorted((one.state, one.tries) for one in states.values()) == [("failed", 1), ("sent", 1), ("waiting", 1)]
    assert [one["to"] for one in mailbox.letters] == ["hoa@example.vn"]
    with db.reading() as session:
        disabled = [one for one in store.addresses(session, lan.id) if one.disabled_at]
        assert len(disabled) == 1
    kept = " ".join(one.error or "" for one in messages())
    assert "550" in kept
    assert "lan@" not in kept
    assert not [name for name in ("lan@", "minh@", "hoa@", "báo động") if name in caplog.text]


def test_letters_wait_while_the_mail_server_is_away_and_no_address_is_blamed(mailbox, people, now):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    tell_all(lan)
    mailbox.away()
    for _ in range(sending.TRIES + 2):
        now.pass_(600)
        assert send() == 1
    (one,) = messages()
    assert (one.state, one.tries) == ("waiting", sending.TRIES + 2)
    with db.reading() as session:
        assert store.addresses(session, lan.id)[0].failed == 0
    now.pass_(86_400)
    send()
    assert messages()[0].state == "dropped"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate of 127.0.0.1, signed by itself."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "thử")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(today - dt.timedelta(days=1)).not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("ca")
    (folder / "ca.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder


def login(server, session, envelope, mechanism, data):
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=(data.login, data.password) == (b"dothi", b"m@t khau/"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_password_travels_encrypted_or_not_at_all(people, monkeypatch, authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority / "ca.pem", authority / "key.pem")
    lan = people("lan")
    with Mailbox(tls_context=context, authenticator=login, auth_required=True) as box, Mailbox() as bare:
        for number, (port, ca, arrives) in enumerate(
            [(box.port, f"?ca={authority}/ca.pem", True), (box.port, "", False), (bare.port, "", False)]
        ):
            user = "dothi:m%40t%20khau%2F"
            monkeypatch.setenv("DOTHI_SMTP_URL", f"smtp://{user}@127.0.0.1:{port}{ca}")
            config.settings.cache_clear()
            if not number:
                give(lan, "mail", "lan@example.vn")
            before = len(box.letters) + len(bare.letters)
            tell_all(lan, key=str(number))
            send()
            assert len(box.letters) + len(bare.letters) - before == arrives
    assert "SSLCertVerificationError" in messages()[1].error
    assert "STARTTLS" in messages()[2].error


def test_a_webhook_confirms_by_answering_and_every_call_is_signed(receiver, people):
    from dothi.notify import addresses

    lan = people("lan")
    with db.writing() as session:
        made, key = addresses.add(session, lan, "webhook", f"{receiver.url}/hook")
        id_ = made.id
    receiver.answers = [503, 200]
    assert tell_all(lan) == 0, "nothing goes to an address that is not confirmed"
    send()
    with db.writing() as session:
        assert store.address(session, id_).confirmed_at is None
        session.get(type(messages()[0]), messages()[0].id).due_at = 0
    send()
    with db.reading() as session:
        assert store.address(session, id_).confirmed_at is not None
    tell_all(lan, exercise=True, data={"number": "CB-26-00001"})
    send()
    (_, first, _), (_, again, _), (path, headers, body) = receiver.calls
    assert first["webhook-id"] == again["webhook-id"] != headers["webhook-id"]
    assert path == "/hook"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(wanted).decode()}"
    assert abs(int(headers["webhook-timestamp"]) - clock.now_micros() / 1e6) < 60
    told = json.loads(body)
    assert told["type"] == "alerts.alarm.raised"
    assert told["data"]["title"].startswith("DIỄN TẬP")
    assert (told["data"]["exercise"], told["data"]["subject"]) == (True, {"number": "CB-26-00001"})


def test_a_webhook_that_fails_again_and_again_is_asked_ever_more_rarely_and_then_disabled(
    receiver, mailbox, people, now
):
    lan = people("lan")
    id_, _ = give(lan, "webhook", receiver.url)
    give(lan, "mail", "lan@example.vn")
    receiver.answers = [500]
    waits = []
    for number in range(3):
        tell_all(lan, key=str(number), channels=("webhook",))
        for _ in range(sending.TRIES):
            before = len(receiver.calls)
            send()
            if len(receiver.calls) == before:
                break
            (one,) = [one for one in messages() if one.state == "waiting" and one.channel == "webhook"] or [None]
            if one is None:
                break
            waits.append((one.due_at - now.at) / clock.SECOND)
            now.at = one.due_at
    assert len(receiver.calls) == sending.FAILURES
    for tries, wait in enumerate(waits[: sending.TRIES - 1], start=1):
        doubled = sending.FIRST_WAIT * 2 ** (tries - 1)
        assert doubled / 2 <= wait <= doubled * 1.5
    with db.reading() as session:
        assert store.address(session, id_).disabled_at == now.at
    send()
    assert "bị ngắt" in mailbox.letters[-1]["subject"], "its owner is told by the other address"
    assert tell_all(lan, key="later", channels=("webhook",)) == 0


def test_a_busy_receiver_says_when_to_come_back(receiver, people, now):
    lan = people("lan")
    give(lan, "webhook", receiver.url)
    receiver.answers, receiver.headers = [429], {"retry-after": "1200"}
    tell_all(lan)
    send()
    assert messages()[0].due_at == now.at + 1200 * clock.SECOND


def test_no_webhook_reaches_inside_unless_a_setting_allows_it(receiver, people, monkeypatch):
    lan = people("lan")
    give(lan, "webhook", receiver.url)
    give(lan, "push", f"{receiver.url}/push/1", secret=Browser().keys)
    monkeypatch.setenv("DOTHI_NOTIFY_PRIVATE", "0")
    config.settings.cache_clear()
    assert tell_all(lan) == 2
    send()
    assert receiver.calls == []
    assert {one.state for one in messages()} == {"failed"}
    assert all("private or special" in one.error for one in messages())


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example.vn/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://intranet/", "ftp://a.vn/",
        "https://10.1.1.1:8443/x", "https://user:pass@hook.example.vn/", "https://hook.example.vn:99999/", "https://a b.vn/",
        "https://169.254.169.254/latest", "javascript:alert(1)", "https://",
    ],
)  # fmt: skip
def test_addresses_inside_and_unencrypted_ones_are_refused_when_they_are_given(people, url, request):
    from dothi.kit.errors import BadInput
    from dothi.notify import addresses

    lan = people("lan")
    with pytest.raises(BadInput) as refused, db.writing() as session:
        addresses.add(session, lan, "webhook", url)
    assert [fault.place for fault in refused.value.faults] == ["target"]


def test_a_browser_reads_what_was_sealed_for_it_and_the_sender_is_known(receiver, people, now, monkeypatch):
    monkeypatch.setenv("DOTHI_MAIL_FROM", "dieuhanh@example.vn")
    config.settings.cache_clear()
    lan, browser = people("lan"), Browser()
    give(lan, "push", f"{receiver.url}/push/abc", secret=browser.keys)
    tell_all(lan, simulated=True)
    send()
    ((path, headers, body),) = receiver.calls
    told = browser.read(body)
    assert path == "/push/abc"
    assert told["title"] == "MÔ PHỎNG: Nước sông vượt báo động 3"
    assert "2,41 m" in told["body"]
    assert told["url"].endswith("/operations?alarm=CB-26-00001")
    assert (headers["content-encoding"], headers["urgency"], headers["topic"]) == ("aes128gcm", "high", told["tag"])
    assert int(headers["ttl"]) > 0
    scheme, _, rest = headers["authorization"].partition(" ")
    parts = dict(one.strip().split("=", 1) for one in rest.split(","))
    assert (scheme, parts["k"]) == ("vapid", push.public_key())
    signed, _, signature = parts["t"].rpartition(".")
    raw = unb64(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
    key.verify(
        utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])),
        signed.encode(),
        ec.ECDSA(SHA256()),
    )
    claims = json.loads(unb64(signed.partition(".")[2]))
    assert claims == {
        "aud": receiver.url,
        "exp": now.at // clock.SECOND + 12 * 3600,
        "sub": "mailto:dieuhanh@example.vn",
    }


def test_the_senders_key_is_made_once_and_is_nobody_elses_to_read(database):
    path = config.settings().data / "vapid.key"
    first = push.public_key()
    assert path.stat().st_mode & 0o777 == 0o600
    push._made.cache_clear()
    assert push.public_key() == first
    assert [one.name for one in path.parent.glob("vapid*")] == ["vapid.key"]


def test_a_browser_that_opted_out_is_asked_no_more(receiver, people):
    lan = people("lan")
    give(lan, "push", f"{receiver.url}/push/abc", secret=Browser().keys)
    receiver.answers = [410]
    tell_all(lan)
    send()
    assert tell_all(lan, key="later") == 0
    assert len(receiver.calls) == 1


def test_a_long_message_fits_what_push_services_take(database):
    long = "Nước dâng. " * 2000
    packed = push.payload("x" * 900, long, {"link": "/a"}, "major", "n" * 32, "vi")
    assert len(packed) <= push.LONGEST
    assert json.loads(packed)["body"].startswith("Nước dâng. Nước")


def test_an_sms_goes_through_the_gateway_short_and_without_diacritics(receiver, people, monkeypatch):
    monkeypatch.setenv("DOTHI_SMS_URL", f"{receiver.url}/sms")
    monkeypatch.setenv("DOTHI_SMS_TOKEN", "bí-mật".encode("ascii", "ignore").decode())
    monkeypatch.setenv("DOTHI_NOTIFY_PRIVATE", "0")  # the gateway is the installation's own choice
    config.settings.cache_clear()
    lan = people("lan")
    give(lan, "sms", "0901 234 567")
    tell_all(lan, exercise=True)
    send()
    ((path, headers, body),) = receiver.calls
    told = json.loads(body)
    assert (path, told["to"], headers["authorization"]) == ("/sms", "+84901234567", "Bearer b-mt")
    assert told["text"].startswith("DIEN TAP: Nuoc song vuot bao dong 3 ")
    assert told["text"].endswith("alarm=CB-26-00001")
    assert headers["idempotency-key"] == told["id"]


@pytest.mark.parametrize("plain", [True, False])
def test_an_sms_is_two_parts_at_most_and_its_link_is_whole(monkeypatch, database, plain):
    monkeypatch.setenv("DOTHI_SMS_PLAIN", "1" if plain else "0")
    config.settings.cache_clear()
    said = sms.text("Nước sông Vàm Cỏ Tây dâng rất cao · " * 20, "https://tanan.example.vn/x?a=1")
    assert said.endswith("https://tanan.example.vn/x?a=1")
    assert len(said) <= (306 if plain else 134)
    assert said.isascii() == plain


def test_files_stand_for_mail_and_sms_in_the_demo(people, monkeypatch):
    monkeypatch.setenv("DOTHI_SMTP_URL", "file:")
    monkeypatch.setenv("DOTHI_SMS_URL", "file:")
    config.settings.cache_clear()
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    give(lan, "sms", "0901234567")
    tell_all(lan)
    send()
    found = sorted(one.suffix for one in (config.settings().data / "outbox").iterdir())
    assert found == [".eml", ".json"]
    assert {one.state for one in messages()} == {"sent"}


@pytest.mark.parametrize(
    "url", ["http://a.vn", "smtp://", "smtp://a:99999", "smtps://[", "nonsense", "smtp://a:m%E1%BA%ADt@b.vn"]
)
def test_a_bad_setting_is_said_in_words(url):
    from dothi.kit.errors import BadInput

    with pytest.raises(BadInput, match="DOTHI_SMTP_URL"):
        mail.server(url)
