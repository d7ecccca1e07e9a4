"""What people write: YAML, dicts, the builder; all of hostile origin."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadPipeline
from printroom.pipelines import kinds
from printroom.pipelines.builder import pipeline, secret
from printroom.pipelines.ports import Port
from printroom.pipelines.reading import MOST_BYTES, read_yaml
from printroom.pipelines.spec import PipelineSpec, StepSpec

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
WORDS = st.sampled_from(
    ["yes", "no", "on", "null", "~", "", "1e3", "0x10", "1_000", "010", "12:30", "2026-01-01",
     "$", "$$", "<<", "=", "-", "? a", "a: b", "#", "& a", "* a", "! a", "|", ">", "%", "@", "`",
     "'", '"', ".5", "+1", ".inf", "[", "}", ",", " a ", "\n", "\t", "\x85", "\u2028", "\ufeff",
     "\x00", "\x07"]
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | WORDS
VALUES = st.recursive(
    TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
PORTS = st.one_of(
    st.builds(Port, st.just(kinds.Picture())),
    st.builds(Port, st.just(kinds.Text()), TEXTS),
    st.builds(Port, st.just(kinds.ListOf(kinds.Number(0, 1))), st.lists(st.floats(0, 1))),
    st.builds(Port, st.just(kinds.Choice(("no", 1, 2.5, True))), st.just("no")),
)
STEPS = st.builds(
    StepSpec,
    NAMES,
    TEXTS.filter(bool),
    st.dictionaries(TEXTS, VALUES, max_size=3),
    st.none() | TEXTS.filter(bool),
    st.none() | TEXTS.filter(bool),
)
COORDINATES = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)
SPECS = st.builds(
    PipelineSpec,
    st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True),
    TEXTS,
    st.dictionaries(NAMES.filter(lambda name: name != "each"), PORTS, max_size=3),
    st.lists(STEPS, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple),
    st.dictionaries(NAMES, TEXTS.filter(bool), max_size=2),
    TEXTS,
    st.dictionaries(TEXTS, st.tuples(COORDINATES, COORDINATES), max_size=2),
)


@given(SPECS)
def test_a_pipeline_is_the_same_after_it_was_written_and_read(spec: PipelineSpec) -> None:
    again = PipelineSpec.from_yaml(spec.to_yaml())
    assert again == spec
    assert again.faults == ()
    assert again.digest == spec.digest
    assert PipelineSpec.from_dict(spec.to_dict()) == spec


@given(st.text() | st.text("{}[]:,- \n\t\"'&*!|>%#?a1$") | st.binary())
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    try:
        PipelineSpec.from_yaml(text, "x.yaml")
    except BadPipeline as error:
        assert error.faults[0].startswith("x.yaml")


@given(VALUES | st.dictionaries(st.sampled_from(["name", "inputs", "steps", "outputs"]), VALUES))
def test_any_values_are_taken_and_their_faults_told(raw: Any) -> None:
    spec = PipelineSpec.from_dict(raw)
    for fault in spec.faults:
        assert spec.places.told(fault)
    assert PipelineSpec.from_dict(spec.to_dict()).to_dict() == spec.to_dict()


def test_yaml_a_dict_and_the_builder_are_one_model(mend: str) -> None:
    built = (
        pipeline("mend", "Mends a photo, then enlarges it")
        .input("image")
        .input("fix", "text", default="auto")
        .input("scale", "choice", of=[1, 2, 4], default=2)
        .step("faults", "inspect", image="$image", fix="$fix")
        .step("clean", "denoise", image="$image", when="$faults.noise")
        .step("large", "upscale", image="$clean.image", scale="$scale", when="$scale > 1")
        .output("image", "$large.image")
        .spec()
    )
    assert built == PipelineSpec.from_yaml(mend)
    assert built.faults == ()
    assert secret("KEY") == {"secret": "KEY"}


def test_a_name_is_given_once_in_a_builder() -> None:
    with pytest.raises(BadPipeline, match="'a' is among the steps already"):
        pipeline("x").step("a", "inspect").step("a", "inspect")


def test_what_differs_in_form_only_has_one_digest(mend: str) -> None:
    spec = PipelineSpec.from_yaml(mend)
    turned = PipelineSpec.from_dict(dict(reversed(list(spec.to_dict().items()))))
    assert turned.digest == spec.digest
    other = PipelineSpec.from_yaml(mend.replace("default: 2", "default: 4"))
    assert other.digest != spec.digest


ALIASES = "a: &a [1,1,1,1,1,1,1,1]\n" + "\n".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 8)}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (ALIASES, "x.yaml:1:", "repeats itself too often"),
        ("a: &a [*a]", "x.yaml:1:", "repeats itself"),
        ("[" * 500, "x.yaml:1:24", "24 levels"),
        ("{a: " * 500, "x.yaml:1:", "24 levels"),
        ("name: x\na: !!python/object/apply:os.system [ls]", "x.yaml:2:4", "no kind of value"),
        ("a: !!binary aGFsbG8=", "x.yaml:1:4", "no kind of value"),
        ("name: a\nname: b", "x.yaml:2:1", "stands here twice"),
        ("? [a]\n: b", "x.yaml:1:3", "a key must be a text"),
        ("a: [1,\nb: }", "x.yaml:2:", "expected"),
        ("a: *nothing", "x.yaml:1:4", "undefined alias"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1", "another document"),
        ("a: 1e999", "x.yaml:1:4", "too large"),
        (b"\xff\xfe\x00", "x.yaml", "not a YAML text"),
        ("\x00", "x.yaml", "not a YAML text"),
    ],
)
def test_hostile_yaml_is_refused_with_its_place(text: str | bytes, place: str, said: str) -> None:
    with pytest.raises(BadPipeline) as error:
        PipelineSpec.from_yaml(text, "x.yaml")
    (fault,) = error.value.faults
    assert fault.startswith(place)
    assert said in fault


def test_a_text_over_the_limit_is_not_even_read() -> None:
    with pytest.raises(BadPipeline, match="too long"):
        PipelineSpec.from_yaml("a" * (MOST_BYTES + 1))


def test_scalars_are_those_of_yaml_1_2() -> None:
    found = read_yaml("[no, on, 12:30, 1_000, 2026-01-01, 010, 1e3, .5, ~, True, '1', 2]").value
    assert found == [
        "no",
        "on",
        "12:30",
        "1_000",
        "2026-01-01",
        10,
        1000.0,
        0.5,
        None,
        True,
        "1",
        2,
    ]


def test_where_things_are_drawn_is_kept_and_counts_for_nothing() -> None:
    raw = {"name": "a", "steps": {"a": {"use": "x"}}}
    placed = PipelineSpec.from_dict(raw | {"view": {"steps.a": [12, -3.5]}})
    assert PipelineSpec.from_yaml(placed.to_yaml()).view == placed.view == {"steps.a": (12, -3.5)}
    assert placed.digest == PipelineSpec.from_dict(raw).digest
    for view in ({"a": [1]}, {"a": "x"}, {"a": [True, 1]}, {"a": [1e9, 0]}, {"a" * 99: [1, 1]}, [1],
                 {str(n): [n, n] for n in range(2000)}):  # fmt: skip
        assert PipelineSpec.from_dict(raw | {"view": view}).faults


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (None, ["names and what belongs to them"]),
        ({"name": "a", "steps": {}}, ["at least one step"]),
        ({"name": "A b", "steps": {"a": {"use": "x"}}}, ["name: a pipeline's name"]),
        ({"name": "a", "setps": {}, "steps": {"a": {"use": "x"}}}, ["did you mean 'steps'"]),
        ({"name": "a", "steps": {"a": {}}}, ["steps.a: it does not say"]),
        ({"name": "a", "steps": {"a b": {"use": "x"}}}, ["steps.a b: 'a b' cannot be a name"]),
        ({"name": "a", "steps": {"a": {"use": "x", "with": 3}}}, ["steps.a.with: names"]),
        ({"name": "a", "steps": {"a": {"use": "x", "when": 3}}}, ["steps.a.when: 3 is not a text"]),
        ({"name": "a", "steps": {"a": {"use": "x", "with": {"p": b"x"}}}}, ["bytes cannot be"]),
        ({"name": "a", "steps": {"a": {"use": "x", "with": {"p": float("nan")}}}}, ["finite"]),
        ({"name": "a", "steps": {"a": {"use": "x", "with": {"p": "\ud800"}}}}, ["Unicode"]),
        ({"name": "a", "inputs": {"each": "text"}, "steps": {"a": {"use": "x"}}}, ["$each"]),
        ({"name": "a", "inputs": {"x": "photo"}, "steps": {"a": {"use": "x"}}}, ["no kind"]),
        ({"name": "a", "outputs": {"x": 3}, "steps": {"a": {"use": "x"}}}, ["not a reference"]),
        ({"name": "a", "steps": {f"s{i}": {"use": "x"} for i in range(300)}}, ["at most 256"]),
    ],
)
def test_what_has_not_the_form_of_a_pipeline_is_told(raw: Any, told: list[str]) -> None:
    spec = PipelineSpec.from_dict(raw)
    sentences = " | ".join(map(spec.places.told, spec.faults))
    for words in told:
        assert words in sentences
