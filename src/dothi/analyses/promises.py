"""What a pack's `expect.yaml` may promise of its analyses: small inputs, and the records that become of them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from pydantic import Field

from dothi import packs
from dothi.analyses import declared
from dothi.analyses.methods import methods
from dothi.analyses.model import Feature, Given, Item, Series, TooLittle, graph_of
from dothi.kit import clock, geo
from dothi.kit.errors import BadInput

_NEAR = 0.01  # of a number, and at least this much


class Promise(packs.Strict):
    """given: by input, records or series. features: by key, some of the values each must have; count: of all of them.

    A record has `key`, `geometry` (GeoJSON) and its values by *role*. A series has `thing`, `geometry`, its values by
    role, and either `values` (an hour apart from `begin` on) or `points` (pairs of local instant and number).
    refused: words of why there is no result.
    """

    title: str = ""
    analysis: str
    now: str = "2026-11-02T08:00"
    given: dict[str, list[dict[str, Any]]]
    parameters: dict[str, Any] = Field(default_factory=dict)
    features: dict[str, dict[str, Any]] = Field(default_factory=dict)
    absent: list[str] = Field(default_factory=list)
    count: int | None = None
    refused: str | None = None


def _keep(pack: packs.Pack, case: Promise) -> Iterable[str]:
    file: declared.Analyses | None = pack.files.get(declared.FILE)
    one = next((one for one in (file.analyses if file else []) if one.code == case.analysis), None)
    if one is None:
        return [f'no analysis "{case.analysis}" in {declared.FILE}']
    method = methods()[one.method]
    if unknown := sorted(set(case.given) - set(one.inputs)):
        return [f'the analysis reads no "{unknown[0]}"; it reads {", ".join(one.inputs)}']
    try:
        made = given(one, case)
        found = method.run(made, method.parameters.model_validate({**one.parameters, **case.parameters}))
    except TooLittle as little:
        if case.refused is None or case.refused not in f"{little.message} {little.vi}":
            return [f"refused: {little.message}"]
        return []
    except BadInput as error:
        return [str(error)]
    if case.refused is not None:
        return [f"should be refused ({case.refused}), and gives {len(found)} records"]
    return list(_differs(case, found))


def given(one: declared.Analysis, case: Promise) -> Given:
    """The inputs of a promise as the method sees them."""
    method = methods()[one.method]
    now = clock.parse(case.now, clock.VIETNAM)
    items: dict[str, list[Item]] = {}
    series: dict[str, list[Series]] = {}
    roads = {}
    for name, rows in case.given.items():
        takes = method.needs[name].takes
        if takes == "observations":
            series[name] = [_series(row, now) for row in rows]
        elif takes == "streets":
            roads[name] = graph_of([_item(row, i) for i, row in enumerate(rows)])
        else:
            items[name] = [_item(row, i) for i, row in enumerate(rows)]
    return Given(now, items, series, roads)


def _shape(row: Mapping[str, Any]) -> Any:
    return geo.from_geojson(row["geometry"]) if row.get("geometry") is not None else None


def _item(row: dict[str, Any], i: int) -> Item:
    values = {name: value for name, value in row.items() if name not in ("key", "geometry", "unit")}
    plain = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
    return Item(str(row.get("key", i + 1)), plain, _shape(row), row.get("unit"))


def _series(row: dict[str, Any], now: int) -> Series:
    own = {
        name: value
        for name, value in row.items()
        if name not in ("thing", "geometry", "values", "points", "begin", "name")
    }
    if "points" in row:
        at = np.array([clock.parse(str(when), clock.VIETNAM) for when, _ in row["points"]], np.int64)
        value = np.array([number for _, number in row["points"]], float)
    else:
        value = np.array(row.get("values", []), float)
        begin = clock.parse(str(row["begin"]), clock.VIETNAM) if "begin" in row else now - len(value) * clock.HOUR
        at = begin + np.arange(len(value), dtype=np.int64) * clock.HOUR
    return Series(str(row.get("thing", "1")), at, value, own, _shape(row), None, str(row.get("name", "")))


def _differs(case: Promise, found: list[Feature]) -> Iterable[str]:
    by_key = {one.key: one for one in found}
    if case.count is not None and case.count != len(found):
        yield f"count: promised {case.count}, found {len(found)}: {', '.join(list(by_key)[:8])}"
    for key in case.absent:
        if key in by_key:
            yield f"{key}: promised not to be there"
    for key, wanted in case.features.items():
        one = by_key.get(key)
        if one is None:
            yield f"{key}: not among {', '.join(list(by_key)[:8]) or 'nothing'}"
            continue
        for name, value in wanted.items():
            said = one.values.get(name)
            plain = value.isoformat() if hasattr(value, "isoformat") else value
            if not _same(plain, said):
                yield f"{key}.{name}: promised {plain}, found {said}"


def _same(wanted: Any, said: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(said, bool) or not isinstance(wanted, int | float):
        return bool(wanted == said)
    return isinstance(said, int | float) and abs(wanted - said) <= max(_NEAR * abs(wanted), _NEAR)


packs.promise("analyses", Promise, _keep)
