"""What both clients offer is written once, in the modules of calls: here it becomes a method.

call -> shown -> method with its name, words and parameters
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_WRAPPED = re.compile(r"(?:Call|Page)\[(.*)\]")


def shown(call: Callable[..., Any], returns: str = "{}", skip: int = 0) -> Callable[[F], F]:
    """Have a method look as `call`, for people and for what helps them to type.

    `returns`: what is made of its result, `{}`; `skip`: parameters at the front that callers do not
    give.
    """
    told = inspect.signature(call)
    result = str(told.return_annotation)
    while found := _WRAPPED.fullmatch(result):
        result = found[1]
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    rest = list(told.parameters.values())[skip:]

    def dress(method: F) -> F:
        method.__name__ = method.__qualname__ = call.__name__
        method.__doc__ = call.__doc__
        method.__signature__ = told.replace(  # type: ignore[attr-defined]
            parameters=[me, *rest], return_annotation=returns.format(result)
        )
        return method

    return dress
