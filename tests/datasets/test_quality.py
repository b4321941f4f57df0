"""The checklist says what to do, in both languages, and sees only what its reader sees."""

from datetime import timedelta

from dothi.datasets import quality, service, views
from dothi.kit import clock
from tests.datasets.conftest import FIELDS, body, lamp, share


def told(session, caller, code="lamps", language="vi"):
    views.forget()
    return {one.code: one for one in quality.checks(session, views.read(session, caller, code), language)}


def states(found):
    return {code: one.state for code, one in found.items()}


def test_an_empty_draft_has_everything_to_do(session, steward, lamps):
    found = told(session, steward)
    bad = {code for code, state in states(found).items() if state == "bad"}
    assert bad >= {"description", "contact", "frequency", "records"}
    assert all(one.fix for one in found.values() if one.state in ("bad", "poor"))
    assert all(not one.fix for one in found.values() if one.state == "good")
    assert quality.score(found.values()) < 30


def test_a_kept_dataset_is_good(session, steward):
    held = {
        name: one | {"description": "giải thích"} for name, one in FIELDS.items() if name not in ("until", "keeper")
    }
    service.create(session, steward, body(
        "kept", description="Đèn chiếu sáng công cộng do Sở Xây dựng quản lý, cập nhật từ hồ sơ hoàn công hằng tháng.", description_en="Lamps",
        licence="cc-by-4.0", frequency="MONTHLY", contact={"name": "Phòng Hạ tầng", "email": "hatang@example.gov.vn"},
        keywords=["đèn", "chiếu sáng", "điện"], themes=["TRAN"], source="Hồ sơ hoàn công", schema={"properties": held, "required": ["code"]},
    ))  # fmt: skip
    full = {"road": "Lê Lợi", "height": 8, "state": "on", "since": "2026-01-01", "cost": 3}
    for i in range(3):
        service.put(session, steward, "kept", None, lamp(f"A{i}", 105.7 + i / 100, **full))
    found = told(session, steward, "kept")
    assert set(states(found).values()) == {"good"}
    assert quality.score(found.values()) == 100


def test_every_sentence_is_there_in_english(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", None, since="2026-02-01", until="2026-01-01"))
    service.put(session, steward, "lamps", None, lamp("A2", None, since="2026-02-01", until="2026-01-01"))
    vietnamese, english = told(session, steward), told(session, steward, language="en")
    for code, one in english.items():
        assert one.title != vietnamese[code].title
        assert not one.fix or one.fix != vietnamese[code].fix
    assert english["geometry"].value == "2 records without a place"


def test_flaws_of_records_are_counted(session, steward, lamps):
    service.put(session, steward, "lamps", None, lamp("A1", None, since="2026-02-01", until="2026-01-01"))
    for code in ("A2", "A3"):
        service.put(session, steward, "lamps", None, lamp(code, road="Lê Lợi"))
    found = told(session, steward)
    assert (found["geometry"].state, found["geometry"].value) == ("bad", "1 bản ghi chưa có vị trí")
    assert found["duplicates"].value == "1 bản ghi lặp"
    assert found["valid"].value.startswith("1 ")
    assert found["empty"].state == "bad"
    assert "height 100%" in found["empty"].fix
    service.delete(session, steward, "lamps", "A3")
    assert told(session, steward)["duplicates"].state == "good"


def test_a_promise_that_is_not_kept_is_said(session, steward, lamps, monkeypatch):
    service.describe(session, steward, "lamps", {"frequency": "DAILY"})
    service.put(session, steward, "lamps", None, lamp("A1"))
    assert told(session, steward)["fresh"].state == "good"
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "source", lambda: later)
    assert told(session, steward)["fresh"].state == "poor"
    later += timedelta(days=5)
    assert told(session, steward)["fresh"].state == "bad"


def test_hidden_fields_are_not_looked_at(session, steward, outsider, lamps):
    full = dict(
        lamp("A1", road="x", height=1, state="on", since="2026-01-01", until="2026-02-01")["properties"].items()
    )
    service.put(session, steward, "lamps", None, {"geometry": None, "properties": full})
    share(session, "lamps", "open")
    assert told(session, outsider)["empty"].state == "good"
    assert "cost 100%" in told(session, steward)["empty"].fix
