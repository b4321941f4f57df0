"""The form of a CAP 1.2 message as RELAX NG, written from the data dictionary of the standard (section 3.2).

An oracle that shares nothing with the code under test: order, how often, which words, which instants.
"""

from lxml import etree

INSTANT = r'<data type="dateTime"><param name="pattern">\d\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d</param></data>'
TEXT = "<text/>"


def one(name: str, inside: str = TEXT) -> str:
    return f'<element name="{name}">{inside}</element>'


def maybe(*parts: str) -> str:
    return "".join(f"<optional>{part}</optional>" for part in parts)


def some(*parts: str) -> str:
    return "".join(f"<zeroOrMore>{part}</zeroOrMore>" for part in parts)


def words(name: str, allowed: str) -> str:
    return one(name, "<choice>" + "".join(f"<value>{word}</value>" for word in allowed.split()) + "</choice>")


NAMED = one("valueName") + one("value")
RESOURCE = one("resourceDesc") + one("mimeType") + maybe(
    one("size", '<data type="integer"/>'), one("uri", '<data type="anyURI"/>'), one("derefUri"), one("digest")
)  # fmt: skip
AREA = one("areaDesc") + some(one("polygon"), one("circle"), one("geocode", NAMED)) + maybe(
    one("altitude", '<data type="decimal"/>'), one("ceiling", '<data type="decimal"/>')
)  # fmt: skip
CATEGORY = words("category", "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other")
INFO = "".join((
    maybe(one("language", '<data type="language"/>')), f"<oneOrMore>{CATEGORY}</oneOrMore>", one("event"),
    some(words("responseType", "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None")),
    words("urgency", "Immediate Expected Future Past Unknown"),
    words("severity", "Extreme Severe Moderate Minor Unknown"),
    words("certainty", "Observed Likely Possible Unlikely Unknown"), maybe(one("audience")),
    some(one("eventCode", NAMED)),
    maybe(one("effective", INSTANT), one("onset", INSTANT), one("expires", INSTANT), one("senderName"), one("headline"),
          one("description"), one("instruction"), one("web", '<data type="anyURI"/>'), one("contact")),
    some(one("parameter", NAMED), one("resource", RESOURCE), one("area", AREA)),
))  # fmt: skip
ALERT = "".join((
    one("identifier"), one("sender"), one("sent", INSTANT), words("status", "Actual Exercise System Test Draft"),
    words("msgType", "Alert Update Cancel Ack Error"), maybe(one("source")), words("scope", "Public Restricted Private"),
    maybe(one("restriction"), one("addresses")), some(one("code")),
    maybe(one("note"), one("references"), one("incidents")), some(one("info", INFO)),
))  # fmt: skip
SIGNATURE = '<zeroOrMore><element><nsName ns="http://www.w3.org/2000/09/xmldsig#"/><ref name="anything"/></element></zeroOrMore>'
GRAMMAR = f"""<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="urn:oasis:names:tc:emergency:cap:1.2"
 datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
<start><element name="alert">{ALERT}{SIGNATURE}</element></start>
<define name="anything"><zeroOrMore><choice><attribute><anyName/></attribute><text/>
<element><anyName/><ref name="anything"/></element></choice></zeroOrMore></define></grammar>"""


def schema() -> etree.RelaxNG:
    """The grammar, ready to validate."""
    return etree.RelaxNG(etree.fromstring(GRAMMAR))
