"""The SensorThings interface as OpenAPI, made from `model`: every entity set, entity and navigation path."""

from collections.abc import Mapping
from typing import Any

from dothi.doors.sensorthings.batch import METHODS
from dothi.doors.sensorthings.model import BY_NAME, ENTITIES, TASKING, Entity, Link, Property
from dothi.doors.sensorthings.patch import KIND as JSON_PATCH
from dothi.sensing.decode import COMPONENTS
from dothi.web.openapi import JSON, PROBLEM, Json, content, inside, operation, query, ref

ROOT = "/sta/v1.1"
_TAG = "SensorThings"
_CSV, _GEOJSON, _MULTIPART = "text/csv", "application/geo+json", "multipart/mixed"
_TEXT: Json = {"type": "string"}
_ANY: Json = {}
_ID: Json = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_OBSERVATION_ID: Json = {
    "type": "string",
    "pattern": "^[0-9]{1,9}-[0-9]{1,16}$",
    "description": "Datastream and phenomenonTime (µs since 1970 UTC)",
    "examples": ["12-1763710000000000"],
}
_SPAN: Json = {"type": "string", "description": "An ISO 8601 instant, or start/end"}
_INSTANT: Json = {"type": "string", "format": "date-time"}
_UNIT: Json = {
    "type": "object",
    "properties": {name: {"type": ["string", "null"]} for name in ("name", "symbol", "definition")},
    "required": ["name", "symbol", "definition"],
}
_GEOMETRY: Json = {"type": "object", "description": "A GeoJSON geometry", "required": ["type"]}
# what JSON properties are made of; the others may be any JSON
_JSON: dict[str, Json] = {
    "properties": {"type": "object"},
    "parameters": {"type": "object"},
    "unitOfMeasurement": ref("UnitOfMeasurement"),
    "unitOfMeasurements": {"type": "array", "items": ref("UnitOfMeasurement"), "minItems": 1},
    "multiObservationDataTypes": {"type": "array", "items": _TEXT, "minItems": 1},
    "observedArea": _GEOMETRY,
}
_SERVED = ("observationType",)  # mandatory, and the server knows it where a client does not say


def _schema(known: Property) -> Json:
    plain: dict[str, Json] = {"text": _TEXT, "instant": _INSTANT, "span": _SPAN, "result": _ANY}
    return plain.get(known.kind) or _JSON.get(known.name, _ANY)


def _id_of(entity: Entity) -> Json:
    return _OBSERVATION_ID if entity.name == "Observation" else _ID


def _read(entity: Entity) -> Json:
    """An entity as it is answered; $select leaves out what is not asked for, so nothing is required."""
    properties: Json = {"@iot.id": _id_of(entity), "@iot.selfLink": _TEXT}
    properties |= {known.name: _schema(known) for known in entity.properties}
    for link in entity.links:
        properties[f"{link.name}@iot.navigationLink"] = _TEXT
        one = ref(link.target)
        properties[link.name] = {"type": "array", "items": one} if link.many else one
        if link.many:
            properties |= {f"{link.name}@iot.count": {"type": "integer"}, f"{link.name}@iot.nextLink": _TEXT}
    return {"type": "object", "properties": properties}


def _link(link: Link, *, deep: bool) -> Json:
    one: Json = {"type": "object", "properties": {"@iot.id": _id_of(BY_NAME[link.target])}, "required": ["@iot.id"]}
    if deep:
        one = {"anyOf": [one, ref(f"New{link.target}")]}
    return {"type": "array", "items": one} if link.many else one


def _written(entity: Entity, *, whole: bool) -> Json:
    """An entity as a client sends it. whole: a new one; otherwise a change, in which nothing is required."""
    kept = [known for known in entity.properties if not known.derived]
    properties = {known.name: _schema(known) for known in kept}
    if entity.name == "MultiDatastream":
        properties["observationType"] = _TEXT
    properties |= {link.name: _link(link, deep=whole) for link in entity.links if _given(entity, link, whole=whole)}
    needed = [
        known.name for known in kept
        if known.mandatory and not (entity.name == "MultiDatastream" and known.name in _SERVED)
    ]  # fmt: skip
    made: Json = {"type": "object", "properties": properties}
    if whole and needed:
        made["required"] = needed
        links = [link.name for link in entity.links if link.mandatory]
        if links:
            about = "one of them" if entity.name == "Observation" else "each"
            made["description"] = f"Needs {about} of {', '.join(links)}, unless the path or the entity around it says."
    return made


def _given(entity: Entity, link: Link, *, whole: bool) -> bool:
    """Whether a client may say a link in a body: of the tasking part only what a new entity hangs on."""
    if entity.name in TASKING:
        return whole and not link.many
    return link.target not in TASKING


def _page(entity: Entity) -> Json:
    value: Json = {"type": "array", "items": ref(entity.name)}
    if entity.name == "Observation":
        # a page of data arrays, or of aggregated times
        value = {"type": "array", "items": {"anyOf": [ref(entity.name), {"type": "object"}]}}
    properties: Json = {"@iot.count": {"type": "integer"}, "@iot.nextLink": _TEXT, "value": value}
    return {"type": "object", "properties": properties, "required": ["value"]}


_NUMBER: Json = {"type": "integer", "minimum": 0}
_SELECT = query("$select", "Names of properties, with commas", _TEXT)
_EXPAND = query("$expand", "Navigation properties with options: `Datastreams($top=1)`", _TEXT)
_AS_OF = query("as-of", "What was known at this instant", _INSTANT)
_OPTIONS = (
    query("$top", "Most entities of a page", _NUMBER),
    query("$skip", "Entities to pass over; @iot.nextLink pages better", _NUMBER),
    query("$count", "Whether to say how many there are", {"type": "boolean"}),
    query("$orderby", "Properties with asc or desc: `phenomenonTime desc`", _TEXT),
    query("$filter", "An expression of OGC 18-088 clause 9.3.3.5: `result gt 25`", _TEXT),
    _SELECT,
    _EXPAND,
    query("$resultFormat", "Another form of the page", {"type": "string", "enum": ["dataArray", "CSV", "GeoJSON"]}),
    query("$skiptoken", "Where the page begins, as @iot.nextLink says", _TEXT),
)
_SERIES = (
    query("interval", "Aggregate over steps of this length: 15m, 1h, 1d", _TEXT),
    query("aggregate", "Which of avg, min, max, sum, count, first, last, with commas", _TEXT),
    query("tz", "The time zone whose days are meant", _TEXT),
    _AS_OF,
)


def _listing(entity: Entity) -> list[Json]:
    return [*_OPTIONS, *(_SERIES if entity.name == "Observation" else ())]


def _do(summary: str, answers: Mapping[str, tuple[str, Json | None]], *parameters: Json, **more: Any) -> Json:
    return operation(_TAG, summary, answers, parameters, problem="SensorThingsError", **more)


def _pages(entity: Entity) -> Json:
    return {
        JSON: {"schema": ref(f"{entity.name}Page")},
        **content(_TEXT, _CSV),
        **content({"type": "object"}, _GEOJSON),
    }


def _made(entity: Entity) -> Mapping[str, tuple[str, Json | None]]:
    return {"201": (f"The {entity.name} was made", content(ref(entity.name))), "204": ("Made; no body wanted", None)}


def _sets(entity: Entity) -> Json:
    page, new = _pages(entity), content(ref(f"New{entity.name}"))
    a = f"{'an' if entity.name[0] in 'AEIOU' else 'a'} {entity.name}"
    one = f"{entity.set_name}({'{id}'})" if entity.name != "Observation" else f"{entity.set_name}('{'{id}'}')"
    id_ = inside("id", f"Id of the {entity.name}", _id_of(entity))
    found = {"200": (f"The {entity.name}", content(ref(entity.name))), "304": ("Unchanged since the ETag sent", None)}
    changed: dict[str, tuple[str, Json | None]] = {
        "200": ("Changed", content(ref(entity.name))), "204": ("Changed; no body wanted", None),
    }  # fmt: skip
    change = {**content(ref(f"{entity.name}Change")), **content(ref("JsonPatch"), JSON_PATCH)}
    names = [known.name for known in entity.properties]
    property_ = inside("property", "Name of a property", {"type": "string", "enum": names})
    nothing: tuple[str, Json | None] = ("It has no value", None)
    made: Json = {
        f"{ROOT}/{entity.set_name}": {
            "get": _do(f"{entity.set_name} the caller may see", {"200": ("A page", page)}, *_listing(entity)),
            "post": _do(f"Create {a}", _made(entity), body=new, keyed=True),
        },
        f"{ROOT}/{entity.set_name}/$count": {
            "get": _do("How many there are", {"200": ("A number", content(_TEXT, "text/plain"))}, _OPTIONS[4])
        },
        f"{ROOT}/{one}": {
            "parameters": [id_],
            "get": _do(f"One {entity.name}", found, _SELECT, _EXPAND),
            "patch": _do(f"Change {a}", changed, body=change, keyed=True),
            "put": _do(f"Replace {a}", changed, body=content(ref(f"{entity.name}Replacement")), keyed=True),
            "delete": _do(f"Delete {a} and what belongs to it", {"200": ("Gone", None)}, keyed=True),
        },
        f"{ROOT}/{one}/{{property}}": {
            "parameters": [id_, property_],
            "get": _do("A property", {"200": ("It", content({"type": "object"})), "204": nothing}),
        },
        f"{ROOT}/{one}/{{property}}/$value": {
            "parameters": [id_, property_],
            "get": _do("A property's value", {"200": ("It", content(_TEXT, "text/plain")), "204": nothing}),
        },
    }
    if entity.name == "Task":  # stays on record
        for method in ("put", "delete"):
            del made[f"{ROOT}/{one}"][method]
    for link in entity.links:
        made |= _navigation(one, id_, link)
        if entity.name in TASKING or link.target in TASKING:
            for path in (f"{ROOT}/{one}/{link.name}", f"{ROOT}/{one}/{link.name}/$ref"):
                for method in {"post", "put", "delete"} & made[path].keys():
                    if not (method == "post" and (entity.name, link.name) in _MADE_BELOW and not path.endswith("$ref")):
                        del made[path][method]
    return made


_MADE_BELOW = {
    ("TaskingCapability", "Tasks"),
    ("Actuator", "Tasks"),
    ("Actuator", "TaskingCapabilities"),
    ("Thing", "TaskingCapabilities"),
}


def _navigation(one: str, id_: Json, link: Link) -> Json:
    target = BY_NAME[link.target]
    path = f"{ROOT}/{one}/{link.name}"
    refer = {"type": "object", "properties": {"@iot.id": {"type": ["integer", "string"]}}, "required": ["@iot.id"]}
    done: dict[str, tuple[str, Json | None]] = {"204": ("Done", None)}
    said = {"200": ("Self links", content({"type": "object"}))}
    if not link.many:
        found = {"200": (f"The {target.name}", content(ref(target.name))), "304": ("Unchanged", None)}
        links: Json = {
            "get": _do("Its self link", {**said, "304": ("Unchanged", None)}),
            "put": _do("Link to another", done, body=content(refer), keyed=True),
        }
        return {
            path: {"parameters": [id_], "get": _do(f"Its {link.name}", found, _SELECT, _EXPAND)},
            f"{path}/$ref": {"parameters": [id_], **links},
        }
    about = "; the path goes on from each by its id"
    unlink = query("$id", "Which one: an id, or its address", _TEXT, required=True)
    return {
        path: {
            "parameters": [id_],
            "get": _do(f"Its {link.name}{about}", {"200": ("A page", _pages(target))}, *_listing(target)),
            "post": _do(f"Create one of its {link.name}", _made(target), body=content(ref(f"New{target.name}")), keyed=True),
        },
        f"{path}/$ref": {
            "parameters": [id_],
            "get": _do("Their self links", said, *_OPTIONS[:5]),
            "post": _do("Link one that is there", done, body=content(refer), keyed=True),
            "delete": _do("Unlink one", done, unlink, keyed=True),
        },
    }  # fmt: skip


_GROUP: Json = {
    "type": "object",
    "properties": {
        "Datastream": {"type": "object", "properties": {"@iot.id": _ID}, "required": ["@iot.id"]},
        "MultiDatastream": {"type": "object", "properties": {"@iot.id": _ID}, "required": ["@iot.id"]},
        "components": {"type": "array", "items": {"type": "string", "enum": list(COMPONENTS)}},
        "dataArray": {"type": "array", "items": {"type": "array", "items": _ANY}},
        "dataArray@iot.count": {"type": "integer"},
    },
    "required": ["components", "dataArray"],
}
_BATCH: Json = {
    "type": "object",
    "properties": {
        "requests": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string", "minLength": 1}, "method": {"type": "string", "enum": list(METHODS)},
                    "url": {"type": "string", "minLength": 1}, "headers": {"type": "object"}, "body": _ANY,
                    "atomicityGroup": {"type": "string", "minLength": 1},
                    "dependsOn": {"type": "array", "items": _TEXT},
                },
                "required": ["id", "method", "url"],
            },
        }
    },
    "required": ["requests"],
}  # fmt: skip
_ANSWERS: Json = {
    "type": "object",
    "properties": {"responses": {"type": "array", "items": {"type": "object", "required": ["id", "status"]}}},
    "required": ["responses"],
}
_ERROR: Json = {
    "type": "object",
    "description": "An error as SensorThings users know it, with the fields of RFC 9457 beside.",
    "properties": {
        "code": {"type": "integer"}, "message": {"type": "string", "minLength": 1}, "type": _TEXT, "title": _TEXT,
        "status": {"type": "integer"}, "detail": _TEXT, "faults": {"type": "array", "items": ref("Fault")},
    },
    "required": ["code", "message", "faults"],
}  # fmt: skip
_REFUSED = {**content(ref("SensorThingsError")), **content(ref("Problem"), PROBLEM)}
_PATCH: Json = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": _TEXT, "from": _TEXT, "value": _ANY,
        },
        "required": ["op", "path"],
    },
}  # fmt: skip


def _paths() -> Json:
    created = {"201": ("For each row its self link, or `error` and why", content({"type": "array", "items": _TEXT}))}
    answered = {"200": ("What was answered to each", {**content(_ANSWERS), **content(_TEXT, _MULTIPART)})}
    made: Json = {
        f"{ROOT}/": {"get": _do("The entity sets and what the server conforms to", {"200": ("They", content({"type": "object"}))})},
        f"{ROOT}/CreateObservations": {
            "post": _do(
                "Store many observations", created, body=content({"type": "array", "items": ref("DataArray")}), keyed=True
            )
        },
        f"{ROOT}/$batch": {
            "post": _do(
                "Many requests in one", answered, body={**content(ref("Batch")), **content(_TEXT, _MULTIPART)}, keyed=True
            )
        },
    }  # fmt: skip
    for entity in ENTITIES:
        made |= _sets(entity)
    return made


def _schemas() -> Json:
    made: Json = {
        "UnitOfMeasurement": _UNIT, "DataArray": _GROUP, "Batch": _BATCH, "JsonPatch": _PATCH, "SensorThingsError": _ERROR,
    }  # fmt: skip
    for entity in ENTITIES:
        change = _written(entity, whole=False)
        replacement = {**change, "required": _written(entity, whole=True).get("required", [])}
        made |= {
            entity.name: _read(entity), f"{entity.name}Page": _page(entity), f"New{entity.name}": _written(entity, whole=True),
            f"{entity.name}Change": change, f"{entity.name}Replacement": replacement,
        }  # fmt: skip
    return made


openapi: Json = {
    "tags": [{"name": _TAG, "description": "OGC SensorThings API 1.1 (18-088 and 17-079r1): sensing, tasking, batch, dataArray and MQTT"}],
    "paths": _paths(),
    "components": {
        "schemas": _schemas(),
        "responses": {
            "SensorThingsError": {"description": "What is wrong, in words", "content": _REFUSED}
        },
    },
}  # fmt: skip
