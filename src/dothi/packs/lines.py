"""YAML read into plain values, remembering the line of every key."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from dothi.kit.errors import Fault
from dothi.packs.reader import MappingNode, Node, ScalarNode, YamlError, compose, scalar

# what libyaml says, and what helps
_HINTS = {
    "tab": "spaces before a key, never tabs",
    "expected ':'": "key: value, with a colon and a space",
    "',' or '}'": "a comma between entries and a } at the end; a text with a comma or a colon needs quotes",
    "',' or ']'": "a comma between entries and a ] at the end",
    "mapping values": "one key a line, all keys of a mapping equally far in; a text with a colon needs quotes",
    "alias": "&name before it is used as *name",
    "another document": "one document a file, without ---",
}
Path_ = tuple[str | int, ...]


@dataclass
class Source:
    """One YAML file: its values, and where each key stands. name: as it is shown in faults."""

    name: str
    value: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    origins: dict[Path_, tuple["Source", Path_]] = field(default_factory=dict)

    def origin(self, path: Path_) -> tuple["Source", Path_]:
        """The file and key a value was taken from: values woven of several files remember theirs in `origins`."""
        for cut in range(len(path), -1, -1):
            if path[:cut] in self.origins:
                source, own = self.origins[path[:cut]]
                return source.origin((*own, *path[cut:]))
        return self, path

    def line(self, path: Path_) -> int:
        """The line of a key, or of the nearest key above it that exists."""
        source, path = self.origin(path)
        if source is not self:
            return source.line(path)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(
        self, path: Path_, message: str, *, near: tuple[str, list[str]] | None = None, allowed: str | None = None
    ) -> Fault:
        """A fault as `file.yaml:LINE: path.to.key: message; did you mean "x"?; allowed: …`.

        near: what was written and the names that were possible, for the guess.
        """
        if near is not None and (guess := closest(*near)):
            message += f'; did you mean "{guess}"?'
        source, path = self.origin(path)
        dotted = ".".join(map(str, path))
        return Fault(f"{source.name}:{source.line(path)}" + (f": {dotted}" if dotted else ""), message, allowed)


def closest(written: str, names: list[str]) -> str | None:
    """The name somebody probably meant."""
    plain = {name.replace("_", "").replace("-", "").replace(".", "").casefold(): name for name in names}
    same = written.replace("_", "").replace("-", "").replace(".", "").casefold()
    if same in plain:
        return plain[same]
    found = get_close_matches(written, names, n=1, cutoff=0.6)
    return found[0] if found else None


def read(path: Path, name: str) -> Source:
    """The values of a YAML file; what is wrong with its text is in `faults`."""
    source = Source(name)
    try:
        held = path.read_bytes()
        text = held.decode("utf-8-sig")
    except OSError as error:
        source.faults.append(Fault(name, f"cannot be read: {error.strerror}"))
        return source
    except UnicodeDecodeError as error:
        line = held.count(b"\n", 0, error.start) + 1
        said = f"is not UTF-8: byte {error.start} cannot be read"
        source.faults.append(Fault(f"{name}:{line}", said, "text saved as UTF-8"))
        return source
    return parse(text, name)


def parse(text: str, name: str) -> Source:
    """As `read`, of text already at hand."""
    kept = _parsed(text, name)
    return Source(name, _copied(kept.value), dict(kept.lines), list(kept.faults))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


@lru_cache(maxsize=512)  # the files of all packs and of some cities: plans and changed overrides read them again
def _parsed(text: str, name: str) -> Source:
    source = Source(name)
    try:
        node = compose(text)
    except YamlError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "context", None) or str(error).splitlines()[0]
        allowed = next((hint for part, hint in _HINTS.items() if part in said), None)
        if "expected" in said and getattr(error, "context_mark", None):
            mark = error.context_mark  # type: ignore[attr-defined]  # where it begins, not where the reader gave up
        source.faults.append(Fault(f"{name}:{mark.line + 1 if mark else 1}", f"not YAML: {said}", allowed))
        return source
    if node is None:
        source.faults.append(Fault(f"{name}:1", "the file is empty"))
        return source
    source.value = _value(node, (), source, ())
    return source


def _value(node: Node, path: Path_, source: Source, above: tuple[int, ...]) -> Any:
    if id(node) in above:
        source.faults.append(source.fault(path, "an alias stands inside what it names"))
        return None
    if path not in source.lines:
        source.lines[path] = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        try:
            return scalar(node)
        except (YamlError, ValueError) as error:
            source.faults.append(source.fault(path, f"{node.value!r} cannot be read: {str(error).splitlines()[0]}"))
            return None
    above = (*above, id(node))
    if not isinstance(node, MappingNode):
        return [_value(item, (*path, i), source, above) for i, item in enumerate(node.value)]
    made: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            source.faults.append(Fault(f"{source.name}:{line}", "a key must be one word"))
            continue
        key = key_node.value
        here = (*path, key)
        if key in made:
            first = source.lines[here]
            source.faults.append(Fault(f"{source.name}:{line}: {'.'.join(map(str, here))}",
                                       f'"{key}" is already given in line {first}'))  # fmt: skip
            continue
        source.lines[here] = line
        made[key] = _value(value_node, here, source, above)
    return made
