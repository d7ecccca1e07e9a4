"""`enhance` with fixes, and pipelines from end to end: real steps, real files."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from printroom.core.errors import BadOption, BrokenPicture, Cancelled, NotFound
from printroom.core.settings import Settings
from printroom.engine.enhancement import FIXES, EnhanceOptions, fixes_of
from printroom.engine.plan import resident
from printroom.imaging.pixels import from_planes, to_planes
from printroom.imaging.vips import pyvips
from printroom.pipelines.graph import Graph
from printroom.pipelines.spec import PipelineSpec
from printroom.steps.enhance.lowlight import BRIGHT, brightness
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.degradations.light import to_linear, to_srgb
from printroom.training.photos import read_rgb
from printroom.workshop import Workshop


@pytest.fixture(scope="module")
def workshop(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    data = tmp_path_factory.mktemp("data")
    memory = resident() + (1 << 30)
    with Workshop(Settings(data=data, models=(shelf,), workers=2, memory=memory)) as made:
        yield made


@pytest.fixture(scope="module")
def pixels() -> NDArray[Any]:
    return np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)


@pytest.fixture(scope="module")
def picture(pixels: NDArray[Any]) -> bytes:
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    return bytes(image.write_to_buffer(".png"))


def decoded(data: bytes | Path | None) -> NDArray[Any]:
    assert data is not None
    if isinstance(data, Path):
        data = data.read_bytes()
    return np.asarray(pyvips.Image.new_from_buffer(data, "").numpy())


def test_fixes_are_done_in_order_without_rounding_between(
    workshop: Workshop, picture: bytes, pixels: NDArray[Any]
) -> None:
    """What is asked for is done, whatever the order in which it is named."""
    result = workshop.enhance(picture, None, EnhanceOptions(scale=1, fix="deblur, denoise"))
    planes = to_planes(pixels)
    for task in ("denoise", "deblur"):
        planes = workshop.floor.link(workshop.floor.model(f"test/{task}")).session.run(planes)
    np.testing.assert_array_equal(decoded(result.data), from_planes(planes, 3, np.uint8))
    assert [(done.step, done.by) for done in result.steps] == [
        ("denoise", "test/denoise@1"),
        ("deblur", "test/deblur@1"),
    ]
    assert result.model == "test/denoise@1, test/deblur@1"
    assert (result.width, result.height) == (400, 300)


def test_unasked_a_dark_photograph_is_brightened_gently(workshop: Workshop) -> None:
    good = from_bytes(read_rgb(Path(skimage.__file__).parent / "data" / "coffee.png"))
    dark = to_bytes(to_srgb(to_linear(good) / 4))
    image = pyvips.Image.new_from_array(dark).copy(interpretation="srgb")
    sent = bytes(image.write_to_buffer(".png"))
    unasked, asked = (
        workshop.enhance(sent, None, EnhanceOptions(scale=1, fix=fix))
        for fix in ("auto", "lowlight")
    )
    assert [done.step for done in unasked.steps] == ["lowlight"]
    bright = [
        brightness(to_planes(pixels))
        for pixels in (dark, decoded(unasked.data), decoded(asked.data))
    ]
    assert bright[0] < bright[1] < BRIGHT + 0.05 < bright[2]


def test_what_was_seen_is_reported(workshop: Workshop, picture: bytes) -> None:
    """A picture of nothing but noise: whatever is concluded, the report says it of each fault."""
    result = workshop.enhance(picture, None, EnhanceOptions(scale=1, fix="auto"))
    faults = result.report["faults"]
    done = {done.step for done in result.steps}
    assert done == {fault["fix"] for fault in faults.values() if fault["found"]} - {None}
    assert isinstance(result.report["why"], str)
    json.dumps(result.report)


def test_fixes_and_enlarging_are_one_chain(workshop: Workshop, picture: bytes) -> None:
    chosen = EnhanceOptions(fix="denoise", model="test/double")
    result = workshop.enhance(picture, None, chosen)
    alone = workshop.enhance(picture, None, EnhanceOptions(scale=1, fix="denoise"))
    expected = decoded(alone.data).repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(decoded(result.data), expected)
    assert result.model == "test/denoise@1, test/double@1"


def test_without_fixes_nobody_looks(workshop: Workshop, picture: bytes) -> None:
    result = workshop.enhance(picture, None, EnhanceOptions(model="test/double"))
    assert (result.steps, result.report) == ((), {})


def test_names_of_results(workshop: Workshop, picture: bytes) -> None:
    mended = workshop.propose(picture, EnhanceOptions(scale=1, fix="auto"))
    assert mended.beside(Path("a/photo.png")) == Path("a/photo@fixed.png")
    larger = workshop.propose(picture, EnhanceOptions(fix="auto", model="test/double"))
    assert larger.beside(Path("photo.jpg")) == Path("photo@2x.png")


def test_fixes_are_checked() -> None:
    assert fixes_of("none") == fixes_of("") == ()
    assert fixes_of("auto") == ("auto",)
    assert fixes_of(",".join(FIXES)) == FIXES
    with pytest.raises(BadOption, match="no fix 'sharpen'"):
        fixes_of("denoise,sharpen")


def test_a_cancelled_fix_leaves_no_file(workshop: Workshop, picture: bytes, tmp_path: Path) -> None:
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        workshop.enhance(
            picture,
            tmp_path / "a.png",
            EnhanceOptions(fix="denoise,deblur", scale=1),
            progress=lambda *_: cancel.set(),
            cancel=cancel,
        )
    assert list(tmp_path.iterdir()) == []
    assert workshop.scheduler.snapshot().runs == 0


def pipeline(workshop: Workshop, steps: Any, outputs: Any, **inputs: Any) -> Graph:
    raw = {"name": "test", "inputs": {"image": "picture", **inputs}, "steps": steps}
    spec = PipelineSpec.from_dict(raw | {"outputs": outputs})
    return Graph.check(spec, workshop.steps, workshop)


TWO = {
    "clean": {"use": "denoise", "with": {"image": "$image"}},
    "large": {"use": "upscale", "with": {"image": "$clean.image", "net": "test/double"}},
}


def test_outputs_become_files(
    workshop: Workshop, picture: bytes, pixels: NDArray[Any], tmp_path: Path
) -> None:
    graph = pipeline(workshop, TWO, {"clean": "$clean.image", "large": "$large.image"})
    made = workshop.run_pipeline(graph, {"image": picture}, tmp_path)
    assert made == {"clean": tmp_path / "clean.png", "large": tmp_path / "large.png"}
    clean = decoded(made["clean"])
    assert clean.shape == pixels.shape
    np.testing.assert_array_equal(decoded(made["large"]), clean.repeat(2, 0).repeat(2, 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clean.png", "large.png"]


def test_lists_of_pictures_become_numbered_files(
    workshop: Workshop, picture: bytes, tmp_path: Path
) -> None:
    steps = {"all": {"use": "denoise", "with": {"image": "$each"}, "each": "$images"}}
    graph = pipeline(
        workshop, steps, {"one": "$all.image"}, images={"type": "list", "item": "picture"}
    )
    made = workshop.run_pipeline(graph, {"image": picture, "images": [picture] * 2}, tmp_path)
    assert made == {"one": [tmp_path / "one-1.png", tmp_path / "one-2.png"]}


def test_a_broken_picture_leaves_no_file(
    workshop: Workshop, picture: bytes, tmp_path: Path
) -> None:
    graph = pipeline(workshop, TWO, {"large": "$large.image"})
    with pytest.raises(BrokenPicture):
        workshop.run_pipeline(graph, {"image": picture[: len(picture) // 2]}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_stages_and_why(workshop: Workshop, picture: bytes) -> None:
    graph = pipeline(workshop, TWO, {"clean": "$clean.image", "large": "$large.image"})
    explained = workshop.explain(graph, {"image": picture})
    first, second = explained.stages
    assert [step.by for step in first.steps + second.steps] == ["test/denoise@1", "test/double@1"]
    assert (first.why, second.why) == ("", "$clean.image is wanted 2 times")
    assert (second.width, second.height) == (800, 600)
    assert 0 < second.bytes < explained.budget
    assert second.seconds > 0
    assert json.loads(json.dumps(explained.to_json()))["stages"][1]["why"] == second.why
    assert "stage 2" in str(explained)


def test_the_plan_of_enhance_is_one_chain(workshop: Workshop) -> None:
    explained = workshop.explain(workshop.graph("enhance"), {"scale": 1})
    (stage,) = explained.stages
    does = {step.step: step.does for step in stage.steps}
    assert does["inspect"] == "looks"
    assert does["denoise"] == "streams"
    assert does["upscale"] == "passes by"
    told = str(explained)
    assert "enhance: Mends what ails a photo" in told
    assert "if $faults.noise: test/denoise@1, in tiles of" in told
    assert "does nothing, as $scale > 1 does not hold" in told
    larger = str(workshop.explain(workshop.graph("enhance"), {}))
    assert "if $scale" not in larger  # it is known to hold


def test_a_plan_that_does_not_fit_says_so(workshop: Workshop, shelf: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, models=(shelf,), workers=2, memory=resident() + (8 << 20))
    with Workshop(settings) as small:
        (stage,) = small.explain(small.graph("enhance"), {}).stages
    assert "allow at least" in stage.refused


def test_models_are_resolved_for_their_task(workshop: Workshop) -> None:
    assert workshop.resolve("test/denoise", "denoise") == "test/denoise@1"
    with pytest.raises(BadOption, match="is for denoise, not for deblur"):
        workshop.resolve("test/denoise", "deblur")
    with pytest.raises(NotFound):
        workshop.resolve("no/such", None)
