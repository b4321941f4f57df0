"""A city's files as one: city.yaml, a file a sector, and what it takes from its province or another city."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dothi import packs
from dothi.kit.errors import Fault
from dothi.packs.lines import Path_, Source, read

CITY, PROVINCE, SECTORS, PROVINCES = "city.yaml", "province.yaml", "sectors", "_provinces"
OWN = ("city", "version", "summary", "prefix", "adjust")  # what is never taken from another city


@dataclass
class Node:
    """A value of a YAML file that remembers where it stands."""

    value: Any  # a mapping or list of nodes, or a plain value
    source: Source
    path: Path_

    def get(self, key: str) -> "Node | None":
        """The value under a key."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def fault(self, message: str, *, near: tuple[str, list[str]] | None = None, allowed: str | None = None) -> Fault:
        """A fault at this value."""
        return self.source.fault(self.path, message, near=near, allowed=allowed)


def tree(value: Any, source: Source, path: Path_ = ()) -> Node:
    """Plain values as nodes."""
    if isinstance(value, dict):
        return Node({key: tree(one, source, (*path, key)) for key, one in value.items()}, source, path)
    if isinstance(value, list):
        return Node([tree(one, source, (*path, i)) for i, one in enumerate(value)], source, path)
    return Node(value, source, path)


def plain(node: Node) -> Any:
    """Nodes as plain values."""
    if isinstance(node.value, dict):
        return {key: plain(one) for key, one in node.value.items()}
    if isinstance(node.value, list):
        return [plain(one) for one in node.value]
    return node.value


def woven(node: Node, name: str) -> Source:
    """Nodes as one source of values whose faults name the file and line each came from."""
    made = Source(name, plain(node))

    def note(one: Node, path: Path_) -> None:
        made.origins[path] = (one.source, one.path)
        inner = (
            one.value.items()
            if isinstance(one.value, dict)
            else enumerate(one.value)
            if isinstance(one.value, list)
            else ()
        )
        for key, below in inner:
            note(below, (*path, key))

    note(node, ())
    return made


def merged(below: Node, above: Node) -> Node:
    """What another file says over what is there: mappings key by key, lists of things with codes code by code."""
    if isinstance(below.value, dict) and isinstance(above.value, dict):
        made = dict(below.value)
        for key, one in above.value.items():
            if one.value is None and key in made:
                del made[key]
            else:
                made[key] = merged(made[key], one) if key in made else one
        return Node(made, above.source, above.path)
    if isinstance(below.value, list) and isinstance(above.value, list):
        codes = [_code(one) for one in (*below.value, *above.value)]
        if codes and all(codes):
            held = {_code(one): one for one in below.value}
            for one in above.value:
                held[_code(one)] = one
            return Node(list(held.values()), above.source, above.path)
    return above


def _code(node: Node) -> Any:
    code = node.get("code")
    return code.value if code is not None else None


def file(folder: Path) -> Path:
    """The file a city's folder begins with: city.yaml, or province.yaml of a province's defaults."""
    if folder.suffix in (".yaml", ".yml"):
        return folder
    return folder / PROVINCE if (folder / PROVINCE).is_file() and not (folder / CITY).is_file() else folder / CITY


@dataclass
class Gathered:
    """A city's nodes, the `inputs` of each of its files (the one furthest down first), and what is wrong."""

    node: Node
    inputs: list[Node] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    made_from: str | None = None


def gather(path: Path, above: tuple[Path, ...] = ()) -> Gathered:
    """The nodes of a city: its own files over those of the city or province it is made from. path: see `file`."""
    folder, name = path.parent, path.parent.name
    source = read(path, f"{name}/{path.name}")
    if source.faults or not isinstance(source.value, dict):
        return Gathered(tree(source.value, source), [], source.faults or [source.fault((), "must be a mapping")])
    own = tree(source.value, source)
    faults: list[Fault] = []
    levels = [own.value.pop("inputs")] if "inputs" in own.value else []
    for one in sorted((folder / SECTORS).glob("*.y*ml")):
        given = read(one, f"{name}/{SECTORS}/{one.name}")
        faults += given.faults
        if given.faults:
            continue
        if not isinstance(given.value, dict):
            faults.append(given.fault((), "must be a mapping"))
            continue
        sector = tree(given.value, given)
        if "inputs" in sector.value:
            levels.append(sector.value.pop("inputs"))
        here = Node({SECTORS: Node({one.stem: sector}, given, ())}, own.source, ())
        own = merged(own, here) if isinstance(plain(own).get(SECTORS, {}), dict) else own
    taken = own.value.pop("from", None)
    if taken is not None:
        base = _base(taken, folder, (*above, path))
        faults += base.faults
        if not base.faults:
            own = merged(_carried(base.node, own, folder), own)
            levels = [*base.inputs, *levels]
    sectors = own.get(SECTORS)
    if sectors is not None and isinstance(sectors.value, dict):
        kept = {code: one for code, one in sectors.value.items() if one.value is not False}
        own.value[SECTORS] = Node(kept, sectors.source, sectors.path)
    return Gathered(own, levels, faults, None if taken is None else str(taken.value))


def _base(taken: Node, folder: Path, above: tuple[Path, ...]) -> Gathered:
    """What `from` names: a city or province beside this one, or one shipped with dothi."""
    listed = list(bases(folder.parent))
    known = dict(listed)
    asked = [path for name, path in listed if name == str(taken.value)]
    # a city may have the name of its province
    found = next((one for one in reversed(asked) if one not in above), asked[-1] if asked else None)
    if found is None:
        names = sorted(known)
        fault = taken.fault(
            f'no city or province "{taken.value}"', near=(str(taken.value), names), allowed=", ".join(names)
        )
        return Gathered(taken, [], [fault])
    if found.resolve() in [one.resolve() for one in above]:
        return Gathered(taken, [], [taken.fault(f'"{taken.value}" is itself made from this one')])
    return gather(found, above)


def bases(root: Path) -> Iterator[tuple[str, Path]]:
    """Cities and provinces `from` may name: those shipped, and over them those beside the city."""
    roots = [root]
    with suppress(FileNotFoundError):
        roots.insert(0, packs.content_path("cities"))
    for one in roots:
        for path in [*sorted(one.glob(f"{PROVINCES}/*/{PROVINCE}")), *sorted(one.glob(f"*/{CITY}"))]:
            yield path.parent.name, path


def _carried(base: Node, own: Node, folder: Path) -> Node:
    """What a city takes from another: nothing that is the other's own, no files it lacks, points about its own centre.

    Coordinates a blueprint gives are its own city's. In a city made from it they lie as far from the centre as they
    did there, marked as approximate, until the city names its own. Points with names of their own are not taken.
    """
    made = {key: one for key, one in base.value.items() if key not in OWN}
    base = Node(made, base.source, base.path)
    if base.get("centre") is not None:
        base = _without_places(_without_files(base, folder))
        was, now = base.get("centre"), own.get("centre")
        if was is not None and now is not None and was is not now:
            old, new = plain(was), plain(now)
            if len(old) == len(new) == 2 and all(isinstance(x, int | float) for x in (*old, *new)):
                base = _moved(base, new[0] - old[0], new[1] - old[1])
    return base


def _without_files(node: Node, folder: Path, key: str = "") -> Node:
    if isinstance(node.value, dict):
        kept = {}
        for name, one in node.value.items():
            file_ = name == "file" or (key == "places" and name in ("base", "wards"))
            if file_ and isinstance(one.value, str) and not (folder / one.value).is_file():
                continue
            kept[name] = _without_files(one, folder, name)
        return Node(kept, node.source, node.path)
    if isinstance(node.value, list):
        return Node([_without_files(one, folder) for one in node.value], node.source, node.path)
    return node


def _without_places(node: Node) -> Node:
    """Points with a name of their own, in which no input stands, are places of that city alone: they stay there."""
    if isinstance(node.value, list):
        made = [_without_places(one) for one in node.value]
        return Node([one for one in made if not _nowhere(one)], node.source, node.path)
    if not isinstance(node.value, dict):
        return node
    kept = {key: _without_places(one) for key, one in node.value.items()}
    points = kept.get("points")
    if points is not None and isinstance(points.value, list):
        left = [one for one in points.value if one.get("name") is None or "${" in str(plain(one)["name"])]
        kept["points"] = Node(left, points.source, points.path)
        if not left:
            del kept["points"]
    return Node(kept, node.source, node.path)


def _nowhere(group: Node) -> bool:
    at = group.get("at")
    return at is not None and at.value == {}


def _moved(node: Node, east: float, north: float, key: str = "") -> Node:
    if isinstance(node.value, list):
        return Node([_moved(one, east, north, key) for one in node.value], node.source, node.path)
    if not isinstance(node.value, dict):
        return node
    made = {name: _moved(one, east, north, name) for name, one in node.value.items()}
    lon, lat = made.get("lon"), made.get("lat")
    if lon is not None and lat is not None and all(isinstance(one.value, int | float) for one in (lon, lat)):
        made["lon"] = Node(round(lon.value + east, 6), lon.source, lon.path)
        made["lat"] = Node(round(lat.value + north, 6), lat.source, lat.path)
        if key == "points":
            mark = tree({"properties": {"approximate": True}}, node.source, node.path)
            return merged(mark, Node(made, node.source, node.path))
    return Node(made, node.source, node.path)
