"""What a step's author wrote beneath its fields, for people who set them: meaning, units.

step class -> name of a parameter, or of an output -> text          empty where there is none
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, get_type_hints

from printroom.pipelines.step import Step

_METHODS = ("look", "run")


@lru_cache(maxsize=256)
def about(factory: Any) -> dict[str, str]:
    """Texts by name; none for a step whose code is elsewhere."""
    if not (isinstance(factory, type) and issubclass(factory, Step)):
        return {}
    found: dict[str, str] = {}
    for part in (*_results(factory), *factory.__mro__[::-1]):
        if part.__module__ != Step.__module__ and part is not object:
            found |= dict(_written(part))
    return found


def _results(step: type[Step]) -> Iterator[type]:
    """The tuples that its methods return."""
    for method in _METHODS:
        try:
            result = get_type_hints(getattr(step, method))["return"]
        except (AttributeError, KeyError, NameError, TypeError):
            continue
        if isinstance(result, type) and issubclass(result, tuple):
            yield result


def _written(thing: type) -> Iterator[tuple[str, str]]:
    """Name and text of each field that has one."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        return
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(text.value.value)
