"""How an administration page is asked for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.config import settings
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.screens import desk, words
from dothi.screens.desk import SIGNED_IN, allowed, people
from dothi.web.forms import Filled
from dothi.web.i18n import marked

# address, label, permission
PAGES = (
    ("/admin", marked("Tổng quan"), SIGNED_IN),
    ("/field", marked("Việc hôm nay của đội"), "cases:work"),
    ("/desk", marked("Bàn làm việc"), "cases:read"),
    ("/desk/board", marked("Điều phối đội"), "cases:assign"),
    ("/operations", marked("Trung tâm điều hành"), "alarms:read"),
    ("/steward", marked("Quản lý dữ liệu"), "data:write"),
    ("/admin/people", marked("Người dùng"), "identity:read"),
    ("/admin/agencies", marked("Cơ quan"), "identity:read"),
    ("/admin/keys", marked("Khóa"), "identity:read"),
    ("/admin/city", marked("Đô thị"), "city:apply"),
    ("/admin/journal", marked("Sổ nhật ký"), "journal:read"),
    ("/admin/letters", marked("Tin bị từ chối"), "admin"),
    ("/admin/system", marked("Hệ thống"), "admin"),
    ("/me/notifications", marked("Nhận tin của tôi"), SIGNED_IN),
)


@dataclass
class Ask(desk.Ask):
    """One question to an administration page."""

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page of the administration."""
        seen = [(href, label) for href, label, who in PAGES if allowed(self.caller, who)]
        frame = {
            "pages": seen, "form": filled or Filled(), "entries": [], "when": words.moment, "offices_of": offices_of,
            "roles_of": roles_of,
        }  # fmt: skip
        return self.shown(f"admin/{template}.html", frame | context, status)


_DESK = desk.Desk(Ask, people, "admin", "admin", fields=100, query=False)
get, post, post_reading, ROUTES = _DESK.get, _DESK.post, _DESK.post_reading, _DESK.routes


def offices_of(agencies: Iterable[Agency]) -> list[tuple[str, str]]:
    """Agencies as the choices of a list."""
    return [(one.code, one.name) for one in agencies]


def roles_of(say: Callable[[str], str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Roles as the choices of a list, in the reader's language."""
    return [(role, say(name)) for role, name in names.items()]


def agencies_of(caller: Caller, permission: str) -> set[int] | None:
    """The agencies a caller holds a permission in; None: everywhere."""
    if permission in caller.everywhere:
        return None
    return {agency for held, agency in caller.within if held == permission}


def is_demo() -> bool:
    """Whether one click signs in as any role."""
    return settings().demo
