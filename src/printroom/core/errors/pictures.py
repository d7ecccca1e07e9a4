"""Something is wrong with a picture that came in."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class PictureError(PrintroomError):
    """Something is wrong with a picture that came in."""

    code, status = "picture_error", 422


class NotAPicture(PictureError):
    """No codec knows these bytes."""

    code, status = "not_a_picture", 415


class BrokenPicture(PictureError):
    """The picture is truncated or corrupt."""

    code = "broken_picture"


class EmptyPicture(PictureError):
    """Zero bytes, or a side of zero pixels."""

    code = "empty_picture"


class TooManyPixels(PictureError):
    """The header promises more pixels than the limit."""

    code, status = "too_many_pixels", 413


class NeedsMemory(PictureError):
    """The work cannot be done in the memory allowed; `needed` says how much it would take."""

    code, status = "needs_memory", 413

    def __init__(self, reason: str, remedy: str = "", *, needed: int) -> None:
        super().__init__(reason, remedy)
        self.needed = needed
        """Bytes that would be enough."""
