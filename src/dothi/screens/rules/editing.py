"""A rule as a form: its usual numbers in fields, all of it as YAML; what is wrong is said with its line."""

import io
from typing import Any

from ruamel.yaml import YAML

from dothi.alerts import declared
from dothi.alerts.model import SEVERITIES, WEEKDAYS, RuleModel
from dothi.kit.errors import BadInput, Fault
from dothi.packs import lines, shape

NAME = "quy-tac.yaml"  # how faults call the text of the form
NUMBERS = ("above", "from", "below", "to")
MOST = 60_000  # characters

TEMPLATE = """\
code: ngap-duong-rieng
title: {vi: Ngập đường, en: Street flooding}
sector: water
on: {property: flood-depth}
when:
  major: {from: 30, lasting: 5m}
  minor: {from: 15, lasting: 5m}
clear: {margin: 3, lasting: 10m}
group: {by: unit, window: 1h}
status: draft
"""


def text_of(definition: dict[str, Any]) -> str:
    """A definition as YAML, in the order it is read."""
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.allow_unicode = True
    into = io.StringIO()
    yaml.dump(definition, into)
    return into.getvalue()


def read(text: str) -> RuleModel:
    """The rule a text says. Raises BadInput with every fault, each with its line."""
    if len(text) > MOST:
        raise BadInput("the rule is too long", [Fault("yaml", f"{len(text)} characters", f"at most {MOST}")])
    source = lines.parse(text.replace("\r\n", "\n"), NAME)
    model = shape.shaped(source, RuleModel)
    if model is not None:
        for fault in declared.faults(model):
            path = tuple(int(part) if part.isdecimal() else part for part in fault.place.split("."))
            source.faults.append(source.fault(path, fault.message, allowed=fault.allowed))
    if source.faults or model is None:
        raise BadInput("the rule does not read as one", [_placed(one) for one in source.faults])
    return model


def _placed(fault: Fault) -> Fault:
    """A fault of the text stands under the text's field, its line before it."""
    place = fault.place.removeprefix(f"{NAME}:")
    line, _, path = place.partition(": ")
    return Fault("yaml", f"{line}: {path}: {fault.message}" if path else f"{line}: {fault.message}", fault.allowed)


def line_of(fault: Fault) -> int | None:
    """The line a fault of the text names."""
    first = fault.message.partition(":")[0]
    return int(first) if fault.place == "yaml" and first.isdecimal() else None


def fields(model: RuleModel) -> dict[str, str]:
    """What the fields of the short form hold; a threshold that is no plain number has no field."""
    made = {"title": model.title.vi, "title_en": model.title.en or ""}
    definition = model.definition()
    for severity in SEVERITIES:
        said = definition["when"].get(severity)
        if said is None:
            continue
        for name in NUMBERS:
            if isinstance(said.get(name), int | float):
                made[f"{severity}_{name}"] = f"{said[name]:g}"
        made[f"{severity}_lasting"] = said.get("lasting", "")
    clear = definition.get("clear", {})
    made["margin"] = f"{clear['margin']:g}" if "margin" in clear else ""
    for name in ("lasting", "keep_for", "quiet"):
        made[f"clear_{name}"] = clear.get(name, "")
    schedule = definition.get("schedule") or {}
    made["hours"] = ", ".join(f"{one['from']}-{one['to']}" for one in schedule.get("hours", []))
    made["days"] = ",".join(schedule.get("days", []))
    return made


def changed(model: RuleModel, values: dict[str, str], days: list[str]) -> dict[str, Any]:
    """The definition with what the short form says. Raises BadInput naming the fields."""
    definition = model.definition()
    faults: list[Fault] = []
    definition["title"] = {"vi": values.get("title", ""), "en": values.get("title_en", "")}
    for severity, said in definition["when"].items():
        for name in NUMBERS:
            if isinstance(said.get(name), int | float) and f"{severity}_{name}" in values:
                said[name] = number(values[f"{severity}_{name}"], f"{severity}_{name}", faults)
        put(said, "lasting", values.get(f"{severity}_lasting", ""))
    clear = definition.setdefault("clear", {})
    if "margin" in values:
        put(clear, "margin", number(values["margin"], "margin", faults) if values["margin"] else None)
    for name in ("lasting", "keep_for", "quiet"):
        if f"clear_{name}" in values:
            put(clear, name, values[f"clear_{name}"])
    schedule = definition.setdefault("schedule", {}) or {}
    put(schedule, "hours", hours(values.get("hours", ""), faults))
    put(schedule, "days", [one for one in WEEKDAYS if one in days])
    definition["schedule"] = schedule or None
    if faults:
        raise BadInput("the rule cannot be kept so", faults)
    return {key: value for key, value in definition.items() if value not in (None, {})}


def put(into: dict[str, Any], name: str, value: Any) -> None:
    """Says it, or leaves the key out where there is nothing to say."""
    if value in ("", None, []):
        into.pop(name, None)
    else:
        into[name] = value


def number(text: str, place: str, faults: list[Fault]) -> float | None:
    """The number a field says; what is none becomes a fault of that field."""
    try:
        return float(text.replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        faults.append(Fault(place, f"{text[:40]!r}", "a number such as 1.45"))
        return None


def hours(text: str, faults: list[Fault]) -> list[dict[str, str]]:
    """The stretches of a day a field says: `07:00-17:00, 19:00-21:30`."""
    made = []
    for part in (one.strip() for one in text.replace(";", ",").replace("\u2013", "-").split(",")):
        if not part:
            continue
        start, dash, end = (one.strip() for one in part.partition("-"))
        if not dash:
            faults.append(Fault("hours", f"{part[:40]!r}", "07:00-17:00, 19:00-21:30"))
            continue
        made.append({"from": start.zfill(5), "to": end.zfill(5)})
    return made


def mapped(error: BadInput) -> BadInput:
    """A fault of the definition, said under the field of the short form that wrote it."""
    made = []
    for fault in error.faults:
        parts = fault.place.split(".")
        place = fault.place
        if parts[0] == "when" and len(parts) > 2:
            place = f"{parts[1]}_{parts[2].removesuffix('_')}"
        elif parts[0] == "clear" and len(parts) > 1:
            place = "margin" if parts[1] == "margin" else f"clear_{parts[1]}"
        elif parts[0] == "schedule" and len(parts) > 1:
            place = parts[1]
        made.append(Fault(place, fault.message, fault.allowed))
    return BadInput(error.message, made)
