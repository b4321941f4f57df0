"""kill -9 at any moment: the records are those of before the load or those of after it."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from dothi.datasets.loads import service as loads
from dothi.datasets.tables import StagedRecord
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from tests.loads.conftest import geojson, records, total, tree

ROWS = 1500
CHILD = """
import sys
from pathlib import Path
from dothi.datasets.loads import service as loads
from dothi.identity.guard import SYSTEM
code, path, mode = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
load = loads.stage(SYSTEM, code, Path(path), None, mode, lambda share, rows: print("staging", flush=True), batch=100)
print("apply", flush=True)
loads.apply(SYSTEM, load.id)
print("done", flush=True)
"""


def begun(code, path) -> subprocess.Popen:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, code, str(path), "replace"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert child.stdout.readline() == "ready\n"
    child.stdin.write("go\n")
    child.stdin.flush()
    return child


def killed(child, word: str, delay: float) -> str:
    """Kill the child some time after it said a word; what it said last."""
    said = ""
    while said != f"{word}\n":
        said = child.stdout.readline()
        assert said
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    rest = child.communicate()[0]
    return (rest.splitlines() or [word])[-1]


def without_book_keeping(code):
    return {key: (one["cao"], one["geojson"]) for key, one in records(code).items()}


@pytest.mark.soak
@pytest.mark.parametrize("word", ["staging", "apply"])
def test_a_load_killed_at_a_random_moment_leaves_the_old_or_the_new(trees, tmp_path, word):
    dice = random.Random(word)
    loads.apply(
        SYSTEM, loads.stage(SYSTEM, trees, geojson(tmp_path / "old.geojson", [tree(i) for i in range(ROWS)])).id
    )
    old = without_book_keeping(trees)
    path = geojson(tmp_path / "new.geojson", [tree(i, cao=1) for i in range(500, ROWS + 300)])
    seen = set()
    for _ in range(2):
        child = begun(trees, path)
        last = killed(child, word, dice.random() * (0.3 if word == "staging" else 0.12))
        now = without_book_keeping(trees)
        if now == old:
            seen.add("old")
            assert last != "done"
        else:
            seen.add("new")
            assert set(now) == {f"C{i:03d}" for i in range(500, ROWS + 300)}
            assert {one[0] for one in now.values()} == {1}
            break
    monkeyed(trees)
    if "new" not in seen:
        load = loads.stage(SYSTEM, trees, path, None, "replace")
        loads.apply(SYSTEM, load.id)
    assert len(records(trees)) == ROWS - 200


def monkeyed(code):
    """What was left is swept by the chore once it is old enough."""
    kept, loads.STALE = loads.STALE, -1
    try:
        loads.tidy()
    finally:
        loads.STALE = kept
    with db.reading() as session:
        states = {one.state for one in loads.of_dataset(session, SYSTEM, code)}
    assert "staging" not in states
    if "staged" not in states:
        assert total(StagedRecord) == 0
