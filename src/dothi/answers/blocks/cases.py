"""Cases: how many, and which. Everybody counts what is public; officers also what their offices handle."""

from statistics import median
from typing import Any

from dothi.answers import model, shown, store
from dothi.answers.asking import Asking
from dothi.answers.blocks.words import title_of
from dothi.cases.types import types
from dothi.identity import called, guard
from dothi.kit import clock
from dothi.sensing.state import number

_LEAST = 5  # answers below which a share says nothing


def asked(ask: Asking, type_: str | None, categories: list[str], last: str | None) -> store.CasesAsked:
    """Which cases: those named; none named: of the sector's own categories."""
    named = tuple(categories)
    if not named and type_ is None:
        named = tuple(code for code, sector in types().sectors.items() if sector == ask.sector) or ("",)
    since = None if last is None else ask.moment - model.span(last)
    return store.CasesAsked(type_, named, ask.place, since, ask.moment, ask.city)


def hidden(ask: Asking, wanted: store.CasesAsked) -> str:
    """Why there is nothing to count: what is asked for is never public, and none is zero only to those who may see it."""
    if guard.may_somewhere(ask.caller, "cases:read"):
        return ""
    known = types().categories_
    about = [known[code] for code in wanted.categories if code in known]
    if wanted.type is not None and not about:
        about = [one for one in known.values() if one.type == wanted.type]  # a dossier has none: it is never public
    elif not about:
        return ""
    return "" if any(one.public for one in about) else ask.say("Việc loại này không công khai; chỉ cơ quan xử lý thấy.")


def measure_name(measure: str, ask: Asking) -> str:
    """What a measure of cases is called."""
    return {
        "open": ask.say("Đang xử lý"), "late": ask.say("Quá hạn"), "received": ask.say("Đã nhận"),
        "solved": ask.say("Đã xử lý"), "on-time": ask.say("Đúng hạn"), "median-days": ask.say("Thời gian xử lý trung vị"),
        "satisfied": ask.say("Hài lòng"),
    }[measure]  # fmt: skip


def counted(ask: Asking, of: model.CasesOf, last: str | None) -> shown.Number:
    """One number of cases."""
    wanted = asked(ask, of.type, of.categories, last)
    found = store.case_counts(ask.session, ask.caller, wanted)
    value: float | None
    unit, decimals, of_, count = "", 0, found.received, None
    match of.measure:
        case "on-time":
            value, unit, of_, count = _share(found.met, found.measured)
        case "satisfied":
            value, unit, of_, count = (
                _share(found.satisfied, found.answers) if found.answers >= _LEAST else (None, "", found.answers, None)
            )
        case "median-days":
            spans = store.took(ask.session, ask.caller, wanted)
            value, unit, decimals = (median(spans) / clock.DAY if spans else None), ask.say("ngày"), 1
            of_ = len(spans)
        case _:
            count = {"open": found.open, "late": found.late, "received": found.received, "solved": found.solved}[
                of.measure
            ]
            value = float(count)
            of_ = found.open if of.measure == "late" else found.received
    since = "" if wanted.since is None else ask.say(" từ {since}", since=ask.moment_words(wanted.since))
    made = shown.Number(
        "figure", measure_name(of.measure, ask), source=ask.say("Sổ vụ việc của thành phố, {n} vụ việc{since}", n=number(found.received, 0, ask.language), since=since),
        href="/transparency", how=_scope(ask), at=ask.moment, simulated=bool(found.simulated), value=value,
        text=number(value, decimals, ask.language), unit=unit if value is not None else "", of=of_, count=count,
    )  # fmt: skip
    if why := hidden(ask, wanted):
        made.value, made.text, made.unit, made.count, made.why = None, "", "", None, why
    elif value is None:
        made.why = (
            ask.say("Chưa có vụ việc nào đã xong để tính.")
            if of.measure != "satisfied"
            else ask.say("Chưa đủ {n} người trả lời.", n=_LEAST)
        )
    return made


def _share(part: int, whole: int) -> tuple[float | None, str, int, int]:
    return (100 * part / whole if whole else None), "%", whole, part


def _scope(ask: Asking) -> str:
    if ask.caller.kind == "anonymous":
        return ask.say("chỉ tính vụ việc công khai")
    return ask.say("vụ việc công khai và của cơ quan bạn")


def grouped(ask: Asking, of: model.CasesOf, by: str, last: str | None) -> tuple[shown.Bars, list[tuple[Any, int]]]:
    """Cases by category, ward, office or day of receipt."""
    wanted = asked(ask, of.type, of.categories, last)
    pairs = store.case_groups(ask.session, ask.caller, wanted, by, of.measure)
    total = store.case_counts(ask.session, ask.caller, wanted)
    made = shown.Bars(
        "bars", measure_name(of.measure, ask), source=ask.say("Sổ vụ việc của thành phố"), href="/transparency", how=_scope(ask),
        at=ask.moment, simulated=bool(total.simulated), why=hidden(ask, wanted),
    )  # fmt: skip
    return made, pairs


def named(key: Any, by: str, ask: Asking) -> str:
    """What a group of cases is called."""
    if by == "unit":
        return ask.unit_name(key) or ask.say("Chưa rõ phường, xã")
    if by == "office":
        return (
            called.agencies(ask.session, [key], ask.language).get(key, "")
            if key is not None
            else ask.say("Chưa giao cơ quan")
        )
    return category_name(key, ask)


def category_name(code: str | None, ask: Asking) -> str:
    """What a category or public service is called."""
    about = types().about(code)
    return about.title.of(ask.language) if about is not None else (code or ask.say("Chưa phân loại"))


def answer(ask: Asking, spec: model.Cases) -> shown.Rows:
    """The cases themselves: what is due next first."""
    wanted = asked(ask, spec.type, spec.categories, spec.last)
    rows = store.case_rows(ask.session, ask.caller, wanted, spec.state, spec.limit)
    totals = store.case_counts(ask.session, ask.caller, wanted)
    total = {"open": totals.open, "late": totals.late, "done": totals.solved}.get(spec.state, totals.received)
    made = shown.Rows(
        "cases", title_of(spec, ask, ask.say("Vụ việc")), source=ask.say("Sổ vụ việc của thành phố"), href="/reports", how=_scope(ask),
        at=ask.moment, simulated=any(one.simulated for one in rows), rows=[_row(one, ask) for one in rows], total=total,
    )  # fmt: skip
    if not rows:
        made.why = hidden(ask, wanted) or {
            "open": ask.say("Không có vụ việc nào đang xử lý."), "late": ask.say("Không có vụ việc nào quá hạn."),
        }.get(spec.state, ask.say("Không có vụ việc nào như vậy."))  # fmt: skip
    return made


def _row(one: Any, ask: Asking) -> shown.Row:
    late = (
        one.due_at is not None and one.due_at < ask.moment and (one.resolved_at is None or one.resolved_at > ask.moment)
    )
    state = types().state(one.type, one.state)
    title = (state.public or state.title).of(ask.language) if ask.at is None else ""
    return shown.Row(
        one.title or category_name(one.category, ask), f"/reports/{one.number}" if one.public else f"/desk/cases/{one.number}",
        [shown.Cell(ask.say("Số"), one.number), shown.Cell(ask.say("Loại việc"), category_name(one.category, ask))],
        state="major" if late else None, word=ask.say("quá hạn") if late else title, at=one.opened_at, due=one.due_at,
        place=ask.unit_name(one.unit), lon=one.lon if one.public else None, lat=one.lat if one.public else None,
    )  # fmt: skip
