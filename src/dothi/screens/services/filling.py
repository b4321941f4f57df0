"""Fill in a dossier: the form, the papers, a look over all of it, then it is filed. Each page keeps a draft."""

from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from dothi.cases import dossiers, forms, papers, throttling
from dothi.cases.declared import Paper, Procedure
from dothi.cases.tables import DossierDraft
from dothi.db import session as db
from dothi.identity import guard, secret
from dothi.identity.tables import Agency
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.services.desk import DOSSIER, DRAFT, HANDLES, Ask, prepared
from dothi.web.forms import Filled


@dataclass
class Form:
    """The context of `services/apply.html`. written: the fields' texts; chosen: of lists; link: to come back by."""

    service: Procedure
    sections: list[forms.Section]
    values: dict[str, Any]
    faults: dict[str, str]
    saved_at: int | None
    link: str | None
    saved: bool = False

    def text(self, name: str, language: str) -> str:
        """A field as it was written."""
        return forms.written(self.values.get(name), language)

    def chosen(self, name: str) -> list[str]:
        """What is chosen of a list."""
        value = self.values.get(name, [])
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]


@dataclass
class Papers:
    """The context of `services/papers.html`. uploads: by paper."""

    service: Procedure
    asked: list[Paper]
    uploads: dict[str, list[papers.Uploaded]]
    faults: dict[str, str] = field(default_factory=dict)


@dataclass
class Review:
    """The context of `services/review.html`."""

    service: Procedure
    sections: list[tuple[str, list[forms.Answer]]]
    uploads: list[tuple[str, papers.Uploaded]]
    faults: dict[str, str]
    missing: list[Paper]
    desks: list[Agency]
    expected: int
    at_desk: bool
    message: str = ""


def form(ask: Ask) -> Response:
    """`GET /services/{code}/apply`."""
    service = _service(ask)
    given = ask.request.query_params.get("d")
    if given:  # the link of a draft: from now on this browser has it
        if papers.draft(ask.session, given, service.code) is None:
            raise NotFound("this draft is not there any more; drafts are kept for 30 days")
        return ask.keep(back(_base(service)), DRAFT, given, _base(service))
    token = _token(ask)
    draft = papers.draft(ask.session, token, service.code)
    saved = "saved" in ask.request.query_params
    return _form(ask, service, draft, draft.values if draft else {}, {}, token, saved=saved)


def _form(
    ask: Ask, service: Procedure, draft: DossierDraft | None, values: dict[str, Any], faults: dict[str, str],
    token: str | None, *, saved: bool = False,
) -> Response:  # fmt: skip
    link = f"{ask.base}{_base(service)}?d={token}" if draft else None
    page = Form(
        service, forms.sections(service.form, ask.language), values, faults, draft.at if draft else None, link, saved
    )
    return ask.page("apply", page, status=422 if faults else 200)


def save(ask: Ask) -> Response:
    """`POST /services/{code}/apply`: keep what is written; go on where it is right."""
    service = _service(ask)
    values = _read(ask, service)
    token = _kept(ask, service, values)
    if ask.values.get("do") == "save":
        return _with(ask, back(f"{_base(service)}?saved"), service, token)
    faults = dossiers.faults(service, values, ask.language)
    if faults:
        draft = papers.draft(ask.session, token, service.code)
        return _with(ask, _form(ask, service, draft, values, faults, token), service, token)
    return _with(ask, back(f"{_base(service)}/papers"), service, token)


def autosave(ask: Ask) -> Response:
    """`POST /services/{code}/apply/autosave`: by the page's script, while somebody writes."""
    service = _service(ask)
    token = _kept(ask, service, _read(ask, service))
    return _with(ask, Response(status_code=204), service, token)


def paper_list(ask: Ask) -> Response:
    """`GET /services/{code}/apply/papers`."""
    service = _service(ask)
    draft = papers.draft(ask.session, _token(ask), service.code)
    return back(_base(service)) if draft is None else _papers(ask, service, draft, {})


def _papers(ask: Ask, service: Procedure, draft: DossierDraft, faults: dict[str, str]) -> Response:
    uploads: dict[str, list[papers.Uploaded]] = {}
    for one in papers.uploads(draft):
        uploads.setdefault(one.paper, []).append(one)
    return ask.page("papers", Papers(service, service.papers, uploads, faults), status=422 if faults else 200)


def upload(ask: Ask) -> Response:
    """`POST /services/{code}/apply/papers`: files come, one goes, or on to the next page."""
    service, token = _service(ask), _token(ask) or ""
    if papers.draft(ask.session, token, service.code) is None:
        return back(_base(service))
    faults: dict[str, str] = {}
    for code, one in ask.uploads("paper-"):
        try:
            papers.take(service, code, ask.address)
            ready = prepared(one)
            with db.writing() as session:
                papers.add(session, token, service, code, ready)
        except throttling.TooOften:
            raise
        except DothiError as error:
            faults[code] = _said(ask, error)
    if (gone := whole(ask.values.get("remove"))) is not None:
        with db.writing() as session:
            papers.remove(session, token, service.code, gone)
        return back(f"{_base(service)}/papers")
    with db.reading() as session:
        draft = papers.draft(session, token, service.code)
        if draft is None:
            return back(_base(service))
        if ask.values.get("do") == "next" and not faults:
            faults = _missing(ask, service, {one.paper for one in papers.uploads(draft)})
        if faults:
            return _papers(ask, service, draft, faults)
    return back(f"{_base(service)}/{'review' if ask.values.get('do') == 'next' else 'papers'}")


def review(ask: Ask) -> Response:
    """`GET /services/{code}/apply/review`."""
    service = _service(ask)
    draft = papers.draft(ask.session, _token(ask), service.code)
    return back(_base(service)) if draft is None else _review(ask, service, draft)


def _review(ask: Ask, service: Procedure, draft: DossierDraft, message: str = "") -> Response:
    sections: dict[str, list[forms.Answer]] = {}
    for one in forms.answers(service.form, draft.values, ask.language):
        sections.setdefault(one.section, []).append(one)
    titles = {one.code: one.title.of(ask.language) for one in service.papers}
    uploads = [(titles.get(one.paper, one.paper), one) for one in papers.uploads(draft)]
    desks = dossiers.desks(ask.session, service)
    page = Review(
        service, list(sections.items()), uploads, dossiers.faults(service, draft.values, ask.language),
        papers.missing(service, {one.paper for one in papers.uploads(draft)}), desks,
        dossiers.expected(ask.session, service, ask.now),
        any(guard.may(ask.caller, HANDLES, one.id) for one in desks), message,
    )  # fmt: skip
    return ask.page("review", page, Filled(ask.values), status=422 if message else 200)


def file_(ask: Ask) -> Response:
    """`POST /services/{code}/apply/review`: the dossier is filed."""
    service, token = _service(ask), _token(ask) or ""
    hashed = secret.digest(token)
    draft = papers.draft(ask.session, token, service.code)
    if draft is None:  # a second click: the first has filed it
        filed = dossiers.already(ask.session, hashed) if token else None
        return back(_base(service)) if filed is None else _filed(ask, service, filed.case.number, filed.token)
    try:
        attached = papers.ready(draft)
        throttling.report(ask.session, ask.address, None)
        with db.writing() as session:
            filed = dossiers.file_(
                session, ask.caller, service, draft.values, attached, office=_office(ask), draft=hashed,
                language=ask.language, at_desk=ask.values.get("at_desk") == "1",
            )  # fmt: skip
            papers.drop(session, token)
            number, link = filed.case.number, filed.token
    except BadInput as error:
        return _review(ask, service, draft, _said(ask, error))
    return _filed(ask, service, number, link)


def _filed(ask: Ask, service: Procedure, number: str, link: str) -> Response:
    path = f"/services/dossiers/{number}"
    answer = ask.keep(back(f"{path}?filed"), DOSSIER, link, path)
    answer.delete_cookie(DRAFT, path=_base(service))
    return answer


def _office(ask: Ask) -> int | None:
    return whole(ask.values.get("office"))


def _service(ask: Ask) -> Procedure:
    service = dossiers.procedure(ask.request.path_params["code"])
    if service.grade == "information":
        raise NotFound("this service is only described here; it is not filed online")
    return service


def _base(service: Procedure) -> str:
    return f"/services/{service.code}/apply"


def _token(ask: Ask) -> str | None:
    return ask.request.cookies.get(DRAFT)


def _read(ask: Ask, service: Procedure) -> dict[str, Any]:
    return forms.read(service.form, ask.form.multi_items() if ask.form is not None else (), ask.language)


def _kept(ask: Ask, service: Procedure, values: dict[str, Any]) -> str:
    """Keep a draft; the token of the one there was, or of a new one."""
    token = _token(ask)
    if token and papers.draft(ask.session, token, service.code) is not None:
        papers.save(ask.session, token, service.code, values)
        return token
    return papers.begin(ask.session, ask.caller, service, values, ask.address)


def _with(ask: Ask, answer: Response, service: Procedure, token: str) -> Response:
    return ask.keep(answer, DRAFT, token, _base(service))


def _missing(ask: Ask, service: Procedure, has: set[str]) -> dict[str, str]:
    return {one.code: ask.say("Giấy tờ này bắt buộc, cần chọn một tệp.") for one in papers.missing(service, has)}


def _said(ask: Ask, error: DothiError) -> str:
    """An error in the page's language: the ones a citizen can do something about."""
    place = error.faults[0] if error.faults else Fault("", error.message)
    if error.status == 413:
        return ask.say("Tệp quá lớn. Chụp lại ở cỡ nhỏ hơn hoặc nén tệp PDF.")
    if place.place == "file" and "infected" in place.message:
        return ask.say("Tệp có mã độc nên không được nhận.")
    if place.place == "file":
        return ask.say("Chỉ nhận ảnh JPEG, PNG, WebP hoặc tệp PDF.")
    if place.place.startswith("paper-") and "more than" in place.message:
        return ask.say("Hồ sơ đã đủ số tệp được nhận; gộp các trang vào một tệp PDF.")
    if place.place == "office":
        return ask.say("Chọn nơi nộp hồ sơ.")
    return ask.say("Hồ sơ còn chỗ chưa đúng; xem lại các mục có dấu.")
