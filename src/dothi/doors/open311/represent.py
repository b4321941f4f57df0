"""Cases as GeoReport's service requests, and what happened to them as updates."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.cases import lists
from dothi.cases.lists import Public
from dothi.cases.reading import Told
from dothi.cases.types import types
from dothi.datasets import views
from dothi.doors.open311 import catalogue, store
from dothi.doors.open311.asked import CLOSED
from dothi.identity import called
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.web import i18n

LONGEST = 4000  # characters of a description, as the specification's schema has it
Json = dict[str, Any]


def requests(session: Session, rows: list[Any], base: str, language: str, *, extensions: bool) -> list[Json]:
    """Rows of `store` as service requests."""
    ids = [row.id for row in rows]
    pictures, words = store.pictures(session, ids), store.last_words(session, ids)
    subjects = store.subjects(session, ids)
    made = []
    for one in lists.publics(session, rows):
        media = [f"{base}/cases/{one.number}/files/{id_}/public" for id_, _ in pictures.get(one.id, ())]
        made.append(_request(one, subjects.get(one.id), media, words.get(one.id), language, called.agency(session, one.office, language),
                             extensions=extensions))  # fmt: skip
    return made


def _request(
    one: Public, subject: str | None, media: list[str], said: tuple[str | None, str] | None, language: str, office: str, *,
    extensions: bool,
) -> Json:  # fmt: skip
    say = i18n.speaker(language)
    category = types().named(one.category)
    told: Json = {
        "service_request_id": one.number,
        "status": status(one.phase),
        "status_notes": _notes(one, said, say, language),
        "service_name": _title(category, language) if category else one.title,
        "service_code": catalogue.code_of(category) if category else one.category,
        "description": one.text[:LONGEST] or None,
        "agency_responsible": office or None,
        "service_notice": notice(one, language),
        "requested_datetime": when(one.opened_at),
        "updated_datetime": when(_updated(one)),
        "expected_datetime": when(one.due_at) if one.due_at is not None else None,
        "address": one.address or None,
        "address_id": _address_id(subject),
        "zipcode": None,
        "lat": one.lat,
        "long": one.lon,
        "media_url": media[0] if media else None,
    }
    if extensions:
        told["extended_attributes"] = _extended(one, media, language)
    return told


def _extended(one: Public, media: list[str], language: str) -> Json:
    return {
        "title": one.title,
        "detailed_status": one.state,
        "detailed_status_name": state(one.type, one.state, language),
        "priority": one.priority,
        "channel": one.channel,
        "unit_code": one.unit,
        "followers": one.followers,
        "reopened": one.reopened,
        "rating": one.rating,
        "duplicate_of": one.merged_number,
        "changed_datetime": when(one.updated_at),
        "closed_datetime": when(one.closed_at) if one.closed_at is not None else None,
        "simulated": one.simulated,
        "exercise": one.exercise,
        "media_urls": media,
    }


def updates(
    one: Public, entries: list[Told], pictures: list[tuple[int, int | None]], base: str, language: str
) -> list[Json]:
    """The public timeline, oldest first. media_url: of the picture that came with it."""
    say = i18n.speaker(language)
    standing, made = types().by_code[one.type].start, []
    files = {entry: id_ for id_, entry in reversed(pictures) if entry is not None}
    for entry in entries:
        standing = entry.state or standing
        phase = types().state(one.type, standing).phase
        file = files.get(entry.id)
        made.append({
            "update_id": str(entry.id),
            "service_request_id": one.number,
            "status": status(phase),
            "detailed_status": standing,
            "updated_datetime": when(entry.at),
            "description": _happened(one, entry, say, language),
            "agency_responsible": entry.office,
            "media_url": f"{base}/cases/{one.number}/files/{file}/public" if file is not None else None,
        })  # fmt: skip
    return made


def _happened(one: Public, entry: Told, say: i18n.Say, language: str) -> str:
    """What an entry says to everybody: what was done, then the words that came with it."""
    number, office = entry.data.get("number"), entry.data.get("office_name") or entry.office
    match entry.kind:
        case "opened":
            did = say("Phản ánh được gửi")
        case "joined":
            did = say("{n} người cùng theo dõi", n=entry.data.get("count", 1))
        case "merged" if number:
            did = say("Trùng với {number}", number=number)
        case "linked" if number:
            did = say("Gộp thêm {number}", number=number)
        case "rated":
            fixed, rating = entry.data.get("fixed"), entry.data.get("rating")
            did = say("Người phản ánh: đã khắc phục") if fixed else say("Người phản ánh: chưa khắc phục")
            did += f" ({rating}/5)" if rating else ""
        case "comment":
            return entry.text
        case _ if entry.state:
            did = state(one.type, entry.state, language)
            did += f": {office}" if entry.step == "assign" and office else ""
        case _:
            return entry.text
    return f"{did}. {entry.text}" if entry.text else did


def notice(one: Any, language: str) -> str | None:
    """What may be expected: by when it is to be done, or why no time runs. one: a Public or a Case."""
    say = i18n.speaker(language)
    said = []
    if one.due_at is not None:
        due = clock.local(one.due_at)
        said.append(say("Dự kiến xử lý xong trước {time} ngày {day}.", time=f"{due:%H:%M}", day=f"{due:%d/%m/%Y}"))
    elif one.phase == "waiting":
        said.append(say("Đang chờ bổ sung thông tin; thời hạn tạm dừng."))
    if one.simulated:
        said.append(say("Phản ánh mô phỏng, không có thật."))
    if one.exercise:
        said.append(say("Diễn tập."))
    return " ".join(said) or None


def status(phase: str) -> str:
    """Open or closed: done is closed, for the office has nothing left to do."""
    return "closed" if phase in CLOSED else "open"


def state(type_: str, code: str, language: str) -> str:
    """A state as the public is told it."""
    found = types().state(type_, code)
    return _title(found, language) if found.public is None else str(getattr(found.public, language) or found.public.vi)


def when(micros: int) -> str:
    """An instant in Vietnam's time, to the second: 2026-11-21T14:30:00+07:00."""
    return clock.local(micros).isoformat(timespec="seconds")


def _updated(one: Public) -> int:
    """When it last changed; of a closed one when it was closed, as the specification asks."""
    if status(one.phase) == "closed":
        return one.resolved_at or one.closed_at or one.updated_at
    return one.updated_at


def _notes(one: Public, said: tuple[str | None, str] | None, say: i18n.Say, language: str) -> str:
    """The state in words; a merged one names the request that goes on, a finished one what the office said."""
    name = state(one.type, one.state, language)
    if one.merged_into is not None:
        return say("{state}: trùng với {number}", state=name, number=one.merged_number) if one.merged_number else name
    if said is not None and said[0] == one.state:
        return f"{name}: {said[1]}"
    return name


def _address_id(subject: str | None) -> str | None:
    """The record of an open dataset a request is about, as dataset/key."""
    kind, _, name = (subject or "").partition(":")
    if kind != "record":
        return None
    try:
        views.view(ANONYMOUS, name.partition("/")[0])
    except NotFound:
        return None
    return name


def _title(of: Any, language: str) -> str:
    return str((of.title.en if language == "en" else None) or of.title.vi)
