"""`when`: a condition that has been checked, over the values at hand when its step is due.

text, kinds of the references -> Condition          ValueError: what is wrong with it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from printroom.pipelines import kinds
from printroom.pipelines.expressions import Expression, KindOf
from printroom.pipelines.parsing import parse
from printroom.pipelines.refs import Ref


@dataclass(frozen=True)
class Condition:
    """A checked expression that is true or false."""

    text: str
    refs: tuple[Ref, ...]
    """What it looks at; where one of them is absent, the step is skipped."""
    _tree: Expression = field(repr=False, compare=False)

    @classmethod
    def checked(cls, text: str, kind_of: KindOf) -> Condition:
        """Raises ValueError; what `kind_of` raises comes through."""
        tree = parse(text)
        kind = tree.kind(kind_of)
        if not isinstance(kind, kinds.Flag):
            raise ValueError(f"a {kind} is neither true nor false: compare it")
        return cls(text, tuple(dict.fromkeys(tree.refs())), tree)

    def holds(self, values: Mapping[Ref, Any]) -> bool:
        """Whether it is true for the values of `refs`."""
        return bool(self._tree.value(values))
