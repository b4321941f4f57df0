"""Rules in packs: mistakes with their lines, promises kept, words in both languages, the command line."""

import json
import sys

import pytest

from dothi import cli, packs
from dothi.alerts import declared, explain
from dothi.alerts.model import RuleModel
from dothi.alerts.promises import AlertCase
from dothi.alerts.watching import run, watcher
from dothi.sensing import promises  # noqa: F401 - teaches packs what else may be promised
from dothi.sensing.sectors import sectors
from tests.alerts.rules.ground import thing
from tests.alerts.rules.making import seen, subject, values
from tests.alerts.rules.plain import BEGIN, M
from tests.packs.test_packs import faults, pack

RULE = """\
rules:
  - code: deep
    title: {vi: Sâu, en: Deep}
    on: {property: depth}
    when:
      major: {above: 3, lasting: 5m}
"""
A = "sectors/test/alerts.yaml"


def test_every_promise_of_the_shipped_rules_is_kept():
    with_rules = {code: one for code, one in sectors().packs.items() if one.files.get("alerts.yaml") is not None}
    assert {"air", "water", "weather", "lighting", "traffic", "waste"} <= set(with_rules)
    assert [str(one) for one in packs.verify(with_rules)] == []


def test_every_shipped_rule_promises_something_and_has_a_source():
    for code, one in sectors().packs.items():
        file = one.files.get("alerts.yaml")
        text = (one.folder / "expect.yaml").read_text("utf-8")
        for given in file.rules if file is not None else []:
            assert f"rule: {given.code}" in text, f"{code}: {given.code}"
            assert given.source, given.code
            assert given.certainty, given.code
            assert RuleModel.model_validate(json.loads(json.dumps(given.definition()))) == given


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("above: 3", "abvoe: 3"), [f'{A}:6: rules.0.when.major.abvoe: no key "abvoe" here; did you mean "above"?']),
        (("property: depth", "property: dept"), [f'{A}:4: rules.0.on.property: no property "dept"; did you mean "depth"?']),
        (("lasting: 5m", "lasting: 5 minutes"), [f'{A}:6: rules.0.when.major.lasting: "5 minutes" is no time to wait']),
        (("above: 3,", "above: {level: bd9},"), [f'{A}:6: rules.0.when.major.above: no level "bd9" of depth']),
        (("above: 3, lasting: 5m", "lasting: 5m"), [f"{A}:6: rules.0.when.major: must say one kind of condition"]),
        (("above: 3, lasting: 5m", "above: 3, absent: 5m"), [f"{A}:6: rules.0.when.major: must say one kind"]),
        (("above: 3, lasting: 5m", "above: 3, times: 2"), [f"{A}:6: rules.0.when.major: times and within belong together"]),
        (("above: 3, lasting: 5m", "formula: 'a +'"), [f"{A}:6: rules.0.when.major.formula: 'a +' is no formula"]),
        (("major:", "worst:"), [f"{A}:6: rules.0.when.worst"]),
        (("code: deep", "code: deep\n    procedure: none"), [f'{A}:3: rules.0.procedure: no procedure "none"']),
        (("code: deep", "code: deep\n    suppress: {parents: [deeper]}"),
         [f'{A}:3: rules.0.suppress.parents.0: no rule "deeper"; did you mean "deep"?']),
        (("code: deep", "code: deep\n    schedule: {hours: [{from: '7:00', to: '19:00'}]}"),
         [f"{A}:3: rules.0.schedule.hours.0.from"]),
        (("code: deep", "code: deep\n    clear: {margin: 1, when: {below: 2}}"), [f"{A}:3: rules.0.clear: clears by a margin or"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path, change, expected):
    assert change[0] in RULE
    found = faults(pack(tmp_path, alerts=RULE.replace(*change)))
    assert len(found) == len(expected), found
    for one, start in zip(found, expected, strict=True):
        assert one.startswith(start), one


def test_a_code_given_twice_is_named(tmp_path):
    twice = RULE + RULE.removeprefix("rules:\n")
    assert [one.partition(": ")[0] for one in faults(pack(tmp_path, alerts=twice))] == [f"{A}:7"]


def test_a_broken_promise_says_what_was_found(tmp_path):
    expect = (
        "alerts:\n  - rule: deep\n    given: {value: [[0, 4], [10, 4]]}\n    alarms: [{raised: 3, cleared: null}]\n"
    )
    root = pack(tmp_path, alerts=RULE, expect=expect)
    assert [str(one) for one in packs.verify(packs.load(root))] == [
        "sectors/test/expect.yaml:2: alerts.0: alarms.0.raised: promised 3.0, found 5.0"
    ]


def test_a_rule_of_a_person_names_only_what_exists():
    model = RuleModel.model_validate(
        {
            "code": "x",
            "title": {"vi": "x", "en": "x"},
            "on": {"property": "pm2-5"},
            "when": {"minor": {"above": 1}},
            "procedure": "no",
        }
    )
    assert [one.place for one in declared.faults(model)] == ["on.property", "procedure"]


def test_conditions_are_said_in_both_languages_with_the_subject_s_own_numbers():
    stage = declared.rules()["river-stage"]
    facts = subject(numbers={"level:bd3": 1.6})
    assert (
        explain.condition(stage, "critical", facts) == "Mực nước sông từ 1,60 m (Báo động III) trở lên, liên tục 3 phút"
    )
    assert explain.condition(stage, "critical", facts, "en") == "River stage 1.60 m (Alarm III) or more, for 3 min"
    assert (
        explain.condition(stage, "major", facts) == "Mực nước sông từ Báo động II (chưa biết) trở lên, liên tục 3 phút"
    )
    for model in declared.rules().values():
        for language in ("vi", "en"):
            for what, said in explain.rule(model, language):
                assert what
                assert said
                assert "None" not in said


def test_an_alarm_keeps_why():
    stage, facts = declared.rules()["river-stage"], subject(numbers={"level:bd3": 1.6})
    (one,) = run(watcher(stage, facts), seen(values((0, 1.0), (10, 1.65))), BEGIN + 20 * M)
    told = explain.explained(stage, facts, one.changes[0])
    assert (told["value"], told["limit"], told["how"], told["at"]) == (1.65, 1.6, "threshold", BEGIN + 13 * M)
    assert told["evidence"] == [{"stream": 1, "at": BEGIN + 10 * M, "value": 1.65, "name": ""}]
    assert told["words"]["vi"].startswith("Mực nước sông từ 1,60 m")
    assert json.loads(json.dumps(told)) == told


def test_a_case_of_the_shipped_packs_can_be_read_alone():
    assert AlertCase.model_validate({"rule": "x", "given": {"value": [[0, None], [1.5, "open"]]}, "alarms": []}).begin


@pytest.fixture
def dothi(database, capsys, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["dothi", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_rules_on_the_command_line(dothi, session, tmp_path):
    code, out, _ = dothi("rules", "list", "--json")
    rows = {one["code"]: one for one in json.loads(out)}
    assert (code, rows["river-stage"]["status"]) == (0, "declared")
    assert dothi("rules", "off", "river-stage")[0] == 0
    assert {one["code"]: one["status"] for one in json.loads(dothi("rules", "list", "--json")[1])}[
        "river-stage"
    ] == "off"
    assert dothi("rules", "on", "river-stage")[:2] == (0, "river-stage is on\n")
    assert "no rule" in dothi("rules", "on", "river-stag")[2]
    thing(session, "A", {"water-level": {}})
    session.commit()
    code, out, _ = dothi("rules", "backtest", "river-stage", "--days", "1", "--json")
    assert (code, json.loads(out)["subjects"], json.loads(out)["unknown_thresholds"]) == (0, 1, 1)
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "code: mine\ntitle: {vi: a, en: b}\non: {property: water-level}\nwhen: {minor: {above: 1}}\n", "utf-8"
    )
    events = tmp_path / "known.csv"
    events.write_text("begin,end,thing,title\n2026-11-01T10:00,,A,lụt\nhôm qua,,A,\n2026-11-01T10:00,,B,\n", "utf-8")
    code, _, err = dothi("rules", "backtest", str(mine), "--events", str(events))
    assert code == 2
    assert "known.csv:3" in err
    assert 'no thing "B"' in err
    events.write_text("begin,end,thing,title\n2026-11-01T10:00,,A,lụt\n", "utf-8")
    code, out, _ = dothi(
        "rules", "backtest", str(mine), "--events", str(events), "--until", "2026-11-02T00:00", "--days", "3"
    )
    assert code == 0
    assert "0 found, 1 missed" in out
    mine.write_text(
        "code: mine\ntitle: {vi: a, en: b}\non: {property: water-leve}\nwhen: {minor: {abov: 1}}\n", "utf-8"
    )
    assert "mine.yaml:4: when.minor.abov" in dothi("rules", "backtest", str(mine))[2]


def test_a_folder_of_packs_is_checked_without_a_database(tmp_path, monkeypatch, capsys):
    expect = "alerts:\n  - {rule: deep, given: {value: [[0, 4], [10, 4]]}, alarms: [{raised: 5, cleared: null}]}\n"
    root = pack(tmp_path, alerts=RULE, expect=expect)
    monkeypatch.setattr(sys, "argv", ["dothi", "rules", "check", str(root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert "1 rules and 0 procedures in 1 packs" in capsys.readouterr().out
    (root / "test" / "alerts.yaml").write_text(RULE.replace("above: 3", "above: 9"), "utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "promised 1, found 0" in capsys.readouterr().err
