"""Describing a dataset: everything the catalogue says of it, in both languages, and its fields one by one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.datasets import schema as schemas
from dothi.datasets import service, vocabulary
from dothi.datasets.tables import Dataset
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import slug
from dothi.screens.catalogue import labels
from dothi.screens.desk import back, wrong
from dothi.screens.steward.desk import Ask, get, kept, post
from dothi.web.forms import Filled

TEXTS = (
    "title", "title_en", "description", "description_en", "licence", "frequency", "source", "source_url", "quality",
)  # fmt: skip
CONTACT = ("name", "email", "phone", "url")
KINDS = ("string", "integer", "number", "boolean", "date", "date-time")
NEW = 3  # empty rows for new fields


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form's lists offer: (value, label)."""

    licences: Sequence[tuple[str, str]]
    frequencies: Sequence[tuple[str, str]]
    themes: Sequence[tuple[str, str]]
    geometries: Sequence[tuple[str, str]]
    agencies: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    roles: Sequence[tuple[str, str]]


def choices(ask: Ask) -> Choices:
    """The lists of the forms that describe."""
    language, say = ask.language, ask.say
    mine = [
        one for one in identity.agencies(ask.session) if guard.may(ask.caller, "data:describe", one.id)
    ]  # fmt: skip
    return Choices(
        [(one.uri, f"{labels.licence(one.uri)} · {one.named(language)}") for one in vocabulary.LICENCES],
        [(one.code, one.named(language)) for one in vocabulary.FREQUENCIES],
        [(one.code, one.named(language)) for one in vocabulary.THEMES],
        [("", say("Không có vị trí"))] + [(code, one.named(language)) for code, one in vocabulary.GEOMETRIES.items()],
        [(one.code, one.name) for one in mine],
        [(kind, labels.kind(kind, say)) for kind in KINDS],
        [("", "–"), ("key", say("khóa")), ("name", say("tên gọi")), ("valid-from", say("có hiệu lực từ")),
         ("valid-until", say("hết hiệu lực"))],
    )  # fmt: skip


def form(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/{code}/describe`: those who may describe the dataset."""
    view = kept(ask)
    guard.require(ask.caller, "data:describe", view.agency_id)
    row = _row(ask, view)
    return ask.page(
        "describe", filled or Filled(_written(row)), status, view=view, choices=choices(ask), schema=row.schema,
        fields=schemas.fields(row.schema), new=range(NEW), properties=row.schema.get("properties") or {},
        chosen_themes=filled.values.get("themes", "").split() if filled else [str(t) for t in row.themes],
    )  # fmt: skip


def save(ask: Ask) -> Response:
    """`POST /steward/{code}/describe`."""
    view = kept(ask)
    row = _row(ask, view)
    try:
        with ask.session.begin_nested():
            service.describe(ask.session, ask.caller, view.code, changes(ask, row))
    except (BadInput, Conflict) as error:
        filled = wrong(ask, error)
        filled.values = {**ask.values, "themes": " ".join(ask.all("themes"))}
        return form(ask, filled, error.status)
    return back(f"/steward/{view.code}?done=described")


def changes(ask: Ask, row: Dataset) -> dict[str, Any]:
    """What the form says, as service.describe takes it. Raises BadInput."""
    said = ask.values
    made: dict[str, Any] = {name: said.get(name) or None for name in TEXTS}
    made["title"], made["description"] = said.get("title", ""), said.get("description", "")
    made["keywords"] = [word.strip() for word in re.split(r"[,;\n]", said.get("keywords", "")) if word.strip()]
    made["themes"] = ask.all("themes")
    contact = {name: said[f"contact_{name}"] for name in CONTACT if said.get(f"contact_{name}")}
    made["contact"] = contact or None
    made |= _span(said)
    made["simulated"] = said.get("simulated") == "1"
    made["schema"] = schema_of(ask, row.schema)
    return made


def schema_of(ask: Ask, old: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as the editor's rows have it: what they do not show of a field stays as it was."""
    said = ask.values
    properties: dict[str, Any] = {}
    required: list[str] = []
    before = old.get("properties") or {}
    for place in range(schemas.MOST_FIELDS + NEW):
        name = said.get(f"f{place}_name", "")
        if not name:
            if f"f{place}_name" not in said:
                break
            continue
        kind = said.get(f"f{place}_kind", "string")
        one = dict(before[name]) if name in before else _new(kind)
        _say(one, "title", said.get(f"f{place}_title"))
        _say(one, "title-en", said.get(f"f{place}_title_en"))
        _say(one, "description", said.get(f"f{place}_description"))
        _say(one, "x-unit", said.get(f"f{place}_unit"))
        _say(one, "x-role", said.get(f"f{place}_role"))
        _say(one, "x-personal", True if said.get(f"f{place}_personal") else None)
        _say(one, "x-open", False if said.get(f"f{place}_closed") else None)
        if said.get(f"f{place}_required"):
            required.append(name)
        if not said.get(f"f{place}_drop"):
            properties[name] = one
    return {
        **old,
        "properties": properties,
        "required": [n for n in required if n in properties],
        "x-order": list(properties),
    }


def code_of(title: str) -> str:
    """A code made of a title: a-z, 0-9 and hyphens."""
    return slug(title)[:60].strip("-")


def _new(kind: str) -> dict[str, Any]:
    if kind in ("date", "date-time"):
        return {"type": "string", "format": kind}
    return {"type": kind if kind in KINDS else "string"}


def _say(one: dict[str, Any], key: str, value: Any) -> None:
    if value in (None, ""):
        one.pop(key, None)
    else:
        one[key] = value


def _span(said: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    faults = []
    for name in ("valid_from", "valid_until"):
        text = said.get(name, "")
        try:
            made[name] = clock.parse(f"{text}T00:00:00", clock.VIETNAM) if text else None
        except BadInput:
            faults.append(Fault(name, f"{text[:40]!r} is no day", "2026-11-21"))
    if faults:
        raise BadInput("the description cannot be kept", faults)
    return made


def _row(ask: Ask, view: View) -> Dataset:
    found = ask.session.get(Dataset, view.id)
    assert found is not None  # noqa: S101 - it was seen in this request
    return found


def _written(row: Dataset) -> dict[str, str]:
    """A dataset as the form writes it."""
    made = {name: getattr(row, name) or "" for name in TEXTS}
    made["keywords"] = ", ".join(str(word) for word in row.keywords)
    for name in CONTACT:
        made[f"contact_{name}"] = str((row.contact or {}).get(name) or "")
    for name in ("valid_from", "valid_until"):
        at = getattr(row, name)
        made[name] = f"{clock.local(at):%Y-%m-%d}" if at is not None else ""
    if row.simulated:
        made["simulated"] = "1"
    return made


routes = [get("/steward/{code}/describe", form), post("/steward/{code}/describe", save)]
