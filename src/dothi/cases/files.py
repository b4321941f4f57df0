"""Files that hang on cases: taken in by their content, kept apart from what the public is shown, served to who may.

An original is never shown in a browser: it is saved, by people who see the inside of the case. The public sees copies
painted anew from the pixels (`images`). Reading, scanning and painting take time, so `prepare` does them without a
session; `keep` prepares what was not.
"""

import hashlib
import logging
import re
import threading
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import quote

import puremagic
from sqlalchemy.orm import Session

from dothi.cases import files_store as store
from dothi.cases import images, news, scanning, shelf, within
from dothi.cases.tables import Case, CaseEntry, CaseFile
from dothi.config import settings
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound, TooLarge
from dothi.kit.text import nfc

log = logging.getLogger(__name__)
KINDS = ("before", "after", "paper", "result", "signature", "other")
SHOWABLE = ("before", "after", "other")  # a paper, a result, a signature is nobody else's business
PDF = "application/pdf"
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic", PDF: "pdf"}
_LONGEST_NAME = 100
_RESERVED = re.compile(r'[<>:"|?*\\/]')
_painting = threading.BoundedSemaphore(2)  # a large picture takes some 200 MB while it is painted
_KEPT = 24 * 3600.0  # seconds a file nothing names is left alone: its transaction may still run
Which = Literal["public", "thumb", "original"]


class Infected(BadInput):
    """The virus scanner found something; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file looked through, with its public copy where it is a picture. place: where the phone says it was taken."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    scan: scanning.Verdict
    copies: images.Copies | None = field(repr=False)
    place: tuple[float, float] | None  # longitude, latitude: offered to the sender alone


@dataclass(frozen=True, slots=True)
class Served:
    """A file as it is answered: its place, its type and the headers it must have."""

    path: Path
    media_type: str
    headers: Mapping[str, str]


def prepare(name: str, given: bytes | BinaryIO) -> Prepared:
    """Look a file through: its size, what it is by its content, viruses; paint its copies.

    Raises TooLarge, BadInput, Infected, scanning.CannotScan.
    """
    most = settings().file_bytes
    content = given if isinstance(given, bytes) else given.read(most + 1)
    if len(content) > most:
        raise TooLarge("this file is too large", [Fault("file", "too many bytes", f"at most {most} bytes")])
    kind = _sniffed(content)
    verdict = scanning.scan(content, shelf.folder())
    if verdict == "infected":
        log.warning("a file of %s bytes was refused: the virus scanner says infected", len(content))
        raise Infected("this file holds a virus; it was not kept", [Fault("file", "infected")])
    copies = None
    if kind != PDF:
        with _painting:
            copies = images.copies(content, settings().image_pixels)
    place = images.place_of(content) if copies else None
    return Prepared(cleaned(name, kind), kind, content, verdict, copies, place)


def place_of(content: bytes) -> tuple[float, float] | None:
    """Longitude and latitude a photo was taken at, as its phone says; to be offered, never published."""
    return images.place_of(content)


def keep(
    session: Session,
    caller: Caller,
    case: Case,
    kind: str,
    name: str,
    given: Prepared | bytes | BinaryIO,
    public: bool,
    *,
    entry_id: int | None = None,
) -> CaseFile:
    """Hang a file on a case. The verb that calls this has looked whether the caller may.

    public: the public sees its copy, where it is a picture of the kinds that may be shown.
    """
    if kind not in KINDS:
        raise BadInput("this file has no such kind", [Fault("kind", f"{kind[:40]!r}", ", ".join(KINDS))])
    by = news.REPORTER if caller.kind == "anonymous" or within.reporter(caller, case) else news.actor(caller)
    most = settings().case_files
    if store.count(session, case.id, by) >= most:
        raise BadInput("this case has files enough", [Fault("file", f"more than {most} files", f"at most {most}")])
    ready = given if isinstance(given, Prepared) else prepare(name, given)
    made = CaseFile(
        case_id=case.id, entry_id=entry_id, kind=kind, public=bool(public and ready.copies and kind in SHOWABLE),
        at=news.now(), actor=by, **columns(ready),
    )  # fmt: skip
    session.add(made)
    session.flush()
    _tell(session, "file.added", by, case, made, public=made.public)
    return made


def columns(ready: Prepared) -> dict[str, Any]:
    """What a file's row says of its content, which stands on the shelf from here on."""
    copies = ready.copies
    return {
        "name": ready.name, "media_type": ready.media_type, "size": len(ready.content), "scan": ready.scan,
        "width": copies.width if copies else None, "height": copies.height if copies else None, "blurred": None,
        "sha256": shelf.put(ready.content), "shown": _shelved(copies) if copies else None,
    }  # fmt: skip


def blur(session: Session, caller: Caller, file_id: int, boxes: Iterable[Any]) -> CaseFile:
    """Paint the public copy anew with some boxes destroyed; the old copy is deleted.

    boxes: every box there is to be, [x, y, width, height] as shares of the upright picture's sides; none: as it was.
    Needs cases:handle or cases:moderate in the office.
    """
    made, case = _judged(session, caller, file_id)
    wanted = images.checked_boxes(boxes)
    if made.shown is None:
        raise BadInput("only a picture can be blurred", [Fault("file", made.media_type, "a picture")])
    try:
        content = shelf.path(made.sha256).read_bytes()
    except FileNotFoundError:
        raise Conflict("the original is gone; nothing can be painted of it") from None
    with _painting:
        copies = images.copies(content, settings().image_pixels, wanted)
    old, made.shown = made.shown, _shelved(copies)
    made.blurred = [list(box) for box in wanted] or None
    session.flush()
    _discard(session, {old})
    _note(session, caller, case, {"file": made.id, "blurred": len(wanted)})
    _tell(session, "file.blurred", news.actor(caller), case, made, boxes=len(wanted))
    return made


def publish(session: Session, caller: Caller, file_id: int, public: bool) -> CaseFile:
    """Show a picture to the public, or take it off its pages. Needs cases:handle or cases:moderate in the office."""
    made, case = _judged(session, caller, file_id)
    if public and (made.shown is None or made.kind not in SHOWABLE):
        raise BadInput("this file is never shown to the public", [Fault("file", made.kind, ", ".join(SHOWABLE))])
    if made.public != public:
        made.public = public
        session.flush()
        _note(session, caller, case, {"file": made.id, "public": public})
        _tell(session, "file.shown" if public else "file.hidden", news.actor(caller), case, made)
    return made


def served(session: Session, caller: Caller, file_id: int, which: Which, token: str | None = None) -> Served:
    """A file's public copy, thumbnail or original for somebody; NotFound alike for none and for what is not theirs.

    token: of the reporter's own link.
    """
    found = store.found(session, file_id)
    if found is None:
        raise _no_file()
    made, case = found
    theirs = within.inside(session, caller, case) or within.reporter(caller, case, token)
    open_ = which != "original" and made.public and within.shown(case)
    if made.scan == "infected" or not (theirs or open_):
        raise _no_file()
    if made.kind == "result" and case.phase not in ("done", "closed") and not within.inside(session, caller, case):
        raise _no_file()  # a result that is not approved yet is nobody's
    if which == "original":
        at, media_type, saved = shelf.path(made.sha256), made.media_type, "attachment"
    else:
        if made.shown is None:
            raise _no_file()
        at = shelf.path(made.shown, shelf.THUMB if which == "thumb" else "")
        media_type, saved = images.COPY_TYPE, "inline"
    if not at.is_file():
        raise _no_file()
    name = cleaned(made.name, media_type)
    headers = {
        "content-disposition": f"{saved}; filename*=UTF-8''{quote(name, safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        # what is hidden or blurred today must not be shown from yesterday's store
        "cache-control": "public, max-age=300" if open_ else "private, no-store",
        "cross-origin-resource-policy": "cross-origin" if open_ else "same-origin",
    }
    return Served(at, media_type, headers)


def of(session: Session, case: Case, *, inside: bool) -> list[CaseFile]:
    """The files of a case: all, or those whose copies the public sees."""
    rows = store.files(session, case.id)
    return rows if inside else [one for one in rows if one.public and one.shown and within.shown(case)]


def drop(session: Session, rows: Sequence[CaseFile]) -> None:
    """Delete files; their bytes go with the commit, unless another file has the same."""
    names = {name for one in rows for name in (one.sha256, one.shown) if name}
    for one in rows:
        session.delete(one)
    session.flush()
    _discard(session, names)


def sweep(session: Session) -> int:
    """Delete bytes nothing names any more: of uploads that were not kept; returns how many."""
    old = list(shelf.older(time.time() - _KEPT))
    named = store.used(session, {name for name, _ in old if name})
    gone = [path for name, path in old if name not in named]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def cleaned(name: str, media_type: str) -> str:
    """A file's name as it is kept: no path, no invisible signs, and the ending of what it is."""
    name = nfc(name).replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if c == " " or unicodedata.category(c)[0] not in "CZ")
    name = " ".join(_RESERVED.sub("-", name).split())
    ending = _ENDINGS.get(media_type, "bin")
    stem, dot, last = name.rpartition(".")
    same = {ending, "jpeg"} if ending == "jpg" else {ending}
    name = (stem if dot and last.lower() in same else name).strip(". ")
    return f"{name[:_LONGEST_NAME] or 'file'}.{ending}"


def _sniffed(content: bytes) -> str:
    """What a file is by its first bytes and by a decoder's word; anything but a picture or a PDF is refused."""
    if content.startswith(b"%PDF-"):
        return PDF
    known = images.media_type(content)
    if known is not None:
        return known
    allowed = "JPEG, PNG, WebP or PDF" if "HEIF" not in images.formats() else "JPEG, PNG, WebP, HEIC or PDF"
    raise BadInput("this file is of a kind that is not taken", [Fault("file", _guess(content), allowed)])


def _guess(content: bytes) -> str:
    if not content:
        return "it is empty"
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"hevc", b"msf1"):
        return "it is HEIC; set the phone's camera to JPEG, or send a smaller copy"
    try:
        found = puremagic.from_string(content[:4096], mime=True)
    except Exception:  # it says "could not identify", or fails on what it met
        found = ""
    return f"it looks like {found}" if found and re.fullmatch(r"[\w.+-]+/[\w.+-]+", found) else "it is no picture"


def _shelved(copies: images.Copies) -> str:
    """Keep the public copy of a picture, its thumbnail beside it; returns the name of the copy."""
    name = hashlib.sha256(copies.shown).hexdigest()
    shelf.put(copies.thumb, name, shelf.THUMB)
    return shelf.put(copies.shown, name)


def _discard(session: Session, names: set[str]) -> None:
    shelf.unlink_after(session, names - store.used(session, names))


def _judged(session: Session, caller: Caller, file_id: int) -> tuple[CaseFile, Case]:
    found = store.found(session, file_id)
    if found is None:
        raise _no_file()
    made, case = found
    if not within.held(caller, "cases:handle", case):
        if not within.inside(session, caller, case) and not within.held(caller, "cases:moderate", case):
            raise _no_file()
        within.require(session, caller, "cases:moderate", case)
    return made, case


def _no_file() -> NotFound:
    return NotFound("there is no such file")


def _note(session: Session, caller: Caller, case: Case, data: dict[str, Any]) -> None:
    now = news.now()
    entry = CaseEntry(
        case_id=case.id, at=now, actor=news.actor(caller), agency_id=case.agency_id, kind="attached", public=False,
        text="", data=data,
    )  # fmt: skip
    session.add(entry)
    case.updated_at = now
    session.flush()


def _tell(session: Session, kind: str, by: str, case: Case, made: CaseFile, **more: Any) -> None:
    data = {"file": made.id, "kind": made.kind, "media_type": made.media_type, **more}
    news.tell(session, case, kind, actor=by, shown=False, data=data)
