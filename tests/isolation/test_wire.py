"""Messages: any split gives them back, and nothing else is taken for one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.isolation.wire import DEEPEST, HEADER, LONGEST, MAGIC, Garbage, Reader, frame

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip
messages = st.dictionaries(st.text(), json_values)


def read(data, sizes, most=2**20):
    """All messages in `data`, which comes in pieces of these sizes, over and over."""
    reader, found, step = Reader(most), [], 0
    while data:
        view = reader.wanted()
        count = min(len(view), len(data), sizes[step % len(sizes)])
        view[:count], data, step = data[:count], data[count:], step + 1
        if (whole := reader.add(count)) is not None:
            found.append(whole)
    return found


@given(
    st.lists(st.tuples(messages, st.binary(max_size=50)), max_size=5),
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
)
def test_any_split_gives_the_messages_back(sent, sizes):
    data = b"".join(frame(message, len(payload)) + payload for message, payload in sent)
    assert read(data, sizes) == [(message, bytearray(payload)) for message, payload in sent]


@given(st.binary(min_size=HEADER.size).filter(lambda data: not data.startswith(MAGIC)))
def test_what_does_not_begin_as_a_message_is_garbage(data):
    with pytest.raises(Garbage):
        read(data, [HEADER.size])


def framed(body: bytes) -> bytes:
    return HEADER.pack(MAGIC, len(body), 0) + body


@pytest.mark.parametrize(
    "data",
    [
        HEADER.pack(MAGIC, LONGEST + 1, 0),
        HEADER.pack(MAGIC, 2, 2**63) + b"{}",
        framed(b"[]"),
        framed(b"7"),
        framed(b"\xff\xfe"),
        framed(b'{"a": NaN}'),
        framed(b'{"a": Infinity}'),
        framed(b'{"a": 1}{"b": 2}'),
        framed(b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1)),
        framed(b"[" * 1_000_000),
        framed(b'{"a": ' + b"1" * 5000 + b"}"),
    ],
)
def test_garbage_is_noticed(data):
    with pytest.raises(Garbage):
        read(data, [2**20])


def test_a_length_is_judged_before_memory_is_taken_for_it():
    reader = Reader(most=10)
    reader.wanted()[:] = HEADER.pack(MAGIC, 2, 11)
    with pytest.raises(Garbage):
        reader.add(HEADER.size)


@pytest.mark.parametrize("value", [float("nan"), object(), b"bytes", "x" * (LONGEST + 1)])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(BadOption):
        frame({"value": value})


def test_a_frame_is_what_the_page_says():
    data = frame({"do": "run"}, 5)
    assert data[:4] == b"PRM1"
    assert HEADER.unpack(data[:16])[1:] == (len(data) - 16, 5)
    assert json.loads(data[16:]) == {"do": "run"}
