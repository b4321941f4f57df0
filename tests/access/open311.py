"""What a stranger would try at the Open311 door."""

from collections.abc import Iterator

FORM = (("content-type", "application/x-www-form-urlencoded"),)
HERE = "/open311/v2"


def requests(asked) -> Iterator:
    """Every address, in both forms; asked: walk.Asked. What is sent is refused: a report would have a token of chance."""
    for form in ("json", "xml"):
        for name in ("discovery", "services", "requests"):
            yield asked(f"{HERE}/{name}.{{format}}", f"{HERE}/{name}.{form}", few=form == "json")
        yield asked(f"{HERE}/services/{{code}}.{{format}}", f"{HERE}/services/lamp-out.{form}")
        for number in ("PA-26-000001", "PA-26-000002", "1"):
            one = f"{HERE}/requests/{{id}}"
            yield asked(f"{one}.{{format}}", f"{HERE}/requests/{number}.{form}?extensions=true")
            yield asked(f"{one}/updates.{{format}}", f"{HERE}/requests/{number}/updates.{form}")
        yield asked(f"{HERE}/tokens/{{token}}.{{format}}", f"{HERE}/tokens/{'a' * 43}.{form}")
        yield asked(
            f"{HERE}/tokens/{{token}}.{{format}}", f"{HERE}/tokens/{'a' * 43}.{form}", "POST", FORM, b"code=123456"
        )
        yield asked(f"{HERE}/requests.{{format}}", f"{HERE}/requests.{form}", "POST", FORM, b"service_code=lamp-out")
    for query in (
        "service_request_id=PA-26-000001,PA-26-000002",
        "updated_after=2000-01-01&extensions=true",
        "status=closed",
    ):
        yield asked(f"{HERE}/requests.{{format}}", f"{HERE}/requests.json?{query}")
    yield asked(f"{HERE}/{{rest:path}}", f"{HERE}/cases.json")
