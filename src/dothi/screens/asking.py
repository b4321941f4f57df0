"""What every page needs of a request: who asks, in which language, at which instant; the city's name and its base map."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi import packs
from dothi.config import settings
from dothi.db import session as db
from dothi.identity import access
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.places import cities
from dothi.places import service as places
from dothi.sensing.sectors import State, sectors
from dothi.web import i18n, shell
from dothi.web.address import base_of


@dataclass
class Ask:
    """A request as the pages see it. now: µs UTC, one instant for the whole page."""

    request: Request
    session: Session
    caller: Caller
    language: str
    say: i18n.Say
    now: int = field(default_factory=clock.now_micros)

    @classmethod
    def of(cls, request: Request, session: Session, caller: Caller) -> Self:
        """The question a request is."""
        language = i18n.language_of(request)
        cities.choose(chosen_city(request), caller.areas or _own(session, caller))
        made = cls(request, session, caller, language, i18n.speaker(language))
        request.state.switch = made.switch
        return made

    @classmethod
    def asked(cls, view: Callable[[Self], Response]) -> Callable[[Request], Response]:
        """A view as a Starlette endpoint, open to everybody: with a session that only reads."""

        def endpoint(request: Request) -> Response:
            with db.reading() as session:
                return remember_city(request, view(cls.of(request, session, access.caller(request))))

        endpoint.__name__ = view.__name__
        endpoint.__doc__ = view.__doc__
        return endpoint

    @property
    def base(self) -> str:
        """The address others reach this server at, without a slash at its end."""
        return base_of(self.request)

    @property
    def city(self) -> str:
        """The name of the city the page is about; of several the province's."""
        return city_name(self.session, self.language)

    def kept(self, seconds: int) -> str:
        """How long anybody may keep an answer that is alike for all; of several cities each browser sees its own."""
        several = len(cities.all_(self.session)) > 1
        return "private, no-cache" if several else f"public, max-age={seconds}"

    def switch(self) -> list[shell.Link]:
        """The cities to choose from, and all of them; none where there is only one. The frame of a page asks for it."""
        if not self.session.in_transaction():  # an error's page, after the question is over
            return []
        offered, seen = cities.offered(self.session), cities.lens(self.session)
        if len(cities.all_(self.session)) < 2:
            return []
        mine = [(code, cities.called(city, self.language)) for code, city in offered.items()]
        if len(offered) == len(cities.all_(self.session)):
            mine.append((cities.ALL, self.say("Mọi đô thị")))
        elif len(mine) < 2:
            return []
        now = cities.ALL if seen is None else seen.code
        return [shell.Link(self._about(code), name, code == now) for code, name in mine]

    def _about(self, code: str) -> str:
        """This page about another city: what narrows it to places of this one is left out."""
        query = self.request.query_params
        kept = [(name, query[name]) for name in ("q", "sector", "state", "period") if query.get(name)]
        return "?" + urlencode([*kept, ("city", code)])


@dataclass(frozen=True)
class MapSetting:
    """The base map an installation sets; all empty: the built-in one."""

    style: str | None
    tiles: str | None
    credit: str
    short_credit: str


def map_setting(say: i18n.Say) -> MapSetting:
    """The base map of the settings, and who is credited for it."""
    given = settings()
    own = given.map_style or given.map_tiles
    credit = given.map_credit or ("" if own else say("Nền phác thảo, không phải ranh giới chính thức"))
    short = given.map_credit or ("" if own else say("Nền phác thảo"))
    return MapSetting(given.map_style, given.map_tiles, credit, short)


def _own(session: Session, caller: Caller) -> frozenset[str]:
    """The areas of a city whose offices alone somebody works for; none: of whoever works for more, or for nobody."""
    if caller.everywhere or not caller.within:
        return frozenset()
    return cities.home(session, {agency for _, agency in caller.within})


CITY_COOKIE = "dothi_city"
_CITY_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def chosen_city(request: Request) -> str | None:
    """The city a page is about: of `?city=`, else what this browser chose before; None or `all`: every city."""
    said = request.query_params.get("city") or request.cookies.get(CITY_COOKIE) or ""
    return said if _CITY_CODE.fullmatch(said) else None


def remember_city(request: Request, answer: Response) -> Response:
    """Have this browser stay with the city it asked for."""
    said = request.query_params.get("city", "")
    if _CITY_CODE.fullmatch(said) and request.cookies.get(CITY_COOKIE) != said:
        answer.set_cookie(CITY_COOKIE, said, max_age=365 * 86_400, samesite="lax", httponly=True)
    return answer


def city_name(session: Session, language: str) -> str:
    """What a page calls what it is about, as the blueprint or the first named area says; empty before there is one."""
    given = cities.title(session, language)
    if given or len(cities.all_(session)) > 1:
        return given
    area = next(iter(places.area_rows(session, kind="pilot-city")), None)
    return "" if area is None else ((area.name_en if language == "en" else None) or area.name)


# the sectors of our packs as a chip says them; others by their own title
_SHORT = {
    "air": ("Không khí", "Air"), "water": ("Nước, ngập", "Water"), "weather": ("Thời tiết", "Weather"),
    "traffic": ("Giao thông", "Traffic"), "lighting": ("Đèn đường", "Lighting"), "waste": ("Rác", "Waste"),
}  # fmt: skip


@packs.renewed
@lru_cache(maxsize=2)
def sector_names(language: str) -> dict[str, str]:
    """Sector code to its short title, and the rest."""
    named = {code: sector.title.of(language) for code, sector in sectors().sectors.items()}
    short = {code: pair[language == "en"] for code, pair in _SHORT.items()}
    return {**named, **short, "other": "Other" if language == "en" else "Khác"}


STATES: tuple[State, ...] = ("critical", "major", "minor", "normal", "offline", "nodata")


def state_words(say: i18n.Say) -> dict[str, str]:
    """What each state is called."""
    words = ("Nghiêm trọng", "Lớn", "Nhẹ", "Bình thường", "Mất kết nối", "Không có dữ liệu")
    return {state: say(word) for state, word in zip(STATES, words, strict=True)}
