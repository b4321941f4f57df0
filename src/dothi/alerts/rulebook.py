"""The rules in the database: declared by packs, made, changed and switched by people; every version is kept."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.alerts import declared
from dothi.alerts.model import RuleModel
from dothi.alerts.news import ENGINE, rule_told
from dothi.alerts.tables import Rule, RuleVersion
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound

STATUSES = ("draft", "on", "off")


def declare(session: Session) -> list[str]:
    """Bring the packs' rules into the database; returns the codes of those that are new or read differently now.

    A rule keeps the status a person gave it. One that no pack declares any more is switched off.
    """
    now, given = clock.now_micros(), declared.rules()
    there = {one.code: one for one in session.scalars(select(Rule))}
    new = [_first(model, "pack", None, model.status, ENGINE, now) for code, model in given.items() if code not in there]
    _keep(session, new, ENGINE, now)
    changed = [one.code for one in new]
    for code, model in given.items():
        rule = there.get(code)
        if rule is not None and rule.origin == "pack" and rule.definition != model.definition():
            _become(session, rule, model, ENGINE, now)
            changed.append(code)
    for rule in there.values():
        if rule.origin == "pack" and rule.code not in given and rule.status != "off":
            rule.status, rule.changed_at, rule.changed_by = "off", now, ENGINE
            changed.append(rule.code)
    if changed:
        journal.append(session, "alerts.rules.declared", actor=ENGINE, data={"codes": changed})
    return changed


def rules(session: Session, caller: Caller) -> list[Rule]:
    """Every rule, by sector and code; asks for alarms:read anywhere."""
    _reads(caller)
    return list(session.scalars(select(Rule).order_by(Rule.sector, Rule.code)))


def rule(session: Session, caller: Caller, code: str) -> Rule:
    """One rule. Raises NotFound."""
    _reads(caller)
    return _rule(session, code)


def versions(session: Session, caller: Caller, code: str) -> list[RuleVersion]:
    """How a rule read in each of its versions, the newest first."""
    found = rule(session, caller, code)
    query = select(RuleVersion).where(RuleVersion.rule_id == found.id).order_by(RuleVersion.version.desc())
    return list(session.scalars(query))


def create(
    session: Session, caller: Caller, definition: dict[str, Any], *, agency_id: int | None = None, status: str = "draft"
) -> Rule:
    """Make a rule.

    agency_id: whose rule it is; it then watches that agency's things only. A rule without one watches the whole city,
    and only whoever holds rules:write everywhere makes such a rule.
    """
    guard.require(caller, "rules:write", agency_id)
    model = read(definition, session.scalars(select(Rule.code)))
    faults = _status_faults(status)
    if session.scalar(select(Rule.id).where(Rule.code == model.code)) is not None:
        faults.append(Fault("code", f'there is a rule "{model.code}" already'))
    if faults:
        raise BadInput("the rule cannot be made", faults)
    return _made(session, caller, model, agency_id, status)


def _made(session: Session, caller: Caller, model: RuleModel, agency_id: int | None, status: str) -> Rule:
    now = clock.now_micros()
    made = _first(model, "person", agency_id, status, caller.actor, now)
    _keep(session, [made], caller.actor, now)
    _said(session, made, "created", caller.actor)
    return made


def change(session: Session, caller: Caller, code: str, definition: dict[str, Any], version: int) -> Rule:
    """Have a rule read differently from now on.

    version: the one the caller looked at. A pack's rule is not changed here: it reads as its pack declares.
    """
    found = _held(session, caller, code, version)
    if found.origin != "person":
        raise NotAllowed(f'the rule "{code}" comes from a sector pack; switch it off and make one of your own')
    model = read(definition, session.scalars(select(Rule.code)))
    if model.code != code:
        raise BadInput("the rule keeps its code", [Fault("code", f'"{model.code}"', code)])
    if found.definition != model.definition():
        _become(session, found, model, caller.actor, clock.now_micros())
        _said(session, found, "changed", caller.actor)
    return found


def put(
    session: Session, caller: Caller, model: RuleModel, *, agency_id: int | None = None, status: str = "on"
) -> Rule:
    """Have a rule of people's be just so, made if it is not there.

    For what was checked elsewhere, against the packs it is for: names are not looked up again.
    """
    guard.require(caller, "rules:write", agency_id)
    found = session.scalar(select(Rule).where(Rule.code == model.code).with_for_update())
    if found is None:
        return _made(session, caller, model, agency_id, status)
    if found.origin != "person":
        raise NotAllowed(f'the rule "{model.code}" comes from a sector pack')
    if found.definition != model.definition() or found.agency_id != agency_id:
        found.agency_id = agency_id
        _become(session, found, model, caller.actor, clock.now_micros())
        _said(session, found, "changed", caller.actor)
    return switch(session, caller, model.code, status)


def switch(
    session: Session, caller: Caller, code: str, status: str, version: int | None = None, *, reason: str = ""
) -> Rule:
    """Switch a rule on or off, or make it a draft. reason: kept in the journal."""
    found = _held(session, caller, code, version)
    if faults := _status_faults(status):
        raise BadInput("the rule cannot be switched so", faults)
    if found.status != status:
        found.status, found.changed_at, found.changed_by = status, clock.now_micros(), caller.actor
        _said(session, found, status, caller.actor, reason)
    return found


def remove(session: Session, caller: Caller, code: str, version: int | None = None) -> None:
    """Delete a rule a person made. Its alarms stay; those that stand are ended by the engine."""
    found = _held(session, caller, code, version)
    if found.origin != "person":
        raise NotAllowed(f'the rule "{code}" comes from a sector pack; switch it off instead')
    _said(session, found, "removed", caller.actor)
    session.delete(found)
    session.flush()


def read(definition: dict[str, Any], known: Iterable[str] = ()) -> RuleModel:
    """A definition as a rule. Raises BadInput with every fault, each with its path.

    known: codes of the rules of the database, which it may name as parents as well as those of packs.
    """
    try:
        model = RuleModel.model_validate(definition)
    except ValidationError as error:
        faults = [Fault(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise BadInput("the rule does not read as one", faults) from None
    parents = model.suppress.parents if model.suppress is not None else []
    there = {f"suppress.parents.{i}" for i, code in enumerate(parents) if code in set(known) and code != model.code}
    if found := [fault for fault in declared.faults(model) if fault.place not in there]:
        raise BadInput("the rule names what does not exist", found)
    return model


def _reads(caller: Caller) -> None:
    if not guard.may_somewhere(caller, "alarms:read") and not guard.may_somewhere(caller, "rules:write"):
        guard.require(caller, "alarms:read")


def _rule(session: Session, code: str) -> Rule:
    found = session.scalar(select(Rule).where(Rule.code == code))
    if found is None:
        raise NotFound(f'there is no rule "{code}"')
    return found


def _held(session: Session, caller: Caller, code: str, version: int | None) -> Rule:
    """A rule to act on, locked until the transaction ends."""
    _reads(caller)
    query = select(Rule).where(Rule.code == code).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f'there is no rule "{code}"')
    guard.require(caller, "rules:write", found.agency_id)
    if version is not None and version != found.version:
        raise Conflict(
            "somebody was quicker; look again", [Fault(code, f"it is in version {found.version} now, not {version}")]
        )
    return found


def _read(model: RuleModel) -> dict[str, Any]:
    return {
        "title": model.title.vi, "title_en": model.title.en, "sector": model.sector, "definition": model.definition(),
    }  # fmt: skip


def _first(model: RuleModel, origin: str, agency_id: int | None, status: str, actor: str, now: int) -> Rule:
    return Rule(
        code=model.code, origin=origin, agency_id=agency_id, version=1, status=status, changed_at=now, changed_by=actor,
        **_read(model),
    )  # fmt: skip


def _become(session: Session, found: Rule, model: RuleModel, actor: str, now: int) -> None:
    for name, value in _read(model).items():
        setattr(found, name, value)
    found.version += 1
    found.changed_at, found.changed_by = now, actor
    _keep(session, [found], actor, now)


def _keep(session: Session, found: Sequence[Rule], actor: str, now: int) -> None:
    session.add_all(found)
    session.flush()
    session.add_all(
        RuleVersion(rule_id=one.id, version=one.version, definition=one.definition, at=now, by=actor) for one in found
    )
    session.flush()


def _said(session: Session, found: Rule, kind: str, actor: str, reason: str = "") -> None:
    session.flush()
    rule_told(
        session, kind, actor=actor, code=found.code, agency_id=found.agency_id,
        data={
            "title": found.title, "title_en": found.title_en, "version": found.version, "status": found.status,
            **({"reason": reason} if reason else {}),
        },
    )  # fmt: skip


def _status_faults(status: str) -> list[Fault]:
    return [] if status in STATUSES else [Fault("status", f'there is no status "{status}"', ", ".join(STATUSES))]
