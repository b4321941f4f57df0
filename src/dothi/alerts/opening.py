"""The roll called anew: sentries made, kept and dismissed, and what becomes of the alarms of those dismissed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.orm import Session

from dothi.alerts import engine_store as store
from dothi.alerts import maintenance, reconcile, roll, writing
from dothi.alerts.engine import GRACE, Engine, parts
from dothi.alerts.engine_store import RULE_ITSELF, Newest
from dothi.alerts.facts import Facts
from dothi.alerts.hot import NEVER, Followed
from dothi.alerts.reconcile import Wanted
from dothi.alerts.roll import Key, Roll
from dothi.alerts.sentry import LATEST, Sentry, Watched, horizon
from dothi.alerts.tables import Alarm, Watch
from dothi.alerts.verdicts import Value
from dothi.db import session as db
from dothi.kit import courtesy

_CHUNK = 100
_SLICE = 20  # sentries made without a pause: a millisecond
_READ = 200_000  # observations kept for the next sentries, whose neighbours' they are


@dataclass(slots=True)
class _Change:
    """What calling the roll changes. begins: are to look back first. missed: have streams nobody followed before.

    rested: what they remember is older than what has been read.
    """

    called: Roll
    states: dict[int, Newest]
    standing: dict[Key, list[int]]
    rows: dict[Key, Watch]
    followed: dict[int, tuple[int, int]]
    begins: list[Sentry] = field(default_factory=list)
    missed: list[Sentry] = field(default_factory=list)
    rested: list[Sentry] = field(default_factory=list)
    markers: list[Watched] = field(default_factory=list)


def refresh(engine: Engine, since: dict[int, tuple[int, int]], now: int, *, first: bool = False) -> None:
    """Have the engine watch what the rules of the database ask for now.

    since: by rule, its version and when it was first followed in it; kept up to date here. first: the engine has just
    started and takes its memories from the database. Nothing may be waiting to be written.
    """
    with db.reading() as session:
        change = _Change(
            roll.call(session), store.states(session), store.standing(session),
            store.watches(session) if first else {}, store.followed(session) if first else {},
        )  # fmt: skip
    if first:
        since.update(
            {id_: (row.version, row.upto) for (id_, subject), row in change.rows.items() if subject == RULE_ITSELF}
        )
    for id_, rule in change.called.rules.items():
        if id_ not in since or since[id_][0] != rule.version:
            since[id_] = (rule.version, now)
            change.markers.append(rule)
    fresh = {rule.id for rule in change.markers}
    before, sentries = engine.sentries, {}
    for turn, (key, (rule, facts)) in enumerate(change.called.posts.items()):
        if turn % _SLICE == 0:
            courtesy.pause()  # a city has a hundred thousand of them, and this process others to answer
        kept = before.get(key)
        if kept is not None and kept.rule.version == rule.version:
            if kept.facts != facts:
                kept.know(facts)
            sentries[key] = kept
        else:
            made = _post(engine, change, key, rule, facts, since[rule.id][1], new=rule.id in fresh, now=now)
            if not made.watcher.dead:
                sentries[key] = made
    gone = [one for key, one in before.items() if sentries.get(key) is not one]
    engine.roll, engine.sentries = change.called, sentries
    _follow(engine, change)
    _dismiss(engine, change, gone, fresh, since, now)
    for part in parts([one for one in change.begins if sentries.get(one.key) is one], _CHUNK):
        told = _looked_back(engine, part, now)
        engine.write(lambda session, told=told: _begin(engine, session, told, change, now))  # type: ignore[misc]
    engine.tune(sentries.values())
    for sentry, after in [(one, one.back[0][0]) for one in change.missed] + [(one, one.upto) for one in change.rested]:
        if sentries.get(sentry.key) is sentry:
            engine.again(sentry, after + 1, now)


def _post(
    engine: Engine, change: _Change, key: Key, rule: Watched, facts: Facts, since: int, *, new: bool, now: int
) -> Sentry:  # fmt: skip
    """A sentry with the memory it left in the database, or one that begins."""
    row = change.rows.get(key)
    states = [change.states[one] for one in facts.streams if one in change.states]
    lasts = [one.last_at for one in states if one.last_at is not None]
    recent = max(since, now - LATEST)
    if row is not None and row.version == rule.version and not new:
        made = Sentry(rule, facts, floor=recent, since=since)
        made.restore(row.state)
        # the row may be from before what has been read since, where nothing came of it
        if made.rests and any(change.followed.get(one, (0, NEVER))[1] > made.upto for one in facts.streams):
            change.rested.append(made)
        return made
    if not new and all(one in change.followed for one in facts.streams):
        return Sentry(rule, facts, floor=recent, since=since)  # nothing has ever happened to it
    if not new and all(engine.follow.slot(one) < 0 and one not in change.followed for one in facts.streams):
        made = Sentry(rule, facts, floor=recent if lasts else NEVER, since=since)
        if lasts:
            change.missed.append(made)
        return made
    made = Sentry(rule, facts, floor=NEVER, since=now)
    if lasts:
        quiet = made.quiet(facts.streams[0]) if made.single and not made.absence else None
        value = states[0].value
        if quiet is not None and isinstance(value, float | int) and quiet[0] <= value <= quiet[1]:
            made.back = [(max(lasts), b"{}")]
            if key in change.standing:  # under the rule as it read before
                change.begins.append(made)
        else:
            back = 1 if made.absence else horizon(rule.model)
            made.back = [(max(lasts) - back, b"{}")]
            change.begins.append(made)
    elif key in change.standing:
        change.begins.append(made)
    return made


def _follow(engine: Engine, change: _Change) -> None:
    """The arrays of what is followed, with what is known of each datastream."""
    old, streams = engine.follow, {one for sentry in engine.sentries.values() for one in sentry.watcher.streams}
    new = Followed(streams)
    slots = old.slots(new.ids)
    kept = np.flatnonzero(slots >= 0)
    for name in ("last", "count", "dirty", "unsure", "noted"):
        getattr(new, name)[kept] = getattr(old, name)[slots[kept]]
    for slot in np.flatnonzero(slots < 0).tolist():
        id_ = int(new.ids[slot])
        if id_ in change.followed:
            new.count[slot], new.last[slot] = change.followed[id_]
            new.noted[slot] = change.followed[id_]
        elif (state := change.states.get(id_)) is not None:
            new.count[slot], new.last[slot] = state.total, NEVER if state.last_at is None else state.last_at
            new.dirty[slot] = True
    engine.follow = new
    engine.on = [[] for _ in range(len(new))]
    for sentry in engine.sentries.values():
        for stream in sentry.watcher.streams:
            engine.on[new.slot(stream)].append(sentry)


def _dismiss(
    engine: Engine, change: _Change, gone: list[Sentry], fresh: set[int], since: dict[int, tuple[int, int]], now: int
) -> None:  # fmt: skip
    """End the alarms nobody watches any more, and forget what was remembered for them."""
    for sentry in gone:
        engine.timers.set(sentry, None)
        engine.dirty.discard(sentry)
        engine.late.pop(sentry, None)
    over = [(key, ids) for key, ids in change.standing.items() if key not in engine.sentries]
    stale = [key for key in change.rows if key not in engine.sentries and key[1] != RULE_ITSELF and key[0] not in fresh]
    stale += [one.key for one in gone if one.key not in engine.sentries]
    off = [id_ for id_ in since if id_ not in change.called.rules]
    if not (over or stale or off or fresh):
        return

    def work(session: Session) -> None:
        ended: list[Alarm] = []
        for key, ids in over:
            how = "gone" if key[0] in change.called.rules and key[0] not in fresh else "rule-off"
            ended += _ended(session, ids, how, now)
        engine.wrote(session, [], ended, now)
        store.drop_watches(session, stale)
        store.drop_rule_watches(session, [*off, *fresh])
        store.save_watches(
            session,
            [store.Remembered(rule.id, RULE_ITSELF, rule.version, now, b"{}") for rule in change.markers],
        )

    engine.write(work)
    for id_ in off:
        del since[id_]


def _looked_back(engine: Engine, part: list[Sentry], now: int) -> list[tuple[Sentry, list[Wanted]]]:
    """What new rules see as far back as they look. Nobody is kept from writing meanwhile."""
    seen: dict[tuple[int, int, int], list[tuple[int, int, Value | None]]] = {}
    made: list[tuple[Sentry, list[Wanted]]] = []
    with db.reading() as session:

        def read(streams: tuple[int, ...], after: int, until: int) -> list[tuple[int, int, Value | None]]:
            if sum(map(len, seen.values())) > _READ:
                seen.clear()
            asked = {(stream, after, until): stream for stream in streams}
            missing = [one for one in asked if one not in seen]
            seen.update({one: [] for one in missing})
            rows = {one[0]: seen[one] for one in missing}
            for row in store.between(session, missing):
                rows[row[0]].append(row)
            return [row for one in asked for row in seen[one]]

        for sentry in part:
            courtesy.pause()
            floor = sentry.back[0][0]
            slots = [engine.follow.slot(one) for one in sentry.watcher.streams]
            upto = max(int(engine.follow.last[slot]) for slot in slots)
            found = sentry.again(floor + 1, upto, now - GRACE, read, lambda _: []) if floor != NEVER else None
            made.append((sentry, reconcile.wanted(floor, [], None, found.changes) if found is not None else []))
    return made


def _begin(
    engine: Engine, session: Session, seen: Sequence[tuple[Sentry, list[Wanted]]], change: _Change, now: int
) -> None:  # fmt: skip
    """Of what new rules saw, only what stands at the end of it is an alarm."""
    windows = maintenance.covering(session, now, now)
    changed: list[Alarm] = []
    for sentry, told in seen:
        adopted = change.standing.get(sentry.key, [])
        if told and told[-1].cleared is None:
            if adopted:
                sentry.alarm = adopted.pop()
                last = [one for one in told[-1].changes if one.kind != "cleared"][-1:]
                changed += writing.adopt(session, sentry, last, now)
            else:
                changed.append(writing.insert(session, sentry, told[-1], windows, now))
        changed += _ended(session, adopted, "rule-off", now)
    engine.wrote(session, [sentry for sentry, _ in seen], changed, now)


def _ended(session: Session, ids: list[int], how: str, now: int) -> list[Alarm]:
    ended = []
    for id_ in ids:
        alarm = store.held(session, id_)
        if alarm is not None and alarm.active:
            writing.clear(session, alarm, max(now, alarm.raised_at), how, now)
            ended.append(alarm)
    return ended
