"""What the sector packs declare in `alerts.yaml`: rules and procedures, with names checked across all packs."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from dothi import packs
from dothi.alerts import promises  # noqa: F401 - teaches packs the promise `alerts`
from dothi.alerts.model import Alerts, Condition, Named, Procedure, RuleModel
from dothi.identity.guard import ROLES
from dothi.kit.errors import Fault
from dothi.sensing.sectors import Property, Sectors, properties_of, sectors

FILE = "alerts.yaml"

packs.schema(FILE, Alerts)


@lru_cache(maxsize=1)
def rules() -> dict[str, RuleModel]:
    """The rules of every pack shipped with this installation, by code, each with its pack's sector."""
    return {
        one.code: one if one.sector is not None else one.model_copy(update={"sector": pack.code})
        for pack in sectors().packs.values()
        for one in _given(pack).rules
    }


@lru_cache(maxsize=1)
def procedures() -> dict[str, Procedure]:
    """The procedures of every pack, by code."""
    return {one.code: one for pack in sectors().packs.values() for one in _given(pack).procedures}


def _given(pack: packs.Pack) -> Alerts:
    found: Alerts | None = pack.files.get(FILE)
    return found if found is not None else Alerts()


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once; properties, levels, parents and procedures that exist."""
    properties = properties_of(found)
    with_alerts = [pack for pack in found.values() if pack.files.get(FILE) is not None]
    codes = [one.code for pack in with_alerts for one in _given(pack).rules]
    steps = [one.code for pack in with_alerts for one in _given(pack).procedures]
    seen: set[str] = set()
    for pack in with_alerts:
        listed = {
            "rules": [one.code for one in _given(pack).rules],
            "procedures": [one.code for one in _given(pack).procedures],
        }
        for kind, here in listed.items():
            for i, code in enumerate(here):
                if f"{kind}:{code}" in seen:
                    yield pack.fault(FILE, (kind, i, "code"), f'"{code}" is given twice')
                seen.add(f"{kind}:{code}")
        for i, procedure in enumerate(_given(pack).procedures):
            for j, step in enumerate(procedure.steps):
                if step.role is not None and step.role not in ROLES:
                    yield pack.fault(FILE, ("procedures", i, "steps", j, "role"), f'no role "{step.role}"',
                                     near=(step.role, list(ROLES)), allowed=", ".join(ROLES))  # fmt: skip
        for i, rule in enumerate(_given(pack).rules):
            for path, message, wrong, allowed in _faults(rule, properties, codes, steps, list(found)):
                yield pack.fault(FILE, ("rules", i, *path), message, near=(wrong, allowed), allowed=", ".join(allowed))


Wrong = tuple[tuple[str | int, ...], str, str, list[str]]  # path, message, what was written, what there is


def faults(rule: RuleModel, sector_codes: Iterable[str] | None = None) -> list[Fault]:
    """What a rule names that does not exist, for rules made by people; places are paths of keys."""
    known = sectors()
    made = _faults(rule, known.properties, list(rules()), list(procedures()), list(sector_codes or known.sectors))
    return [Fault(".".join(map(str, path)), message, ", ".join(allowed)) for path, message, _, allowed in made]


def wrong(rule: RuleModel, taught: Sectors, others: Iterable[str] = ()) -> Iterable[Wrong]:
    """What a rule names that does not exist in some packs. others: codes of rules it may name beside theirs."""
    files = [_given(pack) for pack in taught.packs.values()]
    codes = [one.code for file in files for one in file.rules]
    steps = [one.code for file in files for one in file.procedures]
    return _faults(rule, taught.properties, [*codes, *others], steps, list(taught.sectors))


def _faults(
    rule: RuleModel, properties: Mapping[str, Property], codes: list[str], steps: list[str], sector_codes: list[str]
) -> Iterable[Wrong]:
    named = [(("on", "property"), rule.on.property)] if rule.on.property is not None else []
    named += [(("on", "inputs", name, "property"), one.property) for name, one in rule.on.inputs.items()]  # type: ignore[misc]
    for path, code in named:
        if code not in properties:
            yield path, f'no property "{code}"', code, list(properties)
    if rule.on.where.sector is not None and rule.on.where.sector not in sector_codes:
        yield ("on", "where", "sector"), f'no sector "{rule.on.where.sector}"', rule.on.where.sector, sector_codes
    if rule.procedure is not None and rule.procedure not in steps:
        yield ("procedure",), f'no procedure "{rule.procedure}"', rule.procedure, steps
    for j, parent in enumerate(rule.suppress.parents if rule.suppress is not None else []):
        if parent not in codes:
            yield ("suppress", "parents", j), f'no rule "{parent}"', parent, codes
        elif parent == rule.code:
            yield ("suppress", "parents", j), "a rule is not its own parent", parent, [c for c in codes if c != parent]
    levels = [one.code for _, code in named if code in properties for one in properties[code].state.levels]
    for severity, condition in rule.when.items():
        for key, level in _named_levels(condition):
            if level not in levels:
                yield (
                    ("when", severity, key),
                    f'no level "{level}" of {named[0][1] if named else "nothing"}',
                    level,
                    levels,
                )


def _named_levels(condition: Condition) -> Iterable[tuple[str, str]]:
    for key, name in (("above", "above"), ("from", "from_"), ("below", "below"), ("to", "to")):
        given = getattr(condition, name)
        if isinstance(given, Named) and given.level is not None:
            yield key, given.level
