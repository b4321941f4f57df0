"""Every sentence of the pages has its English."""

import ast
import re
from pathlib import Path

from dothi.web import i18n

SOURCE = Path(i18n.__file__).parents[1]


def said() -> set[str]:
    """The sentences given to `_()` in templates and to `say()` in the screens."""
    found = set()
    for template in (SOURCE / "web" / "templates").rglob("*.html"):
        found |= set(re.findall(r'_\("((?:[^"\\]|\\.)*)"', template.read_text("utf-8")))
    for module in (SOURCE / "screens").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in ("say", "_") and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def test_every_sentence_has_its_english():
    assert sorted(said() - set(i18n.catalogue("en"))) == []


def test_translations_keep_the_places_of_values():
    for source, english in i18n.catalogue("en").items():
        assert set(re.findall(r"{\w+}", source)) == set(re.findall(r"{\w+}", english)), source
