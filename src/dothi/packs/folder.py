"""Packs as folders: the registry of schemas that upper rooms fill, loading, and the passes across files."""

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

import dothi
from dothi.config import settings
from dothi.kit.errors import BadInput, Fault
from dothi.packs import overrides
from dothi.packs.content import content_path
from dothi.packs.lines import Path_, Source, read
from dothi.packs.overrides import Override
from dothi.packs.shape import Model, Strict, Text, shaped

__all__ = [
    "Pack",
    "Strict",
    "Text",
    "load",
    "load_file",
    "names",
    "promise",
    "refuse",
    "schema",
    "unpromised",
    "verify",
]

Case = TypeVar("Case", bound=BaseModel)

EXPECT = "expect.yaml"
_schemas: dict[str, type[BaseModel]] = {}
_names: list[Callable[[dict[str, "Pack"]], Iterable[Fault]]] = []
_kept_anyway: list[Callable[[dict[str, "Pack"]], Iterable[Fault]]] = []
_promises: dict[str, tuple[type[BaseModel], Callable[["Pack", Any], Iterable[str]]]] = {}


@dataclass
class Pack:
    """One folder: `files` by file name, each as its schema's model. code: the folder's name."""

    code: str
    folder: Path
    files: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)

    def fault(
        self,
        file: str,
        path: Path_,
        message: str,
        *,
        near: tuple[str, list[str]] | None = None,
        allowed: str | None = None,
    ) -> Fault:
        """A fault at a key of one of the pack's files."""
        return self.sources[file].fault(path, message, near=near, allowed=allowed)


def schema(file: str, model: type[BaseModel]) -> None:
    """Say what files of this name look like."""
    _schemas[file] = model


def names(check: Callable[[dict[str, Pack]], Iterable[Fault]]) -> Callable[[dict[str, Pack]], Iterable[Fault]]:
    """Have a function check names across the files of all packs (the second pass)."""
    if check not in _names:
        _names.append(check)
    return check


def unpromised(check: Callable[[dict[str, Pack]], Iterable[Fault]]) -> Callable[[dict[str, Pack]], Iterable[Fault]]:
    """Have the third pass check what no pack needs to promise and what takes too long for every start."""
    if check not in _kept_anyway:
        _kept_anyway.append(check)
    return check


def promise(key: str, model: type[Case], keep: Callable[[Pack, Case], Iterable[str]]) -> None:
    """Have `expect.yaml` take a list of cases under this key; `keep` says what differs from what was promised."""
    _promises[key] = (model, keep)


def refuse(faults: list[Fault], what: str) -> None:
    """Raise BadInput with all faults, if there are any."""
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise BadInput(f"{what}: {count}", faults)


def load_file(path: Path, model: type[Model], name: str | None = None) -> tuple[Model, Source]:
    """One YAML file as a model, with its lines for later faults. Raises BadInput with every fault."""
    shown = name or path.name
    source = read(path, shown)
    made = shaped(source, model)
    refuse(source.faults, shown)
    assert made is not None  # noqa: S101 - no faults, so there is a model
    return made, source


def _learn(what: str = "declared") -> None:
    """Import every room's `declared` (or `promises`), so that a file is known whichever rooms a process uses itself."""
    for room in pkgutil.iter_modules(dothi.__path__):
        if (Path(dothi.__path__[0]) / room.name / f"{what}.py").exists():
            import_module(f"dothi.{room.name}.{what}")


def load(root: Path, overridden: Iterable[Override] | None = None) -> dict[str, Pack]:
    """Every pack under a folder, by code, after the passes shape and names. Raises BadInput with every fault.

    The shipped packs come with those of the installation's own folder (the setting `sectors`).
    overridden: what cities set otherwise; the shipped packs are loaded with what is in force when not given.
    """
    _learn()
    packs: dict[str, Pack] = {}
    faults: list[Fault] = []
    shipped = root == content_path("sectors")
    put = list(overridden) if overridden is not None else overrides.in_force() if shipped else []
    put = [one for one in put if not one.units]
    for folder in [*_folders(root), *(_own(faults) if shipped else [])]:
        if folder.name in packs:
            taken = f'dothi ships a sector "{folder.name}" already; give yours another name'
            faults.append(Fault(str(folder), taken, f"any but {', '.join(packs)}"))
            continue
        pack = packs[folder.name] = Pack(folder.name, folder)
        for path in sorted(folder.glob("*.y*ml")):
            if path.name == EXPECT:
                continue
            faults += _read_into(pack, path, put)
        if not pack.sources:
            known = ", ".join(sorted(_schemas))
            faults.append(Fault(f"{folder.parent.name}/{folder.name}", "the folder has no pack files", known))
    faults += _unheard(put, packs)
    refuse(faults, f"packs of {root.name}")
    for check in _names:
        faults += check(packs)
    refuse(faults, f"packs of {root.name}")
    return packs


def _folders(root: Path) -> list[Path]:
    """The packs of a folder; what begins with a dot or a dash below is none."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith((".", "_")))


def _own(faults: list[Fault]) -> list[Path]:
    """The packs of the installation's own folder."""
    own = settings().sectors
    if own is None:
        return []
    if not own.is_dir():
        faults.append(Fault("DOTHI_SECTORS", f"there is no folder {own}", "a folder with one folder for each sector"))
        return []
    return _folders(own)


def _unheard(put: list[Override], packs: dict[str, Pack]) -> list[Fault]:
    """Overrides of packs and files there are not."""
    faults = []
    for one in put:
        files = [Path(name).stem for name in packs[one.sector].sources] if one.sector in packs else []
        file = one.at.split(".")[0]
        if one.sector not in packs:
            faults.append(one.fault(f'no sector "{one.sector}"', near=(one.sector, list(packs))))
        elif file not in files:
            said = f'sector {one.sector} has no file "{file}.yaml"'
            faults.append(one.fault(said, near=(file, files), allowed=", ".join(files)))
    return faults


def _read_into(pack: Pack, path: Path, put: list[Override]) -> list[Fault]:
    shown = f"{pack.folder.parent.name}/{pack.code}/{path.name}"
    model = _schemas.get(path.name)
    if model is None:
        known = sorted([*_schemas, EXPECT])
        return [Source(shown).fault((), "no pack has a file of this name", near=(path.name, known),
                                    allowed=", ".join(known))]  # fmt: skip
    source = read(path, shown)
    mine = [one for one in put if one.sector == pack.code and one.at.split(".")[0] == path.stem]
    source.faults += [fault for one in mine if (fault := overrides.put(source, one)) is not None]
    pack.sources[path.name] = source
    pack.files[path.name] = shaped(source, model)
    return source.faults


def verify(packs: dict[str, Pack]) -> list[Fault]:
    """The third pass: what packs promise in `expect.yaml` against what they do. Returns what differs."""
    _learn("promises")
    faults = [fault for check in _kept_anyway for fault in check(packs)]
    for pack in packs.values():
        path = pack.folder / EXPECT
        shown = f"{pack.folder.parent.name}/{pack.code}/{EXPECT}"
        if not path.exists():
            faults.append(Fault(shown, "the pack promises nothing", "a list of cases under " + ", ".join(_promises)))
            continue
        faults += _kept(pack, read(path, shown))
    return faults


def _kept(pack: Pack, source: Source) -> list[Fault]:
    if source.faults:
        return source.faults
    if not isinstance(source.value, dict):
        return [source.fault((), "must be a mapping", allowed=", ".join(_promises))]
    pack.sources[EXPECT] = source
    for key, cases in source.value.items():
        if key not in _promises:
            allowed = sorted(_promises)
            source.faults.append(
                source.fault((key,), "no such promise", near=(str(key), allowed), allowed=", ".join(allowed))
            )
            continue
        model, keep = _promises[key]
        part = Source(source.name, {key: cases}, source.lines)
        shaped_cases = _cases(part, key, model)
        source.faults += part.faults
        for i, case in enumerate(shaped_cases):
            source.faults += [source.fault((key, i), said) for said in keep(pack, case)]
    return source.faults


def _cases(part: Source, key: str, model: type[BaseModel]) -> list[Any]:
    from dothi.packs.shape import _fault

    adapter = TypeAdapter(dict[str, list[model]])  # type: ignore[valid-type]
    try:
        return list(adapter.validate_python(part.value)[key])
    except ValidationError as error:
        part.faults += [_fault(part, one) for one in error.errors(include_url=False)]
        return []
