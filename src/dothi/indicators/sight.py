"""Which numbers a caller may see: those of which they see every input. Clauses that go into the query.

An observation is seen where its datastream is, a record where its dataset and every field that is asked for are, a case
where it is public (or with cases:read everywhere). Counts of dossiers are public, as the index of Decision 766 shows them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlalchemy.orm import Session

from dothi.datasets import cql2, views
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.indicators import store
from dothi.indicators.ground import Ground
from dothi.indicators.judging import hushed
from dothi.indicators.model import Cases, Declared, Input, Records
from dothi.indicators.tables import IndicatorValue as V
from dothi.indicators.values import PlaceKind
from dothi.sensing.tables import Datastream

_DOSSIER = "dossier"
_WIDER: tuple[PlaceKind, ...] = ("city", "province")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What of an indicator a caller does not see: nothing, all of it, or the places that have one of some communes."""

    all: bool = False
    units: frozenset[str] = frozenset()


class Sight:
    """What one caller sees of indicators, asked once."""

    def __init__(self, session: Session, caller: Caller, known: Mapping[str, Declared], ground: Ground) -> None:
        self.session, self.caller, self.known, self.ground = session, caller, known, ground
        self._hidden: dict[str, Hidden] = {}
        self._datasets: dict[str, views.View | None] = {}
        self._units: dict[str, set[str]] | None = None

    def hidden(self, one: Declared) -> Hidden:
        """What of an indicator is hidden."""
        if one.code not in self._hidden:
            self._hidden[one.code] = Hidden()  # an indicator that rests on itself is a fault of its pack
            parts = [self._input(each) for each in one.inputs.values()]
            units = frozenset[str]().union(*(part.units for part in parts))
            self._hidden[one.code] = Hidden(any(part.all for part in parts), units)
        return self._hidden[one.code]

    def sees(self, one: Declared) -> bool:
        """Whether anything of an indicator is to be seen."""
        return not self.hidden(one).all

    def clause(self, some: Iterable[Declared]) -> ColumnElement[bool]:
        """The clause of the values of some indicators that the caller sees."""
        free: list[str] = []
        clauses: list[ColumnElement[bool]] = []
        for one in some:
            hidden = self.hidden(one)
            if hidden.all:
                continue
            if not hidden.units:
                free.append(one.code)
            else:
                # a place of another time may hold what is hidden now: it is not asked
                seen = V.place.not_in(self._places(hidden.units))
                clauses.append(and_(V.indicator == one.code, V.boundary == self.ground.today, seen))
        if free:
            clauses.append(V.indicator.in_(free))
        return or_(*clauses) if clauses else false()

    def told(self, reason: str | None) -> bool:
        """Whether the caller is told a number with this reason: of few cases only who may read cases."""
        return not hushed(reason) or "cases:read" in self.caller.everywhere

    def _places(self, units: frozenset[str]) -> list[str]:
        """The communes themselves, and every city and province that has one of them."""
        above = [code for kind in _WIDER
                 for code, (_, own) in self.ground.places(kind, self.ground.today).items() if units & set(own)]  # fmt: skip
        return sorted({*units, *above})

    def _input(self, one: Input) -> Hidden:
        if one.records is not None:
            return Hidden(not self._reads(one.records))
        if one.cases is not None:
            return Hidden(not self._handles(one.cases))
        if one.observations is not None:
            return Hidden(units=frozenset(self._unseen().get(one.observations.property, set())))
        if one.indicator is not None:
            other = self.known.get(one.indicator)
            return self.hidden(other) if other is not None else Hidden(True)
        return Hidden()

    def _reads(self, of: Records) -> bool:
        if of.dataset not in self._datasets:
            self._datasets[of.dataset] = views.read(self.session, self.caller, of.dataset)
        view = self._datasets[of.dataset]
        if view is None:
            # a dataset nobody has made yet hides nothing: the number says that it is missing
            return store.dataset(self.session, of.dataset) is None
        asked = cql2.queried(cql2.parse(of.where)) if of.where is not None else set()
        asked |= {name for name in (of.during, of.unit, of.value) if name is not None}
        return not asked & set(view.hidden)

    def _handles(self, of: Cases) -> bool:
        return of.public or of.type == _DOSSIER or "cases:read" in self.caller.everywhere

    def _unseen(self) -> dict[str, set[str]]:
        """Communes with a datastream the caller does not see, by property."""
        if self._units is None:
            clause = guard.visible(self.caller, Datastream)
            properties = {i.observations.property for one in self.known.values() for i in one.inputs.values()
                          if i.observations is not None}  # fmt: skip
            self._units = {}
            if not clause.compare(true()):
                for code, unit in store.hidden_units(self.session, properties, clause):
                    if unit is not None:
                        self._units.setdefault(code, set()).add(unit)
        return self._units
