"""The one door through which models of the catalogue are loaded, whatever runs them.

    Model -> open_model -> ModelSession            BadModel BadOption EnvironmentFailed
    one that is not trusted -> open_sandboxed      BadModel NoSandbox LimitCrossed
    of one that draws: (1, 1, 1, n) numbers, see `runtimes.onnx.generator`, -> its picture
    Model -> open_generator -> Generator           BadModel BadOption
    a bare Model -> open_model -> GraphSession     BadModel BadOption

ONNX runs in this process, anything else in an environment and a process of its own, and what comes
from a stranger behind walls, whatever it is; the reading of its card stands between the model and
the house: (n, channels, h, w) float32, sRGB from 0 to 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from printroom.catalogue.card import Model
from printroom.core.errors import BadModel
from printroom.core.session import ModelSession, Session
from printroom.runtimes.onnx.session import CPU, GraphSession, OnnxSession, Provider
from printroom.runtimes.reading import Reading

if TYPE_CHECKING:  # most models need none of it
    from printroom.isolation.house import Isolation
    from printroom.isolation.sandboxed import Breach, SandboxedSession
    from printroom.isolation.session import IsolatedSession
    from printroom.runtimes.onnx.generator import Generator


def open_model(
    model: Model, providers: Sequence[Provider] = CPU, isolation: Isolation | None = None
) -> ModelSession:
    """`model`, which is trusted, loaded. The caller closes it.

    `providers`: where ONNX runs; `isolation`: where other frameworks have their environments; None
    = there are none. Raises BadModel, BadOption for a device that is not here, EnvironmentFailed.
    """
    card = model.card
    if not model.trusted:
        raise BadModel(f"{card.id} is a stranger's", "it is opened behind walls alone")
    if model.bare:
        return GraphSession(model.weights, providers)
    if card.reading.generates:
        return _Drawing(open_generator(model, providers), card.reading, model.weights)
    if card.runtime != "onnx":
        if isolation is None:
            raise BadModel(f"{card.id} needs {card.runtime}", "there are no environments here")
        session: Session = open_isolated(model.weights, isolation)
    else:
        onnx = open_onnx(model.weights, card.reading, providers)
        if card.reading.plain:
            return onnx
        session = onnx
    return adapted(session, model)


def open_sandboxed(model: Model, breached: Callable[[Breach], None]) -> ModelSession:
    """`model` of a stranger, loaded by a child behind walls. The caller closes it.

    Its weights stay where they are until then: a child that was ended is followed by another.
    `breached` is told of each limit that it crosses. Raises BadModel, NoSandbox, LimitCrossed.
    """
    from printroom.isolation.sandboxed import SandboxedSession

    card = model.card
    if card.runtime != "onnx":
        raise BadModel(f"{card.id} is for {card.runtime}", "of strangers only ONNX files are run")
    session = SandboxedSession(model.weights, card.reading, name=card.id, breached=breached)
    if card.reading.generates:
        return _Drawing(session, card.reading, model.weights)
    return adapted(session, model)


class _Drawing:
    """Implements `printroom.core.session.ModelSession` with what draws, read as its card says."""

    channels = 3

    def __init__(
        self, session: Generator | SandboxedSession, reading: Reading, weights: Path
    ) -> None:
        self._session, self._reading = session, reading
        size = weights.stat().st_size if weights.is_file() else 0
        self.resident_bytes: int = getattr(session, "resident_bytes", size)

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """(1, 1, 1, n) -> (1, 3, h, w). Raises MemoryError, ModelFailed, LimitCrossed."""
        from printroom.runtimes.onnx.generator import shown

        return shown(self._session.run(batch), self._reading)

    def shrink(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Give the memory back."""
        self._session.close()


def adapted(session: Session, model: Model) -> ModelSession:
    """The session behind the reading of the model's card; closed when that makes no sense."""
    from printroom.runtimes.adapted import AdaptedSession

    try:
        return AdaptedSession(session, model.card.reading, model.card.geometry.scale)
    except ValueError as error:
        session.close()
        raise BadModel(f"{model.card.id} cannot be read so: {error}", "correct its card") from error


def open_onnx(
    weights: Path | bytes, reading: Reading, providers: Sequence[Provider] = CPU
) -> OnnxSession:
    """A graph with the ports of the house; its values are not read yet. Raises BadModel."""
    from printroom.runtimes.reading import needs_refit

    if not needs_refit(reading):
        return OnnxSession(weights, providers)
    from printroom.runtimes.onnx.parse import read
    from printroom.runtimes.onnx.refit import refit  # brings onnx: 0.1 CPU seconds

    data = weights if isinstance(weights, bytes) else read(weights)
    return OnnxSession(refit(data, reading), providers)


def open_isolated(weights: Path, isolation: Isolation) -> IsolatedSession:
    """A model of another framework in its process. Raises BadModel, EnvironmentFailed."""
    from printroom.isolation.policy import Policy
    from printroom.isolation.session import IsolatedSession

    threads = len(os.sched_getaffinity(0))
    return IsolatedSession.open(isolation, weights, Policy(cpu=threads))


def open_generator(model: Model, providers: Sequence[Provider] = CPU) -> Generator:
    """A model that draws, loaded. The caller closes it. Raises BadModel, BadOption."""
    from printroom.runtimes.onnx.generator import Generator

    if not model.card.reading.generates or model.card.runtime != "onnx":
        raise BadModel(f"{model.card.id} takes a picture and draws none", "use `printroom enhance`")
    return Generator(model.weights, model.card.reading, providers)
