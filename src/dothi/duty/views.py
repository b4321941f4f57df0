"""Saved views of the operations page: what the address bar holds, under the keys 1 to 9."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session

from dothi.duty import sight, store
from dothi.duty.tables import SavedView
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import nfc
from dothi.sensing.news import before_commit

KEYS = range(1, 10)
# a view is a way of looking, not a moment nor a chosen alarm
MOMENTARY = ("at", "known", "mode", "alarm", "selected", "lang")


def list_(session: Session, caller: Caller) -> list[SavedView]:
    """The views a caller has: their own, their agency's, everybody's; by key."""
    _require(caller)
    return store.views(session, sight.views(caller))


def keys(session: Session, caller: Caller) -> dict[int, SavedView]:
    """What each key opens: one's own view before the agency's, that before everybody's."""
    found: dict[int, SavedView] = {}
    for one in list_(session, caller):
        found.setdefault(one.position, one)
    return found


def save(
    session: Session,
    caller: Caller,
    title: str,
    state: Mapping[str, str] | str,
    *,
    position: int | None = None,
    shared: bool = False,
) -> SavedView:
    """Keep a view under a key (None: the first free one), in place of what the same owner had there.

    state: what the address bar holds, as names and texts or as its text. shared: for the whole agency, or, led by
    somebody who leads everywhere, for everybody; needs duty:lead.
    """
    person = sight.person_of(caller)
    _require(caller)
    kept, faults = cleaned(state)
    title = nfc(title.strip())
    if not 1 <= len(title) <= 80:
        faults.append(Fault("title", "is missing" if not title else f"{len(title)} characters", "1 to 80 characters"))
    if position is not None and position not in KEYS:
        faults.append(Fault("position", str(position), "1 to 9"))
    owner: tuple[int | None, int | None] = (person, None)
    if shared:
        owner = (None, sight.desk_of(caller, "duty:lead"))
    if faults:
        raise BadInput("this view cannot be kept", faults)
    held = {one.position: one for one in store.views_at(session, *owner)}
    free = next((key for key in KEYS if key not in held), None)
    if position is None and free is None:
        raise Conflict("all nine keys are taken; choose one to replace", [Fault("position", "none is free", "1 to 9")])
    place = position if position is not None else free
    found = held.get(place or 0)
    if found is None:
        found = SavedView(person_id=owner[0], agency_id=owner[1], position=place or 1, title=title, state=kept)
        session.add(found)
    found.title, found.state = title, kept
    session.flush()
    if shared:
        _tell(session, "duty.view.saved", caller, found)
    return found


def delete(session: Session, caller: Caller, id_: int) -> None:
    """Drop a view: one's own, or (duty:lead) a shared one."""
    sight.person_of(caller)
    found = store.saved_view(session, id_, sight.views(caller))
    if found is None:
        raise sight.not_found("view")
    if found.person_id is None:
        guard.require(caller, "duty:lead", found.agency_id)
        _tell(session, "duty.view.deleted", caller, found)
    session.delete(found)
    session.flush()


def cleaned(state: Mapping[str, str] | str) -> tuple[dict[str, str], list[Fault]]:
    """The lasting part of an address bar's state, and what is wrong with it."""
    pairs = parse_qsl(state.removeprefix("/operations").lstrip("?")) if isinstance(state, str) else state.items()
    kept = {str(name): str(value) for name, value in pairs if name not in MOMENTARY}
    faults = []
    if any(len(name) > 40 or len(value) > 1000 or not (name + value).isprintable() for name, value in kept.items()):
        faults.append(Fault("state", "holds something too long or unprintable", "up to 1000 characters each"))
    if len(kept) > 40:
        faults.append(Fault("state", f"{len(kept)} names", "up to 40"))
    return kept, faults


def href(state: Mapping[str, str], page: str = "/operations") -> str:
    """The address that shows a view."""
    return f"{page}?{urlencode(state)}" if state else page


def _require(caller: Caller) -> None:
    if not guard.may_somewhere(caller, "alarms:read"):
        guard.require(caller, "alarms:read")


def _tell(session: Session, kind: str, caller: Caller, of: SavedView) -> None:
    entry = partial(
        journal.append, session, kind, actor=caller.actor, subject=f"view:{of.id}", agency_id=of.agency_id,
        data={"title": of.title, "position": of.position},
    )  # fmt: skip
    before_commit(session, entry)
