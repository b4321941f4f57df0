"""What stewards' pages call things."""

from dothi.web.i18n import Say

DOORS = ("page", "download", "features", "tiles", "ckan", "dcat")


def load_state(state: str, say: Say) -> str:
    """A load's state."""
    match state:
        case "staging":
            return say("đang đọc tệp")
        case "staged":
            return say("chờ duyệt")
        case "applied":
            return say("đã nạp")
        case "undone":
            return say("đã hoàn tác")
        case "dropped":
            return say("đã bỏ")
        case "failed":
            return say("hỏng")
    return state


def mode(name: str, say: Say) -> str:
    """A way of loading."""
    match name:
        case "append":
            return say("chỉ thêm bản ghi mới")
        case "upsert":
            return say("thêm mới và sửa bản ghi cùng khóa")
        case "replace":
            return say("thay toàn bộ")
    return name


def decision(name: str | None, say: Say) -> str:
    """What was decided on a wish."""
    match name:
        case None:
            return say("đang chờ người thứ hai")
        case "approved":
            return say("đã đồng ý")
        case "refused":
            return say("đã từ chối")
        case "withdrawn":
            return say("đã rút lại")
    return name


def door(name: str, say: Say) -> str:
    """Where a dataset was asked for."""
    match name:
        case "page":
            return say("trang web")
        case "download":
            return say("tải về")
        case "features":
            return "OGC API"
        case "tiles":
            return say("bản đồ")
        case "ckan":
            return "CKAN"
        case "dcat":
            return "DCAT"
    return name


def finding(kind: str, say: Say) -> str:
    """What a field looks like to the search for personal data."""
    match kind:
        case "national-id":
            return say("số căn cước, chứng minh nhân dân")
        case "passport":
            return say("số hộ chiếu")
        case "phone":
            return say("số điện thoại")
        case "email":
            return say("thư điện tử")
        case "plate":
            return say("biển số xe")
        case "bank":
            return say("số tài khoản")
        case "tax-id":
            return say("mã số thuế")
        case "birth":
            return say("ngày sinh")
        case "insurance":
            return say("số bảo hiểm")
        case "name":
            return say("họ tên người")
        case "address":
            return say("địa chỉ nhà")
        case "health":
            return say("sức khỏe")
        case "gender":
            return say("giới tính")
    return kind
