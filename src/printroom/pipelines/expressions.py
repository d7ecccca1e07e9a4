"""Conditions as trees: each node knows its kind, its references and its value.

    kinds of its references -> its kind      ValueError: what cannot be compared
    values of its references -> its value

A tree is closed: it reaches nothing but the values it is given.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from printroom.pipelines import kinds
from printroom.pipelines.kinds import Kind
from printroom.pipelines.refs import Ref

KindOf = Callable[[Ref], Kind]
Values = Mapping[Ref, Any]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Expression:
    """A node of the tree."""

    def kind(self, of: KindOf) -> Kind:
        """What it yields. Raises ValueError where its parts do not go together."""
        raise NotImplementedError

    def value(self, values: Values) -> Any:
        """What it is, for the values of its references."""
        raise NotImplementedError

    def refs(self) -> Iterator[Ref]:
        """Every reference in it, in order."""
        yield from ()


@dataclass(frozen=True)
class Literal(Expression):
    """A value that stands there."""

    written: Any

    def kind(self, _of: KindOf) -> Kind:
        if isinstance(self.written, bool):
            return kinds.Flag()
        return kinds.Text() if isinstance(self.written, str) else kinds.Number()

    def value(self, _values: Values) -> Any:
        return self.written


@dataclass(frozen=True)
class Named(Expression):
    """A reference."""

    ref: Ref

    def kind(self, of: KindOf) -> Kind:
        return of(self.ref)

    def value(self, values: Values) -> Any:
        return values[self.ref]

    def refs(self) -> Iterator[Ref]:
        yield self.ref


@dataclass(frozen=True)
class Listed(Expression):
    """A list that stands there."""

    items: tuple[Expression, ...]

    def kind(self, of: KindOf) -> Kind:
        found = [item.kind(of) for item in self.items]
        for item in found[1:]:
            if _family(item) != _family(found[0]):
                raise ValueError(f"the list holds a {found[0]} beside a {item}")
        return kinds.ListOf(found[0])

    def value(self, values: Values) -> Any:
        return [item.value(values) for item in self.items]

    def refs(self) -> Iterator[Ref]:
        for item in self.items:
            yield from item.refs()


@dataclass(frozen=True)
class Compare(Expression):
    """Two operands and a sign, or `in`."""

    left: Expression
    sign: str
    right: Expression

    def kind(self, of: KindOf) -> Kind:
        left, right = self.left.kind(of), self.right.kind(of)
        if self.sign in ("in", "not in"):
            if not isinstance(right, kinds.ListOf):
                raise ValueError(f"a {right} is not a list to look in")
            right = right.item
        if not _family(left) & _family(right):
            raise ValueError(f"a {left} cannot be compared with a {right}")
        if self.sign in ("<", "<=", ">", ">=") and "number" not in _family(left) & _family(right):
            raise ValueError(f"a {left} has no order: {self.sign} compares numbers")
        _offered(left, self.right)
        _offered(right, self.left)
        return kinds.Flag()

    def value(self, values: Values) -> bool:
        left, right = self.left.value(values), self.right.value(values)
        if self.sign in ("in", "not in"):
            return (left in right) == (self.sign == "in")
        return COMPARE[self.sign](left, right)

    def refs(self) -> Iterator[Ref]:
        yield from self.left.refs()
        yield from self.right.refs()


@dataclass(frozen=True)
class Not(Expression):
    """The opposite."""

    part: Expression

    def kind(self, of: KindOf) -> Kind:
        return _truth(self.part, of)

    def value(self, values: Values) -> bool:
        return not self.part.value(values)

    def refs(self) -> Iterator[Ref]:
        yield from self.part.refs()


@dataclass(frozen=True)
class All(Expression):
    """`and` of its parts; `whole` False makes it `or`."""

    parts: tuple[Expression, ...]
    whole: bool

    def kind(self, of: KindOf) -> Kind:
        for part in self.parts:
            _truth(part, of)
        return kinds.Flag()

    def value(self, values: Values) -> bool:
        results = (part.value(values) for part in self.parts)
        return all(results) if self.whole else any(results)

    def refs(self) -> Iterator[Ref]:
        for part in self.parts:
            yield from part.refs()


def _truth(part: Expression, of: KindOf) -> Kind:
    kind = part.kind(of)
    if not isinstance(kind, kinds.Flag):
        raise ValueError(f"a {kind} is neither true nor false: compare it")
    return kind


def _offered(kind: Kind, other: Expression) -> None:
    """A choice compared with what it does not offer is a slip of the pen."""
    for one in other.items if isinstance(other, Listed) else (other,):
        if isinstance(kind, kinds.Choice) and isinstance(one, Literal):
            try:
                kind.coerce(one.written)
            except ValueError as error:
                raise ValueError(f"{one.written!r} {error}") from None


def _family(kind: Kind) -> frozenset[str]:
    """What values of that kind may be compared as."""
    if isinstance(kind, kinds.Choice):
        return frozenset(_FAMILIES[one] for one in {*map(type, kind.of)})
    if isinstance(kind, kinds.Picture | kinds.Tensor | kinds.ListOf):
        return frozenset()
    return frozenset({"text" if isinstance(kind, kinds.Model) else kind.name})


_FAMILIES: dict[type, str] = {str: "text", bool: "flag", int: "number", float: "number"}
