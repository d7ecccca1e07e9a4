"""The language of conditions and references: text -> a tree.

    or        a or b        and       a and b        not       not a
    compare   a == b   a != b   a < b   a <= b   a > b   a >= b   a in b   a not in b
    operands  $input  $step.port  12  0.5  "text"  'text'  true  false  [1, 2]  (a)

    text -> Expression, Ref          ValueError: what stands where what should

It takes time linear in the text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from printroom.pipelines.expressions import (
    COMPARE,
    All,
    Compare,
    Expression,
    Listed,
    Literal,
    Named,
    Not,
)
from printroom.pipelines.refs import Ref

MOST_CHARACTERS = 1000
DEEPEST = 24
"""Levels of brackets and of `not`."""
REF = re.compile(r"\$([A-Za-z_][\w-]*)(?:\.([A-Za-z_]\w*))?", re.ASCII)
"""`$input` or `$step.port`. Names of steps may have dashes, those of ports may not."""
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<ref>\$[\w.$-]+) | (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])
    | (?P<text>"[^"]*"|'[^']*') | (?P<word>[A-Za-z_]\w*) | (?P<sign>[=!<>]=|[<>()\[\],])
    )""",
    re.VERBOSE | re.ASCII,
)


@lru_cache(maxsize=1024)  # a pipeline is checked each time it is run, with the same conditions
def parse(text: str) -> Expression:
    """The tree of `text`. Raises ValueError."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a condition has at most {MOST_CHARACTERS} characters")
    return _Parser(text).whole()


def parse_ref(text: str) -> Ref:
    """`$input` or `$step.port`. Raises ValueError."""
    found = REF.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no reference: write $input or $step.port")
    name, port = found.groups()
    return Ref(None, name) if port is None else Ref(name, port)


class _Parser:
    """One method for each level, from the loosest bond to the tightest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._deep = 0
        self._kind = self._word = ""
        self._next()

    def whole(self) -> Expression:
        found = self._any()
        if self._kind:
            raise self._wrong("an operator, or the end")
        return found

    def _any(self) -> Expression:
        parts = [self._every()]
        while self._took("or"):
            parts.append(self._every())
        return All(tuple(parts), whole=False) if len(parts) > 1 else parts[0]

    def _every(self) -> Expression:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return All(tuple(parts), whole=True) if len(parts) > 1 else parts[0]

    def _not(self) -> Expression:
        if not self._took("not"):
            return self._compare()
        self._enter()
        part = self._not()
        self._deep -= 1
        return Not(part)

    def _compare(self) -> Expression:
        left, sign = self._operand(), self._word
        if self._kind == "sign" and sign in COMPARE:
            self._next()
            return Compare(left, sign, self._operand())
        if self._took("in"):
            return Compare(left, "in", self._operand())
        if self._took("not"):
            if not self._took("in"):
                raise self._wrong("'in' after 'not'")
            return Compare(left, "not in", self._operand())
        return left

    def _operand(self) -> Expression:
        kind, word = self._kind, self._word
        if kind == "sign" and word in "([":
            return self._bracket(word)
        self._next()
        if kind == "ref":
            return Named(parse_ref(word))
        if kind == "number":
            return Literal(_number(word))
        if kind == "text":
            return Literal(word[1:-1])
        if word in ("true", "false"):
            return Literal(word == "true")
        self._kind, self._word = kind, word
        raise self._wrong("a reference, a number, a text in quotes, true or false")

    def _bracket(self, opening: str) -> Expression:
        self._enter()
        self._next()
        if opening == "(":
            found = self._any()
        else:
            items = [self._operand()]
            while self._took(","):
                items.append(self._operand())
            found = Listed(tuple(items))
        if not self._took(")" if opening == "(" else "]"):
            raise self._wrong(f"the end of {opening}")
        self._deep -= 1
        return found

    def _enter(self) -> None:
        self._deep += 1
        if self._deep > DEEPEST:
            raise ValueError(f"a condition has at most {DEEPEST} levels of brackets")

    def _took(self, word: str) -> bool:
        if self._word != word:
            return False
        self._next()
        return True

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            rest = self._text[self._at :].strip()
            self._kind, self._word = ("nonsense", rest[0]) if rest else ("", "")
            return
        self._at = found.end()
        self._kind = found.lastgroup or ""
        self._word = found[self._kind]

    def _wrong(self, wanted: str) -> ValueError:
        if not self._kind:
            return ValueError(f"it ends where {wanted} should stand")
        return ValueError(f"{self._word!r} stands where {wanted} should")


def _number(word: str) -> int | float:
    try:
        return int(word)
    except ValueError:
        return float(word)
