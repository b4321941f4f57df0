"""Errors are words of the domain; each carries the status a door answers with."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where it is, what was found, what is allowed."""

    place: str
    message: str
    allowed: str | None = None

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}; allowed: {self.allowed}" if self.allowed else text


@dataclass
class DothiError(Exception):
    """Something a caller did that dothi answers in words, never with a stack trace."""

    message: str
    faults: list[Fault] = field(default_factory=list)
    status = 400

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {fault}" for fault in self.faults)])


class BadInput(DothiError):
    """The input does not say what it must; every fault is listed at once."""


class NotSignedIn(DothiError):
    """The call needs a person or a key."""

    status = 401


class NotAllowed(DothiError):
    """The caller is known and may not do this."""

    status = 403


class NotFound(DothiError):
    """Nothing the caller may see has this name."""

    status = 404


class Conflict(DothiError):
    """The subject changed meanwhile, or another one stands in the way."""

    status = 409


class PreconditionFailed(DothiError):
    """The subject is not (or no longer) in the version the caller named."""

    status = 412


class TooLarge(DothiError):
    """The input is larger than the setting allows."""

    status = 413


class Busy(DothiError):
    """The queue is full; nothing was taken, so the caller may send it again."""

    status = 429
