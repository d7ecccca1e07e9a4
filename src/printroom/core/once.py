"""A part that is made when it is first asked for, by one thread; the others wait for it.

`functools.cached_property` does that up to Python 3.11 only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Self, TypeVar, overload

T = TypeVar("T")


class once(cached_property[T]):  # noqa: N801  used as a decorator
    """A `cached_property` that two threads never make twice."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        super().__init__(make)
        self._making = threading.RLock()

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> T: ...

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        if instance is None or (name := self.attrname) is None:
            return super().__get__(instance, owner)
        found = instance.__dict__.get(name, self)
        if found is not self:
            return found
        with self._making:
            return super().__get__(instance, owner)
