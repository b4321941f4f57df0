"""What can be done with a case, and the form of each: generated from the step its type declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dothi.cases import dossier_keeping, dossiers, reading, sight, store, templates, timers, types
from dothi.cases.declared import Category, Transition
from dothi.cases.tables import Case, Dossier
from dothi.screens.casework import store as rows
from dothi.screens.casework import words
from dothi.screens.casework.desk import Ask
from dothi.web.i18n import marked

STEP = "step:"
_LINKS = ("part-of", "caused-by", "about")  # made by hand: a duplicate is said by joining
SHOWN = 4  # actions that stand at the foot; the rest is under "more"
# actions beside the flow in the order they are offered, and which sides of a case may be offered them
_BESIDE: tuple[tuple[str, frozenset[str]], ...] = (
    ("comment", frozenset({"handle", "assign", "approve", "moderate", "work"})),
    ("transfer", frozenset({"handle", "assign"})),
    ("co-handle", frozenset({"handle", "assign"})),
    ("priority", frozenset({"handle", "assign"})),
    ("place", frozenset({"handle", "assign", "work"})),
    ("category", frozenset({"handle", "assign", "moderate"})),
    ("link", frozenset({"handle", "assign", "work"})),
    ("attach", frozenset({"handle", "assign", "work"})),
    ("extend", frozenset({"approve"})),
    ("suspend", frozenset({"approve"})),
    ("reword", frozenset({"moderate"})),
)
_HINTS = {
    "tell-reporter": marked("Người phản ánh được báo."),
    "tell-followers": marked("Người theo dõi được báo."),
    "tell-office": marked("Đơn vị nhận được báo."),
    "needs-approval": marked("Lãnh đạo đơn vị duyệt rồi bước này mới có hiệu lực."),
    "ask-rating": marked("Người phản ánh được mời đánh giá."),
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done: its code, its name, the address of its form."""

    code: str
    name: str
    icon: str
    href: str
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """A value of a choice; note: what tells it from others."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. kind: text, line, select, radio, file, check, number, find, place, note."""

    kind: str
    name: str
    label: str
    options: list[Option] = field(default_factory=list)
    value: str = ""
    needed: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a case. hints: what follows from it; templates: texts to begin with; files: it sends some."""

    code: str
    name: str
    submit: str
    fields: list[Field]
    hints: list[str]
    templates: list[Option]
    files: bool
    danger: bool = False


def acts(ask: Ask, found: Case, next_: str) -> tuple[list[Act], list[Act]]:
    """What the caller is offered: the next steps of the flow first, the rest under "more"."""
    sides = sight.sides(ask.session, ask.caller, found)
    closed = found.phase in ("done", "closed")
    made: list[Act] = []

    def offer(code: str, name: str, icon: str, *, primary: bool = False) -> None:
        made.append(Act(code, name, icon, href(found, code, next_), primary))

    steps = reading.steps(ask.session, ask.caller, found)
    ahead = [one for one in steps if set(one.who) & (sides - {"reporter"}) and one.code != "duplicate"]
    if "handle" in sides and not closed and ask.caller.kind == "person" and found.handler_id is None:
        offer("take", _verb(ask, "take"), words.ICONS["take"], primary=not _leads(ahead))
    ranks = _ranks(ask, found)
    for one in sorted(ahead, key=lambda one: ranks.get(one.code, _rank(one))):
        if one.code == "assign":
            continue
        first = not any(each.primary for each in made) and _leads([one]) and ranks.get(one.code, 1) == 1
        offer(f"{STEP}{one.code}", one.title.of(ask.language), words.ICONS.get(one.code, "arrow-right"), primary=first)
    if (
        not closed
        and sides & {"assign", "handle"}
        and (any(one.code == "assign" for one in steps) or not _assigns(found))
    ):
        name = _verb(ask, "assign")
        offer("assign", name, words.ICONS["assign"], primary=not any(one.primary for one in made))
    for word, who in _BESIDE:
        if not sides & who or (
            closed and word in ("transfer", "co-handle", "priority", "extend", "suspend", "category")
        ):
            continue
        code = "resume" if word == "suspend" and _held(ask, found) else word
        if code in ("extend", "suspend", "resume") and not _runs(ask, found):
            continue
        offer(code, _verb(ask, code), words.ICONS.get(code, "pencil"))
    if any("duplicate-of" in one.needs for one in steps) and sides & {"handle", "assign", "moderate"}:
        offer("merge", _verb(ask, "merge"), words.ICONS["merge"])
    if "moderate" in sides:
        code = "show" if found.hidden is not None else "hide"
        offer(code, _verb(ask, code), "eye")
    if sight.co_handles(ask.session, ask.caller, found):
        if not sides & {"handle", "assign"}:
            offer("comment", _verb(ask, "comment"), words.ICONS["comment"])
        offer("co-done", _verb(ask, "co-done"), words.ICONS["co-done"], primary=not made or not made[0].primary)
    made.sort(key=lambda one: not one.primary)
    return made[:SHOWN], made[SHOWN:]


def _verb(ask: Ask, code: str) -> str:
    return ask.say(words.VERBS[code])


def href(found: Case, code: str, next_: str) -> str:
    """The address that shows a form: beside the inbox one came from, or on the page of the case."""
    if next_.startswith("/desk?") or next_ == "/desk":
        joint = "&" if "?" in next_ else "?"
        return f"{next_}{joint}case={found.number}&act={code}"
    return f"/desk/cases/{found.number}?act={code}"


def _rank(one: Transition) -> int:
    """Steps that lead on before those that end a case otherwise."""
    return {"reject": 8, "duplicate": 9, "withdraw": 8, "stop": 7, "ask": 5}.get(one.code, 1)


def _ranks(ask: Ask, found: Case) -> dict[str, int]:
    """Steps of a dossier that lead nowhere as it stands: on to the office that has it, a fee that is paid or is none."""
    if found.type != dossier_keeping.TYPE:
        return {}
    row, to = ask.session.get(Dossier, found.id), dossiers.resolving(ask.session, found)
    made = {"forward": 6} if to in (None, found.agency_id) else {"process": 4}
    return made | ({"ask-fee": 6} if row is not None and row.paid >= row.fee else {"grant": 2})


def _leads(steps: list[Transition]) -> bool:
    return any(_rank(one) == 1 and one.code != "assign" for one in steps)


def _assigns(found: Case) -> bool:
    """Whether giving a case to somebody is a step of its flow from where it stands."""
    declared = types.types().step(found.type, "assign")
    return declared is not None and found.state in declared.since


def _runs(ask: Ask, found: Case) -> bool:
    return any(one.ended_at is None for one in rows.timers(ask.session, found.id))


def _held(ask: Ask, found: Case) -> bool:
    ids = [one.id for one in rows.timers(ask.session, found.id) if one.ended_at is None]
    return any(one.kind == "hold" and one.until is None for one in rows.ledger(ask.session, ids))


# the forms


def form(ask: Ask, found: Case, code: str, next_: str) -> Form | None:
    """The form of an action; None where there is none of that name."""
    del next_
    if code.startswith(STEP):
        step = types.types().step(found.type, code[len(STEP) :])
        return _of_step(ask, found, step) if step is not None else None
    made = _BUILT.get(code)
    return made(ask, found) if made is not None else None


def _of_step(ask: Ask, found: Case, step: Transition) -> Form:
    """The form of a step, from what it declares to need."""
    say, needs = ask.say, step.needs
    fields: list[Field] = []
    if "reason" in needs:
        options = [Option(key, text.of(ask.language)) for key, text in step.reasons.items()]
        fields.append(Field("radio", "reason", say("Lý do"), options, needed=True))
    if "office" in needs:
        fields.append(_office(ask, found.agency_id, say("Đơn vị xử lý"), needed=True))
    if "handler" in needs:
        fields.append(_handler(ask, found, needed=True))
    if "crew" in needs:
        fields.append(_crew(ask, found, needed=True))
    if "duplicate-of" in needs:
        fields += _target(ask, found)
    standing = store.file_kinds(ask.session, found.id)
    if "photo-after" in needs or step.code in ("resolve", "finish"):
        must = "photo-after" in needs and "after" not in standing
        fields.append(Field("file", "after", say("Ảnh sau khi xử lý"), needed=must, help=say("Ảnh được hiện công khai, không kèm vị trí chụp.")))  # fmt: skip
    if "result" in needs:
        must = "result" not in standing
        fields.append(Field("file", "result", say("Văn bản kết quả (PDF hoặc ảnh)"), needed=must))
    if "checklist" in needs:
        fields.append(_checklist(ask, found))
    must = "text" in needs
    fields.append(Field("text", "text", say("Nội dung") if must else say("Nội dung (không bắt buộc)"), needed=must))
    if step.public and found.public:
        fields.append(Field("check", "public", say("Hiện nội dung này cho người dân"), value="1"))
    hints = [say(word) for effect, word in _HINTS.items() if effect in step.effects]
    danger = step.code in ("reject", "withdraw", "stop", "decline", "refuse")
    name = step.title.of(ask.language)
    files = any(one.kind == "file" for one in fields)
    return Form(f"{STEP}{step.code}", name, name, fields, hints, _templates(ask, found), files, danger)


def _checklist(ask: Ask, found: Case) -> Field:
    about = types.types().about(found.category)
    checks = about.checklist if isinstance(about, Category) else []
    ticked = store.checks(ask.session, found.id)
    options = [Option("1" if one.code in ticked else "", one.title.of(ask.language)) for one in checks]
    return Field("note", "checklist", ask.say("Danh mục việc của đội"), options)


def _assign(ask: Ask, found: Case) -> Form:
    say, fields = ask.say, list[Field]()
    sides = sight.sides(ask.session, ask.caller, found)
    if "assign" in sides and _assigns(found):
        fields.append(_office(ask, found.agency_id, say("Đơn vị xử lý"), needed=True))
    fields += [_handler(ask, found), _crew(ask, found), Field("text", "text", say("Dặn thêm (không bắt buộc)"))]
    return Form("assign", _verb(ask, "assign"), _verb(ask, "assign"), fields, [], [], files=False)


def _take(ask: Ask, found: Case) -> Form:
    del found
    hint = ask.say("Việc chuyển sang tên anh chị; đồng hồ hạn giữ nguyên.")
    return Form("take", _verb(ask, "take"), _verb(ask, "take"), [], [hint], [], files=False)


def _comment(ask: Ask, found: Case) -> Form:
    say, fields = ask.say, [Field("text", "text", ask.say("Nội dung"), needed=True)]
    sides = sight.sides(ask.session, ask.caller, found)
    if sides & {"handle", "assign", "moderate"}:
        shown = say("Hiện cho người dân") if found.public else say("Hiện cho người phản ánh")
        fields.append(Field("check", "public", shown))
    return Form("comment", _verb(ask, "comment"), say("Gửi"), fields, [], _templates(ask, found), files=False)


def _transfer(ask: Ask, found: Case) -> Form:
    say = ask.say
    reasons = [Option(key, say(word)) for key, word in words.TRANSFERS.items()]
    office = _office(
        ask, None, say("Chuyển đến"), but=found.agency_id, none=say("Nơi điều phối chung (chưa rõ đơn vị)")
    )
    fields = [
        Field("radio", "reason", say("Lý do"), reasons, needed=True), office,
        Field("text", "text", say("Giải thích"), needed=True,
              help=say("Nếu không thuộc thẩm quyền: nói rõ việc này của cơ quan nào.")),
    ]  # fmt: skip
    hint = say("Đồng hồ hạn chạy tiếp, không tính lại từ đầu.")
    return Form("transfer", _verb(ask, "transfer"), say("Chuyển"), fields, [hint], [], files=False)


def _co_handle(ask: Ask, found: Case) -> Form:
    say = ask.say
    fields = [_office(ask, None, say("Nhờ đơn vị"), but=found.agency_id, needed=True),
              Field("text", "text", say("Nhờ làm gì"))]  # fmt: skip
    hint = say("Đơn vị của anh chị vẫn chịu trách nhiệm chính và về hạn.")
    return Form("co-handle", _verb(ask, "co-handle"), say("Nhờ phối hợp"), fields, [hint], [], files=False)


def _co_done(ask: Ask, found: Case) -> Form:
    del found
    fields = [Field("text", "text", ask.say("Đã làm gì (không bắt buộc)"))]
    name = _verb(ask, "co-done")
    return Form("co-done", name, name, fields, [], [], files=False)


def _extend(ask: Ask, found: Case) -> Form:
    say, unit = ask.say, _unit(ask, found)
    label = say("Thêm bao nhiêu ngày làm việc") if unit == "working-days" else say("Thêm bao nhiêu giờ")
    reasons = [Option(one, say(words.REASONS[one])) for one in words.EXTENSIONS]
    fields = [
        Field("number", "amount", label, value="1", needed=True), Field("radio", "reason", say("Lý do"), reasons, needed=True),
        Field("text", "text", say("Giải thích"), needed=True),
    ]  # fmt: skip
    hint = say("Hạn cũ, lý do và người gia hạn được ghi lại.")
    return Form("extend", _verb(ask, "extend"), say("Gia hạn"), fields, [hint], [], files=False)


def _suspend(ask: Ask, found: Case) -> Form:
    del found
    say = ask.say
    reasons = [Option(one, say(words.REASONS[one])) for one in words.SUSPENSIONS]
    fields = [
        Field("radio", "reason", say("Lý do"), reasons, needed=True),
        Field("text", "text", say("Giải thích"), needed=True),
    ]
    hint = say("Hạn đứng yên cho đến khi anh chị cho tính trở lại.")
    return Form("suspend", _verb(ask, "suspend"), say("Dừng tính hạn"), fields, [hint], [], files=False)


def _resume(ask: Ask, found: Case) -> Form:
    del found
    name = _verb(ask, "resume")
    return Form("resume", name, name, [Field("text", "text", ask.say("Ghi chú (không bắt buộc)"))], [], [], files=False)


def _priority(ask: Ask, found: Case) -> Form:
    say = ask.say
    options = [Option(key, say(word)) for key, word in words.PRIORITIES.items()]
    fields = [
        Field("radio", "priority", say("Mức ưu tiên"), options, found.priority, needed=True),
        Field("text", "text", say("Vì sao (không bắt buộc)")),
    ]
    hint = say("Hạn được tính lại theo mức mới, từ lúc nhận.")
    return Form("priority", _verb(ask, "priority"), say("Lưu"), fields, [hint], [], files=False)


def _place(ask: Ask, found: Case) -> Form:
    say = ask.say
    at = f"{found.lon} {found.lat}" if found.lon is not None else ""
    fields = [
        Field("line", "address", say("Địa chỉ"), value=found.address),
        Field("place", "place", say("Điểm trên bản đồ"), value=at),
    ]
    hint = say("Đơn vị phụ trách giữ nguyên; sang đơn vị khác thì dùng Chuyển đơn vị.")
    return Form("place", _verb(ask, "place"), say("Lưu"), fields, [hint], [], files=False)


def _category(ask: Ask, found: Case) -> Form:
    say = ask.say
    options = [Option(one.code, one.title.of(ask.language)) for one in types.types().categories(found.type)]
    options.sort(key=lambda one: one.label)
    fields = [Field("select", "category", say("Lĩnh vực"), options, found.category or "", needed=True)]
    hint = say("Đơn vị phụ trách và hạn giữ nguyên.")
    return Form("category", _verb(ask, "category"), say("Lưu"), fields, [hint], [], files=False)


def _merge(ask: Ask, found: Case) -> Form:
    say = ask.say
    fields = [*_target(ask, found), Field("text", "text", say("Ghi chú (không bắt buộc)"))]
    hint = say("Người theo dõi và ảnh được chuyển sang việc được giữ lại.")
    return Form("merge", _verb(ask, "merge"), say("Gộp"), fields, [hint], [], files=False)


def _link(ask: Ask, found: Case) -> Form:
    del found
    say = ask.say
    options = [Option(key, say(words.LINKS[key])) for key in _LINKS]
    fields = [Field("select", "kind", say("Kiểu liên kết"), options, "about", needed=True),
              Field("line", "to", say("Với"), help=say("Mã việc (PA-26-000123), alarm:12, thing:4, record:bộ/khóa"), needed=True)]  # fmt: skip
    return Form("link", _verb(ask, "link"), say("Lưu"), fields, [], [], files=False)


def _attach(ask: Ask, found: Case) -> Form:
    say = ask.say
    kinds = [Option(one, say(words.FILES[one])) for one in ("before", "after", "paper", "other")]
    fields = [
        Field("file", "file", say("Ảnh hoặc PDF"), needed=True),
        Field("radio", "kind", say("Loại"), kinds, "before"),
    ]
    if found.public:
        fields.append(Field("check", "public", say("Hiện ảnh cho người dân"), help=say("Làm mờ mặt người, biển số trước khi cho hiện.")))  # fmt: skip
    return Form("attach", _verb(ask, "attach"), say("Lưu"), fields, [], [], files=True)


def _hide(ask: Ask, found: Case) -> Form:
    del found
    say = ask.say
    fields = [Field("text", "reason", say("Vì sao ẩn"), needed=True)]
    hint = say("Không ai ngoài cơ quan xử lý và người phản ánh còn thấy việc này; việc vẫn được xử lý.")
    return Form("hide", _verb(ask, "hide"), say("Ẩn"), fields, [hint], [], files=False, danger=True)


def _show(ask: Ask, found: Case) -> Form:
    name = _verb(ask, "show")
    fields = [Field("note", "why", ask.say("Đang ẩn vì: {why}", why=found.hidden or "–"))]
    return Form("show", name, name, fields, [], [], files=False)


def _reword(ask: Ask, found: Case) -> Form:
    say = ask.say
    fields = [Field("line", "title", say("Tiêu đề"), value=found.title, needed=True),
              Field("text", "text", say("Nội dung phản ánh"), value=found.text)]  # fmt: skip
    hint = say("Chỉ sửa tên người, biển số, lời xúc phạm: phần còn lại là lời của người phản ánh.")
    return Form("reword", _verb(ask, "reword"), say("Lưu"), fields, [hint], [], files=False)


_BUILT = {
    "assign": _assign, "take": _take, "comment": _comment, "transfer": _transfer, "co-handle": _co_handle,
    "co-done": _co_done, "extend": _extend, "suspend": _suspend, "resume": _resume, "priority": _priority, "place": _place,
    "category": _category, "merge": _merge, "link": _link, "attach": _attach, "hide": _hide, "show": _show,
    "reword": _reword,
}  # fmt: skip


# their fields


def _office(
    ask: Ask, chosen: int | None, label: str, *, but: int | None = None, none: str = "", needed: bool = False
) -> Field:
    offices = [one for one in rows.agencies(ask.session) if one.id != but]
    options = [Option(str(one.id), (one.name_en if ask.language == "en" else None) or one.name) for one in offices]
    if none:
        options.insert(0, Option("", none))
    elif chosen is None:
        options.insert(0, Option("", ask.say("Chọn đơn vị")))
    return Field("select", "office", label, options, str(chosen or ""), needed)


def _handler(ask: Ask, found: Case, *, needed: bool = False) -> Field:
    people = rows.people(ask.session, found.agency_id)
    options = [Option("", ask.say("Chưa giao cho ai")), *(Option(str(one.id), one.name) for one in people)]
    return Field("select", "handler", ask.say("Người xử lý"), options, str(found.handler_id or ""), needed)


def _crew(ask: Ask, found: Case, *, needed: bool = False) -> Field:
    crews = rows.crews(ask.session, [found.agency_id] if found.agency_id is not None else [])
    options = [Option("", ask.say("Không giao đội")), *(Option(str(one.id), one.name) for one in crews)]
    return Field("select", "crew", ask.say("Đội"), options, str(found.crew_id or ""), needed)


def _target(ask: Ask, found: Case) -> list[Field]:
    """Which case goes on: those near it, those whose words were searched for, or a number."""
    say, options, seen = ask.say, list[Option](), {found.number}
    if found.category is not None and found.lon is not None and found.lat is not None and found.category in types.types().categories_:  # fmt: skip
        for one in reading.near(ask.session, found.category, found.lon, found.lat, limit=8):
            if one.number not in seen:
                seen.add(one.number)
                note = say("cách {m} m · {when}", m=one.metres, when=words.short(one.opened_at, ask.now))
                options.append(Option(one.number, f"{one.number} · {one.title}", note))
    text = ask.given("find") or ask.values.get("find", "")
    if text:
        for other in rows.candidates(ask.session, ask.caller, found, text):
            if other.number not in seen:
                seen.add(other.number)
                options.append(Option(other.number, f"{other.number} · {other.title}", other.address))
    made = [Field("find", "find", say("Tìm việc khác"), value=text)]
    if options:
        made.append(Field("radio", "duplicate_of", say("Việc được giữ lại"), options, needed=True))
    else:
        made.append(Field("line", "duplicate_of", say("Mã việc được giữ lại"), needed=True, help=say("Gần đây không có việc nào cùng loại.")))  # fmt: skip
    return made


def _templates(ask: Ask, found: Case) -> list[Option]:
    return [
        Option(templates.filled(ask.session, one, found), one.title)
        for one in templates.list_(ask.session, ask.caller, found)
    ]


def _unit(ask: Ask, found: Case) -> str:
    main = types.types().main(found.type)
    code = main.code if main else ""
    timer = next((one for one in rows.timers(ask.session, found.id) if one.code == code and one.ended_at is None), None)
    return timers.unit_of(timer) if timer is not None else "working-days"


def titled(schema: Mapping[str, Any], key: str, language: str) -> str:
    """What a question is called."""
    return str((schema.get("x-en") if language == "en" else None) or schema.get("title") or key)


def answered(schema: Mapping[str, Any], value: Any, language: str) -> str:
    """An answer in words."""
    for one in schema.get("oneOf", []):
        if one.get("const") == value:
            return titled(one, str(value), language)
    if isinstance(value, bool):
        return ("Yes" if value else "No") if language == "en" else ("Có" if value else "Không")
    return str(value)
