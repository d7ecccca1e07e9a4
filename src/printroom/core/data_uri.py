"""`data:` URIs (RFC 2397), in base64.

text -> bytes            ValueError: why it is none; the text follows the value
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Any

_DATA = re.compile(r"data:[\w.+-]*(?:/[\w.+-]*)?(?:;[\w.+-]+=[\w.+-]*)*;base64,", re.ASCII)


def data_uri(text: Any) -> bytes:
    """The bytes of a `data:` URI in base64. Raises ValueError."""
    head = _DATA.match(text) if isinstance(text, str) else None
    if head is None:
        raise ValueError("is not a picture as data:image/png;base64,...")
    try:
        return b64decode(text[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
