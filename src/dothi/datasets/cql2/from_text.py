"""The text encoding of CQL2 (OGC 21-065r2 clause 8.2 and Annex B): text in, tree out. Pure.

Recursive descent over the words of the text, with bounded nesting. Keywords are read in any case; a name that is a
keyword is a property where nothing else can stand, or in double quotes. Beyond the grammar: a property of kind
boolean alone is a condition, as are `NOT NOT` and comparisons of conditions in parentheses.
"""

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from dothi.datasets.cql2 import scalars, shapes
from dothi.datasets.cql2.crs import Projection
from dothi.datasets.cql2.tree import (
    ARRAYS,
    BY_NAME,
    COMPARISONS,
    Call,
    Expression,
    Interval,
    Items,
    Literal,
    Property,
    Room,
    Shape,
    check_count,
    joined,
    refused,
)
from dothi.kit.text import nfc

_START = (
    ":_A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1ffe\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
NAME = rf"[{_START}][{_START}.0-9\u0300-\u036f\u203f-\u2040]*"
_WORDS = re.compile(
    rf"(?P<space>\s+)|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![{_START}.0-9])"
    rf"|(?P<word>{NAME})"
    r"|(?P<text>'(?:[^'\\]|''|\\.)*')|(?P<quoted>\"[^\"]+\")|(?P<mark><>|<=|>=|[-+*/%^=<>(),])",
    re.DOTALL,
)
_ESCAPES = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "'": "'", "\\": "\\"}
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_GEOMETRIES = {name.upper(): name for name in shapes.TYPES}
_RESERVED = {"AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "NULL", "DIV"}
UNSAFE_NAMES = {*_RESERVED, "TRUE", "FALSE"}  # only in double quotes are they properties
_OPERATORS = "a comparison, LIKE, BETWEEN, IN, IS NULL, + - * / % div ^, AND or OR"
_OPERAND = "a property, a value, a function or '('"


@dataclass(slots=True)
class _Word:
    kind: str
    text: str
    at: int

    @property
    def upper(self) -> str:
        return self.text.upper() if self.kind == "word" else ""


def parse(text: str, crs: Projection | None, room: Room) -> Expression:
    """The expression a text says. Raises BadInput with the character, what was found and what was expected."""
    parser = _Parser(text, crs, room)
    expression = parser.expression(0)
    if parser.look() is not parser.end:
        parser.refuse(f"the end, {_OPERATORS}")
    return expression


def _words(text: str) -> list[_Word]:
    made, at = [], 0
    while at < len(text):
        found = _WORDS.match(text, at)
        if found is None:
            raise refused(at + 1, f"found {text[at : at + 20]!r}", _unreadable(text[at]))
        if found.lastgroup != "space":
            made.append(_Word(str(found.lastgroup), found.group(), at + 1))
        at = found.end()
    return made


def _unreadable(character: str) -> str:
    if character in "'\"":
        return f"a closing {character}"
    return "a number, not followed by letters" if character.isdigit() else "a word, a number, a text in '…' or a mark"


class _Parser:
    def __init__(self, text: str, crs: Projection | None, room: Room) -> None:
        self.words = _words(text)
        self.next = 0
        self.end = _Word("end", "", len(text) + 1)
        self.crs, self.room = crs, room

    # --- the words

    def look(self, ahead: int = 0) -> _Word:
        place = self.next + ahead
        return self.words[place] if place < len(self.words) else self.end

    def take(self) -> _Word:
        word = self.look()
        self.next += 1
        return word

    def mark(self, *marks: str) -> _Word | None:
        """Take one of the marks or keywords if it stands here."""
        word = self.look()
        if (word.kind == "mark" and word.text in marks) or word.upper in marks:
            self.next += 1
            return word
        return None

    def expect(self, mark: str) -> None:
        if self.mark(mark) is None:
            self.refuse(f"'{mark}'" if not mark.isalpha() else mark)

    def refuse(self, allowed: str, word: _Word | None = None) -> NoReturn:
        word = word or self.look()
        raise refused(word.at, f"found {word.text[:60]!r}" if word.text else "the text ends here", allowed)

    # --- conditions

    def expression(self, depth: int) -> Expression:
        self.room.enter(self.look().at, depth)
        return self._chain("or", depth)

    def _chain(self, op: str, depth: int) -> Expression:
        at = self.look().at
        parts = [self._chain("and", depth) if op == "or" else self._not(depth)]
        while self.mark(op.upper()):
            parts.append(self._chain("and", depth) if op == "or" else self._not(depth))
        return joined(op, parts, at)

    def _not(self, depth: int) -> Expression:
        if word := self.mark("NOT"):
            self.room.take(word.at, depth + 1)
            return Call("not", (self._not(depth + 1),), word.at)
        left = self._sum(depth)
        word = self.look()
        if word.kind == "mark" and word.text in COMPARISONS:
            self.take()
            self.room.take(word.at, depth)
            made: Expression = Call(word.text, (left, self._sum(depth)), word.at)
        elif word.upper in {"NOT", "LIKE", "BETWEEN", "IN", "IS"}:
            made = self._predicate(left, depth)
        else:
            return left
        word = self.look()
        if word.text in COMPARISONS or word.upper in {"LIKE", "BETWEEN", "IN", "IS"}:
            self.refuse("AND, OR or the end: comparisons do not chain")
        return made

    def _predicate(self, left: Expression, depth: int) -> Expression:
        negated = self.mark("NOT")
        word = self.take()
        self.room.take(word.at, depth)
        if word.upper == "LIKE":
            made = Call("like", (left, self._sum(depth)), word.at)
        elif word.upper == "BETWEEN":
            low = self._sum(depth)
            self.expect("AND")
            made = Call("between", (left, low, self._sum(depth)), word.at)
        elif word.upper == "IN":
            self.expect("(")
            made = Call("in", (left, Items(tuple(self._list(depth + 1)), word.at)), word.at)
        elif word.upper == "IS" and negated is None:
            negated = self.mark("NOT")
            self.expect("NULL")
            made = Call("isNull", (left,), word.at)
        else:
            self.refuse("LIKE, BETWEEN or IN", word)
        return Call("not", (made,), negated.at) if negated else made

    def _list(self, depth: int) -> list[Expression]:
        """One or more expressions up to the closing parenthesis."""
        items = [self.expression(depth)]
        while self.mark(","):
            items.append(self.expression(depth))
        self.expect(")")
        return items

    # --- arithmetic

    def _sum(self, depth: int) -> Expression:
        return self._arithmetic(("+", "-"), depth)

    def _arithmetic(self, ops: tuple[str, ...], depth: int) -> Expression:
        product = ops != ("+", "-")
        left = self._power(depth) if product else self._arithmetic(("*", "/", "%", "DIV"), depth)
        steps = depth
        while word := self.mark(*ops):
            steps += 1
            self.room.take(word.at, steps)  # each stands within the next
            right = self._power(depth) if product else self._arithmetic(("*", "/", "%", "DIV"), depth)
            left = Call(word.text.lower(), (left, right), word.at)
        return left

    def _power(self, depth: int) -> Expression:
        left = self._factor(depth)
        if word := self.mark("^"):
            self.room.take(word.at, depth)
            left = Call("^", (left, self._factor(depth)), word.at)
            if self.look().text == "^":
                self.refuse("parentheses around one of two powers")
        return left

    def _factor(self, depth: int) -> Expression:
        sign = self.look()
        if sign.kind != "mark" or sign.text not in "+-":
            return self._operand(depth)
        self.take()
        if self.look().kind == "number":
            return scalars.number(sign.text + self.take().text, sign.at)
        if sign.text == "+":
            self.refuse("a number")
        self.room.take(sign.at, depth + 1)
        return Call("*", (Literal("number", -1, sign.at), self._operand(depth + 1)), sign.at)

    # --- operands

    def _operand(self, depth: int) -> Expression:
        word = self.take()
        self.room.take(word.at, depth)
        if word.kind == "number":
            return scalars.number(word.text, word.at)
        if word.kind == "text":
            return scalars.text(_unescaped(word.text), word.at)
        if word.kind == "quoted":
            return Property(nfc(word.text[1:-1]), word.at)
        if word.kind == "mark" and word.text == "(":
            return self._parenthesis(word, depth)
        if word.kind != "word":
            self.refuse(_OPERAND, word)
        if word.upper in {"TRUE", "FALSE"}:
            return Literal("boolean", word.upper == "TRUE", word.at)
        if word.upper in _GEOMETRIES and self._opens():
            return shapes.geometry(self._geometry(word, 0), self.crs, word.at)
        if self.look().text != "(" or self.look().kind != "mark":
            if word.upper in _RESERVED:
                self.refuse(f'{_OPERAND}; a property of this name in double quotes: "{word.text}"', word)
            return Property(nfc(word.text), word.at)
        self.take()
        return self._called(word, depth)

    def _opens(self) -> bool:
        return self.look().text == "(" or (self.look().upper == "Z" and self.look(1).text == "(")

    def _parenthesis(self, word: _Word, depth: int) -> Expression:
        if self.mark(")"):
            return Items((), word.at)
        first = self.expression(depth + 1)
        if self.mark(","):
            return Items((first, *self._list(depth + 1)), word.at)
        self.expect(")")
        return first

    def _called(self, word: _Word, depth: int) -> Expression:
        """What begins with a name and an opening parenthesis, which is taken already."""
        name = word.upper
        if name in {"DATE", "TIMESTAMP"}:
            value = self._string()
            self.expect(")")
            return scalars.day(value, word.at) if name == "DATE" else scalars.instant(value, word.at)
        if name == "INTERVAL":
            start = self._end(depth + 1)
            self.expect(",")
            made = Interval(start, self._end(depth + 1), word.at)
            self.expect(")")
            return made
        if name == "BBOX":
            return shapes.box(self._numbers(), self.crs, word.at)
        if name in _RESERVED:
            self.refuse(_OPERAND, word)
        op = BY_NAME.get(name.lower(), name.lower())
        if op in ARRAYS:
            items = [self._array(depth + 1)]
            while self.mark(","):
                items.append(self._array(depth + 1))
            self.expect(")")
        else:
            items = [] if self.mark(")") else self._list(depth + 1)
        check_count(op, len(items), word.at)
        return Call(op, tuple(items), word.at)

    def _array(self, depth: int) -> Expression:
        """An operand of an array function: what stands in parentheses is an array, were it one property alone."""
        word = self.look()
        if word.kind == "mark" and word.text == "(":
            self.take()
            self.room.take(word.at, depth)
            return Items(() if self.mark(")") else tuple(self._list(depth + 1)), word.at)
        return self._operand(depth)

    def _string(self) -> str:
        word = self.take()
        if word.kind not in {"text", "quoted"}:  # the standard's own examples quote both ways
            self.refuse("a text in '…'", word)
        return _unescaped(word.text) if word.kind == "text" else word.text[1:-1]

    def _end(self, depth: int) -> Expression | None:
        word = self.look()
        if word.kind == "text" or (word.kind == "quoted" and (word.text[1:5].isdigit() or word.text == '".."')):
            written = self._string()
            return None if written == ".." else scalars.moment(written, word.at)
        made = self._operand(depth)
        if isinstance(made, Items | Interval | Shape):
            self.refuse("an instant in '…', '..', a property or a function", word)
        return made

    # --- well-known text

    def _geometry(self, word: _Word, depth: int) -> dict[str, Any]:
        if self.look().upper == "Z":
            self.take()
        kind = _GEOMETRIES[word.upper]
        if kind == "GeometryCollection":
            self.room.take(word.at, depth)
            self.expect("(")
            parts = [self._part(depth)]
            while self.mark(","):
                parts.append(self._part(depth))
            self.expect(")")
            return {"type": kind, "geometries": parts}
        nesting = shapes.NESTING[kind]
        if kind == "MultiPoint":
            coordinates: Any = self._nested(1, points=True)
        else:
            coordinates = self._nested(nesting) if nesting else self._point()
        return {"type": kind, "coordinates": coordinates}

    def _part(self, depth: int) -> dict[str, Any]:
        word = self.take()
        if word.upper not in _GEOMETRIES:
            self.refuse(", ".join(_GEOMETRIES), word)
        return self._geometry(word, depth + 1)

    def _point(self) -> list[float]:
        self.expect("(")
        position = self._position()
        self.expect(")")
        return position

    def _nested(self, nesting: int, *, points: bool = False) -> list[Any]:
        self.expect("(")
        parts = [self._inner(nesting, points=points)]
        while self.mark(","):
            parts.append(self._inner(nesting, points=points))
        self.expect(")")
        return parts

    def _inner(self, nesting: int, *, points: bool) -> Any:
        if points and self.look().text == "(":  # MULTIPOINT((1 2),(3 4)), and as many write it, MULTIPOINT(1 2,3 4)
            return self._point()
        return self._position() if nesting == 1 else self._nested(nesting - 1)

    def _position(self) -> list[float]:
        numbers = [self._coordinate(), self._coordinate()]
        while len(numbers) < 4 and self.look().text != "," and self.look().text != ")":
            numbers.append(self._coordinate())
        return numbers

    def _coordinate(self) -> float:
        sign = self.mark("-", "+")
        word = self.take()
        if word.kind != "number":
            self.refuse("a number", word)
        return float(scalars.number((sign.text if sign else "") + word.text, word.at).value)

    def _numbers(self) -> list[float]:
        numbers = [self._coordinate()]
        while self.mark(","):
            numbers.append(self._coordinate())
        self.expect(")")
        return numbers


def _unescaped(quoted: str) -> str:
    """The characters of a literal: '' and backslash escapes undone.

    Requirement /req/cql2-text/escaping; a backslash before any other character stays, for LIKE to read.
    """
    if "\\" not in quoted and "''" not in quoted[1:-1]:
        return quoted[1:-1]
    return _ESCAPED.sub(lambda m: _ESCAPES.get(m[1], m[0]) if m[1] is not None else "'", quoted[1:-1])
