"""Addresses of pages as messages carry them, and the sealed names that let somebody in without signing in."""

from urllib.parse import urlsplit

from dothi.config import settings
from dothi.web import sealed

_OWN = "notify.address"


def base() -> str:
    """Where this installation is reached, without a slash at the end."""
    given = settings()
    return (given.public_url or f"http://{given.host}:{given.port}").rstrip("/")


def host() -> str:
    """The host others know this installation by."""
    return urlsplit(base()).hostname or "localhost"


def absolute(path: str) -> str:
    """A page of this installation, or an address as it is."""
    return path if path.startswith(("http://", "https://")) else f"{base()}/{path.lstrip('/')}"


def own_name(address_id: int, created_at: int) -> str:
    """The name under which an address is changed and left without signing in; nobody can make one up."""
    return sealed.sealed(_OWN, f"{address_id}.{created_at}")


def named(name: str) -> tuple[int, int] | None:
    """Number and creation of the address a name stands for; None for anything that is not ours."""
    opened = sealed.opened(_OWN, name[:200])
    id_, dot, made = (opened or "").partition(".")
    return (int(id_), int(made)) if dot and id_.isdecimal() and made.isdecimal() else None
