"""What a step may reach beyond workers and models: other servers, and collections.

Outside.ask(question)                  AddressRefused FetchFailed
Outside.nearest(account, name, ...)    NotFound BadOption
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from printroom.core.errors import AddressRefused, NotFound
from printroom.pipelines.step import Near

if TYPE_CHECKING:  # brings what asks
    from printroom.core.calls import Question, Reply


class Outside(Protocol):
    """Implemented by whoever joins the parts."""

    def ask(self, question: Question, check: Callable[[], None]) -> Reply:
        """The answer of another server; `check` may raise meanwhile."""

    def nearest(
        self, account: str, collection: str, vector: NDArray[Any], most: int
    ) -> Sequence[Near]:
        """What is nearest to `vector` in a collection of that account, the nearest first."""


class Nowhere:
    """Implements `Outside` where nothing is beyond."""

    def ask(self, question: Question, check: Callable[[], None]) -> Reply:  # noqa: ARG002
        """Raises AddressRefused."""
        raise AddressRefused("steps may ask no other servers here", "run it as a pipeline")

    def nearest(
        self,
        account: str,  # noqa: ARG002
        collection: str,
        vector: NDArray[Any],  # noqa: ARG002
        most: int,  # noqa: ARG002
    ) -> Sequence[Near]:
        """Raises NotFound."""
        raise NotFound(f"there is no collection {collection[:80]!r}", "run it as a pipeline")
