"""`Graph.check`: an order that can be run, or every fault at once with its place."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from printroom.core.errors import BadPipeline
from printroom.pipelines.bundled import FOLDER
from printroom.pipelines.faults import MOST_TOLD
from printroom.pipelines.graph import Graph
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.refs import EACH, Constant, Ref, Secret
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec
from printroom.steps.folders import StepFolders
from printroom.steps.installed import at_hand

FAULTY = """\
name: faulty
inputs:
  image: picture
  fix: {type: text, defolt: auto}
  scale: {type: choice, of: [1, 2, 4], default: 2}
  styles: {type: list, item: text}
  net: {type: model, task: denoise, default: test/other}
steps:
  faults: {use: inspct, with: {image: $image, fix: $fix}}
  looked: {use: inspect, with: {image: $image, fix: 3}, when: $scale == 3}
  clean: {use: denoise, with: {image: $imag, strength: 2}, when: $faults.noise}
  dim: {use: haze, with: {image: $looked, strength: $image}, when: $looked.sigma}
  again: {use: denoise, with: {image: $image, strength: $looked.sigma, network: no/such}}
  a: {use: haze, with: {image: $b.image}}
  b: {use: haze, with: {image: $a.image}}
  all: {use: sheet, with: {images: [$image, $styles], titles: {secret: KEY}, key: {hidden: 1}}}
  each: {use: style, each: $scale, with: {image: $image, style: $each}}
  lone: {use: style, with: {image: photo.jpg, style: $each}}
  large: {use: upscale, with: {image: $each.result, scale: 3, foo: 1}, when: $scale > }
  bare: {use: haze}
outputs:
  image: $large.imag
  other: large.image
"""
TOLD = [
    "4:3: inputs.fix: 'defolt' does not belong to a text",
    "7:3: inputs.net: there is no model 'test/other'",
    "9:12: steps.faults.use: there is no step 'inspct': did you mean 'inspect'?",
    "10:48: steps.looked.with.fix: 3 is not a text",
    "10:57: steps.looked.when: 3 is not one of 1, 2, 4",
    "11:32: steps.clean.with.image: there is no input $imag: did you mean 'image'?",
    "11:46: steps.clean.with.strength: 2 is above 1",
    "12:27: steps.dim.with.image: there is no input $looked: for the step looked, write $looked.",
    "12:43: steps.dim.with.strength: it takes a number from 0 to 1, not a picture ($image)",
    "12:62: steps.dim.when: a number is neither true nor false",
    "13:3: steps.again: it needs $looked.sigma, which is absent when looked is skipped",
    "13:72: steps.again.with.network: there is no model 'no/such'",
    "14:3: steps.a: it waits for itself: a -> b -> a",
    "16:28: steps.all.with.images: it takes a picture, not a list of text ($styles)",
    "16:55: steps.all.with.titles: it takes a list of text, and a secret is a text",
    "16:78: steps.all.with.key: this is not a value: a secret is written {secret: NAME}",
    "17:22: steps.each.each: $scale is a choice of 1, 2, 4, not a list",
    "18:29: steps.lone.with.image: a picture is not written here",
    "18:47: steps.lone.with.style: there is no input $each: $each is the item of a list",
    "19:32: steps.large.with.image",
    "19:53: steps.large.with.scale: 3 is not one of 1, 2, 4",
    "19:63: steps.large.with.foo: the step upscale has no port 'foo'",
    "19:72: steps.large.when: it ends where",
    "20:3: steps.bare.with.image: the port 'image' of the step haze is not bound",
    "22:3: outputs.image: $large.imag: the step upscale has no output of that name: did you mean",
    "23:3: outputs.other: 'large.image' is no reference",
]


def _check(text: str, registry: Registry, models: ModelResolver | None = None) -> Graph:
    return Graph.check(PipelineSpec.from_yaml(text, "x.yaml"), registry, models)


def _faults(text: str, registry: Registry) -> tuple[str, ...]:
    with pytest.raises(BadPipeline) as error:
        _check(text, registry)
    return error.value.faults


def _chain(steps: str, outputs: str = "") -> str:
    return f"name: x\ninputs: {{image: picture, n: number}}\nsteps:\n{steps}\n{outputs}"


def test_a_graph_holds_what_can_be_run(registry: Registry, mend: str) -> None:
    graph = _check(mend, registry)
    assert (graph.name, graph.version, graph.title) == (
        "mend", None, "Mends a photo, then enlarges it",
    )  # fmt: skip
    faults, clean, large = graph.nodes
    image = Ref(None, "image")
    assert (faults.when, faults.each, faults.step.name) == (None, None, "inspect")
    assert faults.bindings == {"image": image, "fix": Ref(None, "fix")}
    assert clean.when is not None
    assert clean.when.refs == (Ref("faults", "noise"),)
    assert clean.passing_by == (image, "image")
    assert large.bindings["scale"] == Ref(None, "scale")
    assert large.passing_by == (Ref("clean", "image"), "image")
    assert faults.passing_by is None
    assert graph.outputs == {"image": Ref("large", "image")}


def test_every_fault_is_named_at_once_with_its_place(registry: Registry, models: Any) -> None:
    with pytest.raises(BadPipeline) as error:
        _check(FAULTY, registry, models)
    told = error.value.faults
    missing = [
        fault for fault in TOLD if not any(one.startswith(f"x.yaml:{fault}") for one in told)
    ]
    assert missing == [], told
    assert len(told) == len(TOLD), told
    assert error.value.code == "bad_pipeline"
    assert all(fault in str(error.value) for fault in told)


def test_of_thousands_of_faults_the_first_hundred_are_told(registry: Registry) -> None:
    bound = {f"port_{number}": f"$nothing_{number}" for number in range(3000)}
    raw = {"name": "x", "steps": {"a": {"use": "haze", "with": bound}}}
    with pytest.raises(BadPipeline, match="100 faults and more") as error:
        Graph.check(PipelineSpec.from_dict(raw), registry)
    assert len(error.value.faults) == MOST_TOLD


def test_faults_of_a_dict_name_the_keys(registry: Registry) -> None:
    spec = PipelineSpec.from_dict({"name": "x", "steps": {"a": {"use": "haze", "with": {"b": 1}}}})
    with pytest.raises(BadPipeline) as error:
        Graph.check(spec, registry)
    assert set(error.value.faults) == {
        "steps.a.with.b: the step haze has no port 'b': there is image, strength",
        "steps.a.with.image: the port 'image' of the step haze is not bound: bind it, as to $image",
    }


FAULTS: dict[str, tuple[str, str]] = {
    "unknown step": ("use: haze", "use: haaze"),
    "unknown port": ("strength:", "strngth:"),
    "unknown input": ("$image,", "$imagine,"),
    "unknown result": ("$first.image", "$first.imag"),
    "unknown node": ("$first.", "$firstt."),
    "range": ("strength: 1", "strength: 7"),
    "kind": ("strength: 0", "strength: $image"),
    "condition": ("$n > 2", "$n > 'a'"),
    "missing": ("image: $second.image, scale", "scale"),
    "choice": ("scale: 2", "scale: 3"),
    "output": ("$third.image", "$third.x"),
}
SOUND = _chain(
    """\
  first: {use: haze, with: {image: $image, strength: 0}}
  second: {use: denoise, with: {image: $first.image, strength: 1}, when: $n > 2}
  third: {use: upscale, with: {image: $second.image, scale: 2}}
""",
    "outputs: {image: $third.image}",
)


@given(st.sets(st.sampled_from(sorted(FAULTS)), min_size=1))
def test_whatever_is_wrong_together_each_is_told(registry: Registry, chosen: set[str]) -> None:
    assume(not chosen >= {"unknown step", "unknown result"})  # nobody knows what that step gives
    text = SOUND
    for name in chosen:
        before, after = FAULTS[name]
        if name != "unknown node" or "unknown result" not in chosen:
            text = text.replace(before, after, 1)
    told = _faults(text, registry)
    lines = {int(fault.split(":")[1]) for fault in told}
    assert lines >= {
        number
        for number, (one, other) in enumerate(
            zip(SOUND.split("\n"), text.split("\n"), strict=True), 1
        )
        if one != other
    }
    assert len(told) <= len(chosen)


@given(st.permutations(range(6)), st.data())
def test_steps_come_behind_what_they_need(
    registry: Registry, order: list[int], data: st.DataObject
) -> None:
    needs = {0: -1} | {one: data.draw(st.integers(0, one - 1)) for one in range(1, 6)}
    steps = {
        f"s{one}": {
            "use": "haze",
            "with": {"image": "$image" if one == 0 else f"$s{needs[one]}.image"},
        }
        for one in order
    }
    raw = {"name": "x", "inputs": {"image": "picture"}, "steps": steps}
    raw["outputs"] = {"image": "$s5.image"}
    graph = Graph.check(PipelineSpec.from_dict(raw), registry)
    place = {node.name: number for number, node in enumerate(graph.nodes)}
    assert all(place[f"s{needs[one]}"] < place[f"s{one}"] for one in range(1, 6))


def test_steps_keep_the_order_of_the_text_where_they_can(registry: Registry) -> None:
    steps = "\n".join(f"  s{n}: {{use: haze, with: {{image: $image}}}}" for n in (3, 1, 2))
    graph = _check(_chain(steps, "outputs: {image: $s1.image}"), registry)
    assert [node.name for node in graph.nodes] == ["s3", "s1", "s2"]


def test_constants_lists_and_secrets_are_bound(registry: Registry, models: Any) -> None:
    text = _chain(
        """\
  clean: {use: denoise, with: {image: $image, strength: 1, network: test/clean}}
  all: {use: sheet, with: {images: [$image, $clean.image], titles: [a, $$b], key: {secret: KEY}}}
"""
    )
    clean, everything = _check(text, registry, models).nodes
    assert clean.bindings["strength"] == Constant(1.0)
    assert everything.bindings == {
        "images": (Ref(None, "image"), Ref("clean", "image")),
        "titles": Constant(["a", "$b"]),
        "key": Secret("KEY"),
    }


def test_each_makes_lists_of_results(registry: Registry) -> None:
    text = """\
name: portraits
inputs: {image: picture, styles: {type: list, item: text}}
steps:
  faces: {use: style, each: $styles, with: {image: $image, style: $each}}
  small: {use: haze, each: $faces.result, with: {image: $each}}
  print: {use: sheet, with: {images: $small.image}}
"""
    graph = _check(text, registry)
    faces, small, _ = graph.nodes
    assert faces.each == Ref(None, "styles")
    assert faces.bindings["style"] == EACH
    assert small.passing_by is None
    assert graph.outputs == {"result": Ref("print", "result")}
    assert (
        "not a list of picture"
        in _faults(text.replace("images: $small.image", "images: [$small.image]"), registry)[0]
    )


def test_the_only_result_that_nobody_uses_is_the_output(registry: Registry) -> None:
    one = "  a: {use: haze, with: {image: $image}}\n"
    assert _check(_chain(one), registry).outputs == {"image": Ref("a", "image")}
    (fault,) = _faults(_chain(one + "  b: {use: haze, with: {image: $image}}\n"), registry)
    assert "which result is meant, of a, b" in fault


def test_a_result_that_may_be_absent_needs_a_condition(registry: Registry) -> None:
    text = _chain(
        """\
  seen: {use: inspect, with: {image: $image}, when: $n > 1}
  made: {use: style, with: {image: $image, style: x}, when: $seen.noise}
  dim: {use: haze, with: {image: $made.result, strength: $seen.sigma}}
"""
    )
    (fault,) = _faults(text, registry)
    assert fault.startswith(
        "x.yaml:6:3: steps.dim: it needs $seen.sigma, which is absent when seen"
    )
    assert _check(text.replace("$seen.sigma}", "$seen.sigma}, when: $n > 1"), registry)


def test_an_absent_picture_is_absent_further_down(registry: Registry) -> None:
    text = _chain(
        """\
  made: {use: sheet, with: {images: [$image]}, when: $n > 1}
  dim: {use: haze, with: {image: $made.result}, when: $n > 2}
  large: {use: upscale, with: {image: $dim.image}}
"""
    )
    (fault,) = _faults(text, registry)
    assert "it needs $dim.image" in fault


def test_an_input_that_may_be_nothing_needs_a_port_that_takes_it(registry: Registry) -> None:
    text = """\
name: x
inputs: {image: picture, key: {type: text, optional: true, default: null}}
steps:
  a: {use: sheet, with: {images: [$image], key: $key}}
  b: {use: style, with: {image: $a.result, style: $key}}
"""
    (fault,) = _faults(text, registry)
    assert "x.yaml:5:" in fault
    assert "$key may be nothing" in fault


def test_models_are_taken_to_be_there_where_nobody_knows(registry: Registry) -> None:
    step = "  a: {use: denoise, with: {image: $image, network: no/such}}"
    assert _check(_chain(step), registry)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_what_comes_with_printroom_holds(file: Path, tmp_path: Path) -> None:
    steps = at_hand(StepFolders(tmp_path))
    graph = Graph.check(PipelineSpec.from_yaml(file.read_bytes(), file.name), steps)
    assert graph.name == file.stem
    assert graph.title


def test_a_version_is_carried_along(registry: Registry, mend: str) -> None:
    assert Graph.check(PipelineSpec.from_yaml(mend), registry, version=3).version == 3
