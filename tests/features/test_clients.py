"""Programs people have: GDAL's driver and OWSLib read, filter and page through the running server; random input finds no fault."""

import asyncio
import json
import os
import subprocess
import sys
import warnings

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV30SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dothi.doors.features import prepared
from tests.features.conftest import OGC

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODEST = settings(
    max_examples=4, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def url(streets, server):
    return f"{server.url}{OGC}"


_READ = """
import json, sys
import pyogrio
source, asked = sys.argv[1], json.loads(sys.argv[2])
layers = [str(name) for name, _ in pyogrio.list_layers(source)]
about = pyogrio.read_info(source, layer="lamps")
found = []
for one in asked:
    if "bbox" in one:
        one["bbox"] = tuple(one["bbox"])
    meta, _, shapes, fields = pyogrio.raw.read(source, layer="lamps", PAGE_SIZE="25", **one)
    found.append({"number": len(shapes), "fields": {n: str(f.dtype) for n, f in zip(meta["fields"], fields)}})
print(json.dumps({"layers": layers, "features": about["features"], "type": about["geometry_type"], "found": found}))
"""


def gdal(url: str, *asked: dict) -> dict:
    """What GDAL reads, in a process of its own: its driver lets no other thread of this one run."""
    command = [sys.executable, "-c", _READ, f"OAPIF:{url}", json.dumps(asked)]
    # a user's GDAL has all its drivers; our process leaves out those a delivered file could misuse
    theirs = {name: value for name, value in os.environ.items() if name != "GDAL_SKIP"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=theirs)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_gdal_reads_pages_boxes_and_filters(url, monkeypatch):
    queries = []
    own = prepared.page
    monkeypatch.setattr(prepared, "page", lambda caller, view, query: queries.append(query) or own(caller, view, query))
    box = [106.395, 10.495, 106.415, 10.515]
    read = gdal(url, {}, {"bbox": box}, {"where": "poles = 4 AND power > 90"})
    assert set(read["layers"]) == {"lamps", "zones", "nowhere", "things", "units"}
    assert (read["features"], read["type"]) == (60, "Point")
    assert [one["number"] for one in read["found"]] == [60, 4, 8]
    fields = read["found"][0]["fields"]
    assert fields["power"] == "float64"
    assert fields["checked"].startswith("datetime64")
    assert {"name", "poles", "lit", "installed", "placeCode"} <= set(fields)
    assert not {"contract", "keeper"} & set(fields)
    # it lets the server do what it can
    assert any(b"bbox=" in query for query in queries)
    assert any(b"poles=4" in query for query in queries), queries


def test_owslib_reads(url):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from owslib.ogcapi.features import Features

        one = Features(f"{url}/")
        assert "lamps" in one.feature_collections()
        assert one.collection("lamps")["id"] == "lamps"
        assert one.collection_queryables("lamps")["properties"]["power"]["type"] == "number"
        found = one.collection_items("lamps", limit=3, bbox=[106.395, 10.495, 106.415, 10.515])
        assert found["numberReturned"] == 3
        assert len(one.collection_items("lamps", filter="power = 100", limit=100)["features"]) == 18
        assert one.collection_item("lamps", "D-001")["id"] == "D-001"


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # of schemathesis itself
def test_the_description_holds_under_random_input(url, key):
    document = httpx.get(f"{url}/api", headers=key).json()
    OpenAPIV30SpecValidator(document).validate()  # with what the other doors add
    # the other documents are asked for by name elsewhere
    kept = (
        "/collections/lamps",
        "/collections/lamps/items",
        "/collections/lamps/items/{featureId}",
        "/",
        "/collections",
    )
    document["paths"] = {path: one for path, one in document["paths"].items() if path in kept}
    schema = schemathesis.openapi.from_dict(document)
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = [one.ok().as_strategy(generation_mode=mode) for one in schema.get_all_operations() for mode in modes]
    assert len(cases) == 2 * 9
    for case in cases:
        if case.is_empty:
            continue

        @MODEST
        @given(case)
        def holds(one):
            one.call_and_validate(base_url=url, headers=key, checks=CHECKS, timeout=30)

        holds()


def test_the_same_tag_and_text_for_every_connection(url):
    async def asked() -> set[tuple[str, bytes]]:
        async with httpx.AsyncClient(base_url=f"{url}/") as client:
            found = await asyncio.gather(*(client.get("collections/lamps/items") for _ in range(20)))
        return {(one.headers["etag"], one.content) for one in found}

    assert len(asyncio.run(asked())) == 1
