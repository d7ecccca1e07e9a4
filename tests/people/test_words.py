"""Prompts: what is refused, and what a generator is asked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption, ForbiddenWords, NotFound, PrintroomError
from printroom.people.words import LONGEST, Words

WORDS = Words()


@pytest.mark.parametrize(
    "prompt",
    [
        "a nude person",
        "NUDE",
        "n.u.d.e",
        "n u d e",
        "\uff4e\uff55\uff44\uff45",
        "nüde",
        "child   porn",
        "child-porn",
    ],
)
def test_forbidden_words_are_named(prompt):
    with pytest.raises(ForbiddenWords, match=r"nude|child"):
        WORDS.check(prompt)


@pytest.mark.parametrize("prompt", ["a person from Essex", "denuded hills", "a b c", "sextant"])
def test_words_that_only_look_so_pass(prompt):
    assert WORDS.check(prompt) == prompt


def test_long_prompts_and_control_characters_are_refused():
    with pytest.raises(BadOption, match="100,000 characters"):
        WORDS.check("a" * 100_000)
    for wrong in ("a\0b", "a\ud800b", "\x1b[31m"):
        with pytest.raises(BadOption):
            WORDS.check(wrong)


def test_a_style_of_ones_own_comes_before_the_prompt():
    own = {"sketchbook": "a pencil sketch of a person"}
    assert WORDS.asked("with glasses", "sketchbook", own) == (
        "a pencil sketch of a person, with glasses",
        None,
    )
    assert WORDS.asked("", "comic", own) == ("a person", "comic")
    assert WORDS.asked("a person with red hair", None, own) == ("a person with red hair", None)
    with pytest.raises(NotFound, match="sketchbook"):
        WORDS.asked("", "none", own)


@pytest.mark.parametrize(
    ("name", "prompt"), [("comic", "x"), ("UPPER", "x"), ("", "x"), ("ok", " "), ("a/b", "x")]
)
def test_styles_that_cannot_be(name, prompt):
    with pytest.raises(BadOption):
        WORDS.style(name, prompt)


def test_an_installations_own_list_counts_in_place_of_ours(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("# a comment\nbroccoli\n\n")
    mine = Words(path)
    assert mine.check("a nude painting")
    with pytest.raises(ForbiddenWords, match="broccoli"):
        mine.check("Broccoli!")
    path.write_text("")
    assert Words(path).check("anything")
    with pytest.raises(BadOption, match="cannot be read"):
        Words(tmp_path / "none.txt").check("a")


@given(st.text(max_size=1200))
@settings(max_examples=60)
def test_whatever_is_said_is_taken_or_refused(text):
    try:
        prompt, style = WORDS.asked(text, None, {})
    except PrintroomError:
        return
    assert "person" in prompt.lower()
    assert style is None
    assert len(prompt) <= LONGEST + 20
