"""Names of objects, which cannot mean anything outside the place they are looked up in.

    "models/acme/net.onnx" -> Key:      BadKey
    "models/acme/"         -> Prefix:   BadKey

A key that exists is well formed. What is refused is whatever some store, file system or proxy
would read as something else: `.` and `..`, empty parts, backslashes, control and invisible
characters, characters that become one of these when they are normalised (a full-width slash, a
two-dot leader), and text that is not in Unicode's form NFC, of which there would be two that look
alike.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from printroom.core.errors import BadKey

LONGEST = 1024
"""Bytes of a key in UTF-8, as S3 has it."""
LONGEST_PART = 255
"""Bytes of what stands between two slashes, as file systems have it."""
OWN = ".printroom-"
"""Parts of keys that begin so are ours: uploads that are not finished."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of control, format, half, private and unassigned characters and breaks."""


class Key(str):
    """The name of one object, relative to its store: parts separated by `/`.

    >>> Key("models/acme/net.onnx").name
    'net.onnx'
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Key:
        """Raises BadKey."""
        if type(text) is Key:
            return text
        if fault := _fault(text):
            raise BadKey(f"{shown(text)} is no key", fault)
        return super().__new__(cls, text)

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)

    @property
    def parts(self) -> tuple[str, ...]:
        """What stands between the slashes; at least one."""
        return tuple(self.split("/"))

    @property
    def name(self) -> str:
        """The last part."""
        return self.rpartition("/")[2]

    @property
    def parent(self) -> Prefix:
        """Where it lies."""
        return Prefix(self.rpartition("/")[0])


class Prefix(str):
    """A place for keys: empty, which is the whole store, or a key with a slash behind it.

    >>> "models/acme/net.onnx" in Prefix("models/acme"), "models/acme2" in Prefix("models/acme")
    (True, False)
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> Prefix:
        """The slash at the end may be left out. Raises BadKey."""
        if type(text) is Prefix:
            return text
        plain = text.removesuffix("/") if text != "/" else text
        return super().__new__(cls, plain and Key(plain) + "/")

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)

    def __contains__(self, key: object) -> bool:
        """Whether `key`, or a prefix, lies here."""
        return isinstance(key, str) and key.startswith(self)

    def key(self, text: str) -> Key:
        """The key `text` below this prefix. Raises BadKey."""
        return Key(self + Key(text))


def shown(text: str) -> str:
    """`text` for a message: quoted, escaped, and cut when it is long."""
    return ascii(text if len(text) <= 80 else f"{text[:77]}...")


@lru_cache(maxsize=4096)
def _fault(text: str) -> str:  # noqa: PLR0911 (one rule a line)
    """What is wrong with a key; empty if nothing is."""
    if not text:
        return "it is empty"
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        return "control characters and invisible ones are not allowed"
    if len(text.encode()) > LONGEST:
        return f"{LONGEST} bytes are the most"
    if not unicodedata.is_normalized("NFC", text):
        return "write it in Unicode's form NFC"
    folded = unicodedata.normalize("NFKC", text)
    if folded.count("/") != text.count("/"):
        return "it has a character that stands for a slash"
    if "\\" in folded:
        return "backslashes are not allowed"
    for part, plain in zip(text.split("/"), folded.split("/"), strict=True):
        if fault := _part_fault(part) or _part_fault(plain):
            return fault
    return ""


def _part_fault(part: str) -> str:
    if not part:
        return "it has an empty part: slashes stand between names"
    if part.strip(".") == "":
        return f"{part!r} is not allowed as a part of it"
    if part != part.strip() or part.endswith("."):
        return "no part may begin or end with a space, or end with a dot"
    if part.casefold().startswith(OWN):
        return f"names that begin with {OWN!r} are ours"
    if len(part.encode()) > LONGEST_PART:
        return f"{LONGEST_PART} bytes are the most between two slashes"
    return ""
