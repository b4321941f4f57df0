"""Personal values, shown for a stated purpose to those who may; each showing is in the journal."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import access, history, schema, store
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import nfc

_SHORTEST, _LONGEST = 10, 500


def unmask(session: Session, caller: Caller, code: str, key: str, purpose: str) -> dict[str, Any]:
    """The personal fields of a record. purpose: what they are needed for, in words; the journal keeps it.

    Call it in a writing session. Raises NotAllowed without data:personal, BadInput without a purpose.
    """
    dataset = access.seen(session, caller, code)
    guard.require(caller, "data:personal", dataset.agency_id, dataset=dataset.code)
    why = nfc(purpose or "").strip()
    if not _SHORTEST <= len(why) <= _LONGEST or "\0" in why:
        raise BadInput("say what the personal data is needed for",
                       [Fault("purpose", f"{why[:80]!r}", f"{_SHORTEST} to {_LONGEST} characters")])  # fmt: skip
    found = None if "\0" in key else store.record(session, dataset.id, key)
    if found is None:
        raise NotFound(f"there is no record {key[:80]!r}")
    reads = guard.may(caller, "data:read", dataset.agency_id, dataset.code)
    names = [one.name for one in schema.fields(dataset.schema) if one.personal and (one.open or reads)]
    values = {name: found.properties[name] for name in names if found.properties.get(name) is not None}
    data = {"purpose": why, "fields": sorted(values)}
    history.tell(session, caller, dataset, "data.record.unmasked", data, key=key, restricted=True)
    return values
