"""The pages as a person without script uses them."""

import re

import pytest

from dothi.app import create_app
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity import store as identity_store
from dothi.notify import store
from dothi.places.tables import Unit
from tests.notify.conftest import Browser as PushBrowser
from tests.notify.conftest import messages, send
from tests.web.asking import Asking, Browser

LINK = re.compile(r"http://tanan\.example\.vn(/subscribe/[a-z]+/[\w-]+)")


@pytest.fixture
def browser(database):
    return Browser(create_app())


def signed_in(browser, caller):
    with db.writing() as session:
        token = identity.sign_in(session, caller.id)
    browser.http.cookies.set("dothi_session", token, domain="city.test")
    return browser


def test_an_address_is_added_confirmed_by_its_link_once_tried_and_removed(browser, mailbox, people):
    lan = people("lan")
    signed_in(browser, lan)
    browser.get("/me/notifications")
    browser.post("/me/notifications/addresses", channel="mail", target="Lan@Example.VN", language="vi", label="cơ quan")
    assert "chờ xác nhận" in browser.page.text
    send()
    path = LINK.search(mailbox.text())[1]
    assert mailbox.letters[0]["to"] == "Lan@example.vn"
    stranger = browser.another()
    assert "L***@example.vn" in stranger.get(path).text
    assert "Lan@" not in stranger.page.text
    with db.reading() as session:
        assert store.addresses(session, lan.id)[0].confirmed_at is None, (
            "a link that is only looked at confirms nothing"
        )
    stranger.post(path)
    assert stranger.page.status_code == 200
    assert stranger.get(path).status_code == 404
    assert messages()[0].body == "", "the link is kept no longer than it is needed"
    id_ = re.search(r"addresses/(\d+)/test", browser.get("/me/notifications").text)[1]
    browser.post(f"/me/notifications/addresses/{id_}/test")
    assert "Đã gửi tin thử" in browser.page.text
    send()
    assert mailbox.letters[-1]["subject"] == "Tin thử"
    browser.post(f"/me/notifications/addresses/{id_}/remove")
    assert "Chưa có địa chỉ nào" in browser.page.text


def test_a_link_runs_out_after_three_days_and_another_can_be_had(browser, mailbox, people, now):
    lan = people("lan")
    with db.writing() as session:
        from dothi.notify import addresses

        id_ = addresses.add(session, lan, "mail", "lan@example.vn")[0].id
    send()
    path = LINK.search(mailbox.text())[1]
    now.pass_(3 * 86_400 + 1)
    assert browser.get(path).status_code == 404
    signed_in(browser, lan)
    browser.get("/me/notifications")
    browser.post(f"/me/notifications/addresses/{id_}/again")
    send()
    assert len(mailbox.letters) == 2
    browser.post(f"/me/notifications/addresses/{id_}/again")
    assert browser.page.status_code == 409, "nobody is flooded with links"
    path = LINK.search(mailbox.text())[1]
    browser.get(path)
    browser.post(path)
    assert "Đã xác nhận" in browser.page.text


def test_what_cannot_be_kept_is_said_under_its_field_all_at_once(browser, mailbox, people):
    signed_in(browser, people("lan")).get("/me/notifications")
    browser.post("/me/notifications/addresses", channel="mail", target="not an address", label="x" * 101, language="fr")
    assert browser.page.status_code == 400
    assert {"e-target", "e-label", "e-language"} <= set(re.findall(r'id="(e-\w+)"', browser.page.text))
    browser.post("/me/notifications/addresses", channel="sms", target="0901234567")
    assert browser.page.status_code == 400, "there is no gateway"
    browser.post(
        "/me/notifications/preferences", channel="mail", severity="loud", quiet_from="25:00", quiet_breaks="none"
    )
    assert browser.page.status_code == 400
    browser.post("/me/notifications/push", endpoint="https://push.example.org/1", p256dh="AAAA", auth="x")
    assert browser.page.status_code == 400


def test_preferences_are_kept_and_shown_again(browser, mailbox, people):
    lan = people("lan")
    signed_in(browser, lan).get("/me/notifications")
    browser.post("/me/notifications/addresses", channel="mail", target="lan@example.vn", language="vi")
    browser.post(
        "/me/notifications/preferences", channel="mail", severity="minor", kinds=["alerts"], sectors=["water", "air"],
        quiet_from="22:00", quiet_until="06:30", quiet_breaks="major",
    )  # fmt: skip
    assert "Đã lưu" in browser.page.text
    assert re.search(r'name="quiet_until" value="06:30"', browser.page.text)
    with db.reading() as session:
        kept = store.preference(session, lan.id, "mail")
        assert (kept.severity, kept.kinds, sorted(kept.sectors)) == ("minor", ["alerts"], ["air", "water"])
        assert (kept.quiet_from, kept.quiet_until, kept.quiet_breaks) == (1320, 390, "major")


def test_nobody_touches_anybody_elses_address(browser, mailbox, people):
    lan, minh = people("lan"), people("minh")
    with db.writing() as session:
        from dothi.notify import addresses

        id_ = addresses.add(session, lan, "mail", "lan@example.vn")[0].id
    signed_in(browser, minh).get("/me/notifications")
    assert "lan@" not in browser.page.text
    for verb in ("test", "again", "remove"):
        for number in (id_, 999_999):
            browser.get("/me/notifications")
            browser.post(f"/me/notifications/addresses/{number}/{verb}")
            assert browser.page.status_code == 404


def communes():
    with db.writing() as session:
        for code, name in (("80104", "Phường Tân An"), ("80105", "Phường Long An")):
            session.add(
                Unit(
                    code=code,
                    level="commune",
                    kind="phường",
                    name=name[7:],
                    full_name=name,
                    folded="",
                    valid_from=0,
                    lon=106.4,
                    lat=10.5,
                )
            )


def test_a_citizen_subscribes_confirms_changes_and_leaves_without_an_account(browser, mailbox, database):
    from dothi.notify.service import tell_subscribers

    communes()
    browser.get("/subscribe")
    browser.post("/subscribe", channel="mail", target="dan@example.org", units=["80104"], topics=["Met"], language="vi")
    assert "Đã gửi một thư" in browser.page.text
    send()
    path = LINK.search(mailbox.text())[1]
    texts = {"vi": ("Mưa rất lớn", "Từ 14 giờ"), "en": ("Very heavy rain", "From 14:00")}

    def warn(key, units=("80104",), topics=("Met",), **how):
        with db.writing() as session:
            return tell_subscribers(
                session, cause="warning:1", key=key, units=units, topics=topics, texts=texts, kind="warnings.message.published",
                **how,
            )  # fmt: skip

    assert warn("before") == 0
    browser.get(path)
    browser.post(path)
    own = str(browser.page.url.path)
    assert "Đã xác nhận" in browser.page.text
    assert [warn("a"), warn("a"), warn("b", units=("80105",)), warn("c", topics=("Fire",)), warn("d", exercise=True)] == [
        1, 0, 0, 0, 0,
    ]  # fmt: skip
    send()
    letter = mailbox.letters[-1]
    assert letter["subject"] == "Mưa rất lớn"
    assert own in letter.get_content()
    assert letter["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    browser.get(own)
    browser.post(own, everywhere="1", topics=["exercise"], language="en")
    assert [warn("e", units=("80105",)), warn("f", exercise=True, topics=("Fire",))] == [1, 1]
    send()
    assert {one["subject"] for one in mailbox.letters[-2:]} == {"Very heavy rain", "EXERCISE: Very heavy rain"}
    leave = re.search(r"http://tanan\.example\.vn(/subscribe/leave/[\w-]+)", letter["list-unsubscribe"])[1]
    assert "d***@example.org" in browser.get(leave).text
    assert warn("g") == 1, "looking at the page leaves nothing"
    answer = browser.another().http.post(leave, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert browser.get(own).status_code == 404
    assert warn("h") == 0
    with db.reading() as session:
        assert store.same_address(session, None, "mail", "dan@example.org") is None
    send()
    assert len(mailbox.letters) == 4, "what still waited was not sent any more"


def test_a_subscription_tells_nobody_who_is_subscribed_and_changes_nothing_of_theirs(browser, mailbox, now):
    browser.get("/subscribe")
    first = browser.post("/subscribe", channel="mail", target="dan@example.org", topics=["Met"], everywhere="1").text
    send()
    path = LINK.search(mailbox.text())[1]
    browser.get(path)
    browser.post(path)
    other = browser.another()
    other.get("/subscribe")
    again = other.post("/subscribe", channel="mail", target="dan@example.org", topics=["Fire"], everywhere="1").text
    assert re.sub(r"[0-9a-f]{64}", "", first) == re.sub(r"[0-9a-f]{64}", "", again)
    send()
    assert len(mailbox.letters) == 1, "within an hour nothing more is sent to the same address"
    now.pass_(3601)
    other.get("/subscribe")
    other.post("/subscribe", channel="mail", target="dan@example.org", topics=["Fire"], everywhere="1")
    send()
    assert mailbox.letters[-1]["subject"] == "Bạn đã đăng ký nhận cảnh báo"
    with db.reading() as session:
        address = store.same_address(session, None, "mail", "dan@example.org")
        assert store.subscriptions(session, address.id)[0].topics == ["Met"]


def test_a_browser_subscribes_and_gets_its_own_page(browser, receiver):
    browser.get("/subscribe")
    keys = PushBrowser().keys
    browser.post("/subscribe", channel="push", endpoint=f"{receiver.url}/1", everywhere="1", **keys)
    assert browser.page.status_code == 200
    assert str(browser.page.url.path).startswith("/subscribe/mine/")
    made_up = str(browser.page.url.path)[:-4] + "AAAA"
    assert browser.get(made_up).status_code == 404


def test_addresses_nobody_confirmed_are_forgotten_after_a_week(browser, mailbox, now, people):
    from dothi.notify import addresses, chores

    lan = people("lan")
    with db.writing() as session:
        addresses.add(session, lan, "mail", "lan@example.vn")
    browser.get("/subscribe")
    browser.post("/subscribe", channel="mail", target="dan@example.org", everywhere="1")
    send()
    now.pass_(8 * 86_400)
    chores.forget()
    with db.reading() as session:
        assert store.same_address(session, None, "mail", "dan@example.org") is None
        assert store.same_address(session, lan.id, "mail", "lan@example.vn") is not None
    assert len(messages()) == 2
    now.pass_(90 * 86_400)
    chores.forget()
    assert messages() == []


def test_a_ladder_is_made_changed_and_removed_by_who_leads_there(browser, mailbox, people):
    from dothi.notify import ladders

    chief = people("truong", "duty-chief", "so-nnmt")
    with db.reading() as session:
        agency = identity_store.agency_by_code(session, "so-nnmt").id
    signed_in(browser, chief).get("/operations/ladders")
    assert "Chưa có thang nào" in browser.page.text
    rungs = {
        "rung0_after": "10",
        "rung0_who": "role:leader",
        "rung1_after": "0",
        "rung1_who": f"person:{chief.id}",
        "rung1_mail": "1",
    }
    given = {
        "code": "nuoc",
        "title": "Nước",
        "severity": "major",
        "sector": "water",
        "agency": str(agency),
        "active": "1",
    }
    browser.get("/operations/ladders/new")
    browser.post("/operations/ladders", **given, **rungs)
    assert "không ai nhận được" in browser.page.text
    with db.reading() as session:
        (one,) = store.ladders(session)
        assert [(rung.after_minutes, rung.role, rung.person, rung.channels) for rung in ladders.rungs(one)] == [
            (0, None, chief.id, ("mail",)), (10, "leader", None, ()),
        ]  # fmt: skip
    browser.get("/operations/ladders/new")
    browser.post(
        "/operations/ladders", **{**given, "code": "X y", "severity": "?"}, rung0_after="-1", rung0_who="role:king"
    )
    assert browser.page.status_code == 400
    browser.get("/operations/ladders/new")
    assert browser.post("/operations/ladders", **given, **rungs).status_code == 409
    browser.post("/operations/ladders", **{**given, "agency": "", "code": "all"}, **rungs)
    assert browser.page.status_code == 403, "who leads in an agency makes no ladder of all"
    outsider = signed_in(browser.another(), people("khac", "duty-chief", "so-xd"))
    assert outsider.get(f"/operations/ladders/{one.id}").status_code == 404
    assert "Nước" not in outsider.get("/operations/ladders").text
    assert signed_in(browser.another(), people("truc", "duty-officer")).get("/operations/ladders").status_code == 403
    browser.get(f"/operations/ladders/{one.id}")
    browser.post(f"/operations/ladders/{one.id}/remove")
    assert "Đã xóa thang" in browser.page.text


def test_the_log_says_who_was_told_what_with_masked_addresses(browser, mailbox, people):
    from tests.notify.conftest import give
    from tests.notify.test_channels import tell_all

    lan, minh = people("lan", agency="so-nnmt"), people("minh", agency="so-xd")
    give(lan, "mail", "lan@example.vn")
    give(minh, "mail", "minh@example.vn")
    mailbox.refusing = {"minh@example.vn": "550 no <minh@example.vn>"}
    tell_all(lan, minh)
    send()
    chief = signed_in(browser, people("truong", "duty-chief"))
    text = chief.get("/operations/messages").text
    assert "Người lan" in text
    assert "l***@example.vn" in text
    assert "lan@" not in text
    assert "minh@" not in text
    assert "550" in text
    assert "Người minh" not in chief.get("/operations/messages?state=sent&channel=mail").text
    assert chief.get("/operations/messages?state=gone").status_code == 400
    near = signed_in(browser.another(), people("gan", "duty-chief", "so-nnmt"))
    assert "Người lan" in near.get("/operations/messages").text
    assert "Người minh" not in near.page.text
    assert "Không có tin nào" in near.get("/operations/messages?cause=alarm:2").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_pages_of_people_ask_strangers_to_sign_in(browser, database):
    from dothi.screens.desk import ANYBODY
    from dothi.screens.notify.desk import ROUTES

    assert len(ROUTES) > 20
    stranger = Asking(browser.application, accept="text/html")
    for method, path, who in ROUTES:
        if who != ANYBODY:
            answer = stranger.request(method, path.replace("{id:id}", "1"))
            assert answer.status_code == (303 if method == "GET" else 401), path
