"""What a request asks of this door: its parameters, read once, every fault said. Pure but for the settings."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request

from dothi.config import settings
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.web import i18n

SPAN = 90 * clock.DAY
MOST, PAGE = 1000, 100  # rows of an answer; of a page, where only a page is asked for
DEEPEST = 50_000  # rows before the last page there is
IDS, CODES = 200, 100
OPEN, CLOSED = ("new", "open", "waiting"), ("done", "closed")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_UNPLUSSED = re.compile(r"(\d) (\d\d:?\d\d)$")  # a + that was not escaped arrives as a space
_STATUSES = {"open": OPEN, "closed": CLOSED}
_TRUE = frozenset({"true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Which requests are asked for. Instants in µs UTC; ids: these and no others; moved: by what changed, newest first."""

    ids: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    moved: bool = False
    page: int = 1
    size: int = MOST


def language_of(request: Request) -> str:
    """`?lang=` or the setting, and nothing else: an answer that caches keep may not depend on who asks."""
    asked = request.query_params.get("lang")
    return asked if asked in i18n.LANGUAGES else settings().language


def requests(given: dict[str, str], now: int) -> Asked:
    """The parameters of GET requests; what is not known is left alone, as other servers' extensions are."""
    faults: list[Fault] = []
    codes = _listed(given, "service_code", CODES, faults)
    statuses = [one.lower() for one in _listed(given, "status", 10, faults)]
    faults += [Fault("status", repr(one[:40]), ", ".join(_STATUSES)) for one in statuses if one not in _STATUSES]
    phases = {phase for one in statuses for phase in _STATUSES.get(one, ())}
    since, until, moved = _window(given, now, faults)
    page = _whole(given, "page", 1, faults)
    size = min(_whole(given, "page_size", PAGE if "page" in given else MOST, faults), MOST)
    if page * size > DEEPEST and page > 1:
        allowed = f"page times page_size at most {DEEPEST}; ask for a shorter time"
        faults.append(Fault("page", f"{page} of {size} rows", allowed))
    ids = _listed(given, "service_request_id", IDS, faults)
    if faults:
        raise BadInput("this cannot be asked so", faults)
    return Asked(
        tuple(ids), tuple(codes), tuple(sorted(phases)) if len(phases) < len(OPEN + CLOSED) else (), since, until, moved,
        page, size,
    )  # fmt: skip


def _window(given: dict[str, str], now: int, faults: list[Fault]) -> tuple[int | None, int | None, bool]:
    """90 days at most: back from the end, on from the beginning, the last ones where neither is said."""
    moved = any(given.get(name, "").strip() for name in ("updated_after", "updated_before"))
    names = ("updated_after", "updated_before") if moved else ("start_date", "end_date")
    since, until = (_instant(given, name, faults) for name in names)
    if since is not None and until is not None:
        if until < since:
            faults.append(Fault(names[1], "is before the beginning", f"after {names[0]}"))
        elif until - since > SPAN + clock.DAY - 1:  # whole days at both ends
            faults.append(Fault(names[0], "more than 90 days", "a span of 90 days at most"))
        return since, until, moved
    if since is not None:
        return since, since + SPAN, moved
    return (now if until is None else until) - SPAN, until, moved


def instant(text: str) -> int:
    """An instant as clients write it: w3 format, a day, without a zone (then Vietnam's), its + lost on the way."""
    text = _UNPLUSSED.sub(r"\1+\2", text.strip())
    return clock.parse(f"{text}T00:00" if _DAY.fullmatch(text) else text, clock.VIETNAM)


def _instant(given: dict[str, str], name: str, faults: list[Fault]) -> int | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        return instant(text)
    except BadInput as error:
        faults += [Fault(name, fault.message[:160], fault.allowed) for fault in error.faults]
        return None


def _listed(given: dict[str, str], name: str, most: int, faults: list[Fault]) -> list[str]:
    found = list(dict.fromkeys(one.strip() for one in given.get(name, "").split(",") if one.strip()))
    if len(found) > most:
        faults.append(Fault(name, f"{len(found)} of them", f"at most {most}"))
    return found[:most]


def _whole(given: dict[str, str], name: str, otherwise: int, faults: list[Fault]) -> int:
    text = given.get(name, "").strip()
    if not text:
        return otherwise
    if not (number := whole(text, 9)):
        faults.append(Fault(name, repr(text[:40]), "a whole number from 1"))
        return otherwise
    return number


def truth(given: dict[str, str], name: str) -> bool:
    """Whether a parameter says yes."""
    return given.get(name, "").strip().lower() in _TRUE


def degrees(given: dict[str, str], name: str, most: float, faults: list[Fault]) -> float | None:
    """A latitude or longitude; None where there is none."""
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > most:
        faults.append(Fault(name, repr(text[:40]), f"degrees of WGS 84, -{most:g} to {most:g}"))
        return None
    return value


def merged(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One value of each name: lists that say a name several times are joined, as the specification allows both."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found and name in ("service_code", "status") else value
    return found
