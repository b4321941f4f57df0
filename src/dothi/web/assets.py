"""What Vite built: the files of an entry, as the tags a page needs."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

DIST = Path(__file__).parent / "static" / "dist"
BASE = "/static/dist/"
# the faces of the first screen: body text and headings, Latin and Vietnamese
FIRST_FONTS = ("latin-400", "vietnamese-400", "latin-600", "vietnamese-600")


def manifest() -> dict[str, Any]:
    """The build's manifest, read again when a new build is there; empty before the first build."""
    path = DIST / "manifest.json"
    return _read(path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=2)
def _read(_stamp: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DIST / "manifest.json").read_text("utf-8"))
    return found


def tags(*entries: str) -> Markup:
    """Style sheets, fonts and module scripts of some entries (`site`, `map`, `chart`), each once."""
    built = manifest()
    styles, scripts, fonts = [], [], []
    for name in entries:
        entry = built.get(f"src/{name}.ts")
        if entry is None:
            continue
        styles += [f for f in _styles(built, entry) if f not in styles]
        scripts.append(entry["file"])
        fonts += [f for f in entry.get("assets", []) if any(f"-{one}-" in f for one in FIRST_FONTS)]
    lines = [
        f'<link rel="preload" href="{BASE}{f}" as="font" type="font/woff2" crossorigin>' for f in sorted(set(fonts))
    ]
    lines += [f'<link rel="stylesheet" href="{BASE}{f}">' for f in styles]
    lines += [f'<script type="module" src="{BASE}{f}"></script>' for f in scripts]
    return Markup("\n".join(lines))  # noqa: S704 - file names of our own build


def _styles(built: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    found = [style for name in entry.get("imports", []) for style in _styles(built, built[name])]
    return [*found, *entry.get("css", [])]
