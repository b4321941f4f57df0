"""The verbs of datasets, their records, reviews, corrections and use. Each works inside the caller's transaction.

Every verb asks the guard first, says every fault at once, keeps count, extent, version and tile stamps in the same
transaction, writes the journal, and tells `news.DatasetChanged` once the transaction stands.
"""

from dothi.datasets.corrections import answer_correction, correct, corrections
from dothi.datasets.describing import create, describe, remove
from dothi.datasets.history import Change, Version, changes
from dothi.datasets.history import versions as history
from dothi.datasets.recording import delete, find, patch, put, undelete
from dothi.datasets.reviews import ask_review, decide_review, reviews
from dothi.datasets.unmasking import unmask
from dothi.datasets.usage import count_use

__all__ = [
    "Change", "Version", "answer_correction", "ask_review", "changes", "correct", "corrections", "count_use", "create",
    "decide_review", "delete", "describe", "find", "history", "patch", "put", "remove", "reviews", "undelete", "unmask",
]  # fmt: skip
