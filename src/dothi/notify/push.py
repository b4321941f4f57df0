"""Web push: messages sealed for one browser (RFC 8291), sent by a known sender (RFC 8292) to the browser's own service."""

import base64
import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from dothi.config import settings
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.once import made_once
from dothi.notify import links

LONGEST = 3000  # bytes of a payload; services take 4096 with what sealing adds (RFC 8030 section 7.2)
TTL = 4 * 3600  # seconds a service keeps a message for a browser that is not there
_TOKEN_HOURS = 12  # RFC 8292 section 2: at most 24


def public_key() -> str:
    """What a browser is given to opt in: the sender's public key, base64url."""
    key = _keys().public_key
    return _text(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def faults(secret: Mapping[str, Any] | None) -> list[Fault]:
    """What is wrong with the keys a browser gave."""
    given = secret or {}
    found = []
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(given.get("p256dh")))
    except (ValueError, binascii.Error):
        found.append(Fault("keys.p256dh", "no public key of P-256", "65 bytes in base64url"))
    try:
        good = len(_bytes(given.get("auth"))) == 16
    except (ValueError, binascii.Error):
        good = False
    if not good:
        found.append(Fault("keys.auth", "no secret", "16 bytes in base64url"))
    return found


def payload(subject: str, body: str, data: Mapping[str, Any], severity: str | None, name: str, language: str) -> bytes:
    """What the service worker is told, no longer than a service takes; a second copy replaces the first (tag)."""
    told: dict[str, Any] = {
        "title": subject[:200], "body": body, "url": data.get("link") or links.base(), "tag": name, "lang": language,
        "severity": severity, "exercise": bool(data.get("exercise")), "simulated": bool(data.get("simulated")),
    }  # fmt: skip
    packed = json.dumps(told, ensure_ascii=False).encode()
    if len(packed) > LONGEST:
        room = LONGEST - (len(packed) - len(body.encode()))
        told["body"] = body.encode()[: max(0, room - 20)].decode(errors="ignore").rstrip() + "…"
        packed = json.dumps(told, ensure_ascii=False).encode()
    return packed


def request(
    endpoint: str, secret: Mapping[str, Any], plain: bytes, *, name: str, urgent: bool
) -> tuple[dict[str, str], bytes]:
    """Headers and body of the call to a browser's service."""
    private = ec.generate_private_key(ec.SECP256R1())
    sealed: bytes = http_ece.encrypt(
        plain, private_key=private, dh=_bytes(secret["p256dh"]), auth_secret=_bytes(secret["auth"]),
        version="aes128gcm",
    )  # fmt: skip
    parts = urlsplit(endpoint)
    expires = clock.now_micros() // clock.SECOND + _TOKEN_HOURS * 3600
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": expires, "sub": f"mailto:{_contact()}"}
    return {
        **_keys().sign(claims),
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(TTL),
        "urgency": "high" if urgent else "normal",
        "topic": name[:32],  # RFC 8030 section 5.4: a copy replaces the one that waits
    }, sealed


def _contact() -> str:
    from dothi.notify.mail import sender

    return sender().partition("<")[2].rstrip(">") or sender()


def _keys() -> Vapid02:
    return _made(settings().vapid_key, settings().data)


@lru_cache(maxsize=4)
def _made(said: str | None, data: Path) -> Vapid02:
    """The sender's key: the setting, or one made once in the data folder."""
    if said:
        try:
            return Vapid02.from_string(said)
        except (ValueError, binascii.Error) as error:
            raise BadInput(
                "DOTHI_VAPID_KEY is no key",
                [Fault("DOTHI_VAPID_KEY", "cannot be read", "32 bytes of a P-256 private key in base64url")],
            ) from error
    return Vapid02.from_string(made_once(data / "vapid.key", _fresh).strip())


def _fresh() -> str:
    return _text(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32))


def _bytes(text: object) -> bytes:
    if not isinstance(text, str) or len(text) > 200:
        raise ValueError("no base64url")
    return base64.b64decode(
        text.rstrip("=").encode("ascii") + b"=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
