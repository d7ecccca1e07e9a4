"""What callers are told of values and errors: nothing of this machine, and no secrets.

    text of an error -> hidden -> the same without files and secrets
    a value -> plain -> what JSON has a word for

Steps are code of others: what they raise may name files of this machine, or what is secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from printroom.core.errors import PrintroomError

_SECRET = "PRINTROOM_SECRET_"
_SHORTEST = 4
"""Characters of a secret that is looked for in texts."""
_PLACE = re.compile(r"(?<![\w:/.])/(?!v[12]/)(?:[^\s/'\":,;]+/)+[^\s/'\":,;]*")
"""The path of a file: at least one folder, and what is in it. Addresses of the API are no files."""


def hidden(text: str) -> str:
    """The text of an error for strangers."""
    return _PLACE.sub("a file", without_secrets(text))


def retell(error: PrintroomError, hide: Callable[[str], str]) -> None:
    """Have an error say only what `hide` leaves of its words."""
    told = hide(error.reason)
    error.args = (f"{told}: {hide(error.remedy)}" if error.remedy else told,)


def without_secrets(text: str) -> str:
    """`text` with every secret of this server taken out."""
    for name, value in os.environ.items():
        if name.startswith(_SECRET) and len(value) >= _SHORTEST:
            text = text.replace(value, "***")
    return text


def plain(value: Any) -> Any:
    """A value that JSON has a word for; of numbers, what is not finite is null."""
    if isinstance(value, np.ndarray):
        found = value.astype(object)
        found[~np.isfinite(value)] = None
        return found.tolist()
    return without_secrets(value) if isinstance(value, str) else value
