"""route: which vehicle goes to which stops in which order, with capacities and shifts, along the streets.

Source: the capacitated vehicle routing problem (Dantzig & Ramser 1959), solved by PyVRP (Wouda, Lan & Kool 2024, "PyVRP:
a high-performance VRP solver package", INFORMS Journal on Computing 36(4): 943-955). The result is a proposal that
was searched for during a set number of rounds, the same for the same input; it is not proved to be the best.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import Field

from dothi.analyses.model import (
    NUMBER,
    STREET,
    Feature,
    Given,
    Item,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    rounded,
)

_FAR = 10_000_000  # metres: no way


class Route(Parameters):
    """vehicles: how many go out from each depot. capacity: in the unit of the stops' demand. rounds: of the search."""

    vehicles: int = Field(default=3, ge=1, le=200)
    capacity: float = Field(gt=0)
    demand: float = Field(default=1, ge=0)  # of a stop that says none
    kilometres_per_hour: float = Field(default=20, gt=0, le=120)
    service_minutes: float = Field(default=3, ge=0)
    shift_minutes: float = Field(default=480, gt=0)
    within: float = Field(default=300, gt=0)  # of a street
    rounds: int = Field(default=500, ge=10, le=20_000)
    most_stops: int = Field(default=500, ge=2, le=2000)
    seed: int = 1


def solve(
    metres: NDArray[np.float64], depots: int, demand: NDArray[np.float64], service: NDArray[np.float64], p: Route
) -> tuple[list[tuple[int, list[int]]], list[int]]:
    """Tours (depot, stops in order) and the stops that are left out, as rows of the matrix; the depots come first.

    service: minutes at each stop.
    """
    from pyvrp import Model
    from pyvrp.stop import MaxIterations

    model = Model()
    scale = 10 if np.any(demand % 1) or p.capacity % 1 else 1
    # leaving a stop out costs more than any way there and back, and less than a load too heavy
    prize = round(4 * float(np.max(metres, initial=0.0, where=np.isfinite(metres)))) + 1000
    places = [model.add_location(0, 0) for _ in range(len(metres))]
    bases = [model.add_depot(places[i]) for i in range(depots)]
    for i in range(depots, len(metres)):
        model.add_client(
            places[i], delivery=round(float(demand[i]) * scale), service_duration=round(float(service[i]) * 60),
            required=False, prize=prize,
        )  # fmt: skip
    for base in bases:
        model.add_vehicle_type(
            num_available=p.vehicles, capacity=round(p.capacity * scale), start_depot=base, end_depot=base,
            shift_duration=round(p.shift_minutes * 60),
        )  # fmt: skip
    pace = p.kilometres_per_hour / 3.6
    for i, start in enumerate(places):
        for j, end in enumerate(places):
            if i != j:
                far = min(float(metres[i, j]), _FAR)
                model.add_edge(start, end, distance=round(far), duration=round(far / pace))
    found = model.solve(stop=MaxIterations(p.rounds), seed=p.seed, display=False)
    if not found.is_feasible():
        raise TooLittle("không tìm được lộ trình khả thi", "no feasible set of tours was found")
    tours = [
        (int(tour.start_depot()), [depots + one.idx for one in tour if one.is_client()]) for tour in found.best.routes()
    ]
    served = {stop for _, stops in tours for stop in stops}
    return tours, [i for i in range(depots, len(metres)) if i not in served]


def run(given: Given, p: Route) -> list[Feature]:
    """One feature a tour, and one a stop that no vehicle can serve."""
    depots = [(one, where) for one in given.records("depots") if (where := centre(one.shape)) is not None]
    stops = [(one, where) for one in given.records("stops") if (where := centre(one.shape)) is not None]
    streets = given.streets()
    if not depots or not stops or streets is None:
        raise TooLittle("cần ít nhất một bãi xe, một điểm dừng và mạng đường", "a depot, a stop and streets are needed")
    if len(stops) > p.most_stops:
        raise TooLittle(f"{len(stops)} điểm dừng, nhiều hơn {p.most_stops}", f"{len(stops)} stops are more than {p.most_stops}; narrow them by `where`")  # fmt: skip
    all_ = depots + stops
    snapped = streets.snap([where for _, where in all_], p.within)
    metres = streets.between(snapped, snapped)
    np.fill_diagonal(metres, 0)
    # a stop that no street leads to from any depot is not given to the solver
    reach = [i for i in range(len(all_)) if i < len(depots) or np.isfinite(metres[: len(depots), i]).any()]
    lost = [i for i in range(len(all_)) if i not in reach]
    demand = np.array([p.demand if (said := one.number("demand")) is None else said for one, _ in all_])
    service = np.array([p.service_minutes if (said := one.number("minutes")) is None else said for one, _ in all_])
    matrix = metres[np.ix_(reach, reach)]
    tours, left = solve(matrix, len(depots), demand[reach], service[reach], p)
    made = [
        _tour(number, reach[depot], [reach[i] for i in order], all_, metres, snapped, streets, demand, service, p)
        for number, (depot, order) in enumerate(sorted(tours, key=lambda one: (one[0], min(one[1]))), 1)
    ]
    for i in sorted([*lost, *(reach[one] for one in left)]):
        item = all_[i][0]
        why = "no-street" if i in lost else "no-capacity"
        made.append(Feature(f"left-{item.key}", {"kind": "left-out", "stops": [item.key], "count": 1, "why": why,
                                                 "load": rounded(float(demand[i]), 1)}))  # fmt: skip
    return made


def _tour(
    number: int, depot: int, order: list[int], all_: list[tuple[Item, tuple[float, float]]], metres: Any, snapped: Any,
    streets: Any, demand: Any, service: Any, p: Route,
) -> Feature:  # fmt: skip
    trail = [depot, *order, depot]
    long = float(sum(metres[a, b] for a, b in pairwise(trail)))
    lines = streets.way([(int(snapped.edge[i]), float(snapped.along[i])) for i in trail])
    shape = shapely.linestrings(np.vstack([shapely.get_coordinates(one) for one in lines]))
    load = float(demand[order].sum())
    minutes = long / 1000 / p.kilometres_per_hour * 60 + float(service[order].sum())
    return Feature(f"tour-{number}", {
        "kind": "tour", "vehicle": number, "depot": all_[depot][0].key, "stops": [all_[i][0].key for i in order],
        "count": len(order), "load": rounded(load, 1), "filled": rounded(100 * load / p.capacity, 1),
        "kilometres": rounded(long / 1000, 2), "minutes": rounded(minutes, 0),
    }, shapely.multilinestrings([streets.plane.round(shape)]))  # fmt: skip


METHOD = Method(
    code="route",
    says="Tours of vehicles with capacities and shifts",
    source="Capacitated vehicle routing (Dantzig & Ramser 1959), solved by PyVRP (Wouda et al. 2024)",
    needs={
        "stops": Need("records", "where vehicles must go; narrow them by `where`", {
            "demand": Role("what is loaded there", NUMBER), "minutes": Role("how long it takes there", NUMBER),
        }, shape="any"),
        "depots": Need("records", "where vehicles start and end", shape="any"),
        "streets": Need("streets", "the street graph", STREET),
    },
    parameters=Route,
    gives={
        "kind": "string", "vehicle": "integer", "depot": "string", "stops": "array", "count": "integer",
        "load": "number", "filled": "number", "kilometres": "number", "minutes": "number", "why": "string",
    },
    run=run,
    shape="line",
    timeless=True,
)  # fmt: skip
