"""The whole server by itself: from an alarm to the mailbox, and up the ladder."""

import time
from dataclasses import replace

import pytest

from dothi.alerts import escalation
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.jobs import runner
from dothi.notify import chores, ladders
from dothi.notify.ladders import Rung
from tests.notify.conftest import give
from tests.notify.test_outbox import raised


@pytest.fixture
def hurried(monkeypatch):
    """The jobs that tell and climb run every half second; ask for it before `server`."""
    names = {name for name, job in runner._jobs.items() if job.work in (escalation.climb, chores.send)}
    assert len(names) == 2
    for name in names:
        monkeypatch.setitem(runner._jobs, name, replace(runner._jobs[name], seconds=0.5))


def test_a_running_server_tells_of_an_alarm_and_climbs_by_itself(mailbox, people, hurried, whole, server):
    give(people("lan"), "mail", "lan@example.vn")
    give(people("truong", "duty-chief"), "mail", "truong@example.vn", language="en")
    with db.writing() as session:
        ladders.put(session, SYSTEM, code="a", title="A", severity="critical", rungs_=[Rung(0, role="duty-chief")])
    raised(1)
    wanted = {
        ("lan@example.vn", "[Nghiêm trọng] Nước sông vượt báo động 3 · Trạm Tân An"),
        ("truong@example.vn", "[Critical] River above alarm level 3 · Trạm Tân An"),
        ("truong@example.vn", "Not acknowledged: River above alarm level 3 · Trạm Tân An"),
    }
    end = time.monotonic() + 60
    while len(mailbox.letters) < 3 and time.monotonic() < end:
        time.sleep(0.1)
    assert {(one["to"], one["subject"]) for one in mailbox.letters} == wanted
