"""What `nvidia-smi -L` and CUDA_VISIBLE_DEVICES say, read as CUDA reads them."""

import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.isolation.cards import Card, Slice, choose, here, labels, parse, places, visible

H100 = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-8a56a4bc-e184-a047-2620-be19fdf913d5)\n"
MIXED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-4404041a-04cf-1ccf-9e70-f139a9b1e23c)
  MIG 3g.20gb     Device  0: (UUID: MIG-67e4fc62-ad54-5b67-8a3c-1d3d2c4b9f4e)
  MIG 1g.5gb+me   Device  1: (UUID: MIG-0a1b2c3d-1f0e-5f5c-9f1b-2a3b4c5d6e7f)
  MIG 1g.5gb      Device  2: (UUID: MIG-77777777-1f0e-5f5c-9f1b-2a3b4c5d6e7f)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-b8ea3855-276c-c9cb-b366-c6fa655957c5)
"""
OLD = """\
GPU 0: A100-PCIE-40GB (UUID: GPU-e91edf3b-b297-37c1-a2a7-7601c3238fa2)
  MIG 1g.5gb Device 0: (UUID: MIG-GPU-e91edf3b-b297-37c1-a2a7-7601c3238fa2/7/0)
"""
NONE = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n"
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 .+-]{0,20}", fullmatch=True).map(str.strip)
UUIDS = st.uuids().map(str)
SLICES = st.builds(
    Slice, st.sampled_from(["1g.10gb", "1g.10gb+me", "1c.3g.40gb", "7g.80gb"]),
    UUIDS.map(lambda one: f"MIG-{one}"),
)  # fmt: skip


@st.composite
def machines(draw: st.DrawFn) -> list[Card]:
    return [
        Card(number, draw(NAMES), f"GPU-{draw(UUIDS)}", tuple(draw(st.lists(SLICES, max_size=3))))
        for number in range(draw(st.integers(0, 4)))
    ]


def listed(cards: list[Card]) -> str:
    """As the program prints them."""
    lines = []
    for card in cards:
        lines.append(f"GPU {card.index}: {card.name} (UUID: {card.uuid})")
        for number, one in enumerate(card.slices):
            lines.append(f"  MIG {one.profile:<11} Device {number:>2}: (UUID: {one.uuid})")
    return "".join(f"{line}\n" for line in lines)


def test_one_card():
    [card] = parse(H100)
    assert (card.index, card.name) == (0, "NVIDIA H100 80GB HBM3")
    assert card.uuid == "GPU-8a56a4bc-e184-a047-2620-be19fdf913d5"
    assert card.slices == ()


def test_cards_that_are_cut_beside_one_that_is_not():
    first, second = parse(MIXED)
    assert [one.profile for one in first.slices] == ["3g.20gb", "1g.5gb+me", "1g.5gb"]
    assert second.slices == ()
    assert [place.uuid[:8] for place in places((first, second))] == [
        "MIG-67e4", "MIG-0a1b", "MIG-7777", "GPU-b8ea",
    ]  # fmt: skip
    assert labels((first, second)) == {"gpu", "mig-3g.20gb", "mig-1g.5gb", "mig-1g.5gb-me"}


def test_slices_as_older_drivers_name_them():
    [card] = parse(OLD)
    assert card.slices[0].uuid == "MIG-GPU-e91edf3b-b297-37c1-a2a7-7601c3238fa2/7/0"


def test_what_is_no_list_of_cards_is_none():
    assert parse(NONE) == parse("No devices were found\n") == parse("") == ()


@given(machines())
def test_what_is_printed_is_read(cards):
    assert list(parse(listed(cards))) == cards
    assert list(visible(cards, None)) == cards


@given(st.text(max_size=300) | st.text("GPU0123 :(UID)MIG-/\n", max_size=300))
def test_any_text_is_read(text):
    for card in parse(text):
        assert card.uuid.startswith("GPU-")
    visible(parse(MIXED), text)


@given(machines(), st.data())
def test_numbers_and_uuids_choose_the_same_in_their_order(cards, data):
    order = data.draw(st.permutations(cards))
    chosen = visible(cards, ",".join(str(card.index) for card in order))
    assert list(chosen) == order
    assert visible(cards, ", ".join(card.uuid for card in order)) == chosen


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("", []),
        ("-1", []),
        ("1", ["GPU-b8ea"]),
        ("1,7,0", ["GPU-b8ea"]),  # what comes after nonsense does not count
        ("GPU-b8ea", ["GPU-b8ea"]),
        ("MIG-0a1b,1", ["MIG-0a1b", "GPU-b8ea"]),
        ("MIG-7777,MIG-67e4", ["MIG-7777", "MIG-67e4"]),
        ("none", []),
    ],
)
def test_our_own_variable_is_honoured(chosen, found):
    assert [place.uuid[:8] for place in places(visible(parse(MIXED), chosen))] == found


def test_a_choice_of_our_own_does_not_narrow_what_steps_may_have(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    code = (
        "import os; from printroom.isolation.cards import _allowed, choose; choose('MIG-1');"
        "print(_allowed(os.environ), os.environ['CUDA_VISIBLE_DEVICES'])"
    )
    undo = choose("MIG-2")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    undo()
    assert done.stdout.split() == ["0,1", "MIG-1"]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"


@pytest.mark.skipif(shutil.which("nvidia-smi") is None, reason="needs a graphics card")
def test_the_cards_of_this_machine():
    assert here()


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there may be cards here")
def test_without_the_driver_there_are_none():
    assert here() == ()
