"""Checks a machine, and says what to mend.

    Settings, address -> Findings, in an order that people read

Nothing is changed: a folder that is missing is made, as any command would, and no table is touched.
A look that fails in a way nobody thought of is a finding, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from printroom.core.settings import Settings
from printroom.operations import machine, parts, services
from printroom.operations.finding import Finding, fault

Look = Callable[[], Iterator[Finding]]


def examine(settings: Settings, config: Path | None, host: str, port: int) -> Iterator[Finding]:
    """All of it; `config`: the file of settings that was read, None = none."""
    of_settings = (
        *(machine.python, machine.memory, machine.folder, machine.files, machine.clock),
        *(parts.libvips, parts.onnxruntime, parts.device, parts.bubblewrap, parts.uv),
        *(services.database, services.stores),
    )
    looks: list[tuple[str, Look]] = [("settings", partial(services.config, config))]
    looks += [(look.__name__, partial(look, settings)) for look in of_settings]
    looks.append(("address", partial(machine.address, host, port)))
    for subject, look in looks:
        try:
            yield from look()
        except Exception as error:
            reason = f"it could not be looked at: {type(error).__name__}: {error}"
            yield fault(subject, reason, "report this")
