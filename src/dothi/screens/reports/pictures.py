"""`/cases/{number}/files/{id}/{which}`: a photo's public copy or thumbnail, or for who sees the inside the original."""

from starlette.responses import FileResponse, Response

from dothi.cases import files, files_store, store
from dothi.kit.errors import NotFound
from dothi.screens.desk import ANYBODY
from dothi.screens.reports.asking import Ask, get
from dothi.web.paths import ID

WHICH: tuple[files.Which, ...] = ("public", "thumb", "original")


def picture(ask: Ask) -> Response:
    """One file of one case; a number that goes with another case is not there."""
    params = ask.request.path_params
    number, id_ = str(params["number"]).upper()[:60], int(params["id"])
    which = next((one for one in WHICH if one == params["which"]), None)
    found = files_store.found(ask.session, id_)
    if which is None or found is None or number not in _numbers(ask, found[1].number, found[1].merged_into):
        raise NotFound("there is no such file")
    got = files.served(ask.session, ask.caller, id_, which, ask.token(found[1].number))
    return FileResponse(got.path, media_type=got.media_type, headers=dict(got.headers))


def _numbers(ask: Ask, own: str, merged_into: int | None) -> set[str]:
    """The numbers a file may be asked for by: of its case, and of the one that goes on for it."""
    more = store.cases_of(ask.session, [merged_into]) if merged_into is not None else {}
    return {own, *(one.number for one in more.values())}


routes = [get(f"/cases/{{number}}/files/{ID}/{{which}}", picture, ANYBODY)]
