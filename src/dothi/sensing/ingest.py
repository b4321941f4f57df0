"""Ingest: acknowledged means committed.

Everybody's observations go through one bounded queue to one writing thread, which takes whatever waits as one
batch, sorts it by key, commits it, and only then answers. While it commits, the next batch gathers: concurrent
single posts share a commit without anybody waiting for a timer.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from dothi.config import settings
from dothi.db import session as db
from dothi.db.bulk import MISSING, NEW, REPEATED, SUPERSEDING, Batch, Writer
from dothi.db.writers import make_writer
from dothi.kit import clock, courtesy
from dothi.kit.errors import Busy
from dothi.sensing import registry
from dothi.sensing.columns import OPTIONAL, Columns, Receipt, Refusal, together
from dothi.sensing.live import hub

log = logging.getLogger(__name__)
__all__ = ["Columns", "Receipt", "Refusal", "aput", "forget", "put", "put_now", "start", "stop", "waiting"]

_ROUNDS = 4
_GATHER = 0.001  # seconds
_SOON = 1.0  # seconds after a commit in which more is expected
_FEW = 256  # observations; more are better written while the next ones are read
Answer = Callable[[Receipt | Exception], None]


@dataclass(slots=True)
class _Job:
    columns: Columns
    answer: Answer
    loop: asyncio.AbstractEventLoop | None


class _Queue:
    """What waits for the writing thread."""

    def __init__(self) -> None:
        self.jobs: deque[_Job] = deque()
        self.rows = 0
        self.together = 0  # senders of the last batch
        self.changed = threading.Condition()
        self.stopping = False
        self.thread: threading.Thread | None = None


_queue = _Queue()
_writers = threading.local()
_writers_made: list[Writer] = []


def start() -> None:
    """Start the writing thread; putting observations starts it as well."""
    with _queue.changed:
        if _queue.thread is None or not _queue.thread.is_alive():
            _queue.stopping = False
            _queue.thread = threading.Thread(target=_work, name="ingest", daemon=True)
            _queue.thread.start()


def stop() -> None:
    """Commit what waits, then stop the writing thread."""
    with _queue.changed:
        _queue.stopping = True
        _queue.changed.notify()
        thread = _queue.thread
    if thread is not None:
        thread.join(30)
        _queue.thread = None


def forget() -> None:
    """Stop, and close the connections: another database is in use now."""
    stop()
    while _writers_made:
        _writers_made.pop().close()
    _writers.__dict__.clear()


def waiting() -> int:
    """Observations waiting for their commit."""
    return _queue.rows


def put(columns: Columns) -> "Future[Receipt]":
    """Queue some observations; the future is done after their commit.

    Raises Busy when the queue is full: nothing was taken, send again later.
    """
    future: Future[Receipt] = Future()

    def answer(outcome: Receipt | Exception) -> None:
        if isinstance(outcome, Receipt):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    _add(_Job(columns, answer, None))
    return future


async def aput(columns: Columns) -> Receipt:
    """Queue some observations and wait for their commit, without blocking the event loop."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Receipt] = loop.create_future()

    def answer(outcome: Receipt | Exception) -> None:
        if future.done():  # the caller has gone
            return
        if isinstance(outcome, Receipt):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)

    _add(_Job(columns, answer, loop))
    return await future


def put_now(columns: Columns) -> Receipt:
    """Commit some observations on the calling thread, past the queue: imports and history."""
    return _commit([columns])[0]


def _add(job: _Job) -> None:
    count = len(job.columns)
    with _queue.changed:
        if _queue.rows and _queue.rows + count > settings().queue_rows:
            raise Busy(f"{_queue.rows} observations wait for their commit; send these {count} again in a second")
        _queue.jobs.append(job)
        _queue.rows += count
        if len(_queue.jobs) == 1:
            _queue.changed.notify()
    if _queue.thread is None:
        start()


def _take() -> list[_Job]:
    """Wait for work and take as much of it as one commit holds; nothing left and stopping gives an empty list."""
    with _queue.changed:
        while not _queue.jobs and not _queue.stopping:
            _queue.changed.wait()
        gather = len(_queue.jobs) < _queue.together and _queue.rows < _FEW and not _queue.stopping
    if gather:  # several senders wait for their answers at once: the first one back is given company
        time.sleep(_GATHER)
    with _queue.changed:
        jobs: list[_Job] = []
        count = 0
        limit = settings().batch_rows
        while _queue.jobs and (not jobs or count + len(_queue.jobs[0].columns) <= limit):
            job = _queue.jobs.popleft()
            count += len(job.columns)
            jobs.append(job)
        _queue.together = len(jobs)
        return jobs


def _work() -> None:
    while jobs := _take():
        outcomes: list[Receipt | Exception]
        try:
            outcomes = list(_commit([job.columns for job in jobs]))
        except Exception:
            outcomes = _one_by_one(jobs)
        with _queue.changed:
            _queue.rows -= sum(len(job.columns) for job in jobs)
        courtesy.expect(_SOON)
        _answer(jobs, outcomes)


def _one_by_one(jobs: list[_Job]) -> list[Receipt | Exception]:
    """After a failed commit: give each sender an answer of their own, trying the database again for a while."""
    outcomes: list[Receipt | Exception] = []
    patience = time.monotonic() + 15
    for job in jobs:
        while True:
            try:
                outcomes.append(_commit([job.columns])[0])
            except Exception as error:
                _drop_writer()
                if _queue.stopping or time.monotonic() > patience:
                    log.exception("a commit of %d observations failed", len(job.columns))
                    outcomes.append(Busy(f"the database did not take the observations: {type(error).__name__}"))
                    break
                time.sleep(0.2)
            else:
                break
    return outcomes


def _answer(jobs: list[_Job], outcomes: list[Receipt | Exception]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Answer, Receipt | Exception]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.loop is None:
            job.answer(outcome)
        else:
            loops.setdefault(job.loop, []).append((job.answer, outcome))
    for loop, answers in loops.items():
        try:
            loop.call_soon_threadsafe(_answer_all, answers)
        except RuntimeError:  # the loop closed while we committed; what is committed stays so
            log.debug("nobody waits for %d answers any more", len(answers))


def _answer_all(answers: list[tuple[Answer, Receipt | Exception]]) -> None:
    for answer, outcome in answers:
        answer(outcome)


def _writer() -> Writer:
    engine = db.engine()
    kept: tuple[Engine, Writer] | None = getattr(_writers, "kept", None)
    if kept is not None and kept[0] is engine and kept[1] in _writers_made:
        return kept[1]
    made = make_writer(engine)
    _writers.kept = (engine, made)
    _writers_made.append(made)
    return made


def _drop_writer() -> None:
    kept: tuple[Engine, Writer] | None = getattr(_writers, "kept", None)
    if kept is None:
        return
    _writers.kept = None
    if kept[1] in _writers_made:
        _writers_made.remove(kept[1])
    try:
        kept[1].close()
    except Exception:
        log.debug("closing a broken connection failed", exc_info=True)


def _commit(parts: list[Columns]) -> list[Receipt]:
    """Commit several senders' observations together and answer each of them."""
    columns = together(parts)
    total = len(columns)
    reasons: dict[int, str] = {}
    streams = registry.streams(set(columns.datastream))
    plain = columns.result_json is None and all(not s.multi and s.kind != registry.TRUTH for s in streams.values())
    if not plain or len(streams) < len(set(columns.datastream)):
        reasons = unfit(columns, streams)
    status = np.full(total, 255, dtype=np.uint8)
    left = np.delete(np.arange(total), list(reasons)) if reasons else np.arange(total)
    for turn in range(_ROUNDS):  # a key sent several times at once is written in that many commits, in order
        if not len(left):
            break
        batch, order, left = _sorted(columns, streams, left, keep_last=turn == _ROUNDS - 1)
        status[order] = _writer().write(batch)
    status[left] = REPEATED
    for index in np.flatnonzero(status == MISSING).tolist():
        reasons[index] = f"there is no Datastream {columns.datastream[index]}"
        registry.invalidate([columns.datastream[index]])
    stored = status <= SUPERSEDING
    if hub.heard and stored.any():
        hub.publish(columns, range(total) if stored.all() else np.flatnonzero(stored).tolist())
    return _receipts(parts, status, reasons)


def _receipts(parts: list[Columns], status: NDArray[np.uint8], reasons: dict[int, str]) -> list[Receipt]:
    receipts: list[Receipt] = []
    begin = 0
    for part in parts:
        end = begin + len(part)
        mine = status[begin:end]
        superseded = int((mine == SUPERSEDING).sum())
        refused = [Refusal(i - begin, reasons[i]) for i in range(begin, end) if i in reasons] if reasons else []
        receipts.append(
            Receipt(int((mine == NEW).sum()) + superseded, superseded, int((mine == REPEATED).sum()), refused)
        )
        begin = end
    return receipts


def unfit(columns: Columns, streams: dict[int, registry.Stream]) -> dict[int, str]:
    """Why some observations cannot be taken, by their index."""
    reasons: dict[int, str] = {}
    texts = columns.result_json or [None] * len(columns)
    for i, (id_, text) in enumerate(zip(columns.datastream, texts, strict=True)):
        stream = streams.get(id_)
        if stream is None:
            reasons[i] = f"there is no Datastream {id_}"
        elif stream.multi:
            if text is None or not text.startswith("[") or _length(text) != stream.width:
                found = text if text is not None else columns.result[i]
                reasons[i] = (
                    f"result {str(found)[:60]} does not fit MultiDatastream {id_}; allowed: an array of {stream.width}"
                )
        elif stream.kind in {registry.NUMBER, registry.COUNT} and text not in {None, "null"}:
            reasons[i] = f"result {text[:60] if text else ''} of Datastream {id_} is not a number, as its type asks"
        elif stream.kind == registry.TRUTH and text not in {"true", "false", "null"}:
            found = text if text is not None else columns.result[i]
            reasons[i] = f"result {str(found)[:60]} of Datastream {id_} is not true or false, as its type asks"
    return reasons


def _length(text: str) -> int:
    import msgspec

    value = msgspec.json.decode(text)
    return len(value) if isinstance(value, list) else -1


def _sorted(
    columns: Columns, streams: dict[int, registry.Stream], wanted: NDArray[np.int64], *, keep_last: bool
) -> tuple[Batch, NDArray[np.int64], NDArray[np.int64]]:
    """The wanted observations as a batch in key order, each key once: the first (or last) sent of it.

    Returns the batch, the index of each of its rows, and the indices left for a later batch.
    """
    ds, at = np.array(columns.datastream, dtype=np.int64), np.array(columns.at, dtype=np.int64)
    order, left = wanted, wanted[:0]
    step_ds, step_at = np.diff(ds[order]), np.diff(at[order])
    if not ((step_ds > 0) | ((step_ds == 0) & (step_at > 0))).all():
        order = order[np.lexsort((at[order], ds[order]))]  # stable: what was sent later stays later
        same = np.flatnonzero((np.diff(ds[order]) == 0) & (np.diff(at[order]) == 0))
        if len(same):
            again = same if keep_last else same + 1
            left, order = np.sort(order[again]), np.delete(order, again)
    whole = len(order) == len(at) and bool((order[:-1] < order[1:]).all())
    feature = _features(columns, streams)
    result = np.array(columns.result, dtype=np.float64)
    extras = {
        name: values if whole else [values[i] for i in order.tolist()]
        for name in OPTIONAL
        if name != "feature" and (values := getattr(columns, name)) is not None
    }
    if not whole:
        ds, at, result, feature = ds[order], at[order], result[order], feature[order]
    return Batch(ds, at, result, feature, clock.now_micros(), extras), order, left


def _features(columns: Columns, streams: dict[int, registry.Stream]) -> NDArray[np.int64]:
    """The FeatureOfInterest of each observation: the one given, else the datastream's; 0 for none."""
    of = {id_: stream.feature_id or 0 for id_, stream in streams.items()}
    if len(of) == 1:
        feature = np.full(len(columns), next(iter(of.values())), dtype=np.int64)
    else:
        feature = np.array([of.get(id_, 0) for id_ in columns.datastream], dtype=np.int64)
    if columns.feature is None:
        return feature
    given = np.array([value or 0 for value in columns.feature], dtype=np.int64)
    return np.where(given > 0, given, feature)
