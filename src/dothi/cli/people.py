"""`dothi user`, `dothi agency` and `dothi key`."""

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard, service, store
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

user = typer.Typer(no_args_is_help=True, help="People who sign in.", rich_markup_mode="markdown")
agency = typer.Typer(no_args_is_help=True, help="Agencies own data and people.", rich_markup_mode="markdown")
key = typer.Typer(no_args_is_help=True, help="Keys of systems and devices.", rich_markup_mode="markdown")

Login = Annotated[str, typer.Argument(help="Login of the person")]
RoleName = Annotated[str, typer.Argument(help="Role: " + ", ".join(guard.ROLES))]
Scope = Annotated[str, typer.Option(help="Where the role holds: all, agency:CODE, area:CODE or dataset:CODE")]
Password = Annotated[
    str | None, typer.Option(help="Their password; asked for, or read from standard input, if not given")
]


@contextmanager
def _writing() -> "Iterator[Session]":
    schema.upgrade(db.engine())
    with db.writing() as session:
        yield session


@contextmanager
def _reading() -> "Iterator[Session]":
    schema.upgrade(db.engine())
    with db.reading() as session:
        yield session


@user.command("add")
def add_user(
    login: Login,
    name: Annotated[str, typer.Option(help="Family name, middle name, given name")],
    role: Annotated[list[str] | None, typer.Option(help="A role to grant everywhere; may be repeated")] = None,
    agency_code: Annotated[str | None, typer.Option("--agency", help="Code of their agency")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address")] = None,
    phone: Annotated[str | None, typer.Option(help="Telephone number")] = None,
    password: Password = None,
) -> None:
    """Add a person.

    Example: `dothi user add lan --name "Trần Thị Lan" --agency so-tnmt --role data-steward`.
    """
    said = _password(password)
    with _writing() as session:
        made = service.create_person(
            session, SYSTEM, login, name, password=said, agency=agency_code, email=email, phone=phone
        )
        for one in role or []:
            service.grant(session, SYSTEM, made, one)
    typer.echo(f"{made.login} is person {made.id}")


@user.command("list")
def list_users(
    search: Annotated[str, typer.Argument(help="Part of a name or login; diacritics are optional")] = "",
) -> None:
    """List people with their roles."""
    table = Table("login", "name", "agency", "roles", "state")
    with _reading() as session:
        offices = {one.id: one.code for one in store.agencies(session)}
        held = store.grants_of_all(session)
        for one in store.people(session, search):
            roles = ", ".join(_held(grant) for grant in held.get(one.id, []))
            state = "active" if one.active else "disabled"
            table.add_row(one.login, one.name, offices.get(one.agency_id or 0, ""), roles, state)
    _print(table)


@user.command("grant")
def grant_role(login: Login, role: RoleName, scope: Scope = "all") -> None:
    """Give a role, everywhere or within an agency.

    Example: `dothi user grant lan officer --scope agency:so-tnmt`.
    """
    kind, _, code = scope.partition(":")
    with _writing() as session:
        service.grant(session, SYSTEM, service.person(session, login), role, kind, code or None)
    typer.echo(f"{login} is {role} ({scope})")


@user.command("ungrant")
def take_role(login: Login, role: RoleName, scope: Scope = "all") -> None:
    """Take a role away again."""
    with _writing() as session:
        person = service.person(session, login)
        wanted = (role, scope)
        for held in store.grants(session, person.id):
            if (held.role, ":".join(filter(None, (held.scope_kind, held.scope)))) == wanted:
                service.take_away(session, SYSTEM, held.id)
                break
        else:
            raise NotFound(f"{login} is not {role} ({scope})")
    typer.echo(f"{login} is no longer {role} ({scope})")


@user.command("passwd")
def change_password(login: Login, password: Password = None) -> None:
    """Give a new password; the person is signed out everywhere."""
    said = _password(password)
    with _writing() as session:
        service.set_password(session, SYSTEM, service.person(session, login), said)
    typer.echo(f"{login} has a new password")


@user.command("disable")
def disable(login: Login) -> None:
    """Keep a person out from now on."""
    _set_active(login, active=False)


@user.command("enable")
def enable(login: Login) -> None:
    """Let a disabled person in again."""
    _set_active(login, active=True)


def _set_active(login: str, *, active: bool) -> None:
    with _writing() as session:
        service.set_active(session, SYSTEM, service.person(session, login), active)
    typer.echo(f"{login} is {'active' if active else 'disabled'}")


@agency.command("add")
def add_agency(
    code: Annotated[str, typer.Argument(help="Short stable code, e.g. so-tnmt")],
    name: Annotated[str, typer.Argument(help="Name in Vietnamese")],
    name_en: Annotated[str | None, typer.Option(help="Name in English")] = None,
    electronic_code: Annotated[str | None, typer.Option(help="Mã định danh điện tử, e.g. H21.09")] = None,
    parent: Annotated[str | None, typer.Option(help="Code of the agency above it")] = None,
) -> None:
    """Add an agency. Example: `dothi agency add so-nnmt "Sở Nông nghiệp và Môi trường"`."""
    with _writing() as session:
        made = service.create_agency(
            session, SYSTEM, code, name, name_en=name_en, electronic_code=electronic_code, parent=parent
        )
    typer.echo(f"{made.code} is agency {made.id}")


@agency.command("list")
def list_agencies() -> None:
    """List agencies."""
    table = Table("code", "name", "electronic code", "under")
    with _reading() as session:
        found = store.agencies(session)
    codes = {one.id: one.code for one in found}
    for one in found:
        table.add_row(one.code, one.name, one.electronic_code or "", codes.get(one.parent_id or 0, ""))
    _print(table)


@key.command("add")
def add_key(
    label: Annotated[str, typer.Argument(help="What the key is for")],
    scope: Annotated[list[str], typer.Option(help="May be repeated: " + ", ".join(sorted(guard.KEY_SCOPES)))],
    agency_code: Annotated[
        str | None, typer.Option("--agency", help="Only that agency's data; all data otherwise")
    ] = None,
    thing: Annotated[int | None, typer.Option(help="Make it a device key: it acts for this Thing only")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36500, help="Days until it runs out; never if not given")
    ] = None,
) -> None:
    """Make a key and print it: it cannot be shown again.

    Over HTTP send it as `Authorization: Bearer dk_…`; over MQTT the user name is `dk_<number>`, the password the rest.

    Examples: `dothi key add gateway --scope observations:write --agency so-tnmt`,
    `dothi key add "trạm cầu Bến Lức" --scope observations:write --thing 12 --days 365`.
    """
    expires = clock.now_micros() + days * clock.DAY if days else None
    with _writing() as session:
        of = _agency_of(session, thing) if thing is not None and agency_code is None else None
        made = service.create_key(
            session, SYSTEM, label, scope, kind="system" if thing is None else "device", agency=agency_code,
            agency_id=of, thing_id=thing, expires_at=expires,
        )  # fmt: skip
    typer.echo(made)


@key.command("list")
def list_keys() -> None:
    """List keys, newest first; secrets are not kept, so they cannot be shown."""
    table = Table("key", "label", "kind", "thing", "agency", "scopes", "runs out", "state")
    with _reading() as session:
        offices = {one.id: one.code for one in store.agencies(session)}
        for one in store.keys(session):
            ends = f"{clock.local(one.expires_at):%H:%M %d/%m/%Y}" if one.expires_at else "never"
            past = one.expires_at is not None and one.expires_at <= clock.now_micros()
            state = "revoked" if one.revoked_at else "ran out" if past else "good"
            thing = str(one.thing_id or "")
            office = offices.get(one.agency_id or 0, "")
            table.add_row(f"dk_{one.id}", one.label, one.kind, thing, office, ", ".join(one.scopes), ends, state)
    _print(table)


@key.command("revoke")
def revoke(
    number: Annotated[str, typer.Argument(help="Number of the key, 7 or dk_7")],
) -> None:
    """Make a key worthless. Servers notice within a few seconds."""
    digits = number.removeprefix("dk_").partition("_")[0]
    if not digits.isascii() or not digits.isdigit():
        raise BadInput("this is no key", [Fault("number", repr(number), "7 or dk_7")])
    with _writing() as session:
        service.revoke_key(session, SYSTEM, int(digits))
    typer.echo(f"dk_{digits} is revoked")


def _agency_of(session: "Session", thing_id: int) -> int | None:
    """The agency of a thing, which a key of its device belongs to."""
    from dothi.sensing.tables import Thing

    found = session.get(Thing, thing_id)
    if found is None:
        raise NotFound(f"there is no Thing {thing_id}")
    return found.agency_id


def _password(given: str | None) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _held(one: Any) -> str:
    return str(one.role) if one.scope_kind == "all" else f"{one.role} ({one.scope_kind}:{one.scope})"


def _print(table: Table) -> None:
    Console(highlight=False, markup=False).print(table)
