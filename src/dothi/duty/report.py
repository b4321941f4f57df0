"""The shift's report: figures, alarms, what people did, what stays open. Pure: values in, JSON out.

Instants are µs since 1970 UTC, durations seconds.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from dothi.alerts.tables import Alarm, Maintenance
from dothi.duty.tables import Order
from dothi.kit import clock

SEVERITIES = ("critical", "major", "minor", "warning")
IN_TIME = 300  # seconds within which an alarm should be acknowledged
SLOT = 600 * clock.SECOND  # EEMUA 191: at most one alarm in ten minutes is an acceptable load for one operator


def figures(
    raised: Sequence[Any],
    acknowledged: Mapping[int, int],
    events: Mapping[str, int],
    orders: Mapping[str, int],
    steps: Mapping[int, int],
    warnings: Mapping[str, int],
    *,
    since: int,
    until: int,
    open_before: int,
    open_after: int,
    late_orders: int,
) -> dict[str, Any]:
    """The shift in numbers. raised: rows (id, worst, noticed_at, exercise, withdrawn, suppressed, simulated).

    Exercises are counted by themselves; withdrawn and suppressed alarms asked nobody to acknowledge them.
    """
    real = [one for one in raised if not one.exercise]
    rang = [one for one in real if not one.withdrawn and not one.suppressed]
    took = [max(0, acknowledged[one.id] - one.noticed_at) // clock.SECOND for one in rang if one.id in acknowledged]
    in_time = sum(seconds <= IN_TIME for seconds in took)
    # one that still waits has failed the five minutes only once they are over
    due = len(took) + sum(
        1 for one in rang if one.id not in acknowledged and until - one.noticed_at > IN_TIME * clock.SECOND
    )
    slots = Counter((one.noticed_at - since) // SLOT for one in rang)
    busiest = max(slots, key=lambda slot: (slots[slot], -slot), default=None)
    worst = Counter(one.worst for one in real)
    return {
        "raised": len(real), "by_severity": {name: worst[name] for name in SEVERITIES},
        "acknowledged": len(took), "in_time": in_time, "in_time_of": due,
        "median_s": int(median(took)) if took else None, "longest_s": max(took, default=None),
        "waiting": len(rang) - len(took), "cleared": events.get("cleared", 0), "withdrawn": events.get("withdrawn", 0),
        "escalated": events.get("escalated", 0), "suppressed": sum(bool(one.suppressed) for one in real),
        "comments": events.get("commented", 0), "open_before": open_before, "open_after": open_after,
        "exercises": len(raised) - len(real),
        "per_slot": round(len(rang) / max(1, -(-(until - since) // SLOT)), 2),
        "busiest": None if busiest is None else {"at": since + busiest * SLOT, "count": slots[busiest]},
        "orders": {
            name: orders.get(name, 0) for name in ("given", "received", "done", "accepted", "returned", "withdrawn", "reminded")
        } | {"late": late_orders},
        "steps": {"done": steps.get(1, 0), "undone": steps.get(0, 0)},
        "warnings": {kind.rpartition(".")[2]: count for kind, count in sorted(warnings.items())},
    }  # fmt: skip


def alarm(one: Alarm) -> dict[str, Any]:
    """An alarm as the report keeps it."""
    return {
        "id": one.id, "number": one.number, "title": one.title, "title_en": one.title_en, "severity": one.severity,
        "worst": one.worst, "subject_name": one.subject_name, "value_text": one.value_text, "unit": one.unit, "raised_at": one.raised_at,
        "noticed_at": one.noticed_at, "acknowledged_at": one.acknowledged_at if one.acknowledged else None,
        "acknowledged_by": person_id(one.acknowledged_by) if one.acknowledged else None, "cleared_at": one.cleared_at,
        "active": one.active, "acknowledged": one.acknowledged, "assignee_id": one.assignee_id, "repeats": one.repeats,
        "withdrawn": one.withdrawn, "suppressed": one.suppressed, "simulated": one.simulated, "exercise": one.exercise,
    }  # fmt: skip


def order(one: Order, agency: str, now: int) -> dict[str, Any]:
    """An order as the report keeps it."""
    return {
        "number": one.number, "text": one.text, "subject_name": one.subject_name, "agency": agency, "due_at": one.due_at,
        "state": one.state, "late": one.state in ("given", "received", "returned") and one.due_at < now,
        "by": one.by_id,
    }  # fmt: skip


def planned(one: Maintenance) -> dict[str, Any]:
    """A maintenance window as the report keeps it."""
    return {
        "scope_kind": one.scope_kind, "scope": one.scope, "reason": one.reason, "starts_at": one.starts_at, "ends_at": one.ends_at,
    }  # fmt: skip


def action(row: Any) -> dict[str, Any]:
    """What somebody did, from the journal's entry (at, kind, actor, subject, data)."""
    said = row.data or {}
    text, title = said.get("text") or said.get("reason") or "", said.get("title") or said.get("order") or ""
    return {
        "at": row.at, "kind": row.kind, "person": person_id(row.actor), "number": said.get("number"),
        "title": title, "text": "" if text == title else text,
        "subject": row.subject,
    }  # fmt: skip


def people(*parts: Iterable[Mapping[str, Any]]) -> list[int]:
    """Everybody a report names, by id."""
    keys = ("person", "acknowledged_by", "assignee_id", "by")
    return sorted({one[key] for part in parts for one in part for key in keys if one.get(key)})


def person_id(actor: str | None) -> int | None:
    """The person of guard's Caller.actor; None for keys and the system."""
    kind, _, id_ = (actor or "").partition(":")
    return int(id_) if kind == "person" and id_.isdecimal() else None


def digest(report: Mapping[str, Any], note: str, person: int, handed_at: int) -> str:
    """SHA-256 hex of what is signed: the report, the note, who leaves and when."""
    signed = {"report": report, "note": note, "person": person, "handed_at": handed_at}
    text = json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
