"""A URL and a JSON body with places, filled with typed values.

    '{"prompt": "{text1}", "steps": "{number1}"}' -> body_of -> JSON     ValueError: it is none
    the same, values -> filled -> JSON with a text and a number          BadOption: no such value
    "https://api.example.com/v1?q={text1}", values -> addressed -> URL

In a body a place is a whole text, and becomes what its value is; in a URL its text is escaped, so
that it changes neither the host nor what follows. A place in a host is not filled.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from printroom.core.errors import BadOption

LONGEST = 64 * 1024
"""Characters of a body as it is written."""
_PLACE = re.compile(r"\{(text[1-9]\d?|number[1-9]\d?|image|image-base64)\}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]{0,4096}")
_OURS = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade",
     "expect", "keep-alive", "proxy-authorization", "accept-encoding")
)  # fmt: skip
"""Headers that are not a pipeline's to say."""


def body_of(text: str) -> Any:
    """What is written, as JSON; None = nothing is sent. Raises ValueError."""
    if not text:
        return None
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None


def header_of(name: str) -> str:
    """The name of a header, in lower case. Raises ValueError."""
    plain = name.lower()
    if not _TOKEN.fullmatch(name) or plain in _OURS:
        raise ValueError("is no header that may be said")
    return plain


def headers_of(names: list[str], values: list[str]) -> dict[str, str]:
    """Each name with its value. Raises BadOption, which tells no value: it may be a secret."""
    if len(names) != len(values):
        reason = f"there are {len(names)} headers and {len(values)} values"
        raise BadOption(reason, "give as many values as headers")
    for name, value in zip(names, values, strict=True):
        if not _VALUE.fullmatch(value):
            raise BadOption(f"the value of the header {name} is no line of ASCII", "mend it")
    return {header_of(name): value for name, value in zip(names, values, strict=True)}


def values_of(texts: list[str], numbers: list[float], picture: bytes | None) -> dict[str, Any]:
    """Place -> its value; `picture`: the bytes of a PNG."""
    values: dict[str, Any] = {f"text{at}": one for at, one in enumerate(texts, 1)}
    values |= {f"number{at}": _whole(one) for at, one in enumerate(numbers, 1)}
    if picture is not None:
        coded = base64.b64encode(picture).decode()
        values |= {"image": f"data:image/png;base64,{coded}", "image-base64": coded}
    return values


def filled(raw: Any, values: Mapping[str, Any]) -> Any:
    """`raw` with every place filled. Raises BadOption."""
    if isinstance(raw, dict):
        return {name: filled(one, values) for name, one in raw.items()}
    if isinstance(raw, list):
        return [filled(one, values) for one in raw]
    if isinstance(raw, str) and (place := _PLACE.fullmatch(raw)):
        return _value(place[1], values)
    return raw


def addressed(url: str, values: Mapping[str, Any]) -> str:
    """`url` with every place behind the host filled. Raises BadOption."""
    start = url.find("/", url.find("//") + 2)
    if start < 0:
        return url
    return url[:start] + _PLACE.sub(
        lambda place: quote(str(_value(place[1], values)), safe=""), url[start:]
    )


def _value(place: str, values: Mapping[str, Any]) -> Any:
    if place not in values:
        port = "image" if place.startswith("image") else re.sub(r"\d+$", "s", place)
        raise BadOption(f"there is no value for {{{place}}}", f"bind {port}")
    return values[place]


def _whole(number: float) -> int | float:
    """2 rather than 2.0: some servers tell them apart."""
    return int(number) if float(number).is_integer() and abs(number) < 2**53 else number


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
