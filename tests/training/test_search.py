"""A search tries each choice once, whatever is killed, and keeps what the best one made."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption, NotFound
from printroom.training.search import MOST, SEARCH, search, trials

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
VALUES = st.lists(
    st.from_regex(r"[0-9a-z.]{1,4}", fullmatch=True), min_size=1, max_size=3, unique=True
)


@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_each_value_meets_each_other_once(axes):
    found = trials([f"{name}={','.join(values)}" for name, values in axes.items()])
    chosen = {trial.options for trial in found}
    assert len(chosen) == len(found)
    assert all([name for name, _ in options] == list(axes) for options in chosen)
    whole = 1
    for name, values in axes.items():
        assert {dict(options)[name] for options in chosen} == set(values)
        whole *= len(values)
    assert len(found) == whole


@pytest.mark.parametrize(
    "grid",
    [
        ["rate"],
        ["rate="],
        ["=1"],
        ["a=../x"],
        ["a=1", "a=2"],
        ["A b=1"],
        [f"{name}=1,2,3" for name in "abcd"],
    ],
)
def test_what_is_no_grid_is_named(grid):
    with pytest.raises(BadOption):
        trials(grid)
    assert MOST < 3**4


@pytest.mark.parametrize("lower", [False, True])
def test_the_best_is_kept_and_what_is_done_is_not_done_again(tmp_path, lower):
    several, done = trials(["rate=1,3,2"]), []

    def train(trial, folder):
        if done and done[-1] == "rate=1" and trial.name == "rate=3" and "killed" not in done:
            done.append("killed")
            raise KeyboardInterrupt
        done.append(trial.name)
        (folder / "net.onnx").write_text(trial.name)
        (folder / "checkpoint.pt").write_text("state")
        return {"set5": float(trial.options[0][1]), "other": 7.0}

    with pytest.raises(KeyboardInterrupt):
        search(several, tmp_path, train, lower=lower)
    best = search(several, tmp_path, train, lower=lower)
    assert done == ["rate=1", "killed", "rate=3", "rate=2"]
    assert best.name == ("rate=1" if lower else "rate=3")
    assert (tmp_path / "net.onnx").read_text() == best.name
    assert not (tmp_path / "checkpoint.pt").exists()
    told = json.loads((tmp_path / SEARCH).read_text())
    assert told["best"] == best.name
    assert told["trials"]["rate=2"] == {"set5": 2.0, "other": 7.0}


def test_a_recipe_without_scores_cannot_be_searched(tmp_path):
    with pytest.raises(NotFound, match="nothing tells how good seed=1"):
        search(trials(["seed=1"]), tmp_path, lambda _trial, _folder: {})
