"""The models at hand, found by name or by what they do.

    "owner/name@version", "owner/name" -> Model      NotFound BadModel
    a task, a scale -> the default Model             NotFound ScaleNotOffered BadModel

A folder of models holds `<name>/<version>/card.json` with the weights beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from printroom.catalogue.card import Look, Model, ModelCard, Task
from printroom.core.errors import BadModel, NotFound, ScaleNotOffered

BUNDLED = Path(__file__).parent.parent / "models"
"""The models that come with the package."""


class Catalogue:
    """Reads cards when first asked, and checks weights against their digest when handing out."""

    def __init__(
        self,
        folders: Sequence[Path] = (BUNDLED,),
        elsewhere: Callable[[], Sequence[Model]] = lambda: (),
    ) -> None:
        """`elsewhere`: gives models that lie in no folder of this machine; they come last."""
        self._folders, self._elsewhere = tuple(folders), elsewhere

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """All models, in the order of the folders, the newest version of each name first."""
        here = (model for folder in self._folders for model in _models_in(folder))
        return (*here, *self._elsewhere())

    def get(self, name: str) -> Model:
        """`owner/name@version`, or `owner/name` for the newest version."""
        for model in self.models:
            if name in (model.card.id, model.card.name):
                return verified(model)
        offered = ", ".join(model.card.id for model in self.models) or "none"
        raise NotFound(f"there is no model {name!r}", f"the models here are: {offered}")

    def scales(self, look: Look = "faithful") -> list[Fraction]:
        """Every scale that some model of that look enlarges by, ascending."""
        return sorted({m.card.geometry.scale for m in self._looking(look) if m.card.upscales})

    def for_scale(self, scale: Fraction | int, look: Look = "faithful") -> Model:
        """The first model that enlarges by `scale` with that look, in its newest version."""
        for model in self._looking(look):
            if model.card.upscales and model.card.geometry.scale == scale:
                return verified(model)
        offered = ", ".join(map(str, self.scales(look))) or "none"
        kind = "model" if look == "faithful" else f"{look} model"
        raise ScaleNotOffered(f"no {kind} enlarges by {scale}", f"the scales here are: {offered}")

    def for_task(self, task: Task, scale: Fraction | int = 1) -> Model:
        """The first model for `task` at `scale`, in its newest version.

        Raises NotFound when there is none, or ScaleNotOffered when the task is `upscale`.
        """
        if task == "upscale":
            return self.for_scale(scale)
        for model in self._defaults:
            if model.card.task == task and model.card.geometry.scale == scale:
                return verified(model)
        offered = ", ".join(sorted({m.card.task for m in self._defaults})) or "none"
        raise NotFound(
            f"no model is for the task {task!r} at scale {scale}", f"the tasks here are: {offered}"
        )

    @cached_property
    def _defaults(self) -> tuple[Model, ...]:
        """The models that may be taken without being named."""
        return tuple(model for model in self.models if not model.card.is_variant)

    def _looking(self, look: Look) -> tuple[Model, ...]:
        """The models that are taken when that look is asked for."""
        if look == "faithful":
            return self._defaults
        return tuple(model for model in self.models if model.card.has(look))


def _models_in(folder: Path) -> list[Model]:
    models = [read_model(card) for card in folder.glob("*/*/card.json")]
    return sorted(models, key=lambda model: (model.card.name, -model.card.version))


def read_model(card: Path) -> Model:
    """The model that `card.json` describes. Raises BadModel, naming the file."""
    try:
        parsed = ModelCard.from_json(card.read_text("utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadModel(f"{card} is not a model card", str(error)) from error
    return Model(parsed, card.parent / parsed.weights)


def verified(model: Model) -> Model:
    """The same model. Raises BadModel unless the weights are those of the card.

    Weights in a store are looked at when they are fetched.
    """
    if model.stored or model.kept:
        return model
    try:
        digest = digest_of(model.weights)
    except OSError as error:
        raise BadModel(f"the weights of {model.card.id} cannot be read", str(error)) from error
    if digest != model.card.digest:
        raise BadModel(
            f"{model.weights} is not the file that the card of {model.card.id} describes",
            "install the model again",
        )
    return model


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex; of a folder, that of its files' names and digests in order."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        lines = (f"{file.relative_to(path).as_posix()}\0{digest_of(file)}\n" for file in files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
