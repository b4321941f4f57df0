"""What messages about cases say, in the language of who reads them. Titles name nobody: logs show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dothi.cases.types import types
from dothi.notify.wording import moment
from dothi.web import i18n
from dothi.web.i18n import Say


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a case. text: what the office says with the step, where the public may read it."""

    number: str
    type: str
    category: str | None
    state: str
    office: str = ""
    due_at: int | None = None
    text: str = ""
    address: str = ""
    ward: str = ""
    rate: bool = False
    days: int | None = None
    into: str | None = None


def reporter(facts: Facts, language: str) -> tuple[str, str]:
    """What whoever reported is told of a step."""
    say = i18n.speaker(language)
    state, lines = _stands(facts, say, language)
    if facts.rate and facts.days:
        lines += ["", say("Đã xong chưa? Mở liên kết để trả lời và chấm điểm trong {n} ngày.", n=facts.days)]
    elif facts.rate:
        lines += ["", say("Mở liên kết để xem kết quả và chấm điểm.")]
    return f"{facts.number}: {state}", "\n".join(lines)


def received(facts: Facts, language: str) -> tuple[str, str]:
    """The receipt of what was taken in."""
    say = i18n.speaker(language)
    lines = [_about(facts, say, language), *_more(facts, say), "", say("Giữ liên kết này để theo dõi và trả lời.")]
    return say("{number}: đã tiếp nhận", number=facts.number), "\n".join(lines)


def follower(facts: Facts, language: str) -> tuple[str, str]:
    """What somebody who follows a case is told of a step."""
    say = i18n.speaker(language)
    state, lines = _stands(facts, say, language)
    lines += ["", say("Bạn nhận tin này vì đang theo dõi {number}.", number=facts.number)]
    return f"{facts.number}: {state}", "\n".join(lines)


def nearby(facts: Facts, language: str) -> tuple[str, str]:
    """What somebody who wants the reports of a place is told of a new one."""
    say = i18n.speaker(language)
    what = about(facts, language)
    title = say("Phản ánh mới: {what}", what=" · ".join(filter(None, (what, facts.ward))))
    lines = [_about(facts, say, language)]
    if where := ", ".join(filter(None, (facts.address, facts.ward))):
        lines.append(say("Nơi: {where}", where=where))
    return title, "\n".join(lines)


STAFF = ("new", "transferred", "given", "stepped", "help", "approve", "returned", "said")


def staff(verb: str, data: Mapping[str, Any], language: str) -> tuple[str, str]:
    """What people of an office are told, out of the journal entry's data and what stands with the case."""
    say = i18n.speaker(language)
    number = str(data.get("number") or "")
    titles = {
        "new": say("Việc mới: {number}", number=number), "transferred": say("Chuyển đến: {number}", number=number),
        "given": say("Giao cho bạn: {title}", title=number), "help": say("Nhờ phối hợp: {number}", number=number),
        "approve": say("Chờ duyệt bước xử lý: {number}", number=number),
        "returned": say("Bước xử lý bị trả lại: {number}", number=number),
        "said": say("Người gửi nói thêm: {number}", number=number),
        "stepped": f"{number}: {_step(data, language) or said_state_of(data, language)}",
    }  # fmt: skip
    facts = Facts(number, str(data.get("type") or ""), data.get("category"), str(data.get("state") or ""))
    what = about(facts, language)
    title = titles.get(verb, number)
    lines = [str(data[key])[:300] for key in ("title", "address") if data.get(key)]
    if isinstance(data.get("due_at"), int):
        lines.append(say("Hạn: {when}", when=moment(data["due_at"])))
    return (f"{title} · {what}" if what else title), "\n".join(lines)


def about(facts: Facts, language: str) -> str:
    """What a case is about: its category, or its public service."""
    found = types().about(facts.category)
    return found.title.of(language) if found is not None else ""


def said_state(facts: Facts, language: str) -> str:
    """The state of a case as the public reads it."""
    found = types().state(facts.type, facts.state)
    return (found.public or found.title).of(language)


def said_state_of(data: Mapping[str, Any], language: str) -> str:
    """The state in a journal entry's data, as the inside reads it."""
    return types().state(str(data.get("type") or ""), str(data.get("state") or "")).title.of(language)


def _step(data: Mapping[str, Any], language: str) -> str:
    found = types().step(str(data.get("type") or ""), str(data.get("step") or ""))
    return found.title.of(language) if found is not None else ""


def _about(facts: Facts, say: Say, language: str) -> str:
    what = about(facts, language)
    if facts.type == "dossier":
        return say("Hồ sơ {number}: {what}", number=facts.number, what=what)
    return say("Phản ánh {number}: {what}", number=facts.number, what=what)


def _stands(facts: Facts, say: Say, language: str) -> tuple[str, list[str]]:
    """The state of a case, and how it stands line by line."""
    state = said_state(facts, language)
    lines = [_about(facts, say, language), say("Tình trạng: {state}", state=state)]
    if facts.into:
        lines.append(say("Việc này được theo dõi tiếp ở {number}.", number=facts.into))
    return state, lines + _more(facts, say)


def _more(facts: Facts, say: Say) -> list[str]:
    lines = []
    if facts.office:
        lines.append(say("Cơ quan: {office}", office=facts.office))
    if facts.due_at is not None:
        lines.append(say("Hạn: {when}", when=moment(facts.due_at)))
    if facts.text:
        lines += ["", facts.text[:1500]]
    return lines
