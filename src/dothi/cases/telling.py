"""Who is told of what happens to a case, and of which of it.

Whoever reported, followers and subscribers are told in the transaction of the step itself, as the step's effects say.
People of offices are told out of the journal, by what each of them wants. A past that is made up is told to nobody; of
simulated cases nothing leaves the house: their reporters do not exist, and their telephones may be somebody's.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import contacts, contacts_store, news, own, store, tally, wording
from dothi.cases.declared import Effect, Transition
from dothi.cases.tables import Case, CaseContact, CrewMember
from dothi.cases.types import types
from dothi.cases.wording import Facts
from dothi.kit import bus, clock
from dothi.notify import outbox, service, targets, telling
from dothi.notify import store as notify
from dothi.notify.outbox import Entry, Telling
from dothi.notify.tables import Address
from dothi.notify.telling import Said
from dothi.notify.wording import REPORTS, both
from dothi.places import service as places

_PAGES = {"report": "/reports/{}", "dossier": "/services/dossiers/{}"}
_WRITTEN_DOWN = ("phone", "desk")  # channels by which an officer wrote the contact down
_FILE = "file:"  # where the demo puts what it sends


@bus.hears(news.CaseMoved)
def moved(session: Session, said: news.CaseMoved) -> None:
    """Tell those outside of the offices that a case was taken in, or took a step."""
    type_ = types().by_code.get(said.type)
    if type_ is None or news.replayed():
        return
    waiting = said.after in types().unconfirmed
    began = not waiting and (said.before is None or said.before in types().unconfirmed)
    how = types().step(said.type, said.step) if said.step else None
    effects: list[Effect] = how.effects if how else []
    if not began and not {"tell-reporter", "tell-followers", "ask-rating"} & set(effects):
        return
    case = session.get(Case, said.case_id)
    if case is None:
        return
    key = f"moved:{case.version}"
    mine: list[Address] = []
    if began or {"tell-reporter", "ask-rating", "tell-followers"} & set(effects):
        mine = _reporters(session, case)
    if mine and (began or {"tell-reporter", "ask-rating"} & set(effects)):
        _tell_reporter(session, case, how, mine, key, began=began)
    shown = tally.shown(case)
    if "tell-followers" in effects and shown and case.followers:
        _tell_followers(session, case, how, {one.id for one in mine}, key)
    if began and shown and type_.reported and case.unit and not case.simulated:
        _tell_neighbours(session, case)


def _reporters(session: Session, case: Case) -> list[Address]:
    """Where whoever reported is reached: their own addresses where they signed in, and the contact they gave.

    A contact counts once its code was answered; without a code where no code is asked for: signed in, written down by
    an officer, of a type that confirms nobody.
    """
    found: list[Address] = []
    person = None if case.simulated else case.person_id
    signed_in, left_word = contacts_store.ways(session, case.id, person)
    if signed_in and person is not None:
        found += notify.reachable(session, [person])
    contact = session.get(CaseContact, case.id) if left_word else None
    way = contacts.way(contact) if contact is not None else None
    if contact is None or way is None:
        return found
    known = contact.verified_at is not None or case.person_id is not None or case.channel in _WRITTEN_DOWN
    type_ = types().by_code.get(case.type)
    if not known and (type_ is None or type_.confirm):
        return found
    channel, target = way
    if case.simulated and not (targets.server(channel) or "").startswith(_FILE):
        return found
    if any((one.channel, one.target) == way for one in found):
        return found
    made = contacts_store.address_for(session, channel, target, contact.language or "vi", clock.now_micros())
    return found if made.disabled_at is not None else [*found, made]


def _tell_reporter(
    session: Session, case: Case, how: Transition | None, to: list[Address], key: str, *, began: bool
) -> None:
    facts = _facts(session, case, how, own_words=True)
    titles, bodies = both(lambda language: (wording.received if began else wording.reporter)(facts, language))
    page = _PAGES.get(case.type, "/reports/{}").format(case.number)
    token = own.token(case)
    for address in to:
        # who is signed in needs no token in the link
        link = page if address.person_id is not None or token is None else f"{page}?t={token}"
        said = Said(titles, bodies, _KIND, link=link, simulated=case.simulated, exercise=case.exercise)
        # once: the link lets in, so it does not stay in the log of what was sent
        more = {"once": True} if link != page else {}
        telling.write(session, f"case:{case.number}", f"reporter:{key}", [address], said, leave=False, more=more)


def _tell_followers(session: Session, case: Case, how: Transition | None, but: set[int], key: str) -> None:
    people, ids = set(), set()
    for who in store.followers(session, case.id):
        kind, _, id_ = who.partition(":")
        if kind == "person" and id_.isdecimal() and int(id_) != case.person_id:
            people.add(int(id_))
        elif kind == "address" and id_.isdecimal():
            ids.add(int(id_))
    wanted = {one.id: one for one in (notify.reachable(session, people) if people else [])}
    wanted |= {one.id: one for one in (notify.sendable(session, ids) if ids else [])}
    left = [one for id_, one in wanted.items() if id_ not in but and _leaves(case, one)]
    if not left:
        return
    facts = _facts(session, case, how, own_words=False)
    titles, bodies = both(lambda language: wording.follower(facts, language))
    said = Said(
        titles, bodies, _KIND, link=_PAGES.get(case.type, "/reports/{}").format(case.number), simulated=case.simulated,
        exercise=case.exercise, data={"number": case.number, "state": case.state},
    )  # fmt: skip
    telling.write(session, f"case:{case.number}", f"follower:{key}", left, said)


def _leaves(case: Case, address: Address) -> bool:
    """Whether a message about a case may go to a citizen's address: of a simulated one into the demo's files only."""
    return not case.simulated or (targets.server(address.channel) or "").startswith(_FILE)


def _tell_neighbours(session: Session, case: Case) -> None:
    facts = _facts(session, case, None, own_words=False)
    ward = places.unit(session, case.unit or "")
    texts: dict[str, tuple[str, str]] = {}
    for language in ("vi", "en"):
        name = (((ward.full_name_en if language == "en" else None) or ward.full_name) if ward else "") or ""
        texts[language] = wording.nearby(
            Facts(facts.number, facts.type, facts.category, facts.state, address=case.address, ward=name), language
        )
    service.tell_subscribers(
        session, cause=f"case:{case.number}", key="new", units=[case.unit or ""], topics=[REPORTS], texts=texts,
        kind=_KIND, link=_PAGES["report"].format(case.number), exercise=case.exercise, simulated=case.simulated,
        data={"number": case.number, "category": case.category, "unit": case.unit},
    )  # fmt: skip


def _facts(session: Session, case: Case, how: Transition | None, *, own_words: bool) -> Facts:
    """What is said of a case. own_words: to its reporter, who also reads what is not for everybody."""
    office = store.agency_names(session, [case.agency_id]).get(case.agency_id or 0, "")
    entry = store.last_change(session, case.id) if how is not None else None
    text = entry.text if entry is not None and entry.step == (how.code if how else None) else ""
    if entry is not None and not entry.public and not own_words:
        text = ""
    rate = how is not None and "ask-rating" in how.effects
    back = next((one.within_days for one in _type_steps(case) if case.state in one.since and one.within_days), None)
    into = store.cases_of(session, [case.merged_into]) if case.merged_into is not None else {}
    joined = into.get(case.merged_into or 0)
    return Facts(
        case.number, case.type, case.category, case.state, office, case.due_at, text, case.address,
        rate=rate, days=back if rate else None, into=joined.number if joined is not None else None,
    )  # fmt: skip


def _type_steps(case: Case) -> list[Transition]:
    found = types().by_code.get(case.type)
    return found.transitions if found else []


_KIND = "cases.stepped"  # what the messages of citizens are called


# people of offices, out of the journal


def _assigners(session: Session, agency_id: int | None) -> set[int]:
    """Those who give out the cases of an office, or who handle them; without any, those who do so everywhere."""
    everywhere = telling.holders(session, "cases:assign", None)
    if agency_id is None:
        return everywhere
    for permission in ("cases:assign", "cases:handle"):
        if local := telling.holders(session, permission, agency_id) - telling.holders(session, permission, None):
            return local
    return everywhere


def _case(session: Session, entry: Entry) -> Case | None:
    return session.scalar(select(Case).where(Case.number == str(entry["subject"]).removeprefix("case:")))


def _office(session: Session, entry: Entry) -> set[int]:
    return _assigners(session, entry["agency_id"])


def _handlers(session: Session, entry: Entry) -> set[int]:
    """Who handles the case, or gives it out while nobody does."""
    case = _case(session, entry)
    if case is not None and case.handler_id is not None:
        return {case.handler_id}
    return _office(session, entry)


def _given_to(session: Session, entry: Entry) -> set[int]:
    data = entry["data"] or {}
    found = {data["handler"]} if isinstance(data.get("handler"), int) else set()
    if isinstance(data.get("crew"), int):
        found |= set(session.scalars(select(CrewMember.person_id).where(CrewMember.crew_id == data["crew"])))
    return found or (_office(session, entry) if data.get("office") is not None else set())


def _helpers(session: Session, entry: Entry) -> set[int]:
    office = (entry["data"] or {}).get("office")
    return _assigners(session, office) if isinstance(office, int) else set()


def _approvers(session: Session, entry: Entry) -> set[int]:
    local = telling.holders(session, "cases:approve", entry["agency_id"])
    return (local - telling.holders(session, "cases:approve", None)) or local


def _asker(session: Session, entry: Entry) -> set[int]:  # noqa: ARG001 - as the others are called
    kind, _, id_ = str((entry["data"] or {}).get("asked_by", "")).partition(":")
    return {int(id_)} if kind == "person" and id_.isdecimal() else set()


def _fresh(entry: Entry) -> bool:
    data = entry["data"] or {}
    past = bool(data.get("past")) or entry["at"] < clock.now_micros() - clock.DAY
    return not past and data.get("state") not in types().unconfirmed


def _tells_office(entry: Entry) -> bool:
    data = entry["data"] or {}
    how = types().step(str(data.get("type") or ""), str(data.get("step") or ""))
    return _fresh(entry) and how is not None and "tell-office" in how.effects


def _citizens(entry: Entry) -> bool:
    return _fresh(entry) and entry["actor"] == news.REPORTER


def _page(session: Session, entry: Entry) -> Mapping[str, Any]:
    case = _case(session, entry)
    if case is None:
        return {}
    return {"url": f"/desk/cases/{case.number}", "title": case.title, "address": case.address}


def _said(verb: str, entry: Entry, language: str) -> tuple[str, str]:
    return wording.staff(verb, entry["data"] or {}, language)


def _kinds() -> Iterable[tuple[str, str, Callable[[Session, Entry], set[int]], Callable[[Entry], bool]]]:
    yield "cases.opened", "new", _office, _fresh
    yield "cases.confirmed", "new", _office, _fresh
    yield "cases.transferred", "transferred", _office, _fresh
    yield "cases.assigned", "given", _given_to, _fresh
    yield "cases.stepped", "stepped", _handlers, _tells_office
    yield "cases.co-handled", "help", _helpers, _fresh
    yield "cases.asked", "approve", _approvers, _fresh
    yield "cases.returned", "returned", _asker, _fresh
    yield "cases.commented", "said", _handlers, _citizens


outbox.KINDS.update({kind: Telling(partial(_said, verb), to, when, facts=_page) for kind, verb, to, when in _kinds()})
