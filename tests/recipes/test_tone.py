"""The recipes of `lowlight` and `colour`: their pairs, nets and cards, and what the weights do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.catalogue.models import Catalogue  # noqa: E402
from printroom.core.errors import BadModel, NotFound  # noqa: E402
from printroom.quality.brackets import DARKEST  # noqa: E402
from printroom.recipes import colour, lowlight  # noqa: E402
from printroom.runtimes.onnx.examine import examine  # noqa: E402
from printroom.runtimes.onnx.session import OnnxSession  # noqa: E402
from printroom.training import dark_scenes, responses  # noqa: E402
from printroom.training.degradations.light import to_linear  # noqa: E402
from printroom.training.photos import read_rgb  # noqa: E402
from printroom.training.predictors import Thumbnails, planes, thumbnail, to_onnx  # noqa: E402
from printroom.training.sources import Pictures  # noqa: E402

PHOTOS = Path(skimage.__file__).parent / "data"
SETS = Path(__file__).parents[3] / "shared" / "data"
RECIPES = {"lowlight": lowlight, "colour": colour}
SMALL = {"steps": 6, "batch": 2, "leaves": 2, "report_every": 3, "channels": 4, "threads": 1}


def random(*seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def photos():
    names = ("astronaut.png", "chelsea.png", "coffee.png")
    return Pictures([read_rgb(PHOTOS / name)[::3, ::3] for name in names])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photos):
    """A folder of one's own pictures, one of them broken."""
    import pyvips

    place = tmp_path_factory.mktemp("own")
    for number, photo in enumerate(photos.photos):
        pyvips.Image.new_from_array(photo).write_to_file(str(place / f"{number}.png"))
    (place / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return place


def net_of(name):
    """A net of the recipe with all its weights away from where they start, and its side."""
    torch.manual_seed(3)
    net, side = {
        "lowlight": (lowlight.Glance(8, 1), lowlight.step.SIDE),
        "colour": (colour.Light(8, 1), colour.step.SIDE),
    }[name]
    for weights in net.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return net, side


@pytest.mark.parametrize("name", RECIPES)
def test_the_graph_computes_what_the_net_computes(name):
    net, side = net_of(name)
    session = OnnxSession(to_onnx(net, side, name))
    batch = random(0).random((3, 3, side, side)).astype(np.float32)
    with torch.inference_mode():
        expected = net(torch.from_numpy(batch)).numpy()
    assert session.signature.fixed == (side, side)
    np.testing.assert_allclose(session.run(batch), expected, atol=1e-4)


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_no_model_from_picture_to_picture_and_an_import_says_so(name):
    net, side = net_of(name)
    with pytest.raises(BadModel, match=f"{side} x {side} pixels into 1 x"):
        examine(to_onnx(net, side, name))


def test_the_net_bends_as_the_step_does():
    bends = torch.tensor([[0.5, -0.25, 0.75]]).view(1, 1, 3, 1).expand(1, 3, 3, 1)
    picture = random(0).random((1, 3, 5, 7)).astype(np.float32)
    curve = lowlight.step.Curve((0.5, -0.25, 0.75))
    expected = picture + curve.change(picture)
    result = lowlight.bent(torch.from_numpy(picture), bends).numpy()
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_before_training_nothing_is_bent():
    answer = lowlight.Glance(8, 1)(torch.rand(2, 3, 48, 48))
    assert answer.shape == (2, 3, lowlight.BENDS, 1)
    assert not answer.any()


def test_a_cast_moves_what_the_net_reads_by_whole_bins():
    light = torch.rand(1, 3, 48, 48) * 0.4 + 0.2
    width = 2 * colour.REACH / (colour.BINS - 1)
    reddened = light * torch.tensor([2 ** (2 * width), 1, 1]).view(1, 3, 1, 1)
    count = colour.Histograms()
    before, after = (count(part, torch.ones(1, 1, 48, 48))[0] for part in (light, reddened))
    torch.testing.assert_close(after[2:], before[:-2], atol=0.02, rtol=0)


@given(st.integers(0, 2**32 - 1))
def test_a_camera_gives_back_what_it_was_given(seed):
    camera = responses.drawn(random(seed))
    levels = np.linspace(0.01, 0.98, 200, dtype=np.float32)
    light = camera.light(levels)
    assert (np.diff(light) > 0).all()
    np.testing.assert_allclose(camera.values(light), levels, atol=2e-3)
    less = camera.values(light / 2)
    assert (less < levels).all()
    assert (np.diff(less) >= 0).all()


@given(st.integers(0, 2**32 - 1))
def test_a_dark_exposure_is_darker_by_what_was_asked(seed):
    picture = random(seed).uniform(0.05, 0.95, (12, 12, 3)).astype(np.float32)
    made = dark_scenes.scene(lambda _: picture, random(seed))
    good, low = (made.exposed(stops) for stops in made.bracket(random(seed)))
    share = dark_scenes.luma(low).mean() / dark_scenes.luma(good).mean()
    assert dark_scenes.DEEPEST[0] * 0.4 < share < dark_scenes.DARKNESS[1] * 1.25


@given(st.integers(0, 2**32 - 1))
def test_turning_hues_keeps_greys_and_does_not_darken(seed):
    grey = np.full((1, 2, 3), 0.25, np.float32)
    np.testing.assert_allclose(colour.turned(grey, random(seed)), grey, atol=1e-6)
    light = random(seed).random((3, 3, 3)).astype(np.float32)
    turned = colour.turned(light, random(seed))
    assert (turned.sum(2) >= light.sum(2) - 1e-5).all()


def test_pairs_of_light_are_a_scene_twice(photos):
    make = lowlight.Darkened(Thumbnails(photos, 48, 0, lowlight.well_exposed))
    as_they_are = 0
    for number in range(40):
        dark, target = make(random(number))
        good, again = target[..., :3], target[..., 3:]
        np.testing.assert_array_equal(again, dark)
        assert dark.dtype == target.dtype == np.float32
        assert 0 <= target.min() <= target.max() <= 1
        assert dark.mean() <= good.mean() + 0.01
        as_they_are += np.array_equal(dark, good)
    assert 5 < as_they_are < 25  # a third


def test_pairs_of_colour_know_the_gains(photos):
    grey = Pictures([np.full((60, 60, 3), 100, np.uint8)])
    make = colour.Tinted(Thumbnails(grey, 24, 0))
    casts = 0
    for number in range(40):
        shown, answer = make(random(number))
        assert answer.shape == (1, 1, 3)
        assert answer.sum() == pytest.approx(0, abs=1e-5)
        light = np.log2(to_linear(shown).mean((0, 1)))
        if shown.max() < 1:
            np.testing.assert_allclose(light - light.mean(), answer[0, 0], atol=0.45)
        casts += bool(np.abs(answer).max() > 0.01)
    assert 15 < casts < 40


def test_chance_comes_from_the_seed_alone(photos):
    for make in (
        lowlight.Darkened(Thumbnails(photos, 24, 0, lowlight.well_exposed)),
        colour.Tinted(Thumbnails(photos, 24, 0, colour.colourful)),
    ):
        for first, second in zip(make(random(5)), make(random(5)), strict=True):
            np.testing.assert_array_equal(first, second)


def test_a_thumbnail_is_the_mean_of_its_areas():
    picture = random(0).integers(0, 256, (48, 96, 3), dtype=np.uint8)
    expected = picture.reshape(12, 4, 12, 8, 3).mean((1, 3)) / 255
    np.testing.assert_allclose(thumbnail(picture, 12), expected, atol=0.6 / 255)
    assert planes(thumbnail(picture, 12)).shape == (1, 3, 12, 12)


@pytest.mark.parametrize("name", RECIPES)
def test_a_training_leaves_weights_and_a_card_and_goes_on(name, folder, tmp_path):
    out = tmp_path / name
    recipe = RECIPES[name]
    options = recipe.Options(data_kind="own", **SMALL)
    card = recipe.main(folder, out, options)
    assert (card.name, card.task) == (f"local/{name}", name)
    assert card.geometry.exact is False
    assert card.geometry.fixed == (recipe.step.SIDE,) * 2
    assert card.geometry.why
    assert card.costs[recipe.step.SIDE] > 0
    assert card.data
    assert Catalogue((tmp_path,)).models == ()  # OUT itself is a version, not a folder of it
    session = OnnxSession(out / card.weights)
    assert session.run(np.zeros((1, 3, *card.geometry.fixed), np.float32)).shape[:2] == (1, 3)
    again = recipe.main(folder, out, options)
    assert again.digest == card.digest  # nothing was left to learn
    further = recipe.main(folder, out, replace(options, steps=8))
    assert further.digest != card.digest


@pytest.mark.parametrize("name", RECIPES)
def test_no_pictures_no_training(name, tmp_path):
    recipe = RECIPES[name]
    with pytest.raises(NotFound, match="no readable picture"):
        recipe.main(tmp_path, tmp_path / "out", recipe.Options(data_kind="own", **SMALL))


def test_brackets_are_divided_by_scenes():
    if not (SETS / lowlight.BRACKETS).is_dir():
        pytest.skip("the brackets are not at hand")
    aside, learnt = (lowlight.brackets(SETS, aside=part) for part in (True, False))
    assert len(aside) >= 10
    assert len(learnt) >= 10
    first, second = ({good.tobytes() for _, good in part} for part in (aside, learnt))
    assert not first & second
    for dark, good in aside:
        assert 0.8 * DARKEST < dark.mean() / good.mean() < 0.7  # RGB instead of luma


@pytest.mark.parametrize("name", RECIPES)
def test_the_shipped_card_tells_all(name):
    model = Catalogue().get(f"printroom/{name}@1")
    assert model.card.task == name
    assert model.weights.stat().st_size <= 2 << 20
    assert model.card.licence == "LicenseRef-printroom"
    assert not {"sice_multiexp", "bsds500_train200", "t91"} & set(model.card.data)
    assert model.card.command.startswith(f"printroom train {name} ")
    assert model.card.geometry.why


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_shipped_weights_score_what_their_card_says(name):
    if not (SETS / lowlight.BRACKETS).is_dir() or not (SETS / "kodak24").is_dir():
        pytest.skip("the test sets are not at hand")
    model = Catalogue().get(f"printroom/{name}@1")
    session = OnnxSession(model.weights)
    scores = {exam.name: exam.score(session.run) for exam in RECIPES[name].exams(SETS, Pictures())}
    assert scores == pytest.approx(model.card.scores, abs=0.02)
