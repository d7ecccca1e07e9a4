"""Sharing out whole credits, so that none is lost and none is made.

split(100, [1, 1, 1]) -> [34, 33, 33]      by largest remainder; ValueError for shares of none
"""

from __future__ import annotations

from collections.abc import Sequence


def split(amount: int, shares: Sequence[int]) -> list[int]:
    """`amount`, 0 or more, in proportion to `shares`, 0 or more each and not all 0.

    Each part is the exact one rounded down or up; of equal remainders the first gets the credit.

    >>> split(100, [1, 1, 1]), split(7, [0, 5]), split(1, [20, 80])
    ([34, 33, 33], [0, 7], [0, 1])
    """
    whole = sum(shares)
    if amount < 0 or whole <= 0 or min(shares) < 0:
        raise ValueError(f"{amount} cannot be shared out as {list(shares)}")
    parts = [amount * share // whole for share in shares]
    order = sorted(range(len(shares)), key=lambda one: (-(amount * shares[one] % whole), one))
    for one in order[: amount - sum(parts)]:
        parts[one] += 1
    return parts
