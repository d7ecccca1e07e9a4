"""What prompts mean to the small generator."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.runtimes.generation import STYLES
from printroom.runtimes.mini.words import FEATURES, KINDS, features_of, style_of
from printroom.training.portraits import people


@pytest.mark.parametrize("style", STYLES)
def test_every_caption_is_understood_whole(style):
    random = np.random.default_rng(3)
    for _ in range(50):
        person = people.somebody(random)
        caption = people.caption(person, style, random, drop=0)
        assert style_of(caption) == style
        assert len(features_of(caption)) == len(people.phrases(person)), caption


@pytest.mark.parametrize(
    ("prompt", "meant"),
    [
        ("a person with long, brown hair", {"colour brown"}),
        ("long brown hair", {"hair long", "colour brown"}),
        ("brown eyes, brown skin", {"eyes brown", "skin brown"}),
        ("a bald person with a moustache", {"hair bald", "beard moustache"}),
        ("no moustache", set()),
        ("without glasses", {"glasses none"}),
        ("glasses", {"glasses round"}),
        ("a bearded man", {"beard full"}),
        ("Blonde CURLY hair", {"hair curly", "colour blond"}),
        ("red hair. Later pink hair", {"colour pink"}),
        ("a cat on a mat", set()),
        ("", set()),
    ],
)
def test_words_belong_to_the_next_noun(prompt, meant):
    assert set(features_of(prompt)) == meant


@pytest.mark.parametrize(
    ("prompt", "style"),
    [("a pencil drawing", "pencil"), ("Watercolor!", "watercolour"), ("me", None), ("3D", "3d")],
)
def test_a_prompt_names_its_style(prompt, style):
    assert style_of(prompt) == style


@given(st.text(max_size=300))
def test_any_text_means_something_or_nothing(prompt):
    said = features_of(prompt)
    assert set(said) <= set(FEATURES)
    assert len({feature.split()[0] for feature in said}) == len(said) <= len(KINDS)
    assert style_of(prompt) in {None, *STYLES}
