"""The token of the reporter's own link as news of a case carry it.

The token somebody reported with is kept as a digest alone, so no message can repeat it. What a message carries is the
case's number sealed together with that digest: nobody makes one up, and it opens nothing once the reporter was erased.
"""

from sqlalchemy import ColumnElement, and_, func, or_

from dothi.cases.tables import Case
from dothi.identity import secret
from dothi.web import sealed

_PURPOSE = "cases.own"
_LETTERS = 12  # of the digest
_SHORTEST = 40  # letters of what is sealed


def token(case: Case) -> str | None:
    """A token of the reporter's, made anew; None: nobody is its reporter any more."""
    return sealed.sealed(_PURPOSE, f"{case.id}.{case.secret[:_LETTERS]}") if case.secret else None


def holds(said: str) -> ColumnElement[bool]:
    """The clause of the case a token is for, be it the reporter's first one or one out of a message."""
    kept = Case.secret == secret.digest(said)
    found = _opened(said)
    if found is None:
        return kept
    return or_(kept, and_(Case.id == found[0], func.substr(Case.secret, 1, _LETTERS) == found[1]))


def fits(case: Case, said: str) -> bool:
    """Whether a token is of the reporter of a case."""
    if case.secret is None:
        return False
    return secret.same(case.secret, said) or _opened(said) == (case.id, case.secret[:_LETTERS])


def _opened(said: str) -> tuple[int, str] | None:
    opened = sealed.opened(_PURPOSE, said[:200]) if len(said) >= _SHORTEST else None
    id_, dot, digest = (opened or "").partition(".")
    return (int(id_), digest) if dot and id_.isdecimal() and len(digest) == _LETTERS else None
