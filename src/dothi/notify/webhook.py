"""Webhooks as Standard Webhooks 1.0 has them: JSON, signed with HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from dothi.kit import clock

PREFIX = "whsec_"


def new_secret() -> str:
    """A key of 256 bits, as its owner is shown it once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, name: str, timestamp: int, body: bytes) -> str:
    """The header webhook-signature. timestamp: seconds since 1970 UTC."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{name}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def body(
    subject: str, text: str, data: Mapping[str, Any], severity: str | None, cause: str, created_at: int, language: str
) -> bytes:
    """The JSON that is sent."""
    told = {
        "type": data.get("kind"),
        "timestamp": clock.iso(created_at),
        "data": {
            "title": subject, "text": text, "severity": severity, "cause": cause, "link": data.get("link"),
            "language": language, "exercise": bool(data.get("exercise")), "simulated": bool(data.get("simulated")),
            "subject": data.get("data"),
        },
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def headers(secret: str, name: str, packed: bytes) -> dict[str, str]:
    """The headers of one call; the time is that of the try, the id that of the message."""
    at = clock.now_micros() // clock.SECOND
    id_ = f"msg_{name}"
    return {
        "content-type": "application/json", "webhook-id": id_, "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, id_, at, packed), "idempotency-key": id_,
    }  # fmt: skip
