"""`/transit/feeds`: what was read of each feed and what was refused; who may brings a timetable in or returns to one."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from dothi.db import session as db
from dothi.identity import guard
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.kit.text import whole
from dothi.screens import desk, words
from dothi.screens.transit import asking
from dothi.screens.transit.asking import Ask, Note
from dothi.transit import mirror, service, store, values
from dothi.transit.tables import TransitFeed, TransitVersion
from dothi.web.forms import Filled
from dothi.web.i18n import marked

HERE = "/transit/feeds"
MOST = 128 * 1024 * 1024  # bytes of a file handed in
TITLES = {
    "missing-file": marked("thiếu tệp"), "missing-column": marked("thiếu cột"), "missing-value": marked("thiếu giá trị"),
    "bad-number": marked("số không hợp lệ"), "bad-position": marked("tọa độ không hợp lệ"), "bad-time": marked("giờ không hợp lệ"),
    "bad-date": marked("ngày không hợp lệ"), "bad-choice": marked("giá trị ngoài danh mục"), "bad-colour": marked("mã màu không hợp lệ"),
    "duplicate-key": marked("trùng mã"), "no-such": marked("mã được dẫn chiếu không có"), "broken-row": marked("dòng hỏng"),
    "time-goes-back": marked("giờ đi lùi"), "time-missing": marked("thiếu giờ, đã nội suy"), "name-missing": marked("thiếu tên"),
    "station-missing": marked("không có nhà ga được dẫn chiếu"), "not-read": marked("tệp không được đọc"),
    "unknown-column": marked("cột lạ"), "unused-column": marked("cột không dùng đến"), "encoding": marked("bảng mã không phải UTF-8"),
    "timezone": marked("múi giờ không hợp lệ"), "expired": marked("lịch đã hết hạn"), "not-begun": marked("lịch chưa đến ngày"),
    "no-days": marked("không có ngày chạy nào"), "no-times": marked("không có giờ chạy nào"),
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """A version that is kept. found: (name, title, weight, how many); each of the faults has its `title` too."""

    number: int
    when: str
    file: str
    sha256: str
    holds: bool
    days: str
    counts: list[tuple[str, int, int, int]]
    found: list[tuple[str, str, str, int]]
    faults: list[dict[str, Any]]


@dataclass(frozen=True)
class Feed:
    """A feed with its versions. may: whether the caller may change it."""

    code: str
    title: str
    sharing: str
    simulated: bool
    state: str
    expired: bool
    shift: int
    url: str
    realtime: list[tuple[str, str]]
    heard: list[tuple[str, dict[str, Any]]]
    errors: list[str]
    may: bool
    versions: list[Version]


@dataclass
class Feeds:
    """The context of `transit/feeds.html`."""

    title: str
    notes: list[Note]
    feeds: list[Feed]
    can: bool
    filled: Filled
    simulated: bool = False
    said: str = ""


def index(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /transit/feeds`."""
    rows = store.feeds(ask.session, ask.caller)
    made = [_feed(ask, one) for one in rows]
    page = Feeds(
        ask.say("Nguồn dữ liệu xe buýt"), asking.notes(ask, asking.networks(ask)), made, desk.allowed(ask.caller, service.PERMISSION),
        filled or Filled(), any(one.simulated for one in made), ask.request.query_params.get("done", "")[:60],
    )  # fmt: skip
    return ask.page("feeds", page, status)


def _feed(ask: Ask, row: TransitFeed) -> Feed:
    versions = store.versions(ask.session, row.id)
    held = next((one for one in versions if one.id == row.version_id), None)
    state = "" if held is None else service.state(held, ask.now)
    may = guard.may(ask.caller, service.PERMISSION, row.agency_id)
    heard = [(name, one) for name, one in sorted((row.heard or {}).items())]
    return Feed(
        row.code, row.title, row.sharing, row.simulated, state, state in ("expired", "not-begun"), held.shift if held else 0,
        (row.url or "") if may else "", [(k, v) for k, v in sorted(row.realtime.items())] if may else [], heard,
        [one for one in (row.error, row.realtime_error) if one] if may else [], may,
        [_version(ask, one, holds=one.id == row.version_id) for one in versions],
    )  # fmt: skip


def title(ask: Ask, kind: str) -> str:
    """What a named fault is called."""
    return ask.say(TITLES[kind]) if kind in TITLES else kind


def _version(ask: Ask, one: TransitVersion, *, holds: bool) -> Version:
    from dothi.transit.faults import KINDS

    days = (
        "–"
        if one.begins is None or one.ends is None
        else f"{values.day_text(one.begins)} – {values.day_text(one.ends)}"
    )
    return Version(
        one.number, words.moment(one.imported_at), one.file, one.sha256[:12], holds, days,
        [(name, c["read"], c["accepted"], c["refused"]) for name, c in one.counts.items()],
        [(name, title(ask, name), KINDS.get(name, "noted"), many) for name, many in sorted(one.found.items())],
        [{**fault, "title": title(ask, str(fault["kind"]))} for fault in one.faults[:60]] if holds else [],
    )  # fmt: skip


def bring(ask: Ask) -> Response:
    """`POST /transit/feeds`: a timetable as a file or from an address."""
    code = ask.values.get("code", "").strip()
    try:
        made = _read(ask)
        agency = None if guard.may(ask.caller, service.PERMISSION, None) else ask.caller.agency_id
        with db.writing() as session:
            known = store.locked(session, code)
            if known is None:
                service.follow(
                    session, ask.caller, code, ask.values.get("title", ""), url=ask.values.get("url", "").strip() or None,
                    realtime={name: ask.values.get(name, "").strip() for name in service.REALTIME}, agency_id=agency,
                    licence=ask.values.get("licence", "").strip()[:200], source=ask.values.get("source", "").strip()[:300],
                    sharing=ask.values.get("sharing", "open"),
                )  # fmt: skip
            done = service.take(session, ask.caller, code, made)
            mirror.renew(session, service.held(session, ask.caller, code))
    except DothiError as error:
        return index(ask, desk.wrong(ask, error), error.status)
    return RedirectResponse(f"{HERE}?done={'same' if done.version is None else 'imported'}#f-{code}", 303)


def _read(ask: Ask) -> Any:
    upload, url = ask.form.get("file") if ask.form is not None else None, ask.values.get("url", "").strip()
    if isinstance(upload, UploadFile) and upload.filename:
        body = upload.file.read(MOST + 1)
        if len(body) > MOST:
            raise BadInput("the file is too large", [Fault("file", f"{len(body)} bytes", f"{MOST} bytes")])
        return service.read(upload.filename[:80], body)
    if url:
        return service.fetch(url)
    raise BadInput("there is no timetable in this form", [Fault("file", "is missing", "a GTFS zip, or an address")])


def back(ask: Ask) -> Response:
    """`POST /transit/feeds/{code}/return`: an earlier version holds again."""
    code, said = ask.request.path_params["code"][:80], ask.values.get("version", "")
    if (version := whole(said, 9)) is None:
        raise BadInput("this is no version", [Fault("version", repr(said[:20]), "the number of a version")])
    service.return_to(ask.session, ask.caller, code, version)
    mirror.renew(ask.session, service.held(ask.session, ask.caller, code))
    return RedirectResponse(f"{HERE}?done=returned#f-{code}", 303)


def current(ask: Ask) -> Response:
    """`POST /transit/feeds/{code}/current`: an expired calendar is taken as current, or no more."""
    code = ask.request.path_params["code"][:80]
    service.take_as_current(ask.session, ask.caller, code, undo=ask.values.get("undo") == "1")
    return RedirectResponse(f"{HERE}?done=current#f-{code}", 303)
