"""Numbers and places that callers carry and bring back, sealed so that they tell nothing.

Rows of all datasets and entries of all agencies are numbered in one sequence each: seen bare, the gaps would count what
a caller may not see. Sealed text is of one length for all short texts, the same whenever the same thing is sealed, and
opens only where the installation's secret is.
"""

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache

from dothi.web import forms

_TAG = 12  # bytes
_STEP = 24  # bytes; a text fills up to whole steps, so that a longer number does not show


def sealed(purpose: str, text: str) -> str:
    """A text as callers carry it: letters, digits, - and _."""
    plain = text.encode()
    plain += b"\0" * (-len(plain) % _STEP)
    key = _key(purpose, forms.secret())
    tag = _tag(key, plain)
    return base64.urlsafe_b64encode(tag + _mixed(key, tag, plain)).decode().rstrip("=")


def opened(purpose: str, text: str) -> str | None:
    """What was sealed for a purpose; None for anything that is not ours."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeError, ValueError):
        return None
    key, tag = _key(purpose, forms.secret()), raw[:_TAG]
    plain = _mixed(key, tag, raw[_TAG:])
    if len(raw) <= _TAG or not hmac.compare_digest(_tag(key, plain), tag):
        return None
    return plain.rstrip(b"\0").decode()


@lru_cache(maxsize=16)
def _key(purpose: str, secret: bytes) -> bytes:
    return hmac.digest(secret, f"sealed {purpose}".encode(), hashlib.sha256)


def _tag(key: bytes, plain: bytes) -> bytes:
    return hashlib.blake2b(plain, key=key, digest_size=_TAG).digest()


def _mixed(key: bytes, tag: bytes, text: bytes) -> bytes:
    """The text and a stream of bytes that only its tag and the key make, one upon the other; undone by itself."""
    stream = hashlib.shake_256(key + tag).digest(len(text))
    return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(len(text))
