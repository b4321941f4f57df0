"""Figures anybody reads: they agree with the lists behind them, hold nobody's data, and say what is simulated."""

import csv
import io
import re

import pytest

from dothi import app
from dothi.cases import news, stats
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.screens.transparency import asking
from tests.cases import scene
from tests.web.asking import Browser


@pytest.fixture(scope="module")
def town(standing):
    """A handful of reports: solved on time and late, satisfied and not, open, overdue, rejected, hidden."""
    with db.writing() as session:
        people = scene.city(session)
    with db.writing() as session:
        begin = clock.now_micros() - 40 * clock.DAY

        def one(*, category="lamp-out", late=False, rating=None, until="resolved", contact=None):
            with news.at(begin):
                fields = {"danger": "no"} if category == "pothole" else {}
                made = scene.opened(
                    session, people.admin, category=category, fields=fields, office=people.lights.id, contact=contact,
                    unit="27694", opened_at=begin, simulated=True, text="",
                )  # fmt: skip
            with news.at(begin + clock.HOUR):
                if until == "rejected":
                    cases.step(session, people.admin, made.case.id, "reject", reason="no-basis", text="Không có")
                    return made
                cases.assign(session, people.admin, made.case.id, handler=people.officer.id)
                cases.step(session, people.officer, made.case.id, "start")
            if until == "resolved":
                end = begin + (30 * clock.DAY if late else 2 * clock.HOUR)
                with news.at(end):
                    cases.step(session, people.officer, made.case.id, "resolve", text="Xong")
                with news.at(end + clock.HOUR):
                    if rating:
                        cases.rate(session, ANONYMOUS, made.case.id, fixed=True, rating=rating, token=made.token)
            return made

        one(rating=5, contact=Contact(name="Lê Thị Thử Nghiệm", phone="0900000001"))
        one(rating=2)
        one(late=True)
        one(until="working", category="pothole")
        one(until="rejected")
        hidden = one(rating=5)
        cases.hide(session, people.admin, hidden.case.id, "thử")
        town_ids = {"office": people.lights.id}
    asking.forget()
    yield Browser(app.create_app()), town_ids
    asking.forget()


def test_the_figures_and_the_lists_behind_them_agree(town):
    browser, _ = town
    page = browser.get("/transparency")
    assert page.status_code == 200
    text = page.text
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/transparency/cases\?[^"]+)"', text)}
    assert len(links) > 10
    for link in links:
        found = browser.get(link)
        count = int(re.search(r'data-count="(\d+)"', found.text)[1])
        assert found.text.count('href="/reports/PA-') == count, link
    wanted = {
        "received": 5,
        "solved": 3,
        "on-time": 2,
        "late": 1,
        "overdue": 1,
        "rejected": 1,
        "satisfied": 1,
        "unsatisfied": 1,
    }
    for of, count in wanted.items():
        assert f'data-count="{count}"' in browser.get(f"/transparency/cases?of={of}").text, of
    with db.reading() as session:
        now = clock.now_micros()
        asked = stats.Asked(now - 60 * clock.DAY, now)
        row = stats.figures(session, "all", asked)[0]
        assert (row.received, row.solved, row.overdue, row.rejected, row.answers, row.satisfied) == (5, 3, 1, 1, 2, 0.5)
        assert sum(one.received for one in stats.figures(session, "category", asked)) == 5


def test_nobody_s_data_is_in_any_of_it_and_simulated_is_said(town):
    browser, ids = town
    for path in ("/transparency", "/transparency.csv", "/transparency.json", "/transparency/cases?of=solved"):
        found = browser.get(path)
        assert found.status_code == 200, path
        assert "Thử Nghiệm" not in found.text
        assert "0900000001" not in found.text.replace(" ", "")
    assert browser.get("/transparency.json").json()["simulated"] is True
    assert "mô phỏng" in browser.get("/transparency").text.lower()
    lines = list(csv.DictReader(io.StringIO(browser.get("/transparency.csv").content.decode("utf-8-sig"))))
    total = next(one for one in lines if one["by"] == "all")
    assert (total["received"], total["solved"], total["on_time"]) == ("5", "3", "0.6667")
    assert {one["key"] for one in lines if one["by"] == "office"} == {str(ids["office"])}


@pytest.mark.parametrize("query", ["period=7", "since=x", "office=a", "since=2026-02-01&until=2026-01-01", "ward=%00"])
def test_what_cannot_be_asked_is_refused_in_words(town, query):
    assert town[0].get(f"/transparency?{query}").status_code == 400


def test_a_part_of_the_city_and_a_stretch_of_time(town):
    browser, _ = town
    assert 'data-count="1"' in browser.get("/transparency/cases?by=category&key=pothole&of=received").text
    assert 'data-count="0"' in browser.get("/transparency/cases?since=2020-01-01&until=2020-02-01").text
    assert browser.get("/transparency?since=2020-01-01&until=2020-02-01").status_code == 200
    assert browser.get("/transparency/cases?of=nonsense").status_code == 400
    assert browser.get("/transparency/cases?by=month&key=nonsense").status_code == 400
