"""Reading the SensorThings interface: a URL becomes a prepared request, the request one answer."""

import hashlib
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dothi.db import hot
from dothi.doors.sensorthings import aggregate, answers, cursors, errors, kept, pages, plans
from dothi.doors.sensorthings.prepared import Prepared, prepare
from dothi.doors.sensorthings.render import ROOT
from dothi.identity import access
from dothi.kit import clock
from dothi.kit.errors import DothiError, Fault, NotFound
from dothi.web.address import root_of

_STRETCHES = (clock.HOUR, clock.DAY, 32 * clock.DAY, 2**61)


async def endpoint(request: Request) -> Response:
    """Answer a GET or HEAD below the service root."""
    try:
        caller = access.caller(request)
        path = request.path_params.get("path", "")
        base = root_of(request)
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


async def _run(prepared: Prepared, base: str) -> Response:
    binds = {**prepared.binds, "now": clock.now_micros()}
    if prepared.series is not None:
        return await aggregate.run(prepared.series, binds, prepared.again, base)
    plan = prepared.plan
    assert plan is not None  # noqa: S101 - only an aggregation has none
    if prepared.mode == "count":
        assert plan.count is not None  # noqa: S101 - asked for when preparing
        total = int((await hot.fetch(plan.count, binds, short=plan.short))[0][0])
        await _must_exist(plan, binds, empty=total == 0)
        return answers.text(str(total))
    if plan.resource.single:
        return await _one(plan, prepared, binds, base)
    if prepared.format == "CSV":
        rows, _, link = await _gathered(plan, prepared, binds)
        return answers.csv(plan.columns, rows[0], link, base)
    make = partial(_many, plan, prepared, binds, base)
    body, kind = await kept.answer((prepared, base), make, light=not plan.children) if plan.timeless else await make()
    return Response(body, headers=errors.CORS, media_type=kind)


async def _gathered(
    plan: plans.Plan, prepared: Prepared, binds: dict[str, Any]
) -> tuple[list[list[str]], int | None, str | None]:
    """A page's rows, how many there are of all, and the link to those that follow."""
    rows, more = await _page(plan, prepared, binds)
    number = len(rows[-1])
    await _must_exist(plan, binds, empty=not number and not prepared.skip)
    counted = None
    if plan.count is not None:
        counted = int((await hot.fetch(plan.count, binds, short=plan.short))[0][0])
    link = None
    if more and number:
        separator = "&" if "?" in prepared.again else "?"
        link = f"{ROOT}/{prepared.again}{separator}$skiptoken={cursors.token(rows[plan.fields.cursor][-1])}"
    return rows, counted, link


async def _many(plan: plans.Plan, prepared: Prepared, binds: dict[str, Any], base: str) -> kept.Made:
    """A page as JSON."""
    rows, counted, link = await _gathered(plan, prepared, binds)
    if prepared.format == "dataArray":
        return answers.made(answers.data_array(plan.columns, rows[0], rows[plan.fields.id], counted, link), base)
    if not plan.children and prepared.format == "json":
        return answers.made(answers.collection("},".join(rows[0]) + "}" if rows[-1] else "", counted, link), base)
    bodies = await answers.spliced(plan.children, plan.fields, rows, binds)
    if prepared.format == "GeoJSON":
        body = answers.features(bodies, rows[plan.fields.geometry], counted, link)
        return answers.made(body, base, "application/geo+json")
    return answers.made(answers.collection(",".join(bodies), counted, link), base)


async def _page(plan: plans.Plan, prepared: Prepared, binds: dict[str, Any]) -> tuple[list[list[str]], bool]:
    """The fields of a page's rows, and whether there are more rows."""
    top = prepared.top
    number = plan.fields.cursor + 1
    if plan.windowed:
        if prepared.skip and not await _jump(plan, prepared.skip, binds):
            return answers.columns(None, number), False
        rows = await _window(plan, binds, top)
    elif plan.edge is not None:
        rows = await _stretch(plan, plan.edge, binds, top)
    else:
        found = await hot.fetch(plan.statement, binds, short=plan.short and top <= 1000)
        rows = [text.split(pages.ROW) if text is not None else [] for text in found[0]]
    if len(rows[0]) <= top:
        return rows, False
    return [column[:top] for column in rows], top > 0


async def _stretch(plan: plans.Plan, edge: hot.Statement, binds: dict[str, Any], top: int) -> list[list[str]]:
    """Rows by time, from ever longer stretches of time until there are enough."""
    start = binds["c0"] if "c0" in binds else (await hot.fetch(edge, binds, short=True))[0][0]
    rows = answers.columns(None, plan.fields.cursor + 1)
    if start is None:
        return rows
    for width in _STRETCHES:
        binds |= {"low": start - width, "high": start} if plan.newest_first else {"low": start, "high": start + width}
        found = await hot.fetch(plan.statement, binds)
        rows = [text.split(pages.ROW) if text is not None else [] for text in found[0]]
        if len(rows[0]) > top:
            break
    return rows


async def _window(plan: plans.Plan, binds: dict[str, Any], top: int) -> list[list[str]]:
    for window in (pages.WINDOW, top + 2):
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
