"""Maintenance windows: what is kept quiet, from when to when, and why."""

from dataclasses import dataclass

from starlette.responses import Response

from dothi.alerts import maintenance, rulebook
from dothi.alerts.tables import Maintenance
from dothi.identity import store as identity
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens import words as common
from dothi.screens.asking import sector_names
from dothi.screens.desk import back
from dothi.screens.rules import store, words
from dothi.screens.rules.desk import HANDLES, WRONG, Ask, wrong
from dothi.sensing import glance
from dothi.web.forms import Filled

HERE = "/operations/maintenance"


@dataclass(frozen=True)
class UpkeepPage:
    """`rules/maintenance.html`: windows that run or are to come; scopes: what a new one can be about."""

    windows: list[tuple[Maintenance, str, bool]]  # window, what it is about, whether it runs
    names: dict[str, str]
    kinds: list[tuple[str, str]]
    may_plan: bool


def listed(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """The windows, and the form of a new one."""
    windows = maintenance.current(ask.session, ask.caller)
    if filled is None:
        query = ask.request.query_params
        filled = Filled({
            "scope_kind": query.get("scope_kind", "rule"), "scope": query.get("scope", "")[:100], "starts_at": common.field_of(ask.now),
            "ends_at": common.field_of(ask.now + 2 * clock.HOUR),
        })  # fmt: skip
    page = UpkeepPage(
        [(one, about(ask, one.scope_kind, one.scope), maintenance.runs(one, ask.now)) for one in windows],
        store.names(ask.session, {one.by for one in windows}),
        [(kind, ask.say(word)) for kind, word in words.SCOPES.items()],
        may_plan=any(permission == HANDLES for permission, _ in ask.caller.within) or ask.may(HANDLES),
    )
    return ask.page("maintenance", filled, status, page=page)


def about(ask: Ask, kind: str, scope: str) -> str:
    """What a window is about, by its name as far as the caller may know it."""
    number = whole(scope) or 0
    if kind == "rule":
        try:
            return words.title(rulebook.rule(ask.session, ask.caller, scope), ask.language)
        except NotFound:
            return scope
    if kind == "thing":
        thing = glance.thing(ask.session, ask.caller, number)
        return thing.name if thing is not None else scope
    if kind == "agency":
        keeper = identity.agency(ask.session, number)
        return keeper.name if keeper is not None else scope
    return sector_names(ask.language).get(scope, scope) if kind == "sector" else scope


def plan(ask: Ask) -> Response:
    """Plan a window. Times are Vietnam's."""
    values = ask.values
    starts, ends = words.instant(values.get("starts_at", "")), words.instant(values.get("ends_at", ""))
    try:
        faults = [
            Fault(name, ask.say("không phải ngày giờ"), "2026-11-21T17:00")
            for name, at in (("starts_at", starts), ("ends_at", ends)) if at is None
        ]  # fmt: skip
        if faults or starts is None or ends is None:
            raise BadInput(ask.say("Chưa đặt được khoảng bảo trì."), faults)
        with ask.session.begin_nested():
            maintenance.plan(
                ask.session, ask.caller, starts_at=starts, ends_at=ends, scope_kind=values.get("scope_kind", ""),
                scope=values.get("scope", ""), reason=values.get("reason", ""),
            )  # fmt: skip
    except WRONG as error:
        return listed(ask, wrong(ask, error), error.status)
    return back(HERE)


def cancel(ask: Ask) -> Response:
    """Call a window off, or end it early."""
    maintenance.cancel(ask.session, ask.caller, int(ask.request.path_params["id"]))
    return back(HERE)
