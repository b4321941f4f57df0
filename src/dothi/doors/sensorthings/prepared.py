"""A URL as a prepared request: parsed, planned and kept for the next time."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_plus

from dothi.config import settings
from dothi.db import hot
from dothi.doors.sensorthings import aggregate, answers, cursors, grammar, literals, paths, plans, sources
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault

Format = Literal["json", "dataArray", "CSV", "GeoJSON"]


_FORMATS: Mapping[str, Format] = {
    "json": "json",
    "default": "json",
    "dataarray": "dataArray",
    "csv": "CSV",
    "geojson": "GeoJSON",
}


_OPTIONS = ("$top", "$skip", "$count", "$select", "$orderby", "$filter", "$expand")


_OTHERS = ("$skiptoken", "$resultFormat", "interval", "aggregate", "tz", "as-of")


_KEPT = 2048  # prepared requests


@dataclass(eq=False)
class Prepared:
    """A request, ready to run: nothing of it depends on the moment it is run, but what `now` asks for."""

    plan: plans.Plan | None
    binds: dict[str, Any]
    top: int
    skip: int
    format: Format
    again: str  # path and query of the next page, up to the cursor
    inside: tuple[str, ...] = ()
    mode: str = ""
    series: aggregate.Series | None = None


class _Kept:
    """The requests prepared lately."""

    def __init__(self) -> None:
        self.known: OrderedDict[Any, Prepared] = OrderedDict()

    def get(self, key: Any) -> Prepared | None:
        found = self.known.get(key)
        if found is not None:
            self.known.move_to_end(key)
        return found

    def keep(self, key: Any, prepared: Prepared) -> None:
        self.known[key] = prepared
        if len(self.known) > _KEPT:
            self.known.popitem(last=False)


_requests = _Kept()


_plans: OrderedDict[Any, plans.Plan] = OrderedDict()


def prepare(path: str, query: bytes, caller: guard.Caller) -> Prepared:
    """The prepared request of a URL; all faults of the query are raised at once."""
    key = (hot.identity(), path, query, guard.sight(caller))
    found = _requests.get(key)
    if found is None:
        found = _prepare(path, query, caller)
        _requests.keep(key, found)
    return found


def _pairs(query: bytes) -> list[tuple[str, str]]:
    pairs = []
    for part in query.decode("latin-1").split("&"):
        name, _, text = part.partition("=")
        if part:
            pairs.append((unquote_plus(name), unquote_plus(text)))
    return pairs


def _prepare(path: str, query: bytes, caller: guard.Caller) -> Prepared:
    resource = paths.parse(path)
    config = settings()
    faults: list[Fault] = []
    parts: list[grammar.Options] = []
    others: dict[str, str] = {}
    seen: set[str] = set()
    for name, text in _pairs(query):
        plain = f"${name}" if f"${name}" in {*_OPTIONS, *_OTHERS} else name
        if plain in seen:
            faults.append(Fault(plain, "given twice", "once"))
        seen.add(plain)
        if plain in _OPTIONS:
            try:
                parts.append(
                    grammar.parse_option(plain, text, most_tokens=config.max_words, most_expand=config.max_expand)
                )
            except BadInput as error:
                faults += error.faults
        elif plain in _OTHERS:
            others[plain] = text
        elif not plain.startswith("_"):
            faults.append(Fault(plain[:80], "no such query option", ", ".join([*_OPTIONS, *_OTHERS])))
    options = grammar.merge(parts)
    as_of = _as_of(others, resource, options, faults)
    form = _format(others, resource, options, faults)
    if faults:
        raise BadInput("; ".join(f"{fault.place}: {fault.message}" for fault in faults), faults)
    if resource.single and resource.inside:
        known = "id" if resource.inside[0] in {"id", "selfLink"} else resource.inside[0]
        names = {"selfLink": "@iot.selfLink"}
        select = (grammar.Path((names.get(resource.inside[0], known),)),)
        options = grammar.Options(select=select)
    view = sources.View(caller, as_of is not None)
    try:
        return _assemble(resource, options, view, form, others, as_of, path)
    except literals.Refused as refused:
        raise refused.said(refused.option or "query") from None


def _assemble(
    resource: paths.Resource,
    options: grammar.Options,
    view: sources.View,
    form: Format,
    others: Mapping[str, str],
    as_of: int | None,
    path: str,
) -> Prepared:
    config = settings()
    top = min(config.default_top if options.top is None else options.top, config.max_top)
    binds: dict[str, Any] = dict(sources.key_binds(resource.steps))
    binds["limit"] = top + 1
    if as_of is not None:
        binds["as_of"] = as_of
    series = aggregate.series(resource, options, view, others, top)
    if series is not None:
        again = _again(path, options, others, top)
        return Prepared(None, binds, top, options.skip, form, again, series=series)
    cursor = cursors.read(others.get("$skiptoken"))
    skipping = bool(options.skip) and cursor is None
    shape: plans.Shape = "ref" if resource.mode == "ref" else "entity"
    if form != "json":
        shape = "geojson" if form == "GeoJSON" else "array"
    if resource.mode == "count":
        options = grammar.Options(filter=options.filter, count=True, written=options.written)
    there = None if cursor is None else tuple(value is not None for value in cursor)
    plan = _plan(resource, options, view, shape, there, skipping=skipping)
    if skipping:
        binds["skip"] = options.skip
    if cursor is not None:
        binds |= cursors.binds(cursor, plan.terms)
    elif plan.windowed:
        binds |= {"c0": -1, "c1": -(2**62)}
    again = _again(path, options, others, top)
    skip = options.skip if skipping else 0
    return Prepared(plan, binds, top, skip, form, again, resource.inside, resource.mode)


def _plan(
    resource: paths.Resource,
    options: grammar.Options,
    view: sources.View,
    shape: plans.Shape,
    cursor: tuple[bool, ...] | None,
    *,
    skipping: bool,
) -> plans.Plan:
    """A plan serves every id, page size and cursor of its shape."""
    steps = tuple((step.entity.name, step.link and step.link.name, step.key is not None) for step in resource.steps)
    key = (
        hot.identity(),
        steps,
        _without_top(options),
        guard.sight(view.caller),
        view.as_of,
        shape,
        cursor,
        skipping,
    )
    found = _plans.get(key)
    if found is None:
        found = _plans[key] = plans.plan(resource, options, view, shape, cursor, skipping=skipping)
        if len(_plans) > _KEPT:
            _plans.popitem(last=False)
    else:
        _plans.move_to_end(key)
    return found


def _without_top(options: grammar.Options) -> Any:
    return (options.count, options.select, options.orderby, options.filter, options.expand)


def _as_of(
    others: Mapping[str, str], resource: paths.Resource, options: grammar.Options, faults: list[Fault]
) -> int | None:
    text = others.get("as-of")
    if text is None:
        return None
    head, gap, offset = text.rpartition(" ")
    try:
        moment = clock.parse(f"{head}+{offset}" if gap else text)
    except DothiError as error:
        faults += [Fault("as-of", fault.message, fault.allowed) for fault in error.faults]
        return None
    names = {resource.entity.name, *_expanded(options)}
    if not names & {"Observation", "Observations"}:
        faults.append(Fault("as-of", "there are no Observations here", "a path or $expand with Observations"))
    return moment


def _expanded(options: grammar.Options) -> set[str]:
    return {name for one in options.expand for name in (one.name, *_expanded(one.options))}


def _format(
    others: Mapping[str, str], resource: paths.Resource, options: grammar.Options, faults: list[Fault]
) -> Format:
    text = others.get("$resultFormat")
    if text is None:
        return "json"
    form = _FORMATS.get(text.lower())
    if form is None:
        faults.append(Fault("$resultFormat", f"found {text[:40]!r}", "dataArray, CSV, GeoJSON"))
        return "json"
    if form == "json":
        return form
    if resource.single or resource.mode:
        faults.append(Fault("$resultFormat", f"{form} is for collections", "the address of a collection"))
    if form == "dataArray" and resource.entity.name != "Observation":
        faults.append(Fault("$resultFormat", "dataArray is for Observations", "CSV, GeoJSON"))
    if form != "GeoJSON" and options.expand:
        faults.append(Fault("$expand", f"{form} has no place for expanded entities", "no $expand, or default JSON"))
    return form


def _again(path: str, options: grammar.Options, others: Mapping[str, str], top: int) -> str:
    pairs = [(name, text) for name, text in options.spelled() if name not in {"$skip", "$top"}]
    if options.top is not None:
        pairs.insert(0, ("$top", str(top)))
    pairs += [(name, text) for name, text in others.items() if name != "$skiptoken"]
    return answers.quoted(path.strip("/"), pairs)
