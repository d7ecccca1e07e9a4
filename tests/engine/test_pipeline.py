"""Running graphs: the same bits however they are cut into stages; what is skipped, said, kept."""

import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption, Cancelled, NotFound, StepFailed
from printroom.engine.floor import Floor
from printroom.engine.flow import Desk, Flow
from printroom.engine.order import Order
from printroom.engine.pipeline import Running
from printroom.imaging.tiling import Geometry
from printroom.pipelines.graph import Graph
from printroom.pipelines.ports import Picture, Range
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.step import LookStep, ModelStep, Planes, Preview, Step, TileStep


class Light(NamedTuple):
    mean: float
    dark: bool


class Measure(LookStep):
    """How light a picture is."""

    name = "measure"

    def look(self, context: Any, preview: Preview) -> Light:
        mean = float(preview.thumbnail.mean())
        return Light(mean, mean < 0.4)


class Gain(TileStep):
    """Multiplies."""

    name = "gain"
    by: Annotated[float, Range(0, 8)] = 0.5

    def apply(self, tile: Planes, parameters: None) -> Planes:
        return tile * np.float32(self.by)


class Level(TileStep):
    """Brings the mean of the thumbnail, and of the first sample, to a half."""

    name = "level"

    def prepare(self, context: Any, preview: Preview) -> Any:
        sample = preview.samples[0].pixels.mean(dtype=np.float64)
        mean = (preview.thumbnail.mean(dtype=np.float64) + sample) / 2
        return np.float32(0.5 / max(abs(mean), 1e-3))

    def apply(self, tile: Planes, parameters: Any) -> Planes:
        return tile * parameters


class Soften(TileStep):
    """The mean of a pixel and those beside it."""

    name = "soften"

    def geometry(self) -> Geometry:
        return Geometry(halo=1)

    def apply(self, tile: Planes, parameters: None) -> Planes:
        wide = np.pad(tile, ((0, 0), (0, 0), (0, 0), (1, 1)))
        return np.asarray((wide[..., :-2] + wide[..., 1:-1] + wide[..., 2:]) / np.float32(3))


class Net(ModelStep):
    """Any network."""

    name = "net"
    of: str = ""

    def model(self, context: Any) -> str | None:
        return self.of or None


class Turn(Step):
    """Upside down, and how large it is."""

    name = "turn"

    class Result(NamedTuple):
        image: Picture
        pixels: int

    def run(self, context: Any, image: Picture) -> Result:
        return self.Result(image[:, :, ::-1], image.shape[2] * image.shape[3])


class Mix(Step):
    """The mean of two pictures."""

    name = "mix"

    def run(self, context: Any, one: Picture, other: Picture) -> Picture:
        return (one + other) / 2


class Fault(Step):
    """Fails."""

    name = "fault"

    def run(self, context: Any, image: Picture) -> Picture:
        raise RuntimeError("out of paper")


class Whisper(Step):
    """Says what it was told, and writes it down."""

    name = "whisper"

    def run(self, context: Any, text: str) -> str:
        (context.folder / "note").write_text(text)
        context.check()
        return text + "!"


class Wrong(Step):
    """Promises a number."""

    name = "wrong"

    def run(self, context: Any, text: str) -> int:
        return text  # type: ignore[return-value]


STEPS = (Measure, Gain, Level, Soften, Net, Turn, Mix, Fault, Whisper, Wrong)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(STEPS)


def noise(width: int, height: int, bands: int = 3) -> Planes:
    return np.random.default_rng(width).random((1, bands, height, width)).astype(np.float32)


def graph(
    registry: Registry, steps: Mapping[str, Any], outputs: Any = None, **inputs: Any
) -> Graph:
    raw = {"name": "test", "inputs": {"image": "picture", **inputs}, "steps": steps}
    raw |= {"outputs": outputs} if outputs else {}
    return Graph.check(PipelineSpec.from_dict(raw), registry)


def run(floor: Floor, chosen: Graph, **values: Any) -> dict[str, Any]:
    """Outputs, pictures as arrays."""
    with closing(Desk(floor, Order())) as desk:
        found = Running(chosen, desk).run(values)
        return {name: _arrays(value) for name, value in found.items()}


def _arrays(value: Any) -> Any:
    if isinstance(value, list):
        return [_arrays(one) for one in value]
    return value.raster().planes() if isinstance(value, Flow) else value


def chain(*names: str) -> dict[str, Any]:
    """Steps in a row; "net:test/denoise" is that network."""
    steps: dict[str, Any] = {}
    before = "$image"
    for index, name in enumerate(names):
        use, _, model = name.partition(":")
        bound = {"image": before} | ({"of": model} if model else {})
        steps[f"s{index}"] = {"use": use, "with": bound}
        before = f"$s{index}.image"
    return steps


@given(
    names=st.lists(
        st.sampled_from(
            ["gain", "level", "soften", "net:test/denoise", "net:test/double", "net", "turn"]
        ),
        min_size=1,
        max_size=5,
    ),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    bands=st.integers(3, 4),
)
@settings(max_examples=25)
def test_streamed_equals_step_by_step(
    floor: Floor, registry: Registry, *, names: list[str], width: int, height: int, bands: int
) -> None:
    """The same graph, once fused, once with every picture between kept, since it is an output."""
    while names.count("net:test/double") > 2:
        names.remove("net:test/double")
    steps, picture = chain(*names), noise(width, height, bands)
    last = f"s{len(names) - 1}"
    fused = graph(registry, steps, {"image": f"${last}.image"})
    kept = graph(registry, steps, {name: f"${name}.image" for name in steps})
    expected = run(floor, kept, image=picture)[last]
    np.testing.assert_array_equal(run(floor, fused, image=picture)["image"], expected)


def test_a_chain_is_what_its_steps_say(floor: Floor, registry: Registry) -> None:
    picture = noise(120, 90)
    made = run(floor, graph(registry, chain("gain", "net:test/double", "gain")), image=picture)
    expected = (picture * np.float32(0.5)).repeat(2, 2).repeat(2, 3) * np.float32(0.5)
    np.testing.assert_array_equal(made["image"], expected)


def test_nothing_is_computed_that_nobody_wants(floor: Floor, registry: Registry) -> None:
    chosen = graph(registry, {"a": {"use": "measure", "with": {"image": "$image"}}} | chain("gain"),
                   {"mean": "$a.mean"})  # fmt: skip
    tiles = floor.scheduler.snapshot().tiles
    assert 0.4 < run(floor, chosen, image=noise(300, 200))["mean"] < 0.6
    assert floor.scheduler.snapshot().tiles == tiles


def test_links_of_a_stage_run_as_one_chain(floor: Floor, registry: Registry) -> None:
    """Until a whole picture is wanted, nothing is kept between steps."""
    steps = chain("gain", "soften", "turn", "net:test/denoise", "level")
    with closing(Desk(floor, Order())) as desk:
        running = Running(graph(registry, steps, {"image": "$s4.image"}), desk)
        flow = running.run({"image": noise(300, 200)})["image"]
        assert [link.name for link in flow.links] == ["test/denoise@1", "level"]
        assert [done.step for done in running.done] == ["gain", "soften", "net", "level"]
        assert running.done[2].by == "test/denoise@1"


def test_a_picture_that_goes_two_ways_is_made_once(floor: Floor, registry: Registry) -> None:
    steps = {
        "a": {"use": "net", "with": {"image": "$image", "of": "test/denoise"}},
        "b": {"use": "gain", "with": {"image": "$a.image"}},
        "c": {"use": "gain", "with": {"image": "$a.image", "by": 2}},
        "d": {"use": "mix", "with": {"one": "$b.image", "other": "$c.image"}},
    }
    picture = noise(64, 64)
    with closing(Desk(floor, Order())) as desk:
        made = Running(graph(registry, steps), desk).run({"image": picture})["result"]
        tiles = desk.tiles
        result = made.raster().planes()
    alone = run(floor, graph(registry, {"a": steps["a"]}), image=picture)["image"]
    np.testing.assert_allclose(result, alone * 1.25, rtol=1e-6)
    assert tiles == 2 + 1 + 1  # the network's, once, and those of each gain


@pytest.mark.parametrize(("light", "expected"), [(0.2, 1.6), (0.8, 0.8)])
def test_a_step_is_skipped_when_its_condition_does_not_hold(
    floor: Floor, registry: Registry, light: float, expected: float
) -> None:
    steps = {
        "look": {"use": "measure", "with": {"image": "$image"}},
        "lift": {"use": "gain", "with": {"image": "$image", "by": 8}, "when": "$look.dark"},
    }
    picture = np.full((1, 3, 40, 40), light, np.float32)
    made = run(floor, graph(registry, steps, {"image": "$lift.image"}), image=picture)
    np.testing.assert_allclose(made["image"], expected, rtol=1e-6)


def test_what_is_absent_is_left_out(floor: Floor, registry: Registry) -> None:
    steps = {
        "look": {"use": "measure", "with": {"image": "$image"}, "when": "$much"},
        "lift": {"use": "gain", "with": {"image": "$image", "by": "$look.mean"}, "when": "$much"},
        "say": {"use": "whisper", "with": {"text": "done"}, "when": "$look.dark"},
    }
    outputs = {"mean": "$look.mean", "image": "$lift.image", "text": "$say.result"}
    chosen = graph(registry, steps, outputs, much="flag")
    picture = noise(20, 20)
    made = run(floor, chosen, image=picture, much=False)
    assert made.keys() == {"image"}
    np.testing.assert_array_equal(made["image"], picture)
    assert run(floor, chosen, image=picture, much=True).keys() == {"mean", "image"}


def test_each_runs_once_for_every_item(floor: Floor, registry: Registry) -> None:
    steps = {
        "many": {
            "use": "gain",
            "with": {"image": "$image", "by": "$each"},
            "each": "$strengths",
        },
        "say": {"use": "whisper", "with": {"text": "$each"}, "each": "$words"},
    }
    lists = {
        "strengths": {"type": "list", "item": "number"},
        "words": {"type": "list", "item": "text"},
    }
    outputs = {"images": "$many.image", "texts": "$say.result"}
    picture = noise(30, 20)
    made = run(
        floor,
        graph(registry, steps, outputs, **lists),
        image=picture,
        strengths=[1, 2],
        words=["a", "b"],
    )
    assert made["texts"] == ["a!", "b!"]
    for strength, image in zip((1, 2), made["images"], strict=True):
        np.testing.assert_array_equal(image, picture * np.float32(strength))


def test_pictures_pass_whole_steps_with_their_alpha(floor: Floor, registry: Registry) -> None:
    picture = noise(50, 60, 4)
    picture[:, 3] = np.maximum(picture[:, 3], 0.1)
    made = run(floor, graph(registry, chain("turn"), {"image": "$s0.image", "n": "$s0.pixels"}),
               image=picture)  # fmt: skip
    assert made["n"] == 3000
    np.testing.assert_allclose(made["image"], picture[:, :, ::-1], rtol=1e-5)
    np.testing.assert_array_equal(made["image"][:, 3], picture[:, 3, ::-1])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "image: a picture must be given"),
        ({"image": "photo.jpg"}, "is not a picture"),
        ({"image": np.zeros((3, 4, 4), np.float32)}, "has the shape"),
        ({"image": b"", "style": 1}, "no input 'style'"),
    ],
)
def test_inputs_are_checked(floor: Floor, registry: Registry, values: Any, reason: str) -> None:
    with pytest.raises(BadOption, match=reason):
        run(floor, graph(registry, chain("gain")), **values)


def test_a_fault_in_a_step_is_told_as_such(floor: Floor, registry: Registry) -> None:
    with pytest.raises(StepFailed, match="fault failed: RuntimeError: out of paper"):
        run(floor, graph(registry, chain("gain", "fault"), {"r": "$s1.result"}), image=noise(9, 9))
    steps = {"w": {"use": "wrong", "with": {"text": "no"}}}
    with pytest.raises(StepFailed, match="'result' is not a number"):
        run(floor, graph(registry, steps), image=noise(9, 9))


class Bent(TileStep):
    """Fails on tiles."""

    name = "bent"
    how: str = "raise"

    def apply(self, tile: Planes, parameters: None) -> Planes:
        if self.how == "raise":
            raise ValueError("bent")
        return tile[:, :, 1:]


@pytest.mark.parametrize(("how", "reason"), [("raise", "ValueError: bent"), ("cut", "where")])
def test_a_fault_on_a_tile_is_told_as_such(floor: Floor, how: str, reason: str) -> None:
    steps = {"a": {"use": "bent", "with": {"image": "$image", "how": how}}}
    with pytest.raises(StepFailed, match=reason):
        run(floor, graph(Registry([Bent]), steps), image=noise(40, 40))
    assert floor.scheduler.snapshot().runs == 0


def test_secrets_come_from_the_environment(
    floor: Floor, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {"say": {"use": "whisper", "with": {"text": {"secret": "PRESS_KEY"}}}}
    chosen = graph(registry, steps)
    with pytest.raises(NotFound, match="PRINTROOM_SECRET_PRESS_KEY"):
        run(floor, chosen, image=noise(9, 9))
    monkeypatch.setenv("PRINTROOM_SECRET_PRESS_KEY", "hush")
    assert run(floor, chosen, image=noise(9, 9)) == {"result": "hush!"}


def test_scratch_is_gone_afterwards(
    floor: Floor, registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    steps = {"say": {"use": "whisper", "with": {"text": "a"}}} | chain("gain", "turn")
    made = run(floor, graph(registry, steps, {"i": "$s1.image", "t": "$say.result"}),
               image=noise(900, 900))  # fmt: skip
    assert made["t"] == "a!"
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_cancelled_between_tiles(floor: Floor, registry: Registry) -> None:
    cancel = threading.Event()
    order = Order(progress=lambda *_: cancel.set(), cancel=cancel)
    with closing(Desk(floor, order)) as desk:
        running = Running(graph(registry, chain("gain", "soften")), desk)
        flow = running.run({"image": noise(900, 900)})["image"]
        with pytest.raises(Cancelled):
            flow.raster()
    assert floor.scheduler.snapshot().runs == 0


def test_progress_goes_on_over_stages(floor: Floor, registry: Registry) -> None:
    told: list[tuple[int, int]] = []
    order = Order(progress=lambda *done: told.append(done))
    with closing(Desk(floor, order)) as desk:
        chosen = graph(registry, chain("gain", "turn", "gain"), {"image": "$s2.image"})
        Running(chosen, desk).run({"image": noise(600, 600)})["image"].raster()
        assert told[-1] == (desk.tiles, desk.tiles)
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
