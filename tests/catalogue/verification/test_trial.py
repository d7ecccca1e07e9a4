"""What is found out when a model runs behind walls, and which wall or limit ends it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.catalogue.models import BUNDLED, Catalogue
from printroom.catalogue.verification.file import looked_at
from printroom.catalogue.verification.graph import counted
from printroom.catalogue.verification.inside import EXAM, EXAMPLES
from printroom.catalogue.verification.known import own
from printroom.catalogue.verification.report import RULES, Declared
from printroom.catalogue.verification.verifying import ALL
from printroom.core.errors import Cancelled, LimitCrossed
from printroom.isolation.sandboxed import Limits, SandboxedSession
from printroom.isolation.walls import bubblewrap
from printroom.runtimes.reading import Reading

SHORT = replace(RULES, seconds=6, tiles=(64,), sides=(64, 128), memory=1 << 30)
SMALL = replace(SHORT, seconds=60)


@pytest.fixture(autouse=True)
def _walls(request):
    if "nowhere" not in request.fixturenames:
        request.getfixturevalue("walled")


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """There is no bubblewrap."""
    bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    yield
    bubblewrap.cache_clear()


def test_a_loop_without_end(refused, make):
    model = make.looping("", [make.node("Identity", ["held"], ["out"])])
    assert refused(model, rules=SHORT)[0] in ("trial.seconds", "trial.cpu")


def test_a_product_that_takes_for_ever(refused, make):
    names = ["big", *(f"m{turn}" for turn in range(40))]
    nodes = [
        make.node("ConstantOfShape", ["side"], ["big"]),
        *(make.node("MatMul", [one, "big"], [two]) for one, two in pairwise(names)),
        make.node("ReduceMean", ["m39"], ["mean"], keepdims=0),
        make.node("Add", ["x", "mean"], ["y"]),
    ]  # fmt: skip
    model = make.built(nodes, make.held(side=np.array([5000, 5000])))
    assert refused(model, rules=SHORT)[0] in ("trial.seconds", "trial.cpu")


def test_a_tensor_of_100_gigabytes(refused, make):
    nodes = [
        make.node("ConstantOfShape", ["side"], ["big"]),
        make.node("ReduceMax", ["big"], ["most"], keepdims=0),
        make.node("Add", ["x", "most"], ["y"]),
    ]
    model = make.built(nodes, make.held(side=np.array([25_000_000_000])))
    assert refused(model, rules=SMALL)[0] == "trial.memory"


def test_memory_that_grows_faster_than_the_picture(refused, make):
    """64 x 64 pixels take 4 MB, 256 x 256 a gigabyte."""
    nodes = [
        make.node("Shape", ["x"], ["shape"], start=2),
        make.node("ReduceProd", ["shape"], ["all"], keepdims=1),
        make.node("Div", ["all", "four"], ["pixels"]),
        make.node("Concat", ["pixels", "pixels"], ["square"], axis=0),
        make.node("ConstantOfShape", ["square"], ["big"]),
        make.node("ReduceMax", ["big"], ["most"], keepdims=0),
        make.node("Add", ["x", "most"], ["y"]),
    ]
    rules = replace(SMALL, sides=(64, 256))
    model = make.built(nodes, make.held(four=np.array([4])))
    assert refused(model, rules=rules)[0] == "trial.memory"


def test_what_compares_every_pixel_with_every_other_is_for_a_person_to_judge(report, make):
    """Attention over all pixels: its memory grows with the square of their number."""
    nodes = [
        make.node("Reshape", ["x", "flat"], ["pixels"]),
        make.node("Transpose", ["pixels"], ["turned"], perm=[0, 2, 1]),
        make.node("MatMul", ["turned", "pixels"], ["alike"]),
        make.node("Softmax", ["alike"], ["weights"], axis=1),
        make.node("MatMul", ["pixels", "weights"], ["mixed"]),
        make.node("Shape", ["x"], ["shape"]),
        make.node("Reshape", ["mixed", "shape"], ["y"]),
    ]
    rules = replace(SMALL, tiles=(32, 48), sides=(32, 48), memory=2 << 30)
    declared = Declared("acme/ink", licence="MIT", reading=Reading())
    model = make.built(nodes, make.held(flat=np.array([0, 3, -1])))
    found = report(model, declared, rules=rules)
    assert found.verdict == "review"
    (memory,) = [one for one in found.findings if one.code == "trial.memory"]
    assert memory.verdict == "review"
    assert memory.evidence["grows_with_power"] > 1.6


def test_results_that_are_no_numbers(refused, make):
    nodes = [make.node("Div", ["x", "x"], ["one"]), make.node("Mul", ["one", "x"], ["y"])]
    code, reason = refused(make.built(nodes), rules=SMALL)
    assert code == "trial.finite"
    assert "black" in reason


def test_what_lies_beyond_black_and_white_is_for_a_person_to_judge(report, make):
    nodes = [make.node("Sqrt", ["x"], ["root"]), make.node("Mul", ["root", "root"], ["y"])]
    found = report(make.built(nodes), rules=SMALL)
    assert found.verdict == "review"
    assert ["below black" in one for one in found.reasons] == [True]
    assert found.card is not None


def test_results_that_are_others_each_time(refused, make):
    nodes = [
        make.node("RandomNormalLike", ["x"], ["noise"], scale=0.01),
        make.node("Add", ["x", "noise"], ["y"]),
    ]
    code, _reason = refused(make.built(nodes), rules=SMALL)
    assert code == "trial.repeats"


def test_without_walls_nothing_is_tried(refused, make, nowhere):
    code, reason = refused(make.plain())
    assert code == "trial.sandbox"
    assert "nothing listed" in reason


def test_it_can_be_taken_back(report, make):
    told = []
    with pytest.raises(Cancelled):
        report(make.plain(), told=told.append, cancelled=lambda: len(told) >= 2)


def test_what_gives_no_cause_for_anything_passes(report, make):
    told, steps = [], []
    found = report(
        make.plain(),
        Declared("acme/ink", licence="MIT", task="denoise", title="Ink"),
        rules=SMALL,
        told=told.append,
        progress=lambda *step: steps.append(step),
    )
    assert found.verdict == "passed"
    assert tuple(told) == found.findings
    assert [done for _stage, done, _of in steps] == list(range(1, ALL + 1))
    assert {of for _stage, _done, of in steps} == {ALL}
    assert found.unchecked == ["content.unsafe", "content.likeness"]
    assert found.card.name == "acme/ink"
    assert found.card.digest == found.digests["model.onnx"]
    assert found.card.geometry.exact
    assert found.card.geometry.halo == 1
    assert {64} == set(found.card.costs)
    assert (found.card.task, found.card.title, found.card.licence) == ("denoise", "Ink", "MIT")


def blur(make, source, result):
    return make.node(
        "AveragePool", [source], [result], kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=0
    )


def guided(make):
    """The guided filter of He et al.: means and variances of windows, no weights at all."""
    return make.built(
        [
            blur(make, "x", "m"), make.node("Mul", ["x", "x"], ["xx"]), blur(make, "xx", "mm"),
            make.node("Mul", ["m", "m"], ["m2"]), make.node("Sub", ["mm", "m2"], ["var"]),
            make.node("Relu", ["var"], ["var0"]), make.node("Add", ["var0", "eps"], ["more"]),
            make.node("Div", ["var0", "more"], ["a"]), make.node("Mul", ["a", "m"], ["am"]),
            make.node("Sub", ["m", "am"], ["b"]), blur(make, "a", "ma"), blur(make, "b", "mb"),
            make.node("Mul", ["ma", "x"], ["ax"]), make.node("Add", ["ax", "mb"], ["y"]),
        ],
        make.held(eps=np.float32(1e-3)),
    )  # fmt: skip


def halves(make):
    """Float16 in and out."""
    kernel = make.held(k=(np.eye(3) * 0.9).reshape(3, 3, 1, 1).astype(np.float16))
    ports = {
        name: [make.picture(port, kind=TensorProto.FLOAT16)]
        for name, port in (("inputs", "x"), ("outputs", "y"))
    }
    return make.built([make.node("Conv", ["x", "k"], ["y"])], kernel, **ports)


def whole_numbers(make):
    """Bytes in, channels last, as TensorFlow's models have it."""
    nodes = [
        make.node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        make.node("Mul", ["f", "part"], ["y"]),
    ]
    inputs = [make.picture("x", ("n", "h", "w", 3), TensorProto.UINT8)]
    outputs = [make.picture("y", ("n", "h", "w", 3))]
    held = make.held(part=np.float32(1 / 255))
    return make.built(nodes, held, inputs=inputs, outputs=outputs)


def drawing(make):
    """A latent and the number of a class become a picture."""
    random = np.random.default_rng(0)
    held = make.held(
        w=random.normal(0, 0.1, (8, 3 * 32 * 32)).astype(np.float32),
        table=random.normal(0, 1, (5, 8)).astype(np.float32),
        shape=np.array([1, 3, 32, 32]),
    )
    nodes = [
        make.node("Gather", ["table", "label"], ["one"]),
        make.node("Add", ["z", "one"], ["both"]),
        make.node("MatMul", ["both", "w"], ["flat"]),
        make.node("Reshape", ["flat", "shape"], ["wide"]),
        make.node("Tanh", ["wide"], ["y"]),
    ]
    inputs = [
        make.picture("z", (1, 8)),
        helper.make_tensor_value_info("label", TensorProto.INT64, [1]),
    ]
    return make.built(nodes, held, inputs=inputs, outputs=[make.picture("y", (1, 3, 32, 32))])


def old(make):
    """Opset 9, as of 2019, that doubles."""
    held = make.held(
        k=np.full((12, 3, 1, 1), 1 / 3, np.float32), scales=np.array([1, 1, 1, 1], np.float32)
    )
    nodes = [
        make.node("Conv", ["x", "k"], ["c"]),
        make.node("DepthToSpace", ["c"], ["y"], blocksize=2),
    ]
    return make.built(nodes, held[:1], opset=9)


def turning(make):
    """A loop of three turns."""
    body = [make.node("Mul", ["held", "less"], ["out"])]
    held = make.held(turns=np.array(3), less=np.float32(0.98))
    return make.looping("turns", body, initializers=held)


@pytest.mark.parametrize("odd", [guided, halves, whole_numbers, drawing, old, turning])
def test_odd_ones_that_harm_nobody_pass(report, make, odd):
    found = report(odd(make), rules=SMALL)
    assert found.reasons == []
    assert found.card is not None


def test_what_behaves_in_the_trial_and_loops_later_is_stopped_when_it_runs(report, make, tmp_path):
    """Why no report is enough: the limits of each run are what holds."""
    before = [
        make.node("ReduceMax", ["x"], ["most"], keepdims=0),
        make.node("Greater", ["most", "mark"], ["much"]),
        make.node("Where", ["much", "ever", "once"], ["turns"]),
    ]
    held = make.held(mark=np.float32(999), ever=np.array(2**62), once=np.array(1))
    body = [make.node("Identity", ["held"], ["out"])]
    found = report(make.looping("turns", body, before=before, initializers=held), rules=SMALL)
    assert found.verdict == "passed"
    (graph,) = [one for one in found.findings if one.code == "graph.made"]
    assert graph.evidence["open_loops"] == 1
    assert "limits hold" in graph.reason
    breaches = []
    session = SandboxedSession(
        tmp_path / "model.onnx",
        found.card.reading,
        name="acme/ink@1",
        limits=Limits(seconds=2.0),
        breached=breaches.append,
    )
    good = np.ones((1, 3, 8, 8), np.float32)
    assert np.array_equal(session.run(good), good)
    with pytest.raises(LimitCrossed):
        session.run(good * 1000)
    assert [one.limit for one in breaches] == ["seconds"]
    assert np.array_equal(session.run(good), good)
    session.close()


SHIPPED = Catalogue((BUNDLED,)).models
PICTURES = [model for model in SHIPPED if model.card.scores and model.card.geometry.fixed is None]


@pytest.mark.parametrize("model", PICTURES, ids=lambda model: model.card.name)
def test_what_we_ship_passes_the_same_check(report, model):
    card = model.card
    others = [replace(one, id=f"somebody/{one.id}") for one in own(SHIPPED) if one.id != card.id]
    declared = Declared(card.name, card.licence, card.task, card.reading, card.title)
    found = report(model.weights, declared, rules=SMALL, known=others)
    assert found.reasons == []
    assert found.card.geometry == card.geometry
    assert found.digests["model.onnx"] == card.digest
    measured = card.task in EXAMPLES  # what a market sorts by, which nobody types
    assert (found.card.gain is not None) == (list(found.card.scores) == [EXAM]) == measured
    assert not measured or card.is_variant or found.card.gain > 0


def test_a_copy_of_ours_is_known_by_its_pictures(report):
    """Nodes renamed, weights rounded to half precision: another file, the same network."""
    model = onnx.load(BUNDLED / "dejpeg" / "2" / "dejpeg.onnx")
    model.producer_name = "mine"
    for tensor in model.graph.initializer:
        halved = numpy_helper.to_array(tensor).astype(np.float16).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(halved, tensor.name))
    found = report(model, rules=SMALL, known=own(SHIPPED))
    assert found.verdict == "review"
    assert ["same pictures as printroom/dejpeg@2" in one for one in found.reasons] == [True]


def test_what_we_ship_for_steps_is_as_plain(make):
    for model in SHIPPED:
        looked = looked_at(model.weights, RULES)
        assert [one.verdict for one in looked.findings] == ["passed"]
        assert counted(model.weights.read_bytes(), looked.model, RULES).verdict == "passed"
