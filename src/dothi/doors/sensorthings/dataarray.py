"""CreateObservations (OGC 18-088 clause 13): thousands of observations in a body, an answer for each, in order."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from dothi.doors.sensorthings.asked import Answer, Ask, must_be_json
from dothi.doors.sensorthings.observing import lacking_features
from dothi.identity import guard
from dothi.kit.errors import DothiError
from dothi.sensing import decode, ingest, registry
from dothi.sensing.columns import Columns, picked

_QUICK = (
    131_072  # bytes the event loop decodes itself, in about 2 ms; more goes to a thread, so that others do not wait
)
# one: several would only take the interpreter from each other, and from the thread that commits
_decoder = ThreadPoolExecutor(1, thread_name_prefix="decode")


async def post(ask: Ask) -> Answer:
    """Store the observations of a dataArray body.

    Answers 201 with one text per row: the self link, or `error` and the reason. Nobody's rows are lost because of
    another's; only when the caller may write none of the datastreams is the whole body refused.
    """
    must_be_json(ask.kind)
    if len(ask.body) <= _QUICK:
        made = decode.data_array(ask.body)
    else:
        made = await asyncio.get_running_loop().run_in_executor(_decoder, decode.data_array, ask.body)
    columns, places = made.columns, made.places
    refused = dict(made.refused)
    unfit = await _unfit(ask, columns)
    if unfit:
        for index, reason in unfit.items():
            refused[places[index] if places is not None else index] = reason
        kept = [index for index in range(len(columns)) if index not in unfit]
        places = [places[index] for index in kept] if places is not None else kept
        columns = picked(columns, kept)
    if len(columns):
        receipt = await ingest.aput(columns)
        for one in receipt.refused:
            refused[places[one.index] if places is not None else one.index] = one.reason
    return Answer(201, _links(ask.root, columns, places, made.total, refused))


async def _unfit(ask: Ask, columns: Columns) -> dict[int, str]:
    """Rows the caller may not send or whose feature of interest is not there, by their index, and why."""
    ids = set(columns.datastream)
    streams = {id_: stream for id_ in ids if (stream := registry.remembered(id_)) is not None}
    if len(streams) < len(ids):
        streams |= await asyncio.to_thread(registry.streams, ids - streams.keys())
    denied: dict[int, str] = {}
    error: DothiError | None = None
    for id_, stream in streams.items():
        try:
            guard.require(ask.caller, "observations:write", stream.agency_id, thing_id=stream.thing_id)
        except DothiError as said:
            denied[id_], error = said.message, said
    if error is not None and len(denied) == len(ids):
        raise error
    if not streams and not guard.may_somewhere(ask.caller, "observations:write"):
        guard.require(ask.caller, "observations:write")
    unfit = {i: denied[id_] for i, id_ in enumerate(columns.datastream) if id_ in denied} if denied else {}
    if columns.feature is not None:
        lacking = await lacking_features(ask.caller, {one for one in columns.feature if one})
        if lacking:
            for i, one in enumerate(columns.feature):
                if one in lacking:
                    unfit[i] = f"there is no FeatureOfInterest {one}"
    return unfit


def _links(root: str, columns: Columns, places: list[int] | None, total: int, refused: dict[int, str]) -> bytes:
    start = f"\"{root}/Observations('"
    if not refused and places is None:
        return ("[" + ",".join(_runs(start, columns)) + "]").encode(errors="replace")
    links = [f"{start}{stream}-{at}')\"" for stream, at in zip(columns.datastream, columns.at, strict=True)]
    rows = [""] * total
    for place, link in zip(places if places is not None else range(total), links, strict=True):
        rows[place] = link
    for place, reason in refused.items():
        rows[place] = json.dumps(f"error {reason}", ensure_ascii=False)
    return ("[" + ",".join(rows) + "]").encode(errors="replace")


def _runs(start: str, columns: Columns) -> Iterator[str]:
    """The links of each run of rows of one datastream, joined: half the time of a text a row."""
    streams = columns.datastream
    edges = [0, len(streams)]
    if streams and streams.count(streams[0]) < len(streams):
        edges[1:1] = (np.flatnonzero(np.diff(np.array(streams, dtype=np.int64))) + 1).tolist()
    for begin, end in pairwise(edges):
        if begin < end:
            head = f"{start}{columns.datastream[begin]}-"
            yield head + f"')\",{head}".join(map(str, columns.at[begin:end])) + "')\""
