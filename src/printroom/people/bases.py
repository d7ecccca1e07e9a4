"""What draws people on this server, by its name in the settings.

"mini", "mini-32" -> a generator, loaded        BadOption
"""

from __future__ import annotations

from printroom.core.errors import BadOption
from printroom.runtimes.generation import PersonalizableGenerator

SIZES = {"mini": 64, "mini-32": 32}
"""Name -> side of its pictures in pixels, of those that come with printroom."""


def base_named(name: str) -> PersonalizableGenerator:
    """Raises BadOption for a name that there is not."""
    if name not in SIZES:
        raise BadOption(f"there is no generator {name[:40]!r}", f"take {' or '.join(SIZES)}")
    from printroom.runtimes.mini.generator import mini  # loads onnxruntime

    return mini(SIZES[name])
