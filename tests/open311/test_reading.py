"""Reading: every answer fits the official schemas in both forms; who and what is listed; pages, windows, languages."""

from datetime import datetime

import pytest
from lxml import etree

from dothi.kit import clock
from tests.open311.conftest import FOLDER, MAIL, NAME, PHONE, held, of_xml

FORMS = ["json", "xml"]
SHOWN = ("received", "assigned", "working", "resolved", "rated", "merged")


def numbers(answer):
    assert answer.status_code == 200, answer.text
    return [one["service_request_id"] for one in answer.json()]


@pytest.mark.parametrize("form", FORMS)
def test_every_answer_fits_the_official_schemas(web, town, form):
    services = held("services.json", web.get(f"services.{form}"))
    assert len(services) > 20
    for one in services:
        answer = web.get(f"services/{one['service_code']}.{form}")
        definition = held("service-definition.json", answer)
        assert bool(definition["attributes"]) == one["metadata"]
        assert [told["order"] for told in definition["attributes"]] == [*range(1, len(definition["attributes"]) + 1)]
    listed = held("requests.json", web.get(f"requests.{form}?extensions=true&lang=en"))
    assert {one["service_request_id"] for one in listed} == {town.cases[name].number for name in SHOWN}
    for one in listed:
        (same,) = held("requests.json", web.get(f"requests/{one['service_request_id']}.{form}?extensions=true&lang=en"))
        assert same == one
        assert one["requested_datetime"].endswith("+07:00")
        datetime.fromisoformat(one["updated_datetime"])
        updates = web.get(f"requests/{one['service_request_id']}/updates.{form}")
        told = updates.json() if form == "json" else of_xml(updates.content)
        assert told[0]["service_request_id"] == one["service_request_id"]
        assert told[-1]["status"] == one["status"]
    for found in (web.get(f"discovery.{form}"),):
        said = found.json() if form == "json" else of_xml(found.content)
        (endpoint,) = said["endpoints"]
        assert endpoint["url"] == "http://city.test/open311/v2"
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert set(endpoint["formats"]) == {"text/xml", "application/json"}
        assert said["key_service"]


@pytest.mark.parametrize("what", ["requests", "service-list", "service-definition"])
def test_the_elements_are_those_of_the_official_examples(web, what):
    path = {"requests": "requests", "service-list": "services", "service-definition": "services/lamp-out"}[what]
    example = "xml-service-requests.xml" if what == "requests" else f"xml-{what}.xml"
    official = etree.parse(FOLDER / "examples" / example).getroot()
    ours = etree.fromstring(web.get(f"{path}.xml").content)

    def names(node):
        return {(one.getparent().tag, one.tag) for one in node.iter() if one is not node}

    assert ours.tag == official.tag
    assert names(ours) == names(official)


def test_what_is_not_public_is_not_there_and_nobody_is_named(web, town):
    for name in ("hidden", "private", "unconfirmed"):
        number = town.cases[name].number
        for path in (f"requests/{number}.json", f"requests/{number}/updates.json"):
            refused = web.get(path)
            assert refused.status_code == 404
            assert refused.json()[0]["code"] == 404
        assert numbers(web.get(f"requests.json?service_request_id={number}")) == []
    pages = [web.get(f"requests.{form}?extensions=true").text for form in FORMS]
    pages += [web.get(f"requests/{town.cases[name].number}/updates.json").text for name in SHOWN]
    for secret in (*NAME, PHONE, PHONE[3:], MAIL, town.cases["working"].secret):
        assert not any(secret in page for page in pages), secret


def test_states_are_told_in_words_and_a_duplicate_names_what_goes_on(web, town):
    answer = web.get("requests.json?extensions=true&lang=en")
    found = {one["service_request_id"]: one for one in answer.json()}
    of = {name: found[town.cases[name].number] for name in SHOWN}
    assert [of[name]["status"] for name in SHOWN] == ["open", "open", "open", "closed", "closed", "closed"]
    assert of["resolved"]["status_notes"] == "Resolved: Đã thay bóng đèn"
    assert of["merged"]["status_notes"] == f"Joined to another report: duplicate of {town.cases['working'].number}"
    assert of["merged"]["extended_attributes"]["duplicate_of"] == town.cases["working"].number
    assert of["working"]["extended_attributes"]["detailed_status"] == "working"
    assert of["working"]["agency_responsible"] == "Office chieu-sang"
    assert "Công ty Chiếu sáng đô thị" in web.get("requests.json?lang=vi").text
    due = datetime.fromisoformat(of["working"]["expected_datetime"])
    assert clock.micros(due) // clock.SECOND == town.cases["working"].due_at // clock.SECOND
    assert of["resolved"]["expected_datetime"] is None
    media = of["working"]["extended_attributes"]["media_urls"]
    assert len(media) == 1  # papers are never shown
    assert of["working"]["media_url"] == media[0]
    assert media[0].startswith(f"http://city.test/cases/{town.cases['working'].number}/files/")
    vietnamese = web.get(f"requests/{town.cases['merged'].number}.json").json()[0]["status_notes"]
    assert vietnamese == f"Gộp vào phản ánh khác: trùng với {town.cases['working'].number}"
    (old,) = web.get(f"requests/{town.cases['old'].number}.json?lang=en&extensions=true").json()
    assert "simulated" in old["service_notice"]
    assert old["extended_attributes"]["simulated"] is True


def test_the_timeline_says_what_was_done(web, town):
    told = web.get(f"requests/{town.cases['rated'].number}/updates.json?lang=en").json()
    assert told[-1]["status"] == "closed"
    said = [one["description"] for one in told]
    assert said[0] == "Report sent"
    assert "Received" in said
    assert any(one.startswith("Resolved. Đã thay bóng đèn") for one in said)
    assert "The reporter: fixed (5/5)" in said


def test_requests_are_chosen_by_service_status_time_and_number(web, town):
    of = {name: one.number for name, one in town.cases.items()}
    assert set(numbers(web.get("requests.json?status=closed"))) == {
        of[name] for name in ("resolved", "rated", "merged")
    }
    assert len(numbers(web.get("requests.json?status=open,closed"))) == 6
    assert len(numbers(web.get("requests.json?status=open&status=closed"))) == 6
    assert numbers(web.get("requests.json?service_code=waste-not-collected")) == []  # more than 90 days ago
    assert len(numbers(web.get("requests.json?service_code=waste-not-collected,lamp-out"))) == 6
    begin = f"{clock.moment(clock.now_micros() - 210 * clock.DAY):%Y-%m-%d}"
    assert numbers(web.get(f"requests.json?start_date={begin}")) == [of["old"]]
    assert numbers(web.get(f"requests.json?start_date={begin}T00:00:00+07:00")) == [of["old"]]  # the + is a space there
    wide = web.get(f"requests.json?start_date={begin}&end_date=2099-01-01T00:00:00Z")
    assert (wide.status_code, wide.json()[0]["code"]) == (400, 400)
    assert "90 days" in wide.json()[0]["description"]
    picked = f"{of['old']},{of['working'].lower()},{of['hidden']},PA-26-999999"
    assert set(numbers(web.get(f"requests.json?service_request_id={picked}&status=closed"))) == {
        of["old"],
        of["working"],
    }
    yesterday = f"{clock.moment(clock.now_micros() - clock.DAY):%Y-%m-%d}"
    assert len(numbers(web.get(f"requests.json?updated_after={yesterday}"))) == 6
    assert numbers(web.get("requests.json?updated_after=2099-01-01")) == []


def test_pages_follow_each_other(web):
    found, path, sizes = [], "requests.json?page_size=4&lang=en&api_key=dk_1_x", []
    while path:
        answer = web.get(path)
        found += numbers(answer)
        sizes.append(len(answer.json()))
        links = dict(reversed(one.split("; rel=")) for one in answer.headers.get("link", "").split(", ") if one)
        path = links.get('"next"', "").strip("<>").rpartition("/")[2]
        assert "api_key" not in path
    assert sizes == [4, 2]
    assert found == numbers(web.get("requests.json"))
    assert numbers(web.get("requests.json?page=2&page_size=4")) == found[4:]
    assert len(numbers(web.get("requests.json?page_size=5000"))) == 6


def test_answers_are_kept_and_asked_for_again_cheaply(web, town):
    for path in ("services.json", "requests.xml", f"requests/{town.cases['working'].number}.json", "discovery.json"):
        first = web.get(path)
        assert first.headers["access-control-allow-origin"] == "*"
        assert "max-age" in first.headers["cache-control"]
        again = web.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert ("last-modified" in first.headers) == path.startswith("requests")
    assert web.get("services.json?lang=en").headers["etag"] != web.get("services.json?lang=vi").headers["etag"]


def test_attributes_are_made_of_the_questions(web):
    told = web.get("services/lamp-out.json?lang=en").json()["attributes"]
    assert [one["variable"] for one in told] == [False, True, True, True]
    assert "call 114 now" in told[0]["description"]
    extent, pole = told[1], told[3]
    assert (extent["code"], extent["datatype"], extent["required"]) == ("extent", "singlevaluelist", False)
    assert {"key": "street", "name": "The whole street"} in extent["values"]
    assert (pole["datatype"], pole["datatype_description"]) == ("string", "at most 30 letters")
    (many,) = [one for one in web.get("services/dead-animal.json").json()["attributes"] if one["code"] == "many"]
    assert many["values"] == [{"key": "true", "name": "Có"}, {"key": "false", "name": "Không"}]


def test_one_jurisdiction_is_known(web):
    for good in ("tan-an", "city.test", ""):
        assert web.get(f"services.json?jurisdiction_id={good}").status_code == 200
    for path in ("services.json", "requests.xml"):
        assert web.get(f"{path}?jurisdiction_id=sf.gov").status_code == 404
