from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.pipelines.drawing import drawing, mermaid
from printroom.pipelines.graph import Graph
from printroom.pipelines.layout import BEND, GAP, arranged
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[Any, float], dict[tuple[Any, Any], float]]:
    count = draw(st.integers(1, 12))
    widths: dict[Any, float] = {n: draw(st.floats(20, 200)) for n in range(count)}
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    return widths, {edge: draw(st.sampled_from([1.0, 16.0])) for edge in chosen}


@given(graphs())
def test_boxes_of_a_layer_lie_apart_and_lines_lead_down(
    graph: tuple[dict[Any, float], dict[tuple[Any, Any], float]],
) -> None:
    widths, edges = graph
    layout = arranged(widths, edges)
    places: dict[int, list[tuple[float, float]]] = {}
    for box, width in widths.items():
        places.setdefault(layout.layer[box], []).append((layout.x[box], width))
        assert layout.x[box] - width / 2 >= -1e-6
        assert layout.x[box] + width / 2 <= layout.width + 1e-6
    for edge, way in layout.ways.items():
        assert [layer for layer, _ in way] == list(
            range(layout.layer[edge[0]], layout.layer[edge[1]] + 1)
        )
        for layer, x in way[1:-1]:
            places.setdefault(layer, []).append((x, BEND))
    for row in places.values():
        for (left, one), (right, other) in pairwise(sorted(row)):
            assert right - left >= (one + other) / 2 + GAP - 1e-6


def test_a_chain_is_drawn_straight() -> None:
    layout = arranged({n: 50.0 + n for n in range(6)}, {(n, n + 1): 1.0 for n in range(5)})
    assert max(layout.x.values()) - min(layout.x.values()) < 1


@pytest.fixture
def graph(registry: Registry, mend: str) -> Graph:
    return Graph.check(PipelineSpec.from_yaml(mend), registry)


def test_a_drawing_shows_what_flows_where(graph: Graph) -> None:
    drawn = drawing(graph)
    assert [box.title for box in drawn.boxes] == [
        "image", "fix", "scale", "faults", "clean", "large", "image",
    ]  # fmt: skip
    lines = {ends: str(line) for ends, (line, _) in drawn.lines.items()}
    assert lines == {
        ("i_image", "s_faults"): "picture",
        ("i_fix", "s_faults"): "value",
        ("i_image", "s_clean"): "picture",
        ("s_faults", "s_clean"): "condition",
        ("s_clean", "s_large"): "picture",
        ("i_scale", "s_large"): "value",
        ("s_large", "o_image"): "picture",
    }
    assert drawn.lines["i_scale", "s_large"][1] == "$scale to scale, $scale to when"


def test_mermaid_has_a_row_for_each_box_and_line(graph: Graph) -> None:
    text = mermaid(graph)
    assert text.splitlines()[0] == "flowchart TD"
    assert 'n5["large<br/>upscale<br/>when $scale #62; 1"]' in text
    assert "n0 ==> n3" in text
    assert "n3 -.-> n4" in text


def test_an_svg_is_well_formed_and_holds_every_box(graph: Graph) -> None:
    root = Xml.fromstring(svg(graph))
    titles = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "title"]
    assert titles == ["image", "fix", "scale", "faults", "clean", "large", "image"]
    assert len(list(root.iter(f"{SVG}path"))) == 2 * len(drawing(graph).lines)


@given(title=st.text(), text=st.text(st.characters(exclude_characters='"')))
def test_no_text_breaks_out_of_a_drawing(registry: Registry, title: str, text: str) -> None:
    raw = {
        "name": "x",
        "title": title,
        "inputs": {"image": "picture", "word": "text"},
        "steps": {
            "a": {"use": "haze", "with": {"image": "$image"}, "when": f'$word != "{text[:900]}"'}
        },
    }
    spec = PipelineSpec.from_dict(raw)
    if spec.faults:
        return
    graph = Graph.check(spec, registry)
    root = Xml.fromstring(svg(graph))
    assert {child.tag for child in root} == {f"{SVG}{tag}" for tag in
        ("title", "style", "rect", "g", "text")}  # fmt: skip
    assert len(mermaid(graph).splitlines()) == len(drawing(graph).boxes) + 4


def test_each_leads_from_its_list(registry: Registry) -> None:
    text = """\
name: x
inputs: {image: picture, styles: {type: list, item: text}}
steps:
  faces: {use: style, each: $styles, with: {image: $image, style: $each}}
"""
    drawn = drawing(Graph.check(PipelineSpec.from_yaml(text), registry))
    assert str(drawn.lines["i_styles", "s_faces"][0]) == "value"
    assert drawn.boxes[2].notes == ("style", "each $styles")
