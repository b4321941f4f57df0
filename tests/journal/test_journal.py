"""Nothing is skipped, nothing is shown that may not be seen, and a changed entry shows."""

import json
import threading

import pytest
from sqlalchemy import text, true
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import seals
from dothi.journal import service as journal


def write(count: int, **more: object) -> None:
    with db.writing() as session:
        for n in range(count):
            given = {"actor": "person:1", "subject": f"thing:{n}", "data": {"n": n, "tên": "Tân An"}, **more}
            journal.append(session, "sensing.thing.created", **given)


def ids(after: int = 0, caller: Caller = guard.SYSTEM, **more: object) -> list[int]:
    with db.reading() as session:
        return [e["id"] for e in journal.read(session, after, 1000, sees=guard.sees_entries(caller), **more)]


def test_a_reader_that_goes_on_from_its_cursor_gets_every_entry_once(database):
    write(5)
    first = ids()
    write(3)
    assert first == [1, 2, 3, 4, 5]
    assert ids(first[-1]) == [6, 7, 8]


def test_a_late_commit_is_never_passed(database):
    """The trap: a transaction takes id 1 and is slow, another takes id 2 and commits, a reader goes past 1."""
    with Session(database) as slow:
        journal.append(slow, "a.b.c", actor="x")  # takes id 1, and is still in flight
        slow.flush()
        quick = threading.Thread(target=write, args=(2,))
        quick.start()
        quick.join(0.3)
        seen = ids()  # whatever is shown now, nothing may appear before it later
        slow.commit()
        quick.join(10)
    assert seen == []
    assert ids(0) == [1, 2, 3]


def test_an_undone_change_leaves_no_entry(database):
    def fail() -> None:
        with db.writing() as session:
            journal.append(session, "a.b.c", actor="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ids() == []


def test_everyone_sees_their_own(database):
    write(1, visibility="open")
    write(1, visibility="shared")
    write(1, visibility="restricted", agency_id=7)
    write(1, visibility="restricted", agency_id=8)
    reader = Caller("key", 1, within=frozenset({("sensing:read", 7)}))
    auditor = Caller("person", 2, everywhere=frozenset({"journal:read"}))
    assert ids(caller=guard.ANONYMOUS) == [1]
    assert ids(caller=reader) == [1, 2, 3]
    assert ids(caller=auditor) == [1, 2, 3, 4]


def test_kinds_are_prefixes_of_whole_words(database):
    with db.writing() as session:
        for kind in ("sensing.thing.created", "sensing.thing_x.created", "sensing.thing.deleted"):
            journal.append(session, kind, actor="x")
    assert ids(kinds=["sensing.thing"]) == [1, 3]
    assert ids(kinds=["sensing"]) == [1, 2, 3]
    assert ids(newest_first=True) == [3, 2, 1]


def sealed(times: int = 3) -> None:
    for n in range(times):
        write(n + 2)
        with db.writing() as session:
            assert seals.seal(session) == n + 2


def verdict() -> seals.Verdict:
    with db.reading() as session:
        return seals.verify(session)


def test_sealed_entries_verify_and_nothing_new_needs_no_seal(database, tmp_path):
    sealed()
    with db.writing() as session:
        assert seals.seal(session) == 0
    write(1)
    assert verdict() == seals.Verdict(3, 9, 1, None)
    with db.reading() as session:
        assert seals.export(session, tmp_path / "journal.jsonl") == 9
    assert seals.verify_file(tmp_path / "journal.jsonl") == seals.Verdict(3, 9, 0, None)


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        ("UPDATE journal SET actor = 'person:2' WHERE id = 4", "changed"),
        ("UPDATE journal SET at = at + 1 WHERE id = 9", "changed"),
        ("DELETE FROM journal WHERE id = 3", "found 2"),
        ("DELETE FROM journal_seal WHERE id = 2", "does not continue"),
        ("UPDATE journal_seal SET hash = previous WHERE id = 1", "changed"),
    ],
)
def test_any_harm_is_found_and_named(database, harm, word):
    sealed()
    with database.begin() as connection:
        connection.execute(text(harm))
    assert word in (verdict().broken or "")


def test_a_changed_line_of_an_exported_journal_is_found(database, tmp_path):
    sealed()
    path = tmp_path / "journal.jsonl"
    with db.reading() as session:
        seals.export(session, path)
    lines = path.read_text().splitlines()
    entry = json.loads(lines[0])
    entry["data"]["n"] = 99
    path.write_text("\n".join([json.dumps(entry), *lines[1:]]))
    assert "seal 1" in (seals.verify_file(path).broken or "")


def test_true_is_not_what_anonymous_sees(database):
    write(1)
    with db.reading() as session:
        assert journal.read(session, sees=true()) != journal.read(session, sees=guard.sees_entries(guard.ANONYMOUS))
