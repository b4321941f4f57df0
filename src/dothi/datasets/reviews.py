"""Publishing and opening, asked by one person and decided by a second."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, true
from sqlalchemy.orm import Session

from dothi.datasets import access, describing, description, history, personal, store
from dothi.datasets.tables import Dataset, Review
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound
from dothi.kit.text import fold, nfc

DECISIONS = ("approved", "refused", "withdrawn")
_LONGEST = 5000


def ask_review(
    session: Session, caller: Caller, code: str, *, sharing: str | None = None, status: str | None = "published",
    note: str | None = None,
) -> Review:  # fmt: skip
    """Ask that a dataset be shared so; None leaves sharing or status as it is.

    What shows the dataset to nobody more is done at once. Raises Conflict while another wish waits.
    """
    dataset = access.held(session, caller, code, "data:describe")
    sharing, status = sharing or dataset.sharing, status or dataset.status
    faults = [
        Fault(name, f"{value!r}", ", ".join(values))
        for name, value, values in (("sharing", sharing, description.SHARING), ("status", status, description.STATUS))
        if value not in values
    ]
    if faults:
        raise BadInput("this cannot be asked for", faults)
    if (sharing, status) == (dataset.sharing, dataset.status):
        raise Conflict("the dataset is shared so already")
    if store.open_review(session, dataset.id) is not None:
        raise Conflict("another wish waits to be decided; withdraw it first")
    now = clock.now_micros()
    review = Review(
        dataset_id=dataset.id, sharing=sharing, status=status, note=_note(note, "note"), asked_by=caller.actor, asked_at=now,
    )  # fmt: skip
    session.add(review)
    if describing.widens(dataset, sharing, status):
        review.findings = [one.plain() for one in personal.scan(session, dataset)]
        session.flush()
        wish = {"review": review.id, "sharing": sharing, "status": status}
        history.tell(session, caller, dataset, "data.review.asked", wish, restricted=True)
        return review
    review.decision, review.decided_by, review.decided_at = "approved", caller.actor, now
    _publish(session, caller, dataset, review)
    return review


def decide_review(
    session: Session, caller: Caller, review_id: int, decision: str | bool, answer: str | None = None,
    *, accepted: Sequence[str] = (),
) -> Review:  # fmt: skip
    """Decide a wish: approved or refused by a second person who holds data:approve, withdrawn by whoever asked.

    Approval searches for personal data anew; every field it finds must be among `accepted` or named in the answer.
    """
    if isinstance(decision, bool):
        decision = "approved" if decision else "refused"
    review = store.review(session, review_id, lock=True)
    dataset = store.by_id(session, review.dataset_id) if review is not None else None
    if review is None or dataset is None or store.visible(session, caller, dataset.code) is None:
        raise NotFound(f"there is no review {review_id}, or you may not see it")
    if decision not in DECISIONS:
        raise BadInput("this is no decision", [Fault("decision", f"{decision!r}", ", ".join(DECISIONS))])
    own = review.asked_by == caller.actor
    if decision == "withdrawn":
        if not own:
            guard.require(caller, "data:approve", dataset.agency_id, dataset=dataset.code)
    else:
        guard.require(caller, "data:approve", dataset.agency_id, dataset=dataset.code)
        if own:
            raise NotAllowed("whoever asked does not decide: a second person does")
    if review.decided_at is not None:
        raise Conflict(f"the wish is {review.decision} already")
    dataset = access.held(
        session, caller, dataset.code, "data:describe" if decision == "withdrawn" and own else "data:approve"
    )
    said = _note(answer, "answer")
    if decision == "approved":
        _unresolved(session, dataset, review, said or "", accepted)
    review.decision, review.decided_by, review.decided_at = decision, caller.actor, clock.now_micros()
    review.answer = said
    if decision == "approved":
        _publish(session, caller, dataset, review)
    else:
        data = {"review": review.id, "decision": decision}
        history.tell(session, caller, dataset, f"data.review.{decision}", data, restricted=True)
    session.flush()
    return review


def reviews(
    session: Session, caller: Caller, *, waiting: bool = True, limit: int = 200
) -> list[tuple[Review, Dataset]]:
    """The wishes about datasets the caller sees, newest first; waiting: those not decided."""
    where = and_(
        guard.visible(caller, Dataset, permission="data:read"), Review.decided_at.is_(None) if waiting else true()
    )
    return [
        (review, dataset)
        for review, dataset in store.of_datasets(session, Review, where, limit)
        if any(guard.may(caller, held, dataset.agency_id, dataset.code) for held in ("data:describe", "data:approve"))
    ]


def _unresolved(session: Session, dataset: Dataset, review: Review, answer: str, accepted: Sequence[str]) -> None:
    if not describing.widens(dataset, review.sharing, review.status):
        return
    found: list[Any] = personal.scan(session, dataset)
    review.findings = [one.plain() for one in found]
    said = f" {fold(answer)} "
    open_ = [one for one in found if one.field not in accepted and fold(one.field) not in said]
    if open_:
        raise BadInput(
            "fields look like personal data: mask them (x-personal), keep them back (x-open: false), or name them in the answer",
            [Fault(f"fields.{one.field}", f"{one.kind} ({one.why})", "named in the answer") for one in open_],
        )


def _publish(session: Session, caller: Caller, dataset: Dataset, review: Review) -> None:
    describing.publish(session, dataset, review.sharing, review.status)
    data = {"review": review.id, "sharing": review.sharing, "status": review.status}
    history.tell(session, caller, dataset, "data.dataset.shared", data)


def _note(text: str | None, name: str) -> str | None:
    if text is None or not text.strip():
        return None
    made = nfc(text.strip())
    if len(made) > _LONGEST or "\0" in made:
        raise BadInput(
            f"the {name} cannot be kept", [Fault(name, f"{len(made)} characters", f"{_LONGEST} characters of text")]
        )
    return made
