"""What a pack's `expect.yaml` may promise of its rules: readings in, alarms out."""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from dothi import packs
from dothi.alerts.facts import HOLDS, Facts, Input
from dothi.alerts.history import Episode, run
from dothi.alerts.machine import watcher
from dothi.alerts.model import RuleModel, Severity, micros
from dothi.kit import clock
from dothi.kit.clock import SECOND
from dothi.sensing.sectors import Code

_MINUTE = 60 * SECOND


class Expected(packs.Strict):
    """An alarm: minutes at which it is raised and cleared, the severity it begins with and its worst."""

    raised: float
    severity: Severity | None = None
    worst: Severity | None = None
    cleared: float | None = None
    how: str | None = None


class AlertCase(packs.Strict):
    """Readings of one subject and the alarms they make.

    given: by input (`value` when the rule watches one property; otherwise the input's name, or `s1`, `s2` … for
    sensors asked together) pairs of minute and value. begin: the local moment of minute 0. until: the minute at which
    one looks, that of the last reading otherwise. levels, attributes: the subject's own thresholds. usual: median and
    spread of every hour. every_seconds: the expected interval.
    """

    title: str = ""
    rule: Code
    begin: str = "2026-11-02T08:00"
    given: dict[str, list[tuple[float, float | str | bool | None]]]
    until: float | None = None
    levels: dict[Code, float | None] = Field(default_factory=dict)
    attributes: dict[str, float] = Field(default_factory=dict)
    usual: tuple[float, float] | None = None
    every_seconds: float | None = None
    by_hand: list[float] = Field(default_factory=list)
    alarms: list[Expected]


def _keep(pack: packs.Pack, case: AlertCase) -> Iterable[str]:
    file = pack.files.get("alerts.yaml")
    rule: RuleModel | None = next((one for one in (file.rules if file else []) if one.code == case.rule), None)
    if rule is None:
        return [f'no rule "{case.rule}" in alerts.yaml']
    begin = clock.parse(case.begin, clock.VIETNAM)
    facts = subject(pack, rule, case)
    ids = {one.name: one.stream for one in facts.inputs}
    if unknown := sorted(set(case.given) - set(ids)):
        return [f'the rule reads no "{unknown[0]}"; it reads {", ".join(ids)}']
    said = [(ids[name], _at(begin, minute), value) for name, given in case.given.items() for minute, value in given]
    last = max((minute for given in case.given.values() for minute, _ in given), default=0.0)
    until = _at(begin, case.until if case.until is not None else last)
    found = run(watcher(rule, facts), said, until, hands=[_at(begin, one) for one in case.by_hand])
    return _differs(case.alarms, found, begin)


def subject(pack: packs.Pack, rule: RuleModel, case: AlertCase) -> Facts:
    """The facts of a case: what the pack says of the properties, and the case of the subject."""
    names = {name: one.property for name, one in rule.on.inputs.items()}
    if not names:
        names = {"value": rule.on.property or ""} if rule.on.property and rule.on.together is None else dict.fromkeys(case.given, rule.on.property or "")  # fmt: skip
    inputs = tuple(_input(pack, rule, case, name, code, i) for i, (name, code) in enumerate(names.items(), 1))
    numbers: dict[str, float | None] = {f"level:{code}": value for code, value in case.levels.items()}
    numbers |= {f"attribute:{name}": value for name, value in case.attributes.items()}
    return Facts("datastream:1", inputs, {key: value for key, value in numbers.items() if value is not None})


def _input(pack: packs.Pack, rule: RuleModel, case: AlertCase, name: str, code: str, stream: int) -> Input:
    file = pack.files.get("observed_properties.yaml")
    known = next((one for one in (file.properties if file else []) if one.code == code), None)
    stands = int(known.state.stale_minutes * _MINUTE) if known is not None else HOLDS
    return Input(
        name, stream, None, known.plausible if known is not None else None,
        micros(rule.stands) if rule.stands else stands,
        int(case.every_seconds * SECOND) if case.every_seconds else None,
        (case.usual,) * 168 if case.usual is not None else None,
    )  # fmt: skip


def _at(begin: int, minute: float) -> int:
    return begin + round(minute * _MINUTE)


def _differs(promised: list[Expected], found: list[Episode], begin: int) -> Iterable[str]:
    shown = [_shown(one, begin) for one in found]
    if len(promised) != len(found):
        yield f"alarms: promised {len(promised)}, found {len(found)}" + (f": {shown}" if shown else "")
        return
    for i, (one, other) in enumerate(zip(promised, shown, strict=True)):
        for key, value in one.model_dump().items():
            if value is None and key != "cleared":
                continue
            if value != other[key]:
                yield f"alarms.{i}.{key}: promised {value}, found {other[key]}"


def _shown(one: Episode, begin: int) -> dict[str, Any]:
    return {
        "raised": (one.raised_at - begin) / _MINUTE, "severity": one.changes[0].severity, "worst": one.worst,
        "cleared": None if one.cleared_at is None else (one.cleared_at - begin) / _MINUTE, "how": one.cleared_how,
    }  # fmt: skip


packs.promise("alerts", AlertCase, _keep)
