"""The step `stylise` in its own environment, by its name, its file, and over what HTTP may send."""

import cv2
import numpy as np
import pytest

from printroom.core.errors import BadOption, BadPipeline, EnvironmentFailed, NotAPicture
from printroom.core.settings import Settings
from printroom.pipelines.spec import PipelineSpec
from printroom.training.dead_leaves import DeadLeaves
from printroom.workshop import Workshop


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with Workshop(Settings(data=tmp_path_factory.mktemp("stylise"), workers=1)) as made:
        yield made


@pytest.fixture(scope="module")
def run(workshop, tmp_path_factory):
    """Runs the pipeline that comes with printroom; pictures as (h, w, bands) uint8, BGR."""

    def once(image, pipeline="stylise", **values):
        folder = tmp_path_factory.mktemp("run")
        path = folder / "image.png"
        cv2.imwrite(str(path), image)
        graph = workshop.graph(pipeline)
        try:
            found = workshop.run_pipeline(graph, {"image": path, **values}, folder / "out")
        except EnvironmentFailed as error:
            pytest.skip(f"the environment of stylise cannot be had here: {error}")
        return {**found, "image": cv2.imread(str(found["image"]), cv2.IMREAD_UNCHANGED)}

    return once


@pytest.fixture(scope="module")
def photo():
    return DeadLeaves(64)[1][:40, :61]


def test_a_poem_chooses_a_painting(run, photo):
    found = run(photo, poem="wolves howl in the dark night")
    assert found["emotion"] == "fear"
    assert found["painting"] in {"howl", "surge"}
    assert found["image"].shape == photo.shape
    again = run(photo, poem="wolves howl in the dark night")
    assert (again["image"] == found["image"]).all()


@pytest.mark.parametrize("way", ["texture", "fast"])
def test_other_ways_give_pictures_of_the_same_size(run, photo, way):
    found = run(photo, painting="night", way=way, seed=3)
    assert found["painting"] == "night"
    assert found["image"].shape == photo.shape
    assert np.abs(found["image"].astype(int) - photo).mean() > 5


def test_the_fast_way_draws_among_the_hands_it_has(run, photo):
    for seed in range(3):
        found = run(photo, poem="mist over the quiet moss", way="fast", seed=seed)
        assert found["painting"] in {"night", "noon", "howl", "surge"}


def test_at_no_strength_a_picture_stays(run, photo):
    assert (run(photo, painting="noon", strength=0)["image"] == photo).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (50, 1)])
def test_very_small_pictures(run, shape):
    picture = np.full((*shape, 3), 130, np.uint8)
    for way in ("strokes", "fast", "texture"):
        assert run(picture, painting="howl", way=way)["image"].shape == picture.shape


def test_a_style_of_ones_own_and_transparency(run, photo, tmp_path):
    style = np.zeros((50, 30, 4), np.uint8)
    style[..., 2], style[..., 3] = 200, 128
    cv2.imwrite(str(tmp_path / "style.png"), style)
    plain = run(photo, style=tmp_path / "style.png")
    assert plain["painting"] == "the picture given"
    assert plain["image"].shape == photo.shape, "the transparency of the style is not the picture's"
    assert plain["image"][..., 2].mean() > 4 * plain["image"][..., 0].mean()
    alpha = np.dstack([photo, np.tile(np.arange(61, dtype=np.uint8), (40, 1))])
    assert (run(alpha, style=tmp_path / "style.png")["image"][..., 3] == alpha[..., 3]).all()


def test_grey_pictures_become_coloured(run, photo):
    assert run(photo.mean(2).astype(np.uint8), painting="wild")["image"].shape == photo.shape


def test_a_style_that_is_no_picture_is_refused(run, photo, tmp_path):
    (tmp_path / "style.jpg").write_text("not a picture")
    with pytest.raises(NotAPicture, match=r"style\.jpg"):
        run(photo, style=tmp_path / "style.jpg")


def test_what_is_not_there_is_named(run, photo):
    with pytest.raises(BadOption, match="there is no painting 'sunflowers'"):
        run(photo, painting="sunflowers")
    with pytest.raises(BadOption, match="the fast way knows the paintings night"):
        run(photo, painting="dusk", way="fast")


OWN = """
name: own-works
inputs: {image: picture}
steps:
  styled: {use: stylise, with: {image: $image, painting: ember, paintings: FOLDER}}
"""


def test_paintings_of_ones_own(run, photo, tmp_path):
    works = tmp_path / "works"
    works.mkdir()
    cv2.imwrite(str(works / "ember.png"), np.full((40, 40, 3), (0, 0, 220), np.uint8))
    (tmp_path / "own.yaml").write_text(OWN.replace("FOLDER", str(works)))
    found = run(photo, tmp_path / "own.yaml")
    assert found["painting"] == "ember"
    assert found["image"][..., 2].mean() > 3 * found["image"][..., 0].mean()


def test_a_folder_of_this_machine_is_not_for_callers_to_say(workshop):
    spec = PipelineSpec.from_yaml(OWN.replace("FOLDER", "/etc"))
    with pytest.raises(BadPipeline, match="not for callers to say"):
        workshop.shelf.sent(spec, "somebody")
