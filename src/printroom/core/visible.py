"""Whether an account may use what another one published: asked of whoever sold it.

account, owner, name -> bool          the pipeline `name`, in any version
account, owner, name -> Lent          the model `name`, in any version
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Visible = Callable[[str, str, str], bool]
"""Ids of the account that asks and of the owner, then the bare name of the thing."""
Lent = Literal["no", "sold", "yes"]
"""`sold`: it may be named, and is paid for each time that it runs; `yes`: as one's own."""
Lending = Callable[[str, str, str], Lent]
"""As `Visible`, of a model."""


def nobody(_account: str, _owner: str, _name: str) -> bool:
    """What is somebody's is theirs alone."""
    return False
