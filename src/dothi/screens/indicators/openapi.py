"""Indicators as OpenAPI."""

from dothi.web.openapi import JSON, Json, content, inside, operation, query

_ANY: Json = {"type": "object"}
_FILE: Json = {"type": "string", "format": "binary"}
_TEXT: Json = {"type": "string", "maxLength": 100}
_CODE = inside("code", "Code of an indicator", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"})
_ID = inside(
    "id", "Receipt of a number, as `receipt` of a value names it", {"type": "string", "pattern": "^[0-9]+-.+$"}
)
_PLACE = query("place", "Code of a city or commune; the first city when not given", _TEXT)
_KIND = query("kind", "Kind of period", {"type": "string", "enum": ["day", "week", "month", "quarter", "year"]})
_PERIOD = query("period", "2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026, or a kind for the newest one", _TEXT)
_FROM = query("from", "First period of a series: 2025-01, 2025-Q1, 2025", _TEXT)
_TO = query("to", "Last period of a series", _TEXT)
_LIST = (
    query("q", "Words of title, code or standard, with or without diacritics", _TEXT),
    query("sector", "Code of a sector", _TEXT), query("set", "Code of a published set, `iso-37122`", _TEXT),
    query("light", "What the number says of its target", {"type": "string", "enum": ["good", "near", "bad", "none", "missing"]}),
    _PLACE, _KIND,
)  # fmt: skip


def _get(summary: str, kinds: Json, *parameters: Json) -> Json:
    return {"get": operation("indicators", summary, {"200": ("What was asked for", kinds)}, parameters)}


def _file(kind: str) -> Json:
    return content(_FILE, kind)


openapi: Json = {
    "tags": [{"name": "indicators", "description": "Indicators: numbers with state, target, series and receipt"}],
    "paths": {
        "/api/indicators": _get("Every indicator the caller sees with its newest number", content(_ANY, JSON), *_LIST),
        "/api/indicators/{code}": _get("How it is declared, a number, targets, forecast", content(_ANY, JSON), _CODE, _PLACE, _PERIOD),
        "/api/indicators/{code}/values": _get(
            "Its series for a place", content(_ANY, JSON), _CODE, _PLACE, _PERIOD, _FROM, _TO,
            query("boundary", "A period on whose first day's unit outlines the series is put", _TEXT),
        ),
        "/api/indicators/{code}/places": _get("Its number in every commune", content(_ANY, JSON), _CODE, _PERIOD),
        "/indicators.json": _get("Numbers as JSON: the newest, or a series with `from`", content(_ANY, JSON), *_LIST, _FROM, _TO),
        "/indicators.csv": _get("The same as CSV", content({"type": "string"}, "text/csv"), *_LIST, _FROM, _TO),
        "/indicators.xlsx": _get(
            "The same as a workbook", _file("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), *_LIST, _FROM, _TO
        ),
        "/indicators.sdmx.json": _get(
            "Series as an SDMX-JSON 2.0 data message", content(_ANY, "application/vnd.sdmx.data+json"), *_LIST, _FROM, _TO
        ),
        "/indicators/receipts/{id}.json": _get("What a number was made of", content(_ANY, JSON), _ID),
        "/indicators/receipts/{id}.csv": _get("The rows that add up to it", content({"type": "string"}, "text/csv"), _ID),
    },
}  # fmt: skip
