"""What became of a dataset and of its records: news in words, and the difference between two moments."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from dothi.datasets import reading
from dothi.datasets.schema import Field
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.screens import words
from dothi.screens.catalogue import cells, labels, moments, table
from dothi.screens.catalogue.asking import Ask

NEWS = 12
SAMPLE = 20
_TELLS = ("data.dataset", "data.load")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a dataset. compare: the address of what it changed in the records."""

    when: str
    text: str
    compare: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A field before and after."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Differs:
    """A record that differs between two moments. how: added, changed or removed."""

    key: str
    name: str
    href: str
    how: str
    fields: Sequence[Changed]


@dataclass(frozen=True, slots=True)
class Between:
    """A dataset at two moments. trouble: why there is nothing to compare."""

    start: str
    end: str
    added: str
    changed: str
    removed: str
    records: Sequence[Differs]
    more: bool
    trouble: str


def happenings(ask: Ask, view: View) -> list[Happening]:
    """The newest news of a dataset the caller may read, newest first."""
    found = journal.read(
        ask.session, 0, NEWS, sees=guard.sees_entries(ask.caller), kinds=_TELLS, subject=f"dataset:{view.code}",
        newest_first=True,
    )  # fmt: skip
    made = []
    for one in found:
        at = one["at"] if isinstance(one["at"], int) else clock.parse(one["at"])
        compare = ""
        if one["kind"].startswith("data.load."):
            ends = {"from": _stamp(at - clock.SECOND), "to": _stamp(at + clock.SECOND)}
            compare = f"/catalogue/{view.code}?{urlencode(ends)}#versions"
        made.append(
            Happening(f"{words.hour(at)} {words.day(at)}", _text(ask, one["kind"], one.get("data") or {}), compare)
        )
    return made


def _text(ask: Ask, kind: str, data: Mapping[str, Any]) -> str:
    say = ask.say
    match kind.removeprefix("data."):
        case "dataset.created":
            return say("Tạo tập dữ liệu")
        case "dataset.described" | "dataset.updated":
            return say("Sửa mô tả")
        case "dataset.shared":
            level = labels.sharing(str(data.get("sharing", "")), say)
            return say("Đổi mức chia sẻ") + f": {level}, {labels.status(str(data.get('status', '')), say).lower()}"
        case "load.applied":
            return _load(ask, say("Nạp dữ liệu"), data)
        case "load.undone":
            return _load(ask, say("Hoàn tác một lần nạp"), data)
    return say("Thay đổi khác") + f" ({kind.removeprefix('data.')})"


def _load(ask: Ask, said: str, data: Mapping[str, Any]) -> str:
    parts = [
        ask.say(text, n=words.number(data[name], 0, ask.language))
        for name, text in (("added", "thêm {n}"), ("changed", "sửa {n}"), ("removed", "bỏ {n}"))
        if isinstance(data.get(name), int) and data[name]
    ]
    return f"{said}: {', '.join(parts)}" if parts else said


def between(ask: Ask, view: View, start: str | None, end: str | None) -> Between | None:
    """The dataset at two moments, written as a form has them (Vietnam's time); None when nobody asked."""
    if not start:
        return None
    try:
        a, b = moment_of(start), moment_of(end) if end else ask.now
    except BadInput:
        return _nothing(start, end or "", ask.say("Thời điểm chưa đúng dạng."))
    if b <= a:
        return _nothing(start, end or "", ask.say("Thời điểm sau phải muộn hơn thời điểm trước."))
    found = moments.compared(ask.session, view, a, b, SAMPLE + 1)
    records = []
    for key, how in found.keys[:SAMPLE]:
        before = reading.one(view, key, a, ask.session) if how != "added" else None
        after = reading.one(view, key, b, ask.session) if how != "removed" else None
        changed = differences(ask, view, before, after)
        if how == "changed" and not changed:
            continue  # only what the caller may not see differs
        records.append(Differs(key, record_name(view, after or before, key), record_address(view, key), how, changed))

    def count(n: int) -> str:
        return words.number(n, 0, ask.language)

    return Between(
        words.hour(a) + " " + words.day(a), words.hour(b) + " " + words.day(b), count(found.added), count(found.changed),
        count(found.removed), records, len(found.keys) > SAMPLE, "",
    )  # fmt: skip


def differences(
    ask: Ask, view: View, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[Changed]:
    """The fields two versions of a record differ in, as words; the shape counts as one of them."""
    old, new = (one["properties"] if one else {} for one in (before, after))
    made = []
    for field in view.fields:
        a, b = old.get(field.name), new.get(field.name)
        if a != b:
            made.append(Changed(field.called(ask.language), _said(ask, field, a, before), _said(ask, field, b, after)))
    if before and after and before.get("geojson") != after.get("geojson"):
        old_shape, new_shape = _shape(ask, before), _shape(ask, after)
        redrawn = ask.say("vẽ lại") if old_shape == new_shape else new_shape
        made.append(Changed(ask.say("Vị trí"), "" if old_shape == new_shape else old_shape, redrawn))
    return made


def _said(ask: Ask, field: Field, value: Any, record: Mapping[str, Any] | None) -> str:
    return cells.cell(field, value, ask.language, ask.say("có"), ask.say("không")).text if record else ""


def _shape(ask: Ask, record: Mapping[str, Any]) -> str:
    text = record.get("geojson")
    if not text:
        return "–"
    shape = json.loads(text)
    if shape["type"] == "Point":
        return ", ".join(f"{x:.6f}" for x in reversed(shape["coordinates"][:2]))
    word = labels.shape(shape["type"], ask.say)
    return ask.say("{shape}, {n} đỉnh", shape=word, n=text.count("[") - 1)


def record_name(view: View, record: Mapping[str, Any] | None, key: str) -> str:
    """What people call a record."""
    field = table.label_field(view)
    value = record["properties"].get(field.name) if field and record else None
    return str(value) if value not in (None, "") else key


def record_address(view: View, key: str) -> str:
    """The page of a record."""
    return f"/catalogue/{view.code}/records/{quote(key, safe='')}"


def moment_of(text: str) -> int:
    """A moment as a form or an address writes it, Vietnam's time unless it says another; a day is its end."""
    text = text.strip()
    if len(text) == 10:
        return clock.parse(f"{text}T00:00:00", clock.VIETNAM) + clock.DAY - 1
    return clock.parse(
        text.replace(" ", "+") if "+" not in text and text.count(" ") and "T" in text else text, clock.VIETNAM
    )


def _stamp(at: int) -> str:
    local = clock.local(at) + timedelta(0)
    return f"{local:%Y-%m-%dT%H:%M:%S}"


def _nothing(start: str, end: str, why: str) -> Between:
    return Between(start, end, "", "", "", (), more=False, trouble=why)
