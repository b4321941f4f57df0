"""The types of cases, their categories and the public services the packs of this installation declare."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from dothi import packs
from dothi.cases.declared import FILE, SERVICES, Category, File, Procedure, Services, State, Timer, Transition, Type
from dothi.datasets import checking
from dothi.kit.errors import BadInput, Fault

__all__ = ["Category", "Procedure", "State", "Subject", "Timer", "Transition", "Type", "Types", "types"]

One = TypeVar("One")
Subject = Category | Procedure  # what a case is about: a report's category, a dossier's public service


@dataclass(frozen=True)
class Types:
    """Everything declared, by code. sectors: the pack each category stands in."""

    by_code: dict[str, Type] = field(default_factory=dict)
    categories_: dict[str, Category] = field(default_factory=dict)
    procedures: dict[str, Procedure] = field(default_factory=dict)
    sectors: dict[str, str] = field(default_factory=dict)
    steps: dict[tuple[str, str], Transition] = field(default_factory=dict)
    states: dict[tuple[str, str], State] = field(default_factory=dict)
    unconfirmed: tuple[str, ...] = ()  # states in which a case does not count yet: nobody answered its code

    def type(self, code: str) -> Type:
        """The type of a code. Raises BadInput."""
        return _of(self.by_code, code, "type")

    def category(self, code: str) -> Category:
        """The category of a code. Raises BadInput."""
        return _of(self.categories_, code, "category")

    def procedure(self, code: str) -> Procedure:
        """The public service of a code. Raises BadInput."""
        return _of(self.procedures, code, "service")

    def categories(self, type_: str) -> list[Category]:
        """The categories of a type, in the order of the packs."""
        return [one for one in self.categories_.values() if one.type == type_]

    def subject(self, type_: str, code: str) -> Subject:
        """What a case of a type is about: a category of its, or a public service where it has none. Raises BadInput."""
        found = self.categories_.get(code)
        if found is not None and found.type == type_:
            return found
        own = [one.code for one in self.categories(type_)]
        if not own and code in self.procedures:
            return self.procedures[code]
        known: dict[str, Subject] = {one: self.categories_[one] for one in own} if own else {**self.procedures}
        return _of(known, code, "category")

    def named(self, category: str | None) -> Category | None:
        """The category of a code, None where there is none of it any more."""
        return self.categories_.get(category) if category else None

    def about(self, code: str | None) -> Subject | None:
        """The category or public service of a code, None where there is none of it any more."""
        return (self.categories_.get(code) or self.procedures.get(code)) if code else None

    def state(self, type_: str, code: str) -> State:
        """A state of a type; one no pack declares any more stands for itself, as closed."""
        found = self.states.get((type_, code))
        return found or State(code=code, title=packs.Text(vi=code, en=code), phase="closed")

    def step(self, type_: str, code: str) -> Transition | None:
        """A transition of a type."""
        return self.steps.get((type_, code))

    def main(self, type_: str) -> Timer | None:
        """The timer of a type whose due moment is the case's."""
        found = self.by_code.get(type_)
        return next((one for one in found.timers if one.main), None) if found else None


def _of(known: dict[str, One], code: str, what: str) -> One:
    found = known.get(code)
    if found is None:
        raise BadInput(f"there is no such {what}", [Fault(what, f"{code!r}"[:80], ", ".join(list(known)[:40]) or None)])
    return found


def of_packs(found: dict[str, packs.Pack]) -> Types:
    """What the packs declare, as one."""
    made = Types()
    for pack in found.values():
        file: File | None = pack.files.get(FILE)
        services: Services | None = pack.files.get(SERVICES)
        for type_ in file.types if file else []:
            made.by_code[type_.code] = type_
            made.steps.update({(type_.code, one.code): one for one in type_.transitions})
            made.states.update({(type_.code, one.code): one for one in type_.states})
        for category in file.categories if file else []:
            made.categories_[category.code] = category
            made.sectors[category.code] = pack.code
        made.procedures.update({one.code: one for one in (services.services if services else [])})
    starts = tuple(sorted({one.start for one in made.by_code.values() if one.confirm}))
    object.__setattr__(made, "unconfirmed", starts)
    return made


_used: Types | None = None


def types() -> Types:
    """What the packs shipped with this installation declare."""
    return _shipped() if _used is None else _used


def use(made: Types | None) -> None:
    """Have this process use other types (tests, tools); None: the shipped ones again."""
    global _used
    _used = made
    _check_of.cache_clear()


@packs.renewed
@lru_cache(maxsize=1)
def _shipped() -> Types:
    return of_packs(packs.load(packs.content_path("sectors")))


def questions_of(subject: Subject | None) -> dict[str, Any]:
    """The JSON Schema of what is asked: a category's questions, a public service's form."""
    if isinstance(subject, Procedure):
        return subject.form
    return (subject.questions if subject else None) or {}


@packs.renewed
@lru_cache(maxsize=2048)
def _check_of(subject: str, name: str) -> checking.Check:
    return checking.compiled(questions_of(types().about(subject))["properties"][name])


def answers(subject: Subject | None, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[Fault]]:
    """The answers to what is asked as they are kept: those that are no personal data, those that are, faults."""
    questions = questions_of(subject)
    properties: dict[str, Any] = questions.get("properties", {})
    open_: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    faults = [
        Fault(f"fields.{name}"[:120], "is not asked here", ", ".join(properties) or "no answers")
        for name in given
        if name not in properties
    ]
    for name, schema in properties.items():
        value = given.get(name)
        if value is None or value == "":
            if name in questions.get("required", []):
                faults.append(Fault(f"fields.{name}", "is missing", str(schema.get("title", name))))
            continue
        try:
            checked = _check_of(subject.code, name)(value) if subject else value
        except checking.Unfit as unfit:
            faults += unfit.faults(f"fields.{name}")
            continue
        (personal if schema.get("x-personal") else open_)[name] = checked
    return open_, personal, faults


def forget() -> None:
    """Drop what was read, so that the packs are read again."""
    _shipped.cache_clear()
    _check_of.cache_clear()
