"""Take the crosswalk in: which old unit, or part of it, became which new one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit.errors import Fault
from dothi.kit.text import fold
from dothi.places import atlas as atlases
from dothi.places import columns, names, official, store
from dothi.places.atlas import Row
from dothi.places.describe import day
from dothi.places.importing import Report, Tick, named
from dothi.places.readers import Raw

EXTENTS = {
    "whole": "whole", "part": "part", "same": "same",
    "nhap toan bo": "whole", "nhap mot phan": "part", "giu nguyen": "same",
}  # fmt: skip
# Decision 124/2004/QĐ-TTg of 8 July 2004: where today's code list begins; when an old unit began is seldom in a table
CODES_BEGIN = day("2004-07-08")


@dataclass(frozen=True)
class Link:
    """One old unit and one new one, codes or keys of names, and how much of the old went over."""

    place: str
    on: int
    level: str
    old: str
    new: str
    extent: str
    weight: float | None
    basis: str | None


class _Refused(Exception):
    def __init__(self, message: str, allowed: str | None = None) -> None:
        self.message, self.allowed = message, allowed


def import_table(
    session: Session, caller: guard.Caller, rows: Iterable[Raw], on: int, *,
    source: str | None = None, said: dict[str, str] | None = None, dry: bool = False, tick: Tick = lambda _: None,
) -> Report:  # fmt: skip
    """Take a table of old and new codes in, and the old units and districts it names.

    Columns are guessed: old_code, new_code, extent ("Nhập toàn bộ" …), old_unit, new_unit, old_district and
    old_province with their codes in parentheses. on: the day of the change, µs UTC.
    """
    guard.require(caller, "places:write")
    report, links = Report(), []
    people = _Old(session, on, source)
    for raw in rows:
        report.read += 1
        try:
            links.append(people.understand(raw, columns.fields(raw.values, said or {}), report))
        except _Refused as refused:
            report.refused.append(Fault(raw.place, refused.message, refused.allowed))
        tick(1)
    if not dry:
        store.insert_units(session, people.inserts)
    links = _take(session, report, links, dry=dry, keys=people.keys)
    _bring_over(session, report, links, people.keys, dry=dry)
    _derive_districts(session, report, links, people.district_of, dry=dry)
    _say(session, caller, report, source, dry=dry, units=len(people.inserts))
    return report


class _Old:
    """Old units a table names, beside those already known."""

    def __init__(self, session: Session, on: int, source: str | None) -> None:
        self.atlas, self.on, self.source = atlases.current(session), on, source
        self.inserts: list[dict[str, Any]] = []
        self.made: dict[str, str] = {}
        self.district_of: dict[str, str] = {}
        self.keys: dict[str, str] = {}  # tinhlongan_thanhphotanan_phuong5 → 27685

    def understand(self, raw: Raw, where: dict[str, str], report: Report) -> Link:
        cell = {field: columns.text(raw.values[column]) for field, column in where.items()}
        codes = {}
        for field in ("old_code", "new_code"):
            code = cell.get(field) or ""
            if not code.isdigit() or len(code) > 5:
                raise _Refused(f"{field} is {code!r}", "a code of digits: province 2, district 3, commune 5")
            codes[field] = code if len(code) <= 3 and cell.get("old_district") is None else code.zfill(5)
        extent = EXTENTS.get(fold(cell.get("extent") or ""))
        if extent is None:
            raise _Refused(f"extent is {cell.get('extent')!r}", "Nhập toàn bộ, Nhập một phần, Giữ nguyên")
        self._check_new(codes["new_code"], cell)
        self._make_old(codes["old_code"], cell, report, raw.place)
        level = names.level_of(codes["old_code"]) or "commune"
        weight = columns.number(cell.get("weight"))
        if weight is not None and not 0 <= weight <= 1:
            raise _Refused(f"weight is {cell.get('weight')!r}", "a share from 0 to 1")
        basis = cell.get("basis") or self.source
        return Link(raw.place, self.on, level, codes["old_code"], codes["new_code"], extent, weight, basis)

    def _check_new(self, code: str, cell: dict[str, str | None]) -> None:
        kind, name = names.split_kind(cell.get("new_unit") or "")
        known = self.atlas.bearing(code, self.on)
        if known is not None:
            if name and known.key != names.key(name):
                raise _Refused(f"{code} is {known.full_name} from that day, not {cell.get('new_unit')}")
        elif name and kind:
            parent = columns.code_in(cell.get("new_province"))
            self._insert(code, kind, name, parent, self.on, None)
        else:
            raise _Refused(f"no unit bears the code {code} from that day", "import the new units first, or name them")

    def _make_old(self, code: str, cell: dict[str, str | None], report: Report, place: str) -> None:
        before = self.on - 1
        province, district = columns.code_in(cell.get("old_province")), columns.code_in(cell.get("old_district"))
        kind, name = names.split_kind(cell.get("old_unit") or "")
        district_name = _bare(cell.get("old_district"))
        if district and district_name:
            earlier = self.district_of.get(f"province of {district}")
            if earlier and province and earlier != province:
                report.notices.append(
                    Fault(place, f"district {district} lay in {earlier} above and lies in {province} here")
                )
            self.district_of.setdefault(f"province of {district}", province or "")
            district_kind, bare = names.split_kind(district_name)
            if self.atlas.bearing(district, before) is None and district_kind:
                self._insert(district, district_kind, bare, province, CODES_BEGIN, self.on)
            self.district_of[code] = district
        if kind and name:
            known = self.atlas.bearing(code, before)
            if known is None:
                self._insert(code, kind, name, district or province, CODES_BEGIN, self.on)
            elif known.key != names.key(name):
                raise _Refused(f"{code} was {known.full_name} until that day, not {cell.get('old_unit')}")
            whole = [_bare(cell.get("old_province")), district_name, f"{kind} {name}"]
            if all(whole):
                self.keys[names.joined(*(part or "" for part in whole))] = code

    def _insert(self, code: str, kind: str, name: str, parent: str | None, start: int, end: int | None) -> None:
        mark = f"{code} {start}"
        if mark in self.made:
            if self.made[mark] != names.key(name):
                raise _Refused(f"{code} was given another name above ({self.made[mark]})")
            return
        self.made[mark] = names.key(name)
        level = names.level_of(code, kind) or "commune"
        self.inserts.append(
            {"code": code, "level": level, "parent_code": parent, "valid_from": start, "valid_to": end,
             "source": self.source, "approximate": False, **named(kind, name)}
        )  # fmt: skip


def _bare(cell: str | None) -> str | None:
    """A name without the code in parentheses behind it."""
    return cell.partition("(")[0].strip() if cell else None


def import_converter(
    session: Session, caller: guard.Caller, converter: dict[str, Any], on: int, *,
    source: str | None = None, dry: bool = False, tick: Tick = lambda _: None,
) -> Report:  # fmt: skip
    """Take in the JSON converter of old names to new ones (vietnamadminunits' converter_2025.json).

    Its units are keys of folded names: tinhlongan_thanhphotanan_phuong5 → tinhtayninh, phuonglongan. New keys are
    resolved to the codes of the units that stand on the day; old keys to codes where the old unit is known, and kept
    as keys where it isn't. Read = one row per pair of old and new.
    """
    guard.require(caller, "places:write")
    if not dry:
        official.ensure(session, caller)
    atlas = atlases.current(session)
    report, links = Report(), []
    new, old = _New(atlas, on), _old_keys(atlas, on)
    for place, level, old_key, province, ward, extent, basis in _pairs(converter):
        report.read += 1
        tick(1)
        code, why = new.code(province, ward)
        if code is None:
            report.refused.append(Fault(place, why, "import the new units first"))
            continue
        known = old.get(old_key)
        if level == "province" and known is None:
            report.refused.append(Fault(place, f"no old province is called {old_key}"))
            continue
        note = "; ".join(part for part in (source, basis) if part) or None
        links.append(Link(place, on, level, known or old_key, code, extent, None, note))
    _take(session, report, links, dry=dry, keys={}, sure=False)
    _say(session, caller, report, source, dry=dry, units=0)
    return report


def _pairs(converter: dict[str, Any]) -> Iterable[tuple[str, str, str, str, str | None, str, str | None]]:
    """(place, level, old key, new province key, new ward key, extent, basis) of every pair of the converter."""
    for province, olds in converter.get("DICT_PROVINCE", {}).items():
        for old in olds:
            extent = "same" if olds == [province] else "whole"
            yield f"DICT_PROVINCE.{province}.{old}", "province", old, province, None, extent, None
    for province, wards in converter.get("DICT_PROVINCE_WARD_NO_DIVIDED", {}).items():
        for ward, olds in wards.items():
            for old in olds:
                same = len(olds) == 1 and old.rpartition("_")[2] == ward
                yield (
                    f"NO_DIVIDED.{province}.{ward}.{old}",
                    "commune",
                    old,
                    province,
                    ward,
                    "same" if same else "whole",
                    None,
                )
    for province, olds in converter.get("DICT_PROVINCE_WARD_DIVIDED", {}).items():
        for old, parts in olds.items():
            for part in parts:
                ward = part.get("newWardKey") or ""
                main = "the main part" if part.get("isDefaultNewWard") else None
                yield f"DIVIDED.{province}.{old}.{ward}", "commune", old, province, ward, "part", main


class _New:
    """Codes of the units that stand on a day, by the keys of their names."""

    def __init__(self, atlas: atlases.Atlas, on: int) -> None:
        rows = [row for row in atlas.rows if row.valid(on)]
        self.provinces = {_key(row): row.code for row in rows if row.level == "province"}
        self.wards: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            if row.level == "commune" and row.parent_code:
                bare = names.joined(row.name)
                for form in (_key(row), names.joined_accents(row.full_name), f"*{bare}"):
                    self.wards.setdefault((row.parent_code, form), set()).add(row.code)

    def code(self, province: str, ward: str | None) -> tuple[str | None, str]:
        parent = self.provinces.get(province)
        if parent is None or ward is None:
            return parent, f"no province is called {province} on that day"
        # keys of namesakes keep their diacritics; a commune raised to a ward since goes by its bare name
        forms = [names.joined(ward), names.joined_accents(ward)]
        if names.joined(ward) != ward:
            forms.reverse()
        forms += [f"*{ward.removeprefix(start)}" for start in ("xa", "phuong") if ward.startswith(start)]
        for form in forms:
            found = self.wards.get((parent, form), set())
            if len(found) == 1:
                return next(iter(found)), ""
        return None, f"no single unit of {province} is called {ward} on that day"


def _old_keys(atlas: atlases.Atlas, on: int) -> dict[str, str]:
    """Codes of the units that stood before a day, by the keys of their names from the province down."""
    found: dict[str, str] = {}
    for row in atlas.rows:
        if not row.valid(on - 1):
            continue
        chain, above = [row.full_name], atlas.bearing(row.parent_code, on - 1)
        while above is not None and len(chain) < 3:
            chain.insert(0, above.full_name)
            above = atlas.bearing(above.parent_code, on - 1)
        if len(chain) == {"province": 1, "district": 2, "commune": 3}[row.level]:
            found[names.joined(*chain)] = row.code
    return found


def _key(row: Row) -> str:
    return names.joined(row.full_name)


def _take(
    session: Session, report: Report, links: list[Link], *, dry: bool, keys: dict[str, str], sure: bool = True
) -> list[Link]:
    """Write links that are new, mend those that differ.

    keys: codes of old units so far known by key only; sure: a table of codes says more than one of names.
    """
    held = {(c.on, c.level, c.old_code, c.new_code): c for c in store.changes_on(session, {link.on for link in links})}
    by_code = {code: key for key, code in keys.items()}
    whole = {  # what is known by its code, and went undivided
        (c.on, c.level, c.old_code): c.new_code for c in held.values() if c.extent != "part" and c.old_code.isdigit()
    }
    seen: set[tuple[int, str, str, str]] = set()
    inserts, taken = [], []
    for link in links:
        mark = (link.on, link.level, link.old, link.new)
        if mark in seen:
            report.refused.append(Fault(link.place, f"{link.old} to {link.new} stands above already"))
            continue
        seen.add(mark)
        if not sure and link.extent == "part" and whole.get((link.on, link.level, link.old), link.new) != link.new:
            went = whole[link.on, link.level, link.old]
            report.refused.append(Fault(link.place, f"{link.old} went to {went} as a whole", "what stands already"))
            continue
        taken.append(link)
        known = held.get(mark) or held.get((link.on, link.level, by_code.get(link.old, ""), link.new))
        values = {"old_code": link.old, "extent": link.extent, "weight": link.weight, "basis": link.basis}
        if known is None:
            inserts.append({"on": link.on, "level": link.level, "new_code": link.new, **values})
            report.created += 1
        else:
            _mend(known, {k: v for k, v in values.items() if v is not None}, report, dry=dry, sure=sure)
    if not dry:
        store.insert_changes(session, inserts)
        session.flush()
    return taken


def _bring_over(session: Session, report: Report, links: list[Link], keys: dict[str, str], *, dry: bool) -> None:
    """Where else a unit went that was known by its key alone: the same unit, now by its code.

    What contradicts the table (undivided there, divided in a list of names) goes, with a notice.
    """
    days = {link.on for link in links}
    undivided = {(link.on, link.level, link.old): link.new for link in links if link.extent != "part"}
    held = store.changes_on(session, days)
    marks = {(c.on, c.level, c.old_code, c.new_code) for c in held}
    for change in held:
        code = keys.get(change.old_code)
        if code is None or (change.on, change.level, code, change.new_code) in marks:
            continue
        went = undivided.get((change.on, change.level, code))
        if went is None:
            told = f"{code} is {change.old_code}, which also went to {change.new_code}"
        else:
            told = f"{change.old_code} to {change.new_code} is left out: {code} went to {went} as a whole"
        report.notices.append(Fault("crosswalk", told))
        if dry:
            continue
        if went is None:
            change.old_code = code
        else:
            session.delete(change)
    if not dry:
        session.flush()


def _mend(known: Any, values: dict[str, Any], report: Report, *, dry: bool, sure: bool) -> None:
    if values["old_code"] == known.old_code:  # who said it first is still its basis
        values = {k: v for k, v in values.items() if (k == "extent" and sure) or getattr(known, k) is None}
    if all(getattr(known, k) == v for k, v in values.items()):
        report.unchanged += 1
        return
    report.updated += 1
    if not dry:
        for column, value in values.items():
            setattr(known, column, value)


def _derive_districts(
    session: Session, report: Report, links: list[Link], district_of: dict[str, str], *, dry: bool
) -> None:
    """Which new communes each old district's land is in now: it ended without a successor of its own level."""
    pairs = {(link.on, district_of[link.old], link.new) for link in links if link.old in district_of}
    held = {(c.on, c.old_code, c.new_code) for c in store.changes_on(session, {on for on, _, _ in pairs})}
    fresh = [
        {"on": on, "level": "district", "old_code": district, "new_code": new, "extent": "part", "weight": None,
         "basis": "derived from its communes"}
        for on, district, new in sorted(pairs - held)
    ]  # fmt: skip
    if fresh:
        report.notices.append(
            Fault("districts", f"{len(fresh)} lines derived for {len({p[1] for p in pairs})} old districts")
        )
        if not dry:
            store.insert_changes(session, fresh)


def _say(session: Session, caller: guard.Caller, report: Report, source: str | None, *, dry: bool, units: int) -> None:
    if dry or not (report.created or report.updated or units):
        return
    store.touch(session)
    journal.append(
        session, "places.crosswalk.imported", actor=caller.actor, subject="crosswalk", visibility="open",
        data={"source": source, "created": report.created, "updated": report.updated, "units": units,
              "refused": len(report.refused)},
    )  # fmt: skip
