"""Rules and facts in one line, for the tests."""

from dothi.alerts.facts import Facts, Input
from dothi.alerts.model import RuleModel
from dothi.alerts.watching import run, watcher
from tests.alerts.rules.plain import BEGIN, M, Plain

TEXT = {"vi": "Thử", "en": "Test"}


def rule(**given):
    given.setdefault("on", {"property": "water-level"})
    return RuleModel.model_validate({"code": "test", "title": TEXT, **given})


def subject(*names, stands=60, numbers=None, **more):
    inputs = tuple(Input(name, i, stands=stands * M, **more) for i, name in enumerate(names or ("value",), 1))
    return Facts("datastream:1", inputs, numbers or {})


def seen(history):
    """History in minutes as observations in µs."""
    return [(stream, BEGIN + minute * M, value) for stream, minute, value in history]


def alarms(model, facts, history, until, hands=()):
    """(raised, severities, cleared, how) in minutes, as the machine has it."""
    found = run(watcher(model, facts), seen(history), BEGIN + until * M, hands=[BEGIN + h * M for h in hands])
    return [told(one) for one in found]


def told(one):
    cleared = None if one.cleared_at is None else (one.cleared_at - BEGIN) / M
    severities = [c.severity for c in one.changes if c.kind != "cleared"]
    return ((one.raised_at - BEGIN) / M, severities, cleared, one.cleared_how)


def plainly(model, facts, history, until, hands=()):
    """The same, as the twin has it."""
    return [(a.raised, a.severities, a.cleared, a.how) for a in Plain(model, facts, history, hands).run(until)]


def values(*pairs, stream=1):
    return [(stream, minute, value) for minute, value in pairs]
