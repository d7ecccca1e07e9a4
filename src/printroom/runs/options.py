"""How the results of a run are written: the same names and meanings as on the hot path.

Output -> JSON in the job -> Output          UnknownFormat BadOption
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from printroom.engine.saving import Saving, saving_of
from printroom.imaging.metadata import Keep

HELD = 2**22
"""Samples of a result that is kept in memory, not in a scratch file: 4 MiB."""


@dataclass(frozen=True)
class Output:
    """What whoever asks may choose. Raises UnknownFormat, BadOption."""

    format: str | None = None
    """Of pictures; None = that of the input."""
    quality: int | None = None
    """1 to 100, for lossy formats; None = the format's own default."""
    metadata: Keep = "keep"
    """Whether EXIF and XMP go with pictures: all, none, or who made them. Profiles always do."""
    previews: bool = False
    """Whether each step that has a picture shows it, small, in an event."""

    def __post_init__(self) -> None:
        self.saving  # noqa: B018  it checks

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Output:
        """Of the payload of a job; older ones have the format alone."""
        known = payload.get("output")
        return cls(payload.get("format")) if known is None else cls(**known)

    def to_json(self) -> dict[str, Any]:
        """For the payload of a job."""
        return asdict(self)

    @property
    def saving(self) -> Saving:
        """The same for the engine."""
        return saving_of(self.format, self.quality, self.metadata, HELD)
