"""Whether an account may use what another one published: asked of whoever sold it.

account, owner, name -> bool          the pipeline or the model `name`, in any version
"""

from __future__ import annotations

from collections.abc import Callable

Visible = Callable[[str, str, str], bool]
"""Ids of the account that asks and of the owner, then the bare name of the thing."""


def nobody(_account: str, _owner: str, _name: str) -> bool:
    """What is somebody's is theirs alone."""
    return False
