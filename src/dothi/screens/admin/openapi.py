"""What watchers ask for, as OpenAPI. The pages of the administration are for people and stand elsewhere."""

from dothi.web.openapi import Json, content, operation

_HEALTH: Json = {
    "type": "object",
    "properties": {
        "ok": {"type": "boolean", "description": "False when observations cannot be taken in"},
        "version": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
    },
    "required": ["ok", "version", "time"],
}
_SAID = content(_HEALTH)

openapi: Json = {
    "tags": [{"name": "operation", "description": "For watchers"}],
    "paths": {
        "/health": {
            "get": operation(
                "operation", "How the system is", {"200": ("It works", _SAID), "503": ("It does not", _SAID)}
            )
        },
        "/metrics": {
            "get": operation(
                "operation", "The same for Prometheus",
                {"200": ("Text format 0.0.4", content({"type": "string"}, "text/plain"))},
            )
        },
    },
}  # fmt: skip
