"""One customer's run, whatever it does: how urgent it is, who listens, whether it was taken back.

Order.check()        Cancelled, once `cancel` is set
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from printroom.core.errors import Cancelled
from printroom.engine.scheduler import Aside, Priority

Progress = Callable[[int, int], None]
"""Called with tiles done and tiles in all, in the thread that gave the order."""


@dataclass(frozen=True)
class Order:
    """What belongs to a run from its beginning to its end."""

    priority: Priority = Priority.INTERACTIVE
    memory: int | None = None
    """Bytes the process may take for this run, within those there are; None = all."""
    progress: Progress | None = None
    cancel: threading.Event | None = None
    """Set it from any thread to stop the run."""
    aside: Aside = nullcontext
    """Entered while the run's thread waits, or is in native code for more than a moment."""
    account: str = ""
    """Whose run it is: it may name that account's own models. Empty = nobody's."""
    owner: str = ""
    """Whose pipeline it is, if another's: what it names itself may be that account's."""
    paid: tuple[str, ...] = ()
    """Models of others that this run is charged for: "account/name", or "account/name@version"."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whose models may be used, and what was paid for."""
        return (*(one for one in (self.account, self.owner) if one), *self.paid)

    def check(self) -> None:
        """Raises Cancelled once the caller has taken the work back."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("the work was cancelled")

    def tell(self, done: int, tiles: int) -> None:
        """Progress, to whoever listens."""
        self.check()
        if self.progress is not None:
            self.progress(done, tiles)
