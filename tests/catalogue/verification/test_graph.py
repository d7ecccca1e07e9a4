"""What the graph may be made of: told from its messages, without a library."""

import itertools

import numpy as np
from onnx import TensorProto, helper

from printroom.catalogue.verification.graph import counted
from printroom.catalogue.verification.rules import RULES
from printroom.catalogue.verification.wire import read


def test_operators_of_others(refused, make):
    custom = make.node("Read", ["x"], ["y"], domain="com.attacker", path="/lib/evil.so")
    model = make.built([custom], opsets=[helper.make_opsetid("com.attacker", 1)])
    assert refused(model)[0] == "graph.domain"
    del model.opset_import[1:]
    code, reason = refused(model)
    assert code == "graph.domain"
    assert "com.attacker" in reason


def test_operators_that_read_texts_or_files(refused, make):
    model = make.built([make.node("ImageDecoder", ["x"], ["y"])], opset=20)
    assert refused(model)[0] == "graph.operator"


def test_operators_that_are_imported_and_not_used_harm_nobody(make):
    """Exporters list what they might have used."""
    model = make.plain()
    model.opset_import.add(domain="ai.onnx.ml", version=3)
    data = model.SerializeToString()
    found = counted(data, read(data, RULES), RULES)
    assert found.verdict == "passed"


def test_a_graph_where_none_belongs(refused, make):
    inner = helper.make_graph([make.node("Neg", ["x"], ["z"])], "inner", [], [make.picture("z")])
    assert refused(make.built([make.node("Neg", ["x"], ["y"], extra=inner)]))[0] == "graph.operator"


def test_versions_that_are_not_known(refused, make):
    model = make.plain()
    model.opset_import[0].version = 999
    assert refused(model)[0] == "graph.opset"
    del model.opset_import[:]
    assert refused(model)[0] == "graph.opset"


def test_functions_that_call_one_another_twice(refused, make):
    """24 of them are 16 million nodes, in a file of two kilobytes."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    functions = [
        helper.make_function(
            "f", f"f{level}", ["a"], ["c"],
            [helper.make_node(f"f{level - 1}" if level else "Neg", [one], [two],
                              domain="f" if level else "")
             for one, two in (("a", "b"), ("b", "c"))],
            opsets,
        )
        for level in range(24)
    ]  # fmt: skip
    model = make.built([make.node("f23", ["x"], ["y"], domain="f")], functions=functions)
    assert len(model.SerializeToString()) < 3000
    assert refused(model)[0] == "graph.functions"


def test_a_loop_of_too_many_turns(refused, make):
    body = [make.node("Identity", ["held"], ["out"])]
    model = make.looping("turns", body, initializers=make.held(turns=np.array(2**40)))
    code, reason = refused(model)
    assert code == "graph.trips"
    assert str(2**40) in reason
    constant = make.node("Constant", [], ["turns"], value_int=2**40)
    assert refused(make.looping("turns", body, before=[constant]))[0] == "graph.trips"


def test_graphs_within_graphs(refused, make):
    inner = [make.node("Identity", ["x"], ["z"])]
    for _level in range(6):
        branch = helper.make_graph(inner, "branch", [], [make.picture("z")])
        inner = [make.node("If", ["yes"], ["z"], then_branch=branch, else_branch=branch)]
    inner[0].output[0] = "y"
    model = make.built(inner, make.held(yes=np.array(True)))
    assert refused(model)[0] in ("graph.nested", "file.depth")


def test_more_nodes_than_anybody_needs(refused, make):
    names = ["x", *(f"v{place}" for place in range(30_000)), "y"]
    nodes = [make.node("Neg", [a], [b]) for a, b in itertools.pairwise(names)]
    assert refused(make.built(nodes))[0] == "graph.nodes"


def test_what_makes_no_picture(refused, make, walled):
    model = make.built(
        [make.node("ReduceMean", ["x"], ["y"], keepdims=0)],
        outputs=[helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
    )
    code, reason = refused(model)
    assert code == "graph.reads"
    assert "no picture" in reason


def test_what_its_own_checker_refuses(refused, make, walled):
    model = make.built([make.node("Conv", ["nothing", "k"], ["y"])], make.held(k=np.zeros(1)))
    assert refused(model)[0] == "graph.checker"
