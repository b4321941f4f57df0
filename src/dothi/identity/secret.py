"""Passwords, tokens and keys: how they are made, kept and compared. No session, no SQL."""

import hashlib
import hmac
import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dothi.kit.errors import Fault
from dothi.kit.text import nfc

SHORTEST = 10
LONGEST = 1000
# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex())
_KEY = re.compile(r"dk_(\d{1,18})(?:_([0-9A-Za-z_-]{20,200}))?")


def faults(password: str, place: str = "password") -> list[Fault]:
    """What is wrong with a new password."""
    if not SHORTEST <= len(password) <= LONGEST:
        return [Fault(place, f"{len(password)} characters", f"{SHORTEST} to {LONGEST} characters")]
    if len(set(password)) < 4:
        return [Fault(place, "the same few characters over and over", "at least 4 different characters")]
    return []


def hash_password(password: str) -> str:
    """The argon2id hash that is kept; typed letters count in NFC, however a keyboard composes them."""
    return _hasher.hash(nfc(password))


def is_password(kept: str | None, password: str) -> bool:
    """Whether a password is the kept one; takes as long for a person without one, or for nobody."""
    try:
        found = _hasher.verify(kept or _NOBODY, nfc(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return found and kept is not None


def new_token() -> str:
    """A random token of 256 bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """The sha256 by which a 256-bit random secret is kept: nothing to guess, so nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(kept: str, secret: str) -> bool:
    """Whether a secret has the kept digest, in constant time."""
    return hmac.compare_digest(kept, digest(secret))


def key_text(id_: int, secret: str) -> str:
    """A whole key, as it is handed out once."""
    return f"dk_{id_}_{secret}"


def key_parts(text: str) -> tuple[int, str | None] | None:
    """Number and secret of `dk_<id>_<secret>`; the secret is None in `dk_<id>`; None for anything else."""
    found = _KEY.fullmatch(text)
    return (int(found[1]), found[2]) if found else None
