"""The form of a new rule for people who write no YAML: what is measured, what is out of order, how bad it is."""

from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from dothi.alerts import declared, rulebook
from dothi.alerts.model import SEVERITIES
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.kit.text import sort_key, whole
from dothi.screens import wards
from dothi.screens.asking import sector_names
from dothi.screens.desk import back
from dothi.screens.rules import making, pages
from dothi.screens.rules.desk import WRITES, WRONG, Ask, wrong
from dothi.sensing.sectors import Property, sectors
from dothi.web.forms import Filled

MOST_WARDS = 60  # more are not ticked but written in the definition


@dataclass(frozen=True)
class NewPage:
    """`rules/new.html`. properties: by sector, (code, name with unit); chosen, kind: what was picked so far, if anything."""

    properties: list[tuple[str, list[tuple[str, str]]]]
    chosen: Property | None
    kind: str
    unit: str
    levels: list[tuple[str, str]]
    wards: list[tuple[str, str]]
    procedures: list[tuple[str, str]]
    agencies: list[tuple[str, str]]
    everywhere: bool


def new(ask: Ask) -> Response:
    """A new rule by choosing; as YAML (`?how=yaml`), or after another one (`?like=code`)."""
    query = ask.request.query_params
    if query.get("like") or query.get("how") == "yaml":
        return pages.new(ask)
    return _shown(ask, query.get("property", ""), query.get("kind", ""), Filled(dict(making.USUAL)))


def create(ask: Ask) -> Response:
    """Make a rule, as a draft; the next page tries it on what was measured."""
    values = ask.values
    if values.get("how") != "kind":
        return pages.create(ask)
    prop, kind = sectors().properties.get(values.get("property", "")), values.get("kind", "")
    if prop is None or kind not in making.KINDS or not making.fits(kind, prop):
        return _shown(ask, values.get("property", ""), kind, Filled(values))
    try:
        made = making.definition(
            kind, prop, sectors().sector_of.get(prop.code), values, {name: ask.all(name) for name in ("days", "units")},
            {one.code for one in rulebook.rules(ask.session, ask.caller)},
        )  # fmt: skip
        with ask.session.begin_nested():
            rule = rulebook.create(ask.session, ask.caller, made, agency_id=whole(values.get("agency")), status="draft")
    except WRONG as error:
        return _shown(ask, prop.code, kind, _again(ask, error, kind), error.status)
    return back(f"/operations/rules/{quote(rule.code)}/trial")


def _again(ask: Ask, error: DothiError, kind: str) -> Filled:
    """The form as it was sent, each fault under its field and in the reader's language."""
    faults = [making.placed(one, kind) for one in error.faults]
    said = [Fault(one.place, ask.say(one.message), ask.say(one.allowed) if one.allowed else "") for one in faults]
    filled = wrong(ask, BadInput(ask.say(error.message), said))
    filled.values = {**filled.values, "days": ",".join(ask.all("days")), "units": ",".join(ask.all("units"))}
    return filled


def _shown(ask: Ask, code: str, kind: str, filled: Filled, status: int = 200) -> Response:
    known = sectors()
    chosen = known.properties.get(code)
    kind = kind if kind in making.KINDS and (chosen is None or making.fits(kind, chosen)) else ""
    groups: dict[str, list[tuple[str, str]]] = {}
    named = sector_names(ask.language)
    for one in known.properties.values():
        unit = one.unit.shown(ask.language)
        name = one.name.of(ask.language) + (f" ({unit})" if unit and unit != "1" else "")
        sector = known.sector_of.get(one.code, "other")
        groups.setdefault(named.get(sector, sector), []).append((one.code, name))
    found = wards.wards(ask.session, ask.language, ask.now)
    page = NewPage(
        properties=[
            (sector, sorted(of, key=lambda pair: sort_key(pair[1])))
            for sector, of in sorted(groups.items(), key=lambda pair: sort_key(pair[0]))
        ],
        chosen=chosen, kind=kind, unit=chosen.unit.shown(ask.language) if chosen else "",
        levels=[(one.code, one.name.of(ask.language)) for one in chosen.state.levels] if chosen else [],
        wards=found if len(found) <= MOST_WARDS else [],
        procedures=sorted(
            ((one.code, one.title.of(ask.language)) for one in declared.procedures().values()),
            key=lambda pair: sort_key(pair[1]),
        ),
        agencies=pages.agencies(ask), everywhere=ask.may(WRITES),
    )  # fmt: skip
    return ask.page("new", filled, status, page=page, m=making, severities=SEVERITIES)
