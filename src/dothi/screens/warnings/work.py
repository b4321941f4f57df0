"""`/operations/warnings`: what waits, what is in force, a warning as its two people see it, and what each may do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.identity import guard
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import whole
from dothi.notify import service as notify
from dothi.screens.desk import back
from dothi.screens.warnings import public, words, writing
from dothi.screens.warnings.desk import Ask
from dothi.screens.warnings.writing import Written
from dothi.warnings import composing, here, rules, service, store
from dothi.warnings.service import APPROVE, DRAFT, CannotStep
from dothi.warnings.tables import CapFeed, Warning_
from dothi.warnings.telling import Told, told
from dothi.web import i18n
from dothi.web.forms import Filled

HERE = "/operations/warnings"
_WRONG = (BadInput, Conflict, CannotStep)  # what a form is shown again with


@dataclass
class Line:
    """One of our warnings in a list: what it says, who wrote it, who decided."""

    one: Told
    author: str
    at: int
    note: str
    mine: bool


@dataclass
class Desk:
    """The context of `warnings/desk.html`."""

    waiting: list[Line]
    drafts: list[Line]
    standing: list[Told]
    others: list[Told]
    past: list[Line]
    feeds: list[CapFeed]
    templates: list[tuple[str, str, str]]
    drafts_may: bool


@dataclass
class Detail:
    """The context of `warnings/detail.html`.

    why: why the reader does not approve (`author`, `person`, `permission`), None when they may; second: who else may;
    missing: what has to be there before somebody is asked; cautions: what is unwise; prepared: the update or the
    cancellation that is being prepared.
    """

    row: Warning_
    one: Told
    languages: list[tuple[str, dict[str, Any], Any, Any]]  # code, texts, the map of the first, how its readers say
    author: str
    decided: str
    why: str | None
    second: list[str]
    missing: list[Fault]
    cautions: list[Fault]
    chain: list[Told]
    prepared: Warning_ | None
    standing: bool
    drafts_may: bool


def desk(ask: Ask) -> Response:
    """`GET /operations/warnings`."""
    rows = _here(ask, store.at_desk(ask.session, ask.caller, store.OPEN))
    past = _here(ask, store.at_desk(ask.session, ask.caller, ("superseded", "cancelled", "expired", "dropped"), 120))[
        :30
    ]
    names = store.names(ask.session, [row.drafted_by for row in (*rows, *past)])
    lines = [_line(ask, row, names) for row in rows]
    standing = here.here(ask.session, service.current(ask.session, ask.caller))
    page = Desk(
        [one for one in lines if one.one.state == "asked"], [one for one in lines if one.one.state != "asked"],
        [one for one in standing if not one.inbound], [one for one in standing if one.inbound],
        [_line(ask, row, names) for row in past], store.feeds(ask.session),
        writing.templates(ask) if ask.may(DRAFT) else [], ask.may(DRAFT),
    )  # fmt: skip
    return ask.page("desk", page)


def new(ask: Ask) -> Response:
    """`GET /operations/warnings/new?alarm=&template=`."""
    return _form(ask, writing.blank(ask))


def create(ask: Ask) -> Response:
    """`POST /operations/warnings`: keep a draft, or fill the template anew (`do=fill`)."""
    made, faults = writing.given(ask, HERE)

    def keep() -> Warning_:
        alarm = made.alarm["id"] if made.alarm else None
        return service.draft(ask.session, ask.caller, made.composed, alarm_id=alarm)

    return _kept(ask, made, faults, keep)


def edit(ask: Ask) -> Response:
    """`GET /operations/warnings/{id}/edit`."""
    row = _row(ask)
    if row.state not in store.OPEN or row.msg_type == "Cancel":
        raise CannotStep("what was published is not edited; it is updated")
    return _form(ask, writing.again(ask, row))


def save(ask: Ask) -> Response:
    """`POST /operations/warnings/{id}/edit`."""
    row = _row(ask)
    made, faults = writing.given(ask, f"{HERE}/{row.id}/edit")
    made.version, made.update = _version(ask), row.msg_type == "Update"
    return _kept(ask, made, faults, lambda: service.edit(ask.session, ask.caller, row.id, made.composed, _version(ask)))


def detail(ask: Ask) -> Response:
    """`GET /operations/warnings/{id}`: as citizens will see it, and what its reader may do."""
    return _detail(ask, _row(ask), None)


def step(ask: Ask) -> Response:
    """`POST /operations/warnings/{id}/{verb}`."""
    row, verb = _row(ask), STEPS.get(ask.request.path_params["verb"])
    if verb is None:
        raise NotFound("there is no such action")
    try:
        with ask.session.begin_nested():
            to = verb(ask, row)
    except _WRONG as error:
        row = service.one(ask.session, ask.caller, row.id)
        return _detail(ask, row, Filled.wrong(ask.values, words.told(error, ask.say)), error.status)
    return back(to)


def _ask(ask: Ask, row: Warning_) -> str:
    service.ask(ask.session, ask.caller, row.id, _version(ask))
    return f"{HERE}/{row.id}"


def _approve(ask: Ask, row: Warning_) -> str:
    if ask.values.get("read") != "1":
        raise BadInput(ask.say("Hãy xác nhận là anh chị đã đọc."), [Fault("read", ask.say("chưa đánh dấu"), None)])
    service.approve(ask.session, ask.caller, row.id, _version(ask))
    return f"{HERE}/{row.id}"


def _refuse(ask: Ask, row: Warning_) -> str:
    service.refuse(ask.session, ask.caller, row.id, ask.values.get("reason", ""), _version(ask))
    return f"{HERE}/{row.id}"


def _drop(ask: Ask, row: Warning_) -> str:
    service.drop(ask.session, ask.caller, row.id, _version(ask))
    return HERE


def _update(ask: Ask, row: Warning_) -> str:
    return f"{HERE}/{service.update(ask.session, ask.caller, row.id).id}/edit"


def _cancel(ask: Ask, row: Warning_) -> str:
    reasons = {language: ask.values.get(f"reason_{language}", "") for language in composing.LANGUAGES}
    return f"{HERE}/{service.cancel(ask.session, ask.caller, row.id, reasons).id}"


STEPS: dict[str, Callable[[Ask, Warning_], str]] = {
    "ask": _ask, "approve": _approve, "refuse": _refuse, "drop": _drop, "update": _update, "cancel": _cancel,
}  # fmt: skip


def _kept(ask: Ask, made: Written, faults: list[Fault], keep: Callable[[], Warning_]) -> Response:
    try:
        if ask.values.get("do") == "fill":
            return _form(ask, writing.filled(ask, made))
        if faults:
            raise BadInput("this warning cannot be kept", faults)
        with ask.session.begin_nested():
            row = keep()
    except _WRONG as error:
        return _form(ask, made, Filled.wrong(ask.values, words.told(error, ask.say)), error.status)
    return back(f"{HERE}/{row.id}")


def _form(ask: Ask, made: Written, filled: Filled | None = None, status: int = 200) -> Response:
    return ask.page("write", made, filled, status, entries=("warnings",))


def _detail(ask: Ask, row: Warning_, filled: Filled | None, status: int = 200) -> Response:
    one = told(row)
    found = store.names(ask.session, [row.drafted_by, row.decided_by])
    languages = [
        (info["language"], info, public.drawing(ask.session, one, info["language"], say) if i == 0 else "", say)
        for i, info in enumerate(one.infos)
        for say in (i18n.speaker(info["language"]),)
    ]
    open_ = row.state in store.OPEN
    missing = list(composing.unready(row, ask.now)) if open_ else []
    over = row.expires_at is not None and row.expires_at <= ask.now
    standing = row.state == "published" and row.msg_type != "Cancel" and not over
    page = Detail(
        row, one, languages, found.get(row.drafted_by, row.drafted_by), found.get(row.decided_by or "", ""),
        service.why_not(ask.caller, row), _second(ask, row), missing, [] if missing or not open_ else _cautions(row, ask.now),
        _chain(ask, row),
        store.successor(ask.session, row.chain_id or row.id) if standing else None, standing,
        guard.may(ask.caller, DRAFT, row.agency_id),
    )  # fmt: skip
    return ask.page("detail", page, filled, status)


def _chain(ask: Ask, row: Warning_) -> list[Told]:
    found = store.chain(ask.session, ask.caller, row.chain_id or row.id)
    return [told(one) for one in found if one.state != "dropped"]


def _second(ask: Ask, row: Warning_) -> list[str]:
    """Who may approve it besides its author."""
    if row.state != "asked":
        return []
    ids = notify.holders(ask.session, APPROVE, row.agency_id)
    actors = [f"person:{id_}" for id_ in sorted(ids) if f"person:{id_}" not in (row.drafted_by, ask.caller.actor)]
    return sorted(store.names(ask.session, actors).values())[:8]


def _cautions(row: Warning_, now: int) -> list[Fault]:
    return list(rules.cautions(composing.message(row, now, "preview", {}, None)))


def _here(ask: Ask, rows: list[Warning_]) -> list[Warning_]:
    """Those of the city the page is about."""
    kept = {one.id for one in here.here(ask.session, [told(row) for row in rows])}
    return [row for row in rows if row.id in kept]


def _line(ask: Ask, row: Warning_, names: dict[str, str]) -> Line:
    mine = row.drafted_by == ask.caller.actor
    return Line(told(row), names.get(row.drafted_by, row.drafted_by), row.drafted_at, row.decision_note or "", mine)


def _row(ask: Ask) -> Warning_:
    return service.one(ask.session, ask.caller, int(ask.request.path_params["id"]))


def _version(ask: Ask) -> int:
    text = ask.values.get("version", "")
    if (version := whole(text, 8)) is None:
        raise BadInput("the page is too old; open it again", [Fault("version", repr(text[:20]), "a number")])
    return version
