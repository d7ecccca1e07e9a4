"""Options of a recipe as words of a command line.

["--steps", "5", "--rate=0.1"] -> parse_options(Options) -> Options(steps=5, rate=0.1)   BadOption
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, get_type_hints

from printroom.core.errors import BadOption


def parse_options(options: type[Any], words: Sequence[str]) -> Any:
    """Each field of the dataclass is an option: `report_every` is `--report-every`.

    Raises BadOption for a name that is not a field, and a value that is not of its type.
    """
    kinds = get_type_hints(options)
    offered = {f"--{field.name.replace('_', '-')}": field.name for field in fields(options)}
    values: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        flag, equals, value = word.partition("=")
        if flag not in offered:
            raise BadOption(f"no option {flag}", f"the options are {', '.join(offered)}")
        text = value if equals else next(rest, None)
        try:
            values[offered[flag]] = kinds[offered[flag]](text)
        except (TypeError, ValueError) as error:
            raise BadOption(f"{flag} cannot be {text!r}", f"give it as {flag} VALUE") from error
    return options(**values)
