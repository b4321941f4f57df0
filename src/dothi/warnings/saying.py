"""What the journal says of a warning: to the desk who did what, to everybody what was published."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.notify import service as notify
from dothi.warnings.tables import Warning_
from dothi.warnings.telling import Told, told


def desk(session: Session, kind: str, caller: Caller, row: Warning_, more: dict[str, Any] | None = None) -> None:
    """Who did what with a warning; its agency's matter."""
    data = {
        "severity": told(row).tone,
        "msg_type": row.msg_type,
        "status": row.status,
        "state": row.state,
        "headline": _headline(row),
        **(more or {}),
    }
    journal.append(
        session, kind, actor=caller.actor, subject=f"warning:{row.id}", agency_id=row.agency_id,
        visibility="restricted", data=data,
    )  # fmt: skip


def public(session: Session, kind: str, row: Warning_) -> None:
    """What became of a published warning; everybody's matter, but for exercises. It says nothing of people or numbers of rows."""
    one = told(row)
    visibility: journal.Visibility = "open" if row.scope == "Public" and row.status == "Actual" else "shared"
    journal.append(
        session, kind, actor="dothi", subject=f"warning:{row.identifier}", visibility=visibility, data={
            "identifier": row.identifier, "msg_type": row.msg_type, "status": row.status, "severity": row.severity,
            "tone": one.tone, "category": row.category, "headline": one.info("vi")["headline"],
            "headline_en": one.info("en")["headline"], "units": list(row.units), "feed": row.feed,
            "expires_at": None if row.expires_at is None else clock.iso(row.expires_at), "simulated": row.simulated,
            "exercise": one.exercise, "url": one.url,
        },
    )  # fmt: skip


def subscribers(session: Session, row: Warning_) -> int:
    """Tell those who subscribed to the places it touches, in the language of each; how many messages were written."""
    one = told(row)
    topics = sorted({category for info in row.infos for category in info["categories"]})
    return notify.tell_subscribers(
        session, cause=f"warning:{row.chain_id}", key=row.identifier, units=row.units, topics=topics,
        texts={language: _letter(one, language) for language in ("vi", "en")}, kind="warnings.message.published",
        severity=one.tone, link=one.url, exercise=one.exercise, simulated=one.simulated,
    )  # fmt: skip


def _letter(one: Told, language: str) -> tuple[str, str]:
    info = one.info(language)
    head = {"vi": {"Update": "Cập nhật: "}, "en": {"Update": "Update: "}}[language].get(one.msg_type, "")
    until = ""
    if one.expires_at is not None and one.msg_type != "Cancel":
        said = when(one.expires_at, language)
        until = f"In force until {said}." if language == "en" else f"Có hiệu lực đến {said}."
    parts = (info["description"], info["instruction"], one.places(language), until)
    return head + str(info["headline"]), "\n\n".join(filter(None, map(str, parts)))


def when(micros: int, language: str) -> str:
    """An instant within a sentence: `14:30 ngày 21/11`, `14:30 on 21 Nov`."""
    local = clock.local(micros)
    if language == "en":
        month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[local.month - 1]
        return f"{local:%H:%M} on {local.day} {month}"
    return f"{local:%H:%M} ngày {local.day}/{local.month}"


def _headline(row: Warning_) -> str:
    return str(row.infos[0]["headline"]) if row.infos else ""
