"""What runs in a child: single files, old syntax, standard library only."""

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

import printroom.runtimes
from printroom.isolation.process import CHILD

RUNTIMES = Path(printroom.runtimes.__file__).parent
OURS = sorted(CHILD.parent.glob("*.py"))
ALL = [*OURS, *sorted(RUNTIMES.glob("*_child.py"))]


def imported(path):
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_it_is_of_python_3_8_and_imports_no_printroom(path):
    assert not [name for name in imported(path) if name.startswith((".", "printroom."))]
    assert "printroom" not in imported(path)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_it_needs_the_standard_library_alone(path):
    heads = {name.split(".")[0] for name in imported(path)}
    assert heads - {"numpy"} <= sys.stdlib_module_names


def test_a_step_can_be_tried_by_its_author_without_printroom():
    spec = importlib.util.spec_from_file_location("alone", CHILD.parent / "printroom_step.py")
    alone = importlib.util.module_from_spec(spec)
    sys.modules["alone"] = alone
    spec.loader.exec_module(alone)

    @alone.step
    def double(array: alone.Array) -> alone.Array:
        made = alone.empty(array.shape, array.dtype)
        alone.progress(1, 1)
        made[:] = 2 * array
        return made

    import numpy as np

    assert double(np.arange(3)).tolist() == [0, 2, 4]
    assert alone.registered == [double]
