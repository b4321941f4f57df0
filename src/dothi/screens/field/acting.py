"""Do what a form or a parcel of a telephone says: one verb of a job, with its photos, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from dothi.cases import files, jobs
from dothi.cases.files import Prepared
from dothi.cases.jobs import Part
from dothi.cases.tables import Job
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.screens.field.desk import Ask

VERBS = ("go", "begin", "tick", "photo", "work", "finish", "fail")
_MS = 1000


@dataclass(frozen=True, slots=True)
class Given:
    """What came: the form's texts, its lists, its pictures looked through."""

    values: Mapping[str, str]
    parts: Sequence[Part] | None = None
    photos: Sequence[Prepared] = ()
    signature: Prepared | None = None
    at: int | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def minutes(self) -> int | None:
        """How long it took."""
        text = self.values.get("minutes", "")
        return (whole(text) or 0) if text else None

    @property
    def version(self) -> int | None:
        """The version the page showed; a parcel names none: what counts is the state it finds."""
        return whole(self.values.get("version"))


def given(ask: Ask) -> Given:
    """What a form gives; its pictures are looked through here, without a transaction."""
    parts, faults = _parts(ask)
    photos = [files.prepare(one.filename or "photo", one.file) for one in _uploads(ask, "photo")]
    drawn = [files.prepare(one.filename or "signature.png", one.file) for one in _uploads(ask, "signature")]
    at = whole(ask.values.get("at"))
    return Given(ask.values, parts, photos, drawn[0] if drawn else None, at * _MS if at is not None else None, faults)


def act(session: Session, caller: Caller, job_id: int, verb: str, given_: Given) -> Job:
    """One verb. Raises what the room raises; nothing of it is kept then."""
    if verb not in VERBS:
        raise BadInput("there is no such step", [Fault("do", repr(verb)[:40], ", ".join(VERBS))])
    if given_.faults:
        raise BadInput("this cannot be written down", given_.faults)
    values, at, version = given_.values, given_.at, given_.version
    match verb:
        case "go":
            return jobs.go(session, caller, job_id, at=at, version=version)
        case "begin":
            return jobs.begin(session, caller, job_id, at=at, version=version)
        case "tick":
            code, done = values.get("code", ""), values.get("done", "1") == "1"
            if given_.photos:
                _photos(session, caller, job_id, given_)
            return jobs.tick(
                session, caller, job_id, code, done=done, note=values.get("note", ""), at=at, version=version
            )
        case "photo":
            if not given_.photos:
                raise BadInput("this is no photo", [Fault("photo", "is missing", "a picture")])
            _photos(session, caller, job_id, given_)
            return jobs.whole(session, caller, job_id).job
        case "work":
            return jobs.work(
                session,
                caller,
                job_id,
                parts=given_.parts,
                minutes=given_.minutes,
                note=values.get("note"),
                version=version,
            )
        case "finish":
            return _finish(session, caller, job_id, given_)
        case _:
            if given_.photos:
                _photos(session, caller, job_id, given_, "other")
            return jobs.fail(
                session, caller, job_id, values.get("reason", ""), values.get("text", ""), at=at,
                version=None if given_.photos else version,
            )  # fmt: skip


def _finish(session: Session, caller: Caller, job_id: int, given_: Given) -> Job:
    values, version = given_.values, given_.version
    if version is not None:  # before the pictures make the job another version
        jobs.current(session, caller, job_id, version)
    if given_.photos:
        _photos(session, caller, job_id, given_, "after")
    if given_.signature is not None or values.get("signed_by"):
        if given_.signature is None:
            raise BadInput("say who signed", [Fault("signature", "is missing")])
        jobs.sign(session, caller, job_id, values.get("signed_by", ""), given_.signature)
    return jobs.finish(
        session, caller, job_id, values.get("text", ""), parts=given_.parts, minutes=given_.minutes, note=values.get("note"),
        at=given_.at,
    )  # fmt: skip


def _photos(session: Session, caller: Caller, job_id: int, given_: Given, kind: str | None = None) -> None:
    """Pictures of a job: of a step of the checklist, or of a kind; an after-photo ticks the step that asks for one."""
    checks = jobs.whole(session, caller, job_id).checks
    code = given_.values.get("code") or None
    check = next((one for one in checks if one.code == code), None)
    if kind is None:
        kind = jobs.photo_kind(check) if check is not None else given_.values.get("kind") or "other"
    if check is None and kind != "other":
        check = next((one for one in checks if one.photo and jobs.photo_kind(one) == kind), None)
    public = given_.values.get("public") == "1" and kind in ("before", "after")
    for one in given_.photos:
        jobs.attach(
            session, caller, job_id, one, kind=kind, code=check.code if check else None, public=public, at=given_.at
        )


def _uploads(ask: Ask, name: str) -> list[UploadFile]:
    found: list[Any] = ask.form.getlist(name) if ask.form is not None else []
    return [one for one in found if isinstance(one, UploadFile) and one.filename and one.size]


def _parts(ask: Ask) -> tuple[list[Part] | None, list[Fault]]:
    """The rows of parts; None where the form has none of them."""
    names, counts, units = ask.all("part"), ask.all("count"), ask.all("part_unit")
    if not names:
        return None, []
    made, faults = [], []
    for n, name in enumerate(names):
        count = counts[n].strip() if n < len(counts) else ""
        unit = units[n].strip() if n < len(units) else ""
        if not name.strip():
            continue
        try:
            made.append(Part(name.strip(), float((count or "1").replace(",", ".")), unit))
        except ValueError:
            faults.append(Fault("count", f"{count[:20]!r}", "more than 0"))
    return made, faults
