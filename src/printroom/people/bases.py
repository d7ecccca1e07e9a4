"""What draws people on this server, by its name in the settings.

"mini", "mini-32"     -> a generator, loaded        BadOption
"/models/sd15"        -> the same, of a folder of diffusers            NotFound BadModel
"""

from __future__ import annotations

from pathlib import Path

from printroom.core.errors import BadOption, NotFound
from printroom.runtimes.generation import PersonalizableGenerator

SIZES = {"mini": 64, "mini-32": 32}
"""Name -> side of its pictures in pixels, of those that come with printroom."""


def base_named(name: str, device: str = "cpu") -> PersonalizableGenerator:
    """`device` is for folders of diffusers alone; printroom's own needs none.

    Raises BadOption for a name that there is not, NotFound and BadModel for such a folder.
    """
    if name.startswith(("/", "~")):
        try:
            from printroom.runtimes.diffusion.generator import DiffusionGenerator
        except ModuleNotFoundError as error:
            reason = f"a folder of diffusers needs {error.name}, which is not installed"
            raise NotFound(reason, "pip install 'printroom[diffusers]'") from error
        return DiffusionGenerator(Path(name).expanduser(), device=device)
    if name not in SIZES:
        offered = ", ".join(SIZES)
        raise BadOption(f"there is no generator {name[:40]!r}", f"take {offered}, or a folder")
    from printroom.runtimes.mini.generator import mini  # loads onnxruntime

    return mini(SIZES[name])
