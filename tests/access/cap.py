"""Warnings of both worlds: one published for everybody, and a draft of an agency nobody here sees."""

from collections.abc import Iterator

from dothi.identity.guard import ROLES, Caller
from dothi.kit import clock
from dothi.warnings import composing, service

FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"))
SHAPE = {"type": "Polygon", "coordinates": [[[107.9, 12.0], [107.95, 12.0], [107.95, 12.1], [107.9, 12.0]]]}


def build(step) -> None:
    """A draft that waits for its second person, in the first world only."""

    def draft(session):
        writer = Caller("person", 900, "Người soạn kín", None, everywhere=ROLES["duty-chief"])
        said = {"vi": composing.Said("Sự kiện kín", "Hồ sơ kín: cảnh báo chưa phát", "Nội bộ mật", "Chờ")}
        composed = composing.Composed(
            said, categories=("Met",), severity="Extreme", shape=SHAPE, expires_at=clock.now_micros() + clock.DAY
        )
        row = service.draft(session, writer, composed)
        service.ask(session, writer, row.id, row.version)

    step(draft, hidden=True)


def requests(asked) -> Iterator:
    """What a stranger would try; asked: walk.Asked."""

    def html(route, path, **more):
        return asked(route, path, headers=(("accept", "text/html"),), **more)

    def sent(route, path, text="version=2&read=1"):
        return asked(route, path, "POST", FORM, text.encode())

    for path in ("/cap/atom.xml", "/cap/atom.xml?status=Exercise&lang=en", "/cap/atom.xml?status=Draft"):
        yield asked("/cap/atom.xml", path, few=path == "/cap/atom.xml")
    yield asked("/cap/current.geojson", "/cap/current.geojson", few=True)
    yield asked("/cap/current.geojson", "/cap/current.geojson?bbox=107,11,109,13")
    yield asked("/cap/{identifier}.xml", "/cap/draft-1.xml")
    yield asked("/cap/{identifier}.xml", "/cap/1.xml")
    yield html("/warnings", "/warnings", few=True)
    for name in ("1", "draft-1", "nothing?feed=x"):
        yield html("/warnings/{identifier:path}", f"/warnings/{name}")
    desk = "/operations/warnings"
    yield html(desk, desk, few=True)
    yield sent(desk, desk, "do=keep")
    yield html(f"{desk}/new", f"{desk}/new?alarm=1")
    for number in (1, 999):
        one = f"{desk}/{{id:id}}"
        yield html(one, f"{desk}/{number}")
        yield html(f"{one}/edit", f"{desk}/{number}/edit")
        yield sent(f"{one}/edit", f"{desk}/{number}/edit")
        for verb in ("ask", "approve", "refuse", "drop", "update", "cancel"):
            yield sent(f"{one}/{{verb}}", f"{desk}/{number}/{verb}")
