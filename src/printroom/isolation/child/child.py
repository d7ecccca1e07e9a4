"""The process a step runs in: loads it, describes it, runs it for printroom until told to stop.

    python -I child.py SOCKET LIFELINE [LOCK...]

One file, Python 3.8 syntax, standard library only. All arguments are numbers of open files; the
locks are on parts of graphics cards, which this process has as long as it lives. On
the socket a message is 16 bytes (`PRM1`, length of the JSON, length of the payload), JSON, and
the bytes of arrays where there is no shared memory. When the parent closes its end of the
lifeline, or dies, the kernel kills this process and all that it started.

    load -> described or failed          run -> [need -> segment] progress ... result or failed
"""

# ruff: noqa: B905 (zip has no `strict` in Python 3.8)

from __future__ import annotations

import array
import fcntl
import itertools
import json
import math
import mmap
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

HEADER = struct.Struct(">4sIQ")
MAGIC = b"PRM1"
ALIGNMENT = 64
FORMATS = {
    "bool": "?",
    "uint8": "B",
    "int8": "b",
    "uint16": "H",
    "int16": "h",
    "uint32": "I",
    "int32": "i",
    "uint64": "Q",
    "int64": "q",
    "float16": "e",
    "float32": "f",
    "float64": "d",
}
NAMES = {code: name for name, code in FORMATS.items()}
NAMES["l"] = NAMES["q"]
NAMES["L"] = NAMES["Q"]
NAMES["c"] = NAMES["B"]
if TYPE_CHECKING:
    Buffer = bytes | memoryview


class Interrupted(BaseException):
    """The caller took the run back; not an Exception, so that a step does not swallow it."""


class Interrupts:
    """Turns SIGINT into Interrupted, but only while the step's own code runs."""

    def __init__(self) -> None:
        self._running = False
        self._wanted = False
        signal.signal(signal.SIGINT, self._come)

    def _come(self, _number: int, _frame: FrameType | None) -> None:
        if self._running:
            self._running = False
            raise Interrupted
        self._wanted = True

    def begin(self) -> None:
        """The step's code starts. What came before was meant for an earlier run."""
        self._wanted = False
        self._running = True

    def hold(self) -> None:
        """For the time of a conversation in the middle of the step."""
        self._running = False

    def resume(self) -> None:
        self._running = True
        if self._wanted:
            self._running = False
            raise Interrupted

    def end(self) -> None:
        self._running = False


class Line:
    """Messages to and from printroom."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._writing = threading.Lock()

    def read(self) -> tuple[dict[str, Any], bytearray, int]:
        """The next message, its payload, and the file that came with it (or -1)."""
        head, fd = self._exactly(bytearray(HEADER.size), True)
        _magic, size, extra = HEADER.unpack(head)
        message = json.loads(bytes(self._exactly(bytearray(size))[0]).decode("utf-8"))
        return message, self._exactly(bytearray(extra))[0], fd

    def write(self, message: Mapping[str, Any], payload: Sequence[Buffer] = ()) -> None:
        body = json.dumps(message, allow_nan=False).encode("utf-8")
        size = sum(len(part) for part in payload)
        with self._writing:  # a step may tell its progress from threads of its own
            self._socket.sendall(HEADER.pack(MAGIC, len(body), size) + body)
            for part in payload:
                self._socket.sendall(part)

    def _exactly(self, buffer: bytearray, with_file: bool = False) -> tuple[bytearray, int]:
        view, fd = memoryview(buffer), -1
        while view:
            if with_file:
                count, ancillary, _flags, _address = self._socket.recvmsg_into(
                    [view], socket.CMSG_SPACE(4)
                )
                for _level, _kind, data in ancillary:
                    fd = array.array("i", data[:4])[0]
            else:
                count = self._socket.recv_into(view)
            if not count:
                os._exit(0)
            view = view[count:]
        return buffer, fd


class Host:
    """What `printroom_step` asks for while a step runs, and where its arrays lie."""

    def __init__(self, line: Line, interrupts: Interrupts) -> None:
        self._line = line
        self._interrupts = interrupts
        self._segments: dict[int, memoryview] = {}
        self._lent: dict[int, tuple[Any, int, int]] = {}
        self._ready: list[tuple[int, int]] = []
        self.asked: list[int] = []
        self.numpy: Any = None
        self.shared = True

    def add(self, number: int, fd: int, size: int) -> None:
        """Map a segment once; it serves many runs."""
        self._segments[number] = memoryview(mmap.mmap(fd, size))
        os.close(fd)

    def drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._segments.pop(number, None)

    def progress(self, done: float, total: float) -> None:
        self._interrupts.hold()
        self._line.write({"did": "progress", "done": float(done), "total": float(total)})
        self._interrupts.resume()

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Any:
        name = str(dtype) if self.numpy is None else self.numpy.dtype(dtype).name
        size = math.prod(shape) * struct.calcsize(FORMATS[name])
        if not self.shared:
            return self._array(memoryview(bytearray(size)), name, shape)
        self._interrupts.hold()
        number = self._need(size)
        lent = self._array(self._segments[number][:size], name, shape)
        self._lent[id(lent)] = (lent, number, 0)
        self._interrupts.resume()
        return lent

    def lend(self, segments: Iterable[tuple[int, int]]) -> None:
        """Segments, with their sizes, that results may go to; guessed from the run before."""
        self._ready = list(segments)
        self.asked = []

    def _need(self, size: int) -> int:
        """The number of a segment with room for `size` bytes."""
        self.asked.append(max(size, 1))
        for place, (number, room) in enumerate(self._ready):
            if room >= size:
                del self._ready[place]
                return number
        self._line.write({"did": "need", "bytes": max(size, 1)})
        while True:
            message, _payload, fd = self._line.read()
            if message["do"] == "segment":
                self.add(message["segment"], fd, message["bytes"])
            elif message["do"] == "lend":
                return int(message["segment"])
            elif message["do"] == "refuse":
                raise MemoryError(message["reason"])

    def take(self, ref: Mapping[str, Any], payload: bytearray) -> Any:
        """The array that `ref` points to, in place."""
        dtype, shape = ref["dtype"], ref["shape"]
        size = math.prod(shape) * struct.calcsize(FORMATS[dtype])
        start = ref["offset"]
        place = memoryview(payload) if ref["segment"] is None else self._segments[ref["segment"]]
        part = place[start : start + size]
        taken = self._array(part.toreadonly() if ref["kept"] else part, dtype, shape)
        if ref["segment"] is not None:
            self._lent[id(taken)] = (taken, ref["segment"], start)
        return taken

    def _array(self, part: Any, dtype: str, shape: Sequence[int]) -> Any:
        if self.numpy is not None:
            return self.numpy.frombuffer(part, dtype).reshape(shape)
        if not part.nbytes:  # a view of nothing cannot be given a shape
            return part.cast(FORMATS[dtype])
        return part.cast(FORMATS[dtype], tuple(shape))

    def place(self, arrays: Sequence[Any]) -> tuple[list[dict[str, Any]], Sequence[Buffer]]:
        """References to results, and the bytes that go behind the message."""
        found = [self._plain(one) for one in arrays]
        known = [self._known(one) for one in found]
        views = [self._bytes(one) for one, ref in zip(found, known) if ref is None]
        ends = list(itertools.accumulate(-(-len(view) // ALIGNMENT) * ALIGNMENT for view in views))
        starts = [0, *ends[:-1]]
        number, payload = self._put(views, starts, ends[-1]) if views else (None, ())
        rest = iter(starts)
        refs = [self._ref(o, number, next(rest)) if r is None else r for o, r in zip(found, known)]
        return refs, payload

    def _put(
        self, views: list[memoryview], starts: list[int], size: int
    ) -> tuple[int | None, Sequence[Buffer]]:
        """Into a new segment, or into the payload."""
        if not self.shared:
            return None, [part for view in views for part in (view, bytes(-len(view) % ALIGNMENT))]
        number = self._need(size)
        for start, view in zip(starts, views):
            self._segments[number][start : start + len(view)] = view
        return number, ()

    def _known(self, one: Any) -> dict[str, Any] | None:
        """A reference to an array that lies in a segment already; None for any other."""
        if id(one) in self._lent:
            _one, number, start = self._lent[id(one)]
            return self._ref(one, number, start)
        if self.numpy is None or not self.shared or not one.size:
            return None
        address = one.ctypes.data
        for number in {number for _one, number, _start in self._lent.values()}:
            segment = self._segments[number]
            first = self.numpy.frombuffer(segment, "uint8").ctypes.data
            if first <= address and address + one.nbytes <= first + segment.nbytes:
                return self._ref(one, number, address - first)
        return None

    def _plain(self, one: Any) -> Any:
        """Contiguous, of a known type, in this machine's order of bytes."""
        if self.numpy is None:
            return one if one.contiguous else memoryview(one.tobytes()).cast(one.format, one.shape)
        one = self.numpy.asarray(one)
        if not one.dtype.isnative:
            one = one.astype(one.dtype.newbyteorder("="))
        return one if one.flags.c_contiguous else self.numpy.ascontiguousarray(one)

    def _ref(self, one: Any, number: int | None, start: int) -> dict[str, Any]:
        dtype = NAMES.get(one.format, one.format) if self.numpy is None else one.dtype.name
        return {"dtype": dtype, "shape": list(one.shape), "segment": number, "offset": start}

    def _bytes(self, one: Any) -> memoryview:
        if not one.nbytes:
            return memoryview(b"")
        if self.numpy is not None:
            one = memoryview(one.reshape(-1).view("uint8"))
        return memoryview(one).cast("B")

    def forget(self) -> None:
        """At the end of a run: what was lent goes back."""
        self._lent.clear()


class Values:
    """Values of ports, as they are written in a message."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def read(self, written: Mapping[str, Any], payload: bytearray) -> Any:
        if "array" in written:
            return self._host.take(written["array"], payload)
        if "list" in written:
            return [self.read(one, payload) for one in written["list"]]
        return written["json"]

    def write(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], Sequence[Buffer]]:
        """`values` by name -> the same, written, and the payload."""
        arrays: list[tuple[Any, dict[str, Any]]] = []
        written = {name: self._write(value, arrays) for name, value in values.items()}
        refs, payload = self._host.place([one for one, _slot in arrays])
        for (_one, slot), ref in zip(arrays, refs):
            slot["array"] = ref
        return written, payload

    def _write(self, value: Any, arrays: list[tuple[Any, dict[str, Any]]]) -> dict[str, Any]:
        if self._is_array(value):
            slot: dict[str, Any] = {}
            arrays.append((value, slot))
            return slot
        if isinstance(value, (list, tuple)) and any(self._is_array(one) for one in value):
            return {"list": [self._write(one, arrays) for one in value]}
        scalar = self._host.numpy is not None and isinstance(value, self._host.numpy.generic)
        return {"json": value.item() if scalar else value}

    def _is_array(self, value: Any) -> bool:
        if isinstance(value, memoryview):
            return True
        numpy = self._host.numpy
        if numpy is None or isinstance(value, numpy.generic):
            return False
        return hasattr(value, "__array__")


class Child:
    """One step, loaded."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._interrupts = Interrupts()
        self._host = Host(line, self._interrupts)
        self._values = Values(self._host)
        self._run: Callable[..., Any] = _nothing
        self._outputs: list[str] = []

    def serve(self) -> NoReturn:
        while True:
            message, payload, fd = self._line.read()
            do = message["do"]
            if do == "segment":
                self._host.add(message["segment"], fd, message["bytes"])
            elif do == "drop":
                self._host.drop(message["segments"])
            elif do == "load":
                self._answer(self._load, message)
            elif do == "run":
                self._answer(self._compute, message, payload)

    def _answer(
        self, work: Callable[..., tuple[dict[str, Any], Sequence[Buffer]]], *arguments: Any
    ) -> None:
        """Do it, and say how it went. What fails belongs to the step, and is told as such."""
        try:
            reply, payload = work(*arguments)
        except Interrupted:
            reply, payload = {"did": "failed", "kind": "interrupted", "reason": "interrupted"}, ()
        except MemoryError as error:
            reply, payload = _failure("memory", error), ()
        except (Exception, SystemExit) as error:
            refused = getattr(sys.modules.get("printroom_step"), "Refused", ())
            if isinstance(error, refused):
                reason = str(error)[:2000]
                reply, payload = {"did": "failed", "kind": "refused", "reason": reason}, ()
            else:
                reply, payload = _failure("raised", error), ()
        try:
            self._line.write(reply, payload)
        except (TypeError, ValueError, RecursionError) as error:
            self._line.write(_failure("raised", error))
        self._host.forget()

    def _load(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], Sequence[Buffer]]:
        limit(message["memory"])
        self._host.shared = message["shared"]
        step = _vendored()
        step.host = self._host
        sys.path[:0] = message["beside"]
        _module(Path(message["file"]))
        if len(step.registered) != 1:
            raise ValueError(f"{len(step.registered)} steps are marked with @step, not one")
        thing = step.registered[0]
        described = step.describe(thing)
        self._outputs = list(described["outputs"])
        if not message["runs"]:
            return {"did": "described", "step": described, "resident": resident()}, ()
        self._run = thing(**message["options"]).run if isinstance(thing, type) else thing
        self._host.numpy = sys.modules.get("numpy") or _numpy()
        share_card()
        return {"did": "described", "step": described, "resident": resident()}, ()

    def _compute(
        self, message: Mapping[str, Any], sent: bytearray
    ) -> tuple[dict[str, Any], Sequence[Buffer]]:
        inputs = message["inputs"]
        inputs = {name: self._values.read(one, sent) for name, one in inputs.items()}
        self._host.lend(message["lent"])
        spend(message["spent"])
        self._interrupts.begin()
        try:
            result = self._run(**inputs)
        finally:
            self._interrupts.end()
        written, payload = self._values.write(self._named(result))
        return {"did": "result", "outputs": written, "asked": self._host.asked}, payload

    def _named(self, result: Any) -> dict[str, Any]:
        if self._outputs == ["result"] and not hasattr(result, "_fields"):
            return {"result": result}
        return {name: getattr(result, name) for name in self._outputs}


def _nothing() -> NoReturn:
    raise RuntimeError("no step was loaded")


def _failure(kind: str, error: BaseException) -> dict[str, Any]:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    sys.stderr.write(text)
    sys.stderr.flush()
    reason = f"{type(error).__name__}: {error}"
    return {"did": "failed", "kind": kind, "reason": reason[:2000]}


def _vendored() -> Any:
    """The module that steps import, from beside this file and nowhere else."""
    return _module(Path(__file__).resolve().parent / "printroom_step.py")


def _module(path: Path) -> ModuleType:
    """From its source: what Python keeps compiled is not told from an edit of the same second."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module
    exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), vars(module))
    return module


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def limit(memory: int | None) -> None:
    """At most `memory` bytes of its own; shared memory does not count. None = no limit."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def spend(seconds: int | None) -> None:
    """At most that much CPU time from now on, in whole seconds; None = no limit."""
    import resource

    if seconds is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = math.ceil(used.ru_utime + used.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def share_card() -> None:
    """Let PyTorch, if the step has loaded it, take its share of each card that it sees."""
    share = float(os.environ.get("PRINTROOM_GPU_SHARE", "1"))
    torch = sys.modules.get("torch")
    if share < 1 and torch is not None and torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            torch.cuda.set_per_process_memory_fraction(share, number)


def resident() -> int:
    """Bytes this process occupies."""
    import resource

    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def die_with_parent(lifeline: int) -> None:
    """Have the kernel kill this group of processes when the other end of the pipe is closed.

    It needs no turn of the interpreter, so a step that never gives one cannot prevent it.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    watch = select.poll()
    watch.register(lifeline, 0)
    if watch.poll(0):  # closed before the kernel was asked to watch it
        os._exit(0)


def main() -> NoReturn:
    numbers = [int(text) for text in sys.argv[1:]]
    for number in numbers:
        os.set_inheritable(number, False)
    die_with_parent(numbers[1])
    sys.argv[1:] = []
    Child(Line(socket.socket(fileno=numbers[0]))).serve()


if __name__ == "__main__":
    main()
