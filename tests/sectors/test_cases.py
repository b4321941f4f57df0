"""What the shipped packs declare of cases and public services: the flow the pages rely on, and forms that hold."""

import re
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from dothi.cases.types import types

ICONS = Path(__file__).parents[2] / "frontend" / "node_modules" / "lucide-static" / "icons"
GIVEN = {
    "house-permit": {
        "filed_by": "self", "name": "Nguyễn Văn An", "identity": "080123456789", "phone": "0901234567",
        "home": "12 Hùng Vương, phường Long An", "site": "12 Hùng Vương, phường Long An", "parcel": 12, "sheet": 5,
        "land_area": 100.5, "work": "new", "floors": 2, "footprint": 60, "total_area": 120, "height": 8,
        "adjoining": "no", "truthful": True,
    },
    "land-use-information": {
        "kind": "person", "name": "Nguyễn Văn An", "identity": "080123456789", "phone": "+84901234567",
        "ward": "Long An", "parcel": 12, "sheet": 5, "wanted": ["land-use", "lines"], "purpose": "building",
        "handover": "desk", "truthful": True,
    },
    "household-business": {
        "name": "Trần Thị Bình", "born": "1990-05-01", "identity": "080123456789", "phone": "0901234567",
        "home": "12 Hùng Vương, phường Long An", "owners": "person", "business": "Tạp hóa Bình",
        "premises": "12 Hùng Vương, phường Long An", "activities": "Bán lẻ thực phẩm", "capital": 50000000,
        "workers": 0, "starts": "2026-12-01", "tax_method": "declared", "handover": "desk", "truthful": True,
    },
}  # fmt: skip


def at_fault(service, **changes):
    """Fields the form refuses: of a value that does not fit, or of what is missing."""
    given = {name: value for name, value in {**GIVEN[service], **changes}.items() if value is not None}
    form = Draft202012Validator(types().procedure(service).form, format_checker=FormatChecker())
    return sorted(
        str(fault.absolute_path[0]) if fault.absolute_path else re.findall("'([^']*)' is a required", fault.message)[0]
        for fault in form.iter_errors(given)
    )


@pytest.mark.parametrize(
    ("service", "changes", "refused"),
    [
        *((service, {}, []) for service in GIVEN),
        ("house-permit", {"identity": "12345", "phone": "12", "truthful": False}, ["identity", "phone", "truthful"]),
        ("house-permit", {"filed_by": "agent"}, ["agent_identity", "agent_name"]),
        ("house-permit", {"work": "raise", "floors": 3, "adjoining": "yes"}, ["designer", "earlier_permit", "undertaking"]),
        ("land-use-information", {"kind": "organisation", "purpose": "other"}, ["organisation", "purpose_text", "tax_code"]),
        ("land-use-information", {"wanted": [], "handover": "post"}, ["post_to", "wanted"]),
        ("household-business", {"business": "Công ty Bình", "born": "1/5/1990"}, ["born", "business"]),
        ("household-business", {"owners": "household", "conditional": "yes", "handover": "electronic"}, ["email", "licence", "members"]),
    ],
)  # fmt: skip
def test_a_form_takes_what_fits_and_asks_for_what_the_answers_call_for(service, changes, refused):
    assert at_fault(service, **changes) == refused


def test_every_form_says_itself_in_both_languages_and_knows_what_is_personal():
    for one in types().procedures.values():
        assert one.certainty == "assumed"
        Draft202012Validator.check_schema(one.form)
        fields = one.form["properties"]
        assert all(field.get("title") and field.get("x-en") for field in fields.values()), one.code
        personal = {name for name, field in fields.items() if field.get("x-personal")}
        assert {"name", "identity", "phone"} <= personal
        asked = {name for rule in one.form["allOf"] for name in rule["then"]["required"]}
        assert asked <= set(fields)
    for category in types().categories("report"):
        for field in (category.questions or {}).get("properties", {}).values():
            assert {"title", "x-en"} <= field.keys(), category.code
            assert all(choice.get("x-en") for choice in field.get("oneOf", [])), category.code


def test_reports_have_the_flow_the_pages_rely_on():
    report, dossier = types().type("report"), types().type("dossier")
    assert [(one.code, one.phase) for one in report.states] == [
        ("unconfirmed", "new"), ("received", "new"), ("assigned", "open"), ("working", "open"),
        ("waiting-citizen", "waiting"), ("resolved", "done"), ("closed", "closed"), ("rejected", "closed"),
        ("duplicate", "closed"),
    ]  # fmt: skip
    assert [one.national for one in dossier.states] == list(range(1, 11))
    for type_ in types().by_code.values():  # from every state that is not closed something leads on
        ways = {state for one in type_.transitions for state in one.since if one.to != state}
        assert {one.code for one in type_.states if one.phase != "closed"} <= ways, type_.code


def test_what_accuses_somebody_is_never_public():
    hidden = {one.code for one in types().categories("report") if not one.public}
    assert {"public-order", "social-evils", "noise", "food-safety", "illegal-building", "service-attitude"} <= hidden


@pytest.mark.skipif(not ICONS.is_dir(), reason="the front end's packages are not installed")
def test_every_icon_is_one_of_lucide():
    used = {one.icon for one in [*types().categories("report"), *types().procedures.values()]}
    assert [icon for icon in used if icon and not (ICONS / f"{icon}.svg").is_file()] == []


def test_no_two_categories_are_called_alike():
    for language in ("vi", "en"):
        titles = Counter(one.title.of(language) for one in types().categories("report"))
        assert [title for title, times in titles.items() if times > 1] == []
