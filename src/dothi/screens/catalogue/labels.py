"""What the catalogue calls things: sharing levels, themes, licences, formats, ages, kinds of fields."""

from collections.abc import Callable

from dothi.datasets import vocabulary
from dothi.web.i18n import Say

SHARING_STATE = {"open": "normal", "shared": "info", "restricted": "minor"}
_LICENCES = {
    "cc-by-4.0": "CC BY 4.0", "cc-zero": "CC0 1.0", "cc-by-sa-4.0": "CC BY-SA 4.0", "odc-odbl": "ODbL 1.0",
    "odc-by": "ODC-BY 1.0", "odc-pddl": "PDDL 1.0", "cc-by-nc-4.0": "CC BY-NC 4.0",
}  # fmt: skip


def theme(code: str, language: str) -> str:
    """An EU data theme in words; an unknown code as it is."""
    found = vocabulary.theme(code)
    return found.named(language) if found else code


def frequency(code: str | None, language: str) -> str:
    """An EU frequency in words; an unknown code as it is."""
    found = vocabulary.frequency(code)
    return found.named(language) if found else (code or "")


def format_(code: str, language: str) -> str:
    """A format's name."""
    found = vocabulary.FORMAT.get(code)
    return found.named(language) if found else code.upper()


def licence(uri: str | None) -> str:
    """A licence's short name: CC BY 4.0, ODbL 1.0; of an unknown one the end of its address."""
    if not uri:
        return ""
    known = vocabulary.licence(uri)
    return _LICENCES.get(known.code, known.title) if known else (uri.rstrip("/").rsplit("/", 1)[-1] or uri)


def sharing(level: str, say: Say) -> str:
    """A sharing level in words."""
    match level:
        case "open":
            return say("Mở")
        case "shared":
            return say("Chia sẻ nội bộ")
        case "restricted":
            return say("Hạn chế")
    return level


def status(code: str, say: Say) -> str:
    """A dataset's status in words."""
    match code:
        case "draft":
            return say("Bản nháp")
        case "published":
            return say("Đã công bố")
        case "retired":
            return say("Ngừng cung cấp")
    return code


def fresh(value: str, say: Say) -> str:
    """A choice of freshness in words."""
    match value:
        case "day":
            return say("Trong 24 giờ")
        case "week":
            return say("Trong 7 ngày")
        case "month":
            return say("Trong 31 ngày")
        case "year":
            return say("Trong một năm")
        case "never":
            return say("Chưa rõ hoặc chưa có dữ liệu")
    return say("Cũ hơn một năm")


def kind(name: str, say: Say) -> str:
    """A field's kind in words."""
    match name:
        case "string":
            return say("chữ")
        case "number":
            return say("số")
        case "integer":
            return say("số nguyên")
        case "boolean":
            return say("đúng/sai")
        case "date":
            return say("ngày")
        case "date-time":
            return say("thời điểm")
        case "array":
            return say("danh sách")
        case "object":
            return say("nhóm")
    return name


def shape(geometry_type: str | None, say: Say) -> str:
    """What a geometry type is, in words."""
    match geometry_type:
        case None:
            return say("Bảng, không có vị trí")
        case "Point" | "MultiPoint":
            return say("Điểm")
        case "LineString" | "MultiLineString":
            return say("Đường")
        case "Polygon" | "MultiPolygon":
            return say("Vùng")
    return say("Nhiều loại hình")


def labeller(
    say: Say, language: str, agencies: dict[str, str], places: Callable[[str], str]
) -> Callable[[str, str], str]:
    """(facet, value) to its word."""

    def label(facet: str, value: str) -> str:
        match facet:
            case "theme":
                return theme(value, language)
            case "agency":
                return agencies.get(value, value)
            case "place":
                return places(value)
            case "format":
                return format_(value, language)
            case "fresh":
                return fresh(value, say)
            case "licence":
                return licence(value)
            case "sharing":
                return sharing(value, say)
            case "portal":
                return say("Cổng này") if value == "here" else value
        return value

    return label
