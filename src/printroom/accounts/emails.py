"""E-mail addresses, in the one form in which they are compared.

" Ann@Example.COM " -> "ann@example.com"         BadOption
"""

from __future__ import annotations

import re
import unicodedata

from printroom.core.errors import BadOption

_LONGEST = 254
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x20\x7f]{1,64}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.ASCII)


def normalised(text: str) -> str:
    """`text` in lower case, its domain in ASCII. Raises BadOption for what is no address.

    What Unicode would fold into other letters is refused: two addresses that look alike must not
    become one, nor pass for another. Dots and tags (`ann+x@`) are somebody's own affair and stay.
    """
    text = text.strip()
    local, at, domain = text.rpartition("@")
    try:
        domain = domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    plain = all(unicodedata.normalize("NFKC", one) == one for one in (local, local.lower()))
    local = local.lower()
    good = (
        at
        and len(text) <= _LONGEST
        and text.isprintable()
        and plain
        and _LOCAL.fullmatch(local)
        and _DOMAIN.fullmatch(domain)
    )
    if not good:
        raise BadOption(f"{text[:80]!r} is no e-mail address", "write it as ann@example.com")
    return f"{local}@{domain}"
