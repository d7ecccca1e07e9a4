"""Whether an account may use what another one published: asked of whoever sold it.

account, owner, name -> bool          the pipeline `name`, in any version
account, owner, name -> Loan          the model `name`, in the version that is offered
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

Visible = Callable[[str, str, str], bool]
"""Ids of the account that asks and of the owner, then the bare name of the thing."""
Lent = Literal["no", "sold", "yes"]
"""`sold`: it may be named, and is paid for each time that it runs; `yes`: as one's own."""


class Loan(NamedTuple):
    """What an account may do with a model of another's."""

    lent: Lent
    version: int | None = None
    """The one that is offered; None = whichever is ready."""


Lending = Callable[[str, str, str], Loan]
"""As `Visible`, of a model."""


def nobody(_account: str, _owner: str, _name: str) -> bool:
    """What is somebody's is theirs alone."""
    return False
