"""Steps of each shape, on one registry; databases of each kind."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.core.errors import NotFound
from printroom.pipelines.ports import ForTask, Picture, Range, Shape
from printroom.pipelines.registry import Registry
from printroom.pipelines.step import (
    LookStep,
    ModelStep,
    Planes,
    Preview,
    Step,
    StepContext,
    TileStep,
    step,
)


class Judgement(NamedTuple):
    noise: bool
    sigma: float


class Inspect(LookStep):
    """Looks for noise."""

    name = "inspect"
    fix: str = "auto"

    def look(self, context: StepContext, preview: Preview) -> Judgement:
        return Judgement(noise=self.fix != "none", sigma=0.1)


class Denoise(ModelStep):
    """Removes noise."""

    name = "denoise"
    strength: Annotated[float, Range(0, 1)] = 0.5
    network: Annotated[str | None, ForTask("denoise")] = None

    def model(self, context: StepContext) -> str | None:
        return self.network


class Upscale(ModelStep):
    name = "upscale"
    scale: Literal[1, 2, 4] = 2

    def model(self, context: StepContext) -> str | None:
        return None


class Haze(TileStep):
    name = "haze"
    strength: Annotated[float, Range(0, 1)] = 0.5

    def apply(self, tile: Planes, parameters: Any) -> Planes:
        return tile + (1 - tile) * np.float32(self.strength)


class Sheet(Step):
    name = "sheet"

    def run(
        self,
        context: StepContext,
        images: list[Picture],
        titles: Sequence[str] = (),
        key: str | None = None,
    ) -> Picture:
        return images[0]


@step
def style(context: StepContext, image: Picture, style: str, seed: int = 0) -> Picture:
    """Paints a picture in a style."""
    return image


@step(name="embed")
def embedded(
    context: StepContext, image: Picture
) -> Annotated[NDArray[np.float32], Shape(1, None, 512)]:
    return np.zeros((1, 2, 512), np.float32)


class Models:
    """Knows one model."""

    def resolve(self, name: str, task: str | None) -> str:
        if name == "test/clean" and task in (None, "denoise"):
            return "test/clean@1"
        raise NotFound(f"there is no model {name!r}", "there is: test/clean@1")


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry([Inspect, Denoise, Upscale, Haze, Sheet, style, embedded])


@pytest.fixture(scope="session")
def models() -> Models:
    return Models()


ENHANCE = """\
name: mend
title: Mends a photo, then enlarges it
inputs:
  image: picture
  fix: {type: text, default: auto}
  scale: {type: choice, of: [1, 2, 4], default: 2}
steps:
  faults: {use: inspect, with: {image: $image, fix: $fix}}
  clean: {use: denoise, with: {image: $image}, when: $faults.noise}
  large: {use: upscale, with: {image: $clean.image, scale: $scale}, when: $scale > 1}
outputs:
  image: $large.image
"""


@pytest.fixture(scope="session")
def mend() -> str:
    """The YAML of a small pipeline without faults."""
    return ENHANCE
