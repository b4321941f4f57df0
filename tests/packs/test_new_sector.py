"""A sector of nothing but YAML, as the guide teaches it, is on every page once a city has it."""

import shutil
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from dothi import config, packs
from dothi.alerts.tables import Alarm
from dothi.cases.tables import Case
from dothi.city import service as city
from dothi.datasets import service as datasets
from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.indicators import service as indicators
from dothi.kit import clock
from dothi.packs import overrides
from dothi.sensing import rollup, sectors
from tests.cases import scene
from tests.servers import Running

EXAMPLE = Path(__file__).parents[2] / "docs" / "guide" / "examples"
BEACHES = EXAMPLE / "beaches"
AT = (106.4162, 10.5338)


@pytest.fixture
def taught(monkeypatch):
    """The installation has the sectors of the guide's example beside its own."""
    monkeypatch.setenv("DOTHI_SECTORS", str(EXAMPLE))
    config.settings.cache_clear()
    overrides.renew()
    yield
    monkeypatch.delenv("DOTHI_SECTORS")
    config.settings.cache_clear()
    overrides.renew()


def test_it_is_short_and_keeps_its_promises(taught):
    lines = [line for path in BEACHES.rglob("*.yaml") for line in path.read_text("utf-8").splitlines()]
    assert len(lines) < 150
    assert [path for path in BEACHES.rglob("*") if path.is_file() and path.suffix != ".yaml"] == []
    assert sectors.sectors().sector_of["rip-current"] == "beaches"
    mine = {"beaches": sectors.sectors().packs["beaches"]}
    assert packs.verify(mine) == []


def test_every_line_the_guide_shows_is_a_line_of_the_example():
    text = (EXAMPLE.parent / "new-sector.md").read_text("utf-8")
    shown = [block.split("```")[0] for block in text.split("```yaml\n")[1:]]
    written = [path.read_text("utf-8") for path in BEACHES.rglob("*.yaml")]
    assert len(shown) == len(written)
    assert sorted(shown) == sorted(written)


@pytest.fixture
def town(taught, database, tmp_path, monkeypatch):
    """Tân An with this one sector, nobody's blueprint but its own folder; a server, and who asks it."""
    monkeypatch.setenv("DOTHI_ROLE", "all")
    config.settings.cache_clear()
    folder = tmp_path / "tan-an"
    shutil.copytree(packs.content_path("cities") / "tan-an", folder, ignore=shutil.ignore_patterns("data"))
    for path in (folder / "sectors").glob("*.yaml"):  # switched on, and nothing in them
        path.write_text("{}\n", "utf-8")
    shutil.copy(BEACHES / "tan-an" / "beaches.yaml", folder / "sectors")
    with db.writing() as session:
        assert city.apply(session, SYSTEM, city.plan(session, folder))
    with Session(db.engine()) as session:
        admin = scene.city(session).admin.id  # commits
    with db.writing() as session:
        token = identity.sign_in(session, admin)
        key = identity.create_key(session, SYSTEM, "beach", scopes=["observations:write"])
    with Running() as server, httpx.Client(base_url=server.url, timeout=30) as http:
        yield Town(http, {"cookie": f"dothi_session={token}"}, {"x-api-key": key})


class Town:
    """What is asked, and as whom."""

    def __init__(self, http, officer, key):
        self.http, self.officer, self.key = http, officer, key

    def get(self, path, **how):
        answer = self.http.get(path, **how)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer

    def measured(self, thing, prop, *readings):
        """Values sent as a station sends them: minutes ago, value."""
        asked = f"/sta/v1.1/Datastreams?$filter=properties/code eq '{thing}.{prop}'&$select=id"
        (stream,) = self.get(asked).json()["value"]
        for minutes, value in readings:
            at = clock.iso(clock.now_micros() - round(minutes * 60 * clock.SECOND))
            body = {"phenomenonTime": at, "result": value, "Datastream": {"@iot.id": stream["@iot.id"]}}
            answer = self.http.post("/sta/v1.1/Observations", json=body, headers=self.key)
            assert answer.status_code == 201, answer.text


def until(found, seconds=30):
    """What `found` says as soon as it says something."""
    end = time.monotonic() + seconds
    while not (said := found()):
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.1)
    return said


def alarms():
    with db.reading() as session:
        return [(one.rule_code, one.severity) for one in session.query(Alarm)]


def test_it_is_on_every_page_of_a_city_that_has_it(town):
    hour = 60
    town.measured("BT-01", "rip-current", (3 * hour, 0.2), (2 * hour, 0.3), (0, 1.2))
    town.measured("BT-02", "rip-current", (2 * hour, 0.1), (0, 0.1))

    # operations: its rule raised an alarm, with the procedure
    assert until(alarms) == [("strong-rip", "critical")]
    queue = town.get("/operations/queue", headers=town.officer).text
    assert "Dòng chảy nguy hiểm" in queue
    assert "Bãi tắm" in town.get("/operations", headers=town.officer).text

    # the map and the portal
    things = town.get("/portal/things.geojson").json()["features"]
    assert [one["geometry"]["coordinates"] for one in things] == [[106.4162, 10.5338], [106.4201, 10.5322]]
    assert "Bãi tắm" in town.get("/").text
    assert "bathing-places" in town.get("/map").text

    # the catalogue: its dataset, a record by its owner, and one its schema refuses
    with db.writing() as session:
        datasets.put(session, SYSTEM, "bathing-places", None, {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": AT},
            "properties": {"code": "BT-1", "name": "Bãi Bến Đình", "flag": "red", "guards": 2},
        })  # fmt: skip
    assert "Bãi tắm" in town.get("/catalogue").text
    assert "Bãi Bến Đình" in town.get("/catalogue/bathing-places").text
    (record,) = town.get("/ogc/collections/bathing-places/items").json()["features"]
    assert record["properties"]["flag"] == "red"

    # a citizen reports, the desk has it under its category
    said = {
        "service_code": "beach-danger",
        "lat": AT[1],
        "long": AT[0],
        "description": "Không thấy cứu hộ",
        "phone": "0901234567",
    }
    assert "beach-danger" in [one["service_code"] for one in town.get("/open311/v2/services.json").json()]
    assert town.http.post("/open311/v2/requests.json", data=said).status_code in (200, 201)
    with db.reading() as session:
        case = session.query(Case).one()
        assert (case.category, case.type) == ("beach-danger", "report")
        name = case.number
    assert "Bãi tắm không an toàn" in town.get(f"/desk/cases/{name}", headers=town.officer).text

    # the indicator: of five hours measured at two places one was dangerous (fewer hours where a month has just begun)
    rollup.settle_all()
    with db.writing() as session:
        indicators.compute(session, ["safe-bathing-hours"])
    with db.reading() as session:
        found = indicators.value(session, ANONYMOUS, "safe-bathing-hours", "tan-an", "month")
    assert found.number == pytest.approx(100 * (found.denominator - 1) / found.denominator)

    # its own page answers
    page = town.get("/sectors/beaches").text
    assert "Không nên tắm ở Bãi tắm 1: dòng chảy 1,2" in page
    assert "Bãi Bến Đình" in page
    assert "/sectors/beaches" in town.get("/sectors").text
