"""A mistake in a pack is named with its file, line, key and what is allowed; all mistakes at once."""

from pathlib import Path

import pytest

from dothi import packs
from dothi.kit.errors import BadInput
from dothi.packs.lines import parse
from dothi.sensing import promises  # noqa: F401 - registers what expect.yaml may promise
from dothi.sensing.sectors import sectors, together

SECTOR = """\
code: test
version: 1
title: {vi: Thử, en: Test}
summary: {vi: Thử, en: Test}
icon: bug
headline: [depth]
"""
PROPERTIES = """\
properties:
  - code: depth
    name: {vi: Độ sâu, en: Depth}
    definition: urn:test:depth
    unit: {ucum: m, symbol: m}
    decimals: 2
    state:
      stale_minutes: 60
      when:
        - {above: 3, state: minor, word: {vi: Sâu, en: Deep}}
"""


def pack(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "sectors" / "test"
    folder.mkdir(parents=True)
    given = {"sector": SECTOR, "observed_properties": PROPERTIES} | files
    for name, text in given.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path / "sectors"


def faults(root: Path) -> list[str]:
    with pytest.raises(BadInput) as error:
        packs.load(root)
    return [str(fault) for fault in error.value.faults]


def test_a_sound_pack_loads(tmp_path):
    found = packs.load(pack(tmp_path))
    assert together(found).properties["depth"].state.when[0].word.vi == "Sâu"


P = "sectors/test/observed_properties.yaml"
MISTAKES = [
    ("decimals: 2", "decimal: 2", [
        f"{P}:2: properties.0.decimals: is missing",
        (f'{P}:6: properties.0.decimal: no key "decimal" here; did you mean "decimals"?; allowed: code, name, description,'
        " definition, model, unit, decimals, plausible, aliases, molar_mass, kind, limits, state"),
    ]),
    ("state: minor", "state: miner", [
        (f"{P}:10: properties.0.state.when.0.state: 'miner' is none of the choices; did you mean \"minor\"?;"
        " allowed: normal, minor, major, critical"),
    ]),
    ("decimals: 2", "decimals: two", [
        f"{P}:6: properties.0.decimals: 'two': input should be a valid integer, unable to parse string as an integer",
    ]),
    ("    decimals: 2\n", "    decimals: 2\n    decimals: 3\n", [
        f'{P}:7: properties.0.decimals: "decimals" is already given in line 6',
    ]),
    ("{above: 3, ", "{", [
        f"{P}:10: properties.0.state.when.0: says no condition; give one of above, from, below, to, equals",
    ]),
    ("stale_minutes: 60", "stale_minutes: 60\n      index: vn-aqi", [
        f"{P}:7: properties.0.state: judges in more than one way; give one of when, index, levels",
    ]),
    ("stale_minutes: 60", "stale_minutes: 0", [
        f"{P}:8: properties.0.state.stale_minutes: 0: input should be greater than 0",
    ]),
    ("{vi: Sâu, en: Deep}", "{vi: Sâu, en: Deep, fr: Profond}", [
        f'{P}:10: properties.0.state.when.0.word.fr: no key "fr" here; allowed: vi, en',
    ]),
    ("code: depth", "code: Độ sâu", [
        (f"{P}:2: properties.0.code: 'Độ sâu': string should match pattern '^[a-z0-9][a-z0-9-]*$';"
         " allowed: small letters a to z, digits and -, as in fill-level"),
    ]),
    ("unit: {ucum: m,", "unit: {ucum: m", [f"{P}:5: not YAML: expected ',' or '}}', but got '<scalar>'"]),
]  # fmt: skip


@pytest.mark.parametrize(("written", "instead", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path, written, instead, said):
    assert written in PROPERTIES
    found = faults(pack(tmp_path, observed_properties=PROPERTIES.replace(written, instead, 1)))
    if "not YAML" in said[0]:
        assert [line.split(":")[1] for line in found] in (["5"], ["6"])
        assert "not YAML" in found[0]
    else:
        assert sorted(found) == sorted(said)


def test_mistakes_in_several_files_are_said_together(tmp_path):
    root = pack(
        tmp_path,
        sector=SECTOR.replace("icon: bug", "ikon: bug"),
        observed_properties=PROPERTIES.replace("decimals: 2", "decimals: -1"),
        observed_propertys="a: 1",
    )
    found = faults(root)
    assert len(found) == 4
    assert 'sectors/test/sector.yaml:5: ikon: no key "ikon" here; did you mean "icon"?' in "\n".join(found)
    assert (
        'sectors/test/observed_propertys.yaml:1: no pack has a file of this name; did you mean "observed_properties.yaml"?'
        in "\n".join(found)
    )


def test_a_name_that_leads_nowhere_is_named(tmp_path):
    assert faults(pack(tmp_path, sector=SECTOR.replace("[depth]", "[depht]"))) == [
        'sectors/test/sector.yaml:6: headline.0: no property "depht"; did you mean "depth"?; allowed: depth'
    ]


def test_the_folder_and_the_sector_bear_one_name(tmp_path):
    assert faults(pack(tmp_path, sector=SECTOR.replace("code: test", "code: other"))) == [
        'sectors/test/sector.yaml:1: code: the folder is called "test", the sector "other"'
    ]


def test_an_index_that_does_not_exist_is_named(tmp_path):
    text = PROPERTIES.split("      when:")[0] + "      index: vn-aqi\n"
    assert faults(pack(tmp_path, observed_properties=text)) == [f'{P}:9: properties.0.state.index: no index "vn-aqi"']


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("states:\n  - {property: depth, value: 4, state: major}", "2: states.0: state: promised major, found minor"),
        ("states:\n  - {property: dept, value: 4, state: minor}", '2: states.0: no property "dept"'),
        ("state:\n  - {property: depth, value: 4, state: minor}", '1: state: no such promise; did you mean "states"?'),
        (
            "states:\n  - {property: depth, valu: 4, state: minor}",
            '2: states.0.valu: no key "valu" here; did you mean "value"?',
        ),
    ],
)
def test_a_broken_promise_is_named(tmp_path, expect, said):
    found = "\n".join(map(str, packs.verify(packs.load(pack(tmp_path, expect=expect)))))
    assert f"sectors/test/expect.yaml:{said}" in found


def test_a_unit_that_is_no_ucum_code_breaks_the_promise(tmp_path):
    root = pack(
        tmp_path,
        observed_properties=PROPERTIES.replace("ucum: m,", "ucum: metre-ish,"),
        expect="states:\n  - {property: depth, value: 4, state: minor}",
    )
    assert [str(f) for f in packs.verify(packs.load(root))] == [
        ('sectors/test/observed_properties.yaml:5: properties.0.unit.ucum: "metre-ish" is not a UCUM unit;'
         " allowed: a code of UCUM, as in m/s, ug/m3, Cel, %, {persons}"),
        'sectors/test/expect.yaml:2: states.0: depth: "metre-ish" is not a UCUM unit',
    ]  # fmt: skip


def test_every_shipped_pack_keeps_its_promises():
    assert [str(fault) for fault in packs.verify(sectors().packs)] == []


def test_every_shipped_property_has_a_unit_and_a_promise():
    from dothi.kit import units

    assert [p.code for p in sectors().properties.values() if not units.known(p.unit.ucum)] == []
    assert all((pack.folder / "expect.yaml").exists() for pack in sectors().packs.values())


def test_an_alias_inside_itself_is_a_fault_not_a_crash():
    source = parse("a: &x\n  b: *x\n", "loop.yaml")
    assert "alias stands inside" in str(source.faults[0])


def test_text_that_is_not_utf8_is_a_fault(tmp_path):
    root = pack(tmp_path)
    (root / "test" / "sector.yaml").write_bytes(b"code: \xff\xfe")
    assert "is not UTF-8" in faults(root)[0]


def test_an_empty_file_is_a_fault(tmp_path):
    assert faults(pack(tmp_path, sector="")) == ["sectors/test/sector.yaml:1: the file is empty"]


LEVELS = PROPERTIES.split("      when:")[0] + (
    "      levels:\n        - {code: bd1, name: {vi: I, en: I}, state: minor, advice: {vi: a, en: a}}\n"
)
STATIONS = """\
property: depth
source: test
stations:
  - {code: a, name: A, river: R, source: s, levels: {bd1: {value: 1.5, certainty: verified}}}
"""
INDICES = """\
indices:
  - code: test-index
    name: {vi: Chỉ số, en: Index}
    source: s
    method: {vi: m, en: m}
    steps: [0, 50, 100]
    columns:
      depth: {property: depth, averaging: 1h, breakpoints: [0, 1, 2]}
    needs_one_of: [depth]
    complete: 0.75
    complete_source: s
    levels:
      - {code: good, to: 100, name: {vi: Tốt, en: Good}, colour: "#00E400", colour_name: {vi: Xanh, en: Green}, state: normal,
         advice: {vi: a, en: a}, advice_sensitive: {vi: a, en: a}}
"""


def test_a_pack_may_have_stations_and_an_index(tmp_path):
    taught = together(packs.load(pack(tmp_path, observed_properties=LEVELS, alarm_levels=STATIONS, indices=INDICES)))
    assert taught.stations["a"].levels["bd1"].value == 1.5
    assert taught.indices["test-index"].level(70).code == "good"


@pytest.mark.parametrize(
    ("file", "written", "instead", "said"),
    [
        ("alarm_levels", "property: depth", "property: dept", '1: property: no property "dept" with levels; did you mean "depth"?'),
        ("alarm_levels", "bd1:", "bd9:", '4: stations.0.levels.bd9: no level "bd9"; did you mean "bd1"?; allowed: bd1'),
        ("alarm_levels", "value: 1.5, certainty: verified", "certainty: verified",
         "4: stations.0.levels.bd1: a level without a value has the certainty unknown, and only such a level"),
        ("indices", "property: depth", "property: dept", '8: indices.0.columns.depth.property: no property "dept"; did you mean "depth"?'),
        ("indices", "[0, 1, 2]", "[0, 2, 1]", "8: indices.0.columns.depth.breakpoints: breakpoints must rise, one beside each step"),
        ("indices", "[0, 1, 2]", "[0, 1, 2, 3]", "8: indices.0.columns.depth.breakpoints: breakpoints must rise, one beside each step"),
        ("indices", "needs_one_of: [depth]", "needs_one_of: [width]", '9: indices.0.needs_one_of.0: no column measures "width"'),
    ],
)  # fmt: skip
def test_a_name_across_files_that_leads_nowhere_is_named(tmp_path, file, written, instead, said):
    files = {"observed_properties": LEVELS, "alarm_levels": STATIONS, "indices": INDICES}
    assert written in files[file]
    found = faults(pack(tmp_path, **files | {file: files[file].replace(written, instead, 1)}))
    assert any(f"sectors/test/{file}.yaml:{said}" in line for line in found), found


def test_two_sectors_cannot_teach_one_property(tmp_path):
    root = pack(tmp_path)
    other = root / "twin"
    other.mkdir()
    (other / "sector.yaml").write_text(SECTOR.replace("code: test", "code: twin"), "utf-8")
    (other / "observed_properties.yaml").write_text(PROPERTIES, "utf-8")
    assert faults(root) == [
        'sectors/twin/observed_properties.yaml:2: properties.0.code: property "depth" is already in test'
    ]


def test_a_pack_without_a_manifest_or_without_files_is_named(tmp_path):
    root = pack(tmp_path)
    (root / "test" / "sector.yaml").unlink()
    assert faults(root) == ["sectors/test: the pack has no manifest; allowed: sector.yaml"]
    (root / "test" / "observed_properties.yaml").unlink()
    assert "the folder has no pack files" in faults(root)[0]


def test_a_pack_that_promises_nothing_or_not_a_mapping_is_named(tmp_path):
    root = pack(tmp_path)
    assert "the pack promises nothing" in str(packs.verify(packs.load(root))[0])
    (root / "test" / "expect.yaml").write_text("- a\n", "utf-8")
    assert "must be a mapping" in str(packs.verify(packs.load(root))[0])


def test_content_that_was_not_installed_is_not_found():
    with pytest.raises(FileNotFoundError):
        packs.content_path("nothing-of-this-name")
