"""The pages of the agency desk under `/desk`. Who may do what to a case, the room says; these ask for its inside only."""

from starlette.routing import BaseRoute

from dothi.screens.casework import acting, bulk, entering, exporting, inbox, photos, settings
from dothi.screens.casework.desk import get, post_reading
from dothi.web.paths import ID

_ONE = "/desk/cases/{number}"
_PHOTO = f"{_ONE}/photos/{ID}"
FILES = 8

routes: list[BaseRoute] = [
    get("/desk", inbox.page),
    get("/desk/bulk", bulk.ask_),
    post_reading("/desk/bulk", bulk.do),
    get("/desk/export", exporting.page),
    post_reading("/desk/export", exporting.personal, "cases:contact"),
    get("/desk/new", entering.page, "cases:handle"),
    post_reading("/desk/new", entering.create, "cases:handle"),
    post_reading("/desk/new/join", entering.join, "cases:handle"),
    get("/desk/moderation", settings.moderation, "cases:moderate"),
    get("/desk/settings", settings.texts),
    post_reading("/desk/settings", settings.save_text, "cases:config"),
    get("/desk/settings/calendar", settings.days),
    post_reading("/desk/settings/calendar", settings.set_day, "cases:config"),
    get("/desk/settings/offices", settings.rules),
    post_reading("/desk/settings/offices", settings.set_rule, "cases:config"),
    get("/desk/settings/deadlines", settings.deadlines),
    get(_ONE, acting.show),
    get(f"{_ONE}/print", acting.print_),
    post_reading(f"{_ONE}/act", acting.act, files=FILES),
    post_reading(f"{_ONE}/contact", acting.contact),
    get(_PHOTO, photos.page),
    post_reading(_PHOTO, photos.blur),
    post_reading(f"{_PHOTO}/show", photos.publish),
]
