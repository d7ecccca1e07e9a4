"""Lines of a sandbox that somebody has taken over."""

import base64
import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.catalogue.card import ModelCard
from printroom.catalogue.verification.lines import CODES, Garbage, Listener, card_of
from printroom.imaging.tiling import Geometry
from printroom.runtimes.reading import Classes, Latent, Pixels, Reading

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below),
    max_leaves=8,
)
CARD = ModelCard(
    "verified/model", 1, "", "model.onnx", "", Geometry(Fraction(2), 12, why="", least=9), 500, "",
    costs={64: 1000}, task="upscale", reading=Reading(Pixels(range=(0, 255))),
    origin={"proof": "as it should be"}, scores={"known picture": 29.5}, gain=-2.5,
)  # fmt: skip
DRAWS = replace(
    CARD,
    geometry=Geometry(exact=False, fixed=(32, 32), why="it draws"),
    reading=Reading(
        latents=(Latent("z", (1, 8)),), classes=Classes("label", ("cat", "dog"), "index")
    ),
)


def values(card=CARD):
    return json.loads(card.to_json())


@pytest.mark.parametrize("card", [CARD, DRAWS])
def test_what_ours_says_of_a_model_comes_through(card):
    assert card_of(values(card)) == card
    listener = Listener(lambda _finding: None)
    listener.line(json.dumps({"card": values(card)}))
    assert listener.trial.card == card


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["begin", "finding", "card", "picture", "fingerprint", "machine", "x"]), JSON
)
def test_any_line_is_taken_or_is_garbage(kind, value):
    listener = Listener(lambda _finding: None)
    try:
        listener.line(json.dumps({kind: value}))
    except Garbage:
        return
    json.dumps([one.evidence for one in listener.trial.findings], allow_nan=False)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_card_with_anything_in_it_is_sound_or_garbage(data):
    raw = values(data.draw(st.sampled_from([CARD, DRAWS])))
    place = raw
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(JSON)
        break
    try:
        card = card_of(raw)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return
    assert ModelCard.from_json(card.to_json()) == card
    assert 0 <= card.geometry.halo <= 2**14
    assert card.name == "verified/model"
    assert set(card.origin) == {"proof"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"card": {}, "begin": []}',
        "[" * 100_000,
        '{"finding": {"stage": "trial", "code": "trial.speed", "verdict": "passed", "reason": "",'
        ' "evidence": {"n": NaN}}}',
        '{"finding": {"stage": "licence", "code": "licence.match", "verdict": "passed",'
        ' "reason": "it is mine"}}',
        '{"finding": {"stage": "trial", "code": "graph.reads", "verdict": "passed", "reason": ""}}',
        *(
            '{"finding": {"stage": "trial", "code": "trial.speed", "verdict": "passed",'
            f' "reason": "", "evidence": {{"seconds_per_megapixel": {value}}}}}}}'
            for value in ('"fast"', "1e999", "-1", "null", "[1]")
        ),
        '{"finding": {"stage": "trial", "code": "trial.speed", "verdict": "passed",'
        ' "reason": "\\ud800"}}',
        '{"finding": {"stage": "trial", "code": "trial.speed", "verdict": "passed",'
        f' "reason": "", "evidence": {{"n": {"[" * 9 + "]" * 9}}}}}}}',
        json.dumps({"machine": {"a": "x" * 300_000}}),
        json.dumps({"picture": {"name": "n", "shape": [3, 9999, 9999], "pixels": ""}}),
        json.dumps({"picture": {"name": "n", "shape": [3, 2, 2], "pixels": "AAAA"}}),
    ],
)
def test_lines_that_ours_never_writes(line):
    with pytest.raises(Garbage):
        Listener(lambda _finding: None).line(line)


def test_nothing_is_said_twice_and_not_too_much_is_shown():
    listener = Listener(lambda _finding: None)
    finding = {"stage": "trial", "code": "trial.speed", "verdict": "passed", "reason": "fast"}
    assert finding["code"] in CODES
    listener.line(json.dumps({"finding": finding}))
    with pytest.raises(Garbage, match="twice"):
        listener.line(json.dumps({"finding": finding}))
    pixels = base64.b64encode(bytes(12)).decode()
    for number in range(8):
        shown = {"name": str(number), "shape": [3, 2, 2], "pixels": pixels}
        listener.line(json.dumps({"picture": shown}))
    with pytest.raises(Garbage, match="too many"):
        listener.line(json.dumps({"picture": shown}))
    assert not listener.trial.whole
