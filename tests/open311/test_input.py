"""Bad input of every kind is refused in the interface's own words, in the form that was asked for; never a 5xx."""

from urllib.parse import quote

import pytest

from tests.open311.conftest import of_xml

ODD = [
    "", " ", "0", "-1", "1e308", "nan", "inf", "1,2", "a" * 5000, "%00", "\x00", "’ OR 1=1 --", "'; DROP TABLE case_;--",
    "<script>alert(1)</script>", "../../etc/passwd", "Đường số 1 ☂ 𝒳", "\ud7ff\ue000", "null", "[]", "{}", "٣", "２０２６",
    "2026-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00", "99999999999999999999999",
]  # fmt: skip
QUERIES = [
    "service_request_id", "service_code", "start_date", "end_date", "updated_after", "updated_before", "status", "page", "page_size",
    "jurisdiction_id", "lang", "extensions", "unknown",
]  # fmt: skip
FIELDS = [
    "service_code", "lat", "long", "address_string", "address_id", "email", "device_id", "account_id", "first_name", "last_name",
    "phone", "description", "media_url", "api_key", "jurisdiction_id", "attribute[extent]", "attribute[how][]", "attribute[unknown]",
    "attribute[]", "attribute[[", "attribute", "code",
]  # fmt: skip
BASE = {"service_code": "lamp-out", "lat": "10.535", "long": "106.405", "description": "Đèn tắt"}


def errors(answer, form):
    """What a refusal says, held against the form of errors."""
    kind = "application/json" if form == "json" else "text/xml"
    assert answer.headers["content-type"].startswith(kind), answer.text[:200]
    said = answer.json() if form == "json" else of_xml(answer.content)
    assert said
    for one in said:
        assert one["code"] == answer.status_code
        assert one["description"]
    return said


def test_odd_parameters(web):
    for turn, name in enumerate(QUERIES):
        for n, odd in enumerate(ODD[turn % 2 :: 2]):
            form = ("json", "xml")[n % 2]
            answer = web.get(f"requests.{form}", params={name: odd})
            assert answer.status_code in (200, 400, 404), (name, odd, answer.text[:300])
            if answer.status_code != 200:
                errors(answer, form)


def test_odd_fields(web):
    for turn, name in enumerate(FIELDS):
        for n, odd in enumerate(ODD[turn % 3 :: 3]):  # each is in every third field
            form = ("json", "xml")[n % 2]
            answer = web.post(f"requests.{form}", data=BASE | {name: odd})
            assert answer.status_code in (200, 400, 403, 404), (name, odd, answer.status_code, answer.text[:300])
            if answer.status_code != 200:
                errors(answer, form)


def test_odd_addresses(web):
    for odd in ODD:
        if not odd.strip() or "/" in odd or "%" in odd:
            continue
        for n, path in enumerate((f"requests/{odd}", f"requests/{odd}/updates", f"services/{odd}", f"tokens/{odd}")):
            form = ("json", "xml")[n % 2]
            answer = web.get(f"{quote(path)}.{form}")
            assert answer.status_code in (400, 404), (path, answer.text[:200])
            errors(answer, form)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_each_refusal_has_its_status_and_says_where(web, town, form):
    key = town.keys["app"]

    def refused(status, what, /, **fields):
        answer = web.post(f"requests.{form}", data={name: value for name, value in (BASE | fields).items() if value})
        assert answer.status_code == status, answer.text
        assert any(what in one["description"] for one in errors(answer, form)), answer.text

    refused(400, "service_code", service_code="")
    refused(404, "service_code", service_code="nothing")
    refused(400, "lat", lat="", long="")
    refused(400, "lat", lat="91")
    refused(400, "lat", long="")
    refused(400, "email", email="not an address")
    refused(400, "phone", phone="12")
    refused(400, "first_name", first_name="<b>")
    refused(400, "description", description="x" * 4001)
    refused(400, "address_string", address_string="x" * 400)
    refused(400, "address_id", address_id="lamps/none")
    refused(400, "attribute[extent]", **{"attribute[extent]": "purple"})
    refused(400, "attribute[shape]", **{"attribute[shape]": "round"})
    refused(400, "attribute[danger]", service_code="lamp-pole", api_key=key)
    refused(403, "api_key", api_key="wrong")
    refused(404, "jurisdiction_id", jurisdiction_id="sf.gov")
    many = web.post(f"requests.{form}", data=BASE | {"lat": "x", "email": "x", "attribute[extent]": "x"})
    assert len(errors(many, form)) >= 2  # every fault at once


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing.json", 404), ("GET", "services.csv", 404), ("GET", "", 404), ("GET", "requests", 404),
        ("PUT", "requests.json", 405), ("DELETE", "requests/PA-26-000001.xml", 405), ("POST", "services.json", 405),
        ("OPTIONS", "requests.json", 204), ("HEAD", "services.json", 200), ("GET", "requests/a/b/c.xml", 404),
    ],
)  # fmt: skip
def test_addresses_and_methods(web, method, path, status):
    answer = web.asking.request(method, f"/open311/v2/{path}")
    assert answer.status_code == status
    if status in (404, 405):
        errors(answer, "xml" if path.endswith(".xml") else "json")
    if status in (204, 405):
        assert "GET" in answer.headers["allow"]


def test_bodies_that_are_no_forms(web):
    for kind, body in (
        ("application/json", b'{"service_code": "lamp-out"}'), ("application/x-www-form-urlencoded", b"\xff\xfe=%ff"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(400))),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 600_000), ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"), ("text/xml", b"<request/>"),
        ("multipart/form-data; boundary=x", b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n' + b"y" * 70_000 + b"\r\n--x--\r\n"),
    ):  # fmt: skip
        answer = web.asking.post("/open311/v2/requests.xml", content=body, headers={"content-type": kind})
        assert answer.status_code in (400, 404, 413), (kind, answer.text[:200])
        errors(answer, "xml")
