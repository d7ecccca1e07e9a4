"""How `POST /v1/images/enhance` looks in the OpenAPI document, from the tables that it obeys.

parameters.TABLE, imaging.formats.FORMATS -> path item; with it, what is said of any request
"""

from __future__ import annotations

from typing import Any

from printroom.api.accounts.sent import COOKIE
from printroom.api.parameters import openapi_parameters
from printroom.api.refusals import any_refusal
from printroom.imaging.formats import FORMATS

PATH = "/v1/images/enhance"

_ABOUT = """\
The body is the picture's bytes; `Content-Type` is not trusted. The answer's status is sent when
the result is complete. When the client hangs up, the work stops.
"""


def enhance_path() -> dict[str, Any]:
    """The OpenAPI path item."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "post": {
            "operationId": "enhanceImage",
            "summary": "Enlarge a picture",
            "description": _ABOUT,
            "tags": ["images"],
            "parameters": [*openapi_parameters(), *HEADERS],
            "requestBody": {
                "required": True,
                "content": {f.media_type: binary for f in FORMATS}
                | {"application/octet-stream": binary},
            },
            "responses": {
                "200": {
                    "description": "The picture, enlarged",
                    "headers": {
                        "X-Printroom-Model": {"schema": {"type": "string"}},
                        "X-Printroom-Sale": {
                            "schema": {"type": "string", "examples": ["sale_19ab; credits=3"]},
                            "description": "What it cost, where the model is sold by the run.",
                        },
                        "X-Request-Id": {"schema": {"type": "string"}},
                    },
                    "content": {f.media_type: binary for f in FORMATS if f.writes},
                },
                **any_refusal(),
            },
        }
    }


HEADERS = [
    {
        "name": "Accept",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Media types of pictures, with weights.",
    },
    {
        "name": "X-Request-Id",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Comes back with the answer, and stands in the log, if it has 1 to 128 "
        "printable letters; else it is another one.",
    },
]
"""Of any request for work."""
SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key or a token."},
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "With `X-CSRF-Token` for whatever changes something.",
    },
}
"""How requests say who sends them."""
SECURITY: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
"""One of them is enough."""
