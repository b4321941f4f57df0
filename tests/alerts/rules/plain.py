"""The slow plain twin of the watcher: looks at every minute, and every time from the whole history.

It shares nothing with the machine but the declaration: thresholds, durations and schedules are read here again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from dothi.alerts.model import SEVERITIES, Named, micros

M = 60_000_000
START = datetime(2026, 11, 2, 0, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))  # a Monday
BEGIN = int(START.timestamp()) * 1_000_000
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass
class Alarm:
    raised: int
    severities: list[str]
    cleared: int | None = None
    how: str | None = None


def number(given, numbers):
    if not isinstance(given, Named):
        return given
    found = numbers.get(given.key)
    return given.default if found is None else found * given.times + given.plus


class Plain:
    """One rule at one subject: history is a list of (stream, minute, value); hands are minutes of clearing by hand."""

    def __init__(self, model, facts, history, hands=()):
        self.model, self.facts, self.hands = model, facts, sorted(hands)
        self.history = sorted(history, key=lambda one: (one[1], one[0]))
        self.kinds = [(s, model.when[s]) for s in SEVERITIES if s in model.when]
        self.blind_since = None  # minute after which something must come before anything counts
        self.hand_at = None

    # readings

    def plausible(self, one, value):
        if value is None:
            return False
        if one.plausible is None or isinstance(value, str | bool):
            return True
        made = value if one.line is None else one.line(value)
        return one.plausible[0] <= made <= one.plausible[1]

    def readings(self, one, minute):
        convert = one.line or (lambda x: x)
        return [
            (at, value if isinstance(value, str | bool) else convert(value))
            for stream, at, value in self.history
            if stream == one.stream and at <= minute and self.plausible(one, value)
        ]

    def standing(self, one, minute):
        found = self.readings(one, minute)
        if not found or (minute - found[-1][0]) * M >= one.stands:
            return None
        return found[-1]

    def last_came(self, minute):
        came = [at for _, at, _ in self.history if at <= minute]
        if self.hand_at is not None and self.absence:
            came.append(self.hand_at)
        return max(came, default=None)

    @property
    def absence(self):
        return self.kinds[0][1].kind == "absent"

    # truths

    def compare(self, c, value, margin):
        if c.equals is not None:
            return value == c.equals if type(value) is type(c.equals) else None
        if isinstance(value, str | bool):
            return None
        n = self.facts.numbers
        if c.outside is not None:
            low, high = number(c.outside[0], n), number(c.outside[1], n)
            return None if low is None or high is None else value < low + margin or value > high - margin
        keys = [key for key in ("above", "from_", "below", "to") if getattr(c, key) is not None]
        if any(number(getattr(c, key), n) is None for key in keys):
            return None
        return all(
            test(value, number(getattr(c, key), n))
            for key, test in (
                ("above", lambda v, x: v > x - margin), ("from_", lambda v, x: v >= x - margin),
                ("below", lambda v, x: v < x + margin), ("to", lambda v, x: v <= x + margin),
            )
            if getattr(c, key) is not None
        )  # fmt: skip

    def unusual(self, c, one, reading, margin):
        at, value = reading
        local = START + timedelta(minutes=at)
        known = one.usual[local.weekday() * 24 + local.hour] if one.usual else None
        if known is None or isinstance(value, str | bool):
            return None
        far = max(c.unusual.spreads * known[1], c.unusual.least) - margin
        apart = value - known[0]
        return (c.unusual.side != "below" and apart > far) or (c.unusual.side != "above" and -apart > far)

    def truth(self, c, minute, margin=0.0):
        if self.blind_since is not None:
            came = [
                at for one in self.facts.inputs for at, _ in self.readings(one, minute) if at > self.blind_since
            ]  # fmt: skip
            if not came:
                return None
        first = self.facts.inputs[0]
        if c.kind == "absent":
            came = self.last_came(minute)
            if came is None:
                return None
            return (minute - came) * M >= self.patience(c)
        if c.agree is not None:
            votes = []
            for one in self.facts.inputs:
                reading = self.standing(one, minute)
                if reading is not None:
                    votes.append(
                        self.unusual(c, one, reading, margin) if c.unusual else self.compare(c, reading[1], margin)
                    )
            votes = [one for one in votes if one is not None]
            if not votes:
                return None
            return sum(votes) >= c.agree.count and sum(votes) >= c.agree.share * len(votes)
        if c.kind == "formula":
            values = {name: number(given, self.facts.numbers) for name, given in self.model.on.constants.items()}
            for one in self.facts.inputs:
                reading = self.standing(one, minute)
                values[one.name] = None if reading is None else reading[1]
            if any(values[name] is None for name in values if name in c.formula):
                return None
            try:
                made = eval(c.formula, {"abs": abs, "min": min, "max": max, "mean": lambda *x: sum(x) / len(x)}, values)
            except ZeroDivisionError:
                return None
            return made if isinstance(made, bool) else self.compare(c, made, margin)
        reading = self.standing(first, minute)
        if reading is None:
            return None
        if c.kind == "unusual":
            return self.unusual(c, first, reading, margin)
        if c.kind == "rate":
            over = micros(c.rate.over) / M
            past = [one for one in self.readings(first, minute) if one[0] >= reading[0] - over]
            span = reading[0] - past[0][0]
            if span * 2 < over:
                return None
            rate = (reading[1] - past[0][1]) * micros(c.rate.per) / (span * M)
            rise, fall = (number(x, self.facts.numbers) for x in (c.rate.rise, c.rate.fall))
            return (rise is not None and rate > rise - margin) or (fall is not None and -rate > fall - margin)
        return self.compare(c, reading[1], margin)

    def patience(self, c):
        if isinstance(c.absent, str):
            return micros(c.absent)
        known = [one.interval for one in self.facts.inputs if one.interval]
        return max(micros(c.absent.least), int(c.absent.intervals * min(known)) if known else 0)

    def open(self, minute):
        schedule = self.model.schedule
        if schedule is None:
            return True
        local = START + timedelta(minutes=minute)
        hours = schedule.hours or [None]
        for back in (0, 1):
            day = local - timedelta(days=back)
            if schedule.days and WEEK[day.weekday()] not in schedule.days:
                continue
            if schedule.season is not None:
                first, last, today = schedule.season.from_, schedule.season.to, f"{day:%m-%d}"
                fits = first <= today <= last if first <= last else today >= first or today <= last
                if not fits:
                    continue
            for span in hours:
                begin, end = (0, 1440) if span is None else (clock(span.from_), clock(span.to))
                end = end if end > begin else end + 1440
                since = local.hour * 60 + local.minute + 1440 * back
                if begin <= since < end:
                    return True
        return False

    # the alarm, minute by minute

    def run(self, until):
        model, n = self.model, len(self.kinds)
        margin = model.clear.margin
        lasting = [micros(c.lasting) // M if c.lasting else 0 for _, c in self.kinds]
        clear_lasting = micros(model.clear.lasting) // M if model.clear.lasting else 0
        keep = micros(model.clear.keep_for) // M if model.clear.keep_for else 0
        quiet = micros(model.clear.quiet) // M if model.clear.quiet else None
        on, on_since = [False] * n, [None] * n
        met = [[] for _ in range(n)]  # one entry a minute
        released = [[] for _ in range(n)]
        forget = [0] * n  # minutes before this one count no longer for repeats
        freed = []
        alarms, standing = [], None
        for t in range(until + 1):
            came = {stream for stream, at, value in self.history if at == t and value is not None}
            new = any(one.stream in came and self.readings(one, t) and self.readings(one, t)[-1][0] == t
                      for one in self.facts.inputs)  # fmt: skip
            arrived = max((at for _, at, _ in self.history if at <= t), default=None)
            if quiet is not None and arrived is not None and t >= arrived + quiet:
                self.blind_since = t
            truths = [self.truth(c, t) for _, c in self.kinds]
            opened = self.open(t)
            before = next((i for i in range(n) if on[i]), None)
            for i in range(n):
                was = bool(met[i]) and met[i][-1][0]
                is_met = truths[i] is True and opened
                c = self.kinds[i][1]
                hit = is_met and (not was if c.counting == "crossings" or c.kind == "absent" else new)
                met[i].append((is_met, hit))
                released[i].append(on[i] and self.truth(self.kinds[i][1], t, margin) is False)
            how = "condition"
            freed.append(
                standing is not None and model.clear.when is not None
                and self.truth(model.clear.when, t) is True and not any(truths)
            )  # fmt: skip
            if not opened:
                how = "schedule"
                on = [False] * n
                forget = [t + 1] * n
            elif standing is not None and quiet is not None and arrived is not None and t >= arrived + quiet:
                how = "quiet"
                on = [False] * n
                forget = [t + 1] * n
            else:
                was_on, worse = list(on), False
                for i in range(n):
                    c = self.kinds[i][1]
                    if on[i]:
                        past = [released[i][x] for x in range(max(on_since[i], t - clear_lasting), t + 1)]
                        if on_since[i] <= t - clear_lasting and all(past) and t >= standing.raised + keep:
                            on[i] = False
                            forget[i] = t + 1
                    elif truths[i] is True:
                        if c.times:
                            first = max(forget[i], t - micros(c.within) // M)
                            full = sum(met[i][x][1] for x in range(first, t + 1)) >= c.times
                        else:
                            full = t >= lasting[i] and all(met[i][x][0] for x in range(t - lasting[i], t + 1))
                        if full or worse:
                            on[i], on_since[i] = True, t + 1
                    worse = worse or on[i]
                if model.clear.when is not None and standing is not None:
                    since = standing.raised + 1
                    if (
                        t - clear_lasting >= since - 1 and all(freed[max(0, t - clear_lasting) : t + 1])
                        and t >= standing.raised + keep
                    ):  # fmt: skip
                        on = [False] * n
                        forget = [t + 1] * n
                    elif not any(on) and any(was_on):
                        last = max(i for i in range(n) if was_on[i])
                        on[last] = True
                        on_since[last] = t + 1
            after = next((i for i in range(n) if on[i]), None)
            if after != before:
                if before is None:
                    standing = Alarm(t, [self.kinds[after][0]])
                    alarms.append(standing)
                elif after is None:
                    standing.cleared, standing.how = t, how
                    standing = None
                else:
                    standing.severities.append(self.kinds[after][0])
            if t in self.hands:
                if standing is not None:
                    standing.cleared, standing.how = t, "by-hand"
                standing, on = None, [False] * n
                forget = [t + 1] * n
                met = [[(False, False)] * (t + 1) for _ in range(n)]
                freed = [False] * (t + 1)
                if self.absence:
                    self.hand_at = t
                else:
                    self.blind_since = t
        return alarms


def clock(text):
    return int(text[:2]) * 60 + int(text[3:])


def usual(values):
    """Median and spread of some numbers, by the book."""
    middle = median(values)
    return middle, 1.4826 * median(abs(one - middle) for one in values)
