"""Known events to hold a rule against, as people list them: begin, end, thing, title; one a line."""

import csv
from collections.abc import Iterator

from sqlalchemy.orm import Session

from dothi.alerts import facts
from dothi.alerts.backtest import Known
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

COLUMNS = ("begin", "end", "thing", "title")
MOST = 2000  # lines


def read(session: Session, text: str, name: str, caller: Caller | None = None) -> list[Known]:
    """The events a text lists, with commas or semicolons; the first line may name the columns.

    Times are Vietnam's unless they say otherwise; thing is a code and may be empty, as may end and title. caller: whose
    things may be named; None: any. Raises BadInput with every fault, each with its line.
    """
    things = facts.ground(session, caller).by_code
    found: list[Known] = []
    faults: list[Fault] = []
    for line, row in _rows(text.removeprefix("\ufeff")):
        place, thing = f"{name}:{line}", row.get("thing", "")
        try:
            begin = clock.parse(row.get("begin", ""), clock.VIETNAM)
            end = clock.parse(row["end"], clock.VIETNAM) if row.get("end") else begin
        except BadInput as error:
            faults += [Fault(place, one.message, one.allowed) for one in error.faults]
            continue
        if thing and thing not in things:
            faults.append(Fault(place, f'there is no thing "{thing}"'))
        if end < begin:
            faults.append(Fault(place, "it ends before it begins"))
        if len(found) == MOST:
            faults.append(Fault(place, "too many events", f"at most {MOST}"))
            break
        found.append(Known(begin, end, row.get("title", ""), things.get(thing)))
    if faults:
        raise BadInput(f"{name}: events cannot be read", faults)
    return found


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column of every line that says something."""
    first = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    columns: list[str] | None = None
    for cells in reader:
        said = [one.strip() for one in cells]
        if not any(said):
            continue
        if columns is None:
            lowered = [one.lower() for one in said]
            if "begin" in lowered:
                columns = lowered
                continue
            columns = list(COLUMNS)
        yield reader.line_num, dict(zip(columns, said, strict=False))
