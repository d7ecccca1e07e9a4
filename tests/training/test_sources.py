"""What is learnt from: only what the kind allows, never what is examined, broken files counted."""

import numpy as np
import pytest
import pyvips

from printroom.core.errors import BadOption, NotFound
from printroom.training.sources import (
    FABRICS,
    LEAVES,
    PERMITTED,
    RESEARCH,
    TEST_SCENES,
    Pictures,
    gather,
)


def put(folder, name, photo, shift=0):
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.rint(np.roll(photo, shift, 1) * 255).astype(np.uint8)
    pyvips.Image.new_from_array(pixels, interpretation="srgb").write_to_file(str(folder / name))


@pytest.fixture
def own(tmp_path, photo):
    """A folder with nine photos and two files that are none."""
    for number in range(9):
        put(tmp_path / "own", f"{number}.png", photo, number)
    (tmp_path / "own" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    whole = (tmp_path / "own" / "0.png").read_bytes()
    (tmp_path / "own" / "ends.png").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "own"


def test_broken_files_are_counted_and_every_eighth_photo_is_kept_to_judge_by(own):
    pictures = gather("own", own, leaves=2)
    assert len(pictures.skipped) == 2
    assert any("broken.png" in skipped for skipped in pictures.skipped)
    assert len(pictures.aside) == 1
    assert len(pictures.photos) == 8 * 2  # each at its size and at half
    assert len(pictures.leaves) == 2
    assert set(pictures.licences) == {"own", LEAVES}
    for photo in pictures.photos:
        assert not np.array_equal(photo, pictures.aside[0])


def test_fabrics_are_drawn_beside_the_leaves_and_named(own):
    pictures = gather("own", own, leaves=1, fabrics=2)
    assert len(pictures.leaves) == 3
    assert pictures.licences[FABRICS] == pictures.licences[LEAVES]
    assert pictures.leaf_share > gather("own", own, leaves=1).leaf_share


@pytest.mark.parametrize("kind", ["own", "permitted", "research"])
def test_an_empty_or_missing_folder_is_named(tmp_path, kind):
    with pytest.raises(NotFound, match=tmp_path.name):
        gather(kind, tmp_path, leaves=0)
    with pytest.raises(NotFound, match="nowhere"):
        gather(kind, tmp_path / "nowhere", leaves=0)


def test_another_kind_is_refused(own):
    with pytest.raises(BadOption, match="permitted, wide, research, own"):
        gather("stolen", own, leaves=0)


def test_only_permitted_pictures_are_taken(tmp_path, photo):
    scene = TEST_SCENES[0]
    for name in (f"Canon_5_{scene}_1_mean.JPG", "Canon_5_wall_1_real.JPG"):
        put(tmp_path / "polyu_noisy", name, photo)
    put(tmp_path / "polyu_noisy", "Canon_5_wall_2_mean.JPG", photo, 3)
    put(tmp_path / "generative" / "paintings", "udnie.jpg", photo)
    put(tmp_path / "generative" / "paintings", "wave.jpg", photo, 5)
    put(tmp_path / "scikit-image", "coffee.png", photo, 7)
    put(tmp_path / "scikit-image", "motorcycle_left.png", photo)
    pictures = gather("permitted", tmp_path, leaves=0)
    assert sorted(p.shape[:2] for p in pictures.photos) == [(48, 64)] * 3 + [(96, 128)]
    assert set(pictures.licences) == {source.folder for source in PERMITTED}
    assert "research" not in " ".join(pictures.licences.values())


def test_what_is_for_research_only_is_no_permitted_source():
    assert not {s.folder for s in RESEARCH} & {s.folder for s in PERMITTED}
    assert all(s.licence != "unstated" for s in PERMITTED)


def test_pictures_that_are_too_small_are_left_out():
    small, large = np.zeros((8, 30, 3), np.uint8), np.zeros((16, 20, 3), np.uint8)
    assert len(Pictures([small, large]).larger_than(16).photos) == 1
    with pytest.raises(NotFound, match="17"):
        Pictures([small, large]).larger_than(17)


def test_leaves_take_their_share(random):
    photo, leaf = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4, 3), np.uint8)
    both = Pictures([photo], [leaf])
    assert 60 < sum(int(both.draw(random, 0.4).max()) for _ in range(200)) < 100
    assert Pictures([photo]).draw(random, 1).max() == 0
    assert Pictures([], [leaf]).draw(random, 0).max() == 1
