"""Signing in and out."""

from starlette.responses import Response

from dothi.config import settings
from dothi.db import session as db
from dothi.identity import access, guard, service, store
from dothi.kit.errors import DothiError, NotFound
from dothi.screens.admin.desk import Ask, get, is_demo, post, post_reading
from dothi.screens.desk import ANYBODY, SIGNED_IN, back
from dothi.web import forms
from dothi.web.forms import Filled
from dothi.web.i18n import marked

WRONG = marked("Tên đăng nhập hoặc mật khẩu không đúng.")
TOO_OFTEN = marked("Sai quá nhiều lần. Chờ một lúc rồi thử lại.")
ROLE_NAMES = {
    "reporter": marked("Người phản ánh"),
    "officer": marked("Chuyên viên"),
    "field-worker": marked("Nhân viên hiện trường"),
    "dispatcher": marked("Điều phối viên"),
    "manager": marked("Quản lý đơn vị"),
    "duty-officer": marked("Trực ban"),
    "duty-chief": marked("Trưởng ca trực"),
    "leader": marked("Lãnh đạo"),
    "data-steward": marked("Quản trị dữ liệu"),
    "auditor": marked("Kiểm tra viên"),
    "administrator": marked("Quản trị hệ thống"),
}


def _asking(ask: Ask, filled: Filled | None = None, status: int = 200, message: str = "") -> Response:
    wanted = ask.values.get("next") or ask.request.query_params.get("next", "")
    return ask.page(
        "sign_in", filled, status, next=_safe(wanted), message=message,
        roles=_offered(ask) if is_demo() else [],
    )  # fmt: skip


def _offered(ask: Ask) -> list[tuple[str, str]]:
    """Whom one click signs in as: somebody of each role, by the name of who stands for it in the demo's city."""
    cast = dict(service.demo_people(ask.session))
    roles = [(role, cast.pop(role, ROLE_NAMES[role])) for role in guard.ROLES]
    return roles + list(cast.items())


def _sign_in(ask: Ask) -> Response:
    login, password = ask.values.get("login", ""), ask.values.get("password", "")
    try:
        found = access.by_password(login, password, access.address(ask.request))
    except DothiError as error:
        answer = _asking(ask, Filled({"login": login}), error.status, TOO_OFTEN)
        answer.headers["retry-after"] = str(getattr(error, "retry_after", 60))
        return answer
    if found is None or found.id is None:
        return _asking(ask, Filled({"login": login}), 401, WRONG)
    return _signed_in(ask, found.id)


def _sign_in_demo(ask: Ask) -> Response:
    if not is_demo():
        raise NotFound("this is not a demo")
    with db.writing() as session:
        person = service.demo_person(session, ask.values.get("role", "")).id
    return _signed_in(ask, person)


def _signed_in(ask: Ask, person_id: int) -> Response:
    with db.writing() as session:
        token = service.sign_in(session, person_id)
    answer = back(_safe(ask.values.get("next", "")))
    answer.set_cookie(
        access.COOKIE, token, max_age=settings().session_hours * 3600, httponly=True, samesite="lax",
        secure=forms.secure(ask.request), path="/",
    )  # fmt: skip
    return answer


def _sign_out(ask: Ask) -> Response:
    service.sign_out(ask.session, ask.caller, ask.request.cookies.get(access.COOKIE, ""))
    return _gone()


def _sign_out_everywhere(ask: Ask) -> Response:
    person = store.person(ask.session, ask.caller.id or 0)
    if person is None:
        raise NotFound("there is no such person")
    service.sign_out_everywhere(ask.session, ask.caller, person)
    return _gone()


def _gone() -> Response:
    answer = back("/admin/sign-in")
    answer.delete_cookie(access.COOKIE, path="/", httponly=True, samesite="lax")
    return answer


def _safe(path: str) -> str:
    """A path of this server to go on to; anything else is the overview."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if inside and not path.startswith("/admin/sign-") else "/admin"


routes = [
    get("/admin/sign-in", _asking, ANYBODY),
    post_reading("/admin/sign-in", _sign_in, ANYBODY),
    post_reading("/admin/sign-in/demo", _sign_in_demo, ANYBODY),
    post("/admin/sign-out", _sign_out, SIGNED_IN),
    post("/admin/sign-out-everywhere", _sign_out_everywhere, SIGNED_IN),
]
