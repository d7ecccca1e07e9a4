"""What a job needs of its worker, and what a worker offers.

    Needs(labels={"cuda"}, bytes=8 GB, model="acme/large@2")     of a job, or of its next step
    Offer(labels={"cuda", "eu"}, bytes=20 GB, models={...})      of a worker, at the moment

Labels and bytes are conditions. A model is a preference: see `printroom.jobs.claim`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from printroom.core.errors import BadOption

MOST_LABELS = 16
"""Of a job, and of a worker with its devices."""
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:-]{0,62}", re.ASCII)


@dataclass(frozen=True)
class Needs:
    """What a worker must have to be given a job. Raises BadOption."""

    labels: frozenset[str] = frozenset()
    """All of them; a device is a label, too: `cuda`. Empty = any worker."""
    bytes: int = 0
    """Memory that must be free; 0 = any."""
    model: str | None = None
    """The worker that holds it goes first, for a while; None = any."""

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if not 0 <= self.bytes < 2**63:
            raise BadOption(f"{self.bytes} is no number of bytes", "give 0 or more")
        if self.model is not None and not 0 < len(self.model) <= 255:
            raise BadOption("a model's id has 1 to 255 characters")

    @property
    def text(self) -> str:
        """The labels as a job keeps them."""
        return ",".join(sorted(self.labels))


@dataclass(frozen=True)
class Offer:
    """What a worker has at the moment. Raises BadOption."""

    labels: frozenset[str] = frozenset()
    devices: tuple[str, ...] = ("cpu",)
    """Each is a label, too, with and without its number: `cuda:0` and `cuda`."""
    bytes: int = 2**62
    """Memory that is free for jobs."""
    models: frozenset[str] = field(default=frozenset())
    """Ids of models that are loaded."""

    def __post_init__(self) -> None:
        check_labels(self.all_labels)

    @property
    def all_labels(self) -> frozenset[str]:
        kinds = {device.partition(":")[0] for device in self.devices}
        return self.labels | set(self.devices) | kinds

    def satisfies(self, needs: Needs) -> bool:
        """Whether a job with these needs may run here."""
        return needs.labels <= self.all_labels and needs.bytes <= self.bytes


def check_labels(labels: frozenset[str]) -> None:
    """Raises BadOption for too many labels, or one that is not well formed."""
    if len(labels) > MOST_LABELS:
        raise BadOption(
            f"{len(labels)} labels, devices included, are too many", f"take up to {MOST_LABELS}"
        )
    for label in labels:
        if not _LABEL.fullmatch(label):
            remedy = "take lower case letters, digits and . _ : -"
            raise BadOption(f"{label!r} cannot be a label", remedy)
