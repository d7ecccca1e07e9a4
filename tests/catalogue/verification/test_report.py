"""Reports are values: written and read, signed and checked, and decided on."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.catalogue.card import ModelCard
from printroom.catalogue.verification import report as report_module
from printroom.catalogue.verification.report import (
    EXCLUDED,
    RULES,
    STAGES,
    Declared,
    Finding,
    Report,
    Rules,
)
from printroom.catalogue.verification.signing import FILE, VARIABLE, ReportKey, check
from printroom.core.errors import BadOption, BadReport, Unwritable
from printroom.imaging.tiling import Geometry
from printroom.isolation.walls import LIMITS
from printroom.runtimes.reading import Pixels, Reading

CARD = ModelCard("acme/ink", 1, "Ink", "model.onnx", "ab" * 32, Geometry(halo=3), 9, "MIT",
                 costs={64: 1000}, reading=Reading(Pixels(range=(0, 255))))  # fmt: skip
NOW = 1_800_000_000.0


def report(*verdicts, **fields):
    findings = tuple(
        Finding("trial", f"trial.{place}", verdict, f"reason {place}", {"n": 1}, 0.5)
        for place, verdict in enumerate(verdicts)
    )
    declared = Declared("acme/ink", "MIT", "denoise", Reading(Pixels(channels="bgr"),
                        Pixels(channels="bgr")), "Ink", parts={"base": "MIT"})  # fmt: skip
    made = Report(
        declared, findings, {"model.onnx": "ab" * 32}, RULES.revision, NOW, NOW + 100, CARD,
        "AAAA", {"system": "Linux"},
    )  # fmt: skip
    return replace(made, **fields)


@given(st.lists(st.sampled_from(["passed", "refused", "review", "unchecked"]), max_size=5))
def test_what_is_written_comes_back_and_the_worst_decides(verdicts):
    made = report(*verdicts)
    assert Report.from_json(made.to_json()) == made
    for verdict in ("refused", "review", "passed"):
        if verdict in verdicts or verdict == "passed":
            assert made.verdict == verdict
            break
    assert bool(made.reasons) == (made.verdict != "passed")
    assert json.loads(made.to_json())["verdict"] == made.verdict


def test_it_says_what_it_cannot_say():
    assert "cannot be excluded" in " ".join(EXCLUDED.split())
    assert report().excluded == EXCLUDED


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", "{" * 5000, '{"verdict": "passed"}', "x" * 2_000_000,
     report("refused").to_json().replace('"verdict": "refused"\n}', '"verdict": "passed"\n}'),
     report("passed").to_json().replace('"stage": "trial"', '"stage": "magic"'),
     report("passed").to_json().replace('"seconds"', '"minutes"')],
)  # fmt: skip
def test_what_is_no_report(text):
    with pytest.raises(BadReport):
        Report.from_json(text)


def test_it_holds_for_a_time_and_by_its_rules():
    good = report("passed", "unchecked")
    assert good.holds(NOW)
    assert good.holds(NOW + 99)
    assert not good.holds(NOW + 100)
    assert not good.holds(NOW - 1)
    assert not good.holds(NOW, Rules(nodes=5))
    assert not report("review").holds(NOW)


def test_a_person_decides_what_machines_leave_open():
    open_one = report("passed", "review", signature="x", signer="y")
    let_in = open_one.decided("ada", passed=True, reason="looked at it", now=NOW)
    assert (let_in.verdict, let_in.signature, let_in.signer) == ("passed", "", "")
    assert let_in.findings[-1].evidence == {"by": "ada", "at": NOW}
    assert let_in.decided("bob", passed=False, reason="no", now=NOW).verdict == "refused"
    assert open_one.decided("bob", passed=False, reason="no", now=NOW).verdict == "refused"
    refused = report("refused").decided("ada", passed=True, reason="please", now=NOW)
    assert refused.verdict == "refused"
    assert STAGES[-1] == "review"


def test_whoever_has_the_public_key_can_check_it(tmp_path):
    key = ReportKey.of(tmp_path)
    signed = key.sign(report("passed"))
    check(signed, {key.public})
    check(Report.from_json(signed.to_json()), {key.public})
    assert ReportKey.of(tmp_path).public == key.public
    assert (tmp_path / FILE).stat().st_mode & 0o77 == 0
    other = ReportKey.of(tmp_path / "other")
    with pytest.raises(BadReport, match="not trusted"):
        check(signed, {other.public})
    with pytest.raises(BadReport, match="nobody"):
        check(report("passed"), {key.public})


@pytest.mark.parametrize(
    "change",
    [
        {"digests": {"model.onnx": "cd" * 32}},
        {"expires_at": NOW + 1e9},
        {"findings": ()},
        {"fingerprint": "BBBB"},
        {"rules": "other"},
        {"excluded": "it is safe"},
        {"card": None},
        {"signature": "AAAA"},
        {"signature": "?"},
    ],
)
def test_nothing_of_it_can_be_changed(tmp_path, change):
    key = ReportKey.of(tmp_path)
    signed = key.sign(report("passed"))
    with pytest.raises(BadReport, match="not as it was signed"):
        check(replace(signed, **change), {key.public})


def test_makers_of_a_key_at_once_agree(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = pool.map(lambda _n: ReportKey.of(tmp_path).public, range(16))
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_key_for_machines_that_share_no_folder(tmp_path):
    text = base64.b64encode(bytes(range(32))).decode()
    one, two = (ReportKey.of(tmp_path / place, {VARIABLE: text}) for place in "ab")
    assert one.public == two.public
    check(one.sign(report("passed")), {two.public})
    assert not list(tmp_path.iterdir())
    with pytest.raises(BadOption, match=VARIABLE):
        ReportKey.of(tmp_path, {VARIABLE: "secret"})


def test_a_key_that_is_none(tmp_path):
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(Unwritable, match="is no key"):
        ReportKey.of(tmp_path)


def test_each_code_is_explained():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "verification.md").read_text()
    folder = Path(report_module.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    codes = set(re.findall(r'"((?:file|graph|trial|content|licence|review)\.[a-z]+)"', source))
    codes |= {f"file.{bound}" for bound in re.findall(r'WireFault\("(\w+)"', source)}
    codes |= {f"trial.{limit}" for limit in LIMITS.values()}
    assert len(codes) > 40
    assert sorted(code for code in codes if f"`{code}`" not in page) == []
