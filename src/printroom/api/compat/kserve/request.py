"""A request to infer, out of its body.

    body, length of its JSON -> Asked -> tensors for the ports of a model      BadOption

The body is JSON, or JSON and, behind it, the bytes of those tensors that say `binary_data_size`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from printroom.api.compat.kserve.tensors import Array, checked_shape, from_bytes, from_json
from printroom.api.limits import MIB
from printroom.core.errors import BadOption, BodyTooLarge
from printroom.core.sizes import format_size
from printroom.engine.tensors import Ports
from printroom.runtimes.onnx.session import DTYPES
from printroom.runtimes.onnx.signature import Port

HEADER = b"inference-header-content-length"
MOST_JSON = 32 * MIB
"""Bytes of the JSON part, which is held in memory several times over."""


@dataclass(frozen=True)
class Wish:
    """An output that is wanted."""

    name: str
    binary: bool


@dataclass(frozen=True)
class Asked:
    """What a request says, before it is held against a model."""

    id: str | None
    inputs: Sequence[Mapping[str, Any]]
    outputs: Sequence[Mapping[str, Any]] | None
    """None = all."""
    binary: bool
    """Whether outputs come as bytes unless they say otherwise."""
    rest: memoryview
    """The bytes behind the JSON."""

    @classmethod
    def of(cls, body: memoryview, header: int | None) -> Asked:
        """`header`: bytes of the JSON, None = all. Raises BadOption, BodyTooLarge."""
        size = len(body) if header is None else header
        if size > len(body):
            raise BadOption(f"the body is shorter than its {size:,} bytes of JSON", "send it whole")
        if size > MOST_JSON:
            raise BodyTooLarge(
                f"the JSON has {format_size(size)}, at most {format_size(MOST_JSON)} are taken",
                "send tensors as binary data",
            )
        raw = _parsed(bytes(body[:size]))
        inputs, outputs = _objects(raw, "inputs"), _objects(raw, "outputs")
        if not inputs:
            raise BadOption("the request has no inputs", "send them as a list of objects")
        name, parameters = raw.get("id"), _parameters(raw)
        if name is not None and not isinstance(name, str):
            raise BadOption("the request's id is no text", "write it in quotes, or leave it out")
        binary = parameters.get("binary_data_output") is True
        return cls(name, inputs, outputs, binary, body[size:])

    def feed(self, ports: Ports) -> dict[str, Array]:
        """A tensor for each input of the model. Raises BadOption."""
        known = {port.name: port for port in ports.inputs}
        feed: dict[str, Array] = {}
        left = self.rest
        for one in self.inputs:
            port = _port(one, known, "input")
            if port.name in feed:
                raise BadOption(f"input {port.name!r} came twice", "send it once")
            feed[port.name], left = _tensor(port, one, left)
        if missing := [name for name in known if name not in feed]:
            raise BadOption(f"the model needs {', '.join(missing)}, too", "send all its inputs")
        if len(left):
            raise BadOption(f"{len(left):,} bytes belong to no input", "mend binary_data_size")
        return feed

    def wishes(self, ports: Ports) -> list[Wish]:
        """The outputs that are wanted, in order. Raises BadOption."""
        known = {port.name: port for port in ports.outputs}
        if not self.outputs:
            return [Wish(name, self.binary) for name in known]
        wishes: dict[str, Wish] = {}
        for one in self.outputs:
            name, parameters = _port(one, known, "output").name, _parameters(one)
            if "classification" in parameters or name in wishes:
                raise BadOption(f"output {name!r} cannot be had so", "ask for it once, as it is")
            wishes[name] = Wish(name, parameters.get("binary_data", self.binary) is True)
        return list(wishes.values())


def _tensor(port: Port, raw: Mapping[str, Any], left: memoryview) -> tuple[Array, memoryview]:
    """One input, and the bytes that are left for the others."""
    if port.dtype not in DTYPES:
        raise BadOption(f"input {port.name!r} holds {port.dtype}", "use another model")
    shape = checked_shape(port, raw.get("datatype"), raw.get("shape"))
    size = _parameters(raw).get("binary_data_size")
    if size is None:
        if "data" not in raw:
            raise BadOption(f"input {port.name!r} has no data", "send it, or binary_data_size")
        return from_json(port, shape, raw["data"]), left
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(left):
        raise BadOption(
            f"{port.name!r} promises {str(size)[:20]} bytes, there are {len(left):,}",
            f"send {HEADER.decode()} and the bytes behind the JSON",
        )
    return from_bytes(port, shape, left[:size]), left[size:]


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)
        raise BadOption(f"the request is not JSON: {reason[:200]}", "send an object") from None
    if not isinstance(found, dict):
        raise BadOption("the request is no JSON object", "send inputs by name")
    return found


def _objects(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = raw.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadOption(f"{name} are no list of objects", "see the protocol")
    return found


def _parameters(raw: Mapping[str, Any]) -> dict[str, Any]:
    found = raw.get("parameters") or {}
    if not isinstance(found, dict):
        raise BadOption("parameters are no object", "see the protocol")
    return found


def _port(raw: Mapping[str, Any], known: Mapping[str, Port], what: str) -> Port:
    name = raw.get("name")
    if not isinstance(name, str) or name not in known:
        raise BadOption(f"there is no {what} {str(name)[:64]!r}", f"there are: {', '.join(known)}")
    return known[name]
