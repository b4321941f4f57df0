"""The SQL of the checklist: empty cells, records without a place, records that repeat others."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from dothi.datasets import store
from dothi.datasets.tables import Record
from dothi.places.tables import Unit

SAMPLE = 4000  # records whose cells are looked at


@dataclass(frozen=True, slots=True)
class Counts:
    """What the records of a dataset say of its quality.

    cells, empty, duplicates: of the records looked at (duplicates scaled to all of them). worst: the fields with most
    empty cells and their share. places: whether there are units to lie in. backwards: ends before it begins.
    """

    cells: int
    empty: int
    worst: tuple[tuple[str, float], ...]
    nowhere: int
    outside: int
    places: bool
    duplicates: int
    backwards: int | None


def counts(session: Session, dataset_id: int, names: Sequence[str], *, validity: bool) -> Counts:
    """Count what stands now. names: the fields looked at, without the key."""
    mine = Record.dataset_id == dataset_id

    def number(*where: object) -> int:
        return session.scalar(select(func.count()).select_from(Record).where(mine, *where)) or 0  # type: ignore[arg-type]

    looked = store.sample(session, dataset_id, SAMPLE)
    missing = dict.fromkeys(names, 0)
    seen: set[str] = set()
    for properties, shape in looked:
        cells = {name: properties.get(name) for name in names}
        for name, value in cells.items():
            if value is None or value in ("", []):
                missing[name] += 1
        seen.add(json.dumps([cells, shape], sort_keys=True, ensure_ascii=False))
    size = len(looked)
    total = number() if size else 0
    worst = sorted(((name, n / size) for name, n in missing.items() if n), key=lambda one: -one[1])[:3] if size else []
    return Counts(
        cells=size * len(names),
        empty=sum(missing.values()),
        worst=tuple(worst),
        nowhere=number(Record.west.is_(None)),
        outside=number(Record.west.is_not(None), Record.unit_code.is_(None)),
        places=session.scalar(select(Unit.id).limit(1)) is not None,
        duplicates=round((size - len(seen)) * total / size) if size and names else 0,
        backwards=number(and_(Record.valid_from.is_not(None), Record.valid_until <= Record.valid_from))
        if validity
        else None,
    )
