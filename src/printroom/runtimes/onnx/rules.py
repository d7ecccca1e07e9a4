"""The table of operators: what each does to the geometry of a picture, one function per kind.

    (node, its inputs) -> what is known of its outputs           Untraceable: not followed, and why

To add an operator, write its rule in `pointwise`, `moves` or `windows` and name it in `@rule`.
`bits=True` says that onnxruntime computes a value to the same bits on a CPU wherever a tile begins;
the property test of exactness holds us to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from printroom.runtimes.onnx.values import Node, Value

Inputs = Sequence[Value | None]
"""Inputs of a node in order; None where an optional one is left out."""
Rule = Callable[[Node, Inputs], list[Value]]
RULES: dict[str, Rule] = {}
"""Every operator that is followed. All others make a model not exact."""
BIT_EQUAL: set[str] = set()
"""Those among them whose tiled results equal the untiled ones bit for bit on a CPU."""
LOOSE = 1e-4
"""By how much tiled and untiled may differ for the others, for values 0..1."""


def rule(*operators: str, bits: bool) -> Callable[[Rule], Rule]:
    """Enter a rule in the table."""

    def entered(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(operators, function))
        if bits:
            BIT_EQUAL.update(operators)
        return function

    return entered
