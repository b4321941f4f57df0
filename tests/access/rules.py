"""The rules' pages and the cameras: what a stranger would ask of them."""

from collections.abc import Callable, Iterator
from typing import Any

FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))


def requests(asked: Callable[..., Any], html: Callable[..., Any]) -> Iterator[Any]:
    """The requests; asked and html make one (see walk)."""

    def sent(route: str, path: str) -> Any:
        return asked(route, path, "POST", FORM, b"reason=x")

    yield html("/operations/rules", "/operations/rules", few=True)
    yield html("/operations/rules/new", "/operations/rules/new")
    yield html("/operations/maintenance", "/operations/maintenance", few=True)
    yield sent("/operations/rules/new", "/operations/rules/new")
    yield sent("/operations/maintenance", "/operations/maintenance")
    yield sent("/operations/maintenance/{id:id}/cancel", "/operations/maintenance/1/cancel")
    one = "/operations/rules/{code}"
    for code in ("river-stage", "chua-tung-co"):
        for verb in ("", "/edit", "/trial"):
            yield html(f"{one}{verb}", f"/operations/rules/{code}{verb}")
        for verb in ("edit", "switch", "delete"):
            yield sent(f"{one}/{verb}", f"/operations/rules/{code}/{verb}")
    yield asked("/operations/cameras", "/operations/cameras", headers=(("accept", "application/json"),), few=True)
    yield html("/operations/cameras", "/operations/cameras?near=106.41,10.54")
    one = "/operations/cameras/{code}"
    for code in ("K0", "chua-tung-co"):
        yield html(one, f"/operations/cameras/{code}")
        for verb in ("still", "stream"):
            yield asked(f"{one}/{verb}", f"/operations/cameras/{code}/{verb}?viewing=x")
        for verb in ("open", "close"):
            yield sent(f"{one}/{verb}", f"/operations/cameras/{code}/{verb}")
