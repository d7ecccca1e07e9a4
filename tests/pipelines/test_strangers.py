"""What those may say who are not at this machine, and how they are told what there is to say."""

from typing import Annotated, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.pipelines import kinds
from printroom.pipelines.graph import Graph
from printroom.pipelines.ports import OwnFile, Port, port_of
from printroom.pipelines.registry import Registry
from printroom.pipelines.schema import value_schema, values_schema
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.step import LookStep, Preview, StepContext


class Verdict(NamedTuple):
    good: bool


class Judge(LookStep):
    name = "judge"
    net: Annotated[str | None, OwnFile()] = None
    about: str = ""

    def look(self, context: StepContext, preview: Preview) -> Verdict:
        return Verdict(self.net is None)


def graph(bound: dict[str, Any]) -> Graph:
    raw = {
        "name": "judged",
        "inputs": {"image": "picture", "net": "text"},
        "steps": {"seen": {"use": "judge", "with": {"image": "$image", **bound}}},
    }
    return Graph.check(PipelineSpec.from_dict(raw), Registry([Judge]))


def test_a_file_is_a_text_for_its_owner_and_nothing_for_others() -> None:
    port = port_of(Annotated[str, OwnFile()])
    assert port.kind.name == "text"
    assert port.coerce("net.onnx") == "net.onnx"
    with pytest.raises(ValueError, match="not for callers to say"):
        port.kind.closed().coerce("net.onnx")
    assert not port.kind.refuses(kinds.Text())


def test_a_closed_graph_differs_in_nothing_else() -> None:
    whole = graph({"net": "$net", "about": "$net"})
    closed = whole.closed()
    (node,), (open_node,) = closed.nodes, whole.nodes
    assert node.bindings == open_node.bindings
    assert node.step.inputs["about"] == open_node.step.inputs["about"]
    assert node.step.inputs["net"] != open_node.step.inputs["net"]
    assert node.step.inputs["net"].coerce(None) is None
    assert (closed.inputs, closed.outputs, closed.id) == (whole.inputs, whole.outputs, "judged")


def test_lists_are_closed_item_by_item() -> None:
    closed = kinds.ListOf(kinds.File()).closed()
    assert closed.coerce([]) == []
    with pytest.raises(ValueError, match="place 1"):
        closed.coerce(["a"])
    assert kinds.ListOf(kinds.Number(0, 1)).closed() == kinds.ListOf(kinds.Number(0, 1))


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether JSON Schema takes a value, as far as our schemas go."""
    if "anyOf" in schema:
        return any(fits(one, value) for one in schema["anyOf"])
    if "enum" in schema:
        return any(value == one and isinstance(value, bool) == isinstance(one, bool)
                   for one in schema["enum"])  # fmt: skip
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = number and float(value).is_integer()
    right = {
        "null": value is None,
        "boolean": isinstance(value, bool),
        "string": isinstance(value, str),
        "integer": whole,
        "number": number,
    }[schema["type"]]
    if right and number:
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return right


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from([0.5, -2.5, 3.0]), st.text()
)
KINDS = st.one_of(
    st.just(kinds.Text()),
    st.just(kinds.Flag()),
    st.builds(
        kinds.Number,
        st.one_of(st.none(), st.integers(-5, 0)),
        st.one_of(st.none(), st.integers(1, 5)),
        st.booleans(),
    ),
    st.just(kinds.Choice((1, 2, "a"))),
)


@given(KINDS, st.booleans(), VALUES)
def test_what_the_schema_takes_is_what_the_port_takes(
    kind: kinds.Kind, optional: bool, value: Any
) -> None:
    port = Port(kind, optional=optional)
    try:
        port.coerce(value)
        taken = True
    except ValueError:
        taken = False
    assert fits(value_schema(port), value) == taken


def test_the_schema_of_inputs_says_what_must_be_given() -> None:
    schema = values_schema({"a": Port(kinds.Picture()), "b": Port(kinds.Number(0), 2)})
    assert schema["required"] == ["a"]
    assert schema["properties"]["b"] == {"type": "number", "minimum": 0, "default": 2}
    assert schema["properties"]["a"]["pattern"] == "^data:"
