"""Who is calling: a session cookie, a key or a login with its password become a guard.Caller.

What was found is remembered a few seconds, so that a busy device does not ask the database for every observation;
changes made in this process take effect at once, those of other processes within TTL seconds.
"""

import base64
import binascii
import hashlib
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from sqlalchemy import event
from sqlalchemy.orm import Session
from starlette.requests import Request

from dothi.config import settings
from dothi.db.session import reading
from dothi.identity import guard, secret, store
from dothi.identity.guard import ANONYMOUS, Caller
from dothi.identity.tables import Key, Person
from dothi.identity.throttle import Throttle, TooManyTries
from dothi.kit import clock
from dothi.kit.errors import NotSignedIn

COOKIE = "dothi_session"
TTL = 5.0  # seconds
REMEMBERED = 10_000
OPEN_WRITES = frozenset(
    {"sensing:read", "sensing:write", "observations:write", "places:write", "data:read", "data:write", "data:describe"}
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# rooms above say here which agencies (ids) an area has, for roles that are held inside an area
OFFICES: list[Callable[[Session, str], Iterable[int]]] = []

log = logging.getLogger(__name__)
throttle = Throttle()
_lock = threading.Lock()
_callers: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()
_passwords: OrderedDict[bytes, str] = OrderedDict()
_turn = 0  # of forgetting: what was read before it is not remembered after it
_FORGETS = "dothi.identity.forgets"
_salt = secrets.token_bytes(16)
_OPEN = replace(ANONYMOUS, everywhere=OPEN_WRITES)


def caller(request: Request) -> Caller:
    """Who sent a request; anonymous when it names nobody.

    `Authorization: Bearer dk_…`, HTTP Basic (key or person), `X-API-Key`, or the session cookie, in this order.
    Raises NotSignedIn for a key or password that is not (or no longer) good, TooManyTries after too many of them.
    """
    headers = request.headers
    offered = headers.get("authorization")
    if offered:
        return _by_authorization(offered, address(request))
    api_key = headers.get("x-api-key")
    if api_key:
        return _or_refuse(by_key(api_key), "key")
    token = request.cookies.get(COOKIE) if "cookie" in headers else None
    if token and _own_page(request):
        found = by_session(token)
        if found is not None:
            return found
    return anonymous()


Who = Annotated[Caller, Depends(caller)]


def anonymous() -> Caller:
    """A caller who names nobody; on test benches (DOTHI_OPEN_WRITES) one who may write."""
    return _OPEN if settings().open_writes else ANONYMOUS


def by_credentials(user: str, password: str, address: str = "") -> Caller | None:
    """The key (`dk_<id>` and its secret) or person (login and password) of a pair; None: no such, or wrong.

    address: where the call comes from, for counting failures; too many count as wrong.
    """
    parts = secret.key_parts(user)
    if parts is not None:
        whole = password if password.startswith(f"dk_{parts[0]}_") else secret.key_text(parts[0], password)
        return by_key(whole)
    try:
        return by_password(user, password, address)
    except TooManyTries:
        return None


def by_key(text: str) -> Caller | None:
    """The caller a whole key `dk_<id>_<secret>` stands for."""
    text = text.strip()
    parts = secret.key_parts(text)
    if parts is None or parts[1] is None:
        return None
    name = _name("key", text)
    found, known = _remembered(name)
    if found:
        return known
    turn = _turn
    with reading() as session:
        key = store.live_key(session, parts[0], clock.now_micros())
        known = of_key(key) if key is not None and secret.same(key.hash, parts[1]) else None
    return _remember(name, known, turn)


def by_session(token: str) -> Caller | None:
    """The person whose browser holds a session token."""
    name = _name("session", token)
    found, known = _remembered(name)
    if found:
        return known
    known, turn = None, _turn
    with reading() as session:
        one = store.sign_in(session, secret.digest(token), clock.now_micros())
        person = store.person(session, one.person_id) if one else None
        if person is not None and person.active:
            known = of_person(session, person)
    return _remember(name, known, turn)


def by_password(login: str, password: str, address: str = "") -> Caller | None:
    """The active person of a login and password; raises TooManyTries after too many wrong ones."""
    name = _name("password", f"{login}\n{password}")
    found, known = _remembered(name)
    if found and known is not None:
        return known
    throttle.check(login, address)
    turn = _turn
    with reading() as session:
        person = store.person_by_login(session, login) if "\0" not in login else None  # PostgreSQL refuses to ask
        kept = person.password if person is not None and person.active else None
        if person is None or not _is_password(name, kept, password):
            if person is None:
                secret.is_password(None, password)  # a login nobody has takes as long
            throttle.failed(login, address)
            log.warning("a wrong password from %s", address or "somewhere")
            return None
        throttle.succeeded(login, address)
        return _remember(name, of_person(session, person), turn)


def of_person(session: Session, person: Person) -> Caller:
    """What a person may do: their roles, everywhere or inside agencies (and those under them), those of an area too."""
    everywhere: set[str] = set()
    within: set[tuple[str, int]] = set()
    datasets: set[tuple[str, str]] = set()
    roles: set[str] = set()
    areas: set[str] = set()
    for held in store.grants(session, person.id):
        permissions = guard.ROLES.get(held.role, frozenset())
        roles.add(held.role)
        if held.scope_kind == "all":
            everywhere |= permissions
        elif held.scope_kind == "agency" and held.scope:
            agencies = store.below(session, held.scope)
            within |= {(permission, agency) for permission in permissions for agency in agencies}
        elif held.scope_kind == "area" and held.scope:
            areas.add(held.scope)
            offices = {agency for of in OFFICES for agency in of(session, held.scope)}
            within |= {(permission, agency) for permission in permissions for agency in offices}
        elif held.scope_kind == "dataset" and held.scope:
            datasets |= {(permission, held.scope) for permission in permissions if permission.startswith("data:")}
    return Caller(
        "person", person.id, person.name, person.agency_id, frozenset(everywhere), frozenset(within),
        frozenset(roles), language=person.language, datasets=frozenset(datasets),
        areas=frozenset() if everywhere else frozenset(areas),
    )  # fmt: skip


def of_key(key: Key) -> Caller:
    """What a key may do: its scopes, inside its agency if it has one; a device key for its thing only."""
    scopes = frozenset(str(scope) for scope in key.scopes) & guard.KEY_SCOPES
    if key.thing_id is not None and key.agency_id is None:
        scopes &= {"observations:write"}  # a thing of no agency gives its device no sight of other things
    return Caller(
        "key", key.id, key.label, key.agency_id,
        scopes if key.agency_id is None else frozenset(),
        frozenset() if key.agency_id is None else frozenset((scope, key.agency_id) for scope in scopes),
        thing_id=key.thing_id,
    )  # fmt: skip


def address(request: Request) -> str:
    """The address a request came from, as the server (or the proxy it trusts) says."""
    return request.client.host if request.client else ""


def forget_after(session: Session) -> None:
    """Remember nobody once this transaction is committed: who may do what has changed."""
    if not session.info.get(_FORGETS):
        session.info[_FORGETS] = True
        event.listen(session, "after_commit", _committed)


def forget() -> None:
    """Remember nobody."""
    global _turn
    with _lock:
        _turn += 1
        _callers.clear()
        _passwords.clear()


def _committed(session: Session) -> None:
    if not session.in_nested_transaction():  # a savepoint is no commit yet
        forget()


def _by_authorization(offered: str, where: str) -> Caller:
    scheme, _, value = offered.partition(" ")
    scheme = scheme.lower()
    if scheme == "bearer":
        return _or_refuse(by_key(value), "key")
    if scheme == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise NotSignedIn("the Basic authorisation cannot be read") from None
        if secret.key_parts(user) is not None:
            return _or_refuse(by_credentials(user, password), "key")
        return _or_refuse(by_password(user, password, where), "login or password")
    raise NotSignedIn(f"authorisation by {scheme[:20]!r} is not known here; send Bearer dk_… or Basic")


def _or_refuse(found: Caller | None, what: str) -> Caller:
    if found is None:
        raise NotSignedIn(f"the {what} is not known, ran out or was revoked")
    return found


def _own_page(request: Request) -> bool:
    """Whether a request that changes something comes from a page of this server (a second lock beside SameSite)."""
    if request.method in SAFE:
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    hosts = {request.headers.get("host", ""), urlsplit(settings().public_url or "").netloc}
    return urlsplit(origin).netloc in hosts


def _is_password(name: bytes, kept: str | None, password: str) -> bool:
    if kept is not None and _passwords.get(name) == kept:
        return True
    if not secret.is_password(kept, password):
        return False
    with _lock:
        _passwords[name] = str(kept)
        while len(_passwords) > REMEMBERED:
            _passwords.popitem(last=False)
    return True


def _name(kind: str, credential: str) -> bytes:
    return hashlib.sha256(_salt + f"{kind}\n{credential}".encode("utf-8", "surrogatepass")).digest()


def _remembered(name: bytes) -> tuple[bool, Caller | None]:
    found = _callers.get(name)
    if found is None or found[0] < time.monotonic():
        return False, None
    return True, found[1]


def _remember(name: bytes, known: Caller | None, turn: int) -> Caller | None:
    with _lock:
        if turn != _turn:
            return known
        _callers[name] = (time.monotonic() + TTL, known)
        _callers.move_to_end(name)
        while len(_callers) > REMEMBERED:
            _callers.popitem(last=False)
    return known
