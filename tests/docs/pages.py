"""The documentation as the tests read it: pages, their blocks of code, and a shell that runs them."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from dothi.doors.mqtt import service as mqtt

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"(?P<run><!-- run -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_START = """set -euo pipefail
curl() { command curl --fail-with-body --max-time 30 "$@"; }
"""


@dataclass(frozen=True)
class Block:
    """A fenced block. run: marked with `<!-- run -->`, so that it must work as it stands."""

    language: str
    code: str
    run: bool


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, named from the repository's root."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Block(m["language"], m["code"], m["run"] is not None) for m in _BLOCK.finditer(text)]


def to_run(page: str, language: str) -> list[str]:
    """The blocks of a language that must work as they stand."""
    return [one.code for one in blocks(page) if one.run and one.language == language]


def here(code: str, url: str) -> str:
    """Code of a page, with the test's server in the place of the demo's."""
    dothi = f'"{sys.executable}" -m dothi.cli'
    changed = {
        "http://127.0.0.1:8000": url,
        "-p 1883": f"-p {mqtt.port()}",
        '"127.0.0.1", 1883': f'"127.0.0.1", {mqtt.port()}',
        "DOTHI_DATA=dothi-data-demo .venv/bin/dothi": dothi,
    }
    for said, meant in changed.items():
        code = code.replace(said, meant)
    return code


def shell(codes: list[str], url: str, folder: Path) -> str:
    """Run blocks of bash one after the other in one shell; what they printed. A curl that is refused fails."""
    script = _START + here("\n".join(codes), url)
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
