"""What the ports of each step are bound to, and whether it fits.

    StepSpec, inputs, other steps -> Wired, faults

Each step is looked at by itself; what only the whole shows is `graph`'s to find.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from printroom.core.errors import PrintroomError
from printroom.pipelines import kinds, named
from printroom.pipelines.conditions import Condition
from printroom.pipelines.declare import StepType
from printroom.pipelines.faults import Fault, Wrong, fault_of
from printroom.pipelines.kinds import Kind
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.parsing import parse_ref
from printroom.pipelines.ports import Port
from printroom.pipelines.reading import Path
from printroom.pipelines.refs import EACH, Binding, Constant, Ref, Secret
from printroom.pipelines.registry import likely
from printroom.pipelines.spec import StepSpec

_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Wired:
    """One step with all that it is bound to; where there were faults, with less."""

    spec: StepSpec
    type: StepType | None
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    when: Condition | None = None
    each: Ref | None = None

    @property
    def refs(self) -> list[Ref]:
        """All that it needs from others, without repetition."""
        found = [ref for binding in self.bindings.values() for ref in refs_in(binding)]
        found += self.when.refs if self.when else ()
        found += [self.each] if self.each else ()
        return [ref for ref in dict.fromkeys(found) if ref != EACH]


class _Told(Exception):
    """Something is not known, and its fault is told elsewhere."""


class Wiring:
    """Binds steps, one after the other, and collects what is wrong."""

    def __init__(
        self,
        inputs: Mapping[str, Port],
        steps: Mapping[str, tuple[StepSpec, StepType | None]],
        resolver: ModelResolver | None,
        tell: Callable[[Fault], None],
        unread: frozenset[str] = frozenset(),
        secrets: bool = True,
    ) -> None:
        """`steps`: by name, with their declarations if there are any.

        `unread`: names of inputs that are there, but have not the form of one; `secrets`: whether
        secrets of this installation may be named.
        """
        self._inputs = inputs
        self._steps = steps
        self._resolver = resolver
        self._tell = tell
        self._unread = unread
        self._secrets = secrets

    def wired(self, name: str) -> Wired:
        """The step of that name."""
        spec, step = self._steps[name]
        path: Path = ("steps", name)
        each, item = self._each(spec, path)

        def port_of(ref: Ref) -> Port:
            if ref == EACH and spec.each is not None:
                if item is None:
                    raise _Told
                return Port(item)
            return self.port(ref)

        bindings = self._bindings(spec, step, port_of, path)
        return Wired(spec, step, bindings, self._condition(spec, path), each)

    def port(self, ref: Ref) -> Port:
        """What `ref` refers to. Raises ValueError, or _Told where its step is unknown."""
        if ref.node is None:
            if ref.port in self._unread:
                raise _Told
            if ref.port not in self._inputs:
                raise Wrong(f"there is no input {ref}", self._meant(ref.port))
            return self._inputs[ref.port]
        if ref.node not in self._steps:
            names = likely(ref.node, self._steps)
            raise Wrong(f"there is no step {ref.node!r} for {ref}", names)
        spec, step = self._steps[ref.node]
        if step is None:
            raise _Told
        if ref.port not in step.outputs:
            outputs = likely(ref.port, step.outputs)
            raise Wrong(f"{ref}: the step {step.name} has no output of that name", outputs)
        port = step.outputs[ref.port]
        return port if spec.each is None else Port(kinds.ListOf(port.kind))

    def output(self, name: str, written: str) -> Ref | None:
        """The reference of an output of the pipeline."""
        with self._telling(("outputs", name)):
            ref = parse_ref(written)
            self.port(ref)
            return ref
        return None

    def default(self, port: Port, path: Path) -> None:
        """Tell of an input of the pipeline whose default names no model."""
        if not port.required and port.default is not None:
            self._there(port.kind, port.default, path)

    @contextmanager
    def _telling(self, path: Path) -> Iterator[None]:
        """Tell of a ValueError as a fault at `path`, and go on behind the `with`."""
        try:
            yield
        except ValueError as error:
            self._tell(fault_of(path, error))
        except _Told:
            pass

    def _meant(self, name: str) -> str:
        if name == EACH.port:
            return "$each is the item of a list, in the with of a step that has each"
        if name in self._steps:
            step = self._steps[name][1]
            ports = likely("", step.outputs) if step else "the name of one of its outputs is needed"
            return f"for the step {name}, write ${name}.port: {ports}"
        return likely(name, self._inputs)

    def _each(self, spec: StepSpec, path: Path) -> tuple[Ref | None, Kind | None]:
        """The list whose items the step is run for, and their kind."""
        if spec.each is None:
            return None, None
        with self._telling((*path, "each")):
            ref = parse_ref(spec.each)
            kind = self.port(ref).kind
            if not isinstance(kind, kinds.ListOf):
                raise ValueError(f"{ref} is a {kind}, not a list")
            return ref, kind.item
        return None, None

    def _condition(self, spec: StepSpec, path: Path) -> Condition | None:
        if spec.when is None:
            return None
        with self._telling((*path, "when")):
            return Condition.checked(spec.when, lambda ref: self.port(ref).kind)
        return None

    def _bindings(
        self, spec: StepSpec, step: StepType | None, port_of: Callable[[Ref], Port], path: Path
    ) -> dict[str, Binding]:
        found: dict[str, Binding] = {}
        ports = step.inputs if step else {}
        for name, raw in spec.bound.items():
            here = (*path, "with", name)
            if step and name not in ports:
                text = f"the step {step.name} has no port {name!r}"
                self._tell(Fault(here, text, likely(name, ports)))
                continue
            with self._telling(here):
                found[name] = self._binding(raw, ports.get(name), port_of, here)
        for name, port in ports.items():
            if port.required and name not in spec.bound:
                text = f"the port {name!r} of the step {spec.use} is not bound"
                self._tell(Fault((*path, "with", name), text, "bind it, as to $image"))
        return found

    def _binding(
        self, raw: Any, port: Port | None, port_of: Callable[[Ref], Port], path: Path
    ) -> Binding:
        """What is written for `port`; None = a port of an unknown step, which takes anything."""
        if isinstance(raw, str) and raw.startswith("$") and not raw.startswith("$$"):
            return self._ref(parse_ref(raw), port, port_of)
        if isinstance(raw, Mapping):
            return self._secret(raw, port)
        if isinstance(raw, list | tuple) and any(map(_is_open, raw)):
            return self._list(raw, port, port_of, path)
        value = _unescaped(raw)
        if port is None:
            raise _Told
        if isinstance(port.kind, kinds.Picture):
            raise ValueError("a picture is not written here: it comes from an input or a step")
        try:
            value = port.coerce(value)
        except ValueError as error:
            raise ValueError(f"{_shown(raw)} {error}") from None
        if value is not None:
            self._there(port.kind, value, path)
        return Constant(value)

    def _ref(self, ref: Ref, port: Port | None, port_of: Callable[[Ref], Port]) -> Ref:
        given = port_of(ref)
        if port is not None:
            if reason := port.kind.refuses(given.kind):
                raise ValueError(f"it {reason} ({ref})")
            if isinstance(port.kind, named.Collection):
                raise ValueError("a collection is written in the pipeline, by its name")
            if given.optional and not port.optional:
                raise ValueError(f"{ref} may be nothing, and the port must have a value")
        return ref

    def _list(
        self, raw: Any, port: Port | None, port_of: Callable[[Ref], Port], path: Path
    ) -> Binding:
        if port is not None and not isinstance(port.kind, kinds.ListOf):
            raise ValueError(f"it takes a {port.kind}, not a list")
        item = Port(port.kind.item) if port and isinstance(port.kind, kinds.ListOf) else None
        return tuple(self._binding(one, item, port_of, path) for one in raw)

    def _there(self, kind: Kind, value: Any, path: Path) -> None:
        """Tell of models, servers and collections that are not there."""
        if isinstance(kind, kinds.ListOf):
            for one in value:
                self._there(kind.item, one, path)
        elif self._resolver is not None:
            try:
                match kind:
                    case kinds.Model(task):
                        self._resolver.resolve(value, task)
                    case named.Address():
                        self._resolver.reach(value)
                    case named.Collection():
                        self._resolver.collection(value)
            except PrintroomError as error:
                self._tell(fault_of(path, error))

    def _secret(self, raw: Mapping[str, Any], port: Port | None) -> Secret:
        name = raw.get("secret")
        if len(raw) != 1 or not isinstance(name, str) or not _SECRET.fullmatch(name):
            raise Wrong("this is not a value", "a secret is written {secret: NAME}")
        if port is not None and isinstance(port.kind, named.Collection):
            raise ValueError("a collection is written in the pipeline, by its name")
        if not self._secrets:
            raise Wrong(
                "secrets are those of the installation", "take an input of the pipeline instead"
            )
        if port is not None and not isinstance(port.kind, kinds.Text):
            raise ValueError(f"it takes a {port.kind}, and a secret is a text")
        return Secret(name)


def refs_in(binding: Binding) -> list[Ref]:
    """The references in a binding."""
    if isinstance(binding, tuple):
        return [ref for part in binding for ref in refs_in(part)]
    return [binding] if isinstance(binding, Ref) else []


def _is_open(raw: Any) -> bool:
    """Whether what is written becomes known only when the pipeline runs."""
    return isinstance(raw, Mapping) or (
        isinstance(raw, str) and raw.startswith("$") and not raw.startswith("$$")
    )


def _unescaped(raw: Any) -> Any:
    if isinstance(raw, list | tuple):
        return [_unescaped(one) for one in raw]
    return raw[1:] if isinstance(raw, str) and raw.startswith("$$") else raw


def _shown(raw: Any) -> str:
    return "null" if raw is None else reprlib.repr(raw)
