"""Whatever is written in whatever order: any moment asked for answers as a plain twin that kept copies."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from dothi.datasets import reading, service, views
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.kit.errors import BadInput, Conflict, NotFound, PreconditionFailed
from tests.datasets.conftest import lamp

KEYS = ("A1", "A2", "A3")
places = st.none() | st.tuples(st.sampled_from((105.5, 105.7, 105.9)), st.sampled_from((10.0, 10.2)))
moves = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS), places, st.integers(0, 3)),
    st.tuples(st.just("patch"), st.sampled_from(KEYS), st.none(), st.integers(0, 3)),
    st.tuples(st.just("delete"), st.sampled_from(KEYS), st.none(), st.just(0)),
    st.tuples(st.just("undelete"), st.sampled_from(KEYS), st.none(), st.just(0)),
    st.tuples(st.just("stale"), st.sampled_from(KEYS), st.none(), st.integers(0, 3)),
    st.tuples(st.just("broken"), st.sampled_from(KEYS), st.none(), st.just(0)),
)


class Twin:
    """The dataset as a dictionary, with a copy for every moment."""

    def __init__(self):
        self.now, self.gone, self.versions, self.copies = {}, {}, {}, []

    def keep(self, key, value):
        self.now[key] = value
        self.gone.pop(key, None)
        self.versions[key] = self.versions.get(key, 0) + 1

    def apply(self, verb, key, place, height):
        """What happens; whether anything did."""
        standing = self.now.get(key)
        if verb in ("put", "patch"):
            if verb == "patch" and standing is None:
                return False
            value = (place if verb == "put" else standing[0], height)
            if standing != value:
                self.keep(key, value)
            return standing != value
        if verb == "delete" and standing is not None:
            self.gone[key] = self.now.pop(key)
            return True
        if verb == "undelete" and key in self.gone:
            self.keep(key, self.gone[key])
            return True
        return False


def do(session, caller, verb, key, place, height):
    lon, lat = place or (None, None)
    if verb == "put":
        service.put(session, caller, "lamps", key, lamp(key, lon, lat, height=height))
    elif verb == "patch":
        service.patch(session, caller, "lamps", key, {"properties": {"height": height}})
    elif verb == "delete":
        service.delete(session, caller, "lamps", key)
    elif verb == "undelete":
        service.undelete(session, caller, "lamps", key)
    elif verb == "stale":
        service.put(session, caller, "lamps", key, lamp(key, height=height), 1000)
    else:
        service.put(session, caller, "lamps", key, lamp(key, height=-1))


def held(session, view, as_of=None):
    found = {}
    for one in reading.read(view, reading.Asked(as_of=as_of), session=session):
        found[one["key"]] = (one["geojson"], one["properties"]["height"])
    return found


def as_text(value):
    place, height = value
    return None if place is None else f'{{"type":"Point","coordinates":[{place[0]},{place[1]}]}}', height


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves, min_size=1, max_size=14))
def test_any_moment_is_as_it_was(session, steward, lamps, done):
    for table in (Record, RecordVersion):
        session.execute(delete(table))
    one = session.get(Dataset, lamps.id, populate_existing=True)
    one.count, one.version, one.west, one.south, one.east, one.north = 0, 0, None, None, None, None
    session.commit()
    twin = Twin()
    for move in done:
        before = one.version
        try:
            with session.begin_nested():
                do(session, steward, *move)
        except (NotFound, Conflict, BadInput, PreconditionFailed):
            session.refresh(one)
            assert one.version == before
            assert not twin.apply(*move) or move[0] in ("stale", "broken")
            continue
        changed = twin.apply(*move)
        assert one.version == before + changed
        if changed:
            twin.copies.append((one.changed_at, dict(twin.now)))
    session.commit()
    views.forget()
    view = views.view(steward, "lamps")
    assert view.count == len(twin.now)
    spots = [place for place, _ in twin.now.values() if place]
    assert view.bbox == (
        (min(x for x, _ in spots), min(y for _, y in spots), max(x for x, _ in spots), max(y for _, y in spots))
        if spots
        else None
    )
    assert held(session, view) == {key: as_text(value) for key, value in twin.now.items()}
    for at, copy in twin.copies:
        assert held(session, view, at) == {key: as_text(value) for key, value in copy.items()}
        earlier = [one for moment, one in twin.copies if moment < at]
        assert held(session, view, at - 1) == {key: as_text(v) for key, v in (earlier[-1] if earlier else {}).items()}
    for key in KEYS:
        told = service.history(session, steward, "lamps", key)
        assert [one.version for one in told] == list(range(1, twin.versions.get(key, 0) + 1))
        assert all(a.until <= b.at for a, b in itertools.pairwise(told))
        assert all(a.deleted == (a.until < b.at) for a, b in itertools.pairwise(told))
        stands = session.scalar(select(Record.version).where(Record.key == key))
        assert (told[-1].version if told and told[-1].until is None else None) == stands
