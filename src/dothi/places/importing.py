"""Take units and their boundaries in: many at once, the same file twice changes nothing, every refusal has its reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold, nfc
from dothi.places import atlas as atlases
from dothi.places import names, store
from dothi.places.atlas import FOREVER, Atlas, Row
from dothi.places.describe import Described, Options, describe, refuse
from dothi.places.readers import Raw

Tick = Callable[[int], None]


@dataclass
class Report:
    """What became of every row: read = accepted + refused, accepted = created + updated + unchanged."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    replaced_sketches: int = 0
    refused: list[Fault] = field(default_factory=list)
    notices: list[Fault] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Rows that are in the database now."""
        return self.created + self.updated + self.unchanged


def import_units(
    session: Session,
    caller: guard.Caller,
    rows: Iterable[Raw],
    options: Options,
    *,
    dry: bool = False,
    tick: Tick = lambda _: None,
) -> Report:
    """Create and update units from rows; official boundaries replace sketches, never the other way round.

    A row meets the unit of its code that stands on `valid_from` and has the same name. Another name under the same
    code is another unit: the old one ends that day (codes are reused). dry: only report.
    """
    guard.require(caller, "places:write")
    if options.level not in (None, *names.LEVELS):
        raise BadInput("unknown level", [Fault("level", repr(options.level), ", ".join(names.LEVELS))])
    if options.valid_to is not None and options.valid_to <= options.valid_from:
        raise BadInput("valid_to is not after valid_from", [Fault("valid_to", clock.iso(options.valid_to))])
    report = Report()
    described: list[Described] = []
    for raw in rows:
        report.read += 1
        try:
            described.append(describe(raw, options, report.notices))
        except BadInput as error:
            report.refused.extend(error.faults)
        tick(1)
    register = _Register(session, options, report)
    register.take(described, dry=dry)
    if not dry and (register.inserts or register.updates):
        store.touch(session)
        journal.append(
            session, "places.units.imported", actor=caller.actor, subject="units", visibility="open",
            data={"source": options.source, "created": report.created, "updated": report.updated,
                  "refused": len(report.refused)},
        )  # fmt: skip
    return report


class _Register:
    """One import's view of the units already there, and what it will write."""

    def __init__(self, session: Session, options: Options, report: Report) -> None:
        self.session, self.options, self.report = session, options, report
        self.atlas: Atlas = atlases.current(session)
        self.inserts: list[dict[str, Any]] = []
        self.updates: dict[int, dict[str, Any]] = {}
        self.taken: dict[tuple[str, str, int], str] = {}

    def take(self, described: list[Described], *, dry: bool) -> None:
        """Decide on every row, then write them all."""
        self.held = store.shapes_of(self.session, self._candidates(described))
        self._find_parents(described)
        for row in described:
            try:
                self._one(row)
            except BadInput as error:
                self.report.refused.extend(error.faults)
        if not dry:
            store.insert_units(self.session, self.inserts)
            store.update_units(self.session, list(self.updates.items()))

    def _candidates(self, described: list[Described]) -> set[int]:
        codes = {row.code for row in described if row.code}
        named = {(row.level, names.key(row.name)) for row in described if not row.code}
        return {unit.id for unit in self.atlas.rows if unit.code in codes or (unit.level, unit.key) in named}

    def _find_parents(self, described: list[Described]) -> None:
        """Give communes that don't say their province the one they lie in: by its name, its outline, its code."""
        asking = [row for row in described if row.level == "commune" and not row.values["parent_code"]]
        if not asking:
            return
        standing = [
            unit for unit in self.atlas.rows if unit.level == "province" and unit.valid(self.options.valid_from)
        ]
        by_name = {unit.key: unit.code for unit in standing}
        held = store.shapes_of(self.session, [unit.id for unit in standing])
        known = {unit.code: shapely.from_wkb(held[unit.id]) for unit in standing if unit.id in held}
        known |= {row.code: row.shape for row in described if row.level == "province" and row.code and row.shape}
        finder = _Finder(list(known), list(known.values()))
        for row in asking:
            said = names.key(names.split_kind(row.parent_name)[1]) if row.parent_name else None
            row.values["parent_code"] = by_name.get(said or "") or finder.around(row.shape)
        self._doubt_parents([row for row in asking if row.code and not row.parent_name], finder)

    def _doubt_parents(self, found: list[Described], finder: "_Finder") -> None:
        """Communes of a province bear codes in a row: one whose neighbours by code lie elsewhere is looked at again."""
        found.sort(key=lambda row: row.code or "")
        for before, row, after in zip(found, found[1:], found[2:], strict=False):
            beside = before.values["parent_code"]
            mine = row.values["parent_code"]
            if beside is None or mine == beside or after.values["parent_code"] != beside:
                continue
            share = finder.share(mine, row.shape)
            if share < 0.95:  # an island or a shore that a coarse outline of a province misses
                row.values["parent_code"] = beside
                self._notice(row, f"put into province {beside} by its code; its outline lies {share:.0%} in {mine}")

    def _one(self, row: Described) -> None:
        target = self._by_name(row) if row.code is None else self._by_code(row)
        code = target.code if target is not None else row.code
        if code is None:
            width = names.WIDTH[row.level]
            raise refuse(
                row.place, "no code, and no unit of that name stands then", f"a {row.level} code: {width} digits"
            )
        twice = (row.level, code, target.id if target is not None else row.valid_from)
        if twice in self.taken:
            raise refuse(row.place, f"the code {code} was already used by {self.taken[twice]}")
        self.taken[twice] = row.place
        if target is None:
            self._create(row, code)
        else:
            self._update(row, target)

    def _by_name(self, row: Described) -> Row | None:
        wanted = names.key(row.name)
        found = [
            unit for unit in self.atlas.rows
            if unit.level == row.level and unit.key == wanted and _overlap(unit, row) and self._parent_fits(unit, row)
        ]  # fmt: skip
        if len({unit.code for unit in found}) > 1:
            codes = ", ".join(sorted({unit.code for unit in found}))
            raise refuse(row.place, f"several units bear this name: {codes}", "a code")
        return next((unit for unit in found if unit.valid(row.valid_from)), found[0] if found else None)

    def _parent_fits(self, unit: Row, row: Described) -> bool:
        if row.parent_name is None or row.level == "province":
            return True
        province = self.atlas.province(unit)
        return province is None or province.key == names.key(names.split_kind(row.parent_name)[1])

    def _by_code(self, row: Described) -> Row | None:
        """The unit a row is about: same code and name, standing at the time."""
        versions = [
            unit
            for unit in self.atlas.by_code.get(row.code or "", [])
            if unit.level == row.level and _overlap(unit, row)
        ]
        same = [unit for unit in versions if unit.key == names.key(row.name)]
        if same:
            target = next((unit for unit in same if unit.valid(row.valid_from)), same[0])
            if row.kind in (None, target.kind) or any(unit.kind == row.kind for unit in same):
                return target
            if target.valid_from >= row.valid_from:
                self._notice(row, f"kind corrected from {target.kind} to {row.kind}")
                return target
        current = next((unit for unit in versions if unit.valid(row.valid_from)), None)
        if current is not None and current.valid_from == row.valid_from:
            self._notice(row, f"renamed from {current.full_name}")
            return current
        if current is not None:
            self._notice(row, f"{current.full_name} ends, {row.name} begins under the same code {row.code}")
            self._set(current.id, {"valid_to": row.valid_from})
        return None

    def _create(self, row: Described, code: str) -> None:
        kind = row.kind or {"province": "tỉnh", "district": "huyện", "commune": "xã"}[row.level]
        later = [unit.valid_from for unit in self.atlas.by_code.get(code, [])
                 if unit.level == row.level and unit.valid_from > row.valid_from]  # fmt: skip
        values: dict[str, Any] = {
            "geometry": None, "lon": None, "lat": None, "approximate": False, **row.values,
            "code": code, "level": row.level, "valid_from": row.valid_from,
            "valid_to": row.valid_to if row.valid_to is not None else min(later, default=None),
            **named(kind, row.name),
        }  # fmt: skip
        self.inserts.append(values)
        self.report.created += 1

    def _update(self, row: Described, target: Row) -> None:
        given = {name: value for name, value in row.values.items() if value is not None}
        if given.get("approximate") and not target.approximate and target.id in self.held:
            self._notice(row, "a sketch does not replace the official boundary held")
            given = {k: v for k, v in given.items() if k not in ("geometry", "lon", "lat", "approximate", "source")}
        if row.kind not in (None, target.kind) and target.valid_from >= row.valid_from and not self._continued(row):
            given |= named(row.kind or target.kind, row.name)
        elif target.name != row.name and row.code is not None:
            given |= named(target.kind, row.name)
        changed = {name: value for name, value in given.items() if value != self._now(target, name)}
        if changed:
            self._set(target.id, changed)
            self.report.updated += 1
        else:
            self.report.unchanged += 1
        if "geometry" in changed and target.approximate and not given["approximate"]:
            self.report.replaced_sketches += 1
        self._pass_on(target, given)

    def _continued(self, row: Described) -> bool:
        """Whether the kind the row says is that of another version of the unit: a province raised to a city later."""
        return any(
            unit.kind == row.kind and unit.key == names.key(row.name) and _overlap(unit, row)
            for unit in self.atlas.by_code.get(row.code or "", [])
        )

    def _pass_on(self, target: Row, given: dict[str, Any]) -> None:
        """The next versions of the same unit, where they have no official outline, take this one's."""
        outline: dict[str, Any] = {
            name: given[name] for name in ("geometry", "lon", "lat", "approximate", "area_km2") if name in given
        }
        if "geometry" not in outline:
            return
        for unit in self.atlas.by_code[target.code]:
            later = unit.level == target.level and unit.valid_from > target.valid_from and unit.key == target.key
            if later and (unit.id not in self.held or (unit.approximate and not outline["approximate"])):
                self._set(unit.id, outline)

    def _now(self, target: Row, column: str) -> Any:
        return self.held.get(target.id) if column == "geometry" else getattr(target, column, None)

    def _set(self, unit_id: int, values: dict[str, Any]) -> None:
        self.updates.setdefault(unit_id, {}).update(values)

    def _notice(self, row: Described, message: str) -> None:
        self.report.notices.append(Fault(row.place, message))


class _Finder:
    """Which of some outlines a shape lies in."""

    def __init__(self, codes: list[str], shapes: list[BaseGeometry]) -> None:
        self.codes, self.shapes = codes, shapes
        shapely.prepare(shapes)
        self.tree = shapely.STRtree(shapes)

    def around(self, shape: BaseGeometry | None) -> str | None:
        """The code of the outline most of the shape lies in; an island outside them all has none."""
        if shape is None:
            return None
        inside = self.tree.query(shapely.point_on_surface(shape), predicate="intersects")
        if len(inside) == 1:
            return self.codes[int(inside[0])]
        beside = self.tree.query(shape, predicate="intersects")
        if len(beside) == 0:
            return None
        shares = [float(self.shapes[i].intersection(shape).area) for i in beside.tolist()]
        return self.codes[int(beside[shares.index(max(shares))])]

    def share(self, code: str | None, shape: BaseGeometry | None) -> float:
        """How much of the shape lies in the outline of a code, 0 to 1."""
        if code is None or shape is None:
            return 0.0
        return float(self.shapes[self.codes.index(code)].intersection(shape).area / shape.area)


def named(kind: str, name: str) -> dict[str, Any]:
    """The columns of a unit that say its name."""
    full = names.full_name(kind, nfc(name))
    return {"kind": kind, "name": nfc(name), "full_name": full, "folded": fold(full)}


def _overlap(unit: Row, row: Described) -> bool:
    end = FOREVER if unit.valid_to is None else unit.valid_to
    return unit.valid_from < (FOREVER if row.valid_to is None else row.valid_to) and row.valid_from < end
