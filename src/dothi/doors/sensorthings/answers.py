"""The bodies of answers: expanded entities put into their parents, collections, data arrays, CSV, GeoJSON."""

import csv as csv_
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from dothi.config import settings
from dothi.db import hot
from dothi.doors.sensorthings import cursors, errors, model
from dothi.doors.sensorthings.pages import FIELD, ROW, Fields
from dothi.doors.sensorthings.plans import Level
from dothi.doors.sensorthings.render import ROOT
from dothi.kit.errors import BadInput, Fault

_MOST_EXPANDED = 100_000  # entities of one level of one answer
_SHORT = 3_000  # entities that are gathered by a statement planned once
_FEW = 200  # entities SQLite may gather on the event loop
_PREFIX = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
_CONFORMANCE = (
    *(
        f"{_PREFIX}datamodel/{part}"
        for part in (
            "thing",
            "location",
            "historical-location",
            "datastream",
            "multi-datastream",
            "sensor",
            "observed-property",
            "observation",
            "feature-of-interest",
        )
    ),
    f"{_PREFIX}resource-path/resource-path-to-entities",
    *(
        f"{_PREFIX}request-data/{part}"
        for part in (
            "order",
            "expand",
            "select",
            "status-codes",
            "query-status-codes",
            "orderby",
            "top",
            "skip",
            "count",
            "filter",
            "built-in-filter-operations",
            "built-in-query-functions",
            "pagination",
        )
    ),
    *(
        f"{_PREFIX}create-update-delete/{part}"
        for part in (
            "create-entity",
            "link-to-existing-entities",
            "deep-insert",
            "update-entity",
            "update-entity-put",
            "update-entity-jsonpatch",
            "delete-entity",
            "historical-location-auto-creation",
        )
    ),
    f"{_PREFIX}batch-request/batch-request",
    f"{_PREFIX}data-array/data-array",
    f"{_PREFIX}multi-datastream",
    f"{_PREFIX}create-observations-via-mqtt/observations-creation",
    f"{_PREFIX}receive-updates-via-mqtt/receive-updates",
    *(
        f"http://www.opengis.net/spec/iot_tasking/1.0/req/{part}"
        for part in (
            "tasking-capability",
            "task",
            "actuator",
            "create-tasks",
            "create-tasks-via-mqtt",
            "receive-updates-via-mqtt",
        )
    ),
)


def quoted(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """A path and query as a URL has them, quotes and parentheses left readable."""
    query = "&".join(f"{name}={quote(text, safe=_SAFE)}" for name, text in pairs)
    return quote(path, safe="/()',-$") + (f"?{query}" if query else "")


_SAFE = "()',;/:$@=*-._"


Column = Sequence[Any]  # one field of some rows


def columns(text: str | None, number: int) -> list[list[str]]:
    """The fields of a gathered text, each as the list of its rows."""
    if text is None:
        return [[] for _ in range(number)]
    return [part.split(ROW) for part in text.split(FIELD)]


async def spliced(
    children: Sequence[Level], fields: Fields, rows: Sequence[Column], binds: Mapping[str, Any]
) -> list[str]:
    """The entities' whole JSON texts: bodies, what is expanded, closing braces. `rows` are columns."""
    bodies = rows[fields.body]
    if not children:
        return [body + "}" for body in bodies]
    bare = [body == "{" for body in bodies]
    for child, place in zip(children, fields.links, strict=True):
        keys = [None if key is None or key == "" else str(key) for key in rows[fields.id if place < 0 else place]]
        found = await _expanded(child, list(dict.fromkeys(key for key in keys if key is not None)), binds)
        empty = f',"{child.link.name}":[]' if child.link.many else ""
        members = [found.get(key or "", empty) for key in keys]
        size = sum(map(len, bodies)) + sum(map(len, members))
        if size > (most := settings().max_answer):
            message = f"what is expanded makes the answer larger than {most} bytes"
            raise BadInput(message, [Fault("$expand", message, "fewer entities: $top, $filter, $select")])
        bodies = [body + member for body, member in zip(bodies, members, strict=True)]
    return [("{" + body[2:] if no else body) + "}" for body, no in zip(bodies, bare, strict=True)]


async def _expanded(level: Level, keys: Sequence[str], binds: Mapping[str, Any]) -> dict[str, str]:
    """For each parent's key the JSON member that holds what is expanded."""
    if not keys:
        return {}
    given = dict(binds)
    given["ids"] = "[" + ",".join(keys) + "]"
    name, options = level.link.name, level.options
    if not level.link.many:
        short = len(keys) * (1 + len(level.children)) < _SHORT
        rows = await hot.fetch(level.statement, given, short=short, many=len(keys) > _FEW)
        if not rows:
            return {}
        parents, *fields = zip(*rows, strict=True)
        bodies = await spliced(level.children, level.fields, fields, binds)
        return {str(key): f',"{name}":{body}' for key, body in zip(parents, bodies, strict=True)}
    config = settings()
    top = min(config.default_top if options.top is None else options.top, config.max_top)
    top = min(top, max(1, _MOST_EXPANDED // len(keys)))
    # where the number of all is known from a counter, one row more need not be read
    exact = level.counted and options.filter is None and level.link.name == "Observations" and "as_of" not in binds
    given["limit"] = top if exact else top + 1
    given["skip"] = options.skip
    short = options.filter is None and len(keys) * (top + 1) < _SHORT
    gathered: list[list[str]] = [[] for _ in range(level.fields.cursor + 1)]
    parts: list[tuple[Any, int, int, bool, int]] = []
    rows_of_all = await hot.fetch(level.statement, given, short=short, many=len(keys) * top > _FEW)
    for key, *totals, text in rows_of_all:
        mine = columns(text, len(gathered))
        number = len(mine[0])
        more = top > 0 and (totals[0] > options.skip + number if exact else number > top)
        parts.append((key, len(gathered[0]), min(number, top), more, totals[0] if totals else 0))
        for column, values in zip(gathered, mine, strict=True):
            column.extend(values[:top])
    bodies = await spliced(level.children, level.fields, gathered, binds)
    made = {}
    before, after = _next(level)
    for key, start, number, more, total in parts:
        member = f',"{name}":[{",".join(bodies[start : start + number])}]'
        if options.count:
            member += f',"{name}@iot.count":{total}'
        if more and number:
            last = cursors.token(gathered[-1][start + number - 1])
            member += f',"{name}@iot.nextLink":"{before}{key}{after}{last}"'
        made[str(key)] = member
    return made


def _next(level: Level) -> tuple[str, str]:
    """A parent's link to what comes after its expanded entities: what stands before its key, and before the cursor."""
    pairs = [(name, text) for name, text in level.options.spelled() if name != "$skip"]
    path = quoted(f")/{level.link.name}", pairs)
    return f"{ROOT}/{level.above.set_name}(", f"{path}{'&' if pairs else '?'}$skiptoken="


def _outer(total: int | None, link: str | None) -> str:
    text = "" if total is None else f'"@iot.count":{total},'
    return text if link is None else f'{text}"@iot.nextLink":{_string(link)},'


def _string(text: str) -> str:
    # ROOT must stay what it is: it becomes the service root at the end
    return '"' + text.replace("\\", "%5C").replace('"', "%22") + '"'


def collection(entities: str, total: int | None, link: str | None) -> str:
    """A page of entities, whose JSON texts stand between commas."""
    return "{" + _outer(total, link) + '"value":[' + entities + "]}"


def data_array(
    names: Sequence[str], arrays: Sequence[str], series: Sequence[str], total: int | None, link: str | None
) -> str:
    """A page of observations as 18-088 clause 12.2 has them: one array per datastream."""
    groups: dict[str, list[str]] = {}
    for head, array in zip(series, arrays, strict=True):
        groups.setdefault(head, []).append(array)
    components = msgspec.json.encode(list(names)).decode()
    parts = [
        f'{{{head},"components":{components},"dataArray@iot.count":{len(some)},"dataArray":[{",".join(some)}]}}'
        for head, some in groups.items()
    ]
    return collection(",".join(parts), total, link)


def csv(names: Sequence[str], arrays: Sequence[str], link: str | None, base: str) -> Response:
    """A page as RFC 4180 CSV in UTF-8; objects and arrays as JSON text; the next page in the Link header."""
    text = io.StringIO()
    writer = csv_.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for row in msgspec.json.decode("[" + ",".join(arrays) + "]"):
        writer.writerow([_cell(value) for value in row])
    headers = dict(errors.CORS)
    if link is not None:
        headers["Link"] = f'<{link.replace(ROOT, base)}>; rel="next"'
    return Response(text.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def features(bodies: Sequence[str], geometries: Sequence[str | None], total: int | None, link: str | None) -> str:
    """A page as a GeoJSON feature collection; an entity whose place is unknown has a null geometry."""
    parts = []
    for body, geometry in zip(bodies, geometries, strict=True):
        shape = geometry or "null"
        if '"Feature"' in shape:
            inner = msgspec.json.decode(shape)
            if inner.get("type") == "Feature":
                shape = msgspec.json.encode(inner.get("geometry")).decode()
        head = '{"type":"Feature",'
        if body.startswith('{"@iot.id":'):
            head += '"id":' + body[11:].partition(",")[0].rstrip("}") + ","
        parts.append(f'{head}"geometry":{shape},"properties":{body}}}')
    return '{"type":"FeatureCollection",' + _outer(total, link) + '"features":[' + ",".join(parts) + "]}"


def made(body: str, base: str, kind: str = "application/json") -> tuple[bytes, str]:
    """The bytes of a JSON answer, with the service root filled in, and its media type."""
    return body.replace(ROOT, base).encode(), kind


def json(body: str, base: str) -> Response:
    """A JSON answer with the service root filled in."""
    content, kind = made(body, base)
    return Response(content, headers=errors.CORS, media_type=kind)


def text(body: str) -> Response:
    """A plain text answer."""
    return Response(body, headers=errors.CORS, media_type="text/plain; charset=utf-8")


def root(base: str) -> Response:
    """The service root: the entity sets and what the server conforms to (18-088 clause 9.2.1)."""
    document = {
        "value": [{"name": entity.set_name, "url": f"{base}/{entity.set_name}"} for entity in model.ENTITIES],
        "serverSettings": {
            "conformance": list(_CONFORMANCE),
            f"{_PREFIX}create-observations-via-mqtt/observations-creation": {"endpoints": _brokers()},
            f"{_PREFIX}receive-updates-via-mqtt/receive-updates": {"endpoints": _brokers()},
        },
    }
    return Response(msgspec.json.encode(document), headers=errors.CORS, media_type="application/json")


def _brokers() -> list[str]:
    config = settings()
    if config.mqtt_url:
        # never the user and password of the setting
        return [config.mqtt_url.split("://", 1)[0] + "://" + config.mqtt_url.rsplit("@", 1)[-1].split("://")[-1]]
    return [f"mqtt://{config.mqtt_host}:{config.mqtt_port}"]
