"""What became of an import: every refused row and cell in a file, and figures that add up."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

_REASONS = 2000


@dataclass
class Summary:
    """The figures of an import. Rows and values each add up: read = accepted + refused + empty + ignored.

    A row is accepted when one of its values is; `partly` of these had refused values as well.
    Accepted values are new, superseding (another value stood there) or repeated (the same value stood there already).
    """

    file: str = ""
    about: str = ""
    dry_run: bool = False
    rows: int = 0
    rows_accepted: int = 0
    rows_partly: int = 0
    rows_refused: int = 0
    rows_empty: int = 0
    rows_ignored: int = 0
    values: int = 0
    new: int = 0
    superseding: int = 0
    repeated: int = 0
    refused: int = 0
    empty: int = 0
    ignored: int = 0
    things_made: int = 0
    datastreams_made: int = 0
    seconds: float = 0.0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Values that stand in the database now (in a dry run: would)."""
        return self.new + self.superseding + self.repeated

    @property
    def adds_up(self) -> bool:
        """Whether nothing was lost between reading and storing."""
        rows = self.rows_accepted + self.rows_refused + self.rows_empty + self.rows_ignored
        return rows == self.rows and self.accepted + self.refused + self.empty + self.ignored == self.values


class Report:
    """Collects refusals: counts by reason, and each one in a CSV file (UTF-8 with BOM, so that Excel reads it)."""

    def __init__(self, path: Path | None, file: str, summary: Summary) -> None:
        self._stream: IO[str] | None = path.open("w", encoding="utf-8-sig", newline="") if path else None
        self._csv: Any = csv.writer(self._stream) if self._stream else None
        self._file, self.summary = file, summary
        if self._csv:
            self._csv.writerow(["file", "row", "column", "value", "reason"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            self._stream.close()

    def refuse(self, row: int, column: str, value: str, reason: str) -> None:
        """Write down one refused row or cell."""
        key = (column, reason)
        reasons = self.summary.reasons
        if key not in reasons and len(reasons) >= _REASONS:
            key = (column, "other reasons")
        reasons[key] += 1
        if self._csv:
            self._csv.writerow([self._file, row, column, _harmless(value[:500]), reason])


def _harmless(text: str) -> str:
    """A cell a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in "=+-@\t\r" and not text[1:2].isdigit() else text
