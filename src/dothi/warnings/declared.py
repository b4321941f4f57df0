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
    """A gap in the texts that whoever composes fills. fact: what of an alarm fills it by itself."""

    code: Code
    title: packs.Text
    choices: list[Choice] = Field(default_factory=list)
    fact: Literal["subject", "value", "limit"] | None = None
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

    @property
    def texts(self) -> Iterator[tuple[str, packs.Text]]:
        """The texts that hold slots, by key."""
        return iter((key, getattr(self, key)) for key in ("headline", "description", "instruction"))


class Templates(packs.Strict):
    """The whole file."""

    templates: list[Template]


class Promise(BaseModel):
    """A template filled, and the headline that becomes of it."""

    model_config = ConfigDict(extra="forbid")

    template: Code
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
    for pack, i, one in _each(found):
        here = ("templates", i)
        for j, name in enumerate(one.properties):
            if name not in measured:
                yield pack.fault(FILE, (*here, "properties", j), f'no property "{name}"', near=(name, measured))
        if one.code in seen:
            yield pack.fault(FILE, (*here, "code"), f'template "{one.code}" is already in {seen[one.code]}')
        seen.setdefault(one.code, pack.code)
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


def _kept(pack: packs.Pack, case: Promise) -> Iterable[str]:
    file: Templates | None = pack.files.get(FILE)
    template = next((one for one in (file.templates if file else []) if one.code == case.template), None)
    if template is None:
        yield f'the pack has no template "{case.template}"'
        return
    headline = filled(template, case.slots, case.language)["headline"]
    if headline != case.headline:
        yield f"the headline is {headline!r}, promised was {case.headline!r}"


packs.schema(FILE, Templates)
packs.promise("warnings", Promise, _kept)
