"""What licences ask for, as far as it decides whether one thing may be made from another.

    text -> read -> Terms of each licence in it        LicenceFault: not an SPDX expression

The table holds what concerns models. What it does not hold is not refused: a person reads it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from license_expression import Licensing

LONGEST = 400
"""Characters of an expression."""


@dataclass(frozen=True)
class Terms:
    """Of one licence. False everywhere = it asks for no more than to be named."""

    use_restricted: bool = False
    """OpenRAIL: what must not be done with it; whatever is made from it must forbid that too."""
    no_commerce: bool = False
    no_changes: bool = False
    share_alike: bool = False
    """What is made from it has the same licence."""
    known: bool = True
    """Whether it stands in the table."""


RAIL = {
    "OpenRAIL", "OpenRAIL-M", "OpenRAIL++-M", "CreativeML-OpenRAIL-M", "CreativeML-OpenRAIL++-M",
    "BigScience-OpenRAIL-M", "BigCode-OpenRAIL-M", "BigScience-BLOOM-RAIL-1.0", "OpenRAIL-S",
    "OpenRAIL-MS", "OpenRAIL-D", "OpenRAIL-A",
}  # fmt: skip
"""Names that are in use, and that SPDX does not know."""
FREE = {
    "0BSD", "AFL-3.0", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause",
    "BSD-3-Clause-Clear", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "ODC-By-1.0", "PDDL-1.0", "Unlicense",
    "WTFPL", "Zlib", "LicenseRef-printroom", "LicenseRef-public-domain",
}  # fmt: skip
ALIKE = {
    "AGPL-3.0-only", "AGPL-3.0-or-later", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CDLA-Sharing-1.0",
    "EUPL-1.2", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later",
    "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0",
    "ODbL-1.0",
}  # fmt: skip


_RAIL = re.compile(r"(^|-)(open-?)?rail([-+]|$)", re.IGNORECASE)


class LicenceFault(Exception):
    """The text is no expression of licences; says why."""


def read(text: str) -> tuple[str, Mapping[str, Terms]]:
    """The expression as SPDX writes it, and the terms of each licence in it. Raises LicenceFault.

    >>> read("mit OR apache-2.0")[0]
    'MIT OR Apache-2.0'
    """
    from license_expression import ExpressionError, ExpressionParseError

    if len(text) > LONGEST:
        raise LicenceFault(f"it has more than {LONGEST} characters")
    try:
        parsed: Any = _licensing().parse(text)
    except (ExpressionError, ExpressionParseError, RecursionError) as error:
        raise LicenceFault(str(error).splitlines()[0][:200]) from error
    if parsed is None:
        raise LicenceFault("it is empty")
    keys = [str(one.key) for one in _licensing().license_symbols(parsed, decompose=True)]
    unknown = [str(key) for key in _licensing().unknown_license_keys(parsed)]
    if odd := [key for key in unknown if not key.startswith("LicenseRef-")]:
        raise LicenceFault(f"SPDX knows no {', '.join(odd)[:200]}")
    return str(parsed.render("{symbol.key}")), {key: terms_of(key) for key in keys}


def terms_of(key: str) -> Terms:
    """Of a licence by its SPDX name."""
    if key in RAIL or _RAIL.search(key):
        return Terms(use_restricted=True)
    if key.startswith("CC-BY-NC"):
        return Terms(no_commerce=True, no_changes="-ND" in key, share_alike="-SA" in key)
    if key.startswith("CC-BY-ND"):
        return Terms(no_changes=True)
    if key in ALIKE:
        return Terms(share_alike=True)
    return Terms() if key in FREE else Terms(known=False)


@functools.cache
def _licensing() -> Licensing:
    """SPDX's list, the OpenRAIL licences, and references of this house."""
    from license_expression import LicenseSymbol, Licensing, get_spdx_licensing

    known = get_spdx_licensing().known_symbols
    own = [*sorted(RAIL), "LicenseRef-printroom", "LicenseRef-public-domain"]
    more = [LicenseSymbol(key) for key in own if key not in known]
    return Licensing([*known.values(), *more])
