"""What a report can be about, as a citizen chooses it: by picture, by group, by the words people use."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.cases import calendar, clock, deadlines, tally, timers
from dothi.cases.declared import Category
from dothi.cases.tables import CaseTally
from dothi.cases.types import types
from dothi.kit import clock as time
from dothi.kit.text import fold
from dothi.screens import questions
from dothi.screens.questions import Call, Question
from dothi.web import shell

FIRST = 6  # tiles shown before all others: two rows of three
PLAIN_ICON = "message-square-warning"
_MONTHS = 6  # whose reports say what is asked for most


@dataclass(frozen=True, slots=True)
class Choice:
    """A category as it is offered. words: folded, what a search finds it by; due: µs, if it were sent now."""

    code: str
    title: str
    description: str
    icon: str
    group: str
    words: str
    calls: tuple[Call, ...]
    questions: tuple[Question, ...]
    due: int | None
    place: bool
    public: bool


def choices(session: Session, type_: str, language: str, now: int) -> list[Choice]:
    """Every category of a type, in the order of the packs."""
    days = calendar.load(session)
    return [_choice(session, one, language, now, days) for one in types().categories(type_)]


def choice(session: Session, code: str | None, language: str, now: int) -> Choice | None:
    """The category of a code; None where there is none."""
    found = types().named(code)
    return _choice(session, found, language, now, calendar.load(session)) if found else None


def grouped(found: list[Choice]) -> list[tuple[str, list[Choice]]]:
    """Categories by group, in the order the groups first come in."""
    groups: dict[str, list[Choice]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    return list(groups.items())


def first(session: Session, found: list[Choice], now: int) -> list[Choice]:
    """What is asked for most of late; where nobody asked yet, the first of each group."""
    since = tally.month(now - _MONTHS * 30 * time.DAY)
    rows = session.execute(
        select(CaseTally.category, func.sum(CaseTally.count))
        .where(CaseTally.month >= since, CaseTally.public.is_(True), CaseTally.category != "")
        .group_by(CaseTally.category)
    )
    asked = Counter({code: int(count) for code, count in rows})
    by_code = {one.code: one for one in found}
    best = [by_code[code] for code, count in asked.most_common(50) if code in by_code and count > 0]
    rest = [ones[0] for _, ones in grouped(found)]
    return list(dict.fromkeys([*best, *rest, *found]))[:FIRST]


def icon_of(name: str | None) -> str:
    """The icon of a name, or the plain one: a pack may ask for a picture this build does not have."""
    return name if name in _shapes() else PLAIN_ICON


def icons() -> dict[str, str]:
    """The icon of each category."""
    return {code: icon_of(one.icon) for code, one in types().categories_.items()}


@lru_cache(maxsize=1)
def _shapes() -> frozenset[str]:
    module: Any = shell.templates().get_template("icons.html").module
    return frozenset(module.shapes)


def _choice(session: Session, one: Category, language: str, now: int, days: calendar.Calendar) -> Choice:
    texts = [one.title.vi, one.title.of("en"), *(one.words), one.group.vi if one.group else ""]
    return Choice(
        one.code, one.title.of(language), one.description.of(language) if one.description else "", icon_of(one.icon),
        one.group.of(language) if one.group else ("Other" if language == "en" else "Việc khác"),
        " | ".join(dict.fromkeys(fold(text) for text in texts if text)),
        questions.calls(one, language), tuple(questions.of(one, language)), _due(session, one, now, days), one.place == "needed", one.public,
    )  # fmt: skip


def _due(session: Session, one: Category, now: int, days: calendar.Calendar) -> int | None:
    """When a report of it would be due, sent now."""
    main = types().main(one.type)
    if main is None:
        return None
    here = deadlines.here(deadlines.ward_of_page(session), one.type, main, one)
    unit, amount = clock.of(timers.amount(*here, one.priority))
    return clock.add(days, now, unit, amount)
