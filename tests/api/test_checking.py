"""What a check says of texts and values of any origin: faults, and never anything worse."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printroom.api.pipelines import schemas
from printroom.api.pipelines.checking import checked
from printroom.pipelines.bundled import FOLDER
from printroom.pipelines.shelf import Pipelines
from printroom.pipelines.store import PipelineStore
from printroom.steps.builtin import builtin

ENHANCE = (FOLDER / "enhance.yaml").read_text()
WORDS = st.sampled_from(
    ["name", "steps", "use", "with", "when", "each", "$image", "$each", "{", "}", "[", "]", ": ",
     "\n  ", "- ", "&a", "*a", "secret", "enhance", "upscale", "1", "~", "'", '"', "view", "#"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def shelf() -> Pipelines:
    def never() -> Any:
        raise AssertionError("a check asks no database")

    return Pipelines(PipelineStore(never, never), builtin())


def told(shelf: Pipelines, text: str | None, raw: Any = None) -> dict[str, Any]:
    found = checked(shelf, "acc_1", text, raw)
    json.dumps(found, allow_nan=False)
    schemas.Checked.model_validate(found)
    assert found["valid"] == (found["faults"] == [])
    return found


@FEW
@given(st.integers(0, len(ENHANCE)), st.integers(0, 40), st.lists(WORDS, max_size=4).map("".join))
def test_whatever_was_done_to_a_text(shelf: Pipelines, at: int, gone: int, more: str) -> None:
    found = told(shelf, ENHANCE[:at] + more + ENHANCE[at + gone :])
    if found["valid"]:  # then it is the same by each of its forms
        again = told(shelf, found["yaml"])
        assert again == told(shelf, None, found["pipeline"]) == found
        assert yaml.safe_load(found["yaml"]) == found["pipeline"]


@FEW
@given(st.lists(WORDS, max_size=30).map("".join) | st.text(max_size=60))
def test_whatever_text_it_is(shelf: Pipelines, text: str) -> None:
    told(shelf, text)


@FEW
@given(st.dictionaries(st.sampled_from(["name", "inputs", "steps", "outputs", "view"]), VALUES))
def test_whatever_value_it_is(shelf: Pipelines, raw: dict[str, Any]) -> None:
    told(shelf, None, raw)


def test_what_comes_with_printroom_holds(shelf: Pipelines) -> None:
    found = told(shelf, ENHANCE)
    assert found["valid"]
    assert sorted(name for stage in found["graph"]["stages"] for name in stage) == sorted(
        node["name"] for node in found["graph"]["nodes"]
    )
