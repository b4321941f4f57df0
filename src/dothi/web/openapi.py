"""The words of OpenAPI 3.1 that every door's description is made of, and the whole put together."""

from collections.abc import Iterable, Mapping
from typing import Any

from dothi.web.phrasebook import phrasebook

Json = dict[str, Any]
JSON = "application/json"
PROBLEM = "application/problem+json"
_FAULT: Json = {
    "type": "object",
    "properties": {
        "place": {"type": "string", "description": "Where it is"},
        "message": {"type": "string", "description": "What was found"},
        "allowed": {"type": ["string", "null"], "description": "What is allowed there"},
    },
    "required": ["place", "message"],
}
_PROBLEM: Json = {
    "type": "object",
    "description": "An error as RFC 9457 has it, every fault at once.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "The title as one word, for OGC API clients"},
        "detail": {"type": "string"},
        "faults": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}},
        "reference": {"type": "string", "description": "Of a fault of the server's own: what the log has it under"},
    },
    "required": ["type", "title", "status"],
}
_KEYS: Json = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key: `Authorization: Bearer dk_…`"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key in a header"},
    "login": {"type": "http", "scheme": "basic", "description": "A login and password, or `dk_…` and its secret"},
}


def query(name: str, about: str, schema: Json, *, required: bool = False) -> Json:
    """A query parameter."""
    return {"name": name, "in": "query", "description": about, "required": required, "schema": schema}


def inside(name: str, about: str, schema: Json) -> Json:
    """A parameter of the path."""
    return {"name": name, "in": "path", "description": about, "required": True, "schema": schema}


def ref(name: str, kind: str = "schemas") -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def content(schema: Json, *kinds: str) -> Json:
    """A body of the given media types, JSON unless said otherwise."""
    return {kind: {"schema": schema} for kind in kinds or (JSON,)}


def operation(
    tag: str,
    summary: str,
    answers: Mapping[str, tuple[str, Json | None]],
    parameters: Iterable[Json] = (),
    body: Json | None = None,
    *,
    keyed: bool = False,
    problem: str = "Problem",
) -> Json:
    """What a method of a path does.

    answers: status to what it means and its content. keyed: it wants a key or a login. problem: the response component
    that says what went wrong.
    """
    said: Json = {
        status: {"description": about} | ({"content": kinds} if kinds else {})
        for status, (about, kinds) in answers.items()
    }
    said["4XX"] = said["5XX"] = ref(problem, "responses")
    made: Json = {"tags": [tag], "summary": summary, "responses": said}
    if listed := list(parameters):
        made["parameters"] = listed
    if body is not None:
        made["requestBody"] = {"required": True, "content": body}
    if keyed:
        made["security"] = [{name: []} for name in _KEYS]
    return made


def whole(title: str, version: str, doors: Iterable[Json]) -> Json:
    """One document out of the doors' `paths`, `components` and `tags`."""
    paths: Json = {}
    tags: list[Json] = []
    components: Json = {
        "schemas": {"Fault": _FAULT, "Problem": _PROBLEM},
        "responses": {
            "Problem": {"description": "What is wrong, in words", "content": content(ref("Problem"), PROBLEM)}
        },
        "securitySchemes": _KEYS,
    }
    for door in doors:
        paths |= door["paths"]
        tags += door.get("tags", [])
        for kind, named in door.get("components", {}).items():
            components.setdefault(kind, {}).update(named)
    info = {"title": title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    return {"openapi": "3.1.0", "info": info, "tags": tags, "paths": paths, "components": components}


def said(text: str, language: str) -> str:
    """What a call or a group of calls is for, in a language; English where there is no other."""
    if language != "vi":
        return text
    return phrasebook("openapi").find(text) or text


def spoken(document: Json, language: str) -> Json:
    """The document with its groups and calls told in a language; names, places and schemas stay as they are."""
    if language != "vi":
        return document
    tags = [{**tag, "description": said(tag["description"], language)} for tag in document["tags"]]
    paths = {
        path: {
            method: {**one, "summary": said(one["summary"], language)}
            if isinstance(one, dict) and "summary" in one
            else one
            for method, one in item.items()
        }
        for path, item in document["paths"].items()
    }
    return {**document, "tags": tags, "paths": paths}
