"""The pages of the public services under `/services`."""

from starlette.routing import BaseRoute

from dothi.screens.services import booking, catalogue, filed, filling, inside, paying
from dothi.screens.services.desk import HANDLES, MOST_FILES, get, post, post_reading
from dothi.web.paths import ID

_CODE, _DOSSIER, _DESK = "/services/{code}", "/services/dossiers/{number}", "/services/desk/{number}"
_APPOINTMENT = f"/services/appointments/{ID}"
routes: list[BaseRoute] = [
    get("/services", catalogue.index),
    get("/services/quality", catalogue.quality),
    get("/services/apologies", catalogue.apologies),
    get("/services/appointments", booking.choose),
    post_reading("/services/appointments", booking.book),
    get(_APPOINTMENT, booking.kept),
    get(f"{_APPOINTMENT}/calendar.ics", booking.ics),
    post(f"{_APPOINTMENT}/cancel", booking.cancel),
    get("/services/dossiers", filed.find),
    get(_DOSSIER, filed.page),
    get(f"{_DOSSIER}/receipt", filed.receipt),
    get(f"{_DOSSIER}/files/{ID}", filed.file_),
    get(f"{_DOSSIER}/files/{ID}/signature", filed.signature),
    post(f"{_DOSSIER}/prove", filed.prove),
    post_reading(f"{_DOSSIER}/supply", filed.supply, files=MOST_FILES),
    post_reading(f"{_DOSSIER}/withdraw", filed.withdraw),
    post_reading(f"{_DOSSIER}/appeal", filed.appeal),
    post_reading(f"{_DOSSIER}/receive", filed.receive),
    post_reading(f"{_DOSSIER}/rate", filed.rate),
    post_reading(f"{_DOSSIER}/pay", paying.pay),
    get("/services/pay/{reference}", paying.sandbox),
    post_reading("/services/pay/{reference}", paying.choose),
    paying.callback,
    get("/services/desk/appointments", booking.of_day, HANDLES),
    post_reading(f"{_DESK}/result", inside.result, HANDLES, files=1),
    post_reading(f"{_DESK}/apology", inside.apology, HANDLES),
    post_reading(f"{_DESK}/fee", inside.fee, HANDLES),
    post_reading(f"{_DESK}/refund", inside.refund, HANDLES),
    get(_CODE, catalogue.one),
    get(f"{_CODE}/apply", filling.form),
    post(f"{_CODE}/apply", filling.save),
    post(f"{_CODE}/apply/autosave", filling.autosave),
    get(f"{_CODE}/apply/papers", filling.paper_list),
    post_reading(f"{_CODE}/apply/papers", filling.upload, files=MOST_FILES),
    get(f"{_CODE}/apply/review", filling.review),
    post_reading(f"{_CODE}/apply/review", filling.file_),
]
