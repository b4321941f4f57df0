"""`/reports/{number}`: how a report stands, who has it and until when, why then; and what its reporter says of it."""

from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import select
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from dothi.cases import files, files_store, flow, privacy, reading, service, sight, store, throttling, timers
from dothi.cases.files import Prepared
from dothi.cases.flow import LONGEST
from dothi.cases.tables import Case, CaseFile, CaseFollower
from dothi.cases.types import types
from dothi.db import session as db
from dothi.identity import called
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound
from dothi.kit.text import whole
from dothi.screens import questions, words
from dothi.screens.desk import ANYBODY, back
from dothi.screens.reports import choices, receipt, saying
from dothi.screens.reports.asking import (
    MODERATES,
    PHOTOS,
    Ask,
    Seen,
    get,
    keep_browser,
    keep_token,
    post,
    post_reading,
    seen,
    unknown,
)  # fmt: skip
from dothi.screens.reports.saying import Line, Step
from dothi.screens.wards import wards
from dothi.web.forms import Filled
from dothi.web.i18n import marked

TAKES = 60  # followings and joinings an hour from one address
_takes = throttling.Window()
RATINGS = (
    (1, marked("Rất không hài lòng")), (2, marked("Không hài lòng")), (3, marked("Tạm được")), (4, marked("Hài lòng")),
    (5, marked("Rất hài lòng")),
)  # fmt: skip
SAID = {
    "joined": marked("Anh chị đã theo dõi chung phản ánh này. Xem lại trang này bất cứ lúc nào."),
    "followed": marked("Đã theo dõi. Trình duyệt này giữ phản ánh trong danh sách của anh chị."),
    "unfollowed": marked("Đã bỏ theo dõi."),
    "fixed": marked("Cảm ơn anh chị đã xác nhận."),
    "reopened": marked("Đã mở lại, cơ quan xử lý tiếp."),
    "rated": marked("Cảm ơn anh chị đã đánh giá."),
    "answered": marked("Đã gửi thông tin bổ sung cho cơ quan."),
    "told": marked("Đã gửi cho cơ quan. Chỉ cơ quan và anh chị đọc được."),
    "erased": marked("Đã xóa thông tin của anh chị. Phản ánh và số liệu thống kê còn lại."),
    "hidden": marked("Đã ẩn khỏi trang công khai."),
    "shown": marked("Đã hiện lại trên trang công khai."),
    "reworded": marked("Đã sửa chữ hiển thị."),
    "blurred": marked("Đã cập nhật ảnh."),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo of a report. label: its name to those who cannot see it."""

    id: int
    src: str
    thumb: str
    width: int
    height: int
    label: str
    at: str
    public: bool
    blurred: bool


@dataclass
class One:
    """The context of `reports/one.html`."""

    number: str
    title: str
    text: str
    category: str
    icon: str
    place: str
    ward: str
    state: str
    steps: list[Step]
    timeline: list[Line]
    before: list[Picture]
    after: list[Picture]
    answers: list[tuple[str, str]]
    tone: str
    due_tone: str
    due_word: str
    due: str
    why: timers.Why | None
    office: str
    helpers: list[str]
    followers: int
    follows: bool
    mine: bool
    open: bool
    private: bool
    hidden: str
    merged: str
    lon: float | None
    lat: float | None
    ask: str
    asks: bool
    rates: bool
    rated: int | None
    satisfied: bool | None
    accept_by: str
    can_reopen: bool
    moderates: bool
    link: str
    rating_words: tuple[tuple[int, str], ...]
    said: str
    version: int


def one(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /reports/{number}`; with ?t= of the reporter's own link the token goes into a cookie first."""
    given = ask.request.query_params.get("t")
    if given is not None:
        return _with_token(ask, given)
    found = seen(ask)
    case, public = found.case, found.public
    inside = found.mine or found.moderates
    told = reading.entries(ask.session, public, inside=False, reporter=found.mine, language=ask.language)
    named = dict(wards(ask.session, ask.language, ask.now))
    pictures = [
        one
        for id_ in reading.gathered(ask.session, case.id)
        for one in files_store.files(ask.session, id_)
        if one.shown and (one.public or inside)
    ]
    about = types().named(case.category)
    type_ = types().type(case.type)
    asks = found.mine and case.phase == "waiting"
    question = next((one.text for one in reversed(told) if one.step == "ask"), "") if asks else ""
    reopen = next((step for step in type_.transitions if step.code == "reopen" and case.state in step.since), None)
    done_at = case.resolved_at if case.resolved_at is not None else case.closed_at
    can_reopen = bool(reopen and flow.in_time(reopen, flow.Facts(ask.now, done_at, case.pending_id is not None)))
    due_tone, due_word = saying.due_word(public, ask.now, ask.say)
    window = (reopen.within_days if reopen else None) or 7
    page = One(
        case.number, case.title, case.text, saying.category(ask, case.category),
        choices.icons().get(case.category or "", choices.PLAIN_ICON), saying.place(ask, public, named),
        saying.ward_of(ask, case.unit, named), saying.state(ask, public), saying.steps(ask, public, told),
        saying.timeline(ask, public, told), _pictures(ask, case.number, pictures, "before", case.title),
        _pictures(ask, case.number, pictures, "after", case.title),
        questions.told(about, case.fields, ask.language) if about else [], saying.tone(public, ask.now), due_tone, due_word,
        saying.moment(case.due_at, ask.language) if case.due_at else "", timers.why(ask.session, case, ask.language),
        called.agency(ask.session, public.office, ask.language),
        [called.agency(ask.session, office.name, ask.language) for held, office in store.offices(ask.session, case.id) if held.done_at is None],
        case.followers, _follows(ask, case.id), found.mine, found.open, not case.public, case.hidden or "",
        public.merged_number or "", case.lon, case.lat, question, asks,
        found.mine and case.phase in ("done", "closed") and case.resolved_at is not None and case.merged_into is None,
        case.rating, case.satisfied,
        saying.moment(case.resolved_at + window * clock.DAY, ask.language) if case.resolved_at else "", can_reopen,
        found.moderates, f"{ask.base}/reports/{case.number}", RATINGS,
        SAID.get(ask.request.query_params.get("said", ""), ""), case.version,
    )  # fmt: skip
    answer = ask.page("one", page, filled, status, simulated=case.simulated)
    if found.mine:
        answer.headers["referrer-policy"] = "no-referrer"
    return answer


def _with_token(ask: Ask, given: str) -> Response:
    number = ask.number
    found = store.case(ask.session, number, Case.id > 0)
    answer = RedirectResponse(f"/reports/{number}", 303)
    answer.headers["referrer-policy"] = "no-referrer"
    answer.headers["cache-control"] = "no-store"
    if found is not None and sight.is_reporter(ANONYMOUS, found, given[:200]):
        keep_token(ask.request, answer, number, given)
    return answer


def _pictures(ask: Ask, number: str, found: list[CaseFile], kind: str, title: str) -> list[Picture]:
    word = {"before": ask.say("Trước"), "after": ask.say("Sau")}[kind]
    mine = [one for one in found if one.kind == kind]
    return [
        Picture(
            one.id, f"/cases/{number}/files/{one.id}/public", f"/cases/{number}/files/{one.id}/thumb", one.width or 4,
            one.height or 3, ask.say("{word}, ảnh {n}: {title}", word=word, n=n, title=title),
            words.short(one.at, ask.now), one.public, bool(one.blurred),
        )
        for n, one in enumerate(mine, start=1)
    ]  # fmt: skip


def _follows(ask: Ask, case_id: int) -> bool:
    who = ask.follows
    if who is None:
        return False
    query = select(CaseFollower.id).where(CaseFollower.case_id == case_id, CaseFollower.who == who)
    return ask.session.scalar(query) is not None


def _counted(ask: Ask) -> None:
    if ask.address:
        _takes.take(throttling.network(ask.address), TAKES)


def follow(ask: Ask) -> Response:
    """`POST /reports/{number}/follow`; off=1: no longer."""
    _counted(ask)
    number = ask.number
    off = ask.values.get("off") == "1"
    (service.unfollow if off else service.follow)(ask.session, ask.caller, number, ask.who, token=ask.token(number))
    answer = back(f"/reports/{number}?said={'unfollowed' if off else 'followed'}")
    keep_browser(ask.request, answer)
    return answer


def join(ask: Ask) -> Response:
    """`POST /reports/{number}/join`: "I met it too", instead of another report of the same."""
    _counted(ask)
    service.join(ask.session, ask.caller, ask.number, ask.who)
    answer = back(f"/reports/{ask.number}?said=joined")
    keep_browser(ask.request, answer)
    return answer


def rate(ask: Ask) -> Response:
    """`POST /reports/{number}/rate`: done or not done, and how well; by who reported."""
    said = ask.values
    fixed = {"yes": True, "no": False}.get(said.get("fixed", ""))
    rating = int(said["rating"]) if said.get("rating", "") in ("1", "2", "3", "4", "5") else None
    text = said.get("text", "")
    if fixed is False and not text:
        return _again(ask, "text", ask.say("Viết giúp điều chưa xong."))
    if fixed is None and rating is None:
        return _again(ask, "rating", ask.say("Chọn một mức."))
    try:
        with ask.session.begin_nested():
            made = service.rate(
                ask.session, ask.caller, ask.number, fixed=fixed, rating=rating, text=text, token=ask.token(ask.number)
            )
    except (BadInput, Conflict) as error:
        return _again(ask, "text", _told(ask, error))
    except NotAllowed:
        raise unknown() from None
    word = "rated" if fixed is None else "fixed" if fixed else "reopened" if made.phase == "open" else "told"
    return back(f"/reports/{ask.number}?said={word}#mine")


def say_more(ask: Ask) -> Response:
    """`POST /reports/{number}/more`: the reporter answers what the office asked, or adds something; photos too."""
    number = ask.number
    token = ask.token(number)
    text = ask.values.get("text", "")
    ready, wrong = _photos(ask)
    if not text:
        wrong = wrong or ask.say("Viết vài chữ giúp cơ quan.")
    if wrong or len(text) > LONGEST:
        return _again(ask, "more", wrong or ask.say("Dài quá: tối đa {n} ký tự.", n=LONGEST))
    try:
        with db.writing() as session:
            case = reading.reporter_case(session, ask.caller, number, token)
            answers = case.phase == "waiting"
            if answers:
                service.step(session, ask.caller, number, "answer", text=text, token=token)
            else:
                service.comment(session, ask.caller, number, text, token=token)
            for photo in ready:
                files.keep(session, ask.caller, case, "before", photo.name, photo, public=False)
    except (BadInput, Conflict) as error:
        return _again(ask, "more", _told(ask, error))
    return back(f"/reports/{number}?said={'answered' if answers else 'told'}#mine")


def _photos(ask: Ask) -> tuple[list[Prepared], str]:
    given = [
        one for one in (ask.form.getlist("photo") if ask.form else []) if isinstance(one, UploadFile) and one.filename
    ]
    if given:
        reading.reporter_case(ask.session, ask.caller, ask.number, ask.token(ask.number))  # only theirs are painted
    try:
        return [files.prepare(one.filename or "", one.file) for one in given[:PHOTOS]], ""
    except (BadInput, Conflict):
        return [], ask.say("Có ảnh không nhận được. Dùng ảnh JPEG, PNG hoặc WebP.")


def erase(ask: Ask) -> Response:
    """`POST /reports/{number}/erase`: the reporter has what names them deleted; the report and what is counted stay."""
    number = ask.number
    token = ask.token(number)
    if ask.values.get("sure") != "1":
        return _again(ask, "sure", ask.say("Đánh dấu vào ô để xác nhận."))
    case = reading.reporter_case(ask.session, ask.caller, number, token)
    open_ = seen(ask).open
    privacy.erase(ask.session, ask.caller, case, token=token, own_files=ask.values.get("photos") == "1")
    answer = back(f"/reports/{number}?said=erased" if open_ else "/reports?said=erased")
    keep_token(ask.request, answer, number, None)
    return answer


def _again(ask: Ask, place: str, text: str) -> Response:
    """The page again with what is wrong under its field; whoever may not see it is told nothing."""
    found = seen(ask)
    if not found.mine:
        raise unknown()
    return one(ask, Filled(ask.values, {place: [Fault(place, text)]}), 400)


def _told(ask: Ask, error: BadInput | Conflict) -> str:
    if isinstance(error, Conflict):
        return ask.say("Phản ánh đã thay đổi, việc này không còn làm được. Xem lại trang.")
    return ask.say("Chưa gửi được: chữ dài quá hoặc chưa đúng.")


# by who moderates


def moderate(ask: Ask) -> Response:
    """`POST /reports/{number}/moderate`: hide, show, change the words that are shown, blur or hide a photo."""
    number, said = ask.number, ask.values
    found: Seen = seen(ask)
    if not found.moderates:
        raise NotAllowed(f"{ask.caller.name} does not hold {MODERATES} here")
    match said.get("do", ""):
        case "hide":
            if not said.get("reason"):
                return one(ask, Filled(said, {"reason": [Fault("reason", ask.say("Ghi lý do ẩn."))]}), 400)
            service.hide(ask.session, ask.caller, number, said["reason"][:300])
            word = "hidden"
        case "show":
            service.show(ask.session, ask.caller, number)
            word = "shown"
        case "reword":
            service.reword(ask.session, ask.caller, number, title=said.get("title"), text=said.get("text"))
            word = "reworded"
        case "photo-hide" | "photo-show":
            files.publish(ask.session, ask.caller, _file(ask, found), said["do"] == "photo-show")
            word = "blurred"
        case "blur":
            files.blur(ask.session, ask.caller, _file(ask, found), _boxes(said.get("boxes", "")))
            word = "blurred"
        case _:
            raise BadInput(
                "do is not understood", [Fault("do", f"{said.get('do', '')[:40]!r}", "hide, show, reword, blur")]
            )
    return back(f"/reports/{number}?said={word}")


def _file(ask: Ask, found: Seen) -> int:
    id_ = whole(ask.values.get("file"), 9)
    known = {
        one.id
        for case_id in reading.gathered(ask.session, found.case.id)
        for one in files_store.files(ask.session, case_id)
    }
    if id_ is None or id_ not in known:
        raise NotFound("there is no such file")
    return id_


def _boxes(text: str) -> list[list[float]]:
    """`x,y,width,height;…` as shares of the picture's sides."""
    try:
        return [[float(part) for part in one.split(",")] for one in text.split(";") if one.strip()]
    except ValueError:
        raise BadInput("the boxes cannot be read", [Fault("boxes", f"{text[:60]!r}", "x,y,width,height;…")]) from None


def case_page(ask: Ask) -> Response:
    """`GET /cases/{number}`, the address the journal says: to the page of its kind."""
    number = str(ask.request.path_params["number"])[:60]
    if ask.may("cases:handle") or ask.may("cases:assign"):
        return RedirectResponse(f"/desk/cases/{quote(number, safe='')}", 303)
    return RedirectResponse(f"/reports/{quote(number, safe='')}", 303)


def forget() -> None:
    """Forget what this process counted."""
    _takes.forget()


routes = [
    *receipt.routes,
    post("/reports/{number}/follow", follow, ANYBODY),
    post("/reports/{number}/join", join, ANYBODY),
    post("/reports/{number}/rate", rate, ANYBODY),
    post_reading("/reports/{number}/more", say_more, ANYBODY, files=PHOTOS),
    post("/reports/{number}/erase", erase, ANYBODY),
    post("/reports/{number}/moderate", moderate, MODERATES),
    get("/cases/{number}", case_page, ANYBODY),
    get("/reports/{number}", one, ANYBODY),
]
