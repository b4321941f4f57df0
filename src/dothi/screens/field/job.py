"""`/field/jobs/{id}`: one job: the way there, the checklist, photos, parts, time, signature; done, or not done and why."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from dothi.cases import jobs, parcels
from dothi.cases.jobs import Whole
from dothi.cases.tables import CaseFile, Job
from dothi.db import session as db
from dothi.kit.errors import DothiError, Fault
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.field import acting, words
from dothi.screens.field.acting import Given
from dothi.screens.field.desk import WRONG, Ask, get, post_files, wrong
from dothi.web.forms import Filled
from dothi.web.paths import ID

PAGE = f"/field/jobs/{ID}"


@dataclass(slots=True)
class Page:
    """The context of `field/job.html`."""

    whole: Whole
    photos: list[CaseFile]  # of the reporter and of the crew, in the order they came
    signed: bool

    @property
    def job(self) -> Job:
        """The job."""
        return self.whole.job


def job(ask: Ask) -> Response:
    """`GET /field/jobs/{id}`."""
    return _page(ask)


def _page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    whole = jobs.whole(ask.session, ask.caller, int(ask.request.path_params["id"]))
    shown = [one for one in whole.files if one.shown and one.kind in ("before", "after", "other")]
    signed = any(one.kind == "signature" for one in whole.files)
    return ask.page(
        "job",
        filled,
        status,
        page=Page(whole, shown, signed),
        simulated=whole.case.simulated,
        exercise=whole.case.exercise,
    )


def act(ask: Ask) -> Response:
    """`POST /field/jobs/{id}/{verb}`: a form of a page without script."""
    id_, verb = int(ask.request.path_params["id"]), str(ask.request.path_params["verb"])
    try:
        given = acting.given(ask)
        with db.writing() as session:
            acting.act(session, ask.caller, id_, verb, given)
    except WRONG as error:
        filled = wrong(ask, error)
        filled.values = {**filled.values, "verb": verb}
        ask.session.rollback()
        return _page(ask, filled, error.status)
    return back("/field" if verb in ("finish", "fail") else f"/field/jobs/{id_}")


def parcel(ask: Ask) -> Response:
    """`POST /field/parcels`: what a telephone did, once however often it comes. key, job, do, at (ms); fields of `do`."""
    key, id_, verb = ask.values.get("key", ""), whole(ask.values.get("job")) or 0, ask.values.get("do", "")
    found = parcels.before(ask.session, ask.caller, key)
    if found is None:
        given, refused = _looked(ask)

        with db.writing() as session:

            def done() -> dict[str, object]:
                if given is None:
                    raise refused or AssertionError
                made = acting.act(session, ask.caller, id_, verb, given)
                return {"job": made.id, "job_state": made.state, "version": made.version}

            found = parcels.once(session, ask.caller, key, done)
    return JSONResponse(said(ask, found.body) | {"again": found.again}, headers={"cache-control": "no-store"})


def _looked(ask: Ask) -> tuple[Given | None, DothiError | None]:
    """What a parcel holds, or why its pictures are not taken: that too is its answer."""
    try:
        return acting.given(ask), None
    except WRONG as error:
        return None, error


def said(ask: Ask, body: dict[str, object]) -> dict[str, object]:
    """A kept answer in the reader's words."""
    if body.get("state") == "done":
        return body
    if body.get("job_state") and body.get("at"):
        message = words.meanwhile(str(body.get("who") or ""), int(str(body["at"])), str(body["job_state"]), ask.say)
        return {**body, "message": message, "faults": []}
    faults = [Fault(*map(str, one)) for one in body.get("faults") or []]  # type: ignore[attr-defined]
    told = words.told(DothiError(str(body.get("message", "")), faults), ask.say)
    return {**body, "message": told.message, "faults": [words.fault(one, ask.say) for one in told.faults]}


routes = [get(PAGE, job), post_files(PAGE + "/{verb}", act), post_files("/field/parcels", parcel)]
