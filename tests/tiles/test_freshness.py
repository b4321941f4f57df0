"""A tile that is kept is never stale, whoever wrote; and what was written elsewhere costs nothing."""

import asyncio
import random

import httpx
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from dothi.datasets import tiling
from dothi.datasets.tables import Dataset
from dothi.doors.tiles.routes import Door
from tests.tiles.conftest import PATH, SCHEMA, tile_of

HERE = (105.85, 21.03)
place = st.tuples(st.floats(105.80, 105.90), st.floats(21.0, 21.06))
size = st.sampled_from([0.0, 0.0, 0.0005, 0.01, 0.3])
write = st.tuples(st.just("write"), st.sampled_from("abcd"), place, size)
removal = st.tuples(st.just("remove"), st.sampled_from("abcd"), st.just(None), st.just(None))
look = st.tuples(st.just("look"), st.sampled_from([0, 3, 8, 11, 12, 14, 15, 18]), place, st.just(None))


def shape(at, wide):
    return shapely.Point(at) if not wide else shapely.box(at[0], at[1], at[0] + wide, at[1] + wide)


def drawn(answer):
    return sorted(f"{one['geometry']} {sorted(one['properties'].items())}" for one in answer.features)


@given(steps=st.lists(st.one_of(write, removal, look, look), min_size=3, max_size=9))
@settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_kept_is_what_would_be_made_now(sets, ask, steps):
    with sets.engine.begin() as connection:
        connection.execute(delete(Dataset))
    sets.make(geometry_type="Geometry")
    seen = set()
    for kind, which, at, wide in steps:
        if kind == "write":
            sets.put("lamps", [(which, shape(at, wide), {"code": which, "name": f"{random.random()}"})])
        elif kind == "remove":
            sets.remove("lamps", which)
        else:
            seen.add((which, *tile_of(*at, which)[:2]))
        for tile in seen:
            kept = ask.tile("lamps", *tile)
            again = ask.tile("lamps", *tile, if_none_match=kept.headers["etag"])
            assert again.status == 304
            tiles = dict(tiling._tiles)
            tiling._tiles.clear()
            anew = ask.tile("lamps", *tile)
            tiling._tiles.clear()
            tiling._tiles.update(tiles)
            assert drawn(kept) == drawn(anew)
            assert kept.headers["etag"] == anew.headers["etag"]


def lamp(key, lon, lat):
    return key, shapely.Point(lon, lat), {"code": key, "name": key}


def test_a_write_in_another_ward_does_not_cost_the_kept_tile(sets, ask, monkeypatch):
    sets.make()
    sets.put("lamps", [lamp("A", *HERE), lamp("B", 105.75, 20.96)])
    x, y, _ = tile_of(*HERE, 14)
    before = ask.tile("lamps", 14, x, y)
    sets.put("lamps", [lamp("C", 105.751, 20.961)])

    async def never(*_, **__):
        raise AssertionError("made anew")

    monkeypatch.setattr(tiling, "_once", never)
    after = ask.tile("lamps", 14, x, y)
    assert after.headers["etag"] == before.headers["etag"]
    assert ask.tile("lamps", 14, x, y, if_none_match=before.headers["etag"]).status == 304


def test_a_write_here_makes_the_old_tag_worthless(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A", *HERE)])
    x, y, _ = tile_of(*HERE, 14)
    before = ask.tile("lamps", 14, x, y)
    sets.put("lamps", [lamp("B", *HERE)])
    after = ask.tile("lamps", 14, x, y, if_none_match=before.headers["etag"])
    assert after.status == 200
    assert after.keys == {"A", "B"}
    sets.remove("lamps", "B")
    assert ask.tile("lamps", 14, x, y).keys == {"A"}


def test_callers_who_see_different_fields_get_different_tags(sets, ask, monkeypatch):
    from dothi.identity import access, guard

    sets.make(agency_id=7)
    sets.put("lamps", [("A", shapely.Point(HERE), {"code": "A", "name": "A", "secret": "két"})])
    x, y, _ = tile_of(*HERE, 14)
    owner = guard.Caller("key", 1, "owner", 7, within=frozenset({("data:read", 7)}))
    real = access.caller
    monkeypatch.setattr(access, "caller", lambda request: owner if "x-owner" in request.headers else real(request))
    asked = "?properties=secret"
    own = ask.tile("lamps", 14, x, y, asked, x_owner="1")
    assert own.features[0]["properties"]["secret"] == "két"
    assert own.headers["cache-control"].startswith("private")
    assert ask.tile("lamps", 14, x, y, asked).status == 400
    assert ask.tile("lamps", 14, x, y, asked, if_none_match=own.headers["etag"]).status == 400
    everybody = ask.tile("lamps", 14, x, y)
    assert everybody.headers["cache-control"].startswith("public")
    assert everybody.headers["etag"] != own.headers["etag"]
    sets.describe("lamps", sharing="restricted")
    assert ask.tile("lamps", 14, x, y).status == 404
    still = ask.tile("lamps", 14, x, y, x_owner="1")
    assert still.status == 200
    assert still.headers["cache-control"].startswith("private")


def test_the_filter_is_part_of_the_tag(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A", *HERE)])
    x, y, _ = tile_of(*HERE, 14)
    queries = ["", "?filter=code='A'", "?filter=code='B'", "?properties=year", "?datetime=2020-01-01T00:00:00Z"]
    tags = [ask.tile("lamps", 14, x, y, query).headers["etag"] for query in queries]
    assert len(set(tags)) == len(tags)


def test_many_callers_at_once_while_others_write(sets, ask):
    """Each answer holds at least what was written before its request."""
    sets.make()
    sets.put("lamps", [lamp("L0", *HERE)])
    x, y, _ = tile_of(*HERE, 14)
    path = PATH.format("lamps", 14, y, x)

    async def reader(client, written, faults):
        from tests.tiles.conftest import Answer

        for _ in range(12):
            least = written[0]
            answer = await client.get(path, headers={"accept-encoding": "identity"})
            found = Answer(answer.status_code, answer.headers, answer.content).keys
            if len(found) < least:
                faults.append((least, sorted(found)))

    async def writer(written):
        for number in range(1, 8):
            await asyncio.to_thread(sets.put, "lamps", [lamp(f"L{number}", *HERE)])
            written[0] = number + 1
            await asyncio.sleep(0.01)

    async def both():
        written, faults = [1], []
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Door()), base_url="http://city") as client:
            await asyncio.gather(writer(written), *(reader(client, written, faults) for _ in range(6)))
        return faults

    assert ask.runner.run(both()) == []


def test_a_new_description_makes_new_tags(sets, ask):
    sets.make()
    sets.put("lamps", [lamp("A", *HERE)])
    x, y, _ = tile_of(*HERE, 14)
    before = ask.tile("lamps", 14, x, y).headers["etag"]
    schema = {**SCHEMA, "title": "mới"}
    sets.describe("lamps", schema=schema)
    assert ask.tile("lamps", 14, x, y).headers["etag"] != before
