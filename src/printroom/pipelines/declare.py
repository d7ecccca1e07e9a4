"""What a step declares, read from its own annotations.

step class or function -> StepType          BadStep: all that is wrong, by step and port
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, get_type_hints

from printroom.core.errors import BadStep
from printroom.pipelines import kinds
from printroom.pipelines.ports import REQUIRED, Port, port_of
from printroom.pipelines.step import STEP_NAME, LookStep, ModelStep, Step, TileStep

NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""Of steps and pipelines: they become parts of addresses and names of files."""
RESERVED = frozenset({"use", "with", "when", "each", "name"})
"""Words that stand beside the ports of a step where pipelines are written."""


class StepShape(StrEnum):
    """How a step is run."""

    RUN = "run"
    LOOK = "look"
    TILE = "tile"
    MODEL = "model"


@dataclass(frozen=True)
class StepType:
    """A registered step: what it is called, what it takes and gives, and how one is made."""

    name: str
    description: str
    shape: StepShape
    ports: Mapping[str, Port]
    """What goes in, beside the parameters; `image` alone but for `run` steps."""
    parameters: Mapping[str, Port]
    """Fields of the step, given when one is made."""
    outputs: Mapping[str, Port]
    factory: Callable[..., Step]
    """Parameters by name -> a step, for one run."""
    group: str = ""
    """Where it stands in a menu: the folder, or the package, that it is from."""

    @cached_property
    def inputs(self) -> Mapping[str, Port]:
        """Everything that a pipeline may bind: ports, then parameters."""
        return {**self.ports, **self.parameters}

    def closed(self) -> StepType:
        """The same for whoever must not name files of this machine."""
        ports, parameters = (
            {name: replace(port, kind=port.kind.closed()) for name, port in some.items()}
            for some in (self.ports, self.parameters)
        )
        return replace(self, ports=ports, parameters=parameters)


_IMAGE = {"image": Port(kinds.Picture())}
_METHODS: dict[StepShape, tuple[type[Step], str, int]] = {
    StepShape.LOOK: (LookStep, "look", 3),
    StepShape.TILE: (TileStep, "apply", 3),
    StepShape.MODEL: (ModelStep, "model", 2),
}
"""Of each streaming shape: its base, the method to write, and how many arguments that takes."""


def declared_step(declared: Any) -> StepType:
    """The step that a class or a marked function declares. Raises BadStep."""
    if isinstance(declared, type) and issubclass(declared, Step):
        step = _Declaration(getattr(declared, "name", ""), declared.__name__).of_class(declared)
        return replace(step, group=_group(declared.__module__))
    if callable(declared) and hasattr(declared, STEP_NAME):
        name = getattr(declared, STEP_NAME)
        step = _Declaration(name, declared.__name__).of_function(declared)
        return replace(step, group=_group(declared.__module__))
    raise BadStep(
        f"{declared!r} is not a step", "derive a class from Step, or mark a function with @step"
    )


class _Declaration:
    """Collects what is wrong, so that all of it is told at once."""

    def __init__(self, name: Any, code_name: str) -> None:
        self.name = name
        self.faults: list[str] = []
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.name = code_name
            self.faults.append(
                f"its name is {name!r}, which is not lower case letters, digits and dashes"
                if name
                else 'it has no name: write name = "..." in the class'
            )

    def of_class(self, cls: type[Step]) -> StepType:
        shape = self._shape(cls)
        base, method, _ = _METHODS.get(shape, (Step, "run", 0))
        parameters = self._parameters(cls, base, method)
        ports, outputs = self._flow(cls, shape, method)
        for name in ports.keys() & parameters.keys():
            self.faults.append(f"{name!r} is both a port and a parameter")
        return self._made(inspect.getdoc(cls) if _documented(cls) else "", shape, ports, parameters,
                          outputs, cls)  # fmt: skip

    def of_function(self, function: Callable[..., Any]) -> StepType:
        ports, outputs = self._signature(function, skip=0)

        class Function(Step):
            """Lends the function the shape of a step."""

            name = self.name
            run = staticmethod(function)

        doc = inspect.getdoc(function)
        return self._made(doc, StepShape.RUN, ports, {}, outputs, Function)

    def _made(
        self,
        doc: str | None,
        shape: StepShape,
        ports: Mapping[str, Port],
        parameters: Mapping[str, Port],
        outputs: Mapping[str, Port],
        factory: Callable[..., Step],
    ) -> StepType:
        if self.faults:
            raise BadStep(f"step {self.name}: {'; '.join(self.faults)}", "mend its declaration")
        return StepType(self.name, doc or "", shape, ports, parameters, outputs, factory)

    def _shape(self, cls: type[Step]) -> StepShape:
        found = [shape for shape, (base, _, _) in _METHODS.items() if issubclass(cls, base)]
        if len(found) > 1 or (found and hasattr(cls, "run")):
            self.faults.append(f"it has two shapes: {', '.join([*found, 'run'][:2])}")
        return found[0] if found else StepShape.RUN

    def _parameters(self, cls: type[Step], base: type[Step], method: str) -> dict[str, Port]:
        hints, declared = self._hints(cls), {}
        for field in fields(cls):  # type: ignore[arg-type]  # Step.__init_subclass__ makes it one
            if hasattr(base, field.name) or field.name == method:
                self.faults.append(f"parameter {field.name!r} hides the method of that name")
            elif port := self._port(field.name, hints.get(field.name), _default(field)):
                declared[field.name] = port
        for name, port in declared.items():
            if "picture" in (port.kind.name, getattr(port.kind, "item", port.kind).name):
                self.faults.append(f"parameter {name!r} is a picture: make it an argument of run")
        return declared

    def _flow(
        self, cls: type[Step], shape: StepShape, method: str
    ) -> tuple[dict[str, Port], dict[str, Port]]:
        """Ports in and out."""
        function = getattr(cls, method, None)
        if shape is StepShape.RUN:
            if callable(function):
                return self._signature(function, skip=1)
            self.faults.append("it has no method run")
            return {}, {}
        base, _, arguments = _METHODS[shape]
        if not callable(function):  # hidden by a parameter, as was said
            return {}, {}
        if function is getattr(base, method):
            self.faults.append(f"it has no method {method}")
        elif len(inspect.signature(function).parameters) != arguments:
            wanted = inspect.signature(getattr(base, method))
            self.faults.append(f"{method} takes other arguments than {_names(wanted)}")
        elif shape is StepShape.LOOK:
            outputs = self._outputs(self._hints(function).get("return"))
            for name in [name for name, port in outputs.items() if port.kind.name == "picture"]:
                self.faults.append(f"output {name!r} is a picture, which a look does not make")
            return dict(_IMAGE), outputs
        return dict(_IMAGE), dict(_IMAGE)

    def _signature(
        self, function: Callable[..., Any], skip: int
    ) -> tuple[dict[str, Port], dict[str, Port]]:
        """The ports of `run`: `skip` arguments, the context, then the ports."""
        hints, ports = self._hints(function), {}
        arguments = list(inspect.signature(function).parameters.values())
        if len(arguments) <= skip:
            self.faults.append("run does not take the context as its first argument")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            self.faults.append("run must be a plain function")
        for argument in arguments[skip + 1 :]:
            if argument.kind not in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY):
                self.faults.append(f"argument {str(argument)!r} is not one port with a name")
                continue
            default = REQUIRED if argument.default is argument.empty else argument.default
            if port := self._port(argument.name, hints.get(argument.name), default):
                ports[argument.name] = port
        return ports, self._outputs(hints.get("return"))

    def _outputs(self, annotation: Any) -> dict[str, Port]:
        if annotation in (None, type(None)):
            self.faults.append("what it returns has no annotation, or is nothing")
            return {}
        named = isinstance(annotation, type) and issubclass(annotation, tuple)
        results = self._hints(annotation) if named else {"result": annotation}
        if not results:
            self.faults.append(f"{annotation.__name__} has no fields: return a NamedTuple")
        found = {name: self._port(name, kind, where="output") for name, kind in results.items()}
        return {name: port for name, port in found.items() if port}

    def _port(
        self, name: str, annotation: Any, default: Any = REQUIRED, where: str = "port"
    ) -> Port | None:
        if annotation is None:
            self.faults.append(f"{where} {name!r} has no annotation")
        elif name in RESERVED or name.startswith("_"):
            self.faults.append(f"{where} {name!r} cannot be called so")
        else:
            try:
                return port_of(annotation, default)
            except ValueError as error:
                self.faults.append(f"{where} {name!r}: {error}")
        return None

    def _hints(self, thing: Any) -> dict[str, Any]:
        try:
            return get_type_hints(thing, include_extras=True)
        except Exception as error:  # annotations are any code
            self.faults.append(f"its annotations cannot be read: {error}")
            return {}


def _group(module: str) -> str:
    """The folder that a module lies in, or the package.

    >>> _group("printroom.steps.enhance.upscale"), _group("haze.steps"), _group("haze")
    ('enhance', 'haze', 'haze')
    """
    parts = module.split(".")
    return parts[-2] if len(parts) > 1 else module


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return REQUIRED if field.default_factory is MISSING else field.default_factory()


def _documented(cls: type[Step]) -> bool:
    """Whether a person wrote the docstring: dataclasses fill in a signature where there is none."""
    return bool(cls.__doc__) and not str(cls.__doc__).startswith(f"{cls.__name__}(")


def _names(signature: inspect.Signature) -> str:
    names: Iterable[str] = signature.parameters
    return f"({', '.join(names)})"
