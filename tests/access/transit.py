"""Public transport of both worlds: one network for everybody, and one of an agency nobody here sees."""

from collections.abc import Iterator

from dothi.identity import guard
from dothi.transit import service
from tests.transit.feed import FILES, zipped

FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))


def build(step) -> None:
    """A restricted feed with its stops, in the first world only; an open one in both."""

    def make(code, title, **how):
        def done(session):
            service.follow(session, guard.SYSTEM, code, title, **how)
            stops = FILES["stops.txt"].replace("Chợ Đình", f"Trạm {title}")
            service.take(session, guard.SYSTEM, code, service.read("x.zip", zipped(stops=stops)))

        return done

    step(make("mo", "Tuyến mở"))
    step(make("kin-tuyen", "Tuyến kín của cơ quan", sharing="restricted", agency_id=90), hidden=True)


def requests(asked) -> Iterator:
    """What a stranger would try; asked: walk.Asked."""

    def html(route, path, **more):
        return asked(route, path, headers=(("accept", "text/html"),), **more)

    for path in ("/transit", "/transit?q=kin", "/transit?near=10.534,106.41", "/transit/feeds"):
        yield html(path.partition("?")[0], path, few=path == "/transit")
    for path in (
        "/transit.json", "/transit.json?q=tram", "/transit/stops.geojson", "/transit/lines.geojson", "/transit/vehicles.geojson",
        "/transit/style.json",
    ):  # fmt: skip
        yield asked(path.partition("?")[0], path, few="?" not in path)
    for feed in ("mo", "kin-tuyen", "chua-tung-co"):
        yield asked("/gtfs/{feed}.zip", f"/gtfs/{feed}.zip")
        yield asked("/gtfs/{feed}/vehicle-positions.pb", f"/gtfs/{feed}/vehicle-positions.pb")
        for kind, id_ in (("stops", "S2"), ("lines", "R1")):
            yield html(f"/transit/{kind}/{{id:path}}", f"/transit/{kind}/{feed}:{id_}")
            yield asked(f"/transit/{kind}/{{id:path}}.json", f"/transit/{kind}/{feed}:{id_}.json")
        yield asked("/transit/vehicles.geojson", f"/transit/vehicles.geojson?line={feed}:R1")
        yield asked("/transit/style.json", f"/transit/style.json?stop={feed}:S2")
        for verb in ("return", "current"):
            yield asked(f"/transit/feeds/{{code}}/{verb}", f"/transit/feeds/{feed}/{verb}", "POST", FORM, b"version=1")
    yield asked("/transit/feeds", "/transit/feeds", "POST", FORM, b"code=kin-tuyen")
