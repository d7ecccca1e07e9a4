"""The small generator: the same seed is the same picture, people do not mix, nothing leaks."""

import threading

import numpy as np
import pytest

from printroom.core.errors import BadModel, BadOption, WrongBase
from printroom.runtimes.generation import STYLES, Asked
from printroom.runtimes.mini.tensors import read, written


class Stop(Exception):
    """Somebody has had enough."""


def apart(a, b):
    """Mean difference in levels of 255."""
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def drawn(generator, prompt="a person", style="photo", seed=1, adapter=None, steps=None):
    return generator.generate([Asked(prompt, style, seed, adapter, steps)])[0]


def test_pictures_are_what_was_asked_for(generator):
    picture = drawn(generator)
    assert picture.shape == (32, 32, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, drawn(generator))
    assert apart(picture, drawn(generator, seed=2)) > 5
    assert apart(picture, drawn(generator, steps=3)) > 0
    assert generator.generate([]) == []


def test_styles_differ_and_prompts_may_name_them(generator):
    pictures = {style: drawn(generator, style=style) for style in STYLES}
    for style, picture in pictures.items():
        others = [other for name, other in pictures.items() if name != style]
        assert min(apart(picture, other) for other in others) > 5
    pencil = drawn(generator, "a pencil sketch of a person", style=None)
    np.testing.assert_array_equal(pencil, pictures["pencil"])
    np.testing.assert_array_equal(drawn(generator, style=None), pictures["photo"])
    assert np.ptp(pictures["pencil"].mean((0, 1))) < 6 < np.ptp(pictures["comic"], axis=2).mean()


def test_words_change_what_they_name(generator):
    def crown(prompt):
        faces = [drawn(generator, f"a person with {prompt}", seed=seed) for seed in range(6)]
        return np.mean([face[3:8, 12:20] for face in faces], axis=(0, 1, 2))

    red, black = crown("short red hair"), crown("short black hair")
    assert red[0] - black[0] > 25
    assert red[0] > red[2] + 15


def test_everybody_in_one_pass_is_everybody_alone(generator, files):
    people = [None, *(generator.load(file) for file in files)]
    asked = [Asked("a person", STYLES[n % 5], n, people[n % 3], (8, 16)[n % 2]) for n in range(10)]
    together = generator.planes(asked)
    alone = np.concatenate([generator.planes([one]) for one in asked])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_nothing_of_anybody_stays_in_the_base(generator, files):
    plain = [Asked("a person", style, 3, None) for style in STYLES]
    before = generator.planes(plain)
    for file in files:
        person = generator.load(file)
        assert apart(drawn(generator, adapter=person), drawn(generator)) > 5
    np.testing.assert_array_equal(generator.planes(plain), before)
    mixed = generator.planes([*plain, Asked("a person", None, 3, person)])
    np.testing.assert_allclose(mixed[:-1], before, atol=1e-5)


def test_what_is_learnt_is_the_person(generator, files, photos):
    """Nearer to the person's own photos than to the other's, in what the reader tells of them."""
    people = [generator.load(file) for file in files]
    told = [generator.glance(taken).arrays["person"] for taken in photos]
    for own, person in enumerate(people):
        pictures = [drawn(generator, seed=seed, adapter=person) for seed in range(6)]
        seen = generator.glance(pictures).arrays["person"]
        distances = [float(np.linalg.norm(seen - one)) for one in told]
        assert distances[own] < 0.7 * distances[1 - own]


def test_learning_that_was_stopped_ends_the_same(generator, files, photos, tmp_path):
    checkpoint = tmp_path / "person.part"
    steps = []

    def stop(share, what):
        steps.append((share, what))
        if len(steps) in {50, 150}:
            raise Stop

    for _ in range(2):
        with pytest.raises(Stop):
            generator.personalise(photos[0], seed=1, told=stop, checkpoint=checkpoint)
    file = generator.personalise(photos[0], seed=1, told=stop, checkpoint=checkpoint)
    assert file == files[0]
    assert not checkpoint.exists()
    shares = [share for share, _ in steps]
    assert shares[-1] == 1
    assert {what for _, what in steps} == {"word", "corrections"}
    assert len(steps) < 300  # it went on, and did not begin again


def test_a_checkpoint_of_something_else_is_left_aside(generator, files, photos, tmp_path):
    checkpoint = tmp_path / "person.part"

    def stop(share, what):
        if share > 0.2:
            raise Stop

    with pytest.raises(Stop):
        generator.personalise(photos[1], seed=1, told=stop, checkpoint=checkpoint)
    for content in (checkpoint.read_bytes(), b"nonsense"):
        checkpoint.write_bytes(content)
        first = []

        def look(share, what, first=first):
            first.append(share)
            raise Stop

        with pytest.raises(Stop):
            generator.personalise(photos[0], seed=1, told=look, checkpoint=checkpoint)
        assert first[0] < 0.01


def test_a_file_is_small_and_tells_its_base(generator, files):
    arrays, notes = read(files[0])
    assert notes["base"] == generator.base
    assert notes["generator"] == "mini-32"
    assert {array.dtype.name for array in arrays.values()} == {"float16"}
    assert len(files[0]) < 200_000
    person = generator.load(files[0])
    assert person.base == generator.base
    assert person.nbytes > len(files[0])


def test_hostile_files_are_refused(generator, files, tmp_path):
    arrays, notes = read(files[0])
    with pytest.raises(WrongBase):
        generator.load(written(arrays, notes | {"base": "sha256:other"}))
    some = next(iter(arrays))
    endless = {**arrays, some: np.full(arrays[some].shape, np.nan, np.float16)}
    for wrong in (
        {name: array for name, array in arrays.items() if name != some},
        {**arrays, "more": np.zeros(3, np.float16)},
        {**arrays, some: np.zeros(3, np.float16)},
        endless,
    ):
        with pytest.raises(BadModel):
            generator.load(written(wrong, notes))
    with pytest.raises(BadModel):
        generator.load(files[0][:-1])
    large = tmp_path / "large.safetensors"
    with large.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(BadModel):
        generator.load(large)


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"seed": 2**32}, {"style": "oil"}, {"steps": 0}, {"steps": 101}],
)
def test_what_there_is_not_is_refused(generator, wrong):
    with pytest.raises(BadOption):
        drawn(generator, **wrong)


def test_what_is_no_picture_is_refused(generator):
    photo = np.zeros((8, 8, 3), np.uint8)
    wrong = [photo.astype(float), photo[..., 0], np.zeros((0, 8, 3), np.uint8)]
    for pictures in ([], *([one] for one in wrong), [photo] * 1000):
        with pytest.raises(BadOption):
            generator.personalise(pictures)


def test_drawn_people_are_familiar_and_others_are_not(generator, photos):
    random = np.random.default_rng(0)
    known = [generator.familiar(photo) for taken in photos for photo in taken]
    assert np.mean(np.array(known) > 0.5) >= 0.9
    noise = random.integers(0, 256, (64, 64, 3), np.uint8)
    shuffled = photos[0][0].reshape(4, 16, 4, 16, 3)[random.permutation(4)].reshape(64, 64, 3)
    strange = [
        noise,
        np.zeros((90, 50, 3), np.uint8),
        shuffled[::-1].copy(),
        photos[0][0][::-1].copy(),
    ]
    assert all(generator.familiar(picture) < 0.5 for picture in strange)


def test_many_threads_draw_what_one_draws(generator, files):
    person = generator.load(files[0])
    asked = [Asked("a person", "comic", seed, person) for seed in range(4)]
    expected = [generator.generate([one])[0] for one in asked]
    found = {}

    def draw(place):
        found[place] = generator.generate([asked[place]])[0]

    threads = [threading.Thread(target=draw, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place, picture in enumerate(expected):
        np.testing.assert_array_equal(found[place], picture)
