"""Observations out of JSON bytes, quickly: one posted or published, or a dataArray of thousands.

Times become µs UTC, numbers stay numbers, every other result stays JSON text. OGC 18-088 clauses 8.2.7 and 13.
"""

import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.sensing.columns import Columns, together

# phenomenonTime outside these is a broken clock, not an observation
EARLIEST, LATEST = clock.parse("1800-01-01T00:00:00Z"), clock.parse("2200-01-01T00:00:00Z")
DEEPEST = 100  # levels of nested JSON in a result
_ZERO = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # the zero character as JSON escapes it
_last_now = 0
_now_lock = threading.Lock()


class Ref(msgspec.Struct):
    """A link `{"@iot.id": 12}`; other members mean a deep insert."""

    id: int | str = msgspec.field(name="@iot.id")


class Incoming(msgspec.Struct, rename="camel"):
    """An Observation as a client sends it."""

    result: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b""))
    phenomenon_time: str | None = None
    result_time: str | None = None
    valid_time: str | None = None
    result_quality: Any = None
    parameters: dict[str, Any] | None = None
    datastream: Ref | None = msgspec.field(default=None, name="Datastream")
    multi_datastream: Ref | None = msgspec.field(default=None, name="MultiDatastream")
    feature: Ref | None = msgspec.field(default=None, name="FeatureOfInterest")


_incoming = msgspec.json.Decoder(Incoming)
_any = msgspec.json.Decoder()


def now_once() -> int:
    """The present in µs UTC, never the same twice: for observations that come without a time."""
    global _last_now
    with _now_lock:
        _last_now = max(clock.now_micros(), _last_now + 1)
        return _last_now


def observation(body: bytes, default_stream: int | None = None) -> Columns:
    """One Observation.

    default_stream: the (Multi)Datastream of the path or topic; without it the body must link one.
    Raises BadInput naming every faulty property.
    """
    try:
        sent = _incoming.decode(body)
    except msgspec.ValidationError as error:
        raise _bad(_place(str(error)), str(error).split(" - at ")[0], "an Observation as OGC 18-088 table 12") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad("body", f"not JSON: {error}", "a JSON object") from None
    except RecursionError:
        raise _bad("body", "nested too deep", f"{DEEPEST} levels") from None
    faults: list[Fault] = []
    link = sent.datastream or sent.multi_datastream
    stream = default_stream
    if link is not None:
        stream = _id(link, "Datastream" if sent.datastream else "MultiDatastream", faults)
    elif stream is None:
        faults.append(Fault("Datastream", "the Observation names no Datastream", '{"@iot.id": <id>}'))
    raw = bytes(sent.result)
    if not raw:
        faults.append(Fault("result", "the Observation has no result", "any JSON value"))
    number, text = _result(raw, faults) if raw else (None, None)
    at, until = _span(sent.phenomenon_time, "phenomenonTime", faults)
    if sent.phenomenon_time is None:
        at = now_once()
    elif not EARLIEST <= at < LATEST:
        faults.append(Fault("phenomenonTime", f"{sent.phenomenon_time} is out of range", "the years 1800 to 2199"))
    result_time, _ = _span(sent.result_time, "resultTime", faults)
    valid = _span(sent.valid_time, "validTime", faults) if sent.valid_time else None
    feature = _id(sent.feature, "FeatureOfInterest", faults) if sent.feature is not None else None
    quality = _json(sent.result_quality, "resultQuality", faults)
    parameters = _json(sent.parameters, "parameters", faults)
    if faults:
        raise BadInput("the Observation is not accepted: " + "; ".join(map(str, faults)), faults)
    row = Columns([stream or 0], [at], [number])
    if text is not None:
        row.result_json = [text]
    if until is not None:
        row.until = [until]
    if sent.result_time is not None and result_time != at:
        row.result_time = [result_time]
    if valid is not None:
        row.valid_from, row.valid_until = [valid[0]], [valid[1]]
    if feature is not None:
        row.feature = [feature]
    if sent.result_quality is not None:
        row.quality = [quality]
    if sent.parameters is not None:
        row.parameters = [parameters]
    return row


class _Group(msgspec.Struct):
    components: list[str]
    rows: msgspec.Raw = msgspec.field(name="dataArray")
    datastream: Ref | None = msgspec.field(default=None, name="Datastream")
    multi_datastream: Ref | None = msgspec.field(default=None, name="MultiDatastream")


_groups = msgspec.json.Decoder(list[_Group])
_time_and_number = msgspec.json.Decoder(list[tuple[str, float]])
_rows = msgspec.json.Decoder(list[list[Any]])
COMPONENTS = (
    "phenomenonTime",
    "result",
    "resultTime",
    "validTime",
    "resultQuality",
    "parameters",
    "FeatureOfInterest/id",
)


@dataclass(slots=True)
class DataArray:
    """A decoded dataArray body. places: for each observation of `columns`, its row number in the whole body."""

    columns: Columns
    total: int
    places: list[int] | None = None  # None: every row was good
    refused: list[tuple[int, str]] = field(default_factory=list)


def data_array(body: bytes) -> DataArray:
    """The body of CreateObservations: `[{"Datastream": …, "components": […], "dataArray": [[…]]}]`.

    A bad row is refused by its number and reason, and the others go on; a body that is not a dataArray raises BadInput.
    """
    try:
        groups = _groups.decode(body)
    except msgspec.ValidationError as error:
        raise _bad(_place(str(error)), str(error).split(" - at ")[0], "a dataArray as OGC 18-088 clause 13") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad("body", f"not JSON: {error}", "a JSON array of dataArray groups") from None
    except RecursionError:
        raise _bad("body", "nested too deep", f"{DEEPEST} levels") from None
    faults: list[Fault] = []
    whole = DataArray(Columns([], [], []), 0, [])
    streams: list[int] = []
    for number, group in enumerate(groups):
        link = group.datastream or group.multi_datastream
        if link is None:
            faults.append(Fault(f"[{number}].Datastream", "the group names no Datastream", '{"@iot.id": <id>}'))
        else:
            streams.append(_id(link, f"[{number}].Datastream", faults))
        unknown = [name for name in group.components if name not in COMPONENTS]
        if unknown or "result" not in group.components:
            what = f"unknown {', '.join(unknown)}" if unknown else "no result"
            faults.append(Fault(f"[{number}].components", what, ", ".join(COMPONENTS)))
    if faults:
        raise BadInput("the dataArray is not accepted: " + "; ".join(map(str, faults)), faults)
    parts: list[Columns] = []
    for number, (group, stream) in enumerate(zip(groups, streams, strict=True)):
        parts.append(_quick(group, stream, whole) or _slow(group, stream, number, whole))
    whole.columns = together(parts) if parts else whole.columns
    if not whole.refused:
        whole.places = None
    return whole


def _quick(group: _Group, stream: int, whole: DataArray) -> Columns | None:
    """The common case, columnar: times and numbers, every row good; None when it is not so."""
    if group.components == ["phenomenonTime", "result"]:
        try:
            rows = _time_and_number.decode(group.rows)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if not rows:
            return Columns([], [], [])
    else:
        return None
    try:
        micros = _micros([row[0] for row in rows])
    except (pa.ArrowInvalid, ValueError):
        return None
    if micros.min() < EARLIEST or micros.max() >= LATEST:
        return None
    ats: list[int] = micros.tolist()
    if whole.places is not None:
        whole.places.extend(range(whole.total, whole.total + len(ats)))
    whole.total += len(ats)
    return Columns([stream] * len(ats), ats, [row[1] for row in rows])


def instants(times: list[str]) -> list[int]:
    """µs UTC of many ISO 8601 instants, each with its offset; raises when any is not one."""
    found: list[int] = _micros(times).tolist()
    return found


def _micros(times: list[str]) -> NDArray[np.int64]:
    texts, zulu = _texts(times)
    if zulu:
        # zone-less parsing is the quicker kernel, and Z is what the zone-less text then means
        parsed = pc.cast(pc.utf8_rtrim(texts, "Z"), pa.timestamp("us"))
    else:
        parsed = pc.cast(texts, pa.timestamp("us", tz="UTC"))
    return np.frombuffer(parsed.buffers()[1], dtype=np.int64, count=len(times))


def _texts(values: list[str]) -> tuple[pa.StringArray, bool]:
    """ASCII texts as an Arrow array, and whether each ends with Z.

    pa.array would import pandas where it is installed, and keep callers waiting for it.
    """
    joined = "".join(values).encode("ascii")
    lengths = list(map(len, values))
    if joined and lengths.count(lengths[0]) == len(lengths):
        ends = np.arange(0, len(joined) + 1, lengths[0], dtype=np.int32)
        zulu = joined[lengths[0] - 1 :: lengths[0]].count(b"Z") == len(values)
    else:
        ends = np.fromiter(accumulate(lengths, initial=0), dtype=np.int32, count=len(values) + 1)
        zulu = all(value.endswith("Z") for value in values)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(joined)), zulu


def _slow(group: _Group, stream: int, number: int, whole: DataArray) -> Columns:
    """Row by row, refusing the bad ones."""
    try:
        rows = _rows.decode(group.rows)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad(f"[{number}].dataArray", str(error), "an array of arrays") from None
    except RecursionError:
        raise _bad(f"[{number}].dataArray", "nested too deep", f"{DEEPEST} levels") from None
    made: list[Columns] = []
    places = whole.places if whole.places is not None else []
    for row in rows:
        place = whole.total
        whole.total += 1
        if len(row) != len(group.components):
            why = f"the row has {len(row)} values; allowed: {len(group.components)}, as components says"
            whole.refused.append((place, why))
            continue
        values = dict(zip(group.components, row, strict=True))
        feature = values.pop("FeatureOfInterest/id", None)
        sent = {name: value for name, value in values.items() if value is not None or name == "result"}
        if feature is not None:
            sent["FeatureOfInterest"] = {"@iot.id": feature}
        try:
            made.append(observation(msgspec.json.encode(sent), stream))
        except BadInput as error:
            whole.refused.append((place, "; ".join(map(str, error.faults))))
        else:
            places.append(place)
    return together(made) if made else Columns([], [], [])


def _result(raw: bytes, faults: list[Fault]) -> tuple[float | None, str | None]:
    """A number, or the JSON text of anything else. Integers beyond 2^53 stay text so that no digit is lost."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        faults.append(Fault("result", f"not UTF-8 at byte {error.start}", "JSON in UTF-8"))
        return None, None
    if text[0] in "-0123456789":
        number = float(text)
        if abs(number) < 2**53:
            return number, None
        if text.lstrip("-").isdigit():
            return None, text
        if number in (float("inf"), float("-inf")):
            faults.append(Fault("result", "the number is not finite", "a number up to 1.8e308"))
        return number, None
    if why := _unfit(raw, text):
        faults.append(Fault("result", why, f"Unicode text, finite numbers, up to {DEEPEST} levels"))
    return None, text


def _unfit(raw: bytes, text: str) -> str | None:
    """What no database or client could read in a JSON text: zero characters, half surrogate pairs, deep nesting."""
    if "\\u" in text and _ZERO.search(text):
        return "the text holds a zero character"
    if text[0] in "[{" and text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST:
        return "the JSON is nested too deep"
    if "\\u" in text or text[0] in "[{":
        try:
            _any.decode(raw)
        except msgspec.DecodeError as error:
            return f"not JSON: {error}"
    return None


def _depth(text: str) -> int:
    """How many levels of arrays and objects a JSON text has."""
    deepest = level = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if found[0] in "[{":
            level += 1
            deepest = max(deepest, level)
        elif found[0] in "]}":
            level -= 1
    return deepest


def _span(text: str | None, place: str, faults: list[Fault]) -> tuple[int, int | None]:
    if text is None:
        return 0, None
    try:
        quick = _instant(text)
        return clock.parse_span(text) if quick is None else (quick, None)
    except BadInput as error:
        fault = error.faults[0]
        faults.append(Fault(place, fault.message, fault.allowed))
        return 0, None


def _instant(text: str) -> int | None:
    """An instant as most clients spell it, `2026-11-21T07:30:00Z` or with milliseconds; None for any other text."""
    size = len(text)
    if not (size == 20 or (size == 24 and text[19] == ".")) or text[-1] != "Z":
        return None
    if text[4] + text[7] + text[10] + text[13] + text[16] != "--T::":
        return None
    try:
        return clock.micros(datetime.fromisoformat(text))
    except ValueError:
        return None


def _id(link: Ref, place: str, faults: list[Fault]) -> int:
    try:
        number = int(link.id)
    except ValueError:
        number = -1
    if not 0 < number < 2**31:
        faults.append(Fault(place, f"@iot.id {link.id!r} is not an id of ours", "a whole number"))
    return number


def _json(value: Any, place: str, faults: list[Fault]) -> str | None:
    if value is None:
        return None
    try:
        raw = msgspec.json.encode(value)
    except RecursionError:
        faults.append(Fault(place, "the JSON is nested too deep", f"{DEEPEST} levels"))
        return None
    text = raw.decode()
    if why := _unfit(raw, text):
        faults.append(Fault(place, why, f"Unicode text, up to {DEEPEST} levels"))
    return text


def _place(message: str) -> str:
    return message.partition(" - at `$")[2].rstrip("`").lstrip(".") or "body"


def _bad(place: str, message: str, allowed: str) -> BadInput:
    return BadInput(f"{place}: {message}", [Fault(place, message, allowed)])
