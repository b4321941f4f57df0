"""Every address of the application that is asked by GET, filled with what is in the world: no route is left out unsaid."""

import re
from collections.abc import Iterator

from starlette.routing import Mount

from dothi.app import create_app
from tests.access import walk as others

# streams, files of the program, and what answers about the process alone
EXEMPT = {
    "/live": "a stream: it is asked by itself below", "/operations/wall/live": "a stream for a screen with its token",
    "/static": "files of the program", "/operations/cameras/{code}/still": "pictures of cameras",
    "/operations/cameras/{code}/stream": "pictures of cameras",
}  # fmt: skip
OF_CASES = ("/reports", "/desk", "/field", "/services", "/transparency", "/cases", "/open311")
# what stands for a part of an address where the cases of the world say nothing
SAMPLES = {
    "path:path": ["Things", "Things?$count=true", "collections", "collections/things/items", "collections/units/items"],
    "rest:path": ["x"], "ending:rdf_ending": ["ttl"], "key:path": ["x"], "identifier:path": ["x"], "code": ["x"],
    "id": ["1"], "id:id": ["1", "2"], "format": ["json", "xml"], "name": ["package_list"], "ext": ["csv"], "token": ["x"],
    "number": ["CB-26-00001"], "identifier": ["x"], "crew": ["1"], "crew:id": ["1"], "reference": ["x"],
    "day": ["2026-11-20"], "office": ["1"], "office:id": ["1"], "verb": ["x"], "feed": ["x"], "id:path": ["x"],
    "question": ["duty", "which-offices-are-late"],
}  # fmt: skip
# more of what a page answers by its query
QUERIES = {
    "/reports": ["?q=Zqx", "?q=0907654321", "?mine=1&lang=en"],
    "/reports.geojson": ["?q=Zqx", "?bbox=106,10,107,11"], "/reports.atom": ["?unit=80104"],
    "/reports/near": ["?category=lamp-out&lon=106.405&lat=10.535", "?category=lamp-out&lon=106.413579&lat=10.535791"],
    "/desk": ["?q=Zqx", "?list=all", "?list=own"],
    "/desk/new": ["?phone=0907654321", "?q=Zqx"], "/desk/moderation": ["?list=all", "?which=hidden"],
    "/desk/export": ["?format=csv&list=all", "?format=xlsx&list=all"],
    "/open311/v2/requests.json": ["?extensions=true", "?status=open", "?q=Zqx", "?per_page=100&extensions=true"],
    "/open311/v2/requests.xml": ["?extensions=true"],
    "/admin/journal": ["?kind=cases", "?kind=cases.contact", "?subject=case:1"],
    "/operations/messages": ["?channel=mail", "?state=waiting"],
    "/services/dossiers": ["?number=Zqxten"], "/services/desk/appointments": ["?office=1"],
    "/places/search": ["?q=Zqx"], "/transparency": ["?by=ward", "?by=office", "?office=1", "?format=csv"],
}  # fmt: skip


def routes() -> list[str]:
    """Every address that answers a GET, as it is written."""
    return sorted({path for path, methods in _paths(create_app().router.routes) if methods is None or "GET" in methods})


def _paths(found, before=""):
    for one in found:
        if isinstance(one, Mount) and one.routes:
            yield from _paths(one.routes, before + one.path)
        else:
            yield before + one.path, getattr(one, "methods", None) or None


def filled(route: str, world) -> Iterator[str]:
    """The addresses a route stands for in the world. Raises KeyError for a part nobody says a sample of."""
    names = re.findall(r"\{([^}]+)\}", route)
    numbers = [one.number for one in world.cases.values()]
    if not route.endswith("{number}"):  # what stands below a case's page: of one that is shown and one that is not
        numbers = [
            world.cases[name].number for name in (("dossier",) if "/services/" in route else ("shown", "private"))
        ]
    if "/files/" in route or "/photos/" in route:
        for id_, file in world.files.items():
            number = next(one.number for one in world.cases.values() if one.id == file.case_id)
            if not route.startswith("/cases/") and number not in numbers:
                continue
            for which in ("public", "thumb", "original") if "{which}" in route else ("",):
                yield _put(route, {"number": number, "id:id": id_, "which": which})
        first = next(iter(world.files))  # a file of another case
        yield _put(route, {"number": numbers[-1], "id:id": first, "which": "public"})
        return
    made = [route]
    for name in names:
        made = [
            one.replace(f"{{{name}}}", str(value), 1) for one in made for value in _values(route, name, world, numbers)
        ]
    for one in made:
        yield one
        for more in QUERIES.get(one, ()):
            yield one + more


def _values(route: str, name: str, world, numbers: list[str]) -> list[str]:
    if route.startswith(OF_CASES):
        if name == "number" or (name in ("id", "service_request_id") and route.startswith("/open311")):
            return numbers
        if name in ("id:id", "id", "job", "job:id", "job:int") and route.startswith("/field"):
            return [str(world.job)]
        if name == "id:id" and "appointments" in route:
            return [str(world.appointment)]
        if name == "code":
            return ["lamp-out"] if route.startswith("/open311") else ["house-permit"]
    if name == "code" and route.startswith("/sectors/"):
        return ["egov", "waste", "traffic"]
    if name == "code" and route.startswith(("/indicators/", "/api/indicators/")):
        return ["reports-on-time", "dossiers-on-time"]
    return SAMPLES[name]


def _put(route: str, values: dict) -> str:
    for name, value in values.items():
        route = route.replace(f"{{{name}}}", str(value))
    assert "{" not in route, route
    return route


def elsewhere() -> list[str]:
    """What is asked of datasets, alarms and things elsewhere: nothing of cases may stand there either."""
    return [one.path for one in others.requests() if one.method == "GET" and one.few]
