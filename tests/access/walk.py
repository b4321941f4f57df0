"""Every address at which datasets or records show, by the route that answers it: what a stranger would try.

A route of the application that is neither named here nor exempt, with a reason, fails the test.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from tests.access import cap, duty, notify, open311, rules, tasking, time_machine, transit
from tests.access.worlds import PUBLIC, SECRET

NEVER = "chua-tung-co"  # a name nothing ever had
ALL = (*PUBLIC, "chia-se", "tc-rieng", *SECRET, NEVER)
OGC = "/ogc/collections"
AREA = {"type": "Polygon", "coordinates": [[[106.0, 10.0], [109.0, 10.0], [109.0, 13.0], [106.0, 13.0], [106.0, 10.0]]]}
HTML, RDF = {"accept": "text/html"}, ("text/turtle", "application/ld+json", "application/rdf+xml")
NAMES = ("gia", "chu", "zzz")  # one kept back, one personal, one that never was


@dataclass(frozen=True)
class Asked:
    """One request. route: the template it is for; few: also asked by callers who walk a shorter way."""

    route: str
    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    few: bool = False

    @property
    def named(self) -> str:
        return f"{self.method} {self.path} {self.body.decode()[:200]} {dict(self.headers) or ''}".strip()


def _html(route: str, path: str, **more) -> Asked:
    return Asked(route, path, headers=(("accept", "text/html"),), **more)


def _post(route: str, path: str, value, **more) -> Asked:
    return Asked(route, path, "POST", (("content-type", "application/json"),), json.dumps(value).encode(), **more)


# of cases and who reported them, not of datasets: every one of them is walked in tests/cases_walk
OF_CASES = ("/reports", "/desk", "/field", "/services", "/transparency", "/cases")
# of the routes that are not asked, why
EXEMPT = {
    "/health": "of the process: times of its own, no data",
    "/metrics": "of the process: times of its own, no data",
    "/static": "files of the program",
    "/live": "streams: see test_live",
    "/cap/certificate.pem": "of the installation: no data",
    **time_machine.EXEMPT,
    "/admin/sign-in": "shows no data", "/admin/sign-in/demo": "shows no data", "/admin/sign-out": "shows no data",
    "/admin/sign-out-everywhere": "shows no data",
    "/admin/people/{id:id}": "of people", "/admin/people/{id:id}/grant": "of people", "/admin/people/{id:id}/take": "of people",
    "/admin/people/{id:id}/password": "of people", "/admin/people/{id:id}/active": "of people",
    "/admin/people/{id:id}/sign-out": "of people", "/admin/keys/{id:id}/revoke": "of keys",
    "/admin/journal/verify": "verifies seals over all entries, for those who hold journal:read everywhere",
    "/admin/letters/{id:id}/replay": "of devices",
    **dict.fromkeys(("/admin/city", "/admin/city/{code}", "/admin/city/{code}/export.zip", "/admin/city/{code}/apply"), "blueprints, for who holds city:apply and sees everything: see tests/city/test_page"),
    "/operations": "shows the time of day; what it shows is walked in its parts",
    "/operations/figures": "ages of things; the portal's pages of the same are walked",
    "/operations/alarms/{verb}": "acts on alarms, seen by alarms:read: see tests/alerts",
    "/operations/alarms/{number}/case": "opens a case from an alarm: see tests/cases/test_from_alarm",
}  # fmt: skip


def requests() -> list[Asked]:
    """All of them."""
    made: list[Asked] = []
    made += [*duty.requests(Asked), *notify.requests(Asked), *cap.requests(Asked), *time_machine.requests(Asked)]
    made += open311.requests(Asked)
    made += transit.requests(Asked)
    made += tasking.requests(Asked)
    for part in (_features, _tiles, _ckan, _catalogue, _steward, _workbench, _operations, _rules, _rest):
        made += part()
    return made


def _features() -> Iterator[Asked]:
    route = "/ogc/{path:path}"
    for path in (
        "/ogc",
        "/ogc/",
        "/ogc/conformance",
        "/ogc/api",
        "/ogc/api.html",
        OGC,
        f"{OGC}?q=mat",
        f"{OGC}?q=den",
        f"{OGC}?q=gia",
    ):
        yield Asked(route, path, few=path == OGC)
    yield _html(route, OGC)
    for code in (*ALL, "things", "units"):
        one = f"{OGC}/{code}"
        yield Asked(route, one, few=True)
        for what in ("schema", "queryables", "sortables"):
            yield Asked(route, f"{one}/{what}")
        yield Asked(route, f"{one}/items", few=True)
        yield Asked(route, f"{one}/items?resultType=hits")
        yield Asked(route, f"{one}/items?limit=2")
        yield _html(route, f"{one}/items")
        yield _html(route, one)
        yield Asked(route, f"{one}/items", "POST", (("content-type", "application/geo+json"),), b"{}")
        for key in ("K0", "D03", "chua-co"):
            yield Asked(route, f"{one}/items/{key}", few=key == "K0")
        for method in ("PUT", "PATCH", "DELETE"):
            yield Asked(route, f"{one}/items/K0", method, (("content-type", "application/geo+json"),), b"{}")
    for form in ("json", "jsonfg", "csv", "geoparquet", "flatgeobuf", "html"):
        yield Asked(route, f"{OGC}/den/items?f={form}&limit=4")
    for form in ("jsonfg", "html"):
        yield Asked(route, f"{OGC}/den/items/D03?f={form}")
    items = f"{OGC}/den/items"
    for moment in ("2026-01-06T00:00:00Z", "2026-01-08T00:00:00Z", "2026-03-01T00:00:00Z"):
        yield Asked(route, f"{items}?as-of={moment}")
        yield Asked(route, f"{items}/D24?as-of={moment}")
        yield Asked(route, f"{OGC}/noi-bo/items?as-of={moment}")
    for asked in (
        "datetime=2026-02-01T00:00:00Z",
        "datetime=../2025-11-15T00:00:00Z",
        "datetime=2026-06-01T00:00:00Z/..",
        "bbox=106.38,10.5,106.42,10.56",
        "bbox=107,11,109,13",
        "q=den",
        "q=bimat",
        "q=kin",
        "q=khac",
        "q=hop+dong",
        "properties=ten",
        "properties=placeCode,ten",
        "sortby=-cong_suat,ten&limit=3",
        "crs=http://www.opengis.net/def/crs/EPSG/0/3405",
        "filter=cong_suat>80",
        "filter=S_INTERSECTS(geometry,BBOX(106.38,10.5,106.42,10.56))&limit=3",
        "skipGeometry=true",
        "placeCode=80104",
        "filter=placeCode='80105'",
        "loai=led&resultType=hits",
        "limit=0",
        "cursor=x",
        "cursor=WzFd",
    ):
        yield Asked(route, f"{items}?{asked}")
    for name in NAMES:
        for asked in (
            f"properties={name}", f"properties=ten,{name}", f"sortby={name}", f"sortby=-{name}", f"{name}=1", f"filter={name} = 1",
            f"filter={name} IS NULL", f"filter={name} LIKE '%25a%25'", f"filter=CASEI({name}) = 'x'", f"filter=ACCENTI(CASEI({name})) = 'x'",
            f"filter={name} + 1 > 2", f"filter={name} BETWEEN 1 AND 2", f"filter={name} IN ('a')", f"filter=T_AFTER({name}, DATE('2026-01-01'))",
            f"filter=T_DURING(INTERVAL({name}, '..'), INTERVAL('2026-01-01', '2026-02-01'))",
            f"filter=A_CONTAINS({name}, ('a'))", f"filter=NOT ({name} = 1)", f"filter=cong_suat > {name}", f'filter="{name}" = 1',
        ):  # fmt: skip
            yield Asked(route, f"{items}?{asked.replace(' ', '%20')}")
        told = json.dumps({"op": "=", "args": [{"property": name}, 1]})
        yield Asked(route, f"{items}?filter-lang=cql2-json&filter={quote(told)}")
        yield Asked(route, f"{items}/D03?properties={name}")


def _tiles() -> Iterator[Asked]:
    base = "/ogc/collections/{id}/tiles"
    yield Asked("/ogc/tileMatrixSets", "/ogc/tileMatrixSets")
    yield Asked("/ogc/tileMatrixSets/{rest:path}", "/ogc/tileMatrixSets/WebMercatorQuad")
    for code in (*ALL, "things"):
        yield Asked(base, f"{OGC}/{code}/tiles")
        for rest in ("WebMercatorQuad", "WebMercatorQuad/tilejson.json", "WebMercatorQuad/0/0/0", "WebMercatorQuad/9/240/407",
                     "WebMercatorQuad/12/1926/3258", "WebMercatorQuad/9/238/409"):  # fmt: skip
            yield Asked(f"{base}/{{rest:path}}", f"{OGC}/{code}/tiles/{rest}", few=rest.endswith("0/0/0"))
        styles = "/ogc/collections/{id}/styles"
        yield Asked(styles, f"{OGC}/{code}/styles")
        for rest in ("default", "default?face=dark&lang=en", "default/legend"):
            yield Asked(f"{styles}/{{rest:path}}", f"{OGC}/{code}/styles/{rest}")
    tile = f"{OGC}/den/tiles/WebMercatorQuad/9/240/407"
    for asked in ("datetime=2026-02-01T00:00:00Z", "as-of=2026-01-06T00:00:00Z", "filter=cong_suat>80", "properties=ten,cong_suat",
                  *(f"properties={name}" for name in NAMES), *(f"filter={name}%20IS%20NULL" for name in NAMES)):  # fmt: skip
        yield Asked(f"{base}/{{rest:path}}", f"{tile}?{asked}")
        yield Asked(f"{base}/{{rest:path}}", f"{OGC}/den/tiles/WebMercatorQuad/tilejson.json?{asked}")


def _ckan() -> Iterator[Asked]:
    yield Asked("/api/3", "/api/3")
    yield Asked("/api/action/{name}", "/api/action/package_list")
    route, root = "/api/3/action/{name}", "/api/3/action"
    plain = (
        "site_read", "status_show", "help_show?name=package_search", "package_list", "current_package_list_with_resources",
        "package_autocomplete?q=noi", "package_autocomplete?q=mat", "package_autocomplete?q=den", "package_search",
        'package_search?facet.field=["organization","groups","tags","license_id","res_format"]&rows=50',
        "package_search?q=mat", "package_search?q=kin", "package_search?fq=organization:so-ca", "package_search?q=name:noi-bo",
        "package_search?q=gia", "package_search?q=hop_dong", "package_search?sort=metadata_created+asc&rows=2&start=1",
        "package_search?ext_bbox=107,11,109,13", "package_search?q=*:*&sort=name+desc", "resource_search?query=name:csv",
        "organization_list", "organization_list?all_fields=true&sort=package_count+desc", "group_list", "group_list?all_fields=true",
        "tag_list", "tag_list?query=bi", "tag_list?all_fields=true", "tag_show?id=b%C3%AD%20m%E1%BA%ADt&include_datasets=true",
        "tag_show?id=%C4%91%C3%B4%20th%E1%BB%8B&include_datasets=true", "group_show?id=just&include_datasets=true",
        "group_show?id=tran&include_datasets=true", "license_list", "vocabulary_list", "organization_list_for_user", "datastore_search_sql?sql=select",
        "khong_co", "package_create",
    )  # fmt: skip
    for text in plain:
        yield Asked(route, f"{root}/{text}", few=text in ("package_list", "package_search"))
    for agency in ("so-xd", "so-tc", "so-ca", "khong-co"):
        yield Asked(route, f"{root}/organization_show?id={agency}&include_datasets=true")
    for code in ALL:
        yield Asked(route, f"{root}/package_show?id={code}", few=True)
        yield Asked(route, f"{root}/resource_show?id={code}")
        yield Asked(route, f"{root}/datastore_info?id={code}")
        yield Asked(route, f"{root}/datastore_search?resource_id={code}&limit=5")
    for asked in (
        "q=bimat",
        "q=khac",
        "q=den",
        "sort=cong_suat+desc,ten&limit=3",
        "limit=3&offset=2",
        'filters={"loai":"led"}',
        "records_format=csv",
    ):
        yield Asked(route, f"{root}/datastore_search?resource_id=den&{asked}")
    for name in NAMES:
        for asked in (
            f'filters={{"{name}":"1"}}',
            f"fields={name}",
            f"sort={name}",
            f"sort={name}+desc",
            f'q={{"{name}":"a"}}',
            f"fields=ten,{name}",
        ):
            yield Asked(route, f"{root}/datastore_search?resource_id=den&{asked}")
    yield _post(route, f"{root}/datastore_search", {"resource_id": "den", "filters": {"gia": [1]}, "sort": "hop_dong"})


def _catalogue() -> Iterator[Asked]:
    for path in ("/catalogue/feed.atom", "/catalogue/feed.atom?dataset=den", "/catalogue/feed.atom?dataset=noi-bo"):
        yield Asked("/catalogue/feed.atom", path, few=True)
    yield Asked("/sitemap.xml", "/sitemap.xml")
    yield Asked("/sitemap.xml", "/sitemap.xml?part=2")
    yield Asked("/robots.txt", "/robots.txt")
    for ending in ("ttl", "jsonld", "rdf"):
        yield Asked("/catalogue.{ending:rdf_ending}", f"/catalogue.{ending}", few=ending == "ttl")
        for code in (*ALL, "cong-0", "cong-1"):
            yield Asked("/catalogue/{code}.{ending:rdf_ending}", f"/catalogue/{code}.{ending}")
    for kind in RDF:
        yield Asked("/catalogue", "/catalogue", headers=(("accept", kind),))
        yield Asked("/catalogue/{code}", "/catalogue/noi-bo", headers=(("accept", kind),))
    for asked in (
        "", "?q=mat", "?q=bi+mat", "?q=den", "?q=gia", "?q=hop_dong", "?q=an+ninh", "?theme=JUST", "?theme=TRAN&sort=updated", "?agency=so-ca",
        "?agency=so-xd", "?place=80104", "?fresh=month", "?licence=https://opensource.org/license/mit", "?sharing=restricted", "?sharing=open",
        "?portal=here", "?sort=count", "?sort=title", "?format=csv", "?page=2", "?lang=en",
    ):  # fmt: skip
        yield _html("/catalogue", f"/catalogue{asked}", few=not asked)
    for code in (*ALL, "cong-0", "cong-1"):
        one = f"/catalogue/{code}"
        yield _html("/catalogue/{code}", one, few=code in ("den", "noi-bo", NEVER))
        yield _html("/catalogue/{code}/columns", f"{one}/columns")
        for extension in ("geojson", "geojsonl", "csv", "xlsx", "gpkg", "zip", "kml", "parquet", "fgb"):
            if extension in ("csv", "geojson") or code == "den":
                yield Asked("/catalogue/{code}/download.{ext}", f"{one}/download.{extension}", few=extension == "csv")
        yield Asked(
            "/catalogue/{code}/corrections",
            f"{one}/corrections",
            "POST",
            (("content-type", "application/x-www-form-urlencoded"),),
            b"text=sai",
        )
        for key in ("K0", "K2", "D03", "D24", "chua-co"):
            yield _html("/catalogue/{code}/records/{key:path}", f"{one}/records/{key}", few=key == "K0")
    for asked in ("?sort=-cong_suat", "?q=bimat", "?q=khac", "?q=den", "?f=loai:is:led", "?unit=80105", "?filter=cong_suat%3E80", "?after=WzFd",
                  "?from=2026-01-06T08:00&to=2026-03-01T08:00", "?from=2026-01-06&to=2026-03-01", "?lang=en"):  # fmt: skip
        yield _html("/catalogue/{code}", f"/catalogue/den{asked}")
    for name in NAMES:
        for asked in (f"?sort={name}", f"?f={name}:is:1", f"?f={name}:empty", f"?f={name}:min:1", f"?filter={name}%20IS%20NULL",
                      f"?field={name}&op=is&value=1"):  # fmt: skip
            yield _html("/catalogue/{code}", f"/catalogue/den{asked}")
            yield Asked("/catalogue/{code}/download.{ext}", f"/catalogue/den/download.csv{asked}")


def _steward() -> Iterator[Asked]:
    form = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))

    def sent(route: str, path: str, text: str = "") -> Asked:
        return Asked(route, path, "POST", form, text.encode())

    for path in ("/steward", "/steward/corrections", "/steward/new", "/steward/new/empty"):
        yield _html(path, path, few=True)
    yield sent("/steward/new", "/steward/new")
    yield sent("/steward/new/empty", "/steward/new/empty", "title=x")
    yield _html("/steward/uploads/{id}", "/steward/uploads/khong-co")
    yield sent("/steward/uploads/{id}", "/steward/uploads/khong-co")
    yield sent("/steward/uploads/{id}/drop", "/steward/uploads/khong-co/drop")
    for number in (1, 2, 999):
        yield sent("/steward/corrections/{id}", f"/steward/corrections/{number}", "state=done")
    for code in (*SECRET, "den", "tc-rieng", NEVER):
        one = f"/steward/{code}"
        yield _html("/steward/{code}", one, few=True)
        for what in ("load", "describe", "publish", "deleted"):
            yield _html(f"/steward/{{code}}/{what}", f"{one}/{what}")
            yield sent(f"/steward/{{code}}/{what}", f"{one}/{what}", "wish=open&key=K2")
        for number in (1, 999):
            yield sent("/steward/{code}/publish/{id}", f"{one}/publish/{number}", "decision=refused")
        for number in ("999", "x") if code == "tc-rieng" else ("1", "2", "999"):
            yield _html("/steward/{code}/loads/{id}", f"{one}/loads/{number}")
            yield sent("/steward/{code}/loads/{id}", f"{one}/loads/{number}", "do=drop")


def _workbench() -> Iterator[Asked]:
    yield _html("/map", "/map", few=True)
    yield _html("/map", "/map?layers=noi-bo,den&lang=en")
    yield _html("/map/print", "/map/print?layers=noi-bo,den")
    for code in (*ALL, "things"):
        yield Asked("/map/export", f"/map/export?collection={code}&format=csv")
        yield _post("/map/totals", "/map/totals", {"collection": code, "area": AREA}, few=True)
    pointed = {
        "lon": 107.9,
        "lat": 12.1,
        "radius": 50000,
        "layers": [{"collection": code} for code in ALL if code != "bang"],
    }
    yield _post("/map/identify", "/map/identify", pointed, few=True)
    yield _post("/map/identify", "/map/identify", pointed | {"lon": 106.43, "lat": 10.53})
    for more in ({"as_of": "2026-01-06"}, {"datetime": "2026-02-01"}, {"datetime": "2025-11-15"}, {"by": "loai"}):
        yield _post("/map/totals", "/map/totals", {"collection": "den", "area": AREA} | more)
    for name in NAMES:
        yield _post("/map/totals", "/map/totals", {"collection": "den", "filter": f"{name} IS NULL"})
        yield _post("/map/totals", "/map/totals", {"collection": "den", "by": name})
        yield _post(
            "/map/identify", "/map/identify", pointed | {"layers": [{"collection": "den", "filter": f"{name} = 1"}]}
        )
        yield Asked("/map/export", f"/map/export?collection=den&format=geojson&filter={name}%20IS%20NULL")


def _operations() -> Iterator[Asked]:
    then = "at=2026-06-01T00:00:00Z"
    for path in ("queue", "map.json"):
        yield Asked(f"/operations/{path}", f"/operations/{path}?{then}", headers=(("accept", "application/json"),))
    for lon, lat in ((106.41, 10.5), (107.5, 11.5)):
        near = f"/operations/near?lon={lon}&lat={lat}&{then}"
        yield Asked("/operations/near", near, headers=(("accept", "application/json"),))
    yield _html("/operations/alarms/{number}", f"/operations/alarms/CB-26-00001?part=1&{then}")
    for number in (1, 3):
        yield _html("/operations/things/{id:id}", f"/operations/things/{number}?part=1&{then}")
        yield Asked("/operations/series/{id:id}", f"/operations/series/{number}?{then}")


def _rules() -> Iterator[Asked]:
    yield from rules.requests(Asked, _html)


def _rest() -> Iterator[Asked]:
    yield Asked("/openapi.json", "/openapi.json")
    yield _html("/docs/api", "/docs/api")
    for path in ("Things", "Things?$count=true", "Things(3)", "Locations", "Datastreams", "HistoricalLocations?$count=true",
                 "Things?$filter=contains(name,'kín')&$count=true", "FeaturesOfInterest?$count=true"):  # fmt: skip
        yield Asked("/sta/v1.1/{path:path}", f"/sta/v1.1/{path.replace(' ', '%20')}")
    for path in ("/places/units", "/places/units.geojson", "/places/base.geojson"):
        yield Asked(path, path)
    yield Asked("/places/units/{code}", "/places/units/80104")
    yield Asked("/places/search", "/places/search?q=Tan+An")
    yield Asked("/places/search", "/places/search?q=kin")
    yield Asked("/places/locate", "/places/locate?lon=106.41&lat=10.5")
    for path in ("/", "/air", "/water"):
        yield _html(path, path)
    for path in ("/portal/things.geojson", "/portal/map.svg"):
        yield Asked(path, path)
    for path in (
        "/indicators",
        "/indicators?q=den",
        "/scoreboard",
        "/indicators/sets/iso-37122",
        "/indicators/lamps-working",
    ):
        route = {
            "/indicators/sets/iso-37122": "/indicators/sets/{code}",
            "/indicators/lamps-working": "/indicators/{code}",
        }
        yield _html(route.get(path, path.partition("?")[0]), path)
    for path in ("/indicators.csv", "/indicators.xlsx", "/indicators.json", "/indicators.sdmx.json", "/api/indicators"):
        yield Asked(path, path)
    for what in ("", "/values", "/places"):
        yield Asked(f"/api/indicators/{{code}}{what}", f"/api/indicators/lamps-working{what}")
    for kind in ("", ".json", ".csv"):
        yield Asked(f"/indicators/receipts/{{id}}{kind}", f"/indicators/receipts/1-tan-an{kind}")
    for what in ("", "/drop"):
        form = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))
        yield Asked(
            f"/indicators/{{code}}/targets{what}",
            f"/indicators/lamps-working/targets{what}",
            "POST",
            form,
            b"year=2026",
        )
    yield _html("/sectors", "/sectors")
    yield Asked("/sectors.json", "/sectors.json")
    yield _html("/sectors/{code}", "/sectors/facilities")
    yield Asked("/sectors/{code}.json", "/sectors/facilities.json")
    yield _html("/sectors/{code}/{question}", "/sectors/facilities/none")
    for number in (1, 3):
        for path in ("/things", "/air", "/water"):
            yield _html(f"{path}/{{id:id}}", f"{path}/{number}")
        yield Asked("/portal/series/{id:id}", f"/portal/series/{number}")
    for path in ("/admin", "/admin/system", "/admin/people", "/admin/agencies", "/admin/keys", "/admin/letters"):
        yield _html(path, path)
    for asked in ("", "?kind=data.record.created", "?kind=data", "?subject=dataset:noi-bo", "?subject=dataset:den"):
        yield _html("/admin/journal", f"/admin/journal{asked}", few=not asked)
