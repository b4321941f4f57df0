"""An import from file to database: read, understand, set aside, make what is missing, store in key order."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dothi.db import session as db
from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.kit.text import nfc
from dothi.sensing import ingest
from dothi.sensing.tabular import mapping as maps
from dothi.sensing.tabular import numbers, times
from dothi.sensing.tabular import units as written_units
from dothi.sensing.tabular.cells import EMPTY, OK, REFUSED, Cells, Parsed, by_distinct
from dothi.sensing.tabular.mapping import Mapping
from dothi.sensing.tabular.read import Chunk, Table, open_table
from dothi.sensing.tabular.report import Report, Summary
from dothi.sensing.tabular.stage import ROW, Stage
from dothi.sensing.tabular.stations import NONE, Stations

Progress = Callable[[str, int, int], None]
BATCH = 50_000
_PART_BYTES = 48 * 1024 * 1024  # of the file, for one temporary file of values
_SECONDS = {"min": 60, "h": 3600}
_ACCEPTED, _REFUSED, _IGNORED = np.uint8(1), np.uint8(2), np.uint8(4)


def observations(
    path: Path,
    mapping: Mapping,
    *,
    caller: guard.Caller = guard.SYSTEM,
    stations: Path | None = None,
    dry_run: bool = False,
    report: Path | None = None,
    progress: Progress = lambda _phase, _done, _of: None,
) -> Summary:
    """Import the observations of one file.

    stations: the station list the mapping describes; progress is called with the phase, what is done and of how much.
    Raises BadInput when the file as a whole cannot be read; single rows and cells are refused in the report.
    A repeat changes nothing; after an interruption the same call finishes the work.
    """
    began = time.monotonic()
    summary = Summary(file=path.name, dry_run=dry_run)
    with ExitStack() as stack:
        wanted = maps.columns(mapping)
        table = open_table(path, mapping.file, wanted, stack)
        summary.about = table.about
        told = stack.enter_context(Report(report, path.name, summary))
        stage = Stage(stack, min(128, 1 + path.stat().st_size // _PART_BYTES))
        run = _Run(mapping, Stations(mapping, maps.properties(mapping), caller, stations), stage, told, summary)
        _read(table, run, wanted, progress)
        if not dry_run:
            summary.things_made, summary.datastreams_made = run.stations.make(stage.used)
        run.store(progress)
        run.count_rows()
    summary.seconds = time.monotonic() - began
    if summary.new + summary.superseding and not dry_run:
        _journal(summary, mapping, caller)
    return summary


def _read(table: Table, run: "_Run", wanted: list[str], progress: Progress) -> None:
    for chunk in table.chunks(wanted):
        run.take(chunk)
        progress("read", table.position(), table.size)


def _journal(summary: Summary, mapping: Mapping, caller: guard.Caller) -> None:
    with db.writing() as session:
        journal.append(
            session, "sensing.observations.imported", actor=caller.actor, agency_id=caller.agency_id,
            data={
                "file": summary.file, "mapping": mapping.title, "rows": summary.rows, "new": summary.new,
                "superseding": summary.superseding, "repeated": summary.repeated, "refused": summary.refused,
            },
        )  # fmt: skip


class _Run:
    """One import under way."""

    def __init__(self, mapping: Mapping, stations: Stations, stage: Stage, told: Report, summary: Summary) -> None:
        self.mapping, self.stations, self.stage, self.told, self.summary = mapping, stations, stage, told, summary
        self.properties = stations.properties
        self._time = mapping.time.how()
        self._long = mapping.time.lasts
        self._flags: list[Any] = []  # one byte a row: what became of its values
        self._count = 0
        self._texts: dict[str, int] = {}  # JSON texts of results
        self._qualities = self.properties[0].number.quality
        self._words = {_word(word): n for n, prop in enumerate(self.properties) for word in prop.words}
        self._columns = [mapping.long.value] if mapping.long else [prop.column or "" for prop in self.properties]

    def take(self, chunk: Chunk) -> None:
        """Understand some rows and set their values aside."""
        summary = self.summary
        for row, reason, text in chunk.faulty:
            self.told.refuse(row, "", text, reason)
        summary.rows += len(chunk.rows) + chunk.blank + len(chunk.faulty)
        summary.rows_empty += chunk.blank
        summary.rows_refused += len(chunk.faulty)
        length = len(chunk.rows)
        if not length:
            return
        flags = np.zeros(length, np.uint8)
        cells = chunk.cells
        at = self._times(cells)
        station, lost = self.stations.numbered(cells, length)
        bad = np.zeros(length, bool)
        whys: dict[int, tuple[str, str]] = {}
        self._note(whys, bad, dict.fromkeys(np.flatnonzero(at.state == EMPTY).tolist(), "no time") | at.reasons,
                   self.mapping.time.names[0])  # fmt: skip
        self._note(whys, bad, lost, self.mapping.station.column or "")
        for column, allowed in self.mapping.only.items():
            self._note(whys, bad, _not_in(cells[column], allowed), column)
        spoken = np.zeros(length, bool)
        for n, where, parsed, given, column in self._values(cells, length, whys, bad, flags):
            self._settle(chunk, n, where, parsed, given, column, at.value, station, bad, spoken, flags)
        for place in sorted(whys):
            if spoken[place]:  # a row without any value loses nothing
                column, reason = whys[place]
                said = cells[column].said(place) if column else ""
                self.told.refuse(int(chunk.rows[place]), column, said, reason)
        self._flags.append(flags)
        self._count += length

    def _times(self, cells: dict[str, Cells]) -> Parsed:
        names = self.mapping.time.names
        if len(names) == 1:
            parsed = times.parse_cells(cells[names[0]], self._time)
        else:
            from dothi.sensing.tabular.cells import joined

            parsed = times.parse_cells(joined(cells[names[0]], cells[names[1]]), self._time)
        if self._long and self.mapping.time.stamp == "end":
            parsed.value = np.where(parsed.state == OK, parsed.value - lasting(self._long), parsed.value)
        return parsed

    @staticmethod
    def _note(whys: dict[int, tuple[str, str]], bad: Any, reasons: dict[int, str], column: str) -> None:
        for place, reason in reasons.items():
            bad[place] = True
            whys.setdefault(place, (column, reason))

    def _values(self, cells: dict[str, Cells], length: int, whys: Any, bad: Any, flags: Any) -> Any:
        """Each property's cells: its number, their rows, what they came to, the cells, the column."""
        long = self.mapping.long
        if long is None:
            everywhere = np.arange(length)
            for n, prop in enumerate(self.properties):
                given = cells[prop.column or ""]
                yield n, everywhere, self._parsed(prop, given, prop.number), given, n
            return
        kinds = self._kinds(cells[long.property])
        ignored = np.flatnonzero(kinds == -2)
        flags[ignored] |= _IGNORED
        self.summary.ignored += len(ignored)
        self.summary.values += len(ignored)
        unknown = np.flatnonzero(kinds == -1)
        if len(unknown):
            names = cells[long.property]
            self._note(whys, bad, {
                int(place): f"property {said!r} is not in the mapping" if (said := names.said(int(place))) else "no property"
                for place in unknown
            }, long.property)  # fmt: skip
            given = cells[long.value].take(unknown)
            yield 0, unknown, _presence(given), given, 0
        for n in np.unique(kinds[kinds >= 0]).tolist():
            prop = self.properties[n]
            where = np.flatnonzero(kinds == n)
            for unit, some in _by_unit(cells[long.unit], where) if long.unit else [("", where)]:
                given = cells[long.value].take(some)
                code = written_units.ucum(unit) if unit else prop.number.given
                yield n, some, self._parsed(prop, given, replace(prop.number, given=code)), given, 0

    def _kinds(self, cells: Cells) -> Any:
        """The property of each row: its number, -1 unknown, -2 ignored."""
        long = self.mapping.long
        ignore = {_word(word) for word in long.ignore} if long else set()
        coded = cells.texts().dictionary_encode()
        of = [
            -2 if _word(text) in ignore else self._words.get(_word(text), -1) for text in coded.dictionary.to_pylist()
        ]
        return np.array([*of, -1], np.int32)[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]

    def _parsed(self, prop: maps.Property, cells: Cells, how: numbers.Number) -> Parsed:
        if prop.kind in {"measurement", "count"}:
            try:
                return numbers.parse_cells(cells, how)
            except written_units.NoConversion as error:
                parsed = _presence(cells)
                parsed.reasons = dict.fromkeys(np.flatnonzero(parsed.state == OK).tolist(), str(error))
                parsed.state = np.where(parsed.state == OK, REFUSED, parsed.state).astype(np.uint8)
                return parsed
        texts = Cells(cells.length, cells.texts())
        return by_distinct(texts, lambda distinct: self._words_of(prop, distinct.to_pylist()))

    def _words_of(self, prop: maps.Property, texts: list[str]) -> Parsed:
        """Categories and truths as JSON texts."""
        count = len(texts)
        state, code = np.full(count, OK, np.uint8), np.full(count, -1, np.int32)
        reasons: dict[int, str] = {}
        for place, text in enumerate(texts):
            said = nfc(text.strip())
            if said.casefold() in prop.number.missing and prop.kind != "truth":
                state[place] = EMPTY
                continue
            value: str | bool | None = said
            if prop.kind == "truth":
                try:
                    value = numbers.parse_truth(said)
                except ValueError as error:
                    state[place], reasons[place] = REFUSED, str(error)
                    continue
                if value is None:
                    state[place] = EMPTY
                    continue
            code[place] = self._texts.setdefault(json.dumps(value, ensure_ascii=False), len(self._texts))
        return Parsed(np.full(count, np.nan), state, reasons, code=code)

    def _settle(
        self, chunk: Chunk, n: int, where: Any, parsed: Parsed, given: Cells, column: int, at: Any, station: Any,
        bad: Any, spoken: Any, flags: Any,
    ) -> None:  # fmt: skip
        """Count one property's values, refuse what must be, set the rest aside."""
        summary = self.summary
        present = parsed.state != EMPTY
        spoken[where[present]] = True
        summary.values += len(where)
        summary.empty += int(len(where) - present.sum())
        lost = present & bad[where]
        summary.refused += int(lost.sum())
        flags[where[lost]] |= _REFUSED
        name = self._columns[column]
        self._refuse(chunk, where, parsed.reasons, given, name, flags, skip=bad)
        good = (parsed.state == OK) & ~bad[where]
        for number in np.unique(station[where[good]]).tolist():
            place = self.stations.places[number]
            if place.streams[n] == NONE:
                those = good & (station[where] == number)
                self._refuse(
                    chunk, where, dict.fromkeys(np.flatnonzero(those).tolist(), place.why[n]), given, name, flags
                )
                good &= ~those
        rows = where[good]
        staged = np.empty(len(rows), ROW)
        staged["stream"] = station[rows].astype(np.int64) * len(self.properties) + n
        staged["at"] = at[rows]
        staged["result"] = parsed.value[good]
        staged["text"] = -1 if parsed.code is None else parsed.code[good]
        staged["quality"] = -1 if parsed.quality is None else parsed.quality[good]
        staged["row"] = chunk.rows[rows]
        staged["ordinal"] = self._count + rows
        staged["column"] = column
        self.stage.add(staged)

    def _refuse(
        self, chunk: Chunk, where: Any, reasons: dict[int, str], given: Cells, name: str, flags: Any, skip: Any = None
    ) -> None:
        for place, reason in reasons.items():
            row = int(where[place])
            if skip is not None and skip[row]:
                continue
            self.summary.refused += 1
            flags[row] |= _REFUSED
            self.told.refuse(int(chunk.rows[row]), name, given.said(place), reason)

    def store(self, progress: Progress) -> None:
        """Commit what was set aside (in a dry run: only count it), in key order."""
        flags = self._flags = [np.concatenate(self._flags)] if self._flags else [np.zeros(0, np.uint8)]
        done = 0
        for part in self.stage.sorted(self.mapping.duplicates):
            self.summary.repeated += len(part.repeated)
            flags[0][part.repeated["ordinal"]] |= _ACCEPTED
            for value, other in zip(part.refused, part.others, strict=True):
                why = (
                    f"row {other} gives another value for the same time" if other else "other values for the same time"
                )
                self._refuse_staged(value, why)
            for start in range(0, len(part.kept), BATCH):
                some = part.kept[start : start + BATCH]
                if self.summary.dry_run:
                    self.summary.new += len(some)
                    flags[0][some["ordinal"]] |= _ACCEPTED
                else:
                    self._put(some, flags[0])
                done += len(some)
                progress("store", done, self.stage.count)

    def _put(self, some: Any, flags: Any) -> None:
        width = len(self.properties)
        ids = np.array([one.streams for one in self.stations.places], np.int64).reshape(-1)
        assert width  # noqa: S101 - the mapping asks for at least one
        columns = ingest.Columns(ids[some["stream"]].tolist(), some["at"].tolist(), some["result"].tolist())
        if (some["text"] >= 0).any():
            texts = [*self._texts, None]
            columns.result_json = [texts[code] for code in some["text"].tolist()]
            columns.result = [None if code >= 0 else value
                              for code, value in zip(some["text"].tolist(), columns.result, strict=True)]  # fmt: skip
        if (some["quality"] >= 0).any():
            qualities = [*self._qualities, None]
            columns.quality = [qualities[code] for code in some["quality"].tolist()]
        if self._long:
            columns.until = (some["at"] + lasting(self._long)).tolist()
        receipt = ingest.put_now(columns)
        self.summary.new += receipt.accepted - receipt.superseded
        self.summary.superseding += receipt.superseded
        self.summary.repeated += receipt.repeated
        taken = np.ones(len(some), bool)
        for refusal in receipt.refused:
            taken[refusal.index] = False
            self._refuse_staged(some[refusal.index], refusal.reason)
        flags[some["ordinal"][taken]] |= _ACCEPTED

    def _refuse_staged(self, value: Any, reason: str) -> None:
        self.summary.refused += 1
        self._flags[0][value["ordinal"]] |= _REFUSED
        said = f"{value['result']:.12g}" if value["text"] < 0 else list(self._texts)[value["text"]]
        at = clock.iso(int(value["at"]))
        self.told.refuse(int(value["row"]), self._columns[int(value["column"])], f"{said} at {at}", reason)

    def count_rows(self) -> None:
        """Say what became of each row from what became of its values."""
        flags, summary = self._flags[0], self.summary
        accepted, refused = flags & _ACCEPTED != 0, flags & _REFUSED != 0
        ignored = flags & _IGNORED != 0
        summary.rows_accepted += int(accepted.sum())
        summary.rows_partly += int((accepted & refused).sum())
        summary.rows_refused += int((refused & ~accepted).sum())
        summary.rows_ignored += int((ignored & ~accepted & ~refused).sum())
        summary.rows_empty += int((~ignored & ~accepted & ~refused).sum())
        if not summary.adds_up:
            raise AssertionError(f"the figures of {summary.file} do not add up: {summary}")


def lasting(text: str) -> int:
    """Microseconds of `10min`, `1h` and so on."""
    unit = "min" if text.endswith("min") else "h"
    return int(text.removesuffix(unit)) * _SECONDS[unit] * clock.SECOND


def station_list(mapping: Mapping, mapping_path: Path, data: Path, given: Path | None) -> Path | None:
    """Where the station list is: as given, else beside the mapping, else beside the data. Raises BadInput."""
    how = mapping.station.list_
    if given is not None or how is None:
        return given
    for folder in (mapping_path.parent, data.parent):
        if (folder / how.file).is_file():
            return folder / how.file
    raise BadInput(
        f"the station list {how.file} is neither beside the mapping nor beside the data; name it by --stations"
    )


def _word(text: str) -> str:
    return " ".join(nfc(text).casefold().split())


def _not_in(cells: Cells, allowed: list[str]) -> dict[int, str]:
    wanted = {_word(word) for word in allowed}
    coded = cells.texts().dictionary_encode()
    good = [_word(text) in wanted for text in coded.dictionary.to_pylist()]
    fits = np.array([*good, "" in wanted], bool)[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return {int(n): f"{cells.said(int(n))!r} is not {' or '.join(allowed)}" for n in np.flatnonzero(~fits)}


def _presence(cells: Cells) -> Parsed:
    import pyarrow.compute as pc

    there = pc.is_valid(cells.texts()).to_numpy(zero_copy_only=False)
    return Parsed(np.full(cells.length, np.nan), np.where(there, OK, EMPTY).astype(np.uint8))


def _by_unit(cells: Cells, where: Any) -> list[tuple[str, Any]]:
    coded = cells.take(where).texts().dictionary_encode()
    index = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    texts = [*coded.dictionary.to_pylist(), ""]
    return [(texts[n], where[index == n]) for n in np.unique(index).tolist()]
