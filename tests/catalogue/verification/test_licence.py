"""Licences, what they ask of what is made from them, and whose the model is."""

import base64

import numpy as np
import pytest

from printroom.catalogue.verification.content import Seen, looked
from printroom.catalogue.verification.licence import Known, judged
from printroom.catalogue.verification.probes import apart
from printroom.catalogue.verification.report import RULES, Declared
from printroom.catalogue.verification.terms import LicenceFault, read
from printroom.core.errors import BadModel

RESULT = np.random.default_rng(0).normal(0, 0.1, 768)


def print_of(values):
    return base64.b64encode(np.asarray(values, "<f2").tobytes()).decode()


def findings(licence="MIT", *, parts=(), known=(), digest="ab", mark=None):
    declared = Declared("acme/ink", licence, parts=dict(parts))
    found = judged(declared, digest, mark or print_of(RESULT), known, RULES)
    return {one.code: (one.verdict, one.reason) for one in found}


@pytest.mark.parametrize(
    ("text", "spdx", "verdict"),
    [
        ("MIT", "MIT", "passed"),
        ("mit or Apache-2.0", "MIT OR Apache-2.0", "passed"),
        ("GPL-2.0-or-later WITH Classpath-exception-2.0", "GPL-2.0-or-later WITH "
         "Classpath-exception-2.0", "review"),
        ("CreativeML-OpenRAIL-M", "CreativeML-OpenRAIL-M", "passed"),
        ("OpenRAIL++-M", "OpenRAIL++-M", "passed"),
    ],
)  # fmt: skip
def test_what_spdx_knows_and_openrail(text, spdx, verdict):
    assert read(text)[0] == spdx
    assert findings(text)["licence.expression"][0] == verdict


@pytest.mark.parametrize(
    "text", ["MIT AND", "Foo-1.0", "(" * 150 + "MIT", "x" * 500, "MIT; rm -rf"]
)
def test_what_is_no_expression(text):
    with pytest.raises(LicenceFault):
        read(text)
    assert findings(text)["licence.expression"][0] == "refused"


def test_what_a_person_must_read():
    assert findings("")["licence.expression"][0] == "review"
    assert findings("unknown")["licence.expression"][0] == "review"
    assert findings("LicenseRef-mine")["licence.expression"][0] == "review"
    verdict, reason = findings("CreativeML-OpenRAIL-M")["licence.expression"]
    assert verdict == "passed"
    assert "restricted" in reason


@pytest.mark.parametrize(
    ("licence", "part", "verdict"),
    [
        ("MIT", "Apache-2.0", "passed"),
        ("MIT", "CreativeML-OpenRAIL-M", "refused"),
        ("CreativeML-OpenRAIL-M", "OpenRAIL-M", "passed"),
        ("MIT", "CC-BY-NC-4.0", "refused"),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", "passed"),
        ("CC-BY-4.0", "CC-BY-ND-4.0", "refused"),
        ("MIT", "CC-BY-SA-4.0", "review"),
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", "passed"),
        ("MIT", "LicenseRef-theirs", "review"),
        ("MIT", "no such thing", "review"),
    ],
)
def test_what_a_part_asks_of_the_whole(licence, part, verdict):
    assert findings(licence, parts={"base": part})["licence.parts"][0] == verdict


def test_what_another_has_already():
    theirs = Known("other/net@1", frozenset({"ab"}))
    mine = Known("acme/old@1", frozenset({"ab"}), print_of(RESULT))
    near = Known("other/net@2", frozenset({"cd"}), print_of(RESULT * 1.001))
    far = Known("other/net@3", frozenset({"ef"}), print_of(RESULT[::-1]))
    assert findings(known=[mine, far])["licence.match"][0] == "passed"
    verdict, reason = findings(known=[far, theirs])["licence.match"]
    assert verdict == "review"
    assert "same file as other/net@1" in reason
    verdict, reason = findings(known=[far, near])["licence.match"]
    assert verdict == "review"
    assert "other/net@2" in reason


def test_fingerprints():
    one = print_of(RESULT)
    assert apart(one, one) == 0
    assert apart(one, print_of(-RESULT)) == 1
    assert 0 < apart(one, print_of(RESULT * 1.01)) < 0.02
    for odd in ("", "?", "AAA", print_of(RESULT[:5]), print_of([np.nan] * 768)):
        assert apart(one, odd) == 1
        assert apart(odd, one) == 1


class Eye:
    """Flags what is bright."""

    def __init__(self, subject="unsafe", fails=False):
        self.name, self.subject, self._fails = "eye 1.0", subject, fails

    def look(self, planes):
        if self._fails:
            raise BadModel("the eye is shut")
        return Seen(bool(planes.mean() > 0.5), f"brightness {planes.mean():.2f}")


def test_nobody_looks_by_default_and_that_is_said():
    pictures = {"one": np.zeros((1, 3, 4, 4), np.float32)}
    for found in looked(pictures, []):
        assert found.verdict == "unchecked"
        assert "not checked" in found.reason


def test_a_screen_asks_for_a_person_and_never_says_clean():
    dark, bright = np.zeros((1, 3, 4, 4), np.float32), np.ones((1, 3, 4, 4), np.float32)
    unsafe, likeness = looked({"dark": dark}, [Eye()])
    assert (unsafe.verdict, likeness.verdict) == ("passed", "unchecked")
    assert "clean" not in unsafe.reason
    unsafe, _likeness = looked({"dark": dark, "bright": bright}, [Eye()])
    assert unsafe.verdict == "review"
    assert unsafe.evidence["eye 1.0: bright"] == "brightness 1.00"
    _unsafe, likeness = looked({"bright": bright}, [Eye("likeness")])
    assert likeness.verdict == "review"
    unsafe, _likeness = looked({"dark": dark}, [Eye(fails=True)])
    assert unsafe.verdict == "unchecked"
    assert "the eye is shut" in unsafe.reason
