"""The checklist of a dataset: what is good, what is missing, and what to do about each, with a score.

Sentences are Vietnamese, English through the catalogue of the interface. Only what the caller sees is looked at.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.datasets import quality_store, vocabulary
from dothi.datasets.views import View
from dothi.db import session as db
from dothi.kit import clock
from dothi.kit.text import fold
from dothi.web import i18n
from dothi.web.i18n import marked

State = Literal["good", "poor", "bad", "unknown"]
POINTS = {"good": 1.0, "poor": 0.5, "bad": 0.0}
_DESCRIPTION = 80  # characters that say something
_KEPT = 1000
_lock = threading.Lock()
_found: OrderedDict[tuple[Any, ...], "quality_store.Counts"] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. value: what was found; fix: what to do, empty where nothing is."""

    code: str
    state: State
    title: str
    value: str
    fix: str
    weight: int


@dataclass(frozen=True, slots=True)
class _Said:
    """A check before its words are in a language: sentence and the values in it."""

    code: str
    state: State
    weight: int
    value: str
    values: dict[str, object]
    fix: str = ""


TITLES = {
    "description": marked("Mô tả"), "licence": marked("Giấy phép"), "contact": marked("Liên hệ"),
    "keywords": marked("Từ khóa"), "themes": marked("Chủ đề dữ liệu"), "english": marked("Tiếng Anh"),
    "source": marked("Nguồn gốc"), "frequency": marked("Nhịp cập nhật"), "fresh": marked("Cập nhật đúng nhịp"),
    "fields": marked("Các trường được giải thích"), "key": marked("Khóa ổn định"), "records": marked("Có bản ghi"),
    "empty": marked("Ô trống"), "geometry": marked("Bản ghi có vị trí"), "place": marked("Bản ghi thuộc xã, phường"),
    "duplicates": marked("Bản ghi lặp"), "valid": marked("Thời gian hiệu lực"),
}  # fmt: skip


def checks(session: Session, view: View, language: str = "vi") -> list[Check]:
    """The checklist of a dataset as this caller sees it, what is worst and weighs most first."""
    say = i18n.speaker(language)
    rank = {"bad": 0, "poor": 1, "unknown": 2, "good": 3}
    found = sorted(_all(view, _counts(session, view)), key=lambda one: (rank[one.state], -one.weight))
    return [
        Check(
            one.code, one.state, say(TITLES[one.code]), say(one.value, **_named(one.values, language)),
            say(one.fix, **_named(one.values, language)) if one.fix else "", one.weight,
        )
        for one in found
    ]  # fmt: skip


def score(found: Iterable[Check]) -> int:
    """0 to 100: the weighted share of what is good; what is unknown does not count."""
    counted = [one for one in found if one.state != "unknown"]
    weight = sum(one.weight for one in counted)
    return round(100 * sum(POINTS[one.state] * one.weight for one in counted) / weight) if weight else 0


def _named(values: dict[str, object], language: str) -> dict[str, object]:
    return {name: _worded(value, language) for name, value in values.items()}


def _worded(value: object, language: str) -> object:
    """A value as a reader of a language writes it; a fraction (float) as a share of a hundred."""
    marks = str.maketrans(",.", ".,") if language != "en" else {}
    if isinstance(value, vocabulary.Term):
        return value.named(language)
    if isinstance(value, float):
        return f"{value:.1%}".translate(marks)
    if isinstance(value, tuple):
        return ", ".join(f"{name} {share:.0%}" for name, share in value)
    return f"{value:,}".translate(marks) if isinstance(value, int) else value


def _all(view: View, counts: "quality_store.Counts") -> Iterator[_Said]:
    yield from _described(view)
    yield from _renewed(view)
    yield from _filled(view, counts)


def _described(view: View) -> Iterator[_Said]:
    length = len(view.description.strip())
    yield _Said(
        "description",
        "good" if length >= _DESCRIPTION else "poor" if length else "bad",
        3,
        marked("{n} ký tự") if length else marked("chưa có"),
        {"n": length, "least": _DESCRIPTION},
        ""
        if length >= _DESCRIPTION
        else marked("Viết ít nhất {least} ký tự: có gì trong dữ liệu, của ai, thu thập thế nào."),
    )
    known = vocabulary.licence(view.licence)
    if view.licence is None:
        needed: State = "bad" if view.sharing == "open" else "poor"
        yield _Said(
            "licence",
            needed,
            3,
            marked("chưa có"),
            {},
            marked("Chọn một giấy phép, ví dụ CC BY 4.0: không có thì không ai biết được phép dùng thế nào."),
        )
    elif known is None:
        yield _Said(
            "licence",
            "poor",
            3,
            marked("không có trong danh mục"),
            {},
            marked("Dùng địa chỉ của một giấy phép đã biết."),
        )
    elif view.sharing == "open" and not known.is_open:
        yield _Said(
            "licence",
            "poor",
            3,
            "{licence}",
            {"licence": known},
            marked("Giấy phép này không mở; dữ liệu mở cần giấy phép mở."),
        )
    else:
        yield _Said("licence", "good", 3, "{licence}", {"licence": known})
    contact = view.contact or {}
    reach = contact.get("email") or contact.get("phone") or contact.get("url")
    yield _Said(
        "contact",
        "good" if reach else "poor" if contact else "bad",
        2,
        "{contact}" if contact else marked("chưa có"),
        {"contact": str(contact.get("name") or reach or "")},
        "" if reach else marked("Ghi thư điện tử hoặc điện thoại của phòng phụ trách, không phải của một cá nhân."),
    )
    n = len(view.keywords)
    yield _Said(
        "keywords",
        "good" if n >= 3 else "poor" if n else "bad",
        1,
        marked("{n} từ khóa"),
        {"n": n},
        "" if n >= 3 else marked("Thêm từ khóa người dân hay dùng, ít nhất ba từ."),
    )
    yield _Said(
        "themes",
        "good" if view.themes else "poor",
        1,
        marked("{n} chủ đề"),
        {"n": len(view.themes)},
        "" if view.themes else marked("Chọn chủ đề để cổng dữ liệu khác xếp đúng chỗ."),
    )
    both = bool(view.title_en) and bool(view.description_en)
    yield _Said(
        "english",
        "good" if both else "poor",
        1,
        marked("có") if both else marked("thiếu"),
        {},
        "" if both else marked("Thêm tên và mô tả tiếng Anh."),
    )
    yield _Said(
        "source",
        "good" if view.source else "poor",
        2,
        marked("có") if view.source else marked("chưa có"),
        {},
        "" if view.source else marked("Ghi dữ liệu từ đâu ra: hồ sơ, đợt khảo sát, hệ thống nào."),
    )
    untold = [one.name for one in view.fields if not one.description and fold(one.title) == fold(one.name)]
    total = len(view.fields)
    if total:
        share = len(untold) / total
        yield _Said(
            "fields", "good" if not untold else "poor" if share <= 0.5 else "bad", 2, marked("{n} trên {total} trường"),
            {"n": total - len(untold), "total": total, "names": ", ".join(untold[:5])},
            marked("Đặt tên dễ hiểu hoặc giải thích: {names}.") if untold else "",
        )  # fmt: skip
    keyed = view.key_field is not None
    yield _Said(
        "key",
        "good" if keyed else "poor",
        2,
        "{key}" if keyed else marked("chưa có"),
        {"key": view.key_field or ""},
        "" if keyed else marked("Chọn một trường làm khóa để lần nạp sau biết bản ghi nào là bản ghi nào."),
    )


def _renewed(view: View) -> Iterator[_Said]:
    frequency = vocabulary.frequency(view.frequency)
    if frequency is None or frequency is vocabulary.UNKNOWN:
        yield _Said("frequency", "bad", 2, marked("chưa có"), {}, marked("Nói dữ liệu được cập nhật bao lâu một lần."))
        return
    yield _Said("frequency", "good", 2, "{frequency}", {"frequency": frequency})
    if frequency.days is None or view.changed_at is None:
        return
    age = (clock.now_micros() - view.changed_at) / clock.DAY
    late = age / frequency.days
    state: State = "good" if late <= 1.5 else "poor" if late <= 3 else "bad"
    yield _Said(
        "fresh",
        state,
        3,
        marked("{days} ngày trước"),
        {"days": int(age), "frequency": frequency},
        ""
        if state == "good"
        else marked("Dữ liệu cũ hơn nhịp đã hứa ({frequency}): nạp bản mới hoặc sửa nhịp cập nhật."),
    )


def _filled(view: View, counts: "quality_store.Counts") -> Iterator[_Said]:
    yield _Said(
        "records",
        "good" if view.count else "bad",
        3,
        marked("{n} bản ghi"),
        {"n": view.count},
        "" if view.count else marked("Nạp bản ghi."),
    )
    if not view.count:
        return
    if counts.cells:
        share = counts.empty / counts.cells
        yield _Said(
            "empty",
            "good" if share <= 0.05 else "poor" if share <= 0.25 else "bad",
            2,
            marked("{share} ô trống"),
            {"share": share, "worst": tuple(counts.worst)},
            marked("Bổ sung các trường thiếu nhiều nhất: {worst}.") if share > 0.05 else "",
        )
    if view.geometry_type is not None:
        yield _share(
            "geometry",
            counts.nowhere,
            view.count,
            3,
            marked("{n} bản ghi chưa có vị trí"),
            marked("Bổ sung tọa độ cho {n} bản ghi, hoặc ghi rõ trong phần chất lượng vì sao không có."),
        )
        if counts.places:
            yield _share(
                "place",
                counts.outside,
                max(view.count - counts.nowhere, 1),
                2,
                marked("{n} bản ghi ngoài mọi xã, phường"),
                marked("Xem {n} bản ghi nằm ngoài địa giới: kinh độ, vĩ độ có thể bị đổi chỗ hoặc sai hệ tọa độ."),
            )
    yield _share(
        "duplicates",
        counts.duplicates,
        view.count,
        2,
        marked("{n} bản ghi lặp"),
        marked("Gộp {n} bản ghi giống hệt bản ghi khác, chỉ khác khóa."),
    )
    if counts.backwards is not None:
        yield _share(
            "valid",
            counts.backwards,
            view.count,
            1,
            marked("{n} bản ghi hết hiệu lực trước khi có hiệu lực"),
            marked("Sửa ngày có hiệu lực hoặc hết hiệu lực của {n} bản ghi."),
        )


def _share(code: str, n: int, of: int, weight: int, value: str, fix: str) -> _Said:
    state: State = "good" if n == 0 else "poor" if n <= 0.05 * of else "bad"
    return _Said(code, state, weight, value, {"n": n}, fix if n else "")


def _counts(session: Session, view: View) -> "quality_store.Counts":
    """What the records say, counted once per version."""
    names = tuple(one.name for one in view.fields)
    key = (id(db.engine()), view.id, view.version, view.described_at, names)
    with _lock:
        found = _found.get(key)
    if found is None:
        roles = {one.role for one in view.fields}
        own = {view.key_field, *(one.name for one in view.fields if one.role == "key")}
        plain: Sequence[str] = [name for name in names if name not in own]
        found = quality_store.counts(session, view.id, plain, validity=bool(roles & {"valid-from", "valid-until"}))
        with _lock:
            _found[key] = found
            while len(_found) > _KEPT:
                _found.popitem(last=False)
    return found
