"""`/open311/v2` as OpenAPI: both forms of every answer."""

from dothi.web.openapi import Json, content, inside, query, ref

_TEXT: Json = {"type": "string"}
_MAYBE: Json = {"type": ["string", "null"]}
_XML, _JSON = "text/xml", "application/json"
_KEY = query("api_key", "A key with cases:handle", _TEXT)
_PLACE = query("jurisdiction_id", "The city's code or the host; may be left out", _TEXT)
_LANGUAGE = query("lang", "Language of names and notes", {"type": "string", "enum": ["vi", "en"]})
_MORE = query("extensions", "true: with extended_attributes", _TEXT)
_ERROR: Json = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "description": _TEXT},
        "required": ["code", "description"],
    },
}


def _object(required: str, optional: str = "", /, **properties: Json) -> Json:
    known = {name: properties.get(name, _TEXT) for name in required.split()}
    known |= {name: properties.get(name, _MAYBE) for name in optional.split()}
    return {"type": "object", "properties": known, "required": required.split()}


def _list(name: str) -> Json:
    return {"type": "array", "items": ref(name)}


_FLAG: Json = {"type": "boolean"}
_NUMBER: Json = {"type": ["number", "null"]}
_STATUS: Json = {"type": "string", "enum": ["open", "closed"]}
_ATTRIBUTE = _object(
    "variable code datatype required order description", "datatype_description", variable=_FLAG, required=_FLAG,
    order={"type": "integer"},
    datatype={"type": "string", "enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
)  # fmt: skip
_ATTRIBUTE["properties"]["values"] = {"type": "array", "items": _object("key name")}
_REQUEST = _object(
    "service_request_id status service_code requested_datetime",
    "status_notes service_name description agency_responsible service_notice updated_datetime expected_datetime address "
    "address_id zipcode lat long media_url",
    status=_STATUS, lat=_NUMBER, long=_NUMBER,
)  # fmt: skip
_REQUEST["properties"]["extended_attributes"] = {
    "type": "object",
    "description": "With extensions=true: the state in full, the request that goes on, all pictures, whether it is simulated",
}
_SENT: Json = {
    "type": "object",
    "properties": {
        name: {"type": "string", "description": about}
        for name, about in {
            "service_code": "What it is about", "description": "In the reporter's words, shown to everybody",
            "lat": "Latitude, WGS 84", "long": "Longitude, WGS 84", "address_string": "Where it is, in words",
            "address_id": "dataset/key of an open record, or a ward's code", "first_name": "Never shown",
            "last_name": "Never shown", "phone": "Never shown; gets the one-time code",
            "email": "Never shown; gets the one-time code", "device_id": "Of the sender's own",
            "account_id": "Of the sender's own", "media_url": "A link for the office; never followed, never shown",
            "attribute[code]": "An answer; several of a list as attribute[code][]", "api_key": "A key with cases:handle",
            "jurisdiction_id": "The city's code or the host",
        }.items()
    },
    "required": ["service_code"],
}  # fmt: skip
_PICTURED: Json = {**_SENT, "properties": {**_SENT["properties"], "media": {"type": "string", "format": "binary"}}}


def _get(form: str, summary: str, schema: Json, parameters: list[Json], *, kept: bool = True) -> Json:
    kind, said = (_XML, _TEXT) if form == "xml" else (_JSON, schema)
    responses: Json = {"200": {"description": "The answer", "content": content(said, kind)}}
    if kept:
        responses["304"] = {"description": "Not changed since the ETag that was sent"}
    return _operation(form, summary, responses, parameters)


def _operation(form: str, summary: str, responses: Json, parameters: list[Json]) -> Json:
    wrong = content(_TEXT, _XML, "application/problem+json") if form == "xml" else {
        **content(ref("Open311Errors")), **content(ref("Problem"), "application/problem+json")
    }  # fmt: skip
    failed: Json = {"description": "What is wrong, a code and a description each", "content": wrong}
    return {
        "tags": ["open311"], "summary": summary, "parameters": parameters,
        "responses": {**responses, "4XX": failed, "5XX": failed},
    }  # fmt: skip


def _post(form: str, summary: str, body: Json, parameters: list[Json]) -> Json:
    kind, said = (_XML, _TEXT) if form == "xml" else (_JSON, _list("Open311Made"))
    made = _operation(form, summary, {"200": {"description": "The answer", "content": content(said, kind)}}, parameters)
    return made | {"requestBody": {"required": True, "content": body}}


def _paths(form: str) -> Json:
    here, common = "/open311/v2", [_PLACE, _LANGUAGE]
    of = inside("service_request_id", "Its number, PA-26-000123", _TEXT)
    token = inside("token", "The token a report was answered with", _TEXT)
    listed = [
        query("service_request_id", "Some requests, commas between", _TEXT),
        query("service_code", "Of some services, commas between", _TEXT),
        query("start_date", "Requested from then on; 90 days at most", _TEXT),
        query("end_date", "Requested until then", _TEXT),
        query("updated_after", "Changed from then on (extension)", _TEXT),
        query("updated_before", "Changed until then (extension)", _TEXT),
        query("status", "open, closed or both", _TEXT),
        query("page", "From 1 (extension)", {"type": "integer", "minimum": 1}),
        query("page_size", "Rows of a page, 1000 at most (extension)", {"type": "integer", "minimum": 1}),
    ]
    sent = content(_SENT, "application/x-www-form-urlencoded") | content(_PICTURED, "multipart/form-data")
    code = content(_object("code"), "application/x-www-form-urlencoded")
    pending = {"post": _post(form, "Confirm a report by the one-time code (extension)", code, [token, *common])}
    return {
        f"{here}/discovery.{form}": {"get": _get(form, "Where the endpoint is", {"type": "object"}, common)},
        f"{here}/services.{form}": {"get": _get(form, "What can be reported", _list("Open311Service"), common)},
        f"{here}/services/{{service_code}}.{form}": {
            "get": _get(
                form, "What is asked of a report of a service", ref("Open311Definition"),
                [inside("service_code", "Of the list of services", _TEXT), *common],
            )
        },
        f"{here}/requests.{form}": {
            "get": _get(form, "Public requests, the newest first", _list("Open311Request"), [*listed, _MORE, *common]),
            "post": _post(form, "Report something", sent, [*common, _KEY]),
        },
        f"{here}/requests/{{service_request_id}}.{form}": {
            "get": _get(form, "One request", _list("Open311Request"), [of, _MORE, *common])
        },
        f"{here}/requests/{{service_request_id}}/updates.{form}": {
            "get": _get(form, "What happened to a request (extension)", _list("Open311Update"), [of, *common])
        },
        f"{here}/tokens/{{token}}.{form}": {
            "get": _get(form, "The request of a token", _list("Open311Made"), [token, *common], kept=False), **pending
        },
    }  # fmt: skip


openapi: Json = {
    "tags": [{"name": "open311", "description": "Citizen reports as Open311 GeoReport v2, in JSON and XML"}],
    "paths": _paths("json") | _paths("xml"),
    "components": {
        "schemas": {
            "Open311Errors": _ERROR,
            "Open311Service": _object(
                "service_code service_name metadata type", "description keywords group", metadata=_FLAG,
                type={"type": "string", "enum": ["realtime", "batch", "blackbox"]},
            ),
            "Open311Definition": _object(
                "service_code attributes", attributes={"type": "array", "items": _ATTRIBUTE}
            ),
            "Open311Request": _REQUEST,
            "Open311Update": _object(
                "update_id service_request_id status detailed_status updated_datetime description",
                "agency_responsible media_url", status=_STATUS,
            ),
            "Open311Made": _object("", "service_request_id token service_notice account_id"),
        }
    },
}  # fmt: skip
