"""Messages as files instead of e-mails and SMS: for the demo, and for looking at what would be sent."""

import json
import os
import tempfile
from pathlib import Path

from dothi.config import settings
from dothi.notify import mail, sms
from dothi.notify.letter import SENT, Letter, Outcome

SCHEME = "file:"
MOST = 1000  # files kept of a channel


def write(letter: Letter) -> Outcome:
    """One message as a file of its own in `outbox` of the data folder; a second try writes the same file."""
    if letter.channel == "mail":
        content, ending = mail.composed(letter).as_bytes(), "eml"
    else:
        said = sms.text(letter.subject, letter.data.get("link"))
        content = json.dumps({"to": letter.target, "text": said, "id": letter.name}, ensure_ascii=False).encode()
        ending = "json"
    folder = settings().data / "outbox"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part, name = tempfile.mkstemp(dir=folder, prefix=".part-")
    with os.fdopen(part, "wb") as file:
        file.write(content)
    Path(name).replace(folder / f"{letter.created_at}-{letter.name[:12]}.{ending}")
    _thin(folder, ending)
    return SENT


def _thin(folder: Path, ending: str) -> None:
    found = sorted(folder.glob(f"*.{ending}"))
    for old in found[: max(0, len(found) - MOST)]:
        old.unlink(missing_ok=True)
