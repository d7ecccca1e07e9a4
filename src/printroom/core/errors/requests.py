"""What was asked for cannot be had."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class RequestError(PrintroomError):
    """What was asked for cannot be had."""

    code, status = "request_error", 422


class BadOption(RequestError):
    """A parameter is out of range or unknown."""

    code = "bad_option"


class UnknownFormat(RequestError):
    """No encoder of that name."""

    code = "unknown_format"


class FormatCannotHold(RequestError):
    """The result is too large for the container."""

    code = "format_cannot_hold"


class ScaleNotOffered(RequestError):
    """No model enlarges by that factor."""

    code = "scale_not_offered"


class NotFound(RequestError):
    """No such file, model or folder."""

    code, status = "not_found", 404


class NotAllowed(RequestError):
    """Whoever asks is known, and has no scope for this."""

    code, status = "not_allowed", 403


class AlreadyThere(RequestError):
    """Another one has that name, and there can be one only."""

    code, status = "already_exists", 409


class BadLink(RequestError):
    """An address that is not signed by us, or not as it was signed."""

    code, status = "bad_link", 403


class LinkExpired(RequestError):
    """A signed address whose time is over."""

    code, status = "link_expired", 403


class BodyTooLarge(RequestError):
    """The request body is over the limit."""

    code, status = "body_too_large", 413


class BodyTimeout(RequestError):
    """The client stopped sending the request body."""

    code, status = "body_timeout", 408


class BadArchive(RequestError):
    """A file that is no backup of ours, or a damaged one."""

    code = "bad_archive"
