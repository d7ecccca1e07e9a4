"""Keys and sessions as texts: made here, recognised by their form, kept only as a digest.

    mint("live") -> "pr_live_" + 32 random letters and digits + 6 of checksum
    kind_of(text) -> "live" | "sess" | "tok"              MalformedCredentials
    digest(text)  -> what the database has                hint(text) -> what people see

190 random bits need no salt and no slow hash: SHA-256 is enough to make a stolen table useless. The
checksum refuses what was cut or mistyped without a look into the database, and lets scanners of
leaked secrets tell a key of ours from noise.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from typing import Literal

from printroom.core.errors import MalformedCredentials

Kind = Literal["live", "sess", "tok"]
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECK = 32, 6
_FORM = re.compile(r"pr_(live|sess)_([0-9A-Za-z]{38})", re.ASCII)
_TOKEN = re.compile(r"pr_tok_[\w-]{1,4096}\.[\w-]{43}", re.ASCII)
LONGEST = 4200
"""Characters of anything that is looked at."""


def mint(kind: Literal["live", "sess"]) -> str:
    """A new secret: a key (`live`) or a session (`sess`)."""
    body = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return f"pr_{kind}_{body}{_checksum(kind, body)}"


def kind_of(text: str) -> Kind:
    """What `text` is by its form. Raises MalformedCredentials."""
    if len(text) <= LONGEST:
        if _TOKEN.fullmatch(text):
            return "tok"
        found = _FORM.fullmatch(text)
        if found and _checksum(found[1], found[2][:_RANDOM]) == found[2][_RANDOM:]:
            return "live" if found[1] == "live" else "sess"
    raise MalformedCredentials(
        "this is no key, session or token of printroom, or not a whole one",
        "copy it again, from pr_ to its last letter",
    )


def digest(text: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hint(text: str) -> str:
    """Enough of a key to tell it from others: `pr_live_AbCd…wXyZ`."""
    return f"{text[:12]}…{text[-4:]}"


def new_id(prefix: str, now: float) -> str:
    """An id nobody has: `key_…`; sorts by time."""
    return f"{prefix}_{int(now * 1000):011x}{secrets.token_hex(6)}"


def _checksum(kind: str, body: str) -> str:
    number, text = zlib.crc32(f"{kind}_{body}".encode()), ""
    for _ in range(_CHECK):
        number, place = divmod(number, len(_LETTERS))
        text = _LETTERS[place] + text
    return text
