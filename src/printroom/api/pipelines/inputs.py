"""The inputs of a pipeline, out of the body of a request.

    body, Content-Type -> values by port         BadParameter: all that is wrong, by name
                                                 BodyTooLarge

Whoever asks is a stranger: a picture is bytes that came with the request, never the name of a file
or an address.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from printroom.api.body import MOST_JSON
from printroom.api.limits import MIB
from printroom.api.pipelines.multipart import Buffer, boundary_of, parts
from printroom.api.problems import BadParameter
from printroom.core.data_uri import data_uri
from printroom.core.errors import BadOption, BodyTooLarge
from printroom.core.sizes import format_size
from printroom.pipelines.kinds import ListOf, Picture, Text, pictured
from printroom.pipelines.ports import Port
from printroom.pipelines.values import parsed_one, read_each

MOST_TEXT = MIB
"""Bytes of a field that is no picture."""

Inputs = Mapping[str, Port]
Store = Callable[[memoryview], bytes | Path]
"""Keeps the bytes of a picture while the pipeline runs: in memory or in a scratch file."""


class Form:
    """How the inputs are written in a body, as its `Content-Type` says."""

    def __init__(self, media_type: str) -> None:
        """Raises BadOption for one that holds no inputs."""
        kind = media_type.partition(";")[0].strip().lower()
        if kind not in ("multipart/form-data", "application/json"):
            raise BadOption(
                f"a body of {kind[:64] or 'no'} Content-Type holds no inputs",
                "send multipart/form-data or application/json",
            )
        self._boundary = boundary_of(media_type) if kind.startswith("multipart") else None

    def check(self, size: int | None) -> None:
        """Refuse a body of `size` bytes; None = not known yet. Raises BodyTooLarge."""
        if self._boundary is None and size is not None and size > MOST_JSON:
            raise BodyTooLarge(
                f"the JSON has {format_size(size)}, at most {format_size(MOST_JSON)} are taken",
                "send large pictures as multipart/form-data",
            )

    def read(self, inputs: Inputs, body: bytes | Path, store: Store) -> dict[str, Any]:
        """The values of `inputs`. Raises BadParameter, BadOption."""
        if self._boundary is None:
            data = body if isinstance(body, bytes) else body.read_bytes()
            return _right(*read_each(inputs, _object(data), _from_json))
        with _mapped(body) as buffer, memoryview(buffer) as view:
            given: dict[str, list[memoryview]] = {}
            for part in parts(buffer, self._boundary):
                given.setdefault(part.name, []).append(view[part.start : part.end])
            try:
                return _right(*read_each(inputs, _fields(inputs, given), _from_form(store)))
            finally:
                for content in (one for several in given.values() for one in several):
                    content.release()

    @property
    def multipart(self) -> bool:
        """Whether values are texts of a form."""
        return self._boundary is not None

    def split(
        self, body: bytes | Path, files: Collection[str], store: Store
    ) -> tuple[dict[str, Any], dict[str, list[bytes | Path]]]:
        """Values by name, and the contents of those names that are `files`: for other dialects.

        In JSON a file is a `data:` URI, or a list of them. Raises BadOption, BadParameter.
        """
        if self._boundary is None:
            raw = _object(body if isinstance(body, bytes) else body.read_bytes())
            given = {name: raw.pop(name) for name in files if raw.get(name) is not None}
            return raw, {name: _contents(name, value) for name, value in given.items()}
        values: dict[str, Any] = {}
        contents: dict[str, list[bytes | Path]] = {}
        with _mapped(body) as buffer, memoryview(buffer) as view:
            for part in parts(buffer, self._boundary):
                with view[part.start : part.end] as content:
                    if part.name in files:
                        contents.setdefault(part.name, []).append(store(content))
                    else:
                        values[part.name] = _text(content)
        if odd := [name for name, value in values.items() if isinstance(value, bytes)]:
            raise BadParameter(f"{odd[0]} is no text", "files have names of their own", params=odd)
        return values, contents


def _contents(name: str, value: Any) -> list[bytes | Path]:
    """What the `data:` URIs of one member hold. Raises BadParameter."""
    try:
        return [data_uri(one) for one in (value if isinstance(value, list) else [value])]
    except ValueError as error:
        raise BadParameter(f"{name} {error}", "send it as a data: URI", params=[name]) from None


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)
        raise BadOption(f"the body is not JSON: {reason}", "send an object") from None
    if not isinstance(found, dict):
        raise BadOption("the body is no JSON object", "send the inputs by name")
    return found


def _from_json(port: Port, value: Any) -> Any:
    if value is not None and pictured(port.kind):
        if isinstance(port.kind, Picture):
            value = data_uri(value)
        elif isinstance(value, list):
            value = [data_uri(one) for one in value]
    return port.coerce(value)


@dataclass(frozen=True, repr=False)
class _File:
    """The content of a field that takes a picture."""

    content: memoryview

    def __repr__(self) -> str:
        return f"a file of {len(self.content):,} bytes"


Content = _File | str | bytes
"""Of a field: a picture's, or a text; bytes that are no text of ours."""


def _fields(inputs: Inputs, given: Mapping[str, Sequence[memoryview]]) -> dict[str, list[Content]]:
    """Without fields that were left empty in a form, where nothing is not a value."""
    kept: dict[str, list[Content]] = {}
    for name, contents in given.items():
        kind = inputs[name].kind if name in inputs else Text()
        some = [one for one in contents if len(one) or isinstance(kind, Text)]
        if some:
            kept[name] = [_File(one) if pictured(kind) else _text(one) for one in some]
    return kept


def _from_form(store: Store) -> Callable[[Port, Sequence[Content]], Any]:
    def read(port: Port, contents: Sequence[Content]) -> Any:
        if not pictured(port.kind):
            texts = [one for one in contents if isinstance(one, str)]
            if len(texts) < len(contents):
                raise ValueError(f"is not UTF-8, or longer than {format_size(MOST_TEXT)}")
            return parsed_one(port, texts)
        if len(contents) > 1 and not isinstance(port.kind, ListOf):
            raise ValueError("are several pictures for one")
        pictures = [store(one.content) for one in contents if isinstance(one, _File)]
        return port.coerce(pictures if isinstance(port.kind, ListOf) else pictures[0])

    return read


def _text(content: memoryview) -> str | bytes:
    if len(content) > MOST_TEXT:
        return bytes(content[:MOST_TEXT])
    try:
        return bytes(content).decode()
    except UnicodeDecodeError:
        return bytes(content)


@contextmanager
def _mapped(body: bytes | Path) -> Iterator[Buffer]:
    if isinstance(body, bytes) or not body.stat().st_size:  # what is empty cannot be mapped
        yield body if isinstance(body, bytes) else b""
        return
    with body.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as found:
        yield found


def _right(found: dict[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    if faults:
        remedy = "GET the pipeline to see its inputs"
        raise BadParameter("; ".join(faults.values()), remedy, params=list(faults))
    return found
