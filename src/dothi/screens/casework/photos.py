"""A picture of a case: boxes drawn over what nobody may see, and whether the public sees it."""

from dataclasses import dataclass

from starlette.responses import Response

from dothi.cases import files
from dothi.cases.tables import Case, CaseFile
from dothi.db import session as db
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.screens.casework import rail, subject
from dothi.screens.casework.desk import WRONG, Ask, wrong
from dothi.screens.casework.rail import Rail
from dothi.screens.desk import back
from dothi.web.forms import Filled


@dataclass(frozen=True, slots=True)
class Photo:
    """The page. boxes: a line each, x y width height in percent."""

    case: Case
    file: CaseFile
    boxes: str
    rail: Rail
    showable: bool


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /desk/cases/{number}/photos/{file}`."""
    case, file = _found(ask)
    if file.shown is None:
        raise NotFound(ask.say("Tệp này không phải ảnh."))
    boxes = "\n".join(" ".join(f"{100 * side:.1f}" for side in box) for box in file.blurred or [])
    made = Photo(case, file, boxes, rail.rail(ask), file.kind in files.SHOWABLE)
    return ask.page("photo", filled, status, page=made, rail=made.rail, simulated=case.simulated)


def blur(ask: Ask) -> Response:
    """`POST /desk/cases/{number}/photos/{file}`: every box there is to be."""
    _, file = _found(ask)
    try:
        boxes = _boxes(ask.values.get("boxes", ""))
        with db.writing() as session:
            files.blur(session, ask.caller, file.id, boxes)
    except WRONG as error:
        return page(ask, wrong(ask, error), error.status)
    return back(ask.request.url.path)


def publish(ask: Ask) -> Response:
    """`POST /desk/cases/{number}/photos/{file}/show`."""
    _, file = _found(ask)
    try:
        with db.writing() as session:
            files.publish(session, ask.caller, file.id, ask.values.get("public") == "1")
    except WRONG as error:
        return page(ask, wrong(ask, error), error.status)
    return back(ask.request.url.path.removesuffix("/show"))


def _found(ask: Ask) -> tuple[Case, CaseFile]:
    case = subject.held(ask, str(ask.request.path_params["number"])[:60])
    wanted = ask.request.path_params["id"]
    found = next((one for one in files.of(ask.session, case, inside=True) if one.id == wanted), None)
    if found is None:
        raise NotFound(ask.say("Việc này không có ảnh đó."))
    return case, found


def _boxes(text: str) -> list[list[float]]:
    """Lines of four percents, or the JSON a script sends, as shares of one."""
    made: list[list[float]] = []
    for line in text.replace(",", ".").splitlines():
        if line.strip():
            try:
                made.append([float(one) / 100 for one in line.split()])
            except ValueError:
                raise BadInput(
                    "these boxes cannot be blurred", [Fault("boxes", line[:60], "x y width height")]
                ) from None
    return made
