"""The list of rules, one rule, its editing, and its switch."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from dothi.alerts import declared, maintenance, rulebook
from dothi.alerts.model import RuleModel
from dothi.alerts.tables import Alarm, Maintenance, Rule, RuleVersion
from dothi.identity import store as identity
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.kit.text import fold, whole
from dothi.screens.asking import sector_names
from dothi.screens.desk import back
from dothi.screens.rules import editing, store, words
from dothi.screens.rules.desk import WRITES, WRONG, Ask, wrong
from dothi.screens.rules.store import Lately
from dothi.web.forms import Filled

DAYS = 7
MOST_ALARMS = 20
REASON = 500  # characters
NONE = Lately(0, 0, None)


@dataclass(frozen=True)
class Line:
    """A rule in the list."""

    rule: Rule
    title: str
    watched: str
    conditions: list[tuple[str, str]]
    lately: Lately


@dataclass(frozen=True)
class RulesPage:
    """`rules/list.html`: rules by sector; asked: the words searched for and the state kept to."""

    sectors: list[tuple[str, list[Line]]]
    count: int
    q: str
    status: str


def listed(ask: Ask) -> Response:
    """Every rule, by sector, with what it raised in the last week."""
    q, status = ask.request.query_params.get("q", "")[:100], ask.request.query_params.get("status", "")
    lately = store.lately(ask.session, ask.caller, ask.now - DAYS * clock.DAY)
    names = sector_names(ask.language)
    groups: dict[str, list[Line]] = {}
    for one in rulebook.rules(ask.session, ask.caller):
        model = RuleModel.model_validate(one.definition)
        line = Line(
            one, words.title(one, ask.language), words.subject(model.on, ask.say, ask.language),
            words.conditions(model, ask.say, ask.language), lately.get(one.code, NONE),
        )  # fmt: skip
        text = fold(f"{one.code} {one.title} {one.title_en or ''} {line.watched}")
        if (not status or one.status == status) and all(word in text for word in fold(q).split()):
            groups.setdefault(names.get(one.sector or "", one.sector or ask.say("Mọi lĩnh vực")), []).append(line)
    page = RulesPage(list(groups.items()), sum(len(lines) for lines in groups.values()), q, status)
    return ask.page("list", page=page, may_make=_may_make(ask))


def _may_make(ask: Ask) -> bool:
    return bool(agencies(ask)) or ask.may(WRITES)


def agencies(ask: Ask) -> list[tuple[str, str]]:
    """(id, name) of the agencies the caller may make rules for."""
    return [(str(one.id), one.name) for one in identity.agencies(ask.session) if ask.may(WRITES, one.id)]


@dataclass(frozen=True)
class RulePage:
    """`rules/rule.html`: one rule in words, its definition, versions, alarms and maintenance windows."""

    rule: Rule
    title: str
    model: RuleModel
    watched: str
    where: list[str]
    conditions: list[tuple[str, str]]
    clearing: str
    schedule: str
    procedure: str | None
    yaml: str
    versions: list[tuple[RuleVersion, str]]
    alarms: list[Alarm]
    lately: Lately
    windows: list[Maintenance]
    names: dict[str, str]
    agency: str
    may_write: bool
    may_handle: bool


def rule(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """One rule."""
    one = rulebook.rule(ask.session, ask.caller, ask.request.path_params["code"])
    return ask.page("rule", filled, status, page=_page(ask, one), yaml_of=editing.text_of)


def _page(ask: Ask, one: Rule) -> RulePage:
    model = RuleModel.model_validate(one.definition)
    versions = rulebook.versions(ask.session, ask.caller, one.code)
    procedure = declared.procedures().get(model.procedure or "")
    windows = [w for w in maintenance.current(ask.session, ask.caller) if (w.scope_kind, w.scope) == ("rule", one.code)]
    keeper = identity.agency(ask.session, one.agency_id) if one.agency_id is not None else None
    return RulePage(
        rule=one, title=words.title(one, ask.language), model=model,
        watched=words.subject(model.on, ask.say, ask.language), where=_where(ask, model),
        conditions=words.conditions(model, ask.say, ask.language),
        clearing=words.clearing(model.clear, model, ask.say, ask.language),
        schedule=words.schedule(model.schedule, ask.say, ask.language),
        procedure=procedure.title.of(ask.language) if procedure else model.procedure,
        yaml=editing.text_of(one.definition),
        versions=[(v, _difference(older, v)) for v, older in zip(versions, [*versions[1:], None], strict=True)],
        alarms=store.alarms(ask.session, ask.caller, one.code, MOST_ALARMS),
        lately=store.lately(ask.session, ask.caller, ask.now - DAYS * clock.DAY).get(one.code, NONE), windows=windows,
        names=store.names(ask.session, {one.changed_by, *(v.by for v in versions), *(w.by for w in windows)}),
        agency=keeper.name if keeper else "", may_write=ask.may(WRITES, one.agency_id),
        may_handle=ask.may("alarms:handle", one.agency_id),
    )  # fmt: skip


def _where(ask: Ask, model: RuleModel) -> list[str]:
    """What the rule keeps to, in words."""
    said, where = [], model.on.where
    if where.sector:
        said.append(sector_names(ask.language).get(where.sector, where.sector))
    if where.official is not None:
        said.append(ask.say("trạm chính thức") if where.official else ask.say("cảm biến không chính thức"))
    if where.agency:
        said.append(where.agency)
    if where.area:
        said.append(where.area)
    said += [*where.units, *where.things, *(f"{name}: {value}" for name, value in where.attributes.items())]
    return said


def _difference(older: RuleVersion | None, newer: RuleVersion) -> str:
    """The keys that read differently than a version before."""
    if older is None:
        return ""
    keys = {*older.definition, *newer.definition}
    return ", ".join(sorted(key for key in keys if older.definition.get(key) != newer.definition.get(key)))


def switch(ask: Ask) -> Response:
    """Switch a rule on or off; says why."""
    code, values = ask.request.path_params["code"], ask.values
    reason = values.get("reason", "")
    try:
        if not 1 <= len(reason) <= REASON:
            raise BadInput(ask.say("Cần nói lý do."), [Fault("reason", ask.say("Cần nói lý do."), f"1 – {REASON}")])
        with ask.session.begin_nested():
            rulebook.switch(ask.session, ask.caller, code, values.get("status", ""), _version(values), reason=reason)
    except WRONG as error:
        return _again(ask, error)
    return back(f"/operations/rules/{quote(code)}")


def _again(ask: Ask, error: DothiError) -> Response:
    return rule(ask, wrong(ask, error), error.status)


def _version(values: dict[str, str]) -> int | None:
    return whole(values.get("version"), 8)


def remove(ask: Ask) -> Response:
    """Delete a rule somebody made."""
    try:
        with ask.session.begin_nested():
            rulebook.remove(ask.session, ask.caller, ask.request.path_params["code"], _version(ask.values))
    except WRONG as error:
        return _again(ask, error)
    return back("/operations/rules")


@dataclass(frozen=True)
class EditPage:
    """`rules/edit.html`: a rule in fields and as YAML. rule: None for a new one; copied: what it was made after."""

    rule: Rule | None
    copied: Rule | None
    model: RuleModel | None
    severities: list[tuple[str, list[str], str]]
    agencies: list[tuple[str, str]]
    everywhere: bool
    lines: list[int]


def edit(ask: Ask) -> Response:
    """The form of a rule; a pack's rule gives a copy of one's own."""
    one = rulebook.rule(ask.session, ask.caller, ask.request.path_params["code"])
    return _form(ask, one, None)


def new(ask: Ask) -> Response:
    """The form of a new rule, empty or after another one (`?like=code`)."""
    like = ask.request.query_params.get("like")
    return _form(ask, None, rulebook.rule(ask.session, ask.caller, like) if like else None)


def _form(ask: Ask, one: Rule | None, copied: Rule | None, filled: Filled | None = None, status: int = 200) -> Response:
    if one is not None and one.origin != "person":
        one, copied = None, one
    source = one or copied
    model = RuleModel.model_validate(source.definition) if source else None
    if filled is None:
        filled = Filled({} if model is None else editing.fields(model))
        text = (
            editing.TEMPLATE
            if source is None
            else editing.text_of(_own(source, ask) if one is None else source.definition)
        )
        filled = Filled({**filled.values, "yaml": text})
    lines = sorted({line for fault in filled.faults.get("yaml", []) if (line := editing.line_of(fault))})
    severities = []
    if model is not None and one is not None:
        for name, text in words.conditions(model, ask.say, ask.language):
            said = model.definition()["when"][name]
            numbers = [key for key in editing.NUMBERS if isinstance(said.get(key), int | float)]
            severities.append((name, numbers, text))
    page = EditPage(one, copied, model, severities, agencies(ask), ask.may(WRITES), lines)
    return ask.page("edit", filled, status, page=page)


def _own(source: Rule, ask: Ask) -> dict[str, Any]:
    """A rule's definition under a code of one's own."""
    taken = {one.code for one in rulebook.rules(ask.session, ask.caller)}
    code = next(c for n in range(1, 1000) if (c := f"{source.code}-rieng{n if n > 1 else ''}") not in taken)
    return {**source.definition, "code": code, "status": "draft"}


def save(ask: Ask) -> Response:
    """Keep a rule as its fields or its YAML say; the version before stays readable."""
    code, values = ask.request.path_params["code"], ask.values
    one = rulebook.rule(ask.session, ask.caller, code)
    try:
        if values.get("how") == "fields":
            model = RuleModel.model_validate(one.definition)
            definition = editing.changed(model, values, ask.all("days"))
        else:
            definition = editing.read(values.get("yaml", "")).definition()
        with ask.session.begin_nested():
            rulebook.change(ask.session, ask.caller, code, definition, _version(values) or 0)
    except WRONG as error:
        error = editing.mapped(error) if isinstance(error, BadInput) and values.get("how") == "fields" else error
        filled = wrong(ask, error)
        kept = {**editing.fields(RuleModel.model_validate(one.definition)), "yaml": editing.text_of(one.definition)}
        filled.values = {**kept, **values, "days": ",".join(ask.all("days"))}
        return _form(ask, one, None, filled, error.status)
    return back(f"/operations/rules/{quote(code)}")


def create(ask: Ask) -> Response:
    """Make a rule: a draft, so that it is tried before it rings."""
    values = ask.values
    try:
        definition = editing.read(values.get("yaml", "")).definition()
        agency_id = whole(values.get("agency"))
        with ask.session.begin_nested():
            made = rulebook.create(ask.session, ask.caller, definition, agency_id=agency_id, status="draft")
    except WRONG as error:
        return _form(ask, None, None, wrong(ask, error), error.status)
    return back(f"/operations/rules/{quote(made.code)}")
