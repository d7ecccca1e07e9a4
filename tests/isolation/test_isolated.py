"""Steps in real processes of real Pythons, over shared memory and over the socket."""

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from printroom.core.errors import BadOption, BadStep, StepFailed, StepLost
from printroom.isolation.arena import SUPPORTED
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.house import Isolation
from printroom.pipelines import kinds

both = pytest.mark.parametrize("isolation", ["shared", "socket"], indirect=True)
"""Either way of handing arrays over."""

SOFTEN = """
    from typing import List, NamedTuple, Optional
    from printroom_step import Choice, Number, Picture, progress, step

    class Softened(NamedTuple):
        image: Picture
        mean: float

    @step
    def soften(
        image: Picture,
        strength: Number(0, 1) = 0.5,
        mode: Choice("plain", "double") = "plain",
        words: Optional[List[str]] = None,
    ) -> Softened:
        '''Makes a picture darker.'''
        progress(1, 2)
        times = 2 if mode == "double" else 1
        return Softened(image * image.dtype.type(strength * times), float(image.mean()))
"""
ECHO = """
    from printroom_step import Array, List, step

    @step
    def echo(array: Array, more: List(Array) = ()) -> List(Array):
        return [array, *more]
"""
PLAIN = """
    from printroom_step import Array, empty, step

    @step
    def doubled(array: Array("uint8")) -> Array("uint8"):
        made = bytearray(2 * x for x in array.cast("B"))
        return memoryview(made).cast("B", array.shape)
"""


@pytest.fixture
def picture():
    return np.random.default_rng(0).random((40, 30, 3), np.float32)


def test_a_step_says_what_it_takes_and_gives(opened):
    step = opened(SOFTEN, requirements=["numpy"])
    assert step.description == "Makes a picture darker."
    assert step.inputs["strength"].kind == kinds.Number(0, 1)
    assert step.inputs["strength"].default == 0.5
    assert step.inputs["mode"].kind == kinds.Choice(("plain", "double"))
    assert step.inputs["words"].kind == kinds.ListOf(kinds.Text())
    assert step.inputs["image"].required
    assert list(step.outputs) == ["image", "mean"]
    assert step.pids == []


@both
def test_it_runs(opened, picture):
    step, told = opened(SOFTEN, requirements=["numpy"]), []
    outputs = step.run(
        {"image": picture, "strength": 0.25, "mode": "double"},
        progress=lambda *part: told.append(part),
    )
    assert np.array_equal(outputs["image"], picture * np.float32(0.5))
    assert outputs["mean"] == pytest.approx(picture.mean(), rel=1e-5)
    assert told == [(1, 2)]
    assert step.resident_bytes > 2**20


@both
@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_other_pythons_run_it_too(opened, others, picture, place):
    if place >= len(others):
        pytest.skip(f"there is no such Python beside {others}")
    step = opened(SOFTEN, python=others[place], requirements=["numpy"])
    assert np.array_equal(step.run({"image": picture})["image"], picture * np.float32(0.5))


@both
@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_without_numpy_arrays_are_memoryviews(opened, others, version):
    if version not in others:
        pytest.skip(f"there is no Python {version} here")
    step = opened(PLAIN, python=version)
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(step.run({"array": array})["result"], 2 * array)


@both
def test_arrays_of_every_type_and_order_come_back(opened):
    step = opened(ECHO, requirements=["numpy"])
    sent = [
        np.arange(24).reshape(2, 3, 4).astype(dtype).transpose(2, 0, 1)
        for dtype in ("bool", "uint8", "int16", "float16", "float32", "float64", "uint64")
    ]
    sent += [np.zeros((0, 3)), np.array(7.5, np.float32)]
    back = step.run({"array": sent[0], "more": sent[1:]})["result"]
    assert [one.dtype for one in back] == [one.dtype for one in sent]
    assert all(np.array_equal(one, other) for one, other in zip(back, sent, strict=True))


@both
def test_a_result_stays_as_it_is_while_others_are_made(opened):
    step = opened(ECHO, requirements=["numpy"])
    results = [step.run({"array": np.full(1000, number)})["result"][0] for number in range(20)]
    assert [one[500] for one in results] == list(range(20))


def test_memory_is_used_again_when_results_are_gone(opened):
    step = opened(ECHO, requirements=["numpy"])
    arena = step._launcher.arena
    if not SUPPORTED:
        pytest.skip("there is no shared memory here")
    for _ in range(20):
        step.run({"array": np.zeros(300_000)})
    gc.collect()
    assert arena.held == 0
    assert len(arena.numbers) <= 3


def test_an_array_of_ours_is_read_in_place_and_stays_ours(opened):
    step = opened(
        """
        from printroom_step import Array, step

        @step
        def look(array: Array) -> bool:
            return array.flags.writeable
        """,
        requirements=["numpy"],
    )
    if not SUPPORTED:
        pytest.skip("there is no shared memory here")
    array = step.empty((100, 100), np.uint8)
    array[:] = 3
    assert step.run({"array": array})["result"] is False
    assert step.run({"array": array.copy()})["result"] is True


@both
def test_what_a_step_makes_in_lent_memory_is_not_copied(opened):
    step = opened(
        """
        from printroom_step import Array, empty, step

        @step
        def make(array: Array) -> Array:
            made = empty(array.shape, array.dtype)
            made[:] = array
            made += 1
            return made[1:]
        """,
        requirements=["numpy"],
    )
    array = np.arange(20.0).reshape(4, 5)
    assert np.array_equal(step.run({"array": array})["result"], array[1:] + 1)


@both
def test_a_step_may_work_in_place(opened):
    step = opened(
        """
        from printroom_step import Array, step

        @step
        def negate(array: Array) -> Array:
            array *= -1
            return array
        """,
        requirements=["numpy"],
    )
    array = np.arange(5.0)
    assert np.array_equal(step.run({"array": array})["result"], -array)
    assert array[4] == 4


def test_a_class_is_made_once_with_its_options(opened):
    step = opened(
        """
        from printroom_step import step

        @step
        class Count:
            "Counts."
            def __init__(self, start):
                self.count = start

            def run(self, by: int = 1) -> int:
                self.count += by
                return self.count
        """,
        options={"start": 40},
    )
    assert [step.run({})["result"], step.run({"by": 2})["result"]] == [41, 43]


def test_what_lies_beside_the_step_can_be_imported_and_read(opened, isolation, source):
    written = source("from printroom_step import step\nfrom beside import run\nstep(run)")
    (written.folder / "beside.py").write_text(
        "def run() -> str:\n    return open('data.txt').read()\n"
    )
    (written.folder / "data.txt").write_text("here")
    with isolation.open(written) as step:
        assert step.run({})["result"] == "here"


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "needs a value for image"),
        ({"image": np.zeros((4, 4, 3), np.float32), "size": 1}, "no port size"),
        ({"image": np.zeros((4, 4, 3), np.float32), "strength": 2}, "is above 1"),
        ({"image": np.zeros((4, 4), np.float32)}, "not a picture of the shape"),
        ({"image": np.zeros((4, 4, 3))}, "pixels of float64, not float32"),
        ({"image": np.zeros((4, 4, 3), np.float32), "words": 3}, "not a list"),
    ],
)
def test_wrong_inputs_are_refused_before_they_are_sent(opened, inputs, reason):
    step = opened(SOFTEN, requirements=["numpy"])
    with pytest.raises(BadOption, match=reason):
        step.run(inputs)
    assert step.pids == []


def test_the_error_of_a_step_names_it_and_its_reason_and_costs_no_process(opened, caplog):
    step = opened(
        """
        from printroom_step import step

        @step
        def divide(by: int) -> float:
            return 1 / by
        """
    )
    with pytest.raises(StepFailed, match=r"step tried failed: ZeroDivisionError: division by zero"):
        step.run({"by": 0})
    assert "return 1 / by" in caplog.text
    pids = step.pids
    assert step.run({"by": 2})["result"] == 0.5
    assert step.pids == pids


def test_inputs_that_a_step_cannot_take_are_the_askers_fault(opened):
    step = opened(
        """
        from printroom_step import Refused, step

        @step
        def divide(by: int) -> float:
            if not by:
                raise Refused("nothing is divided by 0")
            return 1 / by
        """
    )
    with pytest.raises(BadOption, match="step tried: nothing is divided by 0"):
        step.run({"by": 0})
    pids = step.pids
    assert step.run({"by": 2})["result"] == 0.5
    assert step.pids == pids


@pytest.mark.parametrize("result", ["object()", "float('nan')", "[1, {2}]", "'a' * 5_000_000"])
def test_a_result_that_cannot_be_told_is_the_steps_error(opened, result):
    step = opened(
        f"""
        from printroom_step import step

        @step
        def make() -> str:
            return {result}
        """
    )
    with pytest.raises((StepFailed, StepLost), match="step tried"):
        step.run({})


def test_a_result_of_another_kind_is_the_steps_error(opened):
    step = opened(
        """
        from printroom_step import Number, step

        @step
        def make() -> Number(0, 1):
            return 2
        """
    )
    with pytest.raises(StepFailed, match="result what is above 1"):
        step.run({})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import nothing_of_the_kind", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("", "0 steps are marked"),
        ("@step\ndef a(x) -> int: ...", "argument x has no annotation"),
        ("@step\ndef a(x: int): ...", "the result has no annotation"),
        ("@step\ndef a(x: dict) -> int: ...", "is no kind of port"),
        ("@step\ndef a(x: 'nowhere') -> int: ...", "means nothing here"),
        ("@step\ndef a(*x: int) -> int: ...", "open-ended"),
        ("@step\nclass A: ...", "has no method run"),
        ("@step\ndef a() -> int: ...\n@step\ndef b() -> int: ...", "2 steps are marked"),
    ],
)
def test_a_step_that_cannot_be_loaded_says_why(isolation, source, code, reason):
    with pytest.raises(StepFailed, match=reason):
        isolation.open(source("from printroom_step import step\n" + code))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def a(x: int = 'no') -> int: ...", "default"),
        ("def a(x: Choice()) -> int: ...", "choice"),
        ("def a(when: int) -> int: ...", "when"),
    ],
)
def test_a_declaration_that_does_not_hold_is_refused(isolation, source, code, reason):
    with pytest.raises(BadStep, match=reason):
        isolation.open(source(f"from printroom_step import Choice, step\n@step\n{code}"))


def test_a_step_is_described_once(isolation, source, tmp_path):
    seen = tmp_path / "seen"
    code = f"""
        from printroom_step import step

        open({str(seen)!r}, "a").write("x")

        @step
        def nothing() -> int:
            return 0
    """
    written = source(code)
    for _ in range(3):
        isolation.open(written).close()
    assert seen.read_text() == "x"
    written.file.write_text(written.file.read_text() + "\n")
    isolation.open(written).close()
    assert seen.read_text() == "xx"


def test_a_step_changed_under_way_is_noticed(opened):
    step = opened(
        """
        from printroom_step import step

        @step
        def one(a: int = 1) -> int:
            return a
        """
    )
    file = step._launcher.source.file
    file.write_text(file.read_text().replace("a: int = 1", "a: int = 2"))
    with pytest.raises(BadStep, match="was changed"):
        step.run({})


def test_the_example_is_tried_before_work_is_taken(opened):
    code = """
        from printroom_step import step

        @step
        def divide(by: int) -> float:
            print("divides by", by)
            return 1 / by
    """
    with pytest.raises(StepFailed, match="division by zero"):
        opened(code, example={"by": 0}).run({"by": 1})
    good = opened(code, example={"by": 3})
    good.preflight()
    assert len(good.pids) == 1
    with pytest.raises(BadStep, match="has not"):
        opened(code, example={"by": 1, "of": 3})
    with pytest.raises(BadStep, match="says nothing of by"):
        opened(code.replace("by: int", "by: int, of: int = 1"), example={"of": 3})


def test_an_example_has_its_picture_beside_it(opened, isolation, source):
    code = """
        from printroom_step import Picture8, step

        @step
        def look(image: Picture8) -> int:
            print("sees", image.shape, image.dtype)
            return int(image.max())
    """
    import cv2

    written = source(code, requirements=["numpy"], example={"image": "grey.png"})
    with pytest.raises(BadStep, match=r"grey\.png"):
        isolation.open(written)
    cv2.imwrite(str(written.folder / "grey.png"), np.full((5, 4), 200, np.uint8))
    with isolation.open(written) as step:
        step.preflight()
    with pytest.raises(BadStep, match="no file in the step"):
        opened(code, requirements=["numpy"], example={"image": "../grey.png"})


def test_paths_may_be_relative(source, tmp_path, monkeypatch):
    written = source("from printroom_step import step\n@step\ndef one() -> int:\n    return 1\n")
    monkeypatch.chdir(tmp_path)
    (folder,) = Path().iterdir()
    relative = replace(written, file=folder / "step.py", folder=folder)
    with Isolation(Path("data")).open(relative) as step:
        assert step.run({})["result"] == 1


def test_a_folder_is_read_from_its_manifest(isolation, tmp_path, source):
    written = source("from printroom_step import step\n@step\ndef two() -> int:\n    return 2\n")
    (written.folder / "step.toml").write_text(
        f"""
        name = "two"
        entry = "step.py"
        python = "{written.environment.python}"
        [resources]
        cpu = 2
        memory = "1GiB"
        [limits]
        processes = 2
        timeout = 9
        retries = 3
        """
    )
    read = StepSource.of(written.folder)
    assert read.environment == EnvironmentSpec(written.environment.python)
    policy = read.policy
    assert (policy.cpu, policy.memory, policy.children) == (2, 2**30, 2)
    assert (policy.timeout, policy.retries) == (9, 3)
    with isolation.open(read) as step:
        assert (step.name, step.run({})["result"]) == ("two", 2)
