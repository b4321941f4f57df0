"""What people do about a case beside its flow: comment, follow, join, rate, help, hide, mend."""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from dothi.cases import flow, news, sight, store, timers, verbs, verbs_flow
from dothi.cases.declared import Priority
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.cases.verbs import Held
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotSignedIn
from dothi.kit.text import whole
from dothi.places import service as places

PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "urgent")
LINKS = ("duplicate-of", "part-of", "caused-by", "about")
_WHO = re.compile(r"(person|address):\d{1,18}|browser:[0-9a-f]{64}")
_TO = re.compile(r"(case|alarm|thing|record|order|warning|job):\S{1,180}")


def comment(
    session: Session, caller: Caller, name: int | str, text: str, *, public: bool = False, token: str | None = None
) -> int:
    """Say something about a case; the entry's id. What the reporter says is read by the office, never by everybody."""
    held = _beside(session, caller, name, token)
    text = verbs.said(text)
    verbs.refuse(verbs.spoken(text), "say something")
    public = public and held.officer and bool(held.sides & {"handle", "assign", "moderate"})
    journal = "commented"
    return verbs.settle(held, "comment", text=text, public=public, journal=journal, changed=False)


def follow(
    session: Session, caller: Caller, name: int | str, who: str | None = None, *, token: str | None = None
) -> Case:
    """Be told of a case's public news. who: address:7, browser:<sha256>; None: the person who asks."""
    held = _seen(session, caller, name, token)
    if store.follow(session, held.case.id, _who(caller, who), held.now):
        session.refresh(held.case, ["followers"])
    return held.case


def unfollow(
    session: Session, caller: Caller, name: int | str, who: str | None = None, *, token: str | None = None
) -> Case:
    """No longer be told."""
    held = _seen(session, caller, name, token)
    if store.unfollow(session, held.case.id, _who(caller, who)):
        session.refresh(held.case, ["followers"])
    return held.case


def join(session: Session, caller: Caller, name: int | str, who: str | None = None) -> Case:
    """Say "I met it too" (tôi cũng gặp): follow, and be counted where everybody reads it, nameless and once."""
    held = _seen(session, caller, name, None)
    if held.phase == "closed":
        raise Conflict("this case is closed; a new report says it is there again")
    if store.follow(session, held.case.id, _who(caller, who), held.now):
        session.refresh(held.case, ["followers"])
        data = {"count": held.case.followers}
        verbs.settle(held, "joined", public=True, data=data, actor=news.REPORTER, changed=False)
    return held.case


def rate(
    session: Session,
    caller: Caller,
    name: int | str,
    *,
    fixed: bool | None,
    rating: int | None = None,
    text: str = "",
    token: str | None = None,
    version: int | None = None,
) -> Case:
    """Say whether it is done, and how well: by whoever reported. "Not done" reopens it within the days allowed.

    fixed: None leaves that open. rating: 1 to 5. The words are read by the office alone.
    """
    held = verbs.hold(session, caller, name, token=token, version=version)
    verbs.need(held, "reporter")
    case, text = held.case, verbs.said(text)
    faults = verbs.spoken(text, needed=False)
    if rating is not None and rating not in range(1, 6):
        faults.append(Fault("rating", f"{rating}", "1 to 5"))
    if fixed is None and rating is None:
        faults.append(Fault("fixed", "is missing", "whether it is done, or a rating"))
    verbs.refuse(faults, "this is no answer")
    if held.phase not in ("done", "closed") or case.merged_into is not None:
        raise Conflict(f"the case is {case.state}: it is rated once it was handled")
    case.rating = rating if rating is not None else case.rating
    case.satisfied = fixed if fixed is not None else case.satisfied
    data: dict[str, Any] = {key: value for key, value in (("fixed", fixed), ("rating", rating)) if value is not None}
    accept = _accepting(held) if fixed else None
    if accept is not None:
        verbs.become(held, accept)
    verbs.settle(held, "rated", public=True, data=data, actor=news.REPORTER)
    if fixed is False:
        back = verbs_flow.reopening(held.type.transitions, held.type.code, held.state)
        if back is not None and flow.in_time(back, held.facts):
            return verbs_flow.again(held, text or "—")
    if text:
        _private(held, text)
    return case


def priority_(
    session: Session, caller: Caller, name: int | str, priority: Priority, *, text: str = "", version: int | None = None
) -> Case:
    """Say how urgent a case is."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "handle", "assign")
    text = verbs.said(text)
    faults = verbs.spoken(text, needed=False)
    if priority not in PRIORITIES:
        faults.append(Fault("priority", f"{priority!r}"[:60], ", ".join(PRIORITIES)))
    verbs.refuse(faults, "no such priority")
    before, held.case.priority = held.case.priority, priority
    if before != priority:
        timers.prioritised(session, held.case, held.type, held.subject)
        verbs.settle(held, "priority", text=text, data={"before": before, "after": priority})
    return held.case


def replace_(
    session: Session, caller: Caller, name: int | str, *, lon: float | None = None, lat: float | None = None,
    address: str | None = None, version: int | None = None,
) -> Case:  # fmt: skip
    """Put a case where it really is. Its office stays: to another it goes by transfer."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "handle", "assign", "work")
    case, faults = held.case, []
    if (lon is None) != (lat is None) or (
        lon is not None and lat is not None and not (-180 <= lon <= 180 and -90 <= lat <= 90)
    ):
        faults.append(Fault("place", "is no point", "lon and lat in degrees"))
    if address is not None:
        address = verbs.said(address)
        faults += verbs.spoken(address, "address", needed=False, longest=300)
    verbs.refuse(faults, "there is no such place")
    if lon is not None and lat is not None:
        case.lon, case.lat = lon, lat
        case.unit = places.locate_code(session, lon, lat)
    if address is not None:
        case.address = address
    case.folded = verbs.searched(case.number, case.title, case.address)
    verbs.settle(held, "moved", data={"unit": case.unit})
    return case


def recategorise(
    session: Session, caller: Caller, name: int | str, category: str, *, version: int | None = None
) -> Case:
    """Say what a case is really about. Its office and its clock stay."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "handle", "assign", "moderate")
    chosen = types().category(category)
    if chosen.type != held.type.code:
        raise BadInput("the category is of another type", [Fault("category", f"{category!r}"[:60], held.type.code)])
    before, held.case.category = held.case.category, category
    held.case.sector, held.subject = types().sectors.get(category), chosen
    if not chosen.public:
        held.case.public = False
    verbs.settle(held, "category", data={"before": before, "after": category})
    return held.case


def co_handle(
    session: Session, caller: Caller, name: int | str, office: int | str, *, text: str = "", version: int | None = None
) -> Case:
    """Ask another office to help; the responsible one stays responsible."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "handle", "assign")
    to, text = verbs.office_id(session, office), verbs.said(text)
    faults = verbs.spoken(text, needed=False)
    if to is None or to == held.case.agency_id:
        faults.append(Fault("office", "is responsible itself" if to else "is missing", "another office"))
    verbs.refuse(faults, "that office cannot help")
    if to is not None and store.ask_office(session, held.case.id, to, held.now):
        verbs.settle(held, "co-handled", text=text, data={"office": to})
    return held.case


def co_done(
    session: Session, caller: Caller, name: int | str, *, office: int | str | None = None, text: str = ""
) -> Case:
    """Say that one's office has helped."""
    held = verbs.hold(session, caller, name)
    mine = sight.co_handles(session, caller, held.case)
    wanted = verbs.office_id(session, office) if office is not None else None
    done = [one for one in mine if wanted in (None, one)]
    if not done:
        raise NotAllowed("your office is not asked to help here")
    text = verbs.said(text)
    verbs.refuse(verbs.spoken(text, needed=False), "this cannot be said")
    changed = False
    for one, agency in store.offices(session, held.case.id):
        if agency.id in done and one.done_at is None:
            one.done_at, changed = held.now, True
    if changed:
        verbs.settle(held, "co-done", text=text, data={"office": done[0]}, changed=False)
    return held.case


def link(session: Session, caller: Caller, name: int | str, kind: str, to: str) -> Case:
    """Say how a case hangs together with another, an alarm, a thing or a record. A duplicate is said by `merge`."""
    held = verbs.hold(session, caller, name)
    verbs.need(held, "handle", "assign", "work")
    if kind not in LINKS[1:] or not _TO.fullmatch(to) or to == f"case:{held.case.id}":
        raise BadInput(
            "no such link", [Fault("link", f"{kind} {to}"[:80], "part-of, caused-by or about; case:5, alarm:12 …")]
        )
    if to.startswith("case:") and store.case(session, whole(to[5:]) or 0, sight.cases(caller)) is None:
        raise sight.not_found()
    if store.link(session, held.case.id, kind, to, held.now, held.actor):
        verbs.settle(held, "linked", data={"link": kind, "to": to}, changed=False)
    return held.case


def hide(session: Session, caller: Caller, name: int | str, reason: str, *, version: int | None = None) -> Case:
    """Take a case off the public pages, for the reason given."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "moderate")
    reason = verbs.said(reason)
    verbs.refuse(verbs.spoken(reason, "reason", longest=300), "say why it is hidden")
    held.case.hidden = reason
    verbs.settle(held, "hidden", text=reason)
    return held.case


def show(
    session: Session, caller: Caller, name: int | str, *, public: bool | None = None, version: int | None = None
) -> Case:
    """Put a hidden case back on the public pages. public: also say anew whether it belongs there at all."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "moderate")
    held.case.hidden = None
    if public is not None:
        held.case.public = public and (held.category is None or held.category.public)
    verbs.settle(held, "shown")
    return held.case


def reword(
    session: Session, caller: Caller, name: int | str, *, title: str | None = None, text: str | None = None,
    version: int | None = None,
) -> Case:  # fmt: skip
    """Change what is shown of a report where it holds what nobody may read: a name, a number plate, an insult."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "moderate")
    case = held.case
    title, text = (
        verbs.said(title if title is not None else case.title),
        verbs.said(text if text is not None else case.text),
    )
    verbs.refuse(verbs.spoken(title, "title", longest=200) + verbs.spoken(text, needed=False), "this cannot be shown")
    case.title, case.text = title, text
    case.folded = verbs.searched(case.number, case.title, case.address)
    verbs.settle(held, "reworded")
    return case


def extend(
    session: Session,
    caller: Caller,
    name: int | str,
    amount: int,
    *,
    reason: str,
    text: str,
    version: int | None = None,
) -> Case:
    """Give a case more time, in the unit of its deadline: by whoever approves in its office, with the reason."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "approve")
    text = verbs.said(text)
    verbs.refuse(verbs.spoken(text), "say why there is more time")
    timers.extend(session, held.case, amount, reason, text, news.actor(caller))
    verbs.settle(held, "due", text=text, data={"reason": reason, "amount": amount, "due_at": held.case.due_at})
    return held.case


def suspend(
    session: Session, caller: Caller, name: int | str, *, reason: str, text: str, version: int | None = None
) -> Case:
    """Stop a case's clock by hand (bất khả kháng, chờ cơ quan khác): by whoever approves in its office."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "approve")
    text = verbs.said(text)
    timers.suspend(session, held.case, reason, text, news.actor(caller))
    verbs.settle(held, "suspended", text=text, data={"reason": reason})
    return held.case


def resume(session: Session, caller: Caller, name: int | str, *, text: str = "", version: int | None = None) -> Case:
    """Have a clock that was stopped by hand go on."""
    held = verbs.hold(session, caller, name, version=version)
    verbs.need(held, "approve", "handle")
    timers.resume(session, held.case)
    verbs.settle(held, "resumed", text=verbs.said(text), data={"due_at": held.case.due_at})
    return held.case


def _beside(session: Session, caller: Caller, name: int | str, token: str | None) -> Held:
    """A case one may speak about: as reporter, in its office or crew, or in an office that helps."""
    held = verbs.hold(session, caller, name, token=token)
    if not held.sides and not sight.co_handles(session, caller, held.case):
        guard.require(caller, "cases:handle", held.case.agency_id)
    return held if held.sides else _helping(held)


def _helping(held: Held) -> Held:
    return replace(held, sides={"handle"})


def _seen(session: Session, caller: Caller, name: int | str, token: str | None) -> Held:
    """A case one sees, from inside or as everybody does."""
    return verbs.hold(session, caller, name, token=token, sees=sight.cases(caller, token) | sight.public())


def _who(caller: Caller, who: str | None) -> str:
    own = f"person:{caller.id}" if caller.kind == "person" and caller.id is not None else None
    if who is None:
        if own is None:
            raise NotSignedIn("sign in, or leave an address")
        return own
    if not _WHO.fullmatch(who) or (who.startswith("person:") and who != own):
        raise BadInput(
            "this is nobody who can follow", [Fault("who", f"{who!r}"[:80], "address:7, browser:<sha256>, oneself")]
        )
    return who


def _accepting(held: Held) -> str | None:
    """The state the reporter's yes leads to, where the flow has one from here."""
    mine = [one for one in held.type.transitions if held.state in one.since and "reporter" in one.who and not one.needs]
    to = [one.to for one in mine if one.to and types().state(held.type.code, one.to).phase == "closed"]
    return to[0] if to else None


def _private(held: Held, text: str) -> None:
    store.add_entry(
        held.session, case_id=held.case.id, at=held.now, actor=news.REPORTER, kind="comment", public=False, text=text,
        step=None, agency_id=None, data=None, state=None,
    )  # fmt: skip
