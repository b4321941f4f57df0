"""Who watches what: the rules that are on, each at every one of its subjects."""

from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy.orm import Session

from dothi.alerts import engine_store as store
from dothi.alerts import facts
from dothi.alerts.facts import Facts, Ground
from dothi.alerts.model import RuleModel, Suppress
from dothi.alerts.sentry import Watched
from dothi.alerts.tables import Rule
from dothi.identity.guard import Caller
from dothi.kit import courtesy

Key = tuple[int, str]  # rule, subject


@dataclass(slots=True)
class Roll:
    """Every rule at every subject. suppresses: by rule code; parents: codes of rules that explain others away."""

    posts: dict[Key, tuple[Watched, Facts]] = field(default_factory=dict)
    rules: dict[int, Watched] = field(default_factory=dict)
    suppresses: dict[str, Suppress] = field(default_factory=dict)
    parents: frozenset[str] = frozenset()
    broken: dict[str, str] = field(default_factory=dict)  # rules that do not read as rules, and why


def call(session: Session) -> Roll:
    """Call the roll. A rule of an agency sees what that agency sees, and watches the agency's own things."""
    made = Roll()
    grounds: dict[int | None, Ground] = {}
    for row in store.rules(session):
        if row.status != "on":
            continue
        try:
            model = RuleModel.model_validate(row.definition)
        except ValidationError as error:
            made.broken[row.code] = str(error)
            continue
        rule = Watched(row.id, row.code, row.version, row.agency_id, model)
        made.rules[row.id] = rule
        if model.suppress is not None:
            made.suppresses[row.code] = model.suppress
        courtesy.pause()  # there may be a thousand rules
        for one in _subjects(session, row, model, grounds):
            if one.streams:
                made.posts[row.id, one.subject] = (rule, one)
    made.parents = frozenset(code for one in made.suppresses.values() for code in one.parents)
    return made


def _subjects(session: Session, row: Rule, model: RuleModel, grounds: dict[int | None, Ground]) -> list[Facts]:
    agency = row.agency_id
    if agency not in grounds:
        sees = None if agency is None else Caller("key", within=frozenset({("sensing:read", agency)}))
        grounds[agency] = facts.ground(session, sees)
    found = facts.resolve(session, model, grounds[agency])
    return found if agency is None else [one for one in found if one.agency_id == agency]
