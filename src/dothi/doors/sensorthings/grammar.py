"""The query language of OGC 18-088 clause 9.3 (a subset of OData 4.0): text in, a small tree out. Pure.

Beyond the standard: `contains`, `in (…)`, the interval functions before, after, meets, during, overlaps, starts and
finishes, durations (`duration'PT1H'`), array positions (`result[0]`), and `$expand` in both of its spellings.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from dothi.doors.sensorthings.literals import Constant, Refused, Token, constant, tokens, unquoted

DEPTH = 32  # nested parentheses, functions and `not` of one expression


@dataclass(frozen=True)
class Path:
    """A property, perhaps over navigation properties: names, and whole numbers for array positions."""

    steps: tuple[str | int, ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        text = "".join(f"[{step}]" if isinstance(step, int) else f"/{step}" for step in self.steps)
        return text.removeprefix("/")


@dataclass(frozen=True)
class Call:
    """A function or operator with its operands; `and` and `or` take any number."""

    name: str
    operands: tuple["Expression", ...]
    at: int = field(default=0, compare=False)


Expression = Constant | Path | Call


@dataclass(frozen=True)
class Expand:
    """One navigation property to put in line, with options of its own."""

    name: str
    options: "Options"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        inner = ";".join(f"{name}={text}" for name, text in self.options.spelled())
        return f"{self.name}({inner})" if inner else self.name


@dataclass(frozen=True)
class Options:
    """The query options of a collection, of an entity, or of one expanded navigation property."""

    top: int | None = None
    skip: int = 0
    count: bool = False
    select: tuple[Path, ...] = ()
    orderby: tuple[tuple[Expression, bool], ...] = ()  # (what, descending)
    filter: Expression | None = None
    expand: tuple[Expand, ...] = ()
    written: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # $select, $orderby, $filter as they came

    def spelled(self) -> list[tuple[str, str]]:
        """The options as name and text, as a URL has them."""
        pairs = [("$top", str(self.top))] if self.top is not None else []
        pairs += [("$skip", str(self.skip))] if self.skip else []
        pairs += [("$count", "true")] if self.count else []
        pairs += self.written
        if self.expand:
            pairs.append(("$expand", ",".join(str(one) for one in self.expand)))
        return pairs


# name: (fewest operands, most operands)
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("substringof", "contains", "endswith", "startswith", "indexof", "concat"), (2, 2)),
    **dict.fromkeys(("length", "tolower", "toupper", "trim"), (1, 1)),
    "substring": (2, 3),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "fractionalseconds"), (1, 1)),
    **dict.fromkeys(("date", "time", "totaloffsetminutes"), (1, 1)),
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), (0, 0)),
    **dict.fromkeys(("round", "floor", "ceiling"), (1, 1)),
    "geo.distance": (2, 2),
    "geo.length": (1, 1),
    "geo.intersects": (2, 2),
    **dict.fromkeys(("st_equals", "st_disjoint", "st_touches", "st_within"), (2, 2)),
    **dict.fromkeys(("st_overlaps", "st_crosses", "st_intersects", "st_contains"), (2, 2)),
    "st_relate": (3, 3),
    **dict.fromkeys(("before", "after", "meets", "during", "overlaps", "starts", "finishes"), (2, 2)),
}


COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")


_BINDING = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, 4),
    "in": 4,
    "add": 5,
    "sub": 5,
    "mul": 6,
    "div": 6,
    "mod": 6,
}


_OPTIONS = ("$top", "$skip", "$count", "$select", "$orderby", "$filter", "$expand")


def parse_option(name: str, text: str, *, most_tokens: int = 600, most_expand: int = 5) -> Options:
    """The one query option `name` (with its $), as an Options that holds nothing else.

    Raises BadInput saying the position, what was found and what is allowed.
    """
    try:
        parser = _Parser(text, most_tokens, most_expand)
        options = parser.option(name, Options(), 0)
        parser.expect_end()
    except Refused as refused:
        raise refused.said(name) from None
    return options


def merge(parts: Iterable[Options]) -> Options:
    """Several one-option Options as one."""
    merged = Options()
    for part in parts:
        changes = {k: v for k, v in vars(part).items() if k != "written" and v != getattr(_NOTHING, k)}
        merged = replace(merged, **changes, written=(*merged.written, *part.written))
    return merged


_NOTHING = Options()


class _Parser:
    """Recursive descent over the words of one option."""

    def __init__(self, text: str, most_tokens: int, most_expand: int) -> None:
        self.text = text
        self.words = tokens(text, most_tokens)
        self.next = 0
        self.end = Token("end", "", len(text) + 1)
        self.most_expand = most_expand

    # --- the words

    def look(self) -> Token:
        return self.words[self.next] if self.next < len(self.words) else self.end

    def take(self) -> Token:
        token = self.look()
        self.next += 1
        return token

    def accept(self, mark: str) -> bool:
        if self.look().kind == "mark" and self.look().text == mark:
            self.next += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.accept(mark):
            self.refuse(f"'{mark}'")

    def expect_end(self) -> None:
        if self.look() is not self.end:
            self.refuse("the end, or an operator: " + " ".join(_BINDING))

    def refuse(self, allowed: str, token: Token | None = None) -> NoReturn:
        token = token or self.look()
        raise Refused(token.at, f"found {token.text!r}" if token.text else "the text ends here", allowed)

    # --- options

    def option(self, name: str, so_far: Options, depth: int) -> Options:
        if name == "$top":
            return replace(so_far, top=self._whole())
        if name == "$skip":
            return replace(so_far, skip=self._whole())
        if name == "$count":
            token = self.take()
            if token.text not in {"true", "false"}:
                self.refuse("true or false", token)
            return replace(so_far, count=token.text == "true")
        start = self.look().at
        if name == "$select":
            so_far = replace(so_far, select=() if self.accept("*") else tuple(self._list(self._path)))
            return self._written(so_far, name, start)
        if name == "$orderby":
            return self._written(replace(so_far, orderby=tuple(self._list(self._order))), name, start)
        if name == "$filter":
            return self._written(replace(so_far, filter=self.expression()), name, start)
        if name == "$expand":
            return replace(so_far, expand=_together(self._list(lambda: self._expand(depth + 1))))
        return self.refuse(", ".join(_OPTIONS), Token("word", name, self.look().at))

    def _written(self, so_far: Options, name: str, start: int) -> Options:
        text = self.text[start - 1 : self.look().at - 1].strip()
        return replace(so_far, written=(*so_far.written, (name, text)))

    def _list(self, one: Callable[[], Any]) -> list[Any]:
        items = [one()]
        while self.accept(","):
            items.append(one())
        return items

    def _whole(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 15:
            self.refuse("a whole number, 0 or more", token)
        return int(token.text)

    def _order(self) -> tuple[Expression, bool]:
        what = self.expression(3)
        token = self.look()
        direction = token.text.lower()  # frost_sta_client writes DESC
        if token.kind == "word" and direction in {"asc", "desc"}:
            self.take()
        return what, direction == "desc"

    def _expand(self, depth: int) -> Expand:
        if depth > self.most_expand:
            raise Refused(self.look().at, "$expand is too deep", f"at most {self.most_expand} levels")
        token = self.take()
        if token.kind != "word":
            self.refuse("the name of a navigation property", token)
        options = Options()
        if self.accept("("):
            while not self.accept(")"):
                name = self.take()
                if name.kind != "word" or name.text not in _OPTIONS:
                    self.refuse(", ".join(_OPTIONS), name)
                self.expect("=")
                options = self.option(name.text, options, depth)
                if not self.accept(";") and self.look().text != ")":
                    self.refuse("';' or ')'")
        if self.accept("/"):
            options = replace(options, expand=_together([*options.expand, self._expand(depth + 1)]))
        return Expand(token.text, options, token.at)

    # --- expressions

    def expression(self, least: int = 0, depth: int = 0) -> Expression:
        """Precedence climbing; comparisons do not chain."""
        if depth > DEPTH:
            raise Refused(self.look().at, "the expression is nested too deeply", f"at most {DEPTH} levels")
        left = self._operand(depth)
        while True:
            token = self.look()
            binding = _BINDING.get(token.text) if token.kind == "word" else None
            if binding is None or binding < max(least, 1):
                return left
            self.take()
            if token.text == "in":
                self.expect("(")
                options = self._list(lambda: self.expression(5, depth + 1))
                self.expect(")")
                left = Call("or", tuple(Call("eq", (left, one), token.at) for one in options), token.at)
                continue
            right = self.expression(binding + 1, depth + 1)
            if token.text in {"and", "or"} and isinstance(left, Call) and left.name == token.text:
                left = Call(token.text, (*left.operands, right), left.at)
            else:
                left = Call(token.text, (left, right), token.at)

    def _operand(self, depth: int) -> Expression:
        token = self.take()
        if token.text == "(" and token.kind == "mark":
            inner = self.expression(0, depth + 1)
            self.expect(")")
            return inner
        if token.text == "-" and token.kind == "mark":
            return Call("neg", (self._operand(depth + 1),), token.at)
        if token.kind == "word":
            return self._word(token, depth)
        return constant(token)

    def _word(self, token: Token, depth: int) -> Expression:
        if token.text == "not":
            return Call("not", (self.expression(3, depth + 1),), token.at)
        if token.text in {"true", "false"}:
            return Constant("bool", token.text == "true", token.at)
        if token.text == "null":
            return Constant("null", None, token.at)
        if self.accept("("):
            if token.text not in FUNCTIONS:
                raise Refused(token.at, f"no function {token.text!r}", ", ".join(FUNCTIONS))
            operands = [] if self.look().text == ")" else self._list(lambda: self.expression(0, depth + 1))
            self.expect(")")
            fewest, most = FUNCTIONS[token.text]
            if not fewest <= len(operands) <= most:
                wanted = str(fewest) if fewest == most else f"{fewest} or {most}"
                raise Refused(token.at, f"{token.text} has {len(operands)} operands", wanted)
            return Call(token.text, tuple(operands), token.at)
        self.next -= 1
        return self._path()

    def _path(self) -> Path:
        first = self.take()
        if first.kind != "word" or first.text.startswith("$"):
            self.refuse("the name of a property", first)
        steps: list[str | int] = [first.text]
        while True:
            if self.accept("/"):
                step = self.take()
                if step.kind not in {"word", "number", "text"} or step.text.startswith("$"):
                    self.refuse("the name of a property", step)
                steps.append(unquoted(step.text) if step.kind == "text" else step.text)
            elif self.accept("["):
                place = self._whole()
                self.expect("]")
                steps.append(place)
            else:
                return Path(tuple(steps), first.at)


def _together(items: list[Expand]) -> tuple[Expand, ...]:
    """Expansions of one name as one: `A/B,A/C` expands A once, with B and C inside."""
    merged: dict[str, Expand] = {}
    for item in items:
        if held := merged.get(item.name):
            inner = merge([held.options, replace(item.options, expand=())])
            inner = replace(inner, expand=_together([*held.options.expand, *item.options.expand]))
            merged[item.name] = replace(held, options=inner)
        else:
            merged[item.name] = item
    return tuple(merged.values())
