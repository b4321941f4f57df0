"""The names of `cases.yaml` and `services.yaml`: what one part says of another, within a file and across packs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dothi.datasets import keywords
from dothi.kit.errors import Fault
from dothi.web import icons

if TYPE_CHECKING:
    from dothi.cases.declared import Category, File, Services, Timer, Type
    from dothi.packs import Pack

CASES, SERVICES, DATASETS = "cases.yaml", "services.yaml", "datasets.yaml"
_Place = tuple[str | int, ...]


def faults(found: "dict[str, Pack]") -> Iterable[Fault]:
    """Every name that is said twice or stands for nothing, of all packs together."""
    files: list[tuple[Pack, File]] = [(pack, pack.files[CASES]) for pack in found.values() if pack.files.get(CASES)]
    types = {one.code: one for _, file in files for one in file.types}
    datasets = [
        one.code for pack in found.values() if pack.files.get(DATASETS) for one in pack.files[DATASETS].datasets
    ]
    seen: dict[tuple[str, str], str] = {}
    for pack, file in files:
        for i, type_ in enumerate(file.types):
            yield from _once(seen, pack, CASES, ("types", i, "code"), "type", type_.code)
            if type_.prefix:
                yield from _once(seen, pack, CASES, ("types", i, "prefix"), "prefix", type_.prefix)
            yield from _type(pack, i, type_)
        for i, category in enumerate(file.categories):
            yield from _once(seen, pack, CASES, ("categories", i, "code"), "category", category.code)
            yield from _category(pack, i, category, types)
            yield from _icon(pack, CASES, ("categories", i, "icon"), category.icon)
            for j, code in enumerate(category.datasets):
                if code not in datasets:
                    yield pack.fault(CASES, ("categories", i, "datasets", j), f'no dataset "{code}"',
                                     near=(code, datasets), allowed=", ".join(datasets))  # fmt: skip
    for pack in found.values():
        services: Services | None = pack.files.get(SERVICES)
        for i, one in enumerate(services.services if services else []):
            yield from _once(seen, pack, SERVICES, ("services", i, "code"), "service", one.code)
            yield from _icon(pack, SERVICES, ("services", i, "icon"), one.icon)
            yield from _twice(pack, SERVICES, ("services", i, "papers"), "paper", [paper.code for paper in one.papers])
            yield from _form(pack, SERVICES, ("services", i, "form"), one.form)


def _icon(pack: "Pack", file: str, at: _Place, name: str | None) -> Iterator[Fault]:
    if name is not None and name not in icons.names():
        known = list(icons.names())
        yield pack.fault(file, at, f'no icon "{name}"', near=(name, known), allowed=", ".join(known))


def _type(pack: "Pack", i: int, type_: "Type") -> Iterator[Fault]:
    here: _Place = ("types", i)
    states = [one.code for one in type_.states]
    yield from _twice(pack, CASES, (*here, "states"), "state", states)
    yield from _twice(pack, CASES, (*here, "transitions"), "transition", [one.code for one in type_.transitions])
    yield from _twice(pack, CASES, (*here, "timers"), "timer", [one.code for one in type_.timers])
    national = [str(one.national) for one in type_.states if one.national]
    yield from _twice(pack, CASES, (*here, "states"), "national state", national)
    yield from _known(pack, (*here, "start"), "state", [type_.start], states)
    for j, step in enumerate(type_.transitions):
        at = (*here, "transitions", j)
        yield from _known(pack, (*at, "from"), "state", step.since, states)
        yield from _known(pack, (*at, "to"), "state", [step.to] if step.to else [], states)
        if step.reasons and "reason" not in step.needs:
            yield pack.fault(CASES, (*at, "reasons"), "reasons nobody is asked for", allowed="needs: [reason]")
        if "reason" in step.needs and not step.reasons:
            yield pack.fault(CASES, at, f'transition "{step.code}" needs a reason and names none', allowed="reasons")
    yield from _dead_ends(pack, here, type_)
    for j, timer in enumerate(type_.timers):
        yield from _timer(pack, (*here, "timers", j), timer, states)
    if type_.timers and sum(one.main for one in type_.timers) != 1:
        yield pack.fault(CASES, (*here, "timers"), "exactly one timer is the main one", allowed="main: true")
    if type_.confirm and not any(
        type_.start in one.since and "system" in one.who and one.to for one in type_.transitions
    ):
        yield pack.fault(
            CASES, (*here, "confirm"), "no step of the system leads on from the start", allowed="who: [system]"
        )


def _dead_ends(pack: "Pack", here: _Place, type_: "Type") -> Iterator[Fault]:
    """States a case never comes to, and states that are not the end and that no step leads out of."""
    come = {type_.start, *(one.to for one in type_.transitions)}
    left = {name for one in type_.transitions if one.to for name in one.since}
    for j, state in enumerate(type_.states):
        at = (*here, "states", j)
        if state.code not in come:
            yield pack.fault(
                CASES, at, f'no step leads to the state "{state.code}"', allowed=f"a step to: {state.code}"
            )
        if state.code not in left and state.phase not in ("done", "closed"):
            said = f'no step leads out of the state "{state.code}"'
            yield pack.fault(CASES, at, said, allowed=f"a step from: [{state.code}], or phase: closed")


def _timer(pack: "Pack", at: _Place, timer: "Timer", states: list[str]) -> Iterator[Fault]:
    for key in ("runs", "waits", "ends"):
        yield from _known(pack, (*at, key), "state", getattr(timer, key), states)
    both = (set(timer.runs) & set(timer.waits)) | (set(timer.ends) & {*timer.runs, *timer.waits})
    for name in sorted(both):
        yield pack.fault(CASES, at, f'state "{name}" both runs, waits or ends', allowed="one of runs, waits, ends")
    yield from _twice(pack, CASES, (*at, "ladder"), "rung", [one.code for one in timer.ladder])
    for key, amount in (("budget", timer.budget), *((f"by_priority.{k}", v) for k, v in timer.by_priority.items())):
        yield from _amount(pack, (*at, *key.split(".")), amount)


def _category(pack: "Pack", i: int, category: "Category", types: "dict[str, Type]") -> Iterator[Fault]:
    here: _Place = ("categories", i)
    yield from _known(pack, (*here, "type"), "type", [category.type], list(types))
    if category.type in types:
        timers = [one.code for one in types[category.type].timers]
        yield from _known(pack, (*here, "timers"), "timer", category.timers, timers)
    for code, amount in category.timers.items():
        yield from _amount(pack, (*here, "timers", code), amount)
    yield from _twice(pack, CASES, (*here, "checklist"), "step", [one.code for one in category.checklist])
    if category.questions is not None:
        yield from _form(pack, CASES, (*here, "questions"), category.questions)


def _amount(pack: "Pack", at: _Place, amount: Any) -> Iterator[Fault]:
    given = [one for one in (amount.working_days, amount.working_hours, amount.hours) if one is not None]
    if len(given) != 1:
        yield pack.fault(CASES, at, "an amount is said in one unit", allowed="working_days, working_hours or hours")


def _form(pack: "Pack", file: str, at: _Place, schema: dict[str, Any]) -> Iterator[Fault]:
    properties = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(properties, dict):
        yield pack.fault(file, at, "is no schema of an object", allowed="type: object with properties")
        return
    for name, one in properties.items():
        if not isinstance(one, dict):
            yield pack.fault(file, (*at, "properties", name), "is no schema", allowed="a mapping")
            continue
        for fault in keywords.faults(one, "", extended=True):
            if fault.place.endswith(".x-en"):  # the English title of a choice
                continue
            where = (*at, "properties", name, *(part for part in fault.place.split(".") if part))
            yield pack.fault(file, where, fault.message, allowed=fault.allowed)
    for name in schema.get("required", []):
        if name not in properties:
            yield pack.fault(
                file,
                (*at, "required"),
                f'no property "{name}"',
                near=(name, list(properties)),
                allowed=", ".join(properties),
            )


def _known(pack: "Pack", at: _Place, what: str, names: Iterable[str], known: Sequence[str]) -> Iterator[Fault]:
    for name in names:
        if name not in known:
            yield pack.fault(CASES, at, f'no {what} "{name}"', near=(name, list(known)), allowed=", ".join(known))


def _twice(pack: "Pack", file: str, at: _Place, what: str, names: Sequence[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield pack.fault(file, at, f'{what} "{name}" stands {count} times', allowed="once")


def _once(
    seen: dict[tuple[str, str], str], pack: "Pack", file: str, at: _Place, what: str, name: str
) -> Iterator[Fault]:
    if (what, name) in seen:
        yield pack.fault(file, at, f'{what} "{name}" is already in {seen[what, name]}')
    seen.setdefault((what, name), pack.code)
