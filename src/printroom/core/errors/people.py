"""What was asked for about a person cannot be done."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class PeopleError(PrintroomError):
    """What was asked for about a person cannot be done."""

    code, status = "people_error", 422


class NoConsent(PeopleError):
    """Nobody has said that the person agrees."""

    code = "consent_missing"


class TooFewPictures(PeopleError):
    """There are fewer pictures of the person than it takes to learn them."""

    code, status = "too_few_pictures", 409


class PicturesDiffer(PeopleError):
    """Some of the pictures seem to show somebody else; `pictures` are their ids."""

    code, status = "pictures_differ", 409

    def __init__(self, reason: str, remedy: str = "", *, pictures: tuple[str, ...] = ()) -> None:
        super().__init__(reason, remedy)
        self.pictures = pictures
        """Which to replace."""


class ForbiddenWords(PeopleError):
    """The prompt has words that are not drawn here."""

    code = "forbidden_words"
