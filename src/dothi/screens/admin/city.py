"""Cities: what an apply would change, what people changed by hand, applied versions and the way back, the export."""

import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.city import drift as drifting
from dothi.city import exporting, service, store
from dothi.city.difference import Change
from dothi.city.drift import Drift
from dothi.city.items import KINDS
from dothi.city.service import Plan
from dothi.city.tables import CityVersion
from dothi.db import session as db
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotFound
from dothi.kit.text import whole
from dothi.packs import content_path
from dothi.screens.admin import city_words as words
from dothi.screens.admin.desk import Ask, get, post_reading
from dothi.web.forms import Filled

HERE = "/admin/city"
WHO = "city:apply"
LEFT_OUT = "left-out.txt"  # in the export: what stays here, and why
SHOWN = 60  # items of one kind on the page
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass
class City:
    """One line of the list: a city shipped here, applied here, or both."""

    code: str
    shipped: bool
    last: CityVersion | None


@dataclass
class Group:
    """The changes of one kind. more: how many are not listed."""

    kind: str
    counts: list[tuple[str, int]]
    changes: list[Change]
    more: int


@dataclass
class Sheet:
    """The context of `admin/city_one.html`. sha: of the plan as it is shown, so that just this is applied."""

    code: str
    name: str
    plan: Plan | None
    sha: str
    groups: list[Group]
    kept: list[Change]
    drift: Drift | None
    versions: list[CityVersion]
    back_to: int | None = None
    wrong: DothiError | None = None
    done: str = ""


def _cities(ask: Ask) -> Response:
    applied = store.cities(ask.session)
    known = _shipped()
    codes = list(dict.fromkeys([*applied, *sorted(known)]))
    rows = [City(code, code in known, store.latest(ask.session, code)) for code in codes]
    return ask.page("city", rows=rows)


def _shipped() -> dict[str, Path]:
    try:
        return {path.parent.name: path.parent for path in content_path("cities").glob("*/city.yaml")}
    except FileNotFoundError:
        return {}


def _code(ask: Ask) -> str:
    """The city of the address: shipped here or applied here. Raises NotFound."""
    code = str(ask.request.path_params["code"])
    if not _CODE.fullmatch(code) or (code not in _shipped() and code not in store.cities(ask.session)):
        raise NotFound(f"no city {code[:60]!r} here", [Fault("code", code[:60], ", ".join(sorted(_shipped())))])
    return code


def _number(said: str) -> int | None:
    """The applied version a form or address names; None: the blueprint as it is now."""
    if not said:
        return None
    if (version := whole(said, 9)) is None:
        raise BadInput("no such version", [Fault("back_to", said[:20], "the number of an applied version")])
    return version


def _one(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    code = _code(ask)
    return _sheet(ask, code, _number(ask.request.query_params.get("back_to", "")), filled, status)


def _sheet(ask: Ask, code: str, back_to: int | None, filled: Filled | None = None, status: int = 200) -> Response:
    plan, wrong = None, None
    folder = _shipped().get(code)
    try:
        plan = service.plan(ask.session, folder, back_to=back_to) if folder is not None else None
    except DothiError as error:
        wrong, status = error, error.status if back_to is not None else status
    last = store.latest(ask.session, code)
    sheet = Sheet(
        code, plan.name if plan is not None else code, plan, _sha(plan) if plan is not None else "",
        _groups(plan.work) if plan is not None else [], plan.kept if plan is not None else [],
        drifting.drift(ask.session, code) if last is not None else None, store.versions(ask.session, code)[:20],
        back_to, wrong, _done(ask),
    )  # fmt: skip
    context: dict[str, Any] = {
        "sheet": sheet,
        "kinds": words.KINDS,
        "verbs": words.VERBS,
        "states": words.STATES,
        "names": words.FIELDS,
    }
    context |= {
        "value": lambda one: words.value(one, ask.say),
        "note": lambda one: words.note(one, ask.say),
        "shown": SHOWN,
    }
    return ask.page("city_one", filled, status, **context)


def _done(ask: Ask) -> str:
    said = ask.request.query_params.get("done", "")
    return said if whole(said) is not None else ""


def _groups(changes: list[Change]) -> list[Group]:
    ordered = sorted(changes, key=lambda one: KINDS.index(one.kind) if one.kind in KINDS else len(KINDS))
    made = []
    for kind, listed in groupby(ordered, key=lambda one: one.kind):
        rows = sorted(listed, key=lambda one: (list(words.VERBS).index(one.verb), one.code))
        counts = [(verb, count) for verb in words.VERBS if (count := sum(one.verb == verb for one in rows))]
        made.append(Group(kind, counts, rows[:SHOWN], max(0, len(rows) - SHOWN)))
    return made


def _sha(plan: Plan) -> str:
    said = json.dumps([plan.version, plan.as_json()["changes"]], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _apply(ask: Ask) -> Response:
    """Apply the plan that was shown: another one since then is refused, so that nobody confirms what they did not see."""
    code = _code(ask)
    folder = _shipped().get(code)
    back_to = _number(ask.values.get("back_to", ""))
    try:
        if folder is None:
            raise NotFound(f"the folder of {code} is not in this installation; use `dothi apply`")
        with db.writing() as session:
            number = _confirmed(ask, session, folder, back_to)
    except DothiError as error:
        return _sheet(ask, code, back_to, Filled.wrong(ask.values, error), error.status)
    return Response(status_code=303, headers={"location": f"{HERE}/{code}?done={number or 0}"})


def _confirmed(ask: Ask, session: Session, folder: Path, back_to: int | None) -> int | None:
    plan = service.plan(session, folder, back_to=back_to)
    if ask.values.get("sha") != _sha(plan):
        raise Conflict(ask.say("Kế hoạch đã khác với lúc xem. Hãy xem lại rồi xác nhận."))
    if ask.values.get("confirm") != "1":
        said = ask.say("Hãy đánh dấu xác nhận trước khi áp dụng.")
        raise BadInput(said, [Fault("confirm", said)])
    return service.apply(session, ask.caller, plan)


def _export(ask: Ask) -> Response:
    """The running city as a blueprint, zipped; no data of any person."""
    code = _code(ask)
    made = exporting.export(ask.session, code, _shipped().get(code))
    out = io.BytesIO()
    files = made.files | ({LEFT_OUT: "\n".join([*made.said, ""]).encode()} if made.said else {})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(f"{code}/{name}", (2026, 1, 1, 0, 0, 0)), content)
    headers = {"content-disposition": f'attachment; filename="{code}.zip"', "cache-control": "no-store"}
    return Response(out.getvalue(), 200, headers, "application/zip")


routes = [
    get(HERE, _cities, WHO),
    get(f"{HERE}/{{code}}", _one, WHO),
    get(f"{HERE}/{{code}}/export.zip", _export, WHO),
    post_reading(f"{HERE}/{{code}}/apply", _apply, WHO),
]
