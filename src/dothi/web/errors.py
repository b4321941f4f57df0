"""Every error leaves as problem+json (RFC 9457) for programs or as a readable page for browsers; never a stack trace."""

import json
import logging
import secrets
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dothi.kit.errors import DothiError, Fault
from dothi.web import i18n, shell
from dothi.web.i18n import marked

log = logging.getLogger(__name__)
SORRY = marked("Máy chủ gặp lỗi khi làm việc này. Lỗi đã được ghi lại.")
# what a person reads above the details
TITLES = {
    400: marked("Yêu cầu chưa đúng"),
    401: marked("Cần đăng nhập"),
    403: marked("Không có quyền"),
    404: marked("Không tìm thấy trang này"),
    405: marked("Không làm được như vậy ở đây"),
    408: marked("Gửi quá chậm"),
    409: marked("Vướng một thay đổi khác"),
    413: marked("Gửi quá lớn"),
    422: marked("Yêu cầu chưa đúng"),
    429: marked("Quá nhiều yêu cầu"),
    500: marked("Máy chủ gặp lỗi"),
    503: marked("Máy chủ đang bận"),
}
# what the code says to programs, as a page says it to a person; the rest reads alike to both
PLAIN = {
    "these figures cannot be asked for so": marked("Địa chỉ này hỏi số liệu chưa đúng cách."),
    "this link was used or ran out": marked("Liên kết này đã dùng rồi hoặc đã hết hạn."),
    "this link is none of ours, or the subscription has ended": marked(
        "Liên kết này không đúng, hoặc đăng ký đã ngừng."
    ),
    "the request does not say what it must": marked("Yêu cầu còn thiếu hoặc sai một số mục."),
    "Not Found": marked("Địa chỉ này không có trên hệ thống."),
    "Method Not Allowed": marked("Trang này không nhận cách gửi đó."),
}


def install(app: FastAPI) -> None:
    """Have the application answer every error here."""
    app.add_exception_handler(DothiError, _said)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(Exception, _unforeseen)


def answer(
    request: Request,
    status: int,
    message: str,
    faults: list[Fault] | None = None,
    headers: dict[str, str] | None = None,
    reference: str | None = None,
) -> Response:
    """One error, in the form its caller reads."""
    if for_browser(request):
        context = {
            "status": status, "title": TITLES.get(status, marked("Không được")),
            "message": _plain(request, status, message),
            "faults": faults or [], "reference": reference, "entries": [],
        }  # fmt: skip
        page = shell.page(request, "error.html", context, status)
        page.headers.update(headers or {})
        return page
    return problem(status, message, faults, headers, reference)


def _plain(request: Request, status: int, message: str) -> str:
    """What a page says of an error: never what was meant for programs, in English, where something is not found."""
    if status == HTTPStatus.NOT_FOUND and message.isascii() and i18n.language_of(request) == "vi":
        return PLAIN["Not Found"]
    return PLAIN.get(message, message)


def problem(
    status: int,
    message: str,
    faults: list[Fault] | None = None,
    headers: dict[str, str] | None = None,
    reference: str | None = None,
) -> Response:
    """An error as RFC 9457 problem details, every fault in `faults`; `code` as OGC 17-069r5 asks of an exception."""
    phrase = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": "about:blank", "title": phrase, "status": status, "code": phrase.replace(" ", ""), "detail": message,
    }  # fmt: skip
    if faults:
        body["faults"] = [{"place": f.place, "message": f.message, "allowed": f.allowed} for f in faults]
    if reference:
        body["reference"] = reference
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, headers=headers, media_type="application/problem+json")


def for_browser(request: Request) -> bool:
    """Whether a person's browser asks for a page, rather than a program for data."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "json" not in accept.partition("text/html")[0]


def headers_of(error: DothiError) -> dict[str, str]:
    """The headers an error's status asks for."""
    if error.status == 401:
        return {"www-authenticate": 'Bearer realm="dothi"'}
    if error.status in (429, 503):
        return {"retry-after": str(getattr(error, "retry_after", 1))}
    return {}


def said(request: Request, error: DothiError) -> Response:
    """An error of ours as its caller reads it."""
    return answer(request, error.status, error.message, error.faults, headers_of(error))


async def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, DothiError)  # noqa: S101 - registered for it
    return said(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    return answer(request, error.status_code, str(error.detail), headers=dict(error.headers or {}))


async def _unfit(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    faults = [Fault(".".join(str(part) for part in one["loc"]), one["msg"]) for one in error.errors()]
    return answer(request, 422, "the request does not say what it must", faults)


async def _unforeseen(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("reference %s: %s %s", reference, request.method, request.url.path, exc_info=error)
    try:
        return answer(request, 500, SORRY, reference=reference)
    except Exception:
        log.exception("reference %s: the page of this error failed too", reference)
        return problem(500, SORRY, reference=reference)
