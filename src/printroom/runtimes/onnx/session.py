"""An ONNX model loaded with onnxruntime, shared by many one-thread workers.

    weights (a file, or its bytes) -> OnnxSession                      BadModel BadOption
    (N, C, H, W) float32 -> (N, C, H * scale, W * scale) float32       MemoryError ModelFailed
    weights -> GraphSession; tensors by name -> tensors                the same

onnxruntime is imported when the first session is made. Each session has an arena of its own, in
large regions whose pages are touched only when used: tiles of different shapes then share memory
(in regions made to measure they took up to 2.6 times as much), and `shrink` gives it all back.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import NDArray

from printroom.core.errors import BadModel, BadOption, ModelFailed
from printroom.runtimes.onnx.signature import Port, Signature, signature

if TYPE_CHECKING:
    import onnxruntime as ort

Provider = str | tuple[str, dict[str, Any]]
"""An execution provider of onnxruntime, or one with its options."""
CPU: tuple[Provider, ...] = ("CPUExecutionProvider",)
NO_MEMORY = ("allocate memory", "Available memory of", "bad_alloc", "out of memory", "ALLOC_FAILED")
"""What onnxruntime, CUDA and its libraries say when they cannot allocate."""
FIRST_REGION = 8 << 20
"""Bytes of the arena that `shrink` may keep; the result of its own run lies there."""
REGION = 128 << 20
"""Bytes by which the arena grows next, doubled when that is not enough; bookkeeping takes 1/32."""
SMALL = ((16, 16), (64, 64), (96, 96), (192, 192))
"""Sizes that `shrink` tries: arenas shrink at the end of a run, so there must be one."""
DTYPES: Mapping[str, type[Any]] = {
    "float": np.float32,
    "float16": np.float16,
    "double": np.float64,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "bool": np.bool_,
    "string": np.object_,
}
"""What onnxruntime calls types of elements, and numpy."""
_registering = threading.Lock()
"""The arena that a session takes is the one registered last, in the whole process."""


class GraphSession:
    """A graph with the ports that it has, whatever they mean.

    Implements `printroom.core.session.ModelSession` for what takes and gives one tensor.
    """

    channels = 0
    """It is not known to take pictures."""

    def __init__(
        self,
        weights: Path | bytes,
        providers: Sequence[Provider] = CPU,
        *,
        threads: int = 1,
        arena_limit: int = 0,
    ) -> None:
        """Load a model.

        `providers`: in order of preference; `threads`: inside one run; `arena_limit`: bytes that
        may be allocated for tensors on the CPU, 0 = no limit.
        """
        import onnxruntime  # noqa: F401  loaded first, so that `resident_bytes` leaves it out

        before = psutil.Process().memory_info().rss
        self._session = load(weights, providers, threads, arena_limit)
        grown = psutil.Process().memory_info().rss - before
        size = len(weights) if isinstance(weights, bytes) else weights.stat().st_size
        self._resident: int = max(grown, size)
        self._on_cpu = self._session.get_providers()[0] == "CPUExecutionProvider"
        self.inputs = tuple(_port(node) for node in self._session.get_inputs())
        self.outputs = tuple(_port(node) for node in self._session.get_outputs())

    @property
    def resident_bytes(self) -> int:
        """Bytes by which the process grew at load; at least the size of the weights."""
        return self._resident

    def call(
        self,
        feed: Mapping[str, NDArray[Any]],
        outputs: Sequence[str],
        options: ort.RunOptions | None = None,
    ) -> list[NDArray[Any]]:
        """Inputs by name -> those outputs, in that order. Safe from many threads.

        Raises MemoryError when the device cannot allocate, ModelFailed for anything else.
        """
        try:
            results: list[NDArray[Any]] = self._session.run(list(outputs), dict(feed), options)
        except Exception as error:  # onnxruntime's classes share no other base
            shapes = ", ".join(str(array.shape) for array in feed.values())
            raise _translated(error, shapes) from error
        return results

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """The first input -> the first output."""
        return self.call({self.inputs[0].name: batch}, [self.outputs[0].name])[0]

    def shrink(self) -> None:
        """Give back the memory that earlier runs left in the arena. For when the model is idle."""
        if not self._on_cpu:
            return
        from onnxruntime import RunOptions

        options = RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        for sides in SMALL:
            with contextlib.suppress(ModelFailed):  # not every size suits every model
                feed = {port.name: _zeros(port, sides) for port in self.inputs}
                self.call(feed, [self.outputs[0].name], options)
                return

    def close(self) -> None:
        """Give the memory back. The session must not be used afterwards."""
        del self._session


class OnnxSession(GraphSession):
    """A picture goes in and a picture comes out. Implements `core.session.ModelSession`."""

    def __init__(
        self,
        weights: Path | bytes,
        providers: Sequence[Provider] = CPU,
        *,
        threads: int = 1,
        arena_limit: int = 0,
    ) -> None:
        """As above; raises BadModel, too, where the ports are no pictures."""
        super().__init__(weights, providers, threads=threads, arena_limit=arena_limit)
        self.signature: Signature = signature(self.inputs, self.outputs)

    @property
    def channels(self) -> int:  # type: ignore[override]
        """What `run` takes and gives: 3, or 1."""
        return self.signature.channels

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H, W) float32 -> (N, C, H * scale, W * scale) float32. Safe from many threads.

        Raises MemoryError when the device cannot allocate, ModelFailed for anything else.
        """
        if self.signature.batch in (None, len(batch)):
            return super().run(batch)
        return np.concatenate([super(OnnxSession, self).run(one[None]) for one in batch])


def load(
    weights: Path | bytes,
    providers: Sequence[Provider] = CPU,
    threads: int = 1,
    arena_limit: int = 0,
) -> ort.InferenceSession:
    """A session of onnxruntime itself, for models of several ports. Raises BadModel, BadOption."""
    import onnxruntime as ort

    known = set(ort.get_available_providers())
    asked = [provider if isinstance(provider, str) else provider[0] for provider in providers]
    if missing := [name for name in asked if name not in known]:
        raise BadOption(f"onnxruntime here has no {', '.join(missing)}", "install printroom[gpu]")
    source = weights if isinstance(weights, bytes) else str(weights)
    try:
        with _registering:
            _register_arena(arena_limit)
            return ort.InferenceSession(source, _options(threads), providers=list(providers))
    except Exception as error:
        name = "the model" if isinstance(weights, bytes) else str(weights)
        raise BadModel(f"{name} cannot be loaded", _first_line(error)) from error


def available_providers() -> list[str]:
    """The execution providers of the onnxruntime that is installed."""
    import onnxruntime as ort

    return list(ort.get_available_providers())


def _options(threads: int) -> ort.SessionOptions:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # errors are raised; printing them too says nothing new
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    return options


def _register_arena(limit: int) -> None:
    import onnxruntime as ort

    place = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    by_doubling = 0
    ort.create_and_register_allocator(
        place,
        ort.OrtArenaCfg(
            {
                "max_mem": limit,
                "arena_extend_strategy": by_doubling,
                "initial_chunk_size_bytes": FIRST_REGION,
                "initial_growth_chunk_size_bytes": REGION,
            }
        ),
    )


def _port(node: Any) -> Port:
    dtype = node.type.removeprefix("tensor(").removesuffix(")")
    return Port(node.name, dtype, node.shape or None)


def _zeros(port: Port, sides: tuple[int, int]) -> NDArray[Any]:
    """Something for `port` to take: the last free sides as said, those before them 1."""
    shape, left = [], list(sides)
    for side in reversed(port.shape or ()):
        free = left.pop() if left else 1
        shape.append(side if isinstance(side, int) else free)
    return np.zeros(shape[::-1], DTYPES.get(port.dtype, np.float32))


def _translated(error: Exception, shape: str) -> Exception:
    text = str(error)
    if isinstance(error, MemoryError) or any(sign in text for sign in NO_MEMORY):
        return MemoryError(f"no memory to run the model on {shape}")
    return ModelFailed(f"the model failed on a tile of shape {shape}", _first_line(error))


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].removeprefix("[ONNXRuntimeError] : ")[:300]
