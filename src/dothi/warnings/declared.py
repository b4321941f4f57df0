"""warnings.yaml: templates of warnings a sector pack declares, texts with slots in Vietnamese and English."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dothi import packs
from dothi.kit.errors import Fault

FILE = "warnings.yaml"
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
]  # fmt: skip
Response = Literal["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]
# slots every template may use without declaring them: said from the warning itself, in its language
GIVEN = {
    "areas": packs.Text(vi="khu vực", en="areas"),
    "onset": packs.Text(vi="giờ bắt đầu", en="beginning"),
    "expires": packs.Text(vi="giờ hết hiệu lực", en="end"),
}
BLANK = "[…"  # how a slot nobody filled begins in a text
_SLOT = re.compile(r"\{([a-z0-9-]+)\}")


class Choice(packs.Strict):
    """One of the values a slot may have."""

    code: Code
    name: packs.Text


class Slot(packs.Strict):
    """A gap in the texts that whoever composes fills. fact, field: what of an alarm or a record fills it by itself."""

    code: Code
    title: packs.Text
    choices: list[Choice] = Field(default_factory=list)
    fact: Literal["subject", "value", "limit"] | None = None
    field: str | None = None
    optional: bool = False


class Template(packs.Strict):
    """A warning ready to be filled."""

    code: Code
    title: packs.Text
    event: packs.Text
    category: list[Category] = Field(min_length=1)
    response: list[Response] = Field(default_factory=list)
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
    hours: float = Field(gt=0, le=240)
    headline: packs.Text
    description: packs.Text
    instruction: packs.Text
    slots: list[Slot] = Field(default_factory=list)
    properties: list[str] = Field(default_factory=list)  # whose alarms it is offered for
    record: Code | None = None  # the dataset whose records it can be written from

    @property
    def texts(self) -> Iterator[tuple[str, packs.Text]]:
        """The texts that hold slots, by key."""
        return iter((key, getattr(self, key)) for key in ("headline", "description", "instruction"))


class Templates(packs.Strict):
    """The whole file."""

    templates: list[Template]


class Promise(BaseModel):
    """A template filled, and the headline that becomes of it; or what a rule of the pack leads to at a severity."""

    model_config = ConfigDict(extra="forbid")

    title: str = ""
    template: Code | None = None
    rule: Code | None = None
    severity: Literal["critical", "major", "minor", "warning"] = "major"
    slots: dict[str, str] = Field(default_factory=dict)
    language: Literal["vi", "en"] = "vi"
    headline: str


def filled(template: Template, values: Mapping[str, str], language: str) -> dict[str, str]:
    """The template's texts in a language with its slots filled; one nobody filled stands as `[…its title]`."""
    said = {}
    for slot in template.slots:
        given = values.get(slot.code, "").strip()
        chosen = next((one.name.of(language) for one in slot.choices if one.code == given), given)
        said[slot.code] = chosen or ("" if slot.optional else f"{BLANK}{slot.title.of(language)}]")
    said |= {code: values.get(code, "").strip() or f"{BLANK}{title.of(language)}]" for code, title in GIVEN.items()}
    made = {
        key: " ".join(_SLOT.sub(lambda found: said.get(found[1], found[0]), text.of(language)).split(" "))
        for key, text in template.texts
    }
    return {"event": template.event.of(language), **made}


@lru_cache(maxsize=1)
def templates() -> dict[str, tuple[str, Template]]:
    """The templates of the packs shipped with this installation, by code, with the sector of each."""
    found = packs.load(packs.content_path("sectors"))
    return {one.code: (pack.code, one) for pack, _, one in _each(found)}


def _each(found: dict[str, packs.Pack]) -> Iterator[tuple[packs.Pack, int, Template]]:
    for pack in found.values():
        file: Templates | None = pack.files.get(FILE)
        for i, one in enumerate(file.templates if file else []):
            yield pack, i, one


@packs.names
def _check(found: dict[str, packs.Pack]) -> Iterable[Fault]:
    """Codes given once, every gap of a text declared and every declared gap used, in both languages."""
    seen: dict[str, str] = {}
    measured = [
        one.code for pack in found.values() if (file := pack.files.get("observed_properties.yaml")) for one in file.properties
    ]  # fmt: skip
    yield from _led(found, {one.code: one for _, _, one in _each(found)})
    for pack, i, one in _each(found):
        here = ("templates", i)
        for j, name in enumerate(one.properties):
            if name not in measured:
                yield pack.fault(FILE, (*here, "properties", j), f'no property "{name}"', near=(name, measured))
        if one.code in seen:
            yield pack.fault(FILE, (*here, "code"), f'template "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, pack.code)
        yield from _recorded(found, pack, here, one)
        codes = [slot.code for slot in one.slots]
        known = [*codes, *GIVEN]
        for language in ("vi", "en"):
            used: set[str] = set()
            for key, text in one.texts:
                names = set(_SLOT.findall(text.of(language)))
                used |= names
                for name in sorted(names - set(known)):
                    at = (*here, key, language)
                    yield pack.fault(FILE, at, f'no slot "{name}"', near=(name, known), allowed=", ".join(known))
            for j, code in enumerate(codes):
                if code not in used and not one.slots[j].optional:
                    yield pack.fault(FILE, (*here, "slots", j), f'slot "{code}" is in no text of {language!r}')


def _recorded(
    found: dict[str, packs.Pack], pack: packs.Pack, here: tuple[str | int, ...], one: Template
) -> Iterator[Fault]:
    """The dataset a template is written from and the fields that fill its slots."""
    sets = {
        each.code: each
        for other in found.values()
        if (file := other.files.get("datasets.yaml"))
        for each in file.datasets
    }
    if one.record is not None and one.record not in sets:
        yield pack.fault(FILE, (*here, "record"), f'no dataset "{one.record}"', near=(one.record, list(sets)),
                         allowed=", ".join(sets))  # fmt: skip
        return
    fields = list(sets[one.record].schema_.get("properties") or {}) if one.record else []
    for j, slot in enumerate(one.slots):
        if slot.field is not None and slot.field not in fields:
            yield pack.fault(FILE, (*here, "slots", j, "field"), f'no field "{slot.field}"', near=(slot.field, fields),
                             allowed=", ".join(fields) or "record: the dataset it is a field of")  # fmt: skip


def _led(found: dict[str, packs.Pack], known: dict[str, Template]) -> Iterator[Fault]:
    """Rules that lead to a warning: its template, the slots they fill and what they put in."""
    for pack in found.values():
        for i, rule in enumerate(pack.files["alerts.yaml"].rules if "alerts.yaml" in pack.files else []):
            if rule.warns is None:
                continue
            at = ("rules", i, "warns")
            template = known.get(rule.warns.template)
            if template is None:
                yield pack.fault("alerts.yaml", (*at, "template"), f'no template "{rule.warns.template}"',
                                 near=(rule.warns.template, list(known)), allowed=", ".join(known))  # fmt: skip
                continue
            slots = {one.code: [choice.code for choice in one.choices] for one in template.slots}
            given: list[tuple[tuple[str | int, ...], dict[str, str]]] = [((*at, "slots"), rule.warns.slots)]
            given += [((*at, "by_severity", name), said) for name, said in rule.warns.by_severity.items()]
            for place, said in given:
                for code, text in said.items():
                    if code not in slots:
                        yield pack.fault("alerts.yaml", (*place, code), f'no slot "{code}" of {template.code}',
                                         near=(code, list(slots)), allowed=", ".join(slots))  # fmt: skip
                    elif slots[code] and text not in slots[code]:
                        yield pack.fault("alerts.yaml", (*place, code), f'"{text}" is no choice of {code}',
                                         near=(text, slots[code]), allowed=", ".join(slots[code]))  # fmt: skip


def _kept(pack: packs.Pack, case: Promise) -> Iterable[str]:
    code, slots = case.template, case.slots
    if case.rule is not None:
        rules = pack.files["alerts.yaml"].rules if "alerts.yaml" in pack.files else []
        rule = next((one for one in rules if one.code == case.rule), None)
        if rule is None or rule.warns is None or not rule.warns.speaks_of(case.severity):
            yield f'no rule "{case.rule}" of the pack leads to a warning when it is {case.severity}'
            return
        code, slots = rule.warns.template, {**rule.warns.filling(case.severity), **slots}
    template = next((one for _, _, one in _each({pack.code: pack}) if one.code == code), None)
    template = template or templates().get(code or "", ("", None))[1]
    if template is None:
        yield f'there is no template "{code}"'
        return
    headline = filled(template, slots, case.language)["headline"]
    if headline != case.headline:
        yield f"the headline is {headline!r}, promised was {case.headline!r}"


packs.schema(FILE, Templates)
packs.promise("warnings", Promise, _kept)
