"""How to cite a dataset: as a line of text and as BibTeX. Pure."""

import re
from dataclasses import dataclass
from datetime import date

from dothi.kit.text import slug
from dothi.web.i18n import Say

# what BibTeX reads as commands
_SPECIAL = re.compile(r"([&%$#_{}])")


@dataclass(frozen=True, slots=True)
class Citation:
    """A dataset cited."""

    text: str
    bibtex: str


def citation(
    title: str, agency: str, changed: date | None, version: int, url: str, today: date, code: str, say: Say
) -> Citation:
    """agency: who publishes; changed: the day of its newest change; today: the day it is looked at."""
    year = (changed or today).year
    who = agency or say("Không rõ cơ quan")
    text = say(
        "{agency} ({year}). {title} (phiên bản {version}) [tập dữ liệu]. {url}, xem ngày {day}.",
        agency=who, year=year, title=title, version=version, url=url, day=f"{today:%d/%m/%Y}",
    )  # fmt: skip
    fields = {
        "author": "{" + _tex(who) + "}", "title": "{" + _tex(title) + "}", "year": str(year), "version": str(version),
        "publisher": _tex(who), "howpublished": rf"\url{{{url}}}", "note": f"{say('xem ngày')} {today:%d/%m/%Y}",
    }  # fmt: skip
    name = slug(code) or "dataset"
    lines = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
    return Citation(text, f"@misc{{{name}-{year},\n{lines}\n}}")


def _tex(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.replace("\\", r"\textbackslash "))
