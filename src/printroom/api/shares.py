"""One server's means, shared out to its processes: together they take no more than one would.

Settings, HttpLimits | None -> a Share for each process, to be sent as Orders         BadOption
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import psutil

from printroom.api.limits import HttpLimits
from printroom.core.errors import BadOption
from printroom.core.settings import Settings
from printroom.engine.device import Device
from printroom.engine.plan import default_budget


@dataclass(frozen=True)
class Share:
    """What one of the processes may take."""

    settings: Settings
    limits: HttpLimits | None


@dataclass(frozen=True)
class Orders:
    """What a process is started with: its share, and descriptors that it inherits."""

    share: Share
    wire: int
    """Messages to and from the parent."""
    door: int
    """Through which connections to clients come."""
    load: int
    """The page where it says what it has on its hands."""
    opened: bool
    """Whether the server as a whole has been ready before."""


def shares(settings: Settings, limits: HttpLimits | None) -> list[Share]:
    """A share for each of `settings.processes`.

    Workers, memory, requests worked on and requests waiting are divided, and each process gets
    one at least. Raises BadOption for a graphics card: it is one process's.
    """
    device = Device.parse(settings.device, settings.gpu_share)
    count = settings.processes
    if device.video is not None:
        raise BadOption(
            f"{count} processes cannot share {device.name}",
            "leave out --processes: one process fills a card",
        )
    own = psutil.Process().memory_info().rss
    whole = replace(
        settings,
        memory=max(count, (settings.memory or default_budget()) - own),
        workers=settings.workers or device.workers,
    )
    return [_share(whole, limits, index) for index in range(count)]


def _share(whole: Settings, limits: HttpLimits | None, index: int) -> Share:
    def part(total: int | None) -> int:
        count = whole.processes
        return max(1, (total or 0) // count + (index < (total or 0) % count))

    settings = replace(
        whole,
        processes=1,
        memory=part(whole.memory),
        workers=part(whole.workers),
        http_running=part(whole.http_running),
        http_waiting=part(whole.http_waiting),
    )
    if limits is None:
        return Share(settings, None)
    running, waiting, held = map(part, (limits.running, limits.waiting, limits.held))
    return Share(settings, replace(limits, running=running, waiting=waiting, held=held))
