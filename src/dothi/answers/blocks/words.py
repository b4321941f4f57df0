"""Words that hold whatever the numbers are."""

from dothi import packs
from dothi.answers import model, shown
from dothi.answers.asking import Asking


def text_of(given: packs.Text | str | None, language: str) -> str:
    """A text of a pack in the reader's language."""
    if given is None:
        return ""
    return given if isinstance(given, str) else given.of(language)


def title_of(spec: model.Part, ask: Asking, usual: str = "") -> str:
    """The title a block has, or what is usual."""
    return text_of(spec.title, ask.language) or usual


def assumed(certainty: str | None, ask: Asking) -> str:
    """What is to be said of something that is not certain; empty where it is."""
    said = {
        "assumed": ask.say("giả định, chưa kiểm chứng"), "from-memory": ask.say("ghi theo trí nhớ, chưa kiểm chứng"),
        "second-hand": ask.say("theo nguồn thứ cấp"), "unknown": ask.say("chưa rõ độ tin cậy"),
    }  # fmt: skip
    return said.get(certainty or "", "")


def answer(ask: Asking, spec: model.Words) -> shown.Words:
    """The words in the reader's language."""
    return shown.Words(
        "text", title_of(spec, ask), source=text_of(spec.source, ask.language), href=spec.href or "",
        text=spec.en if ask.language == "en" else spec.vi, certainty=assumed(spec.certainty, ask),
    )  # fmt: skip
