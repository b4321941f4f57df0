"""Drafts of dossiers and the papers that go with them: kept 30 days under a token, filed once.

A draft is personal data throughout; only its token's hash is kept, and who has the token has the draft.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dothi.cases import files, news, shelf, throttling
from dothi.cases.declared import Paper, Procedure
from dothi.cases.files import Prepared
from dothi.cases.tables import DossierDraft
from dothi.config import settings
from dothi.identity import secret
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound

LASTS = 30 * clock.DAY
DRAFTS, UPLOADS = 30, 120  # an hour from one address
LONGEST = 64 * 1024  # letters of all answers together
_drafts, _uploads = throttling.Window(), throttling.Window()


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file of a draft. place: which of the draft's files, from 0."""

    place: int
    paper: str
    name: str
    media_type: str
    size: int


def begin(session: Session, caller: Caller, procedure: Procedure, values: dict[str, Any], address: str | None) -> str:
    """Begin a draft; its token. address: of the sender, which is counted and not kept."""
    if address:
        _drafts.take(throttling.network(address), DRAFTS)
    token = secret.new_token()
    _bounded(values)
    made = DossierDraft(
        token=secret.digest(token), procedure=procedure.code, values=values, files=[], at=news.now(),
        person_id=caller.id if caller.kind == "person" else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return token


def draft(session: Session, token: str | None, procedure: str) -> DossierDraft | None:
    """The draft of a token, where it is of this service and not too old."""
    if not token:
        return None
    found = session.get(DossierDraft, secret.digest(token))
    if found is None or found.procedure != procedure or found.at < news.now() - LASTS:
        return None
    return found


def save(session: Session, token: str, procedure: str, values: dict[str, Any]) -> None:
    """Keep what was written so far. Raises NotFound for a draft that is gone."""
    _bounded(values)
    which = (DossierDraft.token == secret.digest(token), DossierDraft.procedure == procedure)
    if not session.execute(
        update(DossierDraft).where(*which).values(values=values, at=news.now()).returning(DossierDraft.token)
    ).first():
        raise _gone()


def drop(session: Session, token: str) -> None:
    """Throw a draft away; its files go with the next sweep."""
    session.execute(delete(DossierDraft).where(DossierDraft.token == secret.digest(token)))


def uploads(of: DossierDraft) -> list[Uploaded]:
    """The files of a draft."""
    return [
        Uploaded(place, one["paper"], one["name"], one["media_type"], one["size"]) for place, one in enumerate(of.files)
    ]


def take(procedure: Procedure, paper: str, address: str | None) -> Paper:
    """The paper a file is for, counted as an upload of an address. Raises BadInput, TooOften."""
    if address:
        _uploads.take(throttling.network(address), UPLOADS)
    return named(procedure, paper)


def add(session: Session, token: str, procedure: Procedure, paper: str, ready: Prepared) -> None:
    """Hang a file on a draft."""
    found = _locked(session, token, procedure.code)
    most = settings().case_files
    if len(found.files) >= most:
        raise BadInput("this dossier has files enough", [Fault(f"paper-{paper}", f"more than {most} files", str(most))])
    row = {"paper": named(procedure, paper).code, "name": ready.name, "media_type": ready.media_type}
    found.files = [*found.files, row | {"size": len(ready.content), "sha256": shelf.put(ready.content)}]
    found.at = news.now()
    session.flush()


def remove(session: Session, token: str, procedure: str, place: int) -> None:
    """Take a file off a draft."""
    found = _locked(session, token, procedure)
    found.files = [one for at, one in enumerate(found.files) if at != place]
    session.flush()


def ready(of: DossierDraft) -> list[tuple[str, Prepared]]:
    """The files of a draft, looked through once more: (paper, file). Slow: no transaction should wait for it."""
    found = []
    for one in of.files:
        try:
            content = shelf.path(one["sha256"]).read_bytes()
        except FileNotFoundError:
            raise Conflict(f"{one['name']} is not there any more; take it off and add it again") from None
        found.append((str(one["paper"]), files.prepare(one["name"], content)))
    return found


def missing(procedure: Procedure, has: set[str]) -> list[Paper]:
    """The papers that must come as a file and did not; what is filled in online needs none."""
    return [one for one in procedure.papers if one.needed and not one.form and one.code not in has]


def named(procedure: Procedure, code: str) -> Paper:
    """A paper of a service by its code. Raises BadInput."""
    found = next((one for one in procedure.papers if one.code == code), None)
    if found is None:
        allowed = ", ".join(one.code for one in procedure.papers)
        raise BadInput("the service asks for no such paper", [Fault("paper", f"{code!r}"[:60], allowed)])
    return found


def forget() -> None:
    """Forget what this process counted."""
    _drafts.forget()
    _uploads.forget()


def _locked(session: Session, token: str, procedure: str) -> DossierDraft:
    query = select(DossierDraft).where(DossierDraft.token == secret.digest(token), DossierDraft.procedure == procedure)
    found = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise _gone()
    return found


def _bounded(values: dict[str, Any]) -> None:
    if sum(len(str(one)) for one in values.values()) > LONGEST:
        raise BadInput("the answers are too long", [Fault("values", "too many letters", f"at most {LONGEST}")])


def _gone() -> NotFound:
    return NotFound("this draft is not there any more")
