"""Rules, switches, schedules and targets of the running city as items, and the verbs that make and drop them."""

from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.alerts import declared, rulebook
from dothi.alerts.model import RuleModel
from dothi.alerts.tables import Rule
from dothi.city import practising
from dothi.city.items import Item, flat
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.indicators import targets
from dothi.indicators.tables import IndicatorTarget
from dothi.kit.errors import NotFound
from dothi.tasking import schedules
from dothi.tasking.tables import TaskSchedule


def readers() -> dict[str, Callable[[Session], Iterator[Item]]]:
    """What reads the items of each kind."""
    return {"rule": _rules, "switch": _switches, "schedule": _schedules, "target": _targets}


def _rules(session: Session) -> Iterator[Item]:
    """The rules people made. A parent that is no more explains nothing away, so it is left out."""
    there = {*declared.rules(), *session.scalars(select(Rule.code))}
    query = select(Rule.code, Rule.definition, Rule.status, Agency.code).outerjoin(Agency, Agency.id == Rule.agency_id)
    for code, definition, status, agency in session.execute(query.where(Rule.origin == "person")):
        fields = {name: value for name, value in definition.items() if name != "code"}
        suppress = fields.get("suppress") or {}
        parents = [one for one in suppress.get("parents", ()) if one in there]
        if parents:
            fields["suppress"] = {**suppress, "parents": parents}
        else:
            fields.pop("suppress", None)
        yield Item("rule", code, flat({**fields, "agency": agency, "status": status}))


def _switches(session: Session) -> Iterator[Item]:
    """The packs' rules that stand otherwise than their packs say."""
    given = declared.rules()
    for code, status in session.execute(select(Rule.code, Rule.status).where(Rule.origin == "pack")):
        if code in given and given[code].status != status:
            yield Item("switch", code, {"status": status})


def _schedules(session: Session) -> Iterator[Item]:
    query = select(TaskSchedule, Agency.code).outerjoin(Agency, Agency.id == TaskSchedule.agency_id)
    for one, agency in session.execute(query):
        yield Item("schedule", one.code, flat({
            "title": one.title, "kind": one.kind, "agency": agency, "things": one.things, "steps": one.steps,
            "exceptions": one.exceptions, "enabled": one.enabled,
        }))  # fmt: skip


def _targets(session: Session) -> Iterator[Item]:
    for one in session.scalars(select(IndicatorTarget)):
        fields = flat({
            "indicator": one.indicator, "year": one.year, "value": one.value, "place": one.place or None,
            "phase": one.phase, "source": one.source,
        })  # fmt: skip
        yield Item("target", practising.target_code(fields), fields)


def put(session: Session, caller: Caller, item: Item, agencies: Mapping[str, int]) -> None:
    """Have an item be as said. agencies: ids by code. Raises NotFound when its agency was removed."""
    fields = dict(item.fields)
    agency = fields.pop("agency", None)
    if agency is not None and agency not in agencies:
        raise NotFound(f'the {item.kind} {item.code} is of agency "{agency}", which is not there any more')
    owner = agencies[agency] if agency is not None else None
    if item.kind == "rule":
        status = str(fields.pop("status", "on"))
        model = RuleModel.model_validate({"code": item.code, **fields})
        rulebook.put(session, caller, model, agency_id=owner, status=status)
    elif item.kind == "switch":
        _switch(session, caller, item.code, str(fields["status"]))
    elif item.kind == "schedule":
        schedules.put(session, caller, schedules.Wanted(code=item.code, agency_id=owner, **fields))
    else:
        targets.set_target(
            session, caller, fields["indicator"], fields["year"], fields["value"], place=fields.get("place"),
            phase=fields.get("phase"), source=fields.get("source"),
        )  # fmt: skip


def _switch(session: Session, caller: Caller, code: str, status: str) -> None:
    """Switch a pack's rule, which an installation that was never up does not have yet."""
    if session.scalar(select(Rule.id).where(Rule.code == code)) is None:
        rulebook.declare(session)
    rulebook.switch(session, caller, code, status)


def drop(session: Session, caller: Caller, kind: str, code: str) -> None:
    """Take an item away; a pack's rule is as its pack says again."""
    if kind == "rule":
        rulebook.remove(session, caller, code)
    elif kind == "switch":
        _switch(session, caller, code, declared.rules()[code].status)
    elif kind == "schedule":
        schedules.drop(session, caller, code)
    else:
        indicator, year, *place = code.split(".", 2)
        targets.drop_target(session, caller, indicator, int(year), place=place[0] if place else None)


def rename(session: Session, caller: Caller, kind: str, was: str, now: str) -> None:
    """Have everything of these that names something follow its new name."""
    agencies = {code: id_ for code, id_ in session.execute(select(Agency.code, Agency.id))}  # noqa: C416 - rows, not tuples
    for reader in readers().values():
        for item in list(reader(session)):
            made = practising.renamed(item, kind, was, now)
            if made == item:
                continue
            if made.code != item.code:
                drop(session, caller, item.kind, item.code)
            put(session, caller, made, agencies)
