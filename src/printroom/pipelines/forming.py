"""JSON values of any origin -> the parts of a pipeline, and what has not the form of one.

raw -> fields of PipelineSpec, faults
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from printroom.pipelines.declare import NAME
from printroom.pipelines.faults import Fault
from printroom.pipelines.notation import port_from
from printroom.pipelines.ports import Port
from printroom.pipelines.reading import DEEPEST, Path
from printroom.pipelines.refs import EACH
from printroom.pipelines.registry import likely

PIPELINE_WORDS = ("name", "title", "description", "inputs", "steps", "outputs", "view")
STEP_WORDS = ("use", "with", "when", "each")
MOST_STEPS = 256
MOST_PLACES = 1024
"""Things whose place in an editor is kept."""
MOST_PIXELS = 1_000_000
"""From the middle of an editor, each way."""
PORT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""Of inputs and outputs."""
NODE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Of steps in a pipeline."""


class Form:
    """Reads one pipeline, and collects what is wrong with its form."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def pipeline(self, raw: Any) -> dict[str, Any]:
        """The fields of a PipelineSpec; parts without the form of one are left out."""
        parts = self._mapping(raw, ())
        self._known(parts, PIPELINE_WORDS, ())
        name = self._text(parts, "name", ()) or ""
        if not NAME.fullmatch(name):
            self._fault(("name",), "a pipeline's name is lower case letters, digits and dashes")
        steps = self._named(parts, "steps", NODE_NAME, self._step)
        if not steps and "steps" not in {fault.path[0] for fault in self.faults if fault.path}:
            self._fault(("steps",), "a pipeline has at least one step")
        if len(steps) > MOST_STEPS:
            self._fault(("steps",), f"a pipeline has at most {MOST_STEPS} steps")
            steps = {}
        return {
            "name": name,
            "title": self._text(parts, "title", ()) or "",
            "description": self._text(parts, "description", ()) or "",
            "inputs": self._named(parts, "inputs", PORT_NAME, self._port),
            "steps": [{"name": name, **step} for name, step in steps.items()],
            "outputs": self._named(parts, "outputs", PORT_NAME, self._output),
            "view": self._view(parts),
        }

    def _step(self, raw: Any, path: Path) -> dict[str, Any] | None:
        parts = self._mapping(raw, path)
        self._known(parts, STEP_WORDS, path)
        if "use" not in parts:
            self._fault(path, "it does not say which step to use")
        bound = self._mapping(parts.get("with", {}), (*path, "with"))
        for port, value in bound.items():
            if problem := unwritable(value):
                self._fault((*path, "with", port), problem)
        return {
            "use": self._text(parts, "use", path) or "",
            "bound": {port: value for port, value in bound.items() if not unwritable(value)},
            "when": self._condition(parts, path),
            "each": self._text(parts, "each", path),
        }

    def _condition(self, parts: Mapping[str, Any], path: Path) -> str | None:
        when = parts.get("when")
        return str(when).lower() if isinstance(when, bool) else self._text(parts, "when", path)

    def _port(self, raw: Any, path: Path) -> Port | None:
        if path[-1] == EACH.port:
            self._fault(path, "no input can be called so: $each is the item of a list")
        try:
            return port_from(raw)
        except ValueError as error:
            self._fault(path, str(error))
        return None

    def _output(self, raw: Any, path: Path) -> str | None:
        if isinstance(raw, str):
            return raw
        self._fault(path, "it is not a reference such as $step.port")
        return None

    def _view(self, parts: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
        """Where an editor draws what."""
        raw = self._mapping(parts.get("view") or {}, ("view",))
        found = {}
        for name, place in list(raw.items())[:MOST_PLACES]:
            if len(name) <= 80 and not unwritable(name) and _is_place(place):
                found[name] = (place[0], place[1])
            else:
                self._fault(("view", name[:80]), "it is not a place such as [120, 40]")
        if len(raw) > MOST_PLACES:
            self._fault(("view",), f"at most {MOST_PLACES} places are kept")
        return found

    def _named(
        self,
        parts: Mapping[str, Any],
        word: str,
        names: re.Pattern[str],
        read: Callable[[Any, Path], Any],
    ) -> dict[str, Any]:
        """The things under `word`, by name."""
        found = {}
        for name, raw in self._mapping(parts.get(word) or {}, (word,)).items():
            if not names.fullmatch(name):
                self._fault((word, name), f"{name!r} cannot be a name here")
            elif (thing := read(raw, (word, name))) is not None:
                found[name] = thing
        return found

    def _mapping(self, raw: Any, path: Path) -> Mapping[str, Any]:
        if isinstance(raw, Mapping) and all(isinstance(key, str) for key in raw):
            return raw
        self._fault(path, "names and what belongs to them should stand here")
        return {}

    def _text(self, parts: Mapping[str, Any], word: str, path: Path) -> str | None:
        value = parts.get(word)
        if value is None or (isinstance(value, str) and not unwritable(value)):
            return value
        self._fault((*path, word), f"{reprlib.repr(value)} is not a text", "put it in quotes")
        return None

    def _known(self, parts: Mapping[str, Any], words: Iterable[str], path: Path) -> None:
        for word in parts:
            if word not in words:
                self._fault((*path, word), f"there is no {word!r} here", likely(word, words))

    def _fault(self, path: Path, text: str, remedy: str = "") -> None:
        self.faults.append(Fault(path, text, remedy))


def _is_place(raw: Any) -> bool:
    return (
        isinstance(raw, list | tuple)
        and len(raw) == 2
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in raw)
        and all(abs(one) <= MOST_PIXELS for one in raw)
    )


def unwritable(value: Any, depth: int = DEEPEST - 4) -> str:
    """Why a constant cannot stand in a pipeline; empty where it can."""
    parts: tuple[Any, ...] = ()
    match value:
        case str():
            return "" if _unicode(value) else "this is not a Unicode text"
        case float():
            return "" if math.isfinite(value) else "this is not a finite number"
        case list() | tuple():
            parts = tuple(value)
        case dict() if all(isinstance(key, str) for key in value):
            parts = (*value, *value.values())
        case bool() | int() | None:
            return ""
        case _:
            return f"a {type(value).__name__} cannot be written in a pipeline"
    if depth == 0:
        return "this is too deep"
    return next(filter(None, (unwritable(part, depth - 1) for part in parts)), "")


def _unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
