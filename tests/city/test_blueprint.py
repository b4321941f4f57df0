"""A blueprint of several files: sectors apart, inputs, another city's blueprint, overrides; and every mistake in its line."""

import json
import re
import shutil

import pytest
from ruamel.yaml import YAML

from dothi import packs
from dothi.city import comparing, overrides, service, weave
from dothi.city.blueprint import load
from dothi.city.wanted import read
from dothi.identity import guard
from dothi.kit.errors import BadInput
from dothi.packs import overrides as in_force
from dothi.places import cities
from dothi.sensing.sectors import sectors

WATER = """\
inputs:
  stage:
    type: threshold
    title: {vi: Báo động, en: Alarm}
    default: {value: 1.6, certainty: assumed, source: giả định}
  river: {type: text, title: {vi: Sông, en: River}, default: Vàm Cỏ}
sensors:
  - code: SAL-{n:02}
    name: {vi: "Độ mặn ${river} {n:02}", en: "Salinity ${river} {n:02}"}
    agency: so-b
    model: radar
    at: {points: [{lon: 106.41, lat: 10.54}]}
    datastreams:
      - property: water-level
        levels: {bd1: {value: "${stage}", certainty: "${stage.certainty}"}}
        levels_source: ${stage.source}
"""


@pytest.fixture
def split(folder):
    """The small city with a file for its water."""
    (folder / "sectors").mkdir()
    (folder / "sectors" / "water.yaml").write_text(WATER, "utf-8")
    return folder


def of(folder):
    return {item.key: item.fields for item in read(folder)[1]}


def faults(folder):
    with pytest.raises(BadInput) as refused:
        read(folder)
    return [str(one) for one in refused.value.faults]


def test_tan_an_is_the_same_in_one_file_and_in_many(tmp_path):
    """The files of its sectors, put under `sectors` of one city.yaml, ask for exactly the same items."""
    folder = service.find("tan-an")
    yaml = YAML(typ="safe")
    whole = yaml.load((folder / "city.yaml").read_text("utf-8"))
    for path in sorted((folder / "sectors").glob("*.yaml")):
        given = yaml.load(path.read_text("utf-8"))
        whole.setdefault("inputs", {}).update(given.pop("inputs", {}))
        on = whole.setdefault("sectors", {})
        on[path.stem] = {**(on.get(path.stem) or {}), **given}
    one = tmp_path / "tan-an"
    one.mkdir()
    with (one / "city.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(json.loads(json.dumps(whole, default=str)), file)
    for name in ("base.geojson", "wards.geojson"):
        shutil.copy(folder / name, one / name)
    shutil.copytree(folder / "data", one / "data")
    assert of(one) == of(folder)


def test_inputs_fill_values_and_are_kept_with_the_city(session, split):
    made = of(split)
    assert made["thing", "SAL-01"]["name"] == "Độ mặn Vàm Cỏ 01"
    assert made["datastream", "SAL-01.water-level"]["properties.levels"] == {
        "bd1": {"value": 1.6, "certainty": "assumed"}
    }
    service.apply(session, guard.SYSTEM, service.plan(session, split))
    assert cities.inputs(session) == {
        "stage": {"value": 1.6, "certainty": "assumed", "source": "giả định"}, "river": "Vàm Cỏ",
    }  # fmt: skip


def other(folder, text=""):
    made = folder.parent / "khac"
    made.mkdir()
    (made / "city.yaml").write_text(
        "city: khac\nfrom: thu\nversion: '1'\nprefix: K-\nname: {vi: Khác, en: Other}\ncentre: [106.51, 10.64]\n"
        "places: {base: base.geojson, areas: [{code: khac, name: {vi: K, en: K}, units: ['99902']}]}\n" + text,
        "utf-8",
    )
    base = (folder / "base.geojson").read_text("utf-8").replace("Hùng Vương", "Lê Lợi")
    (made / "base.geojson").write_text(base, "utf-8")
    return made


INPUTS = """\
inputs:
  river: Vàm Cỏ Đông
  stage: {value: 1.5, source: báo chí, certainty: second-hand}
"""


def test_another_city_from_a_blueprint_with_other_inputs(split, edit):
    edit("sectors:\n", "inputs: {streets: {type: lines, title: {vi: Đường, en: Streets}, default: {}}}\nsectors:\n")
    made = of(other(split, INPUTS + "  streets: {Hung Vuong: Lê Lợi}\n"))
    moved = made["thing", "K-SAL-01"]
    assert (moved["name"], moved["lon"], moved["lat"]) == ("Độ mặn Vàm Cỏ Đông 01", 106.51, 10.64)
    assert moved["properties.approximate"] is True
    assert made["datastream", "K-SAL-01.water-level"]["properties.levels_source"] == "báo chí"
    assert made["thing", "K-AQ-01"]["properties.road"] == "Lê Lợi"
    assert made["setting", "city"]["code"] == "khac"
    assert {code for kind, code in made if kind == "agency"} == {"so-a", "so-b"}
    kinds = {one.kind: one for one in comparing.diff(read(split)[1], read(split.parent / "khac")[1], ("", "K-"))}
    assert kinds["agency"].alike == 2
    assert not kinds["thing"].only_first
    assert "name" in {one.name for one in kinds["thing"].differ["SAL-01"]}


def test_ben_luc_is_tan_an_with_other_inputs_and_nothing_else():
    folder = service.find("ben-luc")
    assert sorted(path.name for path in folder.iterdir()) == ["base.geojson", "city.yaml", "wards.geojson"]
    blueprint, items = read(folder)
    written = YAML(typ="safe").load((folder / "city.yaml").read_text("utf-8"))
    allowed = {
        "city",
        "from",
        "version",
        "prefix",
        "name",
        "summary",
        "simulated",
        "centre",
        "zoom",
        "places",
        "inputs",
    }
    assert set(written) <= allowed
    assert blueprint.from_ == "tan-an"
    things = [item for item in items if item.kind == "thing"]
    west, south, east, north = 106.38, 10.55, 106.60, 10.75
    assert len(things) > 150
    assert all(west < one.fields["lon"] < east and south < one.fields["lat"] < north for one in things)
    assert all(item.fields["properties.simulated"] for item in things)
    assert not re.search(
        "Vàm Cỏ Tây|Bảo Định|Hùng Vương", json.dumps([one.fields for one in things], ensure_ascii=False)
    )


MISTAKES = [
    ("river: {type: text,", "river: {type: txt,", "thu/sectors/water.yaml:6: inputs.river.type: 'txt' is none of the choices; did you mean \"text\"?"),
    ("default: Vàm Cỏ}", "default: 3}", "thu/sectors/water.yaml:6: inputs.river.default: 3"),
    ("value: 1.6,", "valu: 1.6,", 'thu/sectors/water.yaml:5: inputs.stage.default.valu: no key "valu" here; did you mean "value"?'),
    (", source: giả định", "", "thu/sectors/water.yaml:5: inputs.stage.default.source: is missing"),
    ('"Độ mặn ${river}', '"Độ mặn ${rivr}', 'thu/sectors/water.yaml:9: sensors.0.name.vi: no input "rivr"; did you mean "river"?'),
    ('"${stage.certainty}"', '"${stage.sure}"', 'thu/sectors/water.yaml:15: sensors.0.datastreams.0.levels.bd1.certainty: "${stage.sure}" leads nowhere'),
    ("${stage.source}", "${stage", '"${" without its "}"'),
    ("  river:", "  lake: {type: text, title: {vi: Hồ, en: Lake}, default: x}\n  river:", 'nothing uses the input "lake"; allowed: ${lake} in a value'),
    ("certainty: assumed, source", "certainty: surely, source", "thu/sectors/water.yaml:5: inputs.stage.default.certainty: 'surely' is none of the choices"),
    ("sensors:\n", "sensor:\n", 'thu/sectors/water.yaml:7: sensor: no key "sensor" here; did you mean "sensors"?'),
    ("agency: so-b", "agency: so-c", 'thu/sectors/water.yaml:10: sensors.0.agency: no agency "so-c"; did you mean "so-b"?'),
    ("sensors:\n  -", "sensors:\n  - each: river\n   ", 'no input "river" is a list'),
    ("sensors:\n", "overrides: [{at: alerts.rules.river-stag.title.vi, value: x, source: thử}]\nsensors:\n", 'thu/sectors/water.yaml:7: overrides.0: "alerts.rules" of sector water has no "river-stag"; did you mean "river-stage"?'),
    ("sensors:\n", "overrides: [{at: alarts.rules, value: x, source: thử}]\nsensors:\n", 'sector water has no file "alarts.yaml"; did you mean "alerts"?'),
    ("sensors:\n", "overrides: [{at: observed_properties.properties.water-level.decimals, value: 9, source: thử}]\nsensors:\n", "thu/sectors/water.yaml:7: overrides.0.value: 9: input should be less than or equal to 6"),
    ("sensors:\n", "overrides: [{at: observed_properties.properties.water-level.state.levels.bd1.colour, value: red, source: thử}]\nsensors:\n", 'no key "colour" here'),
]  # fmt: skip


@pytest.mark.parametrize(("written", "instead", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_file_and_line(split, written, instead, said):
    path = split / "sectors" / "water.yaml"
    assert written in WATER
    path.write_text(WATER.replace(written, instead, 1), "utf-8")
    assert said in "\n".join(faults(split))


def test_mistakes_of_where_a_city_comes_from(split):
    made = other(split, "inputs: {rivr: x}\n")
    assert faults(made) == [
        'khac/city.yaml:8: inputs.rivr: no input "rivr" is declared; did you mean "river"?; allowed: stage, river'
    ]
    path = made / "city.yaml"
    path.write_text(path.read_text("utf-8").replace("from: thu", "from: thuu"), "utf-8")
    assert 'khac/city.yaml:2: from: no city or province "thuu"; did you mean "thu"?' in faults(made)[0]
    path.write_text(path.read_text("utf-8").replace("from: thuu", "from: khac"), "utf-8")
    assert '"khac" is itself made from this one' in faults(made)[0]


@pytest.fixture
def forgetful():
    """Packs as shipped again afterwards."""
    yield
    in_force.take([])


def test_an_override_is_seen_by_every_room_after_the_apply(session, split, forgetful):
    known = sectors().properties["water-level"]
    path = split / "sectors" / "water.yaml"
    said = "overrides:\n  - {at: observed_properties.properties.water-level.state.stale_minutes, value: 7, source: thử nghiệm}\n"
    path.write_text(WATER + said, "utf-8")
    made = service.plan(session, split)
    assert sectors().properties["water-level"] == known
    service.apply(session, guard.SYSTEM, made)
    session.commit()
    assert sectors().properties["water-level"].state.stale_minutes == 7
    assert [one.value for one in overrides.stored(session)] == [7]
    assert service.plan(session, split).changes == []
    # another city of the installation cannot have it otherwise
    another = other(split, INPUTS)
    (another / "sectors").mkdir()
    (another / "sectors" / "water.yaml").write_text(said.replace("value: 7", "value: 9"), "utf-8")
    with pytest.raises(BadInput) as refused:
        service.plan(session, another)
    assert "and thu of this installation has it at 7" in str(refused.value.faults[0])
    path.write_text(WATER, "utf-8")
    service.apply(session, guard.SYSTEM, service.plan(session, split))
    session.commit()
    assert sectors().properties["water-level"] == known


def test_lists_are_put_together_by_code_and_null_takes_away():
    def node(text):
        return weave.tree(YAML(typ="safe").load(text), packs.lines.Source("x"))

    below = node("a: 1\nb: {c: 1, d: 2}\nlist: [{code: x, v: 1}, {code: y, v: 2}]\nplain: [1, 2]\n")
    above = node("a: null\nb: {c: 3}\nlist: [{code: y, v: 5}, {code: z, v: 6}]\nplain: [9]\n")
    assert weave.plain(weave.merged(below, above)) == {
        "b": {"c": 3, "d": 2}, "list": [{"code": "x", "v": 1}, {"code": "y", "v": 5}, {"code": "z", "v": 6}], "plain": [9],
    }  # fmt: skip


def test_every_shipped_city_says_no_fault():
    for name in sorted(path.parent.name for path in packs.content_path("cities").glob("*/city.yaml")):
        blueprint, _ = load(service.find(name))
        assert blueprint.city == name
