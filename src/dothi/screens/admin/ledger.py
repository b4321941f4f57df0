"""The journal as a page: filter, page on, verify the seals."""

import json

from starlette.responses import Response

from dothi.identity import guard
from dothi.journal import seals
from dothi.journal import service as journal
from dothi.screens.admin.desk import Ask, get, post_reading
from dothi.web.sealed import opened, sealed

ROWS = 50


def _journal(ask: Ask, verdict: seals.Verdict | None = None) -> Response:
    asked = ask.request.query_params
    kind, subject = asked.get("kind", "").strip(), asked.get("subject", "").strip()
    before = opened("ledger", asked.get("before", "")) or "0"
    found = journal.read(
        ask.session, int(before), ROWS,
        sees=guard.sees_entries(ask.caller), kinds=[kind] if kind else [], subject=subject or None, newest_first=True,
    )  # fmt: skip
    for one in found:
        one["text"] = json.dumps(one["data"], ensure_ascii=False) if one["data"] else ""
    more = sealed("ledger", str(found[-1]["id"])) if len(found) == ROWS else None
    return ask.page(
        "journal", journal=found, kind=kind, subject=subject, more=more, verdict=verdict,
        # the gaps between the numbers of one's own agency's entries count those of others
        numbers="journal:read" in ask.caller.everywhere, verifies=guard.may(ask.caller, "journal:read"),
    )  # fmt: skip


def _verify(ask: Ask) -> Response:
    guard.require(ask.caller, "journal:read")
    return _journal(ask, seals.verify(ask.session))


routes = [
    get("/admin/journal", _journal, "journal:read"),
    post_reading("/admin/journal/verify", _verify, "journal:read"),
]
