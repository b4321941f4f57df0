"""`/warnings`: what is in force, one warning with its map and what to do, and what was. Works without script."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.places import geojson
from dothi.screens import asking
from dothi.screens.warnings import picture, words
from dothi.sensing import glance
from dothi.warnings import here, service, store
from dothi.warnings.telling import Told, told
from dothi.web import i18n, shell

HISTORY = 30 * clock.DAY
MOST = 50
SEARCHED = 200  # of all cities together


@dataclass
class Ask(asking.Ask):
    """One question to a public page of the warnings."""

    def page(self, template: str, page: Any) -> Response:
        """The page around what it shows."""
        return shell.page(
            self.request, f"warnings/{template}.html",
            {
                "page": page, "entries": [], "city": self.city, "caller": self.caller,
                "simulated": glance.any_simulated(self.session, self.caller), "w": words, "now": self.now,
                "language": self.language,
            },
        )  # fmt: skip


@dataclass
class Listing:
    """The context of `warnings/index.html`: ours and others' in force, exercises, what is over."""

    ours: list[Told]
    others: list[Told]
    exercises: list[Told]
    past: list[Told]
    places: list[tuple[str, str]]


@dataclass
class One:
    """The context of `warnings/one.html`.

    standing: whether it is in force now; after: the newest message of its life, where it is not this one; chain: all of
    them, the newest first; map: the drawing.
    """

    one: Told
    info: dict[str, Any]
    standing: bool
    after: Told | None
    chain: list[Told]
    map: Any
    xml: str | None


@Ask.asked
def index(ask: Ask) -> Response:
    """`/warnings`."""
    every = service.current(ask.session, ANONYMOUS)
    standing, now = {one.id for one in every}, here.here(ask.session, every)
    real = [one for one in now if one.status == "Actual"]
    rows = store.latest(ask.session, ANONYMOUS, ask.now - HISTORY, ("Actual",), SEARCHED, own=False)
    over = [told(row) for row in rows if row.id not in standing and row.msg_type != "Cancel"]
    past = here.here(ask.session, over)[:MOST]
    listing = Listing(
        [one for one in real if not one.inbound], [one for one in real if one.inbound],
        [one for one in now if one.status != "Actual"], past, [],
    )  # fmt: skip
    return ask.page("index", listing)


@Ask.asked
def one(ask: Ask) -> Response:
    """`/warnings/{identifier}`."""
    identifier, feed = ask.request.path_params["identifier"], ask.request.query_params.get("feed", "")
    row = store.published(ask.session, ANONYMOUS, identifier, feed)
    if row is None:
        raise NotFound(f"no published warning {identifier[:120]!r}")
    this = told(row)
    chain = [told(one) for one in store.chain(ask.session, ANONYMOUS, row.chain_id or row.id)][::-1]
    standing = row.state == "published" and this.msg_type != "Cancel" and (this.expires_at or ask.now + 1) > ask.now
    after = chain[0] if chain and chain[0].id != this.id else None
    page = One(
        this, this.info(ask.language), standing, after, chain, drawing(ask.session, this, ask.language, ask.say),
        None if this.inbound else f"/cap/{this.identifier}.xml",
    )  # fmt: skip
    return ask.page("one", page)


def drawing(session: Session, one: Told, language: str, say: i18n.Say) -> Any:
    """The map of a warning's areas over the built-in base."""
    base = geojson.base_map(session, None, clock.now_micros(), 20.0).body
    name = say("Bản đồ khu vực được cảnh báo: {places}", places=one.places(language))
    return picture.drawing(one.areas, base, one.tone, name, language)
