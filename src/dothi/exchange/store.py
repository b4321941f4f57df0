"""The SQL of harvesting."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dothi.datasets.tables import Dataset, Harvest, HarvestedDataset
from dothi.kit.text import fold


def harvests(session: Session, *, active: bool = False) -> Sequence[Harvest]:
    """The portals, by title; active: only those that are read daily."""
    query = select(Harvest).order_by(Harvest.title, Harvest.id)
    return session.scalars(query.where(Harvest.active) if active else query).all()


def harvest(session: Session, id_: int) -> Harvest | None:
    """The portal of a number."""
    return session.get(Harvest, id_)


def harvest_at(session: Session, url: str) -> Harvest | None:
    """The portal of an address."""
    return session.scalar(select(Harvest).where(Harvest.url == url))


def held(session: Session, harvest_id: int) -> dict[str, HarvestedDataset]:
    """What a portal gave until now, by identifier."""
    query = select(HarvestedDataset).where(HarvestedDataset.harvest_id == harvest_id)
    return {one.identifier: one for one in session.scalars(query)}


def counts(session: Session) -> dict[int, int]:
    """How many datasets each portal gave, by its id."""
    query = select(HarvestedDataset.harvest_id, func.count()).group_by(HarvestedDataset.harvest_id)
    return {id_: count for id_, count in session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def remove(session: Session, ids: Collection[int]) -> None:
    """Take datasets out of the list."""
    for some in _parts(sorted(ids)):
        session.execute(delete(HarvestedDataset).where(HarvestedDataset.id.in_(some)))


def release(session: Session, codes: Collection[str]) -> None:
    """What repeated datasets that are gone stands for itself again."""
    for some in _parts(sorted(codes)):
        session.execute(update(HarvestedDataset).where(HarvestedDataset.same_as.in_(some)).values(same_as=None))


def codes(session: Session) -> set[str]:
    """Every name a harvested dataset has."""
    return set(session.scalars(select(HarvestedDataset.code)))


def first_of(session: Session, harvest_id: int) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the datasets other portals gave that repeat none themselves: by identifier and by digest."""
    query = (
        select(HarvestedDataset.identifier, HarvestedDataset.digest, HarvestedDataset.code)
        .where(HarvestedDataset.harvest_id != harvest_id, HarvestedDataset.same_as.is_(None))
        .order_by(HarvestedDataset.id.desc())
    )
    rows = session.execute(query).all()
    return {row.identifier: row.code for row in rows}, {row.digest: row.code for row in rows}


def own(session: Session) -> tuple[set[str], dict[str, str]]:
    """Our own published open datasets: their codes, and codes by the address they came from."""
    query = select(Dataset.code, Dataset.source_url).where(Dataset.sharing == "open", Dataset.status == "published")
    rows = session.execute(query).all()
    return {row.code for row in rows}, {row.source_url: row.code for row in rows if row.source_url}


def listed(
    session: Session, q: str | None, limit: int, offset: int, *, repeats: bool
) -> tuple[Sequence[tuple[HarvestedDataset, Harvest]], int]:
    """Harvested datasets with their portal, the newest first, and how many there are in all."""
    query = select(HarvestedDataset, Harvest).join(Harvest, Harvest.id == HarvestedDataset.harvest_id)
    if not repeats:
        query = query.where(HarvestedDataset.same_as.is_(None))
    for word in fold(q or "").split():
        query = query.where(HarvestedDataset.folded.contains(word, autoescape=True))
    total = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    order = HarvestedDataset.modified_at.desc().nulls_last()
    rows = session.execute(query.order_by(order, HarvestedDataset.id).limit(limit).offset(offset)).all()
    return [(row[0], row[1]) for row in rows], total


def one(session: Session, code: str) -> tuple[HarvestedDataset, Harvest] | None:
    """A harvested dataset with its portal."""
    query = select(HarvestedDataset, Harvest).join(Harvest, Harvest.id == HarvestedDataset.harvest_id)
    row = session.execute(query.where(HarvestedDataset.code == code)).first()
    return None if row is None else (row[0], row[1])


def _parts(values: Sequence[int] | Sequence[str]) -> list[list[int | str]]:
    return [list(values[at : at + 500]) for at in range(0, len(values), 500)]
