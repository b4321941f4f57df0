"""Datasets a pack declares are taken up by a city: planned, loaded, kept where people changed them, and brought back."""

import json

import pytest
from sqlalchemy import func, select

from dothi import packs
from dothi.city import service as city
from dothi.city.wanted import read
from dothi.datasets import service as datasets
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.identity import guard
from dothi.identity.tables import Agency
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput
from dothi.sensing.sectors import sectors

TAKEN = """\
datasets:
  lamps: {agency: so-b, sharing: open, file: lamps.geojson}
  lighting-cabinets: {agency: so-b, sharing: shared, file: cabinets.geojson, simulated: false}
"""


def feature(key, lon=106.41, **properties):
    at = {"type": "Point", "coordinates": [lon, 10.54]}
    return {"type": "Feature", "id": key, "geometry": at, "properties": {"code": key, **properties}}


def write(folder, name, *features):
    (folder / name).write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")


@pytest.fixture
def lit(folder, edit):
    """The small city with cabinets and lamps."""
    edit("  air: {}\n", "  air: {}\n  lighting: {}\n")
    path = folder / "city.yaml"
    path.write_text(path.read_text("utf-8") + TAKEN, "utf-8")
    write(folder, "cabinets.geojson", feature("T-1", capacity=10.5, customer_code="PB1"), feature("T-2", lon=106.5))
    write(folder, "lamps.geojson", *(feature(f"D-{n}", cabinet="T-1", power=120) for n in (1, 2, 3)))
    return folder


def apply(session, folder, **options):
    made = city.plan(session, folder, **options)
    number = city.apply(session, guard.SYSTEM, made)
    session.commit()
    return made, number


def of(made, *kinds):
    return {(one.verb, one.kind, one.code) for one in made.changes if one.kind in kinds}


def standing(session, code):
    rows = session.execute(
        select(Record.key, Record.version, Record.properties).join(Dataset, Dataset.id == Record.dataset_id)
        .where(Dataset.code == code).order_by(Record.key)
    )  # fmt: skip
    return {key: (version, properties) for key, version, properties in rows}


def test_what_the_city_says_of_all_its_datasets_holds_where_they_say_nothing(session, lit, edit):
    office = {"name": "Tổng đài", "phone": "1022"}
    edit("agencies:\n", 'catalogue: {licence: cc-by-4.0, contact: {name: Tổng đài, phone: "1022"}}\nagencies:\n')
    apply(session, lit)
    said = {one.code: (one.licence, one.contact) for one in session.scalars(select(Dataset))}
    assert said["lamps"] == ("https://creativecommons.org/licenses/by/4.0/", office)
    assert said["lighting-cabinets"] == (None, office)  # nobody is given what is not open
    edit("cc-by-4.0", "cc-by-9")
    with pytest.raises(BadInput, match=r'catalogue\.licence: no licence "cc-by-9"'):
        city.plan(session, lit)


def test_apply_makes_the_datasets_and_loads_their_files(session, lit):
    made, _ = apply(session, lit)
    assert [one.code for one in made.changes if one.kind == "dataset"] == ["lighting-cabinets", "lamps"]
    lamps = session.scalars(select(Dataset).where(Dataset.code == "lamps")).one()
    agency = session.scalar(select(Agency.id).where(Agency.code == "so-b"))
    assert (lamps.title, lamps.title_en, lamps.agency_id) == ("Đèn đường", "Street lamps", agency)
    assert (lamps.sharing, lamps.status, lamps.simulated, lamps.count) == ("open", "published", True, 3)
    assert lamps.schema["x-order"][:2] == ["code", "cabinet"]
    cabinets = session.scalars(select(Dataset).where(Dataset.code == "lighting-cabinets")).one()
    assert (cabinets.sharing, cabinets.simulated, cabinets.count) == ("shared", False, 2)
    units = dict(session.execute(select(Record.key, Record.unit_code).where(Record.dataset_id == cabinets.id)).all())
    assert units == {"T-1": "99901", "T-2": None}
    loads = session.scalars(select(Entry).where(Entry.kind == "data.load.applied")).all()
    assert {(one.subject, one.visibility, one.data["added"]) for one in loads} == {
        ("dataset:lamps", "open", 3), ("dataset:lighting-cabinets", "shared", 2),
    }  # fmt: skip


def test_a_second_apply_changes_nothing(session, lit):
    apply(session, lit)
    made, number = apply(session, lit)
    assert (made.changes, number) == ([], None)
    assert session.scalar(select(func.count()).select_from(RecordVersion)) == 0


def test_another_file_writes_only_what_differs(session, lit):
    apply(session, lit)
    write(lit, "lamps.geojson", feature("D-1", cabinet="T-1", power=120), feature("D-2", cabinet="T-2", power=90),
          feature("D-4", cabinet="T-1"))  # fmt: skip
    made, _ = apply(session, lit)
    assert of(made, "dataset", "records") == {("change", "records", "lamps")}
    held = standing(session, "lamps")
    assert {key: version for key, (version, _) in held.items()} == {"D-1": 1, "D-2": 2, "D-4": 1}
    assert held["D-2"][1]["power"] == 90
    old = session.execute(select(RecordVersion.key, RecordVersion.deleted).order_by(RecordVersion.key)).all()
    assert [tuple(row) for row in old] == [("D-2", False), ("D-3", True)]
    assert session.scalar(select(Dataset.count).where(Dataset.code == "lamps")) == 3


def test_a_record_changed_by_hand_keeps_the_file_out_until_forced(session, lit):
    apply(session, lit)
    datasets.patch(session, guard.SYSTEM, "lamps", "D-1", {"properties": {"condition": "out"}})
    session.commit()
    made = city.plan(session, lit)
    assert of(made, "records") == {("keep", "records", "lamps")}
    write(lit, "lamps.geojson", feature("D-1", cabinet="T-1", power=60))
    made, _ = apply(session, lit)
    assert standing(session, "lamps")["D-1"][1]["condition"] == "out"
    assert [one.code for one in city.plan(session, lit).kept] == ["lamps"]
    apply(session, lit, force=True)
    assert standing(session, "lamps") == {"D-1": (3, {"code": "D-1", "cabinet": "T-1", "power": 60})}
    assert city.plan(session, lit).changes == []


def test_a_description_changed_by_hand_is_kept_and_shown(session, lit):
    apply(session, lit)
    datasets.describe(session, guard.SYSTEM, "lamps", {"title": "Đèn của Sở B"})
    session.commit()
    made = city.plan(session, lit)
    assert [(one.name, one.now, one.wanted) for change in made.kept for one in change.kept] == [
        ("name", "Đèn của Sở B", "Đèn đường")
    ]
    apply(session, lit, force=True)
    assert session.scalar(select(Dataset.title).where(Dataset.code == "lamps")) == "Đèn đường"


def test_going_back_to_a_version_brings_its_records_back(session, lit, edit):
    _, first = apply(session, lit)
    before = {key: properties for key, (_, properties) in standing(session, "lamps").items()}
    edit("sharing: open, file: lamps", "sharing: shared, file: lamps")
    write(lit, "lamps.geojson", feature("D-1", cabinet="T-2"), feature("D-9", cabinet="T-2"))
    apply(session, lit)
    assert set(standing(session, "lamps")) == {"D-1", "D-9"}
    made, _ = apply(session, lit, back_to=first)
    assert of(made, "dataset", "records") == {("change", "dataset", "lamps"), ("change", "records", "lamps")}
    assert {key: properties for key, (_, properties) in standing(session, "lamps").items()} == before
    assert session.scalar(select(Dataset.sharing).where(Dataset.code == "lamps")) == "open"
    assert city.plan(session, lit, back_to=first).work == []


def test_a_dataset_no_longer_wanted_stays_while_it_holds_records(session, lit):
    apply(session, lit)
    path = lit / "city.yaml"
    path.write_text(path.read_text("utf-8").replace(TAKEN, ""), "utf-8")
    made, number = apply(session, lit)
    assert (made.work, number) == ([], None)
    assert {one.note for one in made.kept} == {
        "no longer wanted, but holds 3 records", "no longer wanted, but holds 2 records",
    }  # fmt: skip
    made, _ = apply(session, lit, remove_data=True)
    assert len(made.work) == 4
    assert session.scalar(select(func.count()).select_from(Dataset)) == 0
    assert session.scalar(select(func.count()).select_from(Record)) == 0


def test_every_fault_is_said_at_once_with_its_place(folder, edit):
    edit("  air: {}\n", "  air: {}\n  lighting: {}\n")
    path = folder / "city.yaml"
    line = path.read_text("utf-8").count("\n") + 1
    path.write_text(path.read_text("utf-8") + (
        "datasets:\n"
        "  lamp: {agency: so-b}\n"
        "  plans: {agency: so-b}\n"
        "  lighting-cabinets: {agency: so-c, file: cabinets.geojson}\n"
        "  lamps: {agency: so-b, file: lamps.geojson}\n"
        "  schools: {agency: so-b, file: ../outside.geojson}\n"
    ), "utf-8")  # fmt: skip
    write(folder, "cabinets.geojson", feature("T-1", capacity="mười"), feature("T-1"), {"type": "Feature"})
    write(folder, "lamps.geojson", feature("D-1", cabinet="T-9", kind="halogen"))
    (folder.parent / "outside.geojson").write_text("{}", "utf-8")
    with pytest.raises(BadInput) as refused:
        read(folder)
    said = {fault.place: fault.message for fault in refused.value.faults}
    assert f"thu/city.yaml:{line + 1}: datasets.lamp" in said
    assert 'did you mean "lamps"' in said[f"thu/city.yaml:{line + 1}: datasets.lamp"]
    assert said[f"thu/city.yaml:{line + 2}: datasets.plans"] == 'its sector "planning" is not switched on'
    assert said[f"thu/city.yaml:{line + 3}: datasets.lighting-cabinets.agency"].startswith('no agency "so-c"')
    assert 'no file "../outside.geojson"' in said[f"thu/city.yaml:{line + 5}: datasets.schools.file"]
    assert "thu/cabinets.geojson: features.T-1: properties.capacity" in said
    assert said["thu/cabinets.geojson: features.T-1"] == 'the key "T-1" is given twice'
    assert "thu/cabinets.geojson: features.2" in said
    assert said["thu/lamps.geojson: features.D-1: properties.cabinet"] == 'no record "T-9" in lighting-cabinets'
    assert "thu/lamps.geojson: features.D-1: properties.kind" in said


PACK = """\
datasets:
  - code: trees
    title: {vi: Cây, en: Trees}
    description: {vi: Cây, en: Trees}
    geometry_type: Dot
    key_field: cod
    colour: green
    schema: {type: object, properties: {code: {type: string}}}
"""
GOOD = PACK.replace("geometry_type: Dot", "geometry_type: Point").replace("    colour: green\n", "")


def pack(tmp_path, text):
    folder = tmp_path / "sectors" / "park"
    folder.mkdir(parents=True)
    manifest = (
        "code: park\nversion: 1\ntitle: {vi: Cây, en: Trees}\nsummary: {vi: Cây, en: Trees}\nicon: leaf\nheadline: []\n"
    )
    (folder / "sector.yaml").write_text(manifest, "utf-8")
    (folder / "datasets.yaml").write_text(text, "utf-8")
    return packs.load(tmp_path / "sectors")


def test_a_pack_with_a_wrong_dataset_is_refused_line_by_line(tmp_path):
    with pytest.raises(BadInput) as refused:
        pack(tmp_path, PACK)
    said = [str(fault) for fault in refused.value.faults]
    assert [line.split(": ")[0] for line in said] == ["sectors/park/datasets.yaml:5", "sectors/park/datasets.yaml:7"]
    assert "MultiPolygon" in said[0]
    assert 'no key "colour" here' in said[1]


def test_names_inside_a_declared_dataset_must_lead_somewhere(tmp_path):
    text = GOOD.replace(
        "{code: {type: string}}", "{code: {type: text}, in: {type: string, x-reference: {dataset: parks}}}"
    ) + "    style: {fields: [age], layers: [{type: circle}]}\n"  # fmt: skip
    with pytest.raises(BadInput) as refused:
        pack(tmp_path, text)
    said = "\n".join(map(str, refused.value.faults))
    assert len(refused.value.faults) == 4
    assert 'datasets.yaml:6: datasets.0.key_field: no property "cod"; did you mean "code"?' in said
    assert 'datasets.yaml:8: datasets.0.style.fields.0: no property "age"' in said
    assert 'datasets.yaml:7: datasets.0.schema.properties.in.x-reference.dataset: no dataset "parks"' in said
    assert "datasets.yaml:7: datasets.0.schema.properties.code.type" in said


def test_the_shipped_city_takes_up_every_declared_dataset():
    folder = city.find("tan-an")
    _, items = read(folder)
    counts = {item.code: item.fields["count"] for item in items if item.kind == "records"}
    taken = {item.code for item in items if item.kind == "dataset"}
    assert set(sectors().datasets) - taken == {"beaches", "border-gates", "border-waits"}  # on no sea, on no border
    assert counts["lamps"] >= 300
    assert all(count > 0 for count in counts.values())
    assert sum(path.stat().st_size for path in (folder / "data").iterdir()) < 3_000_000
    assert all(item.fields["simulated"] for item in items if item.kind == "dataset")


def test_the_shipped_sketches_are_what_their_script_draws():
    from dothi.simulate import drawing

    folder = city.find("tan-an")
    drawn = drawing.draw(folder)
    for code, features in drawn.items():
        kept = json.loads((folder / "data" / f"{code}.geojson").read_text("utf-8"))
        assert kept["simulated"] is kept["approximate"] is True
        assert [one["properties"] for one in kept["features"]] == [one["properties"] for one in features], code


@pytest.mark.parametrize("name", ["phan-thiet", "lang-son", "can-tho"])
def test_what_other_cities_have_drawn_is_what_the_script_draws(name):
    from dothi.simulate import drawing

    folder = city.find(name)
    _, items = read(folder)
    things = {item.code for item in items if item.kind == "thing"}
    for code, features in drawing.draw(folder, tuple(drawing.BESIDE)).items():
        kept = (folder / "data" / f"{code}.geojson").read_text("utf-8")
        assert kept == drawing.written(features), code
        assert {one["properties"]["sensor"] for one in features if "sensor" in one["properties"]} <= things
