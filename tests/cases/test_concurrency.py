"""Many at once: the same report is one case, none is lost, numbers have no gap; of two officers one wins."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from dothi.cases import service as cases
from dothi.cases import tally
from dothi.cases.tables import Case, CaseEntry, CaseFollower, CaseTally
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, PreconditionFailed
from dothi.packs import overrides
from tests.cases import scene


@pytest.fixture
def city(session):
    return scene.city(session)


def at_once(call, of, threads=24):
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, of))


def test_five_hundred_with_the_same_key_make_one_case_and_none_of_the_others_is_lost(session, city):
    overrides.take(None)  # the first of them also read the packs, while the others wait for it with a connection each

    def send(i):
        key = "the-same-key-for-all" if i % 5 else f"another-key-{i % 25}"  # 400 the same, 100 of five others
        with db.writing() as own:
            return cases.open_(own, ANONYMOUS, scene.new(key=key)).case.number

    numbers = at_once(send, range(500))
    assert len(set(numbers)) == 6
    assert sorted(int(one[-6:]) for one in set(numbers)) == list(range(1, 7))
    assert session.scalar(select(func.count()).select_from(Case)) == 6
    assert session.scalar(select(func.count()).select_from(CaseEntry)) == 6
    assert session.scalar(select(func.sum(CaseTally.count))) == 6


def test_of_two_officers_one_wins(session, city):
    case = scene.lifecycle(session, city, until="assigned").case
    session.commit()
    version = case.version

    def start(caller):
        try:
            with db.writing() as own:
                cases.step(own, caller, case.id, "start", version=version)
        except PreconditionFailed as lost:
            return str(lost)
        return "won"

    said = at_once(start, [city.officer, city.second] * 4, 8)
    assert said.count("won") == 1
    assert all("changed this case at" in one for one in said if one != "won")


def test_joining_and_working_at_once_count_right(session, city):
    made = [scene.lifecycle(session, city, until="assigned").case.id for _ in range(3)]
    session.commit()

    def act(i):
        with db.writing() as own:
            if i % 4:
                cases.join(own, ANONYMOUS, made[i % 3], f"address:{i % 40 + 1}")
            else:
                cases.priority_(own, city.officer, made[i % 3], ("low", "high", "urgent", "normal")[i % 7 % 4])

    at_once(act, range(120), 12)
    session.expire_all()
    for id_ in made:
        case = session.get(Case, id_)
        joined = {i % 40 for i in range(120) if i % 4 and made[i % 3] == id_}
        assert case.followers == len(joined)
    assert tally.count(session) == 3


@pytest.mark.soak
def test_nobody_waits_for_ever_and_the_counts_are_exact(session, city):
    with db.writing() as own:
        made = [scene.report(own).id for _ in range(12)]
    end = time.monotonic() + 4

    def act(seed):
        rng, done = random.Random(seed), 0
        while time.monotonic() < end:
            one, other = rng.sample(made, 2)
            try:
                with db.writing() as own:
                    match rng.randrange(8):
                        case 0:
                            made.append(cases.open_(own, city.admin, scene.new(category="other")).case.id)
                        case 1:
                            cases.merge(own, city.admin, one, other)
                        case 2:
                            cases.transfer(own, city.admin, one, city.roads.id, reason="no-capacity", text="Quá tải")
                        case 3:
                            cases.step(own, city.admin, min(one, other), "start")
                            cases.comment(own, city.admin, max(one, other), "Hai việc trong một lần")
                        case 4:
                            cases.step(own, city.admin, one, "resolve", text="Xong")
                        case 5:
                            cases.join(own, ANONYMOUS, one, f"address:{rng.randrange(50)}")
                        case 6:
                            cases.hide(own, city.admin, one, "Lộ số điện thoại")
                        case _:
                            cases.assign(own, city.admin, one, office=city.lights.id)
                done += 1
            except (BadInput, Conflict, NotAllowed, NotFound, PreconditionFailed):
                continue
        return done

    assert all(at_once(act, range(10), 10))
    session.expire_all()
    kept = {
        tuple(getattr(one, name) for name in tally._COLUMNS): one.count for one in session.query(CaseTally) if one.count
    }
    counted = {}
    for case in session.query(Case):
        counted[tally.key(case)] = counted.get(tally.key(case), 0) + 1
    assert kept == counted
    assert session.scalar(select(func.sum(Case.followers))) == session.scalar(
        select(func.count()).select_from(CaseFollower)
    )
    assert session.scalar(select(func.count(func.distinct(Case.number)))) == len(set(made))
