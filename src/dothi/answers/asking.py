"""Who asks, of which sector, at which moment, in which ward; and how numbers and places are said to them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from dothi.answers import reckon, store
from dothi.datasets import views
from dothi.datasets.views import View
from dothi.identity.guard import Caller
from dothi.kit import clock, units
from dothi.kit.errors import BadInput, NotFound
from dothi.places import cities
from dothi.places import service as places
from dothi.sensing import state, state_store
from dothi.sensing.sectors import Property, sectors
from dothi.web import i18n
from dothi.web.i18n import marked

Position = tuple[float, float]


@dataclass
class Asking:
    """One question to a sector's page.

    now: µs UTC; at: the moment it is asked of, None for now; place: a ward's code; near: where the reader is (longitude,
    latitude); q: words of a search.
    """

    session: Session
    caller: Caller
    language: str
    sector: str
    now: int = field(default_factory=clock.now_micros)
    at: int | None = None
    place: str | None = None
    near: Position | None = None
    q: str = ""

    @cached_property
    def say(self) -> i18n.Say:
        """The `_()` of the reader's language."""
        return i18n.speaker(self.language)

    @cached_property
    def city(self) -> cities.Lens | None:
        """The city the page is about; None: every one, or the only one."""
        return cities.lens(self.session)

    @property
    def moment(self) -> int:
        """The moment answers hold for, µs."""
        return self.now if self.at is None else self.at

    @cached_property
    def stored(self) -> dict[int, state_store.Stored]:
        """The observed properties of this installation by id."""
        return state_store.properties(self.session)

    @cached_property
    def _held(self) -> dict[str, bool]:
        return {}

    def has(self, codes: Collection[str]) -> bool:
        """Whether the city has taken up all of some datasets and measures all of some properties."""
        new = [code for code in codes if code not in self._held]
        if new:
            held = store.taken_up(self.session, {code: self.ids(code) for code in new})
            self._held.update({code: code in held for code in new})
        return all(self._held[code] for code in codes)

    @cached_property
    def _newest(self) -> dict[str, list[reckon.Value]]:
        return {}

    def ids(self, code: str) -> list[int]:
        """The observed properties that are a pack's property, however they were named."""
        taught = sectors()
        return [
            id_
            for id_, (own, name, _) in self.stored.items()
            if (found := taught.property_of(own, name)) is not None and found.code == code
        ]

    def newest(self, code: str) -> list[reckon.Value]:
        """The newest value of every thing that observes a property, judged; read once for all blocks of a page."""
        if code not in self._newest:
            ids = self.ids(code)
            rows = store.newest(self.session, self.caller, ids, self.place, self.at) if ids else []
            wards = {row.thing_id: ward for row, ward in rows}
            judged = state.of_rows(self.session, [row for row, _ in rows], self.moment, self.language)
            self._newest[code] = [self._value(one, wards.get(one.thing_id)) for one in judged]
        return self._newest[code]

    @staticmethod
    def _value(one: state.ThingState, ward: str | None) -> reckon.Value:
        value: float | str | None = one.value if one.value is not None else (one.text or None)
        age = None if one.age_s is None else one.age_s / 60
        return reckon.Value(
            value, one.state, one.word or "", one.name, one.at, age, ward, one.simulated, one.thing_id, one.text, one.lon,
            one.lat,
        )  # fmt: skip

    def view(self, code: str) -> View | None:
        """A dataset as the caller sees it; None where there is none they may see."""
        try:
            return views.view(self.caller, code)
        except NotFound:
            return None

    def unit_name(self, code: str | None) -> str:
        """What a ward is called; its code where it is not known."""
        if code is None:
            return ""
        if code not in self._units:
            found = places.unit(self.session, code, self.moment)
            name = "" if found is None else (found.full_name_en if self.language == "en" else None) or found.full_name
            self._units[code] = name or code
        return self._units[code]

    @cached_property
    def _units(self) -> dict[str, str]:
        return {}

    def address(self, path: str, **query: Any) -> str:
        """An address with what is not empty of a query."""
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return f"{path}?{urlencode(given)}" if given else path

    def moment_words(self, at: int | None) -> str:
        """17:42 today, 17:42 20/11/2026 on another day."""
        if at is None:
            return ""
        local = clock.local(at)
        today = clock.local(self.now)
        return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%H:%M %d/%m/%Y}"

    def age_words(self, at: int | None) -> str:
        """4 phút trước; empty where nothing is known."""
        if at is None:
            return ""
        minutes = max(0, (self.now - at) // (60 * clock.SECOND))
        steps = ((1440, marked("{n} ngày trước")), (60, marked("{n} giờ trước")), (1, marked("{n} phút trước")))
        for size, text in steps:
            if minutes >= size:
                return self.say(text, n=minutes // size)
        return self.say("vừa xong")


def conversion(known: Property | None, symbol: str | None, definition: str | None) -> units.Line | None:
    """How a datastream's numbers become the property's unit; None where they cannot."""
    if known is None:
        return None
    code = units.ucum_of({"symbol": symbol, "definition": definition})
    if code is None:
        return units.line("1", "1") if not symbol else None
    try:
        return units.gas_line(code, known.unit.ucum, known.molar_mass)
    except BadInput:
        return None
