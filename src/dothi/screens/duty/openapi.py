"""What of the duty room a program may ask for, as OpenAPI; its pages are for people."""

from dothi.web.openapi import Json, content, operation, query

_TEXT: Json = {"type": "string"}
_ORDER: Json = {
    "type": "object",
    "properties": {
        "number": {"type": "string", "description": "CD-26-0012"},
        "subject": {"type": ["string", "null"], "description": "alarm:12, thing:4"}, "subject_name": _TEXT, "text": _TEXT,
        "by": _TEXT, "agency": _TEXT, "given_at": {"type": "string", "format": "date-time"},
        "due_at": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["given", "received", "done", "accepted", "returned", "withdrawn"]},
        "late": {"type": "boolean"}, "version": {"type": "integer"},
    },
}  # fmt: skip
_ORDERS: Json = {"type": "object", "properties": {"orders": {"type": "array", "items": _ORDER}}}
_OTHER: Json = {
    "type": "object",
    "properties": {"person": _TEXT, "initials": _TEXT, "subject": {"type": ["string", "null"]}},
}
_HERE: Json = {
    "type": "object",
    "properties": {
        "tab": {"type": "string", "pattern": "^[A-Za-z0-9]{1,40}$", "description": "The open page's own random name"},
        "subject": {"type": ["string", "null"], "description": "What it looks at: alarm:12"},
        "gone": {"type": "boolean", "description": "The page was closed"},
    },
    "required": ["tab"],
}

openapi: Json = {
    "tags": [{"name": "duty", "description": "The duty room: orders, saved views, who is there; alarms:read"}],
    "paths": {
        "/operations/orders": {
            "get": operation(
                "duty", "Orders (chỉ đạo) as the caller sees them: those to be done by deadline, then closed ones",
                {"200": ("The orders, or their page", {**content(_ORDERS), "text/html": {"schema": _TEXT}})},
                [
                    query("state", "Which", {"type": "string", "enum": ["open", "late", "done", "mine", "closed", "all"]}),
                    query("agency", "Id of an agency", _TEXT), query("subject", "About this subject only: alarm:12", _TEXT),
                ],
                keyed=True,
            )
        },
        "/operations/views.json": {
            "get": operation(
                "duty", "The saved views the keys 1 to 9 open", {"200": ("The views", content({"type": "object"}))}, keyed=True
            )
        },
        "/operations/presence": {
            "post": operation(
                "duty", "Say where an open page is, hear who else is here; for people",
                {"200": ("The others", content({"type": "object", "properties": {"others": {"type": "array", "items": _OTHER}}}))},
                body=content(_HERE), keyed=True,
            )
        },
    },
}  # fmt: skip
