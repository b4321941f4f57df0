"""The verbs of analyses: what there is, what is due, run one.

A run reads as the system, reckons outside of any transaction, and writes its result in one. Where it cannot (too little
data, a result more open than its inputs, an error) the old result stays and the run says why.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.analyses import declared, inputs, store, writing
from dothi.analyses.declared import Analysis
from dothi.analyses.inputs import RANK, Read
from dothi.analyses.methods import methods
from dothi.analyses.model import TooLittle
from dothi.analyses.tables import AnalysisRun
from dothi.datasets import views
from dothi.db import session as db
from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import DothiError, NotFound

log = logging.getLogger(__name__)
Sessions = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Known:
    """A declared analysis as it stands in this city. last: its newest run; good: the newest that left a result."""

    sector: str
    analysis: Analysis
    taken_up: bool  # the city has the dataset of its result
    last: AnalysisRun | None
    due_at: int | None


def find(code: str) -> tuple[str, Analysis]:
    """The sector and the declaration; NotFound names what there is."""
    found = declared.analyses().get(code)
    if found is None:
        known = ", ".join(declared.analyses()) or "none"
        raise NotFound(f"there is no analysis {code[:80]!r}; there are {known}")
    return found


def known(session: Session) -> list[Known]:
    """Every declared analysis with its newest run."""
    newest, there = store.newest(session), store.present(session)
    made: list[Known] = []
    for code, (sector, one) in declared.analyses().items():
        last = newest.get(code)
        due = None if one.result not in there else 0 if last is None else last.started_at + one.pace
        made.append(Known(sector, one, one.result in there, last, due))
    return made


def due(session: Session, now: int) -> list[str]:
    """The analyses whose time has come, the longest waiting first."""
    waiting = [
        (one.due_at, one.analysis.code) for one in known(session) if one.due_at is not None and one.due_at <= now
    ]
    return [code for _, code in sorted(waiting)]


def visible(session: Session, caller: guard.Caller, code: str) -> AnalysisRun | None:
    """The newest run of an analysis whose result the caller may see; None where there is none or they may not."""
    _, one = find(code)
    return None if views.read(session, caller, one.result) is None else store.last(session, code)


def run(code: str, at: int | None = None, *, again: bool = False, reading: Sessions | None = None,
        writing_: Sessions | None = None) -> AnalysisRun:  # fmt: skip
    """Run an analysis now; returns the run, whatever became of it.

    at: the moment the result is about (µs UTC; now). again: also where its inputs are those of the last result.
    """
    _, one = find(code)
    opened, written = reading or db.reading, writing_ or db.writing
    started = clock.now_micros()
    with written() as session:
        id_ = store.begin(session, code, started if at is None else at, started)
    try:
        return _run(one, id_, started if at is None else at, opened, written, again=again)
    except TooLittle as little:
        return _end(written, one, id_, "refused", little.vi, little.message)
    except DothiError as error:
        return _end(written, one, id_, "failed", str(error), str(error))
    except Exception as error:
        log.exception("analysis %s failed", code)
        said = f"{type(error).__name__}: {error}"[:500]
        return _end(written, one, id_, "failed", f"lỗi khi tính: {said}", said)


def _run(one: Analysis, id_: int, at: int, opened: Sessions, written: Sessions, *, again: bool) -> AnalysisRun:
    method = methods()[one.method]
    with opened() as session:
        read = inputs.read(session, one, at)
        _allowed(session, one, read)
        print_ = read.print(one, method)
        before = store.last(session, one.code, good=True, before=id_)
        same = not again and before is not None and print_ is not None and before.print == print_
        rows = before.rows if before else None
    said = {"inputs": read.told, "print": print_, "simulated": read.simulated}
    if same:
        return _end(written, one, id_, "same", None, None, rows=rows, added=0, changed=0, removed=0, **said)
    features = method.run(read.given, one.chosen())
    with written() as session:
        made = writing.write(session, writing.robot(one.code), one.result, features, at, simulated=read.simulated)
        return _ended(session, one, id_, "done", None, None, rows=len(features), **vars(made), **said)


def _allowed(session: Session, one: Analysis, read: Read) -> None:
    """A result is not more open than its inputs, unless its method makes sure that nobody can be found in it."""
    view = views.read(session, guard.SYSTEM, one.result)
    if view is None:
        raise TooLittle(
            f"thành phố chưa có tập dữ liệu kết quả {one.result}",
            f"the city has no dataset {one.result} for the result",
        )
    sharing = view.sharing if view.status == "published" else "restricted"
    if methods()[one.method].protects(one.chosen()):
        return
    if RANK[sharing] > RANK[read.open]:
        raise TooLittle(
            f"tập kết quả {one.result} mở hơn dữ liệu đầu vào “{read.narrow}” ({read.open}); hãy thu hẹp chia sẻ của nó",
            f"the result {one.result} is {sharing}, its input {read.narrow!r} only {read.open}: share the result less",
        )
    owners = {agency for agency in read.whose if agency is not None}
    if sharing == "restricted" and owners and owners != {view.agency_id}:
        raise TooLittle(
            f"dữ liệu đầu vào hạn chế thuộc cơ quan khác với tập kết quả {one.result}",
            f"a restricted input belongs to another agency than the result {one.result}",
        )


def _end(written: Sessions, one: Analysis, id_: int, state: str, vi: str | None, en: str | None, **said: object) -> AnalysisRun:  # fmt: skip
    with written() as session:
        return _ended(session, one, id_, state, vi, en, **said)


def _ended(session: Session, one: Analysis, id_: int, state: str, vi: str | None, en: str | None, **said: object) -> AnalysisRun:  # fmt: skip
    """Note the end, and tell the journal where anything is different from the run before."""
    before = store.last(session, one.code, before=id_)
    store.end(session, id_, state=state, finished_at=clock.now_micros(), reason=vi, reason_en=en, **said)
    store.prune(session, one.code)
    changed = {name: said.get(name, 0) for name in ("added", "changed", "removed")}
    told = {"state": state, "rows": said.get("rows"), **changed, "reason": en}
    quiet = state == "same" or (state == "done" and not any(changed.values()))
    other = before is None or ({"same": "done"}.get(before.state, before.state), before.reason_en) != ({"same": "done"}.get(state, state), en)  # fmt: skip
    if other or (not quiet and state == "done"):
        view = views.read(session, guard.SYSTEM, one.result)
        open_ = view is not None and view.status == "published"
        journal.append(
            session, "analyses.run.finished", actor=f"analysis:{one.code}", subject=f"dataset:{one.result}",
            agency_id=view.agency_id if view else None, data={"analysis": one.code, **told},
            visibility=view.sharing if view is not None and open_ else "restricted",  # type: ignore[arg-type]
        )  # fmt: skip
    session.flush()
    session.expire_all()
    found = session.get(AnalysisRun, id_)
    assert found is not None  # noqa: S101 - it was begun above
    session.refresh(found)
    session.expunge(found)
    return found


__all__ = ["Known", "due", "find", "known", "run", "visible"]
