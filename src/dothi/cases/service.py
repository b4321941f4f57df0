"""The verbs of a case. Each names the version it saw: of two people at once one wins, the other is told who and when."""

from dothi.cases import (
    dossier_keeping,  # noqa: F401 - dossiers have national numbers and a row of their own
    telling,  # noqa: F401 - hears what is said of cases, and tells those whom it concerns
)
from dothi.cases.verbs_flow import (
    TRANSFERS,
    accept_silent,
    approve,
    assign,
    merge,
    reason_texts,
    reopen,
    step,
    take_over,
    transfer,
)  # fmt: skip
from dothi.cases.verbs_open import CHANNELS, Confirmed, New, Opened, confirm, on_behalf, open_
from dothi.cases.verbs_people import (
    LINKS,
    PRIORITIES,
    co_done,
    co_handle,
    comment,
    extend,
    follow,
    hide,
    join,
    link,
    priority_,
    rate,
    recategorise,
    replace_,
    resume,
    reword,
    show,
    suspend,
    unfollow,
)  # fmt: skip

__all__ = [
    "CHANNELS", "LINKS", "PRIORITIES", "TRANSFERS", "Confirmed", "New", "Opened", "accept_silent", "approve", "assign", "co_done",
    "co_handle", "comment", "confirm", "extend", "follow", "hide", "join", "link", "merge", "on_behalf", "open_",
    "priority_", "rate", "reason_texts", "recategorise", "reopen", "replace_", "resume", "reword", "show", "step", "suspend", "take_over",
    "transfer", "unfollow",
]  # fmt: skip
