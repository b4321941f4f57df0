"""The part of Lucene's query language that `q` and `fq` of package_search are written in. Pure.

`field:value`, `field:(a OR b)`, phrases in quotes, `*` and `?`, ranges `[a TO b]` and `{a TO b}`, AND, OR, NOT, + and -,
parentheses. Words stand for themselves with or without diacritics; words with nothing between them all count.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dothi.kit.errors import DothiError
from dothi.kit.text import fold

LONGEST, DEEPEST = 4000, 30
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<phrase>"(?:[^"\\]|\\.)*")(?:~\d+)? |
    (?P<range>[\[{]\s*(?:"[^"]*"|[^\s\]}]+)\s+TO\s+(?:"[^"]*"|[^\s\]}]+)\s*[\]}]) |
    (?P<open>\() | (?P<close>\)) |
    (?P<sign>[+\-!](?=\S)) |
    (?P<field>[\w.]+):(?=\S) |
    (?P<word>(?:\\.|[^\s()"\[\]{}:]|:(?=\S))+)
    )""",
    re.VERBOSE,
)
_BOOST = re.compile(r"\^[\d.]+")


class QueryError(DothiError):
    """The text is no query; CKAN calls it a Search Query Error."""


@dataclass(frozen=True)
class Doc:
    """What is searched: the values of each field as they are, and all the text there is, folded."""

    fields: Mapping[str, tuple[str, ...]]
    text: str
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, fields: Mapping[str, tuple[str, ...]], text: str) -> "Doc":
        """A document with what searching needs made ready."""
        plain = fold(text)
        words = tuple(dict.fromkeys(re.findall(r"\w+", plain)))
        return cls(fields, plain, {name: tuple(map(fold, values)) for name, values in fields.items()}, words)


Test = Callable[[Doc], bool]


def parse(text: str) -> Test:
    """The test of a query. Raises QueryError with the place where it cannot be read."""
    if len(text) > LONGEST:
        raise QueryError(f"the query is longer than {LONGEST} characters")
    if text.strip() in ("", "*", "*:*"):
        return lambda _: True
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise QueryError(f"cannot read the query at character {at + 1}: {text[at : at + 20]!r}")
            self.tokens.append((found.lastgroup, found[found.lastgroup], at))
            at = found.end()
            boost = _BOOST.match(text, at)
            at = boost.end() if boost else at
        self.at = self.depth = 0

    def whole(self) -> Test:
        test = self.either(None)
        if self.at < len(self.tokens):
            kind, text, where = self.tokens[self.at]
            raise QueryError(f"{text!r} at character {where + 1} does not belong there ({kind})")
        return test

    def word(self, *wanted: str) -> bool:
        """Take an operator if it is next."""
        if self.at < len(self.tokens):
            kind, text, _ = self.tokens[self.at]
            if kind == "word" and text in wanted:
                self.at += 1
                return True
        return False

    def either(self, name: str | None) -> Test:
        tests = [self.all(name)]
        while self.word("OR", "||"):
            tests.append(self.all(name))
        return tests[0] if len(tests) == 1 else lambda doc: any(test(doc) for test in tests)

    def all(self, name: str | None) -> Test:
        tests = [self.one(name)]
        while self.at < len(self.tokens) and self.tokens[self.at][0] != "close":
            if self.tokens[self.at][:2] in (("word", "OR"), ("word", "||")):
                break
            self.word("AND", "&&")
            tests.append(self.one(name))
        return tests[0] if len(tests) == 1 else lambda doc: all(test(doc) for test in tests)

    def one(self, name: str | None) -> Test:
        if self.word("NOT"):
            test = self.one(name)
            return lambda doc: not test(doc)
        if self.at >= len(self.tokens):
            raise QueryError("the query ends where a word is expected")
        kind, text, where = self.tokens[self.at]
        self.at += 1
        match kind:
            case "sign":
                test = self.one(name)
                return test if text == "+" else lambda doc: not test(doc)
            case "open":
                self.depth += 1
                if self.depth > DEEPEST:
                    raise QueryError(f"the query is nested deeper than {DEEPEST}")
                test = self.either(name)
                if self.at >= len(self.tokens) or self.tokens[self.at][0] != "close":
                    raise QueryError(f"the parenthesis at character {where + 1} is not closed")
                self.at += 1
                self.depth -= 1
                return test
            case "field":
                return self.one(text)
            case "phrase":
                return _phrase(name, re.sub(r"\\(.)", r"\1", text[1:-1]))
            case "range":
                return _range(name, text)
            case "word" if text not in ("AND", "OR", "&&", "||"):
                return _word(name, text)
        raise QueryError(f"{text!r} at character {where + 1} does not belong there")


def _phrase(name: str | None, text: str) -> Test:
    wanted = fold(text)
    if name is None or name == "text":
        return lambda doc: wanted in doc.text
    if name in ("title", "notes"):
        return lambda doc: any(wanted in value for value in doc.folded.get(name, ()))
    return lambda doc: wanted in doc.folded.get(name, ())


def _word(name: str | None, text: str) -> Test:
    plain = re.sub(r"\\(.)", r"\1", text)
    if name is not None and plain == "*":
        return (lambda _: True) if name == "*" else (lambda doc: bool(doc.fields.get(name)))
    if name is None or name in ("text", "title", "notes"):
        return _in_text(name, fold(plain))
    wanted = fold(plain)
    if "*" in plain or "?" in plain:
        form = re.compile(
            "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in _fewer(wanted)), re.DOTALL
        )
        return lambda doc: any(form.fullmatch(value) for value in doc.folded.get(name, ()))
    return lambda doc: wanted in doc.folded.get(name, ())


def _in_text(name: str | None, wanted: str) -> Test:
    """A word of running text: words that begin with it count."""
    parts = [part for part in re.findall(r"[\w*?]+", wanted) if part.strip("*?")]
    forms = [
        re.compile("".join({"*": r"\w*", "?": r"\w"}.get(s, re.escape(s)) for s in _fewer(part))) for part in parts
    ]

    def test(doc: Doc) -> bool:
        words = doc.words if name in (None, "text") else re.findall(r"\w+", " ".join(doc.folded.get(name, ())))
        return all(any(form.match(word) for word in words) for form in forms)

    return test


def _fewer(pattern: str) -> str:
    """Stars in a row are one: they mean the same and cost less."""
    return re.sub(r"\*+", "*", pattern[:200])


def _range(name: str | None, text: str) -> Test:
    if name is None:
        raise QueryError(f"a range needs a field: {text!r}")
    first, last = (part.strip().strip('"') for part in re.split(r"\s+TO\s+", text[1:-1], maxsplit=1))
    above, below = text[0] == "[", text[-1] == "]"

    def test(doc: Doc) -> bool:
        return any(
            (first == "*" or first < value or (above and first == value))
            and (last == "*" or value < last or (below and (last == value or value.startswith(last))))
            for value in doc.fields.get(name, ())
        )

    return test
