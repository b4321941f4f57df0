"""The parameters of an action: text of a query string or values of JSON, read alike; every fault at once. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dothi.kit.errors import DothiError
from dothi.kit.text import whole

LONGEST = 4000  # characters of a text


@dataclass
class Invalid(DothiError):
    """Parameters that are not what they must be; CKAN calls it a Validation Error."""

    message: str = "the parameters are not what they must be"
    wrong: dict[str, list[str]] = field(default_factory=dict)
    status = 409


class Given:
    """What a caller gave. Ask for each parameter, then call `check`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.wrong: dict[str, list[str]] = {}

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def refuse(self, name: str, why: str) -> None:
        """Note a fault."""
        self.wrong.setdefault(name, []).append(why)

    def check(self) -> None:
        """Raise Invalid if anything was wrong."""
        if self.wrong:
            raise Invalid(wrong=self.wrong)

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
            self.refuse(name, f"must be a text of at most {LONGEST} characters")
            return default
        return value

    def must(self, name: str, *also: str) -> str:
        """A text that has to be there, under one of its names."""
        for one in (name, *also):
            if one in self:
                return self.text(one)
        self.refuse(name, "Missing value")
        self.check()
        return ""

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 0; more than most counts as most, as in CKAN."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else "x"
        if (number := whole(text, 15)) is None:
            self.refuse(name, "Must be a natural number")
            return default
        return min(number, most)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false, as CKAN's asbool reads them."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        text = str(value).strip().lower() if isinstance(value, (bool, int, str)) else ""
        if text in ("true", "yes", "on", "y", "t", "1"):
            return True
        if text in ("false", "no", "off", "n", "f", "0"):
            return False
        self.refuse(name, "must be true or false")
        return default

    def list(self, name: str) -> list[str] | None:
        """A list of texts: JSON, or with commas; None when not given."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = self._json(name, value) if value.lstrip().startswith("[") else [p.strip() for p in value.split(",")]
        if not isinstance(value, list) or len(value) > 500 or not all(isinstance(one, str) for one in value):
            self.refuse(name, "must be a list of at most 500 texts")
            return None
        return [one for one in value if one]

    def table(self, name: str) -> dict[str, Any]:
        """An object: JSON text or the object itself; empty when not given."""
        value = self.values.get(name)
        if value is None or value == "":
            return {}
        if isinstance(value, str):
            value = self._json(name, value)
        if not isinstance(value, dict) or len(value) > 100:
            self.refuse(name, "must be a JSON object")
            return {}
        return value

    def _json(self, name: str, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            self.refuse(name, "Cannot parse JSON")
            return None
