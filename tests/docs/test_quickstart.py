"""What the README and the guide tell people to type works, letter for letter, on both databases."""

import json
import re
import urllib.error
import urllib.request

import pytest

from tests.docs.pages import blocks, shell, to_run

pytestmark = pytest.mark.usefixtures("whole")
README = "README.md"  # README.vi.md has the same blocks: test_pages.py


def read(url):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def test_a_second_terminal_makes_a_sensor_and_sees_it_on_the_map(server, tmp_path):
    said = shell(to_run(README, "bash"), server.url, tmp_path)
    assert "/sta/v1.1/Things(1) has Datastream 1" in said
    assert f"{server.url}/things/1\n" in said
    assert [one["result"] for one in json.loads(said.splitlines()[-1])["value"]] == [62.5, 18.4]
    (feature,) = read(f"{server.url}/portal/things.geojson")["features"]
    assert feature["geometry"]["coordinates"] == [106.4137, 10.5359]
    assert feature["properties"]["n"] == "My air sensor"
    assert (feature["properties"]["s"], feature["properties"]["why"]) == ("minor", "Kém")
    with urllib.request.urlopen(f"{server.url}/things/1") as page:
        assert "My air sensor" in page.read().decode()


def test_the_quick_start_goes_on_from_the_readme(server, tmp_path):
    codes = to_run("docs/guide/quickstart.md", "bash")
    assert len(codes) == 6
    said = shell(to_run(README, "bash") + codes[:-1], server.url, tmp_path)
    assert 'error result \\"broken\\" of Datastream 1 is not a number' in said
    assert '"avg":32.25,"max":33,"count":2' in said
    assert '"@iot.count":2' in said  # 48.2 and the 62.5 of the README
    assert said.rstrip().endswith("2")  # two HistoricalLocations: where it was, where it is
    assert len(read(f"{server.url}/sta/v1.1/Observations")["value"]) == 6
    shell([f"STA={server.url}/sta/v1.1 ID=1 KEY={_key(server)}", codes[-1]], server.url, tmp_path)
    assert read(f"{server.url}/sta/v1.1/Things")["value"] == []


def _key(server):
    from dothi.db import session as db
    from dothi.identity import guard
    from dothi.identity import service as identity

    with db.writing() as session:
        return identity.create_key(session, guard.SYSTEM, "test", ["sensing:write"])


def test_the_api_page_shows_what_the_api_does(server, tmp_path):
    codes = to_run("docs/guide/sensorthings.md", "bash")
    assert len(codes) == 5
    said = shell(to_run(README, "bash") + codes, server.url, tmp_path)
    assert '{"value":[{"name":"My air sensor","Datastreams":[{"name":"PM2.5","Observations":[{"phenomenonTime":' in said
    assert said.count('{"value":[{"name":"My air sensor"}]}') == 3
    assert '"min":18.4,"max":62.5,"count":2}' in said
    assert "phenomenonTime,Datastream@iot.id,last" in said
    assert '{"type":"FeatureCollection"' in said
    assert re.findall(r'"value":\[{"result":(\d+)}]', said) == ["310", "31"]  # as of then, and now
    assert '"height":2' in said.replace(" ", "")
    assert '"@iot.count": 1' in said


def test_the_error_on_the_api_page_is_the_one_that_is_answered(server):
    (shown,) = [json.loads(one.code) for one in blocks("docs/guide/sensorthings.md") if one.language == "json"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}/sta/v1.1/Things?$filtr=1&$top=a")
    with refused.value as answer:
        said = json.load(answer)
    assert {**said, "detail": "…"} == shown
