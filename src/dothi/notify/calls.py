"""Calls to the servers of others: webhooks, the push services of browsers, an SMS gateway."""

import time
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime

import httpx

from dothi import __version__
from dothi.config import settings
from dothi.kit import clock
from dothi.kit.outward import Deadline, Refused, Transport
from dothi.notify import push, sms, webhook
from dothi.notify.letter import SENT, Letter, Outcome
from dothi.notify.targets import hidden, masked

AGENT = f"dothi/{__version__} (notifications)"
SECONDS = 15  # a whole call
_READ = 64 * 1024  # bytes of an answer; nobody looks at more
_LONGEST_WAIT = 3600.0


def webhook_call(letter: Letter) -> Outcome:
    """Send to a webhook: any 2xx is taken; 410 says that it is no more."""
    packed = webhook.body(
        letter.subject, letter.body, letter.data, letter.severity, letter.cause, letter.created_at, letter.language
    )
    headers = webhook.headers(str(letter.secret.get("hmac", "")), letter.name, packed)
    return _post(letter, letter.target, headers, packed, private=settings().notify_private, gone=(410,))


def push_call(letter: Letter) -> Outcome:
    """Send to a browser by its service: 404 and 410 say that it opted out (RFC 8030 section 7.3)."""
    plain = push.payload(letter.subject, letter.body, letter.data, letter.severity, letter.name, letter.language)
    urgent = letter.severity in ("critical", "major")
    headers, packed = push.request(letter.target, letter.secret, plain, name=letter.name, urgent=urgent)
    return _post(letter, letter.target, headers, packed, private=settings().notify_private, gone=(404, 410))


def sms_call(letter: Letter, gateway: str) -> Outcome:
    """Send by the gateway of the setting, wherever it stands."""
    said = sms.text(letter.subject, letter.data.get("link"))
    headers, packed = sms.request(letter.target, said, letter.name)
    outcome = _post(letter, gateway, headers, packed, private=True, gone=())
    return replace(outcome, ours=outcome.state == "again")


def _post(
    letter: Letter, url: str, headers: Mapping[str, str], packed: bytes, *, private: bool, gone: tuple[int, ...]
) -> Outcome:
    deadline = Deadline()
    deadline.until = time.monotonic() + SECONDS
    try:
        with (
            httpx.Client(
                transport=Transport(deadline, private=private, setting="DOTHI_NOTIFY_PRIVATE", most=1),
                follow_redirects=False, trust_env=False, timeout=SECONDS,
            ) as client,
            client.stream("POST", url, content=packed, headers={"user-agent": AGENT, **headers}) as answer,
        ):  # fmt: skip
            said = next(answer.iter_raw(_READ), b"")[:200].decode(errors="replace")
            return _read(letter, answer, said, gone)
    except Refused as error:
        return Outcome("refused", error.message)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        why = "it took too long" if isinstance(error, httpx.TimeoutException) else type(error).__name__
        return Outcome("again", f"{masked(letter.channel, letter.target)}: {why}")


def _read(letter: Letter, answer: httpx.Response, said: str, gone: tuple[int, ...]) -> Outcome:
    status = answer.status_code
    if 200 <= status < 300:
        return SENT
    why = hidden(f"{status} {' '.join(said.split())}".strip(), letter.channel, letter.target)
    if status in gone:
        return Outcome("gone", why)
    if status in (408, 425, 429) or status >= 500:
        return Outcome("again", why, _wait(answer.headers.get("retry-after", "")))
    if letter.channel == "webhook":  # a receiver under repair answers anything; it is disabled in the end
        return Outcome("again", why)
    return Outcome("refused", why)


def _wait(said: str) -> float:
    """Seconds of a Retry-After, which is a number or a date (RFC 9110 section 10.2.3)."""
    try:
        seconds = float(said) if said.isdecimal() else (parsedate_to_datetime(said) - clock.now()).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(0.0, seconds), _LONGEST_WAIT)
