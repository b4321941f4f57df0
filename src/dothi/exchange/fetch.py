"""Documents of other servers, read within limits: the one fetcher of the house, which lies on a lower floor."""

from dothi.web.fetch import Answer, Fetcher, Limits, Refused, is_public

__all__ = ["Answer", "Fetcher", "Limits", "Refused", "is_public"]
