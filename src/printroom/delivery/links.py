"""Addresses of artifacts, in one form each, and their signatures.

    /a/{digest}                                   a public artifact
    /a/{digest}?d=a.jpg&e=1700000000&k=..&s=..   a private one, saved as a.jpg
    /i/{key}.{signature}/{options}/{digest}       a picture of it, made on the fly

    path, query -> Link, VariantLink              NotFound BadLink LinkExpired

What is signed is the whole of what the address means: kind, digest, disposition or options, expiry.
Other spellings of a good address are told where the one form is, so that a cache keeps one copy.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from printroom.core.errors import BadLink, BadOption, LinkExpired, NotFound
from printroom.delivery.artifact import is_digest
from printroom.delivery.options import Options, parse_options
from printroom.delivery.signing import SigningKeys

ARTIFACTS, PICTURES = "/a/", "/i/"
LONGEST = 7 * 86400
"""Seconds that a signed address may be good for, at most."""
_GRID = 300
"""Addresses made within so many seconds are the same, so that a browser keeps one copy."""
_NAME = 200
"""Characters of the name to save under, at most."""


@dataclass(frozen=True)
class Link:
    """An address of an artifact."""

    digest: str
    name: str | None = None
    """What it is saved as; None = it is shown."""
    expires: int | None = None
    """Seconds of the epoch; None = never, which is for public ones. What has it is signed."""

    def meaning(self) -> str:
        """What is signed."""
        return "\n".join(
            ("printroom artifact 1", self.digest, _shown(self.name), str(self.expires))
        )

    def address(self, keys: SigningKeys) -> str:
        """Path and query, signed if they say more than which artifact."""
        if self.name is None and self.expires is None:
            return ARTIFACTS + self.digest
        return self.written(*keys.sign(self.meaning()))

    def written(self, key: str, signature: str) -> str:
        """The one form of a signed address."""
        query = [] if self.name is None else [f"d={quote(self.name, safe='')}"]
        query += [] if self.expires is None else [f"e={self.expires}"]
        return f"{ARTIFACTS}{self.digest}?{'&'.join([*query, f'k={key}', f's={signature}'])}"


@dataclass(frozen=True)
class VariantLink:
    """An address of a picture made of an artifact; always signed, since making it is work."""

    digest: str
    options: Options
    expires: int | None = None

    def meaning(self) -> str:
        """What is signed."""
        return "\n".join(("printroom picture 1", self.digest, self.parts()))

    def parts(self) -> str:
        """Options and expiry, as they stand in the path."""
        expiry = [] if self.expires is None else [f"e:{self.expires}"]
        return "/".join([*self.options.parts(), *expiry])

    def address(self, keys: SigningKeys) -> str:
        """The path."""
        key, signature = keys.sign(self.meaning())
        return self.written(f"{key}.{signature}")

    def written(self, signature: str) -> str:
        """The one form of it."""
        return "/".join(filter(None, (PICTURES + signature, self.parts(), self.digest)))


def expiry(seconds: int, now: float | None = None) -> int:
    """When an address that is asked for now ends: in `seconds`, and up to 5 minutes later.

    Raises BadOption beyond 1 to 604,800 seconds.
    """
    if not 1 <= seconds <= LONGEST:
        raise BadOption(
            f"an address cannot be good for {seconds} seconds", f"choose 1 to {LONGEST}"
        )
    end = int(time.time() if now is None else now) + seconds
    return end + -end % min(_GRID, max(1, seconds // 2))


def saved_as(name: str) -> str:
    """A name that may be proposed to a browser. Raises BadOption."""
    if not 0 < len(name) <= _NAME or not name.isprintable() or "/" in name or "\\" in name:
        raise BadOption(f"{name[:_NAME]!a} is no name of a file", "take letters and digits")
    return name


def read_link(path: str, query: str, keys: SigningKeys) -> tuple[Link, str | None]:
    """The link, and its one form where this is another. Raises NotFound, BadLink, LinkExpired."""
    digest = path.removeprefix(ARTIFACTS)
    if not is_digest(digest):
        raise NotFound("there is nothing at this address", "an artifact has 64 digits")
    given = _query(query)
    if not given:
        return Link(digest), ARTIFACTS + digest if query else None
    key, signature = given.pop("k", ""), given.pop("s", "")
    try:
        name = saved_as(given["d"]) if "d" in given else None
    except BadOption as error:
        raise BadLink(error.reason, error.remedy) from None
    link = Link(digest, name, _moment(given["e"]) if "e" in given else None)
    keys.verify(link.meaning(), key, signature)
    _fresh(link.expires)
    only = link.written(key, signature)
    return link, None if _same(path, query, only) else only


def read_variant(
    path: str, query: str, keys: SigningKeys, presets: Mapping[str, Options]
) -> tuple[VariantLink, str | None]:
    """The same for a picture made on the fly."""
    rest, _, digest = path.removeprefix(PICTURES).rpartition("/")
    signature, *parts = rest.split("/")
    if not is_digest(digest) or not signature:
        raise NotFound("there is nothing at this address", "write /i/SIGNATURE/OPTIONS/DIGEST")
    moments = [part[2:] for part in parts if part.startswith("e:")]
    options = [part for part in parts if not part.startswith("e:")]
    if len(moments) > 1:
        raise BadLink("this address ends more than once", "ask for a new one")
    try:
        wanted = parse_options(options, presets)
    except BadOption as error:
        raise BadLink(error.reason, error.remedy) from None
    link = VariantLink(digest, wanted, _moment(moments[0]) if moments else None)
    key, _, mac = signature.partition(".")
    keys.verify(link.meaning(), key, mac)
    _fresh(link.expires)
    only = link.written(signature)
    return link, None if _same(path, query, only) else only


def _query(text: str) -> dict[str, str]:
    """The parameters that mean something; each may stand there once."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=16)
    except ValueError:
        raise BadLink("this address has too many parameters", "ask for a new one") from None
    found = [(name, value) for name, value in pairs if name in ("d", "e", "k", "s")]
    if len(dict(found)) != len(found):
        raise BadLink("this address says a thing twice", "ask for a new one")
    return dict(found)


def _moment(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and text[0] != "0"):
        raise BadLink("this address does not say when it ends", "ask for a new one")
    return int(text)


def _fresh(expires: int | None) -> None:
    if expires is not None and time.time() >= expires:
        raise LinkExpired("this address is good no longer", "ask for a new one")


def _shown(name: str | None) -> str:
    return "-" if name is None else f"+{name}"


def _same(path: str, query: str, only: str) -> bool:
    """Whether an address is `only`, however its characters were escaped on the way."""
    place, _, rest = only.partition("?")
    return path == place and _pairs(query) == _pairs(rest)


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)
