"""YAML of hostile origin -> plain values, and where each of them is written.

    text -> Written          Unreadable: not YAML, or over a limit; with line and column
    JSON values -> the same  Unreadable: over a limit

What may stand there is what JSON can say, in the scalars of YAML 1.2: `no` and `on` are texts.
Anchors may be repeated, but what they stand for counts each time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from printroom.core.errors import BadPipeline

MOST_BYTES = 64 * 1024
"""Of a pipeline's text; one of a hundred steps is a fifth of it."""
MOST_VALUES = 10_000
"""Mappings, lists and scalars in it, repeated ones counted each time."""
DEEPEST = 24
"""Levels of mappings and lists."""

Path = tuple[str | int, ...]
"""Keys and indices that lead to a value."""
INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}


@dataclass(frozen=True)
class Written:
    """A document as plain values."""

    value: Any
    marks: Mapping[Path, tuple[int, int]]
    """Line and column, from 1, of each key of a mapping and each item of a list."""


_MAPPING, _SEQUENCE, _TEXT = (f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str"))
_PLAIN = "plain"
"""In place of the tag that YAML 1.1 would guess for a scalar without quotes."""


class _Loader(yaml.SafeLoader):
    """Composes nodes no deeper than allowed, and guesses no tags."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.depth >= DEEPEST:
            raise _refused(parent, f"this has more than {DEEPEST} levels")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return _MAPPING if kind is yaml.MappingNode else _SEQUENCE


class Unreadable(Exception):
    """Why a text holds no values."""

    def __init__(self, problem: str, line: int = 0, column: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line, self.column = line, column
        """From 1; zeros = it is about the whole."""

    def told(self, name: str) -> BadPipeline:
        """The same about the file of that name."""
        place = f"{name}:{self.line}:{self.column}" if self.line else name
        fault = f"{place}: {self.problem}"
        return BadPipeline("the pipeline cannot be read", fault, faults=(fault,))


def read_yaml(text: str | bytes) -> Written:
    """The plain values of `text`. Raises Unreadable."""
    if len(text.encode("utf-8", "replace") if isinstance(text, str) else text) > MOST_BYTES:
        raise Unreadable(f"it is too long: a pipeline has at most {MOST_BYTES} bytes")
    try:
        node, reader = _Loader(text).get_single_node(), _Reader()
        return Written(None if node is None else reader.value(node, ()), reader.marks)
    except yaml.MarkedYAMLError as error:
        problem, mark = error.problem or "this is not YAML", error.problem_mark
        mark = mark or error.context_mark
        raise Unreadable(problem, *((mark.line + 1, mark.column + 1) if mark else ())) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise Unreadable(f"this is not a YAML text: {error}".splitlines()[0]) from None


def check_size(raw: Any) -> None:
    """Hold JSON values to what a text may have. Raises Unreadable."""
    left, level = MOST_VALUES, [raw]
    for _ in range(DEEPEST + 1):
        left -= len(level)
        if left < 0:
            break
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise Unreadable("this is too large, or too deep")


class _Reader:
    """Nodes to plain values; an anchor's node comes by as often as it is repeated."""

    def __init__(self) -> None:
        self.marks: dict[Path, tuple[int, int]] = {}
        self._left = MOST_VALUES

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._left -= 1
        if self._left < 0 or len(path) > DEEPEST:
            raise _refused(node, "this is too large, or repeats itself too often")
        self.marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if node.tag == _MAPPING and isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if node.tag == _SEQUENCE and isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, number)) for number, item in enumerate(node.value)]
        if node.tag == _PLAIN:
            return _plain(node)
        if node.tag == _TEXT and isinstance(node, yaml.ScalarNode):
            return node.value
        raise _refused(node, f"{node.tag} is no kind of value here")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in (_PLAIN, _TEXT):
                raise _refused(key, "a key must be a text")
            if key.value in found:
                raise _refused(key, f"{key.value!r} stands here twice")
            here = (*path, key.value)
            self.marks[here] = key.start_mark.line + 1, key.start_mark.column + 1
            found[key.value] = self.value(value, here)
        return found


def _plain(node: yaml.Node) -> Any:
    """A scalar without quotes, by the core schema of YAML 1.2."""
    text: str = node.value
    lower = text.lower()
    if lower in WORDS and text in (lower, text.title(), text.upper()):
        return WORDS[lower]
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise _refused(node, "this number is too large")
        return number
    return text


def _refused(node: yaml.Node, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
