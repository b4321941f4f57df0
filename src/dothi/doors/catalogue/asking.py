"""What every route of this door needs of a request: who asks, this server's address, what the caller sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session
from starlette.requests import Request

from dothi.datasets import describe, views
from dothi.datasets.describe import Described, Office
from dothi.datasets.views import View
from dothi.db import session as db
from dothi.doors.catalogue.graph import Whole
from dothi.identity import access
from dothi.identity import store as identity_store
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import NotFound, NotSignedIn
from dothi.places import cities
from dothi.web.address import base_of

CORS = {"access-control-allow-origin": "*"}
LISTED = "published"  # drafts and retired datasets are in no catalogue, whoever asks


@dataclass(frozen=True)
class City:
    """The running city's name, and its agencies as publishers."""

    name: str
    name_en: str
    offices: dict[int, Office]


class Ask:
    """A request as this door sees it."""

    def __init__(self, request: Request) -> None:
        self.request, self.base, self.caller = request, base_of(request), caller_of(request)

    @cached_property
    def city(self) -> City:
        """The running city."""
        with db.reading() as session:
            return city(session, self.base)

    @cached_property
    def views(self) -> Sequence[View]:
        """The published datasets the caller sees, by title."""
        return views.views(self.caller, status=LISTED)

    @cached_property
    def whole(self) -> Whole:
        """The catalogue itself."""
        return whole(self.city, self.base, self.views)

    def view(self, code: str) -> View:
        """A published dataset; NotFound alike for one that is not there, not listed or not to be seen."""
        found = views.view(self.caller, code)
        if found.status != LISTED:
            raise NotFound(f"no dataset {code!r} that you may see")
        return found

    def described(self, view: View) -> Described:
        """A dataset in the terms of DCAT."""
        return describe.dataset(view, self.base, self.publisher(view))

    def publisher(self, view: View) -> Office:
        """Who publishes a dataset: its agency, else the city."""
        return self.city.offices.get(view.agency_id or 0) or self.whole.publisher


def caller_of(request: Request) -> Caller:
    """Who asks; a bare key in Authorization or X-CKAN-API-Key, as CKAN's clients send it, is taken too."""
    headers = request.headers
    for name in ("authorization", "x-ckan-api-key"):
        offered = headers.get(name, "").strip()
        if offered.startswith("dk_") and " " not in offered:
            found = access.by_key(offered)
            if found is not None:
                return found
            raise NotSignedIn("the key is not known, ran out or was revoked")
    return access.caller(request)


def city(session: Session, base: str) -> City:
    """The running city as its catalogue names it; one catalogue of several cities is their province's."""
    vi, en = cities.title(session, "vi"), cities.title(session, "en")
    return City(vi, en or vi, describe.names(identity_store.agencies(session), base))


def whole(of: City, base: str, seen: Sequence[View]) -> Whole:
    """The catalogue itself: its title is the city's, its dates are those of what is in it."""
    name, english = (f" {of.name}", f" of {of.name_en}") if of.name else ("", "")
    started = min((one.created_at for one in seen), default=0)
    newest = max((max(one.described_at, one.changed_at or 0) for one in seen), default=0)
    return Whole(
        base, f"Danh mục dữ liệu{name}", f"Data catalogue{english}",
        f"Các tập dữ liệu{name} công bố cho mọi người dùng và tái sử dụng.",
        f"The datasets{english} that are published for everyone to use and reuse.",
        describe.city_office(of.name, of.name_en, base), started or clock.now_micros(), newest or clock.now_micros(),
    )  # fmt: skip
