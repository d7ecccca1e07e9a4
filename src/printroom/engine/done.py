"""What was done to a picture, as a result tells it."""

from __future__ import annotations

from typing import NamedTuple


class Done(NamedTuple):
    """One step."""

    node: str
    """Its name in the pipeline."""
    step: str
    by: str
    """The id of the model that does it; empty where no model does."""
