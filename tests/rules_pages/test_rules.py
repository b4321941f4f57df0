"""The rules' pages as a duty chief without script uses them."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from dothi.alerts import rulebook
from dothi.db import session as db
from dothi.identity.guard import SYSTEM, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.screens.rules import editing
from tests.duty import people


def now(code="ngap-thu"):
    with db.reading() as session:
        return rulebook.rule(session, SYSTEM, code)


def told(kind):
    with db.reading() as session:
        return journal.read(session, sees=sees_entries(SYSTEM), kinds=(f"alerts.rule.{kind}",))


def test_a_rule_is_read_in_words(browser):
    officer = browser("duty-officer")
    page = officer.get("/operations/rules").text
    assert "Ngập đường thử" in page
    assert re.search(r"từ 30\u00a0cm trở lên, kéo dài 5 phút", page)
    page = officer.get("/operations/rules/ngap-thu").text
    assert "Hết khi lùi qua ngưỡng 3\u00a0cm và giữ như vậy 10 phút" in page
    assert "theo phường, xã, lặp lại trong 1 giờ tính là một" in page
    english = officer.get("/operations/rules/ngap-thu?lang=en").text
    assert "Test flooding" in english
    assert "30\u00a0cm or more, lasting 5 min" in english


def test_words_find_a_rule_with_and_without_diacritics(browser):
    officer = browser("duty-officer")
    for q in ("ngap cua so", "Ngập của sở"):
        page = officer.get(f"/operations/rules?q={q}").text
        assert "ngap-nn" in page
        assert "ngap-thu" not in page
    assert "ngap-thu" not in officer.get("/operations/rules?status=off").text


def test_who_may_not_change_rules_is_offered_nothing_and_refused(browser):
    officer, other = browser("duty-officer"), browser("duty-chief", "so-xd")
    page = officer.get("/operations/rules/ngap-thu").text
    assert "/switch" not in page
    assert officer.get("/operations/rules/ngap-thu/edit").status_code == 403
    page = other.get("/operations/rules/ngap-nn").text
    assert "/switch" not in page
    assert "/edit" not in page
    other.get("/operations/rules/new")  # a form's token
    assert other.post("/operations/rules/ngap-nn/switch", status="on", reason="thử").status_code == 403
    assert now("ngap-nn").status == "draft"
    assert browser("reporter").get("/operations/rules").status_code == 403


def test_an_agencys_chief_keeps_the_agencys_rules(browser, rules):
    chief = browser("duty-chief", "so-nnmt")
    page = chief.get("/operations/rules/ngap-nn").text
    assert "/switch" in page
    assert "/switch" not in chief.get("/operations/rules/ngap-thu").text
    chief.get("/operations/rules/new?how=yaml")
    text = editing.TEMPLATE.replace("ngap-duong-rieng", "ngap-nn-2")
    assert chief.post("/operations/rules/new", how="yaml", yaml=text).status_code == 403  # of the whole city
    chief.get("/operations/rules/new?how=yaml")
    made = chief.post("/operations/rules/new", how="yaml", yaml=text, agency=str(rules["so-nnmt"]))
    assert made.url.path == "/operations/rules/ngap-nn-2"
    assert (now("ngap-nn-2").status, now("ngap-nn-2").agency_id) == ("draft", rules["so-nnmt"])


def test_switching_says_why_in_the_journal(browser):
    chief = browser("duty-chief")
    chief.get("/operations/rules/ngap-thu")
    refused = chief.post("/operations/rules/ngap-thu/switch", status="on", reason="", version="1")
    assert refused.status_code == 400
    assert "Cần nói lý do" in refused.text
    assert now().status == "draft"
    chief.post("/operations/rules/ngap-thu/switch", status="on", reason="Đã thử 30 ngày", version="1")
    assert chief.page.url.path == "/operations/rules/ngap-thu"
    assert now().status == "on"
    (entry,) = told("on")
    assert entry["data"]["reason"] == "Đã thử 30 ngày"
    chief.post("/operations/rules/ngap-thu/switch", status="sideways", reason="x", version="1")
    assert chief.page.status_code == 400
    assert now().status == "on"


def test_the_usual_numbers_are_changed_in_fields_and_every_version_stays(browser):
    chief = browser("duty-chief")
    page = chief.get("/operations/rules/ngap-thu/edit").text
    assert 'name="major_from"' in page
    form = {
        "how": "fields", "version": "1", "title": "Ngập đường thử", "title_en": "Test flooding", "major_from": "27,5",
        "major_lasting": "3m", "minor_from": "15", "minor_lasting": "", "margin": "4", "clear_lasting": "10m",
        "clear_keep_for": "", "clear_quiet": "2h", "hours": "7:00-17:00, 19:00–21:30", "days": "mon",
    }  # fmt: skip
    chief.post("/operations/rules/ngap-thu/edit", **form)
    assert chief.page.url.path == "/operations/rules/ngap-thu", chief.page.text[:3000]
    rule = now()
    assert rule.version == 2
    assert rule.definition["when"]["major"] == {"from": 27.5, "lasting": "3m"}
    assert rule.definition["clear"] == {"margin": 4.0, "lasting": "10m", "quiet": "2h"}
    assert rule.definition["schedule"]["hours"] == [{"from": "07:00", "to": "17:00"}, {"from": "19:00", "to": "21:30"}]
    assert rule.definition["schedule"]["days"] == ["mon"]
    assert rule.definition["group"] == {"by": "unit", "window": "1h"}  # what has no field stays
    assert "khác: clear, schedule, when" in chief.page.text
    chief.get("/operations/rules/ngap-thu/edit")
    late = chief.post("/operations/rules/ngap-thu/edit", **form)  # still version 1
    assert late.status_code == 409
    assert now().version == 2


def test_a_wrong_field_is_said_under_it_and_nothing_typed_is_lost(browser):
    chief = browser("duty-chief")
    chief.get("/operations/rules/ngap-thu/edit")
    page = chief.post(
        "/operations/rules/ngap-thu/edit", how="fields", version="1", title="Tên mới", major_from="rất sâu", minor_from="15",
        minor_lasting="lâu lâu", hours="sáng",
    )  # fmt: skip
    assert page.status_code == 400
    assert 'value="Tên mới"' in page.text
    assert 'value="rất sâu"' in page.text
    bad = re.findall(r'<div class="field bad"><label for="f-(\w+)"', page.text)
    assert {"major_from", "hours"} <= set(bad)
    page = chief.post(
        "/operations/rules/ngap-thu/edit", how="fields", version="1", title="Tên mới", major_from="30", minor_from="15",
        minor_lasting="lâu lâu", hours="7-25",
    )  # fmt: skip
    assert {"minor_lasting", "hours"} <= set(re.findall(r'<div class="field bad"><label for="f-(\w+)"', page.text))
    assert now().version == 1


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        ("propertee: x", 4, "no key"),
        ("property: do-sau", 4, "no property"),
        ("property: [", 4, "not YAML"),
    ],
)
def test_what_is_wrong_in_the_yaml_is_said_with_its_line(browser, wrong, line, said):
    chief = browser("duty-chief")
    chief.get("/operations/rules/new?how=yaml")
    text = editing.TEMPLATE.replace("on: {property: flood-depth}", f"on: {{{wrong}}}")
    page = chief.post("/operations/rules/new", how="yaml", yaml=text)
    assert page.status_code == 400
    assert re.search(rf'<li class="err">Dòng {line}: [^<]*{said}', page.text), re.findall("<li class.*", page.text)
    assert wrong in page.text
    with db.reading() as session:
        assert len(rulebook.rules(session, SYSTEM)) == 2


def test_a_packs_rule_is_not_changed_but_copied(browser, rules):
    with db.writing() as session:
        found = rulebook.rule(session, SYSTEM, "ngap-thu")
        found.origin = "pack"
        session.add(found)
    chief = browser("duty-chief")
    page = chief.get("/operations/rules/ngap-thu").text
    assert "/operations/rules/new?like=ngap-thu" in page
    page = chief.get("/operations/rules/new?like=ngap-thu").text
    assert "code: ngap-thu-rieng" in page
    assert "status: draft" in page


def test_a_maintenance_window_is_planned_in_vietnams_time_and_called_off(browser):
    chief = browser("duty-chief")
    page = chief.get("/operations/maintenance?scope_kind=rule&scope=ngap-thu").text
    assert 'value="ngap-thu"' in page
    form = {"scope_kind": "rule", "scope": "ngap-thu", "reason": "Thay cảm biến", "starts_at": "2099-01-02T07:00"}
    page = chief.post("/operations/maintenance", **form, ends_at="hôm sau")
    assert page.status_code == 400
    assert "không phải ngày giờ" in page.text
    page = chief.post("/operations/maintenance", **form, ends_at="2099-01-02T09:30")
    assert page.status_code == 200
    assert "07:00 02/01/2099" in page.text
    assert "Thay cảm biến" in chief.get("/operations/rules/ngap-thu").text
    chief.get("/operations/maintenance")
    page = chief.post(re.search(r'action="(/operations/maintenance/\d+/cancel)"', chief.page.text)[1])
    assert "Thay cảm biến" not in page.text
    assert browser("leader").get("/operations/maintenance").text.count('<form method="post"') == 0


def test_a_rule_that_is_not_there_is_not_found(browser):
    chief = browser("duty-chief")
    for path in ("", "/edit", "/trial"):
        assert chief.get(f"/operations/rules/khong-co{path}").status_code == 404
    chief.get("/operations/rules/new?how=yaml")
    assert chief.post("/operations/rules/khong-co/switch", status="on", reason="thử").status_code == 404
    chief.get("/operations/rules/new?how=yaml")
    assert chief.post("/operations/maintenance/99999/cancel").status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("language", "shown"), [("vi", "1,63 m"), ("en", "1.63 m")])
def test_a_rule_shows_its_alarms_with_their_values(browser, language, shown):
    with db.writing() as session:
        made = people.alarm(session, rule_code="ngap-thu", sharing="shared")
        number = made.number
    page = browser("duty-chief").get(f"/operations/rules/ngap-thu?lang={language}")
    assert page.status_code == 200
    assert shown in re.search(rf"{number}</a></th>(.*?)</tr>", page.text)[1]


def test_a_trial_says_what_the_rule_would_have_raised_and_whether_one_can_bear_it(browser, flooded):
    chief = browser("duty-chief")
    page = chief.get("/operations/rules/ngap-thu/trial?days=1").text
    assert tally(page, "Cảnh báo") == "2"
    assert tally(page, "Dồn dập nhất") == "1 trong 10 phút"
    assert "Vừa sức một người trực." in page
    assert len(re.findall(r'<rect data-s="major"', page)) == 2  # by day, and by hour
    assert "Ngập thử" in page
    assert chief.get("/operations/rules/ngap-thu/trial?days=abc").status_code == 200
    # the first flood is one that people remember, the second was never measured
    first = clock.moment(clock.now_micros() // clock.HOUR * clock.HOUR - 20 * clock.HOUR).astimezone(clock.VIETNAM)
    known = f"{first:%Y-%m-%d %H:%M};;;Ngập thật\n{first + timedelta(hours=10):%Y-%m-%d %H:%M}; ; ;Chưa ai đo"
    page = chief.get(f"/operations/rules/ngap-thu/trial?days=1&events={quote(known)}").text
    assert tally(page, "Lần đã biết, bỏ sót") == "1/2"
    assert "Chưa ai đo" in page.partition("Không có cảnh báo nào trong vòng 30 phút")[2].partition("</div>")[0]
    wrong = chief.get(f"/operations/rules/ngap-thu/trial?days=1&events={quote('hôm qua;;;')}")
    assert (wrong.status_code, "Dòng 1:" in wrong.text) == (400, True)
    # it is switched on where its trial is read
    chief.page = chief.get("/operations/rules/ngap-thu/trial?days=1")
    assert chief.post("/operations/rules/ngap-thu/switch", status="on", reason="đã thử").status_code == 200
    assert now("ngap-thu").status == "on"
    other = browser("duty-officer", "so-xd").get("/operations/rules/ngap-thu/trial?days=1").text
    assert tally(other, "Cảnh báo") == "0"  # of things that agency may not see


def tally(page, name):
    return re.search(rf"<dt>{name}</dt><dd class=\"num\">([^<]*)</dd>", page)[1]


KIND = {"how": "kind", "title_en": "Test", "group": "unit"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"property": "water-level", "kind": "high", "major_from": "1,40", "major_lasting": "5", "critical_from": "bd3",
             "margin": "0,05", "clear_lasting": "10", "hours": "6:00-18:00", "days": "mon"},
            {"when": {"critical": {"from": {"level": "bd3"}}, "major": {"from": 1.4, "lasting": "5m"}},
             "clear": {"margin": 0.05, "lasting": "10m"}, "schedule": {"hours": [{"from": "06:00", "to": "18:00"}], "days": ["mon"]}},
        ),
        ({"property": "flood-depth", "kind": "range", "minor_low": "1", "minor_high": "30"}, {"when": {"minor": {"outside": [1, 30]}}}),
        (
            {"property": "water-level", "kind": "rate", "minor_rise": "0.3", "per": "60", "over": "30"},
            {"when": {"minor": {"rate": {"rise": 0.3, "per": "60m", "over": "30m"}}}},
        ),
        ({"property": "pm25", "kind": "silent", "warning_silent": "45"}, {"when": {"warning": {"absent": "45m"}}}),
        (
            {"property": "pm25", "kind": "unusual", "minor_spreads": "6", "side": "above", "minor_lasting": "20"},
            {"when": {"minor": {"unusual": {"spreads": 6, "side": "above"}, "lasting": "20m"}}},
        ),
        (
            {"property": "flood-depth", "kind": "many", "major_from": "15", "major_count": "3", "by": "unit"},
            {"on": {"property": "flood-depth", "together": {"by": "unit"}}, "when": {"major": {"from": 15, "agree": {"count": 3}}}},
        ),
        ({"property": "flood-depth", "kind": "low", "minor_to": "1", "things": "ngap-*; bui-1"},
         {"on": {"property": "flood-depth", "where": {"things": ["ngap-*", "bui-1"]}}}),
        ({"property": "water-level", "kind": "fence", "major_area": "pilot-city", "is": "outside"},
         {"when": {"major": {"fence": {"area": "pilot-city", "is": "outside"}}}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_rule_is_made_by_choosing_and_tried_at_once(browser, fields, said):
    chief = browser("duty-chief")
    chosen = chief.get(f"/operations/rules/new?property={fields['property']}&kind={fields['kind']}").text
    for name in fields:
        assert f'name="{name}"' in chosen
    made = chief.post("/operations/rules/new", **KIND, title="Đo thử ở kênh Bảo Định", **fields)
    assert (made.status_code, made.url.path) == (200, "/operations/rules/do-thu-o-kenh-bao-dinh/trial")
    rule = now("do-thu-o-kenh-bao-dinh")
    assert rule.status == "draft"
    assert {key: rule.definition[key] for key in said} == said
    chief.get(f"/operations/rules/new?property={fields['property']}&kind={fields['kind']}")
    again = chief.post("/operations/rules/new", **KIND, title="Đo thử ở kênh Bảo Định", **fields)
    assert again.url.path.endswith("/do-thu-o-kenh-bao-dinh-2/trial")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_wrong_in_the_chosen_rule_is_said_under_its_field(browser):
    chief = browser("duty-chief")
    chief.get("/operations/rules/new?property=water-level&kind=high")
    page = chief.post(
        "/operations/rules/new", **KIND, title="", property="water-level", kind="high", major_from="cao lắm",
        minor_lasting="1h", margin="-1",
    )  # fmt: skip
    assert page.status_code == 400
    for name in ("title", "major_from", "minor_from"):
        assert f'id="e-{name}"' in page.text
    assert 'value="cao lắm"' in page.text
    chief.get("/operations/rules/new?property=water-level&kind=high")
    page = chief.post("/operations/rules/new", **KIND, title="Thử", property="water-level", kind="high")
    assert "Cần ít nhất một mức có ngưỡng." in page.text
    # a truth has no height, and what nobody measures cannot be chosen
    assert 'value="high"' not in chief.get("/operations/rules/new?property=signal-state&kind=high").text
    assert chief.get("/operations/rules/new?property=x&kind=y").status_code == 200
