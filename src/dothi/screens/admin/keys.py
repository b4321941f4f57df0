"""Keys of systems and devices: made here, their text shown once."""

from starlette.responses import Response

from dothi.identity import guard, service, store
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import whole
from dothi.screens.admin.desk import Ask, agencies_of, get, post
from dothi.screens.desk import back
from dothi.sensing.tables import Thing
from dothi.web.forms import Filled
from dothi.web.paths import ID

LONGEST = 36_500  # days


def _keys(ask: Ask, filled: Filled | None = None, status: int = 200, made: str = "") -> Response:
    mine = agencies_of(ask.caller, "identity:read")
    return ask.page(
        "keys", filled, status, made=made, now=clock.now_micros(),
        keys=[one for one in store.keys(ask.session) if mine is None or one.agency_id in mine],
        agencies=store.agencies(ask.session), codes={one.id: one.code for one in store.agencies(ask.session)},
        scopes=sorted(guard.KEY_SCOPES), device_scopes=guard.DEVICE_SCOPES,
        writes=guard.may_somewhere(ask.caller, "identity:write"),
    )  # fmt: skip


def _add(ask: Ask) -> Response:
    said = ask.values
    scopes = [one for one in sorted(guard.KEY_SCOPES) if said.get(f"scope-{one}")]
    try:
        thing, of = _thing(ask)
        text = service.create_key(
            ask.session, ask.caller, said.get("label", ""), scopes, kind="system" if thing is None else "device",
            agency=said.get("agency") or None, agency_id=of, thing_id=thing, expires_at=_expiry(said.get("days", "")),
        )  # fmt: skip
    except (BadInput, Conflict) as error:
        return _keys(ask, Filled.wrong(said, error), error.status)
    return _keys(ask, made=text)


def _thing(ask: Ask) -> tuple[int | None, int | None]:
    """The thing a device key is for, and its agency."""
    said = ask.values.get("thing", "")
    if not said:
        return None, None
    id_ = whole(said, 9)
    found = ask.session.get(Thing, id_) if id_ is not None else None
    if found is None:
        raise BadInput("this key cannot be made", [Fault("thing", f"there is no Thing {said[:40]}")])
    return found.id, found.agency_id


def _expiry(said: str) -> int | None:
    if not said:
        return None
    days = whole(said, 9)
    if days is None or not 1 <= days <= LONGEST:
        raise BadInput("this key cannot be made", [Fault("days", said[:40], f"1 to {LONGEST}, or nothing")])
    return clock.now_micros() + days * clock.DAY


def _revoke(ask: Ask) -> Response:
    service.revoke_key(ask.session, ask.caller, ask.request.path_params["id"])
    return back("/admin/keys")


routes = [
    get("/admin/keys", _keys, "identity:read"),
    post("/admin/keys", _add, "identity:write"),
    post(f"/admin/keys/{ID}/revoke", _revoke, "identity:write"),
]
