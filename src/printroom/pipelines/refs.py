"""What a port of a step, or an output of a pipeline, may be bound to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Constant:
    """A value written in the pipeline, already of its port's kind."""

    value: Any


@dataclass(frozen=True)
class Ref:
    """`$port`, an input of the pipeline, or `$node.port`, a result of one of its steps."""

    node: str | None
    """Name of the node; None = an input of the pipeline."""
    port: str

    def __str__(self) -> str:
        return f"${self.port}" if self.node is None else f"${self.node}.{self.port}"


EACH = Ref(None, "each")
"""`$each`: the item that a step with `each` is run for. No input can be called so."""


@dataclass(frozen=True)
class Secret:
    """A text that whoever runs the pipeline keeps; only its name is ever written."""

    name: str


Binding = Constant | Ref | Secret | tuple["Binding", ...]
"""A tuple is a list of which some items are known only when the pipeline runs."""
