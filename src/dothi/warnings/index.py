"""What a CAP feed lists: an Atom or RSS index, or a message itself. Pure."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from dothi.kit.errors import BadInput, Fault
from dothi.warnings.model import NAMESPACE

_ATOM = "{http://www.w3.org/2005/Atom}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
MOST = 100


@dataclass(frozen=True)
class Listed:
    """An entry: where its message is, and what its index says that changes when the message does."""

    url: str
    stamp: str


def listed(root: Any, base: str) -> list[Listed]:
    """The messages an index names, as it orders them, at most MOST; an index of one for a message itself."""
    if root.tag == f"{{{NAMESPACE}}}alert":
        return [Listed(base, "")]
    if root.tag == f"{_ATOM}feed":
        found = [_atom(entry, base) for entry in root.findall(f"{_ATOM}entry")]
    elif root.tag in ("rss", _RDF):
        found = [_rss(item, base) for item in root.iter() if isinstance(item.tag, str) and _local(item) == "item"]
    else:
        raise BadInput(
            f"{str(root.tag)[:120]!r} is no list of warnings",
            [Fault("", str(root.tag)[:120], "an Atom or RSS feed, or a CAP 1.2 message")],
        )
    sound = [one for one in found if one is not None and urlsplit(one.url).scheme in ("http", "https")]
    return list({one.url: one for one in sound}.values())[:MOST]


def _atom(entry: Any, base: str) -> Listed | None:
    links = [
        (one.get("type") or "", one.get("rel") or "alternate", one.get("href") or "")
        for one in entry.findall(f"{_ATOM}link")
    ]
    # the one that says it is CAP, else the entry's own; a link to a page in HTML is none
    ranked = sorted(
        (0 if "cap" in kind else 1 if "xml" in kind else 2, rel != "alternate", href)
        for kind, rel, href in links if href and rel in ("alternate", "self", "enclosure") and kind != "text/html"
    )  # fmt: skip
    href = ranked[0][2] if ranked else (entry.findtext(f"{_ATOM}id") or "").strip()
    return _made(href, base, entry.findtext(f"{_ATOM}updated") or "")


def _rss(item: Any, base: str) -> Listed | None:
    texts = {_local(one): (one.text or "").strip() for one in item if isinstance(one.tag, str)}
    enclosed = next(
        (one.get("url") or "" for one in item if isinstance(one.tag, str) and _local(one) == "enclosure"), ""
    )
    return _made(enclosed or texts.get("link", ""), base, texts.get("pubDate", "") or texts.get("date", ""))


def _made(href: str, base: str, stamp: str) -> Listed | None:
    try:
        return Listed(urljoin(base, href), stamp.strip()) if href else None
    except ValueError:
        return None


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
