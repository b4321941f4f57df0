"""Agencies, people, roles, sign-ins and keys: every change is checked, journalled and takes effect at its commit."""

import re
from difflib import get_close_matches
from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.config import settings
from dothi.identity import access, guard, secret, store
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency, Grant, Key, Person, SignIn
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import nfc

_DEMO = "demo-"  # logins of the demo's people
_DEMO_MARK = "(trình diễn)"  # ends the names of those made for a role
_DEMO_NAMES = {
    "reporter": "Người phản ánh", "officer": "Chuyên viên", "field-worker": "Nhân viên hiện trường", "dispatcher": "Điều phối viên",
    "manager": "Quản lý đơn vị", "duty-officer": "Trực ban", "duty-chief": "Trưởng ca trực", "leader": "Lãnh đạo",
    "data-steward": "Quản trị dữ liệu", "auditor": "Kiểm tra viên", "administrator": "Quản trị hệ thống",
}  # fmt: skip
SCOPE_KINDS = ("all", "agency", "area", "dataset")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,99}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def create_agency(
    session: Session,
    by: Caller,
    code: str,
    name: str,
    *,
    name_en: str | None = None,
    electronic_code: str | None = None,
    parent: str | None = None,
) -> Agency:
    """Add an agency. code: short and stable, e.g. `so-tnmt`; electronic_code: mã định danh điện tử, e.g. H21.09."""
    guard.require(by, "identity:write")
    faults = [] if _CODE.fullmatch(code) else [Fault("code", f"{code!r}", "letters, digits, . _ - (e.g. so-tnmt)")]
    if not name.strip():
        faults.append(Fault("name", "is missing"))
    above = store.agency_by_code(session, parent) if parent else None
    if parent and above is None:
        faults.append(_unknown_agency(session, "parent", parent))
    if faults:
        raise BadInput("this agency cannot be added", faults)
    if store.agency_by_code(session, code):
        raise Conflict(f"an agency with the code {code!r} exists already")
    made = Agency(
        code=code, name=nfc(name.strip()), name_en=name_en or None, electronic_code=electronic_code or None,
        parent_id=above.id if above else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _tell(session, "identity.agency.created", by, f"agency:{made.id}", made.id, {"code": code, "name": made.name})
    return made


def create_person(
    session: Session,
    by: Caller,
    login: str,
    name: str,
    *,
    password: str | None = None,
    agency: str | None = None,
    email: str | None = None,
    phone: str | None = None,
) -> Person:
    """Add somebody who may sign in; without a password they cannot until one is set. Roles are granted after."""
    login = login.strip().lower()
    faults = []
    if not _LOGIN.fullmatch(login) or login.startswith("dk_"):
        faults.append(Fault("login", f"{login!r}", "2 to 100 of a-z, 0-9, . _ @ -, starting with a letter or digit"))
    if not name.strip():
        faults.append(Fault("name", "is missing"))
    if email and "@" not in email:
        faults.append(Fault("email", f"{email!r}", "an address with @"))
    if password is not None:
        faults += secret.faults(password)
    office = store.agency_by_code(session, agency) if agency else None
    if agency and office is None:
        faults.append(_unknown_agency(session, "agency", agency))
    guard.require(by, "identity:write", office.id if office else None)
    if faults:
        raise BadInput("this person cannot be added", faults)
    if store.person_by_login(session, login):
        raise Conflict(f"the login {login!r} is taken")
    made = Person(
        login=login, name=nfc(name.strip()), email=email or None, phone=phone or None, active=True,
        agency_id=office.id if office else None, created_at=clock.now_micros(),
        password=secret.hash_password(password) if password is not None else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _tell(session, "identity.person.created", by, f"person:{made.id}", made.agency_id, {"login": login})
    return made


def grant(
    session: Session, by: Caller, person: Person, role: str, scope_kind: str = "all", scope: str | None = None
) -> Grant:
    """Give a role, everywhere or inside an agency, an area or a dataset (scope: its code). Repeating changes nothing.

    Nobody gives what they could not: a role inside an agency needs identity:write there, any other everywhere.
    """
    faults = []
    if role not in guard.ROLES:
        faults.append(Fault("role", _not(role, guard.ROLES), ", ".join(guard.ROLES)))
    if scope_kind not in SCOPE_KINDS:
        faults.append(Fault("scope", f"{scope_kind!r}", ", ".join(SCOPE_KINDS)))
    elif (scope_kind == "all") == bool(scope):
        faults.append(Fault("scope", "needs a code" if scope_kind != "all" else "has no code", "e.g. agency:so-tnmt"))
    office = store.agency_by_code(session, scope) if scope_kind == "agency" and scope else None
    if scope_kind == "agency" and scope and office is None:
        faults.append(_unknown_agency(session, "scope", scope))
    guard.require(by, "identity:write", office.id if office else None)
    if faults:
        raise BadInput("this role cannot be granted", faults)
    for held in store.grants(session, person.id):
        if (held.role, held.scope_kind, held.scope) == (role, scope_kind, scope):
            return held
    made = Grant(person_id=person.id, role=role, scope_kind=scope_kind, scope=scope)
    session.add(made)
    session.flush()
    _tell(session, "identity.role.granted", by, f"person:{person.id}", person.agency_id, _grant(made))
    return made


def take_away(session: Session, by: Caller, grant_id: int) -> None:
    """Take a role away; the last person who administers everything keeps theirs."""
    held = store.grant(session, grant_id)
    if held is None:
        raise NotFound("there is no such grant")
    person = _person(session, held.person_id)
    _require_over(session, by, person)
    what = _grant(held)
    last = held.role == "administrator" and held.scope_kind == "all" and person.active
    if last and store.administrators(session) == 1:
        raise Conflict("this is the last administrator; make another one first")
    store.remove_grant(session, grant_id)
    _tell(session, "identity.role.taken", by, f"person:{person.id}", person.agency_id, what)


def set_password(session: Session, by: Caller, person: Person, password: str) -> None:
    """Give a new password, one's own or (identity:write) somebody's; every session of theirs ends."""
    if not (by.kind == "person" and by.id == person.id):
        _require_over(session, by, person)
    if faults := secret.faults(password):
        raise BadInput("this password cannot be set", faults)
    person.password = secret.hash_password(password)
    session.flush()
    store.end_sign_ins(session, person.id)
    _tell(session, "identity.password.set", by, f"person:{person.id}", person.agency_id)


def set_active(session: Session, by: Caller, person: Person, active: bool) -> None:
    """Let a person in, or keep them out: their sessions end, their name stays in the journal."""
    _require_over(session, by, person)
    if person.active == active:
        return
    administers = any(g.role == "administrator" and g.scope_kind == "all" for g in store.grants(session, person.id))
    if not active and administers and store.administrators(session) == 1:
        raise Conflict("this is the last administrator; make another one first")
    person.active = active
    session.flush()
    if not active:
        store.end_sign_ins(session, person.id)
    verb = "enabled" if active else "disabled"
    _tell(session, f"identity.person.{verb}", by, f"person:{person.id}", person.agency_id)


def sign_in(session: Session, person_id: int) -> str:
    """Start a browser session of an active person whose password was right; returns the token for the cookie."""
    person = _person(session, person_id)
    if not person.active:
        raise NotFound("this person may not sign in")
    token, now = secret.new_token(), clock.now_micros()
    store.end_expired(session, now)
    session.add(
        SignIn(
            token=secret.digest(token), person_id=person.id, created_at=now,
            expires_at=now + settings().session_hours * clock.HOUR,
        )
    )  # fmt: skip
    journal.append(
        session, "identity.signed-in", actor=f"person:{person.id}", subject=f"person:{person.id}",
        agency_id=person.agency_id,
    )  # fmt: skip
    return token


def sign_out(session: Session, by: Caller, token: str) -> None:
    """End the session of one browser."""
    store.end_sign_in(session, secret.digest(token))
    _tell(session, "identity.signed-out", by, by.actor, by.agency_id)


def sign_out_everywhere(session: Session, by: Caller, person: Person) -> int:
    """End every session of a person, one's own or (identity:write) somebody's; returns how many there were."""
    if not (by.kind == "person" and by.id == person.id):
        _require_over(session, by, person)
    ended = store.end_sign_ins(session, person.id)
    data = {"everywhere": True, "sessions": ended}
    _tell(session, "identity.signed-out", by, f"person:{person.id}", person.agency_id, data)
    return ended


def create_key(
    session: Session,
    by: Caller,
    label: str,
    scopes: list[str],
    *,
    kind: Literal["system", "device"] = "system",
    agency: str | None = None,
    agency_id: int | None = None,
    thing_id: int | None = None,
    expires_at: int | None = None,
) -> str:
    """Make a key of a system, or (kind `device`) of the device of one thing; returns its text, told this once.

    agency: code of the agency whose data it may use, none for all (agency_id: the same by number);
    expires_at: µs UTC.
    """
    office = store.agency_by_code(session, agency) if agency else None
    if office is not None:
        agency_id = office.id
    guard.require(by, "identity:write", agency_id)
    known = guard.KEY_SCOPES if kind == "system" else guard.DEVICE_SCOPES
    faults = [Fault("scopes", _not(one, known), ", ".join(sorted(known))) for one in scopes if one not in known]
    if not scopes:
        faults.append(Fault("scopes", "are missing", ", ".join(sorted(known))))
    if not label.strip():
        faults.append(Fault("label", "is missing"))
    if (kind == "device") == (thing_id is None):
        faults.append(Fault("thing", "a device key acts for one thing, a system key for none"))
    if agency and office is None:
        faults.append(_unknown_agency(session, "agency", agency))
    if expires_at is not None and expires_at <= clock.now_micros():
        faults.append(Fault("expires", "is in the past"))
    if faults:
        raise BadInput("this key cannot be made", faults)
    hidden = secret.new_token()
    made = Key(
        label=nfc(label.strip()), kind=kind, hash=secret.digest(hidden),
        agency_id=agency_id, thing_id=thing_id, scopes=sorted(set(scopes)), created_at=clock.now_micros(),
        expires_at=expires_at,
    )  # fmt: skip
    session.add(made)
    session.flush()
    data = {"label": made.label, "scopes": made.scopes, "thing": thing_id}
    _tell(session, "identity.key.created", by, f"key:{made.id}", made.agency_id, data)
    return secret.key_text(made.id, hidden)


def revoke_key(session: Session, by: Caller, key_id: int) -> None:
    """Make a key worthless from now on."""
    key = store.key(session, key_id)
    if key is None:
        raise NotFound(f"there is no key {key_id}")
    guard.require(by, "identity:write", key.agency_id)
    if key.revoked_at is None:
        key.revoked_at = clock.now_micros()
        session.flush()
        _tell(session, "identity.key.revoked", by, f"key:{key.id}", key.agency_id, {"label": key.label})


def first_administrator(session: Session, login: str, name: str, password: str) -> Person | None:
    """The one who administers everything, when there is nobody yet; None when there is somebody."""
    if store.any_person(session):
        return None
    made = create_person(session, guard.SYSTEM, login, name, password=password)
    grant(session, guard.SYSTEM, made, "administrator")
    return made


def demo_person(session: Session, role: str) -> Person:
    """The demo's person of a role, made when first asked for. Only in demo mode; nobody knows a password of theirs."""
    if not settings().demo:
        raise NotFound("this is not a demo")
    login = f"{_DEMO}{role}"
    found = store.person_by_login(session, login)
    if found is None and role not in guard.ROLES:
        raise BadInput("there is no such role", [Fault("role", _not(role, guard.ROLES), ", ".join(guard.ROLES))])
    if found is None:
        found = create_person(session, guard.SYSTEM, login, f"{_DEMO_NAMES.get(role, role)} {_DEMO_MARK}")
        grant(session, guard.SYSTEM, found, role)
    return found


def demo_people(session: Session) -> list[tuple[str, str]]:
    """Whom one click signs in as besides a role: what stands after demo- in their logins, and their names."""
    if not settings().demo:
        return []
    return [
        (one.login.removeprefix(_DEMO), one.name)
        for one in store.people(session)
        if one.login.startswith(_DEMO)
        and one.active
        and not (one.name.endswith(_DEMO_MARK) or one.name.startswith("Demo "))
    ]


def person(session: Session, login: str) -> Person:
    """The person of a login; raises NotFound naming the nearest one."""
    found = store.person_by_login(session, login)
    if found is None:
        raise NotFound(_not(login, [p.login for p in store.people(session)]))
    return found


def person_numbered(session: Session, id_: int) -> Person:
    """The person of a number, or NotFound."""
    return _person(session, id_)


def _person(session: Session, id_: int) -> Person:
    found = store.person(session, id_)
    if found is None:
        raise NotFound("there is no such person")
    return found


def _require_over(session: Session, by: Caller, person: Person) -> None:
    """Refuse unless `by` holds identity:write over the person's agency and everything the person may do."""
    guard.require(by, "identity:write", person.agency_id)
    for held in store.grants(session, person.id):
        office = store.agency_by_code(session, held.scope) if held.scope_kind == "agency" and held.scope else None
        guard.require(by, "identity:write", office.id if office else None)


def _tell(
    session: Session, kind: str, by: Caller, subject: str, agency_id: int | None, data: dict[str, Any] | None = None
) -> None:
    journal.append(session, kind, actor=by.actor, subject=subject, agency_id=agency_id, data=data)
    access.forget_after(session)


def _grant(held: Grant) -> dict[str, Any]:
    return {"role": held.role, "scope": held.scope_kind if held.scope is None else f"{held.scope_kind}:{held.scope}"}


def _unknown_agency(session: Session, place: str, code: str) -> Fault:
    known = [one.code for one in store.agencies(session)]
    return Fault(place, _not(code, known), ", ".join(known[:20]) or "no agency exists yet")


def _not(given: str, known: Any) -> str:
    near = get_close_matches(given, list(known), 1)
    return f"there is no {given!r}" + (f"; did you mean {near[0]!r}?" if near else "")
