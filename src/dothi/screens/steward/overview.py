"""`/steward`: my datasets and what waits for me; and the desk of one dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape
from starlette.responses import Response

from dothi.datasets import quality, service, usage, views
from dothi.datasets.tables import Load
from dothi.datasets.views import View
from dothi.identity import called, guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict
from dothi.places import cities
from dothi.screens import words as common
from dothi.screens.catalogue import history, labels
from dothi.screens.catalogue.table import label_field
from dothi.screens.desk import back, wrong
from dothi.screens.steward import store, words
from dothi.screens.steward.desk import Ask, get, kept, post
from dothi.web.forms import Filled

DAYS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A dataset in the list. score: good checks of all, 0 to 1."""

    view: View
    agency: str
    sharing: str
    sharing_state: str
    status: str
    count: str
    changed: str
    good: int
    checks: int
    used: str
    waits: Sequence[str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load in a list."""

    load: Load
    code: str
    title: str
    state: str
    mode: str
    when: str
    by: str


def overview(ask: Ask) -> Response:
    """`GET /steward`."""
    others = cities.of_others(ask.session)
    mine = [one for one in views.views(ask.caller) if (one.describes or one.approves) and one.agency_id not in others]
    ids = [one.id for one in mine]
    by_id = {one.id: one for one in mine}
    corrections = store.open_corrections(ask.session, [one.id for one in mine if one.describes])
    reviews = store.waiting_reviews(ask.session, ids)
    loads = store.loads(ask.session, ids, 12)
    staged = [one for one in loads if one.state == "staged"]
    used = usage.totals(ask.session, DAYS)
    offices = called.agencies(ask.session, [one.agency_id for one in mine], ask.language)
    rows = [
        _row(ask, one, offices, used.get(one.id, 0),
             [w for w, n in ((ask.say("{n} góp ý", n=sum(c.dataset_id == one.id for c in corrections)),
                              sum(c.dataset_id == one.id for c in corrections)),
                             (ask.say("chờ duyệt công bố"), sum(r.dataset_id == one.id for r in reviews)),
                             (ask.say("tệp chờ nạp"), sum(s.dataset_id == one.id for s in staged))) if n])
        for one in mine
    ]  # fmt: skip
    return ask.page(
        "overview", rows=rows, corrections=len(corrections), reviews=[(one, by_id[one.dataset_id]) for one in reviews],
        loads=loaded(ask, loads, by_id), staged=len(staged), makes=any(one.describes for one in mine) or _describes(ask),
        used=common.number(sum(used.get(id_, 0) for id_ in ids), 0, ask.language), days=DAYS,
    )  # fmt: skip


def one(ask: Ask) -> Response:
    """`GET /steward/{code}`."""
    view = kept(ask)
    checks = quality.checks(ask.session, view, ask.language)
    loads = loaded(ask, store.loads(ask.session, [view.id], 8), {view.id: view})
    done = {
        "described": ask.say("Đã lưu mô tả."), "applied": ask.say("Đã nạp dữ liệu."),
        "undone": ask.say("Đã hoàn tác."), "dropped": ask.say("Đã bỏ tệp."), "created": ask.say("Đã tạo tập dữ liệu."),
    }.get(ask.request.query_params.get("done", ""), "")  # fmt: skip
    since = usage.today() - DAYS + 1
    return ask.page(
        "dataset", view=view, checks=checks, loads=loads, done=done,
        sharing=labels.sharing(view.sharing, ask.say), standing=labels.status(view.status, ask.say),
        count=common.number(view.count, 0, ask.language), changed=common.moment(view.changed_at),
        use=use_chart(ask, usage.by_day(ask.session, view.id, DAYS), since),
        corrections=len(store.open_corrections(ask.session, [view.id])) if view.describes else 0,
        waiting=store.waiting_reviews(ask.session, [view.id]), days=DAYS,
    )  # fmt: skip


def gone(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/{code}/deleted`: records that are gone, which can come back."""
    view = kept(ask)
    found = store.deleted(ask.session, view.id)
    names = store.names(ask.session, [one.superseded_by for one in found])
    field = label_field(view)
    rows = [
        (one.key, str(one.properties.get(field.name) or one.key) if field else one.key, common.moment(one.superseded_at),
         names.get(one.superseded_by, one.superseded_by), history.record_address(view, one.key))
        for one in found
    ]  # fmt: skip
    return ask.page("deleted", filled, status, view=view, rows=rows)


def undelete(ask: Ask) -> Response:
    """`POST /steward/{code}/deleted`."""
    view = kept(ask)
    try:
        with ask.session.begin_nested():
            service.undelete(ask.session, ask.caller, view.code, ask.values.get("key", ""))
    except (BadInput, Conflict) as error:
        return gone(ask, wrong(ask, error), error.status)
    return back(f"/steward/{view.code}/deleted")


def loaded(ask: Ask, loads: Sequence[Load], by_id: dict[int, View]) -> list[Loaded]:
    """Loads as a list shows them."""
    names = store.names(ask.session, [one.asked_by for one in loads])
    return [
        Loaded(one, by_id[one.dataset_id].code, by_id[one.dataset_id].called(ask.language), words.load_state(one.state, ask.say),
               words.mode(one.mode, ask.say), common.moment(one.finished_at or one.asked_at),
               names.get(one.asked_by, one.asked_by))
        for one in loads
    ]  # fmt: skip


def use_chart(
    ask: Ask, by_day: Mapping[int, Mapping[str, int]], since: int
) -> tuple[Markup, Sequence[tuple[str, str]]]:
    """Bars of use per day, and the sums by door; an empty drawing where nobody came."""
    days = [0] * DAYS
    doors: dict[str, int] = {}
    for day, door, n in ((day, door, n) for day, of in by_day.items() for door, n in of.items()):
        if 0 <= day - since < DAYS:
            days[day - since] += n
        doors[door] = doors.get(door, 0) + n
    most = max(days)
    sums = [
        (words.door(door, ask.say), common.number(n, 0, ask.language))
        for door, n in sorted(doors.items(), key=lambda pair: -pair[1])
    ]
    if not most:
        return Markup(""), sums
    wide, tall = 640.0, 120.0
    slot = wide / DAYS
    parts = [f'<path d="M0 96H{wide:g}"/><text x="0" y="10">{escape(common.number(most, 0, ask.language))}</text>']
    for i, n in enumerate(days):
        label = common.day((since + i) * clock.DAY)
        h = max(1.0, 80 * n / most) if n else 0
        if h:
            parts.append(
                f'<rect x="{i * slot + 1:.1f}" y="{96 - h:.1f}" width="{slot - 2:.1f}" height="{h:.1f}">'
                f"<title>{label}: {n}</title></rect>"
            )
        if i in (0, DAYS - 1):
            anchor = "start" if i == 0 else "end"
            parts.append(f'<text x="{0 if i == 0 else wide:g}" y="114" text-anchor="{anchor}">{label[:5]}</text>')
    name = escape(ask.say("Lượt dùng mỗi ngày trong {n} ngày, nhiều nhất {most}", n=DAYS, most=most))
    drawn = f'<svg class="use" viewBox="0 0 {wide:g} {tall:g}" role="img" aria-label="{name}">{"".join(parts)}</svg>'
    return Markup(drawn), sums  # noqa: S704 - numbers and escaped names only


def _row(ask: Ask, view: View, offices: dict[int, str], used: int, waits: Sequence[str]) -> Row:
    checks = quality.checks(ask.session, view, ask.language)
    return Row(
        view, offices.get(view.agency_id or 0, ""), labels.sharing(view.sharing, ask.say),
        labels.SHARING_STATE.get(view.sharing, ""), labels.status(view.status, ask.say),
        common.number(view.count, 0, ask.language),
        common.age(view.changed_at, ask.now, ask.language) if view.changed_at else "–",
        sum(one.state == "good" for one in checks), len(checks), common.number(used, 0, ask.language), waits,
    )  # fmt: skip


def _describes(ask: Ask) -> bool:
    return guard.may_somewhere(ask.caller, "data:describe")


routes = [
    get("/steward", overview),
    get("/steward/{code}/deleted", gone),
    post("/steward/{code}/deleted", undelete),
    get("/steward/{code}", one),
]
