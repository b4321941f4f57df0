"""The verbs of a dataset itself: create, describe, remove. Wider sharing is asked for in a review, not set here."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import access, description, history, news, references, refitting, schema, stamps, store, views
from dothi.datasets.tables import Dataset
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import fold

_RANK = {"restricted": 0, "shared": 1, "open": 2}
_SEARCHED = ("code", "title", "title_en", "description", "description_en", "source")


def create(session: Session, caller: Caller, body: dict[str, Any]) -> Dataset:
    """Make a dataset: a draft of the caller's agency, unless it says otherwise.

    body: the columns of tables.Dataset that describe it; `agency` is a code. Raises BadInput with every fault,
    Conflict for a code that is taken.
    """
    if not guard.may_somewhere(caller, "data:describe"):
        guard.require(caller, "data:describe")
    values, faults = description.read(body, new=True)
    values["agency_id"] = agency = _agency(session, caller, values, faults)
    if not any(fault.place.startswith("agency") for fault in faults):
        guard.require(caller, "data:describe", agency)
    faults += _reference_faults(session, caller, values.get("schema"), str(values.get("code")), {})
    if faults:
        raise BadInput("this dataset cannot be made", faults)
    if store.by_code(session, values["code"]) is not None:
        raise Conflict(f"the code {values['code']!r} is taken", [Fault("code", "is taken")])
    now = clock.now_micros()
    made = Dataset(
        **{"keywords": [], "themes": [], "description": "", "simulated": False, "sharing": "restricted", "status": "draft"}
        | values,
        created_at=now, described_at=now, count=0, version=0, folded="",
    )  # fmt: skip
    if _audience(made.sharing, made.status) and not _free(caller):
        raise _second_person()
    made.folded = _folded(made)
    session.add(made)
    session.flush()
    history.tell(session, caller, made, "data.dataset.created", {"title": made.title})
    news.changed(session, made.id, made.code, made.version)
    return made


def describe(session: Session, caller: Caller, code: str, changes: dict[str, Any]) -> Dataset:
    """Change what a dataset says of itself; columns that are not named stay.

    Less sharing is done at once, more goes through a review. A new schema must fit the records there are. A field that
    is left out keeps its values in the records' history, seen by nobody.
    """
    dataset = access.held(session, caller, code, "data:describe")
    values, faults = description.read(changes, new=False, standing=dataset)
    if "agency_id" in values or "agency" in values:
        agency = _agency(session, caller, values, faults)
        if not faults:
            guard.require(caller, "data:describe", agency)
        values["agency_id"] = agency
    faults += _reference_faults(session, caller, values.get("schema"), dataset.code, dataset.schema)
    if faults:
        raise BadInput("this dataset cannot be described so", faults)
    values = {name: value for name, value in values.items() if getattr(dataset, name) != value}
    if not values:
        return dataset
    before, after = dataset.sharing, values.get("sharing", dataset.sharing)
    now_seen = _audience(after, values.get("status", dataset.status))
    if now_seen > _audience(before, dataset.status) and not _free(caller):
        raise _second_person()
    reshaped = bool({"schema", "geometry_type", "key_field"} & values.keys())
    if reshaped:
        _refit(session, caller, dataset, values)
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset.described_at = max(clock.now_micros(), dataset.described_at + 1)
    dataset.folded = _folded(dataset)
    session.flush()
    if reshaped or "style" in values:
        dataset.version += 1
        session.flush()
        stamps.touch(session, dataset.id, None, dataset.version)
    history.tell(session, caller, dataset, "data.dataset.described", {"changed": sorted(values)})
    news.changed(session, dataset.id, dataset.code, dataset.version)
    return dataset


def remove(session: Session, caller: Caller, code: str) -> None:
    """Remove a dataset with its records and their history, for good. A published one is retired first."""
    dataset = access.held(session, caller, code, "data:describe")
    others = [other for _, other, _ in references.referring(session, code) if other != code]
    if others:
        seen = [other for other in others if store.visible(session, caller, other) is not None]
        raise Conflict(f"{', '.join(dict.fromkeys(seen)) or 'another dataset'} refers to the dataset {code!r}")
    if dataset.status == "published" and dataset.count and not _free(caller):
        raise Conflict(f"the dataset {code!r} is published; retire it first")
    history.tell(session, caller, dataset, "data.dataset.deleted", {"title": dataset.title, "records": dataset.count})
    news.changed(session, dataset.id, dataset.code, dataset.version + 1)
    session.flush()
    store.remove(session, dataset.id)
    session.expunge(dataset)


def publish(session: Session, dataset: Dataset, sharing: str, status: str) -> None:
    """Set what a review decided. Who may, the review has asked."""
    dataset.sharing, dataset.status = sharing, status
    dataset.described_at = max(clock.now_micros(), dataset.described_at + 1)
    session.flush()
    news.changed(session, dataset.id, dataset.code, dataset.version)


def widens(dataset: Dataset, sharing: str, status: str) -> bool:
    """Whether more people would see the dataset."""
    return _audience(sharing, status) > _audience(dataset.sharing, dataset.status)


def _audience(sharing: str, status: str) -> int:
    """How far a dataset is seen: 0 its agency, 1 all agencies, 2 everybody."""
    return _RANK.get(sharing, 0) if status == "published" else 0


def _free(caller: Caller) -> bool:
    """Whoever applies a city's blueprint sets what it says: the blueprint is what was decided."""
    return "city:apply" in caller.everywhere and caller.id is None


def _second_person() -> Conflict:
    return Conflict(
        "more people would see this dataset: ask for a review, which a second person decides",
        [Fault("sharing", "is not widened by one person alone", "a review")],
    )


def _agency(session: Session, caller: Caller, values: dict[str, Any], faults: list[Fault]) -> int | None:
    if "agency" in values:
        code = values.pop("agency")
        found = None if code is None else store.agency_id(session, code)
        if code is not None and found is None:
            faults.append(Fault("agency", f"no agency {code!r}"))
        return found
    if "agency_id" in values:
        number: int | None = values["agency_id"]
        if number is not None and number not in store.agencies(session).values():
            faults.append(Fault("agency_id", f"no agency {number}"))
        return number
    return access.home(caller)


def _reference_faults(
    session: Session, caller: Caller, wanted: Any, code: str, standing: dict[str, Any]
) -> list[Fault]:
    """References to datasets the caller does not see; those that stood before stay."""
    if not isinstance(wanted, dict) or schema.faults(wanted):
        return []
    before = {one.reference for one in schema.fields(standing)} if standing else set()
    return [
        Fault(f"schema.properties.{one.name}.x-reference", f"no dataset {one.reference!r}")
        for one in schema.fields(wanted)
        if one.reference is not None
        and one.reference != code
        and one.reference not in before
        and store.visible(session, caller, one.reference) is None
    ]


def _refit(session: Session, caller: Caller, dataset: Dataset, values: dict[str, Any]) -> None:
    wanted = values.get("schema", dataset.schema)
    key_field = values.get("key_field", dataset.key_field)
    if key_field != dataset.key_field and dataset.count:
        raise Conflict("the records' keys come from the key field; it cannot be another while there are records")
    shape = values.get("geometry_type", dataset.geometry_type)
    if dataset.count and shape not in (dataset.geometry_type, "Geometry"):
        raise Conflict("the records have shapes of another type; remove them first, or say Geometry")
    former = dict((dataset.properties or {}).get(views.FORMER) or {})
    loosened = refitting.loosened(dataset.schema, wanted, former)
    if loosened and _audience(dataset.sharing, dataset.status) and not _free(caller):
        raise Conflict(
            "fields that were kept back would be seen; restrict the dataset first, then ask for a review",
            [Fault(f"schema.properties.{name}", "is opened", "in a dataset that is restricted") for name in loosened],
        )
    if refitting.unmasked(dataset.schema, wanted, former) and dataset.version:
        guard.require(caller, "data:personal", dataset.agency_id, dataset=dataset.code)
    refitting.refit(session, dataset, wanted)
    former = refitting.former(dataset.schema, wanted, former)
    extra = dict(values.get("properties", dataset.properties) or {})
    extra.pop(views.FORMER, None)
    values["properties"] = (extra | ({views.FORMER: former} if former else {})) or None


def _folded(dataset: Dataset) -> str:
    titles = [
        part for one in schema.fields(dataset.schema) if one.open and not one.personal
        for part in (one.name, one.title, one.title_en)
    ]  # fmt: skip
    words = [getattr(dataset, name) for name in _SEARCHED] + list(dataset.keywords or ()) + titles
    return fold(" ".join(str(word) for word in words if word))
