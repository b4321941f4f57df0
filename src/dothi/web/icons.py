"""The icons this build has, by name: those of lucide that templates/icons.html carries."""

import re
from functools import cache
from pathlib import Path

_NAMED = re.compile(r'^  "([a-z0-9-]+)": \'', re.MULTILINE)


@cache
def names() -> tuple[str, ...]:
    """Every icon a page or a pack can name."""
    text = Path(__file__).with_name("templates").joinpath("icons.html").read_text("utf-8")
    return tuple(_NAMED.findall(text))
