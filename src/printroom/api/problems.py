"""An error as its answer: RFC 9457 problem+json, with the `error` object that AI clients expect.

    exception -> Problem(status, headers, body)

One body serves both kinds of client: `type, title, status, detail, code` for the first, and
`error{message, type, param, code}` for the second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any

from printroom.core.errors import (
    AccessError,
    BadOption,
    LimitReached,
    NeedsMemory,
    Overloaded,
    PicturesDiffer,
    PrintroomError,
)

_AWAY = 5
"""Seconds until a database, or a store, that is away is asked for again."""
Headers = list[tuple[bytes, bytes]]

MEDIA_TYPE = "application/problem+json"
PARAMS: Mapping[str, str] = {
    "unknown_format": "format",
    "format_cannot_hold": "format",
    "scale_not_offered": "scale",
    "bad_model": "model",
    "not_found": "model",
}
"""Code of an error -> the parameter of `enhance` that is at fault."""


class BadParameter(BadOption):
    """One or more query parameters are unknown or out of range."""

    def __init__(self, reason: str, remedy: str, *, params: list[str]) -> None:
        super().__init__(reason, remedy)
        self.params = params
        """Names of the offending parameters."""


@dataclass(frozen=True)
class Problem:
    """A refusal, ready to be sent."""

    status: int
    headers: Headers
    body: bytes
    code: str


def problem_of(
    error: Exception,
    request_id: str,
    hide: Callable[[str], str],
    params: Mapping[str, str] = PARAMS,
) -> Problem:
    """The answer to `error`; `hide` takes out of its message what is not for clients.

    `params`: code -> the parameter that is at fault.

    What we did not raise ourselves becomes a 500 that shows nothing.
    """
    if not isinstance(error, PrintroomError):
        return problem(
            500, "internal_error", f"something went wrong here; it is logged as {request_id}"
        )
    extra: dict[str, Any] = {}
    headers: Headers = []
    param = params.get(error.code)
    if isinstance(error, BadParameter):
        param, extra["params"] = error.params[0], error.params
    if isinstance(error, NeedsMemory):
        extra["needed_bytes"] = error.needed
    if isinstance(error, PicturesDiffer):
        extra["pictures"] = list(error.pictures)
    if (wait := _wait(error)) is not None:
        extra["retry_after"] = wait
        headers = [(b"retry-after", str(wait).encode())]
    if isinstance(error, LimitReached):
        headers += error.headers
    if isinstance(error, AccessError) and error.status == 401:
        headers.append((b"www-authenticate", _challenge(error)))
    return problem(
        error.status, error.code, hide(str(error)), param=param, extra=extra, headers=headers
    )


def _wait(error: PrintroomError) -> int | None:
    """Seconds after which it is worth trying again; None = that changes nothing."""
    if isinstance(error, Overloaded | LimitReached):
        return error.retry_after
    return _AWAY if error.status == 503 else None


def _challenge(error: AccessError) -> bytes:
    """RFC 6750: no error is named to who sent nothing."""
    if error.code in ("credentials_missing", "wrong_password"):
        return b'Bearer realm="printroom"'
    said = f'error="invalid_token", error_description="{error.code}"'
    return f'Bearer realm="printroom", {said}'.encode()


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    param: str | None = None,
    extra: dict[str, Any] | None = None,
    headers: Headers | None = None,
) -> Problem:
    """Any refusal; `extra` members and `headers` go with it."""
    content = {
        "type": f"urn:printroom:error:{code}",
        "title": responses.get(status, "Client Closed Request"),
        "status": status,
        "detail": detail,
        "code": code,
        **(extra or {}),
        "error": {
            "message": detail,
            "type": "invalid_request_error" if status < 500 else "server_error",
            "param": param,
            "code": code,
        },
    }
    body = json.dumps(content).encode()
    found = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    return Problem(status, found + (headers or []), body, code)
