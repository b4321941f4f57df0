"""The first pass: one file's values against its pydantic schema, every fault with its line and what is allowed."""

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from dothi.kit.errors import Fault
from dothi.packs.lines import Path_, Source, closest

Model = TypeVar("Model", bound=BaseModel)


# what a pattern asks for, in words
_PATTERNS = {
    "^[a-z0-9][a-z0-9-]*$": "small letters a to z, digits and -, as in fill-level",
    "^[a-z][a-z0-9_]*$": "small letters a to z, digits and _, as in late_cases",
    "^[A-Za-z][A-Za-z0-9_-]{0,79}$": "an attribute of the model, as in totalSpotNumber",
    "^[A-Za-z][A-Za-z0-9_]{0,63}$": "letters a to z, digits and _",
    "^[1-9][0-9]{0,3}[smh]$": "30s, 15m, 24h",
    r"^[A-Z][A-Za-z0-9]{1,79}$": "a type of the Smart Data Models, as in OffStreetParking",
    r"^https://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,400}$": "an address that begins with https://",
    r"^\d{2,5}$": 'the unit\'s number in quotes, as in "27694"',
    r"^\d{3,12}$": "a telephone number in quotes",
}


class Wrong(ValueError):
    """A fault a schema finds at a key below itself. at: the key, as a path from there."""

    def __init__(
        self, message: str, *at: str | int, near: tuple[str, list[str]] | None = None, allowed: str | None = None
    ) -> None:
        super().__init__(message)
        self.at, self.near, self.allowed = at, near, allowed


class Strict(BaseModel):
    """The base of every schema of a pack: unknown keys are faults, and values are not bent into other types."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="wrap")
    @classmethod
    def _say_what_is_allowed(cls, given: Any, handler: ModelWrapValidatorHandler["Strict"]) -> "Strict":
        """Pydantic says that a key is unknown, but not which keys there are."""
        try:
            return handler(given)
        except ValidationError as error:
            details = [_detail(cls, one) for one in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(error.title, details) from None


class Text(Strict):
    """A text in Vietnamese and English."""

    vi: str
    en: str

    def of(self, language: str) -> str:
        """The text in a language; Vietnamese where there is no other."""
        return self.en if language == "en" else self.vi


_NO_MAPPING = ("model_type", "model_attributes_type", "dict_type")


def _detail(model: type[BaseModel], one: Any) -> InitErrorDetails:
    kind, loc, message = one["type"], one["loc"], one["msg"]
    context = dict(one.get("ctx") or {})
    unknown = kind == "extra_forbidden" and len(loc) == 1
    if (unknown or (kind in _NO_MAPPING and not loc)) and "allowed" not in context:
        context = {"allowed": [field.alias or name for name, field in model.model_fields.items()]}
    # braces and other marks in messages must not be read as templates, so the message travels in the context
    context["said"] = context.get("said", message)
    return InitErrorDetails(type=PydanticCustomError(kind, "{said}", context), loc=loc, input=one["input"])


def shaped(source: Source, model: type[Model]) -> Model | None:
    """The file as its schema's model; None when there were faults, which are added to the source's."""
    if source.faults:
        return None
    try:
        return model.model_validate(source.value)
    except ValidationError as error:
        source.faults += [_fault(source, one) for one in error.errors(include_url=False)]
        return None


def _fault(source: Source, one: Any) -> Fault:
    path = _walk(source.value, one["loc"])
    context = one.get("ctx") or {}
    kind = one["type"]
    said = str(context.get("said", one["msg"]))
    given = one["input"]
    if kind == "extra_forbidden":
        names = list(context.get("allowed", []))
        comma = "" if given is not None else " (a text with a comma needs quotes inside braces)"
        return source.fault(
            path, f'no key "{path[-1]}" here{comma}', near=(str(path[-1]), names), allowed=", ".join(names)
        )
    if kind == "missing":
        return source.fault(path, "is missing")
    if kind in ("literal_error", "enum"):
        names = re.findall(r"'([^']*)'", str(context.get("expected", said)))
        guess = closest(str(given), names)
        message = f"{_shown(given)} is none of the choices" + (f'; did you mean "{guess}"?' if guess else "")
        return source.fault(path, message, allowed=", ".join(names))
    if kind == "value_error":
        wrong = context.get("error")
        if isinstance(wrong, Wrong):
            return source.fault((*path, *wrong.at), str(wrong), near=wrong.near, allowed=wrong.allowed)
        return source.fault(path, said.removeprefix("Value error, "))
    if kind in _NO_MAPPING:
        keys = ", ".join(context.get("allowed", []))
        return source.fault(
            path, f"{_shown(given)} is no mapping", allowed=f"a mapping with {keys}" if keys else "key: value"
        )
    if kind in ("list_type", "tuple_type"):
        return source.fault(path, f"{_shown(given)} is no list", allowed="[…, …], or lines that begin with a dash")
    if kind in ("too_short", "too_long"):
        least, most = context.get("min_length"), context.get("max_length")
        count = f"at least {least}" if kind == "too_short" else f"at most {most}"
        return source.fault(path, f"has {context.get('actual_length')} entries", allowed=count)
    pattern = _PATTERNS.get(str(context.get("pattern")))
    return source.fault(path, f"{_shown(given)}: {said[:1].lower()}{said[1:]}", allowed=pattern)


def _walk(value: Any, loc: tuple[str | int, ...]) -> Path_:
    """The keys of a pydantic location that are keys of the file: names of union members are left out."""
    path: list[str | int] = []
    loc = tuple(part for part in loc if part != "[key]")  # a wrong key of a mapping stands at itself
    for i, part in enumerate(loc):
        last = i == len(loc) - 1
        if isinstance(value, dict) and (part in value or last):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _shown(given: Any) -> str:
    text = repr(given) if not isinstance(given, dict | list) else ("a mapping" if isinstance(given, dict) else "a list")
    return text if len(text) <= 60 else text[:57] + "…"
