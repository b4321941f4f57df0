"""What people set up is written into a city's files where it stands already, and beside them where an input made it."""

import pytest

from dothi.city import practice
from dothi.city.carrying import Carrier
from dothi.city.items import Item
from dothi.city.practising import Known, target_code
from dothi.sensing.sectors import sectors

WHEN = {"major": {"above": 40.0}}
HERE = [Item("thing", "BL-LGT-001"), Item("agency", "so-b"), Item("area", "khu", {"units": ["27991", "28018"]})]


def rule(code, status="on", **on):
    fields = {
        "title": {"vi": code, "en": code},
        "sector": "water",
        "on": {"property": "flood-depth", **on},
        "when": WHEN,
    }
    return Item("rule", code, {**fields, "status": status})


def target(year, value, place=None):
    fields = {"indicator": "dossiers-on-time", "year": year, "value": value} | ({"place": place} if place else {})
    return Item("target", target_code(fields), fields)


def lamps(code, *things):
    steps = [{"at": "sunset", "set": {"level": 100.0}}]
    fields = {
        "title": code,
        "kind": "lamp-circuit",
        "things": list(things),
        "steps": steps,
        "exceptions": {},
        "enabled": True,
    }
    return Item("schedule", code, fields)


@pytest.fixture
def carry():
    """Write what stands in a city with a prefix: (its files, adjust by key, what is said)."""

    def done(whole, applied=(), now=(), own=(), adjust=None):
        units = [{"code": "27991"}, {"code": "28018"}]
        inputs = {
            "area": {"type": "area", "default": {"code": "khu"}}, "units": {"type": "units", "default": units},
        }  # fmt: skip
        whole = {"prefix": "BL-", "inputs": inputs, "agencies": [{"code": "so-b"}], "sectors": {}} | whole
        adjust, said = adjust or {}, []
        carrier = Carrier("bl", whole, adjust, Known.of(HERE, sectors(), ("water", "lighting", "egov")), said)
        carrier.carry({one.key: one for one in applied}, {one.key: one for one in now}, own)
        return whole["sectors"], adjust, said

    return done


def test_what_is_new_is_said_for_any_city_where_it_can_be(carry):
    uses, adjust, said = carry({}, own=[
        rule("chung"), rule("bl-khu", where={"area": "khu", "agency": "so-b"}), rule("bl-xa", where={"units": ["28018", "27991"]}),
        rule("mot-xa", where={"units": ["28018"]}), rule("duong", where={"attributes": {"road": "Quốc lộ 1"}}),
        lamps("bl-den", "BL-LGT-*"), lamps("den", "BL-LGT-*"), target(2026, 90, "khu"), Item("switch", "street-flood", {"status": "off"}),
        rule("gap", sector="water", where={"attributes": {"note": "${x}"}}), rule("la", where={"agency": "so-c"}),
    ])  # fmt: skip
    assert {one["code"]: one["on"].get("where") for one in uses["water"]["rules"]} == {
        "chung": None, "khu": {"area": "${area.code}", "agency": "so-b"}, "xa": {"units": "${units.code}"},
    }  # fmt: skip
    assert [(one["code"], one["things"]) for one in uses["lighting"]["schedules"]] == [("den", ["LGT-*"])]
    assert uses["egov"]["targets"] == {"dossiers-on-time": [{"year": 2026, "value": 90, "place": "${area.code}"}]}
    assert set(adjust) == {("rule", "mot-xa"), ("rule", "duong"), ("schedule", "den")}
    assert len(said) == 5
    assert [one.partition(": ")[0].partition(" goes")[0] for one in said] == [
        "rule gap stays here", "rule la stays here", "rule duong", "rule mot-xa", "schedule den",
    ]  # fmt: skip


def test_what_changed_is_said_where_it_stands(carry):
    whole = {"sectors": {
        "water": {"rules": [{"code": "khu", "on": {"where": {"area": "${area.code}"}}, "when": "${x}", "status": "on"}, {"code": "bo"}]},
        "egov": {"targets": {"dossiers-on-time": [{"each": "units", "year": 2026, "place": "${each.code}", "value": 1}]}},
    }}  # fmt: skip
    was = [rule("bl-khu", where={"area": "khu"}), rule("bo"), target(2026, 1, "27991"), target(2026, 1, "28018")]
    now = [rule("bl-khu", "draft", where={"area": "khu"}), target(2026, 2, "27991")]
    uses, adjust, said = carry(whole, was, now)
    # only what changed is said otherwise, so that what an input gives stays an input's
    assert uses["water"]["rules"] == [
        {"code": "khu", "on": {"where": {"area": "${area.code}"}}, "when": "${x}", "status": "draft"}
    ]
    # an entry for each commune is left as it is
    assert adjust == {
        ("target", "dossiers-on-time.2026.28018"): {"kind": "target", "code": "dossiers-on-time.2026.28018", "gone": True},
        ("target", "dossiers-on-time.2026.27991"): {
            "kind": "target", "code": "dossiers-on-time.2026.27991", "fields": {"value": 2},
        },
    }  # fmt: skip
    assert said == [
        "target dossiers-on-time.2026.27991 goes along with bl alone, not into cities made from it: it speaks of 27991"
    ]

    # made again by hand, it is not said twice
    again = target(2026, 3, "28018")
    _, adjust, _ = carry(whole, was[:1], now[:1], [again], adjust)
    assert adjust[again.key] == {"kind": "target", "code": again.code, "fields": again.fields}


def test_what_came_to_be_of_every_city_moves_there(carry):
    bound, free = rule("mot", where={"units": ["28018"]}), rule("mot")
    row = {"kind": "rule", "code": "mot", "fields": bound.fields}
    uses, adjust, said = carry({}, [bound], [free], adjust={bound.key: row})
    assert [one["code"] for one in uses["water"]["rules"]] == ["mot"]
    assert (adjust, said) == ({}, [])


def test_names_are_found_wherever_they_stand():
    inside = {"fence": {"area": "khu", "is": "inside"}}
    fields = {
        "agency": "so-b",
        "on": {"inputs": {"a": {"property": "rain", "thing": "T-1"}}},
        "when": {"major": inside},
    }
    assert practice.names("rule", fields, "area") == [(("when", "major", "fence", "area"), "khu")]
    called = practice.called("rule", fields, "thing", lambda one: "X-" + one)
    assert (called["on"]["inputs"]["a"]["thing"], fields["on"]["inputs"]["a"]["thing"]) == ("X-T-1", "T-1")
    assert practice.tied("rule", {"when": {"major": {"fence": {"ring": [[106.4, 10.5]], "is": "outside"}}}})
    assert not practice.tied("rule", {"on": {"property": "rain"}, "when": WHEN})
