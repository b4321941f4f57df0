"""Reading the SensorThings interface: a URL becomes a prepared request, the request one answer."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dothi.config import settings
from dothi.db import hot
from dothi.doors.sensorthings import aggregate, answers, cursors, errors, grammar, paths, plans, sources
from dothi.doors.sensorthings.render import ROOT
from dothi.identity import access, guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound

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


@dataclass
class Prepared:
    """A request, ready to run: nothing of it depends on the moment it is run."""

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


async def endpoint(request: Request) -> Response:
    """Answer a GET or HEAD below the service root."""
    try:
        caller = access.caller(request)
        path = request.path_params.get("path", "")
        base = root_url(request)
        if not path.strip("/"):
            return answers.root(base)
        prepared = prepare(path, request.scope["query_string"], caller)
        response = await _run(prepared, base)
        etag = response.headers.get("etag")
        if etag is not None and request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={**errors.CORS, "ETag": etag})
    except DothiError as error:
        return errors.answer(error)
    return response


def root_url(request: Request) -> str:
    """The service root as callers know it: the setting public_url, or what the request was sent to."""
    scope = request.scope
    mount: str = scope.get("root_path", "")
    if public := settings().public_url:
        return public.rstrip("/") + mount
    host = request.headers.get("host", "")
    if not host or not host.replace(".", "").replace("-", "").replace(":", "").strip("[]").isalnum():
        server = scope.get("server") or ("localhost", 80)
        host = f"{server[0]}:{server[1]}"
    return f"{scope['scheme']}://{host}{mount}"


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
    except grammar.Refused as refused:
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


# --- running


async def _run(prepared: Prepared, base: str) -> Response:
    binds = {**prepared.binds, "now": clock.now_micros()}
    if prepared.series is not None:
        return await aggregate.run(prepared.series, binds, prepared.again, base)
    plan = prepared.plan
    assert plan is not None  # noqa: S101 - only an aggregation has none
    if prepared.mode == "count":
        assert plan.count is not None  # noqa: S101 - asked for when preparing
        rows = await hot.fetch(plan.count, binds, short=plan.short)
        await _must_exist(plan, binds, empty=int(rows[0][0]) == 0)
        return answers.text(str(rows[0][0]))
    if plan.resource.single:
        return await _one(plan, prepared, binds, base)
    rows, more = await _page(plan, prepared, binds)
    number = len(rows[-1])
    await _must_exist(plan, binds, empty=not number and not prepared.skip)
    total = None
    if plan.count is not None:
        total = int((await hot.fetch(plan.count, binds, short=plan.short))[0][0])
    link = None
    if more and number:
        separator = "&" if "?" in prepared.again else "?"
        link = f"{ROOT}/{prepared.again}{separator}$skiptoken={cursors.token(rows[plan.fields.cursor][-1])}"
    if prepared.format == "CSV":
        return answers.csv(plan.columns, rows[0], link, base)
    if prepared.format == "dataArray":
        return answers.json(answers.data_array(plan.columns, rows[0], rows[plan.fields.id], total, link), base)
    if not plan.children and prepared.format == "json":
        return answers.json(answers.collection("},".join(rows[0]) + "}" if number else "", total, link), base)
    bodies = await answers.spliced(plan.children, plan.fields, rows, binds)
    if prepared.format == "GeoJSON":
        body = answers.features(bodies, rows[plan.fields.geometry], total, link)
        return answers.json(body, base, "application/geo+json")
    return answers.json(answers.collection(",".join(bodies), total, link), base)


async def _page(plan: plans.Plan, prepared: Prepared, binds: dict[str, Any]) -> tuple[list[list[str]], bool]:
    """The fields of a page's rows, and whether there are more rows."""
    top = prepared.top
    number = plan.fields.cursor + 1
    if plan.windowed:
        if prepared.skip and not await _jump(plan, prepared.skip, binds):
            return answers.columns(None, number), False
        rows = await _window(plan, binds, top)
    else:
        found = await hot.fetch(plan.statement, binds, short=plan.short and top <= 1000)
        rows = [text.split(plans.ROW) if text is not None else [] for text in found[0]]
    if len(rows[0]) <= top:
        return rows, False
    return [column[:top] for column in rows], top > 0


async def _window(plan: plans.Plan, binds: dict[str, Any], top: int) -> list[list[str]]:
    for window in (plans.WINDOW, top + 2):
        binds["window"] = window
        parts = await hot.fetch(plan.statement, binds, short=top <= 1000)
        rows = answers.columns(None, plan.fields.cursor + 1)
        for datastream, text in parts:
            before = len(rows[0])
            for column, values in zip(rows, answers.columns(text, len(rows)), strict=True):
                column.extend(values)
            last = min(len(rows[0]), top) - 1
            if last >= before:
                rows[-1][last] = f"[{datastream},{rows[-1][last]}]"
        if len(rows[0]) > top or len(parts) < window:
            break
    return rows


async def _jump(plan: plans.Plan, skip: int, binds: dict[str, Any]) -> bool:
    """Bind the cursor so that the page begins after `skip` observations; False when there are not so many."""
    assert plan.jump is not None  # noqa: S101 - windowed plans have one
    found = await hot.fetch(plan.jump[0], {"skip": skip}, short=True)
    if not found:
        return False
    datastream, before = found[0]
    at = await hot.fetch(plan.jump[1], {"k0": datastream, "skip": skip - int(before)})
    if not at:
        return False
    binds |= {"c0": datastream, "c1": at[0][0] - 1}
    return True


async def _must_exist(plan: plans.Plan, binds: dict[str, Any], *, empty: bool) -> None:
    """A collection of nothing is empty; a collection of something that is not there is not found."""
    if empty and plan.parent is not None and not await hot.fetch(plan.parent, binds, short=True):
        raise NotFound("Nothing found.")


async def _one(plan: plans.Plan, prepared: Prepared, binds: dict[str, Any], base: str) -> Response:
    found = await hot.fetch(plan.statement, binds, short=True)
    if not found:
        raise NotFound("Nothing found.")
    if not prepared.inside:
        columns = [[field] for field in found[0]]
        (body,) = await answers.spliced(plan.children, plan.fields, columns, binds)
        response = answers.json(body, base)
        response.headers["ETag"] = f'"{hashlib.blake2b(response.body, digest_size=12).hexdigest()}"'
        return response
    entity = msgspec.json.decode((found[0][0] + "}").replace(ROOT, base))
    name, *keys = prepared.inside
    name = {"id": "@iot.id", "selfLink": "@iot.selfLink"}.get(name, name)
    if entity.get(name) is None:
        return Response(status_code=204, headers=errors.CORS)
    value = entity[name]
    for key in keys:
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            allowed = ", ".join(map(str, value)) if isinstance(value, dict) else None
            raise NotFound(f"no {key[:80]!r} there", [Fault("path", f"no {key[:80]!r} there", allowed)])
    if prepared.mode == "value":
        return answers.text(value if isinstance(value, str) else msgspec.json.encode(value).decode())
    return answers.json(msgspec.json.encode({keys[-1] if keys else name: value}).decode(), base)
