"""A message of somebody else: XML to the model, with every fault of its form at once."""

from collections.abc import Callable
from typing import Any, TypeVar

from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import nfc
from dothi.warnings import areas
from dothi.warnings.model import (
    CATEGORIES,
    CERTAINTIES,
    MSG_TYPES,
    NAMESPACE,
    RESPONSES,
    SCOPES,
    SEVERITIES,
    STATUSES,
    URGENCIES,
    Alert,
    Area,
    Info,
    Named,
    Resource,
    instant,
    references_of,
)  # fmt: skip

_Element = Any  # lxml's, which comes without types
_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_MOST_POSITIONS = 100_000
Value = TypeVar("Value")

# the children of each element in their order: name, least, most (None: any number)
_ALERT = (
    ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1), ("source", 0, 1),
    ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, None), ("note", 0, 1),
    ("references", 0, 1), ("incidents", 0, 1), ("info", 0, None),
)  # fmt: skip
_INFO = (
    ("language", 0, 1), ("category", 1, None), ("event", 1, 1), ("responseType", 0, None), ("urgency", 1, 1),
    ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1), ("eventCode", 0, None), ("effective", 0, 1),
    ("onset", 0, 1), ("expires", 0, 1), ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1),
    ("instruction", 0, 1), ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, None), ("resource", 0, None),
    ("area", 0, None),
)  # fmt: skip
_RESOURCE = (
    ("resourceDesc", 1, 1), ("mimeType", 1, 1), ("size", 0, 1), ("uri", 0, 1), ("derefUri", 0, 1), ("digest", 0, 1),
)  # fmt: skip
_AREA = (
    ("areaDesc", 1, 1), ("polygon", 0, None), ("circle", 0, None), ("geocode", 0, None), ("altitude", 0, 1),
    ("ceiling", 0, 1),
)  # fmt: skip
_NAMED = (("valueName", 1, 1), ("value", 1, 1))


def alert(root: _Element) -> Alert:
    """The message an element says. Raises BadInput with every fault of its form (the schema's rules)."""
    if root.tag != f"{{{NAMESPACE}}}alert":
        raise BadInput(
            f"the document is {str(root.tag)[:120]!r}, not a CAP 1.2 message",
            [Fault("alert", str(root.tag)[:120], f"{{{NAMESPACE}}}alert")],
        )
    reader = _Reader()
    made = reader.alert(root)
    if reader.faults:
        raise BadInput("the message is not in the form of CAP 1.2", reader.faults[:50])
    return made


class _Children:
    """The children of an element by name, in the order they stand."""

    def __init__(self, reader: "_Reader", of: _Element, form: tuple[tuple[str, int, int | None], ...], at: str) -> None:
        self._reader, self._at = reader, at
        self._found: dict[str, list[_Element]] = {}
        order = {name: i for i, (name, _, _) in enumerate(form)}
        last = ""
        for one in of:
            if not isinstance(one.tag, str):  # a comment or an instruction to some program
                continue
            if one.tag.startswith(_DSIG) and not at:
                last = "a signature"
                continue
            name = one.tag.removeprefix(f"{{{NAMESPACE}}}")
            if name not in order:
                reader.fault(at, f"holds an unknown element {name[:80]!r}", ", ".join(order))
                continue
            if last == "a signature" or (last and order[name] < order[last]):
                reader.fault(f"{at}{name}", f"stands after {last}", "the order of the standard")
            last = name
            self._found.setdefault(name, []).append(one)
        for name, least, most in form:
            count = len(self._found.get(name, ()))
            if count < least:
                reader.fault(f"{at}{name}", "is missing", f"{least} of them")
            if most is not None and count > most:
                reader.fault(f"{at}{name}", f"stands {count} times", f"at most {most}")

    def elements(self, name: str) -> list[tuple[_Element, str]]:
        return [(one, f"{self._at}{name}.{i}") for i, one in enumerate(self._found.get(name, ()))]

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._reader.text(one, at) for one, at in self.elements(name))

    def text(self, name: str) -> str | None:
        """The text; None when it is not there or empty."""
        return next(iter(self.texts(name)), "") or None

    def word(self, name: str, allowed: tuple[str, ...]) -> str:
        return next(iter(self.words(name, allowed)), "")

    def words(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        found = self.texts(name)
        for one in found:
            if one not in allowed:
                self._reader.fault(f"{self._at}{name}", f"{one[:40]!r}", ", ".join(allowed))
        return found

    def value(self, name: str, made: Callable[[str], Value]) -> Value | None:
        return next(iter(self.values(name, made)), None)

    def values(self, name: str, made: Callable[[str], Value]) -> tuple[Value, ...]:
        found = []
        for (_, at), text in zip(self.elements(name), self.texts(name), strict=True):
            if not text and name == "references":
                continue  # some senders leave what they do not use empty
            try:
                found.append(made(text))
            except (BadInput, ValueError, OverflowError) as error:
                self._reader.fault(at, str(getattr(error, "message", error))[:200], None)
        return tuple(found)

    def named(self, name: str) -> tuple[Named, ...]:
        found = []
        for one, at in self.elements(name):
            pair = _Children(self._reader, one, _NAMED, f"{at}.")
            found.append((pair.text("valueName") or "", pair.text("value") or ""))
        return tuple(found)


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.positions = 0

    def fault(self, place: str, message: str, allowed: str | None) -> None:
        self.faults.append(Fault(place.rstrip("."), message, allowed))

    def text(self, one: _Element, at: str) -> str:
        if any(isinstance(child.tag, str) for child in one):
            self.fault(at, "holds elements", "text")
        return nfc("".join(one.itertext(with_tail=False))).strip()

    def alert(self, root: _Element) -> Alert:
        its = _Children(self, root, _ALERT, "")
        return Alert(
            its.text("identifier") or "", its.text("sender") or "", its.value("sent", instant) or 0,
            its.word("status", STATUSES), its.word("msgType", MSG_TYPES), its.word("scope", SCOPES),
            its.text("source"), its.text("restriction"), its.text("addresses"), its.texts("code"), its.text("note"),
            its.value("references", references_of) or (), its.text("incidents"),
            tuple(self.info(one, at) for one, at in its.elements("info")),
        )  # fmt: skip

    def info(self, element: _Element, at: str) -> Info:
        its = _Children(self, element, _INFO, f"{at}.")
        return Info(
            its.words("category", CATEGORIES), its.text("event") or "", its.word("urgency", URGENCIES),
            its.word("severity", SEVERITIES), its.word("certainty", CERTAINTIES), its.text("language") or "en-US",
            its.words("responseType", RESPONSES), its.text("audience"), its.named("eventCode"),
            its.value("effective", instant), its.value("onset", instant), its.value("expires", instant),
            its.text("senderName"), its.text("headline"), its.text("description"), its.text("instruction"),
            its.text("web"), its.text("contact"), its.named("parameter"),
            tuple(self.resource(one, here) for one, here in its.elements("resource")),
            tuple(self.area(one, here) for one, here in its.elements("area")),
        )  # fmt: skip

    def resource(self, element: _Element, at: str) -> Resource:
        its = _Children(self, element, _RESOURCE, f"{at}.")
        return Resource(
            its.text("resourceDesc") or "", its.text("mimeType") or "", its.value("size", int), its.text("uri"),
            its.text("derefUri"), its.text("digest"),
        )  # fmt: skip

    def area(self, element: _Element, at: str) -> Area:
        its = _Children(self, element, _AREA, f"{at}.")
        for text in its.texts("polygon"):
            self.positions += text.count(",")
        if self.positions > _MOST_POSITIONS:
            raise BadInput(
                f"the message has more than {_MOST_POSITIONS} positions", [Fault(at, "too many positions", None)]
            )
        return Area(
            its.text("areaDesc") or "", its.values("polygon", areas.ring_of), its.values("circle", areas.circle_of),
            its.named("geocode"), its.value("altitude", _decimal), its.value("ceiling", _decimal),
        )  # fmt: skip


def _decimal(text: Any) -> float:
    value = float(text)
    if value != value or abs(value) > 1e9:
        raise ValueError(f"{text!r} is not a number of feet")
    return value
