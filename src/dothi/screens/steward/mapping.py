"""From a file to records, the mapping step: how the file is read, which column is which field, where positions are."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.datastructures import UploadFile
from starlette.responses import Response

from dothi.config import settings
from dothi.datasets import schema as schemas
from dothi.datasets import service, views
from dothi.datasets.loads import crs, guessing, looking
from dothi.datasets.loads import mapping as mappings
from dothi.datasets.loads import service as loads
from dothi.datasets.loads.found import Found, LayerFound
from dothi.datasets.loads.mapping import FieldOf, GeometryOf
from dothi.datasets.loads.opening import How
from dothi.datasets.tables import Dataset, Load
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock, encodings
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault
from dothi.kit.text import whole
from dothi.screens import words as common
from dothi.screens.desk import back, wrong
from dothi.screens.steward import describing, store, uploads, words
from dothi.screens.steward.desk import Ask, get, kept, post, post_long
from dothi.screens.steward.loading import box_of
from dothi.screens.steward.uploads import Upload
from dothi.web.forms import Filled

MODES = ("upsert", "append", "replace")
_GEOMETRY = ("lon", "lat", "east", "north", "position", "wkt", "geojson")
PATIENCE = 8.0  # seconds a form waits for its file to be read
_HOW = ("layer", "encoding", "font", "delimiter", "header_row")


@dataclass(frozen=True, slots=True)
class Target:
    """A field values go into. column: guessed or chosen; name, title, kind, unit: for a new dataset, to be changed."""

    name: str
    title: str
    kind: str
    unit: str
    required: bool
    column: str
    decimal: str
    personal: bool
    role: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A file as the mapping step shows it."""

    upload: Upload
    found: Found
    layer: LayerFound
    layers: Sequence[str]
    format: str
    count: str
    targets: Sequence[Target]
    geometry: GeometryOf | None
    own_shapes: bool
    crs: str
    proposals: Sequence[Any]
    how: Mapping[str, str]
    key: str
    ignored: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    drawn: str
    bounds: str


def begin(ask: Ask) -> Response:
    """`GET /steward/new`: choose a file a dataset is to be made of."""
    guard_somewhere(ask)
    return ask.page("upload", view=None, largest=_largest(ask))


def begin_load(ask: Ask) -> Response:
    """`GET /steward/{code}/load`: choose a file to load into a dataset."""
    view = kept(ask)
    guard.require(ask.caller, "data:describe", view.agency_id, dataset=view.code)
    return ask.page("upload", view=view, largest=_largest(ask))


def send(ask: Ask) -> Response:
    """`POST /steward/new` and `POST /steward/{code}/load`: the file."""
    code = ask.request.path_params.get("code", "")
    view = kept(ask) if code else None
    if view is None:
        guard_somewhere(ask)
    else:
        guard.require(ask.caller, "data:describe", view.agency_id, dataset=view.code)
    file = ask.form.get("file") if ask.form is not None else None
    if not isinstance(file, UploadFile) or not file.filename:
        return ask.page("upload", Filled({}, {}, ask.say("Chọn một tệp.")), 400, view=view, largest=_largest(ask))
    made = uploads.keep(file.file, file.filename, ask.caller.actor, code)
    try:
        looking.inspect(made.path)
    except DothiError as error:
        uploads.drop(made)
        return ask.page("upload", Filled({}, {}, _plain(error)), error.status, view=view, largest=_largest(ask))
    return back(f"/steward/uploads/{made.id}")


def look(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/uploads/{id}`: what the file holds, and how it will be read; for who sent it."""
    upload = uploads.find(ask.request.path_params["id"], ask.caller.actor)
    row = _row(ask, upload)
    said = {name: ask.request.query_params.get(name, "") for name in _HOW}
    try:
        looked = _looked(ask, upload, row, said)
    except BadInput as error:
        said = {"layer": said["layer"]}
        filled, status = Filled({}, {}, _plain(error)), 400
        looked = _looked(ask, upload, row, said)
    choices = describing.choices(ask)
    proposal = loads.propose_schema(looked.found, _stem(upload.name), looked.layer.name) if row is None else {}
    values = filled.values if filled and filled.values else {
        "title": _stem(upload.name), "code": str(proposal.get("code", "")),
        "geometry_type": str(proposal.get("geometry_type") or ""), "key": str(proposal.get("key_field") or ""),
        "crs": looked.crs, "mode": "upsert" if row is not None and row.key_field else "replace",
    }  # fmt: skip
    shown = Filled(values, filled.faults if filled else {}, filled.message if filled else "")
    return ask.page(
        "mapping", shown, status, looked=looked, row=row, choices=choices, encodings=encodings.NAMES,
        modes=[(name, words.mode(name, ask.say)) for name in MODES], columns=[one.name for one in looked.layer.columns],
        title=row.title if row is not None else "", systems=crs.ALLOWED,
    )  # fmt: skip


def stage(ask: Ask) -> Response:
    """`POST /steward/uploads/{id}`: makes the dataset where it is new, then reads the file into staging."""
    upload = uploads.find(ask.request.path_params["id"], ask.caller.actor)
    said = ask.values
    try:
        mapping = mappings.of(mapping_of(said))
        if upload.code:
            code = upload.code
        else:
            with db.writing() as session:
                code = service.create(session, ask.caller, body_of(ask, upload)).code
        number = _staged(ask.caller, code, upload, mapping, said.get("mode", ""))
    except (BadInput, Conflict) as error:
        return look(ask, wrong(ask, error), error.status)
    return back(f"/steward/{code}/loads/{number}")


def _staged(caller: guard.Caller, code: str, upload: Upload, mapping: mappings.Mapping, mode: str) -> int:
    """Read the file into staging; a long one goes on by itself, and its load's page tells how far it is."""
    if mode not in MODES:
        raise BadInput("unknown mode", [Fault("mode", repr(mode), ", ".join(MODES))])
    began = clock.now_micros()
    done: list[Load | DothiError] = []

    def work() -> None:
        try:
            done.append(
                loads.stage(caller, code, upload.path, mapping, cast("loads.Mode", mode), file_name=upload.name)
            )
        except DothiError as error:
            done.append(error)

    worker = threading.Thread(target=work, name=f"staging {upload.name}", daemon=True)
    worker.start()
    worker.join(PATIENCE)
    if done and isinstance(done[0], DothiError):
        raise done[0]
    if done and isinstance(done[0], Load):
        return done[0].id
    with db.reading() as session:
        view = views.view(caller, code)
        running = next(
            (o for o in store.loads(session, [view.id]) if o.asked_by == caller.actor and o.asked_at >= began), None
        )
    if running is None:
        raise Conflict("the file could not be read; send it again")
    return running.id


def throw(ask: Ask) -> Response:
    """`POST /steward/uploads/{id}/drop`: the file is not wanted after all."""
    upload = uploads.find(ask.request.path_params["id"], ask.caller.actor)
    uploads.drop(upload)
    return back(f"/steward/{upload.code}" if upload.code else "/steward")


def empty(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/new/empty`: a dataset without records, its fields to be described."""
    guard_somewhere(ask)
    return ask.page("empty", filled, status, choices=describing.choices(ask))


def make_empty(ask: Ask) -> Response:
    """`POST /steward/new/empty`."""
    said = ask.values
    body = {
        "code": said.get("code") or describing.code_of(said.get("title", "")), "title": said.get("title", ""),
        "agency": said.get("agency") or None, "geometry_type": said.get("geometry_type") or None,
        "schema": {"type": "object", "properties": {}, "required": [], "x-order": []},
    }  # fmt: skip
    try:
        with ask.session.begin_nested():
            made = service.create(ask.session, ask.caller, body)
    except (BadInput, Conflict) as error:
        return empty(ask, wrong(ask, error), error.status)
    return back(f"/steward/{made.code}/describe")


def guard_somewhere(ask: Ask) -> None:
    """Whether the caller may describe datasets at all."""
    if not guard.may_somewhere(ask.caller, "data:describe"):
        guard.require(ask.caller, "data:describe")


def mapping_of(said: Mapping[str, str]) -> dict[str, Any]:
    """What the form says of how the file is read, as plain values of a mapping."""
    made: dict[str, Any] = {name: said[f"how_{name}"] for name in _HOW if said.get(f"how_{name}")}
    if "header_row" in made:
        row = whole(made["header_row"])
        made["header_row"] = made["header_row"] if row is None else row
    if said.get("crs"):
        made["crs"] = said["crs"]
    if said.get("swap"):
        made["swap"] = True
    where = {name: said[f"g_{name}"] for name in _GEOMETRY if said.get(f"g_{name}")}
    if where:
        made["geometry"] = where | ({"order": said["g_order"]} if said.get("g_order") and "position" in where else {})
    fields: dict[str, Any] = {}
    for place in range(schemas.MOST_FIELDS):
        if f"m{place}_column" not in said:
            break
        name, column = said.get(f"m{place}_name", ""), said[f"m{place}_column"]
        if name and column:
            fields[name] = {"column": column, "decimal": said.get(f"m{place}_decimal") or "."}
            if said.get(f"m{place}_blank"):
                fields[name]["blank"] = True
    made["fields"] = fields
    if said.get("key_column"):
        made["key"] = said["key_column"]
    return made


def body_of(ask: Ask, upload: Upload) -> dict[str, Any]:
    """The dataset a form makes of a file: the file's own proposal, changed as the form says."""
    said = ask.values
    how = {name: said.get(f"how_{name}", "") for name in _HOW}
    found = looking.inspect(upload.path, _how(how))
    layer = found.first
    proposed = loads.propose_schema(found, said.get("title") or _stem(upload.name), layer.name)["schema"]["properties"]
    by_column = {one.name: one for one in layer.columns}
    properties: dict[str, Any] = {}
    for place in range(schemas.MOST_FIELDS):
        if f"m{place}_column" not in said:
            break
        name, column = said.get(f"m{place}_name", ""), said[f"m{place}_column"]
        if not name or column not in by_column:
            continue
        kind = said.get(f"m{place}_kind") or by_column[column].kind
        one: dict[str, Any] = {"type": "string", "format": kind} if kind in ("date", "date-time") else {"type": kind}
        one["title"] = said.get(f"m{place}_title") or column
        if said.get(f"m{place}_unit"):
            one["x-unit"] = said[f"m{place}_unit"]
        if said.get(f"m{place}_personal"):
            one["x-personal"] = True
        if (proposed.get(name) or {}).get("x-role") == "name":
            one["x-role"] = "name"
        if name == said.get("key"):
            one["x-role"] = "key"
        properties[name] = one
    key = said.get("key") if said.get("key") in properties else None
    return {
        "code": said.get("code") or describing.code_of(said.get("title", "")), "title": said.get("title", ""),
        "agency": said.get("agency") or None, "geometry_type": said.get("geometry_type") or None, "key_field": key,
        "schema": {"type": "object", "properties": properties, "required": [key] if key else [], "x-order": list(properties)},
    }  # fmt: skip


def _looked(ask: Ask, upload: Upload, row: Dataset | None, said: Mapping[str, str]) -> Looked:
    found = looking.inspect(upload.path, _how(said))
    layer = found.first
    fields = schemas.fields(row.schema) if row is not None else None
    mapping = loads.guess(found, row, layer.name)
    if fields is None:
        schema = loads.propose_schema(found, _stem(upload.name), layer.name)["schema"]
        targets = [_target(one, mapping.fields.get(one.name)) for one in schemas.fields(schema)]
    else:
        targets = [_target(one, mapping.fields.get(one.name)) for one in fields]
    proposals = layer.proposals or (guessing.systems_of_pairs(layer, mapping.geometry) if mapping.geometry else ())
    # a file that says its system is believed; where it says none, or one that cannot be, the likeliest is offered
    system = mapping.crs or (proposals[0].crs if proposals else "")
    shapes = [json.loads(one["geometry"]) for one in layer.sample if one.get("geometry")]
    return Looked(
        upload, found, layer, [one.name for one in found.layers] if len(found.layers) > 1 else (), found.format,
        common.number(layer.count, 0, ask.language) if layer.count is not None else "", targets, mapping.geometry,
        bool(layer.geometry_types), system or "", list(proposals)[:4], said, mapping.key or "", mapping.ignore,
        layer.sample[:8], json.dumps({"type": "GeometryCollection", "geometries": shapes}) if shapes else "", box_of(shapes),
    )  # fmt: skip


def _target(field: schemas.Field, of: FieldOf | None) -> Target:
    column = of.column if of is not None and of.column else ""
    return Target(
        field.name, field.title or field.name, field.kind, field.unit or "", field.required, column,
        of.decimal if of is not None else ".", field.personal, field.role or "",
    )  # fmt: skip


def _how(said: Mapping[str, str]) -> How:
    given = said.get("header_row", "")
    row = whole(given)
    if given and row is None:
        raise BadInput("the row of headings is a number", [Fault("header_row", repr(given[:20]), "1, 2, 3 …")])
    layer, encoding, font, delimiter = (said.get(name) or None for name in ("layer", "encoding", "font", "delimiter"))
    how = How(layer, encoding, font, delimiter, row)
    if how.encoding is not None:
        encodings.named(how.encoding)
    return how


def _row(ask: Ask, upload: Upload) -> Dataset | None:
    if not upload.code:
        return None
    view = views.view(ask.caller, upload.code)
    guard.require(ask.caller, "data:describe", view.agency_id, dataset=view.code)
    return ask.session.get(Dataset, view.id)


def _stem(name: str) -> str:
    stem = name.rsplit(".", 1)[0].replace("_", " ").strip()
    return stem[:1].upper() + stem[1:]


def _plain(error: DothiError) -> str:
    return "; ".join([error.message, *(str(one) for one in error.faults[:4])])


def _largest(ask: Ask) -> str:
    return f"{common.number(settings().max_body / 2**20, 0, ask.language)}{common.NBSP}MB"


routes = [
    get("/steward/new", begin), post_long("/steward/new", send, files=1),
    get("/steward/new/empty", empty), post("/steward/new/empty", make_empty),
    get("/steward/uploads/{id}", look), post_long("/steward/uploads/{id}", stage),
    post("/steward/uploads/{id}/drop", throw),
    get("/steward/{code}/load", begin_load), post_long("/steward/{code}/load", send, files=1),
]  # fmt: skip
