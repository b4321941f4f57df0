"""What a stranger would try at the time machine, the wall and the leader's page."""

from collections.abc import Iterator


def requests(asked) -> Iterator:
    """asked: walk.Asked."""
    clocks = "at=2026-11-20T05:00:00Z&known=2026-11-21T05:00:00Z"
    span = "since=2026-11-01T00:00:00Z&until=2030-01-01T00:00:00Z&step=86400"
    yield asked("/operations/replay/counts.json", f"/operations/replay/counts.json?{span}")
    yield asked("/operations/replay/now.json", f"/operations/replay/now.json?{clocks}", few=True)
    yield asked("/operations/replay/known.json", f"/operations/replay/known.json?{clocks}")
    yield asked("/operations/leader", "/operations/leader", headers=(("accept", "text/html"),))
    yield asked("/operations/wall", "/operations/wall", headers=(("accept", "text/html"),))
    yield asked("/operations/wall/now.json", "/operations/wall/now.json")
    yield asked("/operations/wall/map.json", "/operations/wall/map.json")
    yield asked("/operations/wall/open", "/operations/wall/open", "POST", body=b"w_nobody")


EXEMPT = {"/operations/wall/live": "a stream: the caller's own, as /live"}
