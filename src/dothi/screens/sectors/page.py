"""A sector's page: its questions with their answers; a single question; both for programs."""

from dataclasses import dataclass
from time import monotonic
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from dothi.answers import model, shown
from dothi.answers import service as answers
from dothi.answers.asking import Asking
from dothi.kit.errors import NotFound
from dothi.screens import words
from dothi.screens.asking import state_words
from dothi.screens.sectors import draw
from dothi.screens.sectors.asking import Ask, Wanted, wanted
from dothi.screens.sectors.writing import written

PATIENCE = 1.5  # seconds after which the remaining questions are answered each by itself


@dataclass
class Told:
    """A question on the page. answer: None where it is answered by itself, at `href`."""

    code: str
    ask: str
    officials: bool
    href: str
    answer: shown.Answer | None


@dataclass
class Page:
    """The context of `sectors/sector.html` and `sectors/question.html`."""

    code: str
    title: str
    summary: str
    icon: str
    told: list[Told]
    wards: list[tuple[str, str]]
    place: str | None
    place_name: str
    at: int | None
    at_field: str
    json: str
    here: str
    live: str
    states: dict[str, str]
    given: dict[str, str]
    languages: str = "vi"

    def chart(self, one: Any) -> Markup:
        """The drawing of a series or of amounts in time."""
        return draw.lines(one, self.languages) if isinstance(one, shown.Series) else draw.columns(one, self.languages)


def _asked(ask: Ask) -> tuple[str, Wanted, Asking]:
    code = ask.request.path_params["code"]
    answers.sector(code, ask.on)
    asked = wanted(ask)
    return code, asked, asked.asking(ask, code)


def _page(ask: Ask, code: str, asked: Wanted, told: list[Told]) -> Page:
    sector = answers.sector(code, ask.on)
    title, summary = answers.called(sector)
    return Page(
        code, title.of(ask.language), summary.of(ask.language), sector.icon, told, list(ask.wards.items()), asked.place,
        ask.wards.get(asked.place or "", ""), asked.at, words.field_of(asked.at) if asked.at is not None else "",
        asked.address(f"/sectors/{code}.json"), f"/sectors/{code}", asked.address(f"/sectors/{code}", at=""),
        state_words(ask.say), asked.given, ask.language,
    )  # fmt: skip


def _questions(asking: Asking) -> list[model.Question]:
    return sorted(answers.questions(asking), key=lambda one: one.audience == "officials")


@Ask.asked
def sector(ask: Ask) -> Response:
    """`/sectors/{code}`: all questions, those of the public first; what takes long is left to its own address."""
    code, asked, asking = _asked(ask)
    began = monotonic()
    told: list[Told] = []
    for one in _questions(asking):
        late = monotonic() - began > PATIENCE and told
        answer = None if late else answers.answer(asking, one)
        href = asked.address(f"/sectors/{code}/{one.code}")
        told.append(Told(one.code, one.ask.of(ask.language), one.audience == "officials", href, answer))
    simulated = any(
        (one.answer is not None and one.answer.simulated)
        or (one.answer and one.answer.head and one.answer.head.simulated)
        for one in told
    )
    return ask.page("sector", _page(ask, code, asked, told), simulated=bool(simulated))


@Ask.asked
def question(ask: Ask) -> Response:
    """`/sectors/{code}/{question}`: one question; `part=1`: only its section, for the page around it."""
    code, asked, asking = _asked(ask)
    wanted_ = ask.request.path_params["question"]
    one = next((one for one in _questions(asking) if one.code == wanted_), None)
    if one is None:
        raise NotFound(ask.say("Trang này không có câu hỏi “{code}”.", code=wanted_[:60]))
    answer = answers.answer(asking, one)
    href = asked.address(f"/sectors/{code}/{one.code}")
    told = [Told(one.code, one.ask.of(ask.language), one.audience == "officials", href, answer)]
    simulated = answer.simulated or bool(answer.head and answer.head.simulated)
    template = "_question" if ask.request.query_params.get("part") == "1" else "question"
    return ask.page(template, _page(ask, code, asked, told), simulated=simulated)


@Ask.asked
def sector_json(ask: Ask) -> Response:
    """`/sectors/{code}.json`: every answer for programs."""
    _, asked, asking = _asked(ask)
    return written([answers.answer(asking, one) for one in _questions(asking)], ask, asked)
