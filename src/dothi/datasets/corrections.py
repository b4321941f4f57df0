"""What people say is wrong in a dataset: it reaches those who keep the dataset, and is answered."""

from sqlalchemy import and_, true
from sqlalchemy.orm import Session

from dothi.datasets import access, history, store
from dothi.datasets.tables import Correction, Dataset
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import nfc

STATES = ("done", "refused")
_LONGEST = 4000
_LONGEST_CONTACT = 200


def correct(
    session: Session, caller: Caller, code: str, text: str, *, record_key: str | None = None, contact: str | None = None
) -> Correction:
    """Send a correction; anybody who sees the dataset may. The contact is kept for the answer and shown to its keepers."""
    dataset = access.seen(session, caller, code)
    said, whom = _text(text), _text(contact)
    faults = []
    if not said:
        faults.append(Fault("text", "is empty", "what is wrong, and what would be right"))
    for name, value, longest in (("text", said, _LONGEST), ("contact", whom, _LONGEST_CONTACT)):
        if len(value) > longest or "\0" in value:
            faults.append(Fault(name, f"{len(value)} characters", f"{longest} characters of text"))
    if record_key and ("\0" in record_key or store.record(session, dataset.id, record_key) is None):
        faults.append(Fault("record_key", f"no record {record_key[:80]!r}"))
    if faults:
        raise BadInput("this correction cannot be sent", faults)
    made = Correction(
        dataset_id=dataset.id, record_key=record_key or None, text=said, contact=whom or None, sent_by=caller.actor,
        sent_at=clock.now_micros(), state="open",
    )  # fmt: skip
    session.add(made)
    session.flush()
    # neither the text nor the contact: people write names and telephone numbers there
    data = {"correction": made.id, "record": made.record_key}
    history.tell(session, caller, dataset, "data.correction.sent", data, restricted=True)
    return made


def answer_correction(
    session: Session, caller: Caller, correction_id: int, state: str, answer: str | None = None
) -> Correction:
    """Answer a correction, as done or refused; a refusal says why."""
    found = store.correction(session, correction_id)
    dataset = store.by_id(session, found.dataset_id) if found is not None else None
    if found is None or dataset is None or not _keeps(caller, dataset):
        raise NotFound(f"there is no correction {correction_id}, or you do not keep its dataset")
    said = _text(answer)
    faults = []
    if state not in STATES:
        faults.append(Fault("state", f"{state!r}", ", ".join(STATES)))
    if state == "refused" and not said:
        faults.append(Fault("answer", "is empty", "why the correction is not taken up"))
    if len(said) > _LONGEST or "\0" in said:
        faults.append(Fault("answer", f"{len(said)} characters", f"{_LONGEST} characters of text"))
    if faults:
        raise BadInput("this answer cannot be kept", faults)
    if found.state != "open":
        raise Conflict(f"the correction is {found.state} already")
    found.state, found.answer, found.answered_by, found.answered_at = (
        state,
        said or None,
        caller.actor,
        clock.now_micros(),
    )
    session.flush()
    data = {"correction": found.id, "state": state}
    history.tell(session, caller, dataset, "data.correction.answered", data, restricted=True)
    return found


def corrections(
    session: Session, caller: Caller, code: str | None = None, *, waiting: bool = True, limit: int = 200
) -> list[tuple[Correction, Dataset]]:
    """The corrections of the datasets the caller keeps (data:describe or data:write), newest first."""
    where = and_(
        guard.visible(caller, Dataset, permission="data:read"),
        Correction.state == "open" if waiting else true(),
        Dataset.code == code if code is not None else true(),
    )
    found = store.of_datasets(session, Correction, where, limit)
    return [(one, dataset) for one, dataset in found if _keeps(caller, dataset)]


def _keeps(caller: Caller, dataset: Dataset) -> bool:
    return any(guard.may(caller, held, dataset.agency_id, dataset.code) for held in ("data:describe", "data:write"))


def _text(value: str | None) -> str:
    return nfc(str(value or "")).strip()
