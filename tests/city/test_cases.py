"""Offices and crews of a blueprint: made once, kept where somebody changed them, refused where they lead nowhere."""

import pytest
from sqlalchemy import select, update

from dothi.cases import offices
from dothi.cases.tables import Crew, OfficeRule
from dothi.cases.types import types
from dothi.city import service as city
from dothi.identity import guard
from dothi.identity.tables import Agency
from dothi.kit.errors import BadInput
from dothi.packs import content_path

CASES = """\
cases:
  offices:
    - {type: report, agency: so-a}
    - {type: report, agency: so-b, categories: [manhole, smoke], wards: ["99901"]}
    - {type: dossier, agency: so-a, categories: [house-permit]}
  crews:
    - {code: doi-1, name: Đội 1, agency: so-b, categories: [manhole], lon: 106.41, lat: 10.54}
    - {code: doi-2, name: Đội 2, agency: so-a}
"""


@pytest.fixture
def handled(folder, edit):
    """The small city with offices and crews."""
    edit("  air: {}\n", "  air: {}\n  egov: {}\n")
    path = folder / "city.yaml"
    path.write_text(path.read_text("utf-8") + CASES, "utf-8")
    return folder


def apply(session, folder, **options):
    made = city.plan(session, folder, **options)
    city.apply(session, guard.SYSTEM, made)
    session.commit()
    return made


def of(made, *kinds):
    return [(one.verb, one.code) for one in made.changes if one.kind in kinds]


def standing(session):
    query = select(OfficeRule.type, OfficeRule.category, OfficeRule.unit, Agency.code).join(
        Agency, Agency.id == OfficeRule.agency_id
    )
    return sorted(tuple(part or "*" for part in row) for row in session.execute(query))


def test_offices_and_crews_come_once_and_again_change_nothing(session, handled):
    made = apply(session, handled)
    assert of(made, "office", "crew") == [
        ("create", "report.*.*"), ("create", "report.manhole.99901"), ("create", "report.smoke.99901"),
        ("create", "dossier.house-permit.*"), ("create", "doi-1"), ("create", "doi-2"),
    ]  # fmt: skip
    assert standing(session) == [
        ("dossier", "house-permit", "*", "so-a"), ("report", "*", "*", "so-a"),
        ("report", "manhole", "99901", "so-b"), ("report", "smoke", "99901", "so-b"),
    ]  # fmt: skip
    crew = session.scalars(select(Crew).where(Crew.code == "doi-1")).one()
    assert (crew.name, crew.categories, crew.lon, crew.active) == ("Đội 1", ["manhole"], 106.41, True)
    so_b = session.scalar(select(Agency.id).where(Agency.code == "so-b"))
    assert crew.agency_id == so_b
    assert offices.office_for(session, "report", types().category("manhole"), "99901") == so_b
    assert city.plan(session, handled).changes == []


def test_what_a_person_changed_stays_until_forced(session, handled, edit):
    apply(session, handled)
    offices.rule(session, guard.SYSTEM, "report", "manhole", "99901", "so-a")
    session.execute(update(Crew).where(Crew.code == "doi-2").values(name="Đội hai"))
    session.commit()
    kept = city.plan(session, handled)
    assert of(kept, "office", "crew") == [("keep", "report.manhole.99901"), ("keep", "doi-2")]
    apply(session, handled, force=True)
    assert ("report", "manhole", "99901", "so-b") in standing(session)
    # what the blueprint drops goes; a crew rests, since its jobs go on naming it
    edit("categories: [manhole, smoke]", "categories: [smoke]")
    edit("    - {code: doi-2, name: Đội 2, agency: so-a}\n", "")
    assert of(apply(session, handled), "office", "crew") == [("remove", "doi-2"), ("remove", "report.manhole.99901")]
    assert "manhole" not in [row[1] for row in standing(session)]
    assert session.scalar(select(Crew.active).where(Crew.code == "doi-2")) is False
    assert city.plan(session, handled).changes == []
    # and comes back as it was
    apply(session, handled, back_to=1)
    assert session.scalar(select(Crew.active).where(Crew.code == "doi-2")) is True
    assert ("report", "manhole", "99901", "so-b") in standing(session)


def test_every_wrong_name_is_said_at_once_with_its_line(handled, edit):
    edit("{type: report, agency: so-a}", "{type: reprot, agency: so-c}")
    edit("categories: [manhole, smoke]", "categories: [manhoel, pothole]")
    edit("categories: [house-permit]", 'categories: [manhole], wards: ["27694"]')
    edit("lon: 106.41, lat: 10.54}\n    - {code: doi-2", "lon: 106.41}\n    - {code: doi-1")
    edit(
        "crews:",
        "  - {type: report, agency: so-a, categories: [smoke]}\n    - {type: report, agency: so-b, categories: [smoke]}\n  crews:",
    )
    from dothi.city.wanted import read

    with pytest.raises(BadInput) as said:
        read(handled)
    faults = "\n".join(f"{one.place}: {one.message}" for one in said.value.faults)
    for part in (
        'no agency "so-c"', 'no type of cases "reprot"; did you mean "report"?',
        'no category of type "report" "manhoel"; did you mean "manhole"?',
        '"pothole" is of sector "traffic", which is not switched on', 'no public service "manhole"',
        'no ward of this city "27694"', "says half a place", 'there already is a crew "doi-1"',
        "already go to an office by offices.3",
    ):  # fmt: skip
        assert part in faults, part
    assert all(one.place.startswith("thu/city.yaml:") for one in said.value.faults)


def test_in_tan_an_every_category_of_every_ward_has_an_office():
    from dothi.city.wanted import read

    blueprint, items = read(content_path("cities") / "tan-an")
    rules = {tuple(one.code.split(".")) for one in items if one.kind == "office"}
    assert set(types().sectors.values()) <= set(blueprint.sectors)
    for code in types().categories_:
        assert {("report", code, "*"), ("report", "*", "*")} & rules, code
    for ward in blueprint.places.areas[0].units:
        assert ("report", "*", ward) in rules
        for procedure in types().procedures:
            assert {("dossier", procedure, ward), ("dossier", procedure, "*")} & rules, (procedure, ward)
