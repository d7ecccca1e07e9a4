"""How an isolated step may behave: what it may take, and what happens when its process is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from printroom.isolation.grants import Ask


@dataclass(frozen=True)
class Policy:
    """Limits of one step and its processes."""

    children: int = 1
    """Processes at most, each with one run at a time; 1 or more."""
    cpu: int = 1
    """Threads that libraries in the process are told to use."""
    memory: int | None = None
    """Bytes a process may allocate for itself, arrays that are handed over not counted; None = no
    limit."""
    arrays: int = 2**32
    """Bytes of arrays that may be handed over at once."""
    cards: Ask = field(default_factory=Ask)
    """Graphics cards that each process has; a step that asks for none sees none."""
    idle: float | None = None
    """Seconds that a process rests before it is ended; 0 = for ever, None = as long as others."""
    timeout: float = 300.0
    """Seconds a run may take."""
    spent: int | None = None
    """CPU seconds a run may take; None = as many as fit in `timeout`."""
    start: float = 120.0
    """Seconds a process may take to load the step."""
    retries: int = 1
    """How often a run is tried again after its process was lost; 0 = never. A step that raises is
    not tried again."""
    backoff: float = 0.5
    """Seconds before the first restart after a loss; doubled for each loss in a row."""
    backoff_most: float = 30.0
    """Seconds that such a pause takes at most."""
    grace: float = 1.0
    """Seconds a cancelled run has to stop by itself before its process is killed."""

    def pause(self, losses: int) -> float:
        """Seconds to wait before a restart after `losses` losses in a row.

        >>> [Policy().pause(losses) for losses in (0, 1, 2, 3, 20)]
        [0.0, 0.5, 1.0, 2.0, 30.0]
        """
        if not losses:
            return 0.0
        return min(self.backoff_most, self.backoff * 2.0 ** min(losses - 1, 60))
