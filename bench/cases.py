"""(i) Cases: whole lives of reports a second, and the lists people look at, with none, 100 thousand and a million stored.

A life is five transactions: opened, assigned, begun, resolved, rated. On PostgreSQL as many processes live them as the
machine has processors, which the database shares with them, as `dothi serve --workers` has; SQLite has one writer at a
time, and one process here. Pages are measured in this process.
"""

import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from bench import fill
from bench.harness import Place, emit, using
from dothi.db import schema
from dothi.db import session as db
from dothi.kit import clock

SIZES = {
    "sqlite": [int(one) for one in os.environ.get("DOTHI_BENCH_CASES_SQLITE", "0,100000").split(",")],
    "postgresql": [int(one) for one in os.environ.get("DOTHI_BENCH_CASES", "0,100000,1000000").split(",")],
}
PROCESSES = int(os.environ.get("DOTHI_BENCH_CASE_PROCESSES", str(os.cpu_count() or 1)))
THREADS = int(os.environ.get("DOTHI_BENCH_CASE_THREADS", "4"))  # of each process
SECONDS = float(os.environ.get("DOTHI_BENCH_CASE_SECONDS", "20"))
LIVES, FLAT, PAGE = 100.0, 1.3, 0.05  # a second; of the first; s
OFFICES, WARDS = 14, ("27694", "27712", "27715")
CATEGORIES = (
    "lamp-out", "pothole", "waste-not-collected", "drain-blocked", "street-flooded", "noise", "illegal-parking",
    "tree-danger", "manhole", "pipe-leak", "other",
)  # fmt: skip
YEARS = 3


def run(place: Place) -> None:
    """Print the figures for one database."""
    with using(place):
        people = _city()
        first = None
        stored = 0
        for size in SIZES[place.kind]:
            if size > stored:
                began = time.perf_counter()
                _store(stored, size - stored)
                stored = size
                fill.vacuum()
                emit(f"cases-fill-{size}", place.kind, time.perf_counter() - began, "s")
            before = _database_seconds(place)
            rates, spent, slowest, count = lives(place, people)
            database = (_database_seconds(place) - before) / max(1, count)
            rate = sum(rates)
            first = first or rate
            emit(f"cases-lifecycles-{size}", place.kind, rate, "lives/s", LIVES)
            for process, own in enumerate(rates):
                emit(f"cases-lifecycles-{size}-process-{process + 1}", place.kind, own, "lives/s")
            emit(f"cases-processor-{size}", place.kind, spent, "s of Python's processor a life")
            if place.kind == "postgresql":
                emit(f"cases-database-processor-{size}", place.kind, database, "s of the database's processor a life")
            emit(f"cases-flat-{size}", place.kind, first / rate, "times as slow as with none", FLAT)
            for name, seconds in slowest.items():
                emit(f"cases-{name}-{size}", place.kind, seconds, "s median of the verb")
            for name, seconds in reads(people).items():
                emit(f"cases-{name}-{size}", place.kind, seconds, "s", PAGE)


def _city() -> dict[str, Any]:
    """Offices, those who work in them, and nobody else."""
    from dothi.cases.tables import OfficeRule
    from dothi.identity import access
    from dothi.identity import service as identity
    from dothi.identity.guard import SYSTEM
    from dothi.places import store as places

    schema.upgrade(db.engine())
    with db.writing() as session:
        places.touch(session)  # as wherever there are wards: they are read once, not with every case
        offices = [identity.create_agency(session, SYSTEM, f"office-{n}", f"Cơ quan {n}") for n in range(OFFICES)]
        session.flush()
        for n, category in enumerate(CATEGORIES):
            session.add(OfficeRule(type="report", category=category, agency_id=offices[n % OFFICES].id))
        dispatcher = identity.create_person(session, SYSTEM, "dispatcher", "Điều phối")
        identity.grant(session, SYSTEM, dispatcher, "dispatcher")
        officers = {}
        for one in offices:
            made = identity.create_person(session, SYSTEM, f"p-{one.code}", f"Cán bộ {one.name}", agency=one.code)
            identity.grant(session, SYSTEM, made, "officer", "agency", one.code)
            officers[one.id] = made
        session.flush()
        return {
            "dispatcher": access.of_person(session, dispatcher),
            "officers": {id_: access.of_person(session, made) for id_, made in officers.items()},
            "cookie": identity.sign_in(session, next(iter(officers.values())).id),
            "everywhere": identity.sign_in(session, dispatcher.id),
        }


# ---- lives ----


def _database_seconds(place: Place) -> float:
    """Processor seconds of the PostgreSQL server so far, where it runs on this machine; it has ended lives' connections too."""
    if place.kind != "postgresql":
        return 0.0
    with db.reading() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
    try:
        parent = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[1]
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        # of the parent also what its ended children took
        ticks = sum(int(one) for one in Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[11:15])
        for child in children:
            ticks += sum(int(one) for one in Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[11:13])
    except OSError:
        return 0.0
    return ticks / os.sysconf("SC_CLK_TCK")


def lives(place: Place, people: dict[str, Any]) -> tuple[list[float], float, dict[str, float], int]:
    """Lives a second of each process, processor seconds a life, what each verb took, and how many lives there were."""
    count = PROCESSES if place.kind == "postgresql" else 1
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(count), context.SimpleQueue()
    processes = [
        context.Process(target=_process, args=(place, people, number, ready, told), daemon=True)
        for number in range(count)
    ]
    for one in processes:
        one.start()
    answers = [told.get() for _ in processes]
    for one in processes:
        one.join()
    if faults := [one for one in answers if isinstance(one, str)]:
        raise RuntimeError(faults[0])
    all_ = [one for _, _, took in answers for one in took]
    spent = sum(spent for _, spent, _ in answers) / max(1, len(all_))
    took = {n: statistics.median(one[n] for one in all_) for n in all_[0]}
    return [rate for rate, _, _ in answers], spent, took, len(all_)


def _process(place: Place, people: dict[str, Any], number: int, ready: Any, told: Any) -> None:
    try:
        with using(place):
            told.put(_lives(people, number, ready))
    except BaseException as fault:
        ready.abort()
        told.put(repr(fault))


def _lives(people: dict[str, Any], number: int, ready: Any) -> tuple[float, float, list[dict[str, float]]]:
    """Lives a second of several threads, what processor time they took, and what each verb did."""
    took: list[list[dict[str, float]]] = [[] for _ in range(THREADS)]
    faults: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            n = 0
            while time.perf_counter() < end and not faults:
                took[thread].append(_life(people, number * THREADS + thread, n))
                n += 1
        except BaseException as fault:
            faults.append(fault)

    for n in range(5):  # the first of everything
        _life(people, 1000 + number, int(time.time()) + n)
    ready.wait(120)
    began, spent = time.perf_counter(), time.process_time()
    end = began + SECONDS
    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if faults:
        raise faults[0]
    found = [one for part in took for one in part]
    return len(found) / (time.perf_counter() - began), time.process_time() - spent, found


def _life(people: dict[str, Any], thread: int, n: int) -> dict[str, float]:
    from dothi.cases import service as cases
    from dothi.cases.service import New
    from dothi.identity.guard import ANONYMOUS
    from dothi.simulate import case_words

    took = {}
    mark = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal mark
        now = time.perf_counter()
        took[name], mark = now - mark, now

    category = CATEGORIES[(n + thread) % len(CATEGORIES)]
    new = New(
        type="report", category=category, fields=case_words.fields(category, "bench"), title="Đèn đường tắt", text="Tắt từ tối qua.",
        lon=106.40 + (n % 97) / 4000, lat=10.53 + (n % 89) / 4000, address="Đường Hùng Vương",
        key=f"bench:{thread}:{n}:{time.time_ns()}", token=f"{thread:04d}{n:012d}{time.time_ns():024d}",
    )  # fmt: skip
    with db.writing() as session:
        made = cases.open_(session, people["dispatcher"], new).case
        id_, office = made.id, made.agency_id
    lap("create")
    officer = people["officers"][office]
    with db.writing() as session:
        cases.assign(session, people["dispatcher"], id_, handler=officer.id)
    lap("assign")
    with db.writing() as session:
        cases.step(session, officer, id_, "start")
    lap("work")
    with db.writing() as session:
        cases.step(session, officer, id_, "resolve", text="Đã thay bóng đèn.")
    lap("resolve")
    with db.writing() as session:
        cases.rate(session, ANONYMOUS, id_, fixed=True, rating=5, token=new.token)
    lap("rate")
    return took


# ---- lists ----


def reads(people: dict[str, Any]) -> dict[str, float]:
    """Seconds of the lists people look at most; the median of several times."""
    from dothi import app
    from dothi.cases import reading

    officer, everywhere = next(iter(people["officers"].values())), people["dispatcher"]
    since = clock.now_micros() - 400 * clock.DAY
    asked: dict[str, Callable[[Any], object]] = {
        "inbox-office": lambda s: reading.inbox(s, officer, reading.Asked()),
        "inbox-everywhere": lambda s: reading.inbox(s, everywhere, reading.Asked()),
        "inbox-overdue": lambda s: reading.inbox(s, officer, reading.Asked(which="overdue")),
        "inbox-soon": lambda s: reading.inbox(s, officer, reading.Asked(which="soon")),
        "inbox-unassigned": lambda s: reading.inbox(s, everywhere, reading.Asked(which="unassigned")),
        "inbox-counts": lambda s: reading.counts(s, officer),
        "public-list": lambda s: reading.public_list(s, reading.PublicAsked()),
        "public-list-deep": lambda s: reading.public_list(s, reading.PublicAsked(after=f"{since}.1")),
        "public-list-ward": lambda s: reading.public_list(s, reading.PublicAsked(unit=WARDS[1])),
        "public-list-category": lambda s: reading.public_list(s, reading.PublicAsked(category="pothole")),
        "public-list-ward-category-open": lambda s: reading.public_list(
            s, reading.PublicAsked(unit=WARDS[0], category="noise", phases=("open", "waiting"))
        ),
        "public-near": lambda s: reading.near(s, "pothole", 106.41, 10.54),
    }  # fmt: skip
    found = {}
    for name, ask in asked.items():
        with db.reading() as session:
            found[name] = _median(lambda ask=ask, session=session: ask(session))
    took: list[float] = []
    client = TestClient(_timed(app.create_app(), took), base_url="http://127.0.0.1")
    pages = {
        "page-public": ("/reports", ""),
        "page-inbox": ("/desk", people["cookie"]),
        "page-inbox-everywhere": ("/desk", people["everywhere"]),
    }
    for name, (path, cookie) in pages.items():
        headers = {"cookie": f"dothi_session={cookie}"} if cookie else {}
        answer = client.get(path, headers=headers)
        if answer.status_code == 200:
            took.clear()
            _median(lambda path=path, headers=headers: client.get(path, headers=headers))
            found[name] = statistics.median(took[2:])
    return found


def _timed(server: Any, took: list[float]) -> Any:
    """An application that notes how long each request takes it: the client that asks is not of the server's time."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()
        try:
            await server(scope, receive, send)
        finally:
            if scope["type"] == "http":
                took.append(time.perf_counter() - began)

    return call


def _median(work: Callable[[], object], times: int = 11) -> float:
    taken = []
    for _ in range(times + 2):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[2:])


# ---- what is stored ----


def _store(begin: int, count: int) -> None:
    """So many cases of some years with their deadlines, entries and counts; two in a hundred still go on."""
    postgres = db.engine().dialect.name == "postgresql"
    now = clock.now_micros()
    with db.writing() as session:
        for statement in _statements(begin, count, now, postgres=postgres):
            session.execute(text(statement.replace(":", "\\:")))


def _statements(begin: int, count: int, now: int, *, postgres: bool) -> list[str]:
    last = begin + count
    if postgres:
        series = f"generate_series(CAST({begin + 1} AS BIGINT), CAST({last} AS BIGINT)) AS s(i)"
        padded, empty = "lpad(i::text, 7, '0')", "CAST('{}' AS JSON)"
        month = "to_char(to_timestamp(opened_at / 1000000 + 25200) AT TIME ZONE 'UTC', 'YYYY-MM')"
        null = "CAST(NULL AS JSON)"
    else:
        series = f"(WITH RECURSIVE s(i) AS (SELECT {begin + 1} UNION ALL SELECT i + 1 FROM s WHERE i < {last}) SELECT i FROM s)"
        padded, empty, null = "printf('%07d', i)", "'{}'", "NULL"
        month = "strftime('%Y-%m', opened_at / 1000000 + 25200, 'unixepoch')"

    def one_of(values: Any, by: str) -> str:
        values = list(values)
        whens = " ".join(f"WHEN {n} THEN '{one}'" for n, one in enumerate(values))
        return f"CASE ({by}) % {len(values)} {whens} END"

    span = YEARS * 365 * clock.DAY
    at = f"({now} - {span} + CAST((i - {begin}) AS BIGINT) * {span // count})"
    goes = f"((i * 7919) % 100 < 2 OR i > {last} - {count} / 200)"
    due = f"({now} + ((i * 104729) % 1200 - 300) * {clock.HOUR} + i)"
    took = f"((i * 31) % 9 + 1) * {clock.DAY}"
    state = f"CASE WHEN {goes} THEN CASE i % 4 WHEN 0 THEN 'received' WHEN 1 THEN 'assigned' ELSE 'working' END ELSE 'closed' END"
    phase = f"CASE WHEN {goes} THEN CASE i % 4 WHEN 0 THEN 'new' ELSE 'open' END ELSE 'closed' END"
    column = {
        "number": f"'PA-20-' || {padded}", "type": "'report'", "category": one_of(CATEGORIES, "i * 13"),
        "sector": "'egov'", "state": state, "phase": phase, "priority": one_of(("normal", "normal", "normal", "high", "low"), "i"),
        "title": "'Phản ánh số ' || i", "text": "'Hư hỏng từ tối qua, mong sớm được xử lý. Xin cảm ơn.'",
        "folded": f"'pa-20-' || {padded} || ' phan anh so ' || i || ' duong hung vuong'", "fields": empty,
        "channel": one_of(("web", "web", "web", "phone"), "i"), "lon": "106.36 + ((i * 7) % 1000) / 10000.0",
        "lat": "10.50 + ((i * 11) % 700) / 10000.0", "address": "'Số ' || (i % 480) || ' đường Hùng Vương'",
        "unit": one_of(WARDS, "i * 3 + i / 7"), "agency_id": f"((i * 13) % {len(CATEGORIES)}) % {OFFICES} + 1",
        "handler_id": "CASE WHEN i % 4 = 0 THEN NULL ELSE 2 + i % 14 END", "public": "i % 10 <> 0", "simulated": "TRUE",
        "exercise": "FALSE", "opened_at": at, "due_at": f"CASE WHEN {goes} THEN {due} ELSE NULL END",
        "resolved_at": f"CASE WHEN {goes} THEN NULL ELSE {at} + {took} END",
        "closed_at": f"CASE WHEN {goes} THEN NULL ELSE {at} + {took} + {clock.DAY} END",
        "updated_at": f"{at} + {clock.DAY}", "reopened": "0",
        "rating": f"CASE WHEN {goes} OR i % 3 = 0 THEN NULL ELSE 3 + i % 3 END",
        "satisfied": f"CASE WHEN {goes} OR i % 3 = 0 THEN NULL ELSE i % 11 <> 0 END",
        "met": f"CASE WHEN {goes} THEN NULL ELSE i % 9 <> 0 END", "followers": "i % 5 / 4", "key": "'stored:' || i",
        "secret": f"'{'0' * 50}' || {padded}", "version": "5",
    }  # fmt: skip
    names = ", ".join(column)
    made = f"INSERT INTO case_ ({names}) SELECT {', '.join(column.values())} FROM {series}"
    mine = f"FROM case_ WHERE number LIKE 'PA-20-%' AND CAST(substr(number, 7) AS INTEGER) > {begin}"
    timers = (
        "INSERT INTO case_timer (case_id, code, unit, budget, consumed, since, running_since, due_at, first_due_at, next_at,"
        " ended_at, met) SELECT id, 'resolve', 'working-days', 5, 0, opened_at, CASE WHEN closed_at IS NULL THEN opened_at END,"
        f" COALESCE(due_at, opened_at + {5 * clock.DAY}), opened_at + {5 * clock.DAY}, CASE WHEN closed_at IS NULL THEN"
        f" {now + 30 * clock.DAY} END, resolved_at, met {mine}"
    )
    entries = [
        "INSERT INTO case_entry (case_id, at, actor, agency_id, kind, public, text, state, step, data) SELECT id,"
        f" opened_at + {n * clock.HOUR}, '{actor}', agency_id, '{kind}', TRUE, '', '{state_}', {step}, {null} {mine}"
        for n, (actor, kind, state_, step) in enumerate(
            (("reporter", "opened", "received", "NULL"), ("person:1", "assigned", "assigned", "'assign'"),
             ("person:2", "state", "working", "'start'"), ("person:2", "state", "resolved", "'resolve'"))
        )
    ]  # fmt: skip
    tally = (
        "INSERT INTO case_tally (month, type, category, unit, agency_id, phase, public, simulated, count) SELECT"
        f" {month}, type, category, unit, agency_id, phase, public, simulated, count(*) {mine} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
        " ON CONFLICT (month, type, category, unit, agency_id, phase, public, simulated)"
        " DO UPDATE SET count = case_tally.count + excluded.count"
    )
    return [made, timers, *entries, tally]
