"""What the workbench is asked: JSON bodies, read with care, and what they mean to `datasets.reading`."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dothi.datasets import cql2, reading
from dothi.db import session as db
from dothi.identity import access
from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault, TooLarge
from dothi.screens.asking import Ask

Body = TypeVar("Body", bound=BaseModel)
LONGEST = 1_000_000  # bytes of a body
MOST_POINTS = 20_000  # of a drawn area


class Asked(BaseModel):
    """The base of what scripts send: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid")


class Selection(Asked):
    """Records of one collection. filter: CQL2 text; area: GeoJSON; as_of: what was known then; datetime: in force then."""

    collection: str = Field(min_length=1, max_length=100)
    filter: str = Field("", max_length=20_000)
    area: dict[str, Any] | None = None
    as_of: str | None = Field(None, max_length=40)
    datetime: str | None = Field(None, max_length=40)

    def asked(self, limit: int | None = None) -> reading.Asked:
        """In the words of `datasets.reading`. Raises BadInput."""
        shape = None if self.area is None else drawn(self.area)
        at = None if self.datetime is None else instant(self.datetime, "datetime")
        return reading.Asked(
            bbox=None if shape is None else shape.bounds,
            outline=None if shape is None else geo.wkb(shape),
            where=cql2.parse(self.filter, "cql2-text") if self.filter.strip() else None,
            as_of=None if self.as_of is None else instant(self.as_of, "as_of"),
            interval=None if at is None else (at, at),
            limit=limit,
        )


def instant(text: str, place: str) -> int:
    """µs UTC of an instant; of a day, its end in Vietnam: what was so that day."""
    try:
        if len(text) == 10:
            return clock.parse(f"{text}T23:59:59", clock.VIETNAM)
        return clock.parse(text, clock.VIETNAM)
    except ValueError:
        raise BadInput(
            f"{place}: {text!r} is no moment",
            [Fault(place, f"{text!r} is no moment", "2026-11-21 or 2026-11-21T17:00:00Z")],
        ) from None


def drawn(area: dict[str, Any]) -> shapely.geometry.base.BaseGeometry:
    """A drawn area as a shape; a ring that crosses itself is made whole. Raises BadInput."""
    shape = geo.from_geojson(area, "area")
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadInput(
            "area: is no area", [Fault("area", f"a {shape.geom_type} is no area", "Polygon or MultiPolygon")]
        )
    if shapely.get_num_coordinates(shape) > MOST_POINTS:
        raise TooLarge(f"area: more than {MOST_POINTS} positions")
    shape = shapely.make_valid(shapely.force_2d(shape))
    if shape.area == 0:
        raise BadInput("area: holds nothing", [Fault("area", "all its positions lie on a line", "an area")])
    return shape


def told(model: type[Body], value: Any) -> Body:
    """A body as its model; every fault at once."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [Fault(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_url=False)]
        raise BadInput("the question is not as it must be", faults) from None


def posted(
    model: type[Body],
) -> Callable[[Callable[[Ask, Body], Response]], Callable[[Request], Any]]:
    """A view of a JSON body as a Starlette endpoint: with a reading session, the caller and the language."""

    def wrap(view: Callable[[Ask, Body], Response]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            body = await _body(request)
            return await run_in_threadpool(_answer, request, body)

        def _answer(request: Request, body: bytes) -> Response:
            try:
                value = json.loads(body)
            except ValueError:
                raise BadInput("the body is not JSON") from None
            with db.reading() as session:
                return view(Ask.of(request, session, access.caller(request)), told(model, value))

        endpoint.__name__ = view.__name__
        endpoint.__doc__ = view.__doc__
        return endpoint

    return wrap


async def _body(request: Request) -> bytes:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > LONGEST:
            raise TooLarge(f"a question of more than {LONGEST:,} bytes")
    return bytes(held)


def answer(body: Any) -> Response:
    """JSON that nobody keeps: what one may see can change."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})
