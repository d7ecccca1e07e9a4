"""`printroom verify`: findings as they are made, the report, and what it says to scripts."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.catalogue.verification.report import Declared, Finding, Report
from printroom.catalogue.verification.signing import check
from printroom.isolation.walls import bubblewrap
from printroom.quality.verified import page

Printroom = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module", autouse=True)
def _walls() -> None:
    if bubblewrap() is None:
        pytest.skip("there is no bubblewrap here")


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A convolution that changes little."""
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    kernel[range(3), range(3), 1, 1] = 0.95
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in "xy"
    ]
    nodes = [helper.make_node("Conv", ["x", "k"], ["y"], pads=[1] * 4)]
    held = [numpy_helper.from_array(kernel, "k")]
    graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], held)
    opset = [helper.make_opsetid("", 17)]
    path = tmp_path / "little.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )
    return path


def test_a_good_model_passes_and_leaves_a_report(
    printroom: Printroom, net: Path, tmp_path: Path
) -> None:
    done = printroom("verify", net, "--licence", "MIT", "--part", "base=MIT", "--out", "said")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["file.whole", "graph.made", "graph.reads"]
    assert "local/little: passed" in lines
    assert "cannot be excluded" in done.stdout
    report = Report.from_json((tmp_path / "said" / "report.json").read_text())
    check(report, {report.signer})
    assert report.declared.parts == {"base": "MIT"}
    html = (tmp_path / "said" / "report.html").read_text()
    assert "cannot be excluded" in html
    assert report.digests["model.onnx"] in html
    assert "not checked" in html


def test_a_bad_one_is_refused_and_one_without_licence_is_for_a_person(
    printroom: Printroom, net: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"\x80\x04\x95")
    done = printroom("verify", "bad.onnx", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["verdict"] == "refused"
    assert printroom("verify", "none.onnx").returncode == 2
    open_one = printroom("verify", net)
    assert open_one.returncode == 3
    assert "no licence is declared" in open_one.stdout


@pytest.mark.parametrize(
    "words", [("--task", "magic"), ("--part", "base"), ("--name", "Not A Name")]
)
def test_wrong_usage_is_told_before_anything_is_done(
    printroom: Printroom, net: Path, words: tuple[str, str]
) -> None:
    done = printroom("verify", net, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert words[1].split("=")[0] in done.stderr


def test_nothing_in_a_report_becomes_code_on_its_page() -> None:
    evil = '<script>alert("x")</script>'
    finding = Finding("file", "file.whole", "passed", evil, {evil: {evil: [evil]}})
    report = Report(
        Declared(evil, evil), (finding,), {evil: evil}, evil, 0, 1, machine={evil: evil}
    )
    html = page(report)
    assert "<script" not in html
    assert "script-src &#x27;none&#x27;" in html
    assert not re.search(r"https?://", html)
