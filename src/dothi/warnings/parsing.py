"""XML from others, read so that it can do no harm: within bounds, with no DTD, no entities and nothing fetched.

A document is walked once by expat, which stops at the first declaration of a document type, at too many or too deep
elements, before anything is built; what passes is built by lxml, which signatures need.
"""

from typing import Any
from xml.parsers import expat

from lxml import etree

from dothi.kit.errors import BadInput, Fault, TooLarge

MOST_BYTES = 1024 * 1024
_DEEPEST = 24
_MOST_ELEMENTS = 50_000
_MOST_ATTRIBUTES = 64


class Hostile(BadInput):
    """The document tries what no message needs."""


def parse(body: bytes, most: int = MOST_BYTES) -> Any:
    """The root of a document. Raises Hostile, TooLarge or BadInput in words."""
    if len(body) > most:
        raise TooLarge(f"the document has {len(body)} bytes; at most {most} are read")
    _walk(body)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=False, remove_pis=False,
    )  # fmt: skip
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise _bad(str(error.msg)) from None


def _walk(body: bytes) -> None:
    depth = elements = 0

    def begins(_: str, attributes: dict[str, str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > _DEEPEST or elements > _MOST_ELEMENTS or len(attributes) > _MOST_ATTRIBUTES:
            raise Hostile(f"more than {_MOST_ELEMENTS} elements, or deeper than {_DEEPEST}, is no message")

    def ends(_: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_: Any) -> Any:
        raise Hostile("the document declares a document type; a message has none, nor entities of its own")

    reader = expat.ParserCreate()
    reader.StartElementHandler, reader.EndElementHandler = begins, ends
    reader.StartDoctypeDeclHandler = reader.EntityDeclHandler = declared
    reader.ExternalEntityRefHandler = declared
    reader.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        reader.Parse(body, True)
    except expat.ExpatError as error:
        raise _bad(f"{expat.errors.messages.get(error.code, 'not well-formed')}, line {error.lineno}") from None
    except (ValueError, LookupError) as error:  # an encoding nobody knows
        raise _bad(str(error)) from None


def _bad(why: str) -> BadInput:
    return BadInput(f"the document is not XML: {why[:200]}", [Fault("", why[:200], "well-formed XML 1.0")])
