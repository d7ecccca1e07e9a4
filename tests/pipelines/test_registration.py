"""Declarations are checked when they are registered; what is wrong names the step and the port."""

from dataclasses import FrozenInstanceError, field
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.core.errors import BadStep, NotFound
from printroom.pipelines import kinds
from printroom.pipelines.declare import StepShape
from printroom.pipelines.notation import described_step
from printroom.pipelines.ports import Choice, ForTask, Picture, Port, Range, Shape
from printroom.pipelines.registry import Registry
from printroom.pipelines.step import LookStep, ModelStep, Step, StepContext, TileStep, step


class Result(NamedTuple):
    count: int
    image: Picture


class Everything(Step):
    """Has one port of each kind."""

    name = "everything"
    strength: Annotated[float, Range(0, 1)] = 0.5
    words: list[str] = field(default_factory=list)
    network: Annotated[str, ForTask("denoise")] | None = None

    def run(
        self,
        context: StepContext,
        image: Picture,
        many: list[Picture],
        count: Annotated[int, Range(low=1)],
        tensor: Annotated[NDArray[np.float32], Shape(1, None)],
        any_array: np.ndarray[Any, Any],
        scale: Annotated[int, Choice(1, 2, 4)] = 2,
        mode: Literal["fast", "good"] = "fast",
        loud: bool = False,
    ) -> Result:
        return Result(count, image)


def test_each_annotation_is_a_kind() -> None:
    found = Registry().register(Everything)
    assert found.shape is StepShape.RUN
    assert found.description == "Has one port of each kind."
    assert {name: port.kind for name, port in found.ports.items()} == {
        "image": kinds.Picture(),
        "many": kinds.ListOf(kinds.Picture()),
        "count": kinds.Number(low=1, integer=True),
        "tensor": kinds.Tensor((1, None), "float32"),
        "any_array": kinds.Tensor(),
        "scale": kinds.Choice((1, 2, 4)),
        "mode": kinds.Choice(("fast", "good")),
        "loud": kinds.Flag(),
    }
    assert found.parameters == {
        "strength": Port(kinds.Number(0, 1), 0.5),
        "words": Port(kinds.ListOf(kinds.Text()), []),
        "network": Port(kinds.Model("denoise"), None, optional=True),
    }
    assert list(found.outputs) == ["count", "image"]
    assert [name for name, port in found.inputs.items() if port.required] == [
        "image", "many", "count", "tensor", "any_array",
    ]  # fmt: skip


def test_a_step_is_made_from_its_parameters_and_does_not_change() -> None:
    made: Any = Registry().register(Everything).factory(strength=0.2)
    assert (made.strength, made.words) == (0.2, [])
    with pytest.raises(FrozenInstanceError):
        made.strength = 1


def test_the_streaming_shapes_take_and_give_a_picture(registry: Registry) -> None:
    shapes = {one.name: one.shape for one in registry}
    assert [shapes[name] for name in ("inspect", "haze", "denoise")] == ["look", "tile", "model"]
    assert list(registry.get("inspect").outputs) == ["noise", "sigma"]
    assert registry.get("haze").outputs == registry.get("haze").ports
    assert registry.get("upscale").description == ""


def test_a_function_is_a_step_and_stays_a_function(registry: Registry) -> None:
    @step
    def two_words(context: StepContext, text: str) -> str:
        """Says it again."""
        return text * 2

    found = Registry().register(two_words)
    assert (found.name, list(found.ports), list(found.outputs)) == (
        "two-words", ["text"], ["result"],
    )  # fmt: skip
    context: Any = None
    assert two_words(context, "a") == found.factory().run(context, text="a") == "aa"
    assert registry.get("embed").outputs["result"].kind == kinds.Tensor((1, None, 512), "float32")


def _run(self: Any, context: StepContext) -> str:
    return ""


def _class(bases: tuple[type, ...] = (Step,), /, **body: Any) -> type:
    return type("Made", bases, {"name": "made", "run": _run, **body})


def _function(run: Any) -> Any:
    return step(name="made")(run)


def _streaming(base: type, **body: Any) -> type:
    return type("Made", (base,), {"name": "made", **body})


def _bad_default(context: StepContext, strength: Annotated[float, Range(0, 1)] = 5) -> str: ...
def _no_annotation(context: StepContext, image) -> str: ...  # type: ignore[no-untyped-def]
def _no_result(context: StepContext) -> None: ...
def _many(context: StepContext, *images: Picture, **more: str) -> str: ...
def _two_kinds(context: StepContext, value: str | int) -> str: ...
def _set(context: StepContext, names: set[str]) -> str: ...
def _misplaced(context: StepContext, name: Annotated[str, Range(0, 1)]) -> str: ...
def _reserved(context: StepContext, when: str) -> str: ...
def _unknown(context: StepContext, image: "Nothing") -> str: ...  # type: ignore[name-defined] # noqa: F821
async def _later(context: StepContext) -> str: ...
def _nothing() -> str: ...


class Empty(NamedTuple):
    pass


class Seen(NamedTuple):
    image: Picture


def _sees(self: Any, context: StepContext, preview: Any) -> Seen: ...


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (_function(_bad_default), ["'strength'", "default 5 is above 1"]),
        (_function(_no_annotation), ["'image' has no annotation"]),
        (_function(_no_result), ["returns"]),
        (_function(_many), ["'*images", "'**more"]),
        (_function(_two_kinds), ["'value'", "more than one kind"]),
        (_function(_set), ["'names'", "set[str] is no kind"]),
        (_function(_misplaced), ["'name' cannot be called so"]),
        (_function(_reserved), ["'when' cannot be called so"]),
        (_function(_unknown), ["Nothing"]),
        (_function(_later), ["plain function"]),
        (_function(_nothing), ["context"]),
        (_class(name="Not A Name"), ["'Not A Name'"]),
        (_class(name=""), ["no name"]),
        (_class(__annotations__={"run": str}, run="x"), ["'run' hides the method"]),
        (_class(__annotations__={"logo": Picture}), ["'logo' is a picture"]),
        (_class(__annotations__={"many": list[Picture]}), ["'many' is a picture"]),
        (_streaming(Step), ["no method run"]),
        (_streaming(TileStep), ["no method apply"]),
        (_streaming(ModelStep), ["no method model"]),
        (_streaming(LookStep), ["no method look"]),
        (_streaming(TileStep, apply=lambda self, tile: tile), ["apply takes other arguments"]),
        (_streaming(LookStep, look=_sees), ["'image' is a picture"]),
        (_class((TileStep,)), ["two shapes"]),
        (_streaming(ModelStep, __annotations__={"model": str}, model="x"), ["'model' hides"]),
        (_streaming(TileStep, __annotations__={"image": str}, apply=lambda s, t, p: t), ["both"]),
        (lambda: 3, ["is not a step"]),
        (3, ["is not a step"]),
    ],
)
def test_what_is_wrong_with_a_step_is_said_when_it_is_registered(
    declared: Any, said: list[str]
) -> None:
    with pytest.raises(BadStep) as error:
        Registry().register(declared)
    for words in said:
        assert words in str(error.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    def wrong(context: StepContext, one, two: set[int], three: int = "x") -> list[list[str]]: ...  # type: ignore

    with pytest.raises(BadStep, match=r"step wrong: .*'one'.*'two'.*'three'.*'result'"):
        Registry().register(step(wrong))


def test_a_shared_default_is_refused_where_the_class_is_written() -> None:
    with pytest.raises(BadStep, match=r"step Shared: .*default_factory"):

        class Shared(Step):
            words: list[str] = []  # noqa: RUF012


def test_a_name_is_taken_once(registry: Registry) -> None:
    fresh = Registry([Everything])
    with pytest.raises(BadStep, match="a step everything already"):
        fresh.register(Everything)


def test_an_unknown_name_is_met_with_the_likeliest(registry: Registry) -> None:
    with pytest.raises(NotFound, match="did you mean 'denoise'"):
        registry.get("denose")
    with pytest.raises(NotFound, match="there is inspect, denoise"):
        registry.get("zzz")


def test_a_step_may_describe_itself_in_json() -> None:
    described = {
        "name": "soften",
        "text": "Softens.",
        "inputs": {
            "image": {"kind": "picture", "dtype": "float32"},
            "strength": {"kind": "number", "low": 0, "high": 1, "integer": False, "default": 0.5},
            "names": {"kind": "list", "item": {"kind": "text"}, "optional": True, "default": None},
        },
        "outputs": {"result": {"kind": "picture", "dtype": "float32"}},
    }
    found = described_step(described, "soft", Step)
    assert (found.name, found.description, found.shape) == ("soft", "Softens.", "run")
    assert found.ports["strength"] == Port(kinds.Number(0, 1), 0.5)
    assert found.ports["names"] == Port(kinds.ListOf(kinds.Text()), None, optional=True)
    with pytest.raises(BadStep, match=r"'image'.*'x y'.*outputs"):
        described_step({"inputs": {"image": {"kind": "photo"}, "x y": "text"}}, "soft", Step)
