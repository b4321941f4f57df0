"""A warning of ours as it is written: what is wrong with it, how it is kept, and the CAP message it becomes. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dothi.kit import clock, geo
from dothi.kit.errors import Fault
from dothi.kit.text import nfc
from dothi.warnings import areas
from dothi.warnings.declared import BLANK
from dothi.warnings.model import (
    CATEGORIES,
    CERTAINTIES,
    RESPONSES,
    SEVERITIES,
    URGENCIES,
    Alert,
    Area,
    Info,
    Reference,
)  # fmt: skip

LANGUAGES = {"vi": "vi-VN", "en": "en-US"}
OURS = ("Actual", "Exercise", "Test")  # the statuses we publish
GEOCODE = "VN-DVHC"  # codes of administrative units (danh mục đơn vị hành chính Việt Nam)
_TEXTS = ("event", "headline", "description", "instruction")
_LONGEST = {"event": 120, "headline": 300, "description": 6000, "instruction": 6000}
_LONGEST_LIFE = 30 * clock.DAY


@dataclass(frozen=True)
class Said:
    """The texts in one language."""

    event: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in _TEXTS)


@dataclass(frozen=True)
class Composed:
    """What somebody wrote. Instants µs UTC; units: codes of wards; shape: drawn, as GeoJSON."""

    said: Mapping[str, Said]  # by language: vi, en
    status: str = "Actual"
    categories: Sequence[str] = ("Safety",)
    responses: Sequence[str] = ()
    urgency: str = "Unknown"
    severity: str = "Unknown"
    certainty: str = "Unknown"
    onset_at: int | None = None
    expires_at: int | None = None
    units: Sequence[str] = ()
    shape: Mapping[str, Any] | None = None
    shape_names: Mapping[str, str] = field(default_factory=dict)
    contact: str = ""
    template: str | None = None
    simulated: bool = False


class Kept(Protocol):
    """What is read of a stored warning."""

    identifier: str
    sender: str
    status: str
    msg_type: str
    scope: str
    references: list[Any]
    infos: list[Any]
    areas: list[Any]
    onset_at: int | None
    expires_at: int | None
    simulated: bool


def faults(composed: Composed, now: int) -> Iterator[Fault]:
    """What cannot be kept at all, a draft or not."""
    if composed.status not in OURS:
        yield Fault("status", repr(composed.status), ", ".join(OURS))
    for name, given, allowed in (
        ("category", composed.categories, CATEGORIES), ("response", composed.responses, RESPONSES),
        ("urgency", (composed.urgency,), URGENCIES), ("severity", (composed.severity,), SEVERITIES),
        ("certainty", (composed.certainty,), CERTAINTIES), ("language", tuple(composed.said), tuple(LANGUAGES)),
    ):  # fmt: skip
        for one in given:
            if one not in allowed:
                yield Fault(name, repr(one)[:40], ", ".join(allowed))
    for language, said in composed.said.items():
        for name in _TEXTS:
            if len(getattr(said, name)) > _LONGEST[name]:
                yield Fault(f"{name}_{language}", "is too long", f"at most {_LONGEST[name]} characters")
    if composed.expires_at is not None and composed.expires_at > now + _LONGEST_LIFE:
        yield Fault("expires", "is too far away", "within 30 days; a warning is updated while it lasts")


def unready(kept: Kept, now: int) -> Iterator[Fault]:
    """What is missing before somebody may be asked to approve it."""
    found = {one["language"]: one for one in kept.infos}
    if "vi" not in found:
        yield Fault("headline_vi", "is missing", "the texts in Vietnamese")
    for language, one in found.items():
        for name in ("event", "headline", "description"):
            if not one[name]:
                yield Fault(f"{name}_{language}", "is missing", "a text in each language that is used")
        for name in _TEXTS:
            if BLANK in one[name]:
                yield Fault(f"{name}_{language}", "holds a gap of the template", "every […] filled or taken out")
    first: dict[str, Any] = next(iter(found.values()), {})
    if not first.get("categories"):
        yield Fault("category", "is missing", ", ".join(CATEGORIES))
    if not kept.areas:
        yield Fault("area", "is missing", "wards, or an outline on the map")
    if kept.expires_at is None:
        yield Fault("expires", "is missing", "when the warning ends by itself")
    elif kept.expires_at <= now:
        yield Fault("expires", "is past", "a later time")
    elif kept.onset_at is not None and kept.onset_at > kept.expires_at:
        yield Fault("onset", "is after the end", "a time before it")


def infos(composed: Composed) -> list[dict[str, Any]]:
    """The texts and properties as they are kept: one a language that says anything."""
    shared = {
        "categories": list(dict.fromkeys(composed.categories)), "responses": list(dict.fromkeys(composed.responses)),
        "urgency": composed.urgency, "severity": composed.severity, "certainty": composed.certainty,
        "contact": nfc(composed.contact.strip()),
    }  # fmt: skip
    return [
        {"language": language, **{name: nfc(getattr(said, name).strip()) for name in _TEXTS}, **shared}
        for language in LANGUAGES
        if (said := composed.said.get(language))
    ]


def message(kept: Kept, sent: int, identifier: str, sender_names: Mapping[str, str], web: str | None) -> Alert:
    """The CAP message a stored warning becomes when it is sent (µs UTC, whole seconds)."""
    made = []
    for one in kept.infos:
        language = one["language"]
        made.append(
            Info(
                tuple(one["categories"]), one["event"], one["urgency"], one["severity"], one["certainty"],
                LANGUAGES[language], tuple(one["responses"]), effective=sent, onset=kept.onset_at,
                expires=kept.expires_at, sender_name=sender_names.get(language) or sender_names.get("vi"),
                headline=one["headline"] or None, description=one["description"] or None,
                instruction=one["instruction"] or None, web=web, contact=one["contact"] or None,
                parameters=(("simulated", "true"),) if kept.simulated else (),
                areas=tuple(_area(area, language) for area in kept.areas),
            )
        )  # fmt: skip
    return Alert(
        identifier, kept.sender, sent, kept.status, kept.msg_type, kept.scope, note=_note(kept),
        references=tuple(Reference(one["sender"], one["identifier"], one["sent"]) for one in kept.references),
        infos=tuple(made),
    )  # fmt: skip


def _note(kept: Kept) -> str | None:
    said = [
        "Dữ liệu mô phỏng, không phải tình huống thật. / Simulated data, not a real event." if kept.simulated else "",
        "DIỄN TẬP / EXERCISE" if kept.status == "Exercise" else "",
        "THỬ NGHIỆM / TEST" if kept.status == "Test" else "",
    ]
    return " ".join(filter(None, said)) or None


def _area(one: Mapping[str, Any], language: str) -> Area:
    names = one["names"]
    codes = ((GEOCODE, str(one["unit"])),) if one.get("unit") else ()
    return Area(names.get(language) or names["vi"], areas.rings(geo.from_geojson(one["geometry"])), geocodes=codes)


def ended(kept: Kept, reasons: Mapping[str, str]) -> list[dict[str, Any]]:
    """The texts of a cancellation: the same in each language, said to be over, with the reason."""
    words = {"vi": ("Đã hết hiệu lực: ", "Cảnh báo này được hủy."), "en": ("Cancelled: ", "This warning is cancelled.")}
    made = []
    for one in kept.infos:
        before, plain = words[one["language"]]
        reason = nfc((reasons.get(one["language"]) or "").strip())
        made.append({
            **one, "headline": before + one["headline"].removeprefix(before), "description": reason or plain,
            "instruction": "", "urgency": "Past", "responses": ["AllClear"],
        })  # fmt: skip
    return made
