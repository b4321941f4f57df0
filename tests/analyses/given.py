"""Small inputs for methods: records, series, a chessboard of streets."""

import numpy as np
import shapely

from dothi.analyses.ground import Plane
from dothi.analyses.methods import methods
from dothi.analyses.model import Given, Item, Series
from dothi.analyses.streets import Streets
from dothi.kit import clock

HERE = Plane(106.41, 10.535)
NOW = clock.parse("2026-11-02T08:00", clock.VIETNAM)


def at(x, y):
    """A point so many metres east and north of here."""
    return HERE.round(shapely.Point(x, y))


def line(*places):
    return HERE.round(shapely.LineString(places))


def area(x, y, wide, high):
    return HERE.round(shapely.box(x, y, x + wide, y + high))


def chessboard(size=5, step=200, **more):
    """Streets every `step` metres, `size` of each direction."""
    far = (size - 1) * step
    rows = [line((0, i * step), (far, i * step)) for i in range(size)]
    columns = [line((i * step, 0), (i * step, far)) for i in range(size)]
    keys = [f"r{i}" for i in range(size)] + [f"c{i}" for i in range(size)]
    return Streets(rows + columns, keys, keys, **more)


def hours(value, key="T1", end=NOW, shape=None, **values):
    """A series of hourly values that ends just before a moment."""
    value = np.asarray(value, float)
    when = end - (len(value) - np.arange(len(value), dtype=np.int64)) * clock.HOUR
    return Series(key, when, value, values, shape)


def item(key, shape=None, unit=None, **values):
    return Item(str(key), values, shape, unit)


def run(method, parameters=None, now=NOW, streets=None, **inputs):
    """The features of a method by key."""
    one = methods()[method]
    items = {name: rows for name, rows in inputs.items() if one.needs[name].takes == "records"}
    series = {name: rows for name, rows in inputs.items() if one.needs[name].takes == "observations"}
    roads = {"streets": streets} if streets is not None else {}
    found = one.run(Given(now, items, series, roads), one.parameters.model_validate(parameters or {}))
    assert {name for each in found for name in each.values} <= set(one.gives)
    return {each.key: each for each in found}
