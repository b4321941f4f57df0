"""GeoJSON read piece by piece: collections, sequences of features, and plain arrays of objects."""

import io
import itertools
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dothi.datasets.loads import crs as systems
from dothi.datasets.loads.found import BATCH, Batch, RowFault, shown
from dothi.kit import encodings
from dothi.kit.errors import BadInput, TooLarge

_PIECE = 1 << 20
_LARGEST = 128 << 20  # characters of one feature
_SPACE = re.compile(r"[ \t\r\n]*")
_SAMPLE = 256 * 1024
_LOOKED_THROUGH = 16 << 20  # bytes of a file whose every feature is asked for its columns: rare ones stand far below
_decode = json.JSONDecoder().raw_decode


class GeoJson:
    """A FeatureCollection, a Feature, an array of objects, or one of these a line. Its columns are those of the features looked at."""

    format = "geojson"
    geometry = True

    def __init__(self, name: str, path: Path, *, lines: bool = False, encoding: str | None = None) -> None:
        self.name, self._path, self._lines = name, path, lines
        self.format = "geojsonseq" if lines else "geojson"
        with path.open("rb") as file:
            sample = file.read(_SAMPLE)
        how = encodings.named(encoding) if encoding else encodings.detect(sample, whole=len(sample) < _SAMPLE)
        self._codec = how.codec
        self.encoding: str | None = how.name
        self.count: int | None = None
        self.system: systems.System | None = systems.WGS84
        self.notices: list[str] = []
        self.columns: list[str] = []
        self._size, self._raw = path.stat().st_size, 0
        self.about = f"{'GeoJSON sequence' if lines else 'GeoJSON'}, {how.name}"
        self._look()

    def _look(self) -> None:
        """The features tell the columns (of a large file the first ones), and an old `crs` member the system."""
        seen: dict[str, None] = {}
        most = None if self._size <= _LOOKED_THROUGH else 2000
        for one in itertools.islice(self._features(), most):
            if isinstance(one, dict):
                seen.update(dict.fromkeys(_properties(one)))
        self.columns = list(seen)

    def share(self) -> float:
        """How much has been read."""
        return self._raw / self._size if self._size else 1.0

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The features in order."""
        known = frozenset(self.columns)
        rows: list[int] = []
        kept: list[dict[str, Any]] = []
        shapes: list[Any] = []
        faults: list[RowFault] = []
        for number, one in enumerate(self._features(), 1):
            if isinstance(one, dict):
                rows.append(number)
                kept.append(_properties(one))
                shapes.append(one.get("geometry") if one.get("type") == "Feature" or "geometry" in one else None)
            else:
                reason = one if isinstance(one, str) else f"not a feature but {type(one).__name__}"
                faults.append(RowFault(number, None, shown(one), reason))
            if number % size == 0:
                yield _batch(rows, kept, shapes, faults, known)
                rows, kept, shapes, faults = [], [], [], []
        if rows or faults:
            yield _batch(rows, kept, shapes, faults, known)

    def _features(self) -> Iterator[Any]:
        with self._path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding=self._codec)
            try:
                if self._lines:
                    yield from self._of_lines(text, raw)
                else:
                    yield from self._of_whole(_Pieces(text, self._tell(raw)))
            except UnicodeDecodeError as error:
                raise BadInput(f"{self.name}: bytes that are not {self.encoding}: {error.reason}") from None
            except RecursionError:
                raise BadInput(f"{self.name}: nested too deeply") from None

    def _tell(self, raw: io.BufferedReader) -> Any:
        def tell() -> None:
            self._raw = raw.tell()

        return tell

    def _of_lines(self, text: io.TextIOWrapper, raw: io.BufferedReader) -> Iterator[Any]:
        for line in text:
            said = line.strip(" \t\r\n\x1e")
            if not said:
                continue
            if len(said) > _LARGEST:
                raise TooLarge(f"{self.name}: a feature of more than {_LARGEST:,} characters")
            self._raw = raw.tell()
            try:
                yield json.loads(said)
            except ValueError as error:
                yield f"broken JSON: {error}"

    def _of_whole(self, pieces: "_Pieces") -> Iterator[Any]:
        mark = pieces.next_mark()
        if mark == "[":
            yield from pieces.elements(self.name)
            return
        if mark != "{":
            raise BadInput(f"{self.name}: not JSON: it begins with {mark!r}")
        whole: dict[str, Any] = {}
        while (mark := pieces.next_mark()) == '"' or mark == ",":
            if mark == ",":
                continue
            key = pieces.value(self.name, from_mark=True)
            if pieces.next_mark() != ":":
                raise BadInput(f"{self.name}: broken JSON after {str(key)[:60]!r}")
            if key == "features":
                if pieces.next_mark() != "[":
                    raise BadInput(f"{self.name}: a FeatureCollection whose features are no list")
                yield from pieces.elements(self.name)
                whole["features"] = None
            else:
                whole[key] = pieces.value(self.name)
                if key == "crs":
                    self._crs(whole[key])
        if mark != "}":
            raise BadInput(f"{self.name}: broken JSON: it ends in the middle")
        if "features" not in whole:
            if whole.get("type") not in ("Feature", *_GEOMETRIES):
                raise BadInput(f"{self.name}: JSON that is not GeoJSON: no features")
            yield whole if whole.get("type") == "Feature" else {"type": "Feature", "geometry": whole}

    def _crs(self, said: Any) -> None:
        """GeoJSON of 2008 could name a system; RFC 7946 took that back, files still do."""
        named = said.get("properties", {}).get("name") if isinstance(said, dict) else None
        if isinstance(named, str):
            try:
                self.system = systems.said(named)
            except BadInput as error:
                self.system = None
                self.notices.append(str(error.message))


_GEOMETRIES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip


def _properties(one: dict[str, Any]) -> dict[str, Any]:
    if one.get("type") != "Feature" and "properties" not in one:
        return {name: value for name, value in one.items() if name != "geometry"}
    found = one.get("properties")
    values = found if isinstance(found, dict) else {}
    return {"id": one["id"], **values} if "id" in one and "id" not in values else values


def _batch(
    rows: list[int], kept: list[dict[str, Any]], geometries: list[Any], faults: list[RowFault], known: frozenset[str]
) -> Batch:
    extra = frozenset(name for one in kept for name in one) - known
    shapes, broken = shapes_of(geometries)
    if broken:
        faults = [*faults, *(RowFault(rows[place], "geometry", None, reason) for place, reason in broken.items())]
        left = [place for place in range(len(rows)) if place not in broken]
        rows, kept, shapes = [rows[i] for i in left], [kept[i] for i in left], shapes[left]

    def column(name: str) -> list[Any]:
        return [one.get(name) for one in kept]

    return Batch(np.array(rows, np.int64), column, shapes, faults, extra)


def shapes_of(geometries: list[Any]) -> tuple[NDArray[Any], dict[int, str]]:
    """The shapely geometries of GeoJSON ones (None stays None), and what is wrong with which."""
    made = np.full(len(geometries), None, dtype=object)
    broken: dict[int, str] = {}
    points: list[int] = []
    positions: list[tuple[float, float]] = []
    others: list[int] = []
    texts: list[str] = []
    for place, one in enumerate(geometries):
        if one is None:
            continue
        if isinstance(one, dict) and one.get("type") == "Point":
            at = one.get("coordinates")
            if isinstance(at, list) and len(at) >= 2 and type(at[0]) in _NUMBERS and type(at[1]) in _NUMBERS:
                if not (math.isfinite(at[0]) and math.isfinite(at[1])):
                    broken[place] = "a coordinate is not a finite number"
                    continue
                points.append(place)
                positions.append((at[0], at[1]))
                continue
        if not isinstance(one, dict) or one.get("type") not in _GEOMETRIES:
            broken[place] = f"not a GeoJSON geometry: {str(one)[:60]}"
            continue
        others.append(place)
        texts.append(json.dumps(one))
    if points:
        made[points] = shapely.points(np.array(positions, np.float64))
    if others:
        found = shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
        for place, text, shape in zip(others, texts, np.atleast_1d(found), strict=True):
            if shape is None:
                broken[place] = _why(text)
            else:
                made[place] = shape
    return made, broken


_NUMBERS = (float, int)


def _why(text: str) -> str:
    if "NaN" in text or "Infinity" in text:
        return "a coordinate is not a finite number"
    try:
        shapely.from_geojson(text)
    except shapely.errors.GEOSException as error:
        return f"broken geometry: {str(error)[:120]}"
    return "broken geometry"


class _Pieces:
    """A JSON text read as far as needed."""

    def __init__(self, text: io.TextIOWrapper, tell: Any) -> None:
        self._text, self._tell = text, tell
        self._held, self._at, self._ended = "", 0, False

    def _more(self, size: int = _PIECE) -> bool:
        piece = self._text.read(size)
        self._tell()
        self._ended = not piece
        self._held = self._held[self._at :] + piece
        self._at = 0
        return bool(piece)

    def next_mark(self) -> str:
        """The next character that is not space; "" at the end."""
        while True:
            found = _SPACE.match(self._held, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._held):
                self._at += 1
                return self._held[self._at - 1]
            if not self._more():
                return ""

    def value(self, name: str, *, from_mark: bool = False) -> Any:
        """The value that begins here (from_mark: with the mark just read)."""
        if from_mark:
            self._at -= 1
        elif not self.next_mark():
            raise BadInput(f"{name}: broken JSON: it ends in the middle")
        else:
            self._at -= 1
        size = _PIECE
        while True:
            try:
                made, end = _decode(self._held, self._at)
            except ValueError as error:
                if len(self._held) - self._at > _LARGEST:
                    raise TooLarge(f"{name}: a feature of more than {_LARGEST:,} characters") from None
                if self._ended or not self._more(size):
                    raise BadInput(f"{name}: broken JSON: {error}") from None
                size *= 2
                continue
            if end == len(self._held) and not self._ended and self._more():
                continue  # a number may go on in the next piece
            self._at = end
            return made

    def elements(self, name: str) -> Iterator[Any]:
        """The elements of the array whose bracket was just read."""
        while (mark := self.next_mark()) != "]":
            if mark == ",":
                continue
            if not mark:
                raise BadInput(f"{name}: broken JSON: it ends in the middle")
            yield self.value(name, from_mark=True)
