"""What is described is so: every call of the OpenAPI description, with good and bad input, on both databases."""

import re
from http.cookiejar import DefaultCookiePolicy

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dothi.doors.sensorthings import model
from tests.robust.conftest import STA, station

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODEST = settings(
    max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def document():
    from dothi.app import create_app

    return create_app().openapi()


def test_the_description_is_valid_openapi(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_description_has_every_set_entity_and_navigation_path(document):
    for entity in model.ENTITIES:
        one = f"{entity.set_name}('{{id}}')" if entity.name == "Observation" else f"{entity.set_name}({{id}})"
        for path in (entity.set_name, one, *(f"{one}/{link.name}" for link in entity.links)):
            assert f"{STA}/{path}" in document["paths"]


def test_the_description_is_served_and_shown_to_people(server):
    served = httpx.get(f"{server.url}/openapi.json")
    assert served.json()["paths"]
    page = httpx.get(f"{server.url}/docs/api")
    assert page.status_code == 200
    assert 'href="/openapi.json"' in page.text
    assert "https://" not in page.text.partition("<main")[0]  # nothing from other servers


@pytest.fixture(scope="module")
def calls(document):
    """Every call, with good and bad input. Made once: both databases are asked the same."""
    # the live stream never ends; tests/live and test_bounds ask for it
    schema = schemathesis.openapi.from_dict(shallow(document)).exclude(path="/live")
    made = []
    for found in schema.get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            made += _cases(found.ok(), mode)
    return made


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # of schemathesis itself
def test_every_call_is_answered_as_described(calls, web):
    station(web)
    assert len(calls) > 900
    with requests.Session() as session:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # each is a stranger's
        session.trust_env = False
        wrong = [said for case in calls if (said := _fault(case, str(web.base_url), session))]
    assert not wrong, "\n".join(wrong)


def shallow(value):
    """The description without entities inside entities: schemathesis loses itself in them.

    What is nested is tested by hypothesis in tests/sensorthings_write/test_any_body.py.
    """
    if isinstance(value, list):
        return [shallow(one) for one in value]
    if not isinstance(value, dict):
        return value
    either = value.get("anyOf", [])
    if any("/New" in one.get("$ref", "") for one in either):
        return either[0]
    return {name: shallow(one) for name, one in value.items()}


def _cases(call, mode):
    made = []

    @MODEST
    @given(call.as_strategy(generation_mode=mode))
    def make(case):
        made.append(case)

    try:
        make()
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__ and "cannot" not in str(error).lower():
            raise
    return made


def _fault(case, url, session):
    """What is wrong with the answer to a call, or None."""
    answer = case.call(base_url=url, session=session, allow_redirects=False)
    try:
        case.validate_response(answer, checks=CHECKS)
        if 400 <= answer.status_code < 500 and case.method != "HEAD":
            assert _reason(answer), "a refusal without a reason"
    except (Exception, BaseExceptionGroup) as error:
        return f"{case.operation.label}: {str(error)[:900]}"
    return None


def _reason(answer):
    """Why a call was refused, as its door says it."""
    if answer.headers["content-type"][0].startswith("text/xml"):  # Open311 says it in both its forms
        return re.findall("<description>(.+?)</description>", answer.text)
    said = answer.json()
    if isinstance(said, list):
        return [one["description"] for one in said if one["code"] == answer.status_code]
    # CKAN says some of its refusals as a bare text, others under `error`
    return said if isinstance(said, str) else said.get("message") or said.get("detail") or said.get("error")
