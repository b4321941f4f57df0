"""Every key of a pack and of a blueprint is in the guide."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from dothi import packs
from dothi.answers import model as page
from dothi.answers import promises as page_promises
from dothi.cases import declared
from dothi.city import blueprint
from dothi.sensing import promises, sectors

GUIDE = Path(__file__).parents[2] / "docs" / "guide"


def keys(*rooms):
    models = [
        value for room in rooms for value in vars(room).values()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == room.__name__
    ]  # fmt: skip
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    ("page", "rooms"), [("packs.md", (sectors, promises, declared, page, page_promises)), ("city.md", (blueprint,))]
)
def test_every_key_is_in_the_guide(page, rooms):
    text = (GUIDE / page).read_text("utf-8")
    assert len(keys(*rooms)) > 20
    assert sorted(key for key in keys(*rooms) if f"`{key}`" not in text) == []


def test_every_shipped_sector_is_named_in_the_guide():
    text = (GUIDE / "packs.md").read_text("utf-8")
    assert [code for code in packs.load(packs.content_path("sectors")) if f"`{code}`" not in text] == []
