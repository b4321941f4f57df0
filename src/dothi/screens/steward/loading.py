"""A load before and after it is applied: faults by row and column, what it would change, and undoing it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.datasets.loads import service as loads
from dothi.datasets.loads.service import Difference
from dothi.datasets.schema import Field
from dothi.datasets.tables import Load, LoadFault
from dothi.datasets.views import View
from dothi.kit.errors import BadInput, Conflict, DothiError, NotFound
from dothi.screens import words as common
from dothi.screens.catalogue import cells
from dothi.screens.catalogue.cells import Cell
from dothi.screens.catalogue.history import Changed
from dothi.screens.desk import back
from dothi.screens.steward import store, words
from dothi.screens.steward.desk import Ask, get, kept, number, post_long
from dothi.web.forms import Filled

PAGE = 50  # faults
SHOWN = 12  # records of the preview
DRAWN = 300  # shapes of the preview
SAMPLE = 20  # differences
FIRST = 5  # values told of a record that comes or goes


@dataclass(frozen=True, slots=True)
class Differs:
    """A record the load adds, changes or removes."""

    key: str
    how: str
    fields: Sequence[Changed]
    line: str  # its first values, of a record that comes or goes


@dataclass(frozen=True, slots=True)
class Preview:
    """The first staged records."""

    heads: Sequence[tuple[str, bool]]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    drawn: str
    bounds: str


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/{code}/loads/{id}`."""
    view = kept(ask)
    load = _load(ask, view)
    start = number(ask.request.query_params.get("start", "0"), "start")
    faults, total = store.faults(ask.session, load.id, start, PAGE)
    compared = loads.compare(ask.session, ask.caller, load.id, SAMPLE // 2) if load.state == "staged" else None
    answer = ask.page(
        "load", filled, status, view=view, load=load, state=words.load_state(load.state, ask.say),
        mode=words.mode(load.mode, ask.say), when=common.moment(load.finished_at or load.asked_at),
        by=store.names(ask.session, [load.asked_by]).get(load.asked_by, load.asked_by),
        tallies=_tallies(ask, load), kinds=store.fault_kinds(ask.session, load.id), faults=[_fault(one) for one in faults],
        faults_total=total, start=start, step=PAGE,
        differences=[_differs(ask, view, one) for one in compared.sample] if compared is not None else [],
        preview=_preview(ask, view, load) if load.state in ("staged", "staging") else None,
        share=round(100 * load.read / load.total) if load.total else None,
    )  # fmt: skip
    if load.state == "staging":
        answer.headers["refresh"] = "2"
    return answer


def act(ask: Ask) -> Response:
    """`POST /steward/{code}/loads/{id}`: apply, undo or drop; each its own transaction."""
    view = kept(ask)
    load = _load(ask, view)
    verbs = {"apply": (loads.apply, "applied"), "undo": (loads.undo, "undone"), "drop": (loads.drop, "dropped")}
    verb = verbs.get(ask.values.get("do", ""))
    if verb is None:
        return page(ask, Filled({}, {}, ask.say("Chọn nạp, hoàn tác hoặc bỏ.")), 400)
    try:
        verb[0](ask.caller, load.id)
    except (BadInput, Conflict) as error:
        return page(ask, Filled({}, {}, _said(error)), error.status)
    return back(f"/steward/{view.code}?done={verb[1]}")


def _load(ask: Ask, view: View) -> Load:
    found = store.load(ask.session, number(ask.request.path_params["id"], "id"), view.id)
    if found is None or not view.describes:
        raise NotFound(ask.say("Không có lần nạp nào ở địa chỉ này."))
    return found


def _tallies(ask: Ask, load: Load) -> list[tuple[str, str]]:
    say = ask.say
    told = [
        (say("Đã đọc"), load.read), (say("Nhận"), load.accepted), (say("Bị loại"), load.refused),
        (say("Tự sửa"), load.repaired), (say("Thêm mới"), load.added), (say("Thay đổi"), load.changed),
        (say("Giữ nguyên"), load.same), (say("Bỏ đi"), load.removed),
    ]  # fmt: skip
    return [(name, common.number(n, 0, ask.language)) for name, n in told if n is not None]


def _fault(one: LoadFault) -> tuple[str, str, str, str, bool]:
    return (str(one.row) if one.row else "–", one.column or "–", one.value or "–", one.reason, one.repaired)


def _differs(ask: Ask, view: View, one: Difference) -> Differs:
    """A difference of the comparison in words."""
    known = {field.name: field for field in view.fields}
    if one.kind != "changed":
        side = 2 if one.kind == "added" else 1
        told = [_word(ask, known[each[0]], each[side]) for each in one.fields if each[0] in known]
        return Differs(one.key, one.kind, (), " · ".join([text for text in told if text != "–"][:FIRST]))
    changed = []
    for name, before, after in one.fields:
        field = known.get(name)
        title = field.called(ask.language) if field else (ask.say("Vị trí") if name == "geometry" else name)
        changed.append(Changed(title, _word(ask, field, before), _word(ask, field, after)))
    return Differs(one.key, one.kind, changed, "")


def _word(ask: Ask, field: Field | None, value: Any) -> str:
    if field is None:
        return "" if value is None else str(value)[:120]
    return cells.cell(field, value, ask.language, ask.say("có"), ask.say("không"), 120).text


def _preview(ask: Ask, view: View, load: Load) -> Preview | None:
    rows = loads.preview(ask.session, ask.caller, load.id, DRAWN)
    if not rows:
        return None
    fields = view.fields[:8]
    shapes = [json.loads(one["geojson"]) for one in rows if one["geojson"]]
    yes, no = ask.say("có"), ask.say("không")
    return Preview(
        [(one.called(ask.language), one.kind in ("number", "integer")) for one in fields],
        [
            (one["key"], [cells.cell(f, one["properties"].get(f.name), ask.language, yes, no, 60) for f in fields])
            for one in rows[:SHOWN]
        ],
        json.dumps({"type": "GeometryCollection", "geometries": shapes}) if shapes else "", box_of(shapes),
    )  # fmt: skip


def box_of(shapes: Sequence[Mapping[str, Any]]) -> str:
    """west,south,east,north around some GeoJSON geometries, with room; empty for none."""

    def walk(value: Any) -> list[tuple[float, float]]:
        if value and isinstance(value[0], int | float):
            return [(float(value[0]), float(value[1]))]
        return [point for part in value for point in walk(part)]

    points = [point for one in shapes for point in walk(one.get("coordinates") or [])]
    if not points:
        return ""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    pad = max(0.004, (max(xs) - min(xs)) * 0.05)
    return f"{min(xs) - pad:.6f},{min(ys) - pad:.6f},{max(xs) + pad:.6f},{max(ys) + pad:.6f}"


def _said(error: DothiError) -> str:
    return "; ".join([error.message, *(str(one) for one in error.faults[:4])])


routes = [get("/steward/{code}/loads/{id}", page), post_long("/steward/{code}/loads/{id}", act)]
