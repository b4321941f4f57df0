"""What an address of each channel looks like, and how little of it is shown."""

import ipaddress
import re
from urllib.parse import urlsplit

from dothi.config import settings
from dothi.kit.errors import Fault
from dothi.kit.outward import is_public

CHANNELS = ("mail", "push", "sms", "webhook")
LONGEST = 2000
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_MOBILE = re.compile(r"\+84(?:3|5|7|8|9)\d{8}")  # Circular 22/2014/TT-BTTTT: mobile numbers have ten digits, 03 … 09


def server(channel: str) -> str | None:
    """Where e-mails or SMS are handed over; None: this installation sends none. The demo writes files."""
    given = settings()
    return {"mail": given.smtp_url, "sms": given.sms_url}.get(channel) or ("file:" if given.demo else None)


def open_channels() -> tuple[str, ...]:
    """The channels this installation can send by."""
    return tuple(one for one in CHANNELS if one in ("push", "webhook") or server(one))


def cleaned(channel: str, target: str) -> str:
    """The address as it is kept."""
    target = target.strip()
    if channel == "mail":
        local, at, host = target.rpartition("@")
        return f"{local}{at}{host.lower()}"
    if channel == "sms":
        digits = re.sub(r"[\s.()-]", "", target)
        if digits.startswith("0"):
            return f"+84{digits[1:]}"
        return f"+{digits}" if digits.startswith("84") else digits
    return target


def faults(channel: str, target: str) -> list[Fault]:
    """What is wrong with a cleaned address."""
    if channel not in CHANNELS:
        return [Fault("channel", f"{channel[:40]!r}", ", ".join(CHANNELS))]
    if channel not in open_channels():
        return [Fault("channel", f"this installation does not send by {channel}", ", ".join(open_channels()))]
    if channel == "mail":
        if len(target) > 254 or not _MAIL.fullmatch(target):
            return [Fault("target", "no e-mail address", "for example lan@tayninh.gov.vn")]
        return []
    if channel == "sms":
        return [] if _MOBILE.fullmatch(target) else [Fault("target", "no mobile number", "for example 0901 234 567")]
    return _url_faults(target)


def _url_faults(url: str) -> list[Fault]:
    private = settings().notify_private
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return [Fault("target", "no address of the web", "https://…")]
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return [Fault("target", "no address of the web", f"https://…, at most {LONGEST} plain letters")]
    if not host or parts.scheme not in (("http", "https") if private else ("https",)):
        return [Fault("target", "no encrypted address of the web", "https://…")]
    if parts.username or parts.password:
        return [Fault("target", "a password within the address", "an address without one; each call is signed")]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
        inside = local or "." not in host
    else:
        inside = not is_public(str(address))
    if inside and not private:
        return [Fault("target", "a private address", "a public one; DOTHI_NOTIFY_PRIVATE would allow it")]
    return []


def masked(channel: str, target: str) -> str:
    """So much of an address that its owner knows it again, and nobody else can use it."""
    if channel == "mail":
        local, _, host = target.rpartition("@")
        return f"{local[:1]}***@{host}"
    if channel == "sms":
        return f"{target[:3]}******{target[-2:]}"
    try:
        return urlsplit(target).hostname or "***"
    except ValueError:
        return "***"


def hidden(text: str, channel: str, target: str) -> str:
    """What a server said, without the address it was said about."""
    if channel == "mail":
        text = text.replace(target.rpartition("@")[0] + "@", "***@")
    text = re.sub(r"[\w.+-]+@", "***@", text.replace(target, masked(channel, target)))
    return re.sub(r"\+?\d[\d .-]{7,}\d", "***", text) if channel == "sms" else text
