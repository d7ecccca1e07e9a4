"""From words to what they show, whatever is written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")

from printroom.training.scenes.captions import NAMING, caption  # noqa: E402
from printroom.training.scenes.lexicon import READINGS  # noqa: E402
from printroom.training.scenes.reader import KNOWN  # noqa: E402
from printroom.training.scenes.spec import GROUP_OF, VALUES, draw_scene  # noqa: E402
from printroom.training.scenes.stepcode import MOST_WORDS, tokens_of  # noqa: E402


def known(text):
    words = sorted(KNOWN, key=KNOWN.__getitem__)
    return [words[place - 1] for place in tokens_of(text, KNOWN)]


def test_each_reading_is_of_values_that_can_be_drawn():
    for word, readings in READINGS.items():
        assert word == word.lower().strip()
        for values in readings:
            assert set(values) <= set(VALUES), word
            assert len({GROUP_OF[value] for value in values}) == len(values), word


def test_each_value_has_several_words():
    assert min(len(names) for names in NAMING.values()) >= 6


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_a_caption_is_three_lines_that_say_what_is_true(seed):
    random = np.random.default_rng(seed)
    scene = draw_scene(random)
    text, shown = caption(scene, random)
    assert text.count("\n") == 2
    assert shown
    assert set(shown) <= set(scene.values())
    assert tokens_of(text, KNOWN)


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_any_text_is_read(text):
    places = tokens_of(text, KNOWN)
    assert len(places) <= MOST_WORDS
    assert all(0 < place <= len(KNOWN) for place in places)


@given(st.lists(st.sampled_from(sorted(KNOWN)), max_size=12))
def test_known_words_are_found_in_their_order(words):
    assert known(" \n-- ".join(words)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Sparrow's light", ["sparrow", "light"]),
        ("old pond: bullfrogs leaping", ["old", "pond", "bullfrog"]),
        ("the crow\u2019s wing", ["crow", "wing"]),
        ("hummed, hums, rivering", ["hum", "hum", "river"]),
        ("snow-covered berries", ["snow"]),
        ("2026 \U0001f438 \u86d9", []),
    ],
)
def test_forms_of_words_are_found(text, words):
    found = known(text)
    assert found == words


def test_a_long_text_is_refused():
    with pytest.raises(ValueError, match="the poem has 100000 characters: give at most 10000"):
        tokens_of("x" * 100_000, KNOWN)
