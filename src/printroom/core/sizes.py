"""Amounts of memory as people write them.

    "512MiB" -> 536870912: BadOption          536870912 -> "512 MiB"

`KB`, `MB`, `GB`, `TB` are powers of 1000; `KiB`, `MiB`, `GiB`, `TiB` are powers of 1024, and so
are the bare letters, as in `dd` and Docker.
"""

from __future__ import annotations

import re

from printroom.core.errors import BadOption

_LETTERS = "KMGT"
_UNITS = {"": 1, "B": 1}
for _power, _letter in enumerate(_LETTERS, start=1):
    _UNITS |= {
        _letter: 1024**_power,
        f"{_letter}IB": 1024**_power,
        f"{_letter}B": 1000**_power,
    }
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([A-Za-z]*)", re.ASCII)


def parse_size(text: str) -> int:
    """Bytes that `text` stands for: a number above zero and a unit; case does not matter.

    Raises BadOption for anything else.

    >>> parse_size("512MiB"), parse_size("1.5 GB"), parse_size("700m")
    (536870912, 1500000000, 734003200)
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match[2].upper()) if match else None
    size = 0
    if match and unit:
        whole, _, part = match[1].partition(".")
        size = (int(whole + part) * unit) // 10 ** len(part)
    if size < 1:
        raise BadOption(f"{text!r} is not an amount of memory", "write it as 512MiB, 2GB or 700M")
    return size


def format_size(size: int) -> str:
    """`size` bytes for people, rounded up: whoever is told to allow that much has enough.

    >>> format_size(536870912), format_size(536870913), format_size(1073636967), format_size(900)
    ('512 MiB', '512.1 MiB', '1 GiB', '900 B')
    """
    power = min(max(size.bit_length() - 1, 0) // 10, len(_LETTERS))
    if power == 0:
        return f"{size} B"
    tenths = -(-size * 10 // 1024**power)
    if tenths == 10 * 1024 and power < len(_LETTERS):  # rounded up to one of the next unit
        power, tenths = power + 1, 10
    whole, tenth = divmod(tenths, 10)
    return f"{whole}{f'.{tenth}' if tenth else ''} {_LETTERS[power - 1]}iB"
