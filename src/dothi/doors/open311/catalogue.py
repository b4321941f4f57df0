"""What can be reported, as GeoReport's services: a category each, its questions as attributes. Pure."""

from dataclasses import dataclass
from typing import Any

from dothi.cases.declared import Category
from dothi.cases.types import questions_of, types
from dothi.datasets import checking
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.web import i18n

_LONG = 200  # letters: an answer that may be longer is a text of several lines
_YES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Attribute:
    """A question of a category, as the definition of its service tells it."""

    code: str
    datatype: str
    schema: dict[str, Any]


def types_() -> list[str]:
    """The types of cases that citizens open: all that this interface knows of."""
    return [one.code for one in types().by_code.values() if one.reported]


def categories() -> list[Category]:
    """What can be reported, in the order of the packs."""
    return [one for type_ in types_() for one in types().categories(type_)]


def code_of(category: Category) -> str:
    """The service_code of a category."""
    return category.open311 or category.code


def category(code: str) -> Category:
    """The category of a service_code. Raises NotFound."""
    found = next((one for one in categories() if code_of(one) == code), None)
    if found is None:
        raise NotFound("no such service_code", [Fault("service_code", f"{code[:60]!r} was not found")])
    return found


def service(one: Category, language: str, *, batch: bool) -> dict[str, Any]:
    """A service of the list. batch: an anonymous report is given a token first."""
    type_ = types().type(one.type)
    return {
        "service_code": code_of(one),
        "service_name": _in(one.title, language),
        "description": _in(one.description, language) if one.description else None,
        "metadata": bool(questions_of(one).get("properties") or one.emergency),
        "type": "batch" if batch and type_.confirm else "realtime",
        "keywords": ", ".join(one.words),
        "group": _in(one.group, language) if one.group else None,
    }


def definition(one: Category, language: str) -> dict[str, Any]:
    """The attributes of a service: first what must be called instead of reported, then the questions."""
    found: list[dict[str, Any]] = []
    say = i18n.speaker(language)
    for n, emergency in enumerate(one.emergency, 1):
        call = say(
            "{what}: không gửi phản ánh, gọi ngay {number} ({name}).", what=_in(emergency.title, language),
            number=emergency.hotline.number, name=_in(emergency.hotline.name, language),
        )  # fmt: skip
        found.append(_attribute(f"emergency-{n}", "text", len(found) + 1, call, variable=False))
    questions = questions_of(one)
    needed = questions.get("required", [])
    for asked in attributes(one):
        title = asked.schema.get("x-en" if language == "en" else "title") or asked.schema.get("title") or asked.code
        told = _attribute(asked.code, asked.datatype, len(found) + 1, title, required=asked.code in needed)
        told["datatype_description"] = _described(asked, say)
        if asked.datatype.endswith("list"):
            told["values"] = _values(asked, say, language)
        found.append(told)
    return {"service_code": code_of(one), "attributes": found}


def attributes(one: Category) -> list[Attribute]:
    """The questions of a category."""
    properties: dict[str, Any] = questions_of(one).get("properties", {})
    return [Attribute(name, _datatype(schema), schema) for name, schema in properties.items()]


def answers(one: Category, given: dict[str, list[str]]) -> dict[str, Any]:
    """The attributes a client sent, as the category's questions want them. Raises BadInput with every fault."""
    known = {asked.code: asked for asked in attributes(one)}
    found: dict[str, Any] = {}
    faults = []
    for name, sent in given.items():
        asked, values = known.get(name), [value for value in sent if value != ""]
        if asked is None:
            if not name.startswith("emergency-"):
                faults.append(Fault(f"fields.{name}", "is not asked here", ", ".join(known) or "no attributes"))
        elif asked.datatype == "multivaluelist":
            if values:
                found[name] = [_choice(asked.schema.get("items", {}), value) for value in values]
        elif len(values) > 1:
            faults.append(Fault(f"fields.{name}", f"{len(values)} values", "one value"))
        elif values:
            found[name] = _value(asked, values[0])
    if faults:
        raise BadInput("the attributes cannot be taken", faults)
    return found


def _attribute(
    code: str, datatype: str, order: int, description: str, *, variable: bool = True, required: bool = False
) -> dict[str, Any]:
    return {
        "variable": variable, "code": code, "datatype": datatype, "required": required, "datatype_description": None,
        "order": order, "description": description,
    }  # fmt: skip


def _datatype(schema: dict[str, Any]) -> str:
    if _type(schema) == "array":
        return "multivaluelist"
    if _type(schema) == "boolean" or checking.values_of(schema) is not None:
        return "singlevaluelist"
    if _type(schema) in ("number", "integer"):
        return "number"
    if schema.get("format") in ("date", "date-time"):
        return "datetime"
    return "text" if schema.get("maxLength", _LONG + 1) > _LONG else "string"


def _type(schema: dict[str, Any]) -> str | None:
    said = schema.get("type")
    return next((one for one in said if one != "null"), None) if isinstance(said, list) else said


def _described(asked: Attribute, say: i18n.Say) -> str | None:
    """How an answer is to be written, where the datatype alone does not say it."""
    schema = asked.schema
    if asked.datatype == "datetime":
        day = schema.get("format") == "date"
        return say("ngày, như 2026-11-21") if day else say("ngày giờ, như 2026-11-21T14:30:00+07:00")
    if asked.datatype in ("string", "text") and "maxLength" in schema:
        return say("nhiều nhất {n} chữ", n=schema["maxLength"])
    if asked.datatype == "number":
        low, high, unit = schema.get("minimum"), schema.get("maximum"), schema.get("x-unit")
        said = [f"≥ {low:g}" if low is not None else "", f"≤ {high:g}" if high is not None else "", unit or ""]
        return ", ".join(filter(None, said)) or None
    return None


def _values(asked: Attribute, say: i18n.Say, language: str) -> list[dict[str, str]]:
    schema = asked.schema.get("items", {}) if asked.datatype == "multivaluelist" else asked.schema
    if _type(schema) == "boolean":
        return [{"key": "true", "name": say("Có")}, {"key": "false", "name": say("Không")}]
    named = {_key(one["const"]): one for one in schema.get("oneOf", []) if one.get("const") is not None}
    title = "x-en" if language == "en" else "title"
    return [
        {"key": _key(value), "name": str((of := named.get(_key(value), {})).get(title) or of.get("title") or value)}
        for value in checking.values_of(schema) or []
    ]


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _choice(schema: dict[str, Any], given: str) -> Any:
    """A value of a list by its key; what is none of them is left to the check that names them all."""
    if _type(schema) == "boolean":
        return _YES.get(given.strip().lower(), given)
    return next((value for value in checking.values_of(schema) or [] if _key(value) == given.strip()), given)


def _value(asked: Attribute, given: str) -> Any:
    if asked.datatype == "singlevaluelist":
        return _choice(asked.schema, given)
    if asked.datatype == "number":
        try:
            number = float(given.replace(",", "."))
        except ValueError:
            return given
        return int(number) if number.is_integer() and abs(number) < 1 << 53 else number
    if asked.schema.get("format") == "date" and len(given) > 10:  # clients send a datetime for a day too
        try:
            return f"{clock.local(clock.parse(given, clock.VIETNAM)):%Y-%m-%d}"
        except BadInput:
            return given
    return given


def _in(text: Any, language: str) -> str:
    return str((text.en if language == "en" else None) or text.vi)
