"""Bad input: every refusal has its code, and the server goes on."""

import socket
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

Pixels = NDArray[Any]


@pytest.fixture(autouse=True)
def _goes_on(server: Any, picture: bytes) -> Iterator[None]:
    """After each refusal the next good picture comes back, on the same connection or a new one."""
    yield
    assert server.enhance(picture).status_code == 200
    assert server.process.poll() is None
    assert server.scratch() == []


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check the shape that all refusals share."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == body["error"]["code"] == code
    assert body["detail"] == body["error"]["message"]
    assert "Traceback" not in answer.text
    return body


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more than anybody wants."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )


def test_an_empty_body(server: Any) -> None:
    refused(server.enhance(b""), 422, "empty_picture")


def test_what_is_not_a_picture(server: Any) -> None:
    refused(server.enhance(b"hello, here is no picture at all" * 9), 415, "not_a_picture")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
def test_a_corrupt_tail_gives_no_byte_of_picture(server: Any, encode: Any, suffix: str) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (400, 400, 3), np.uint8)
    picture = encode(noise, suffix)
    refused(server.enhance(picture[: len(picture) * 3 // 4]), 422, "broken_picture")


def test_scratch_files_are_not_named_to_clients(start: Any, encode: Any) -> None:
    picture = encode(np.random.default_rng(2).integers(0, 256, (400, 400, 3), np.uint8))
    with start(held=1) as server:
        body = refused(server.enhance(picture[:-90_000]), 422, "broken_picture")
        assert body["detail"].startswith("the picture is truncated")
        assert server.scratch() == []


def test_a_bomb_is_refused_from_its_header(server: Any) -> None:
    refused(server.enhance(bomb(60_000, 60_000)), 413, "too_many_pixels")


def test_the_limit_of_pixels_is_that_of_http(server: Any, encode: Any) -> None:
    picture = encode(np.zeros((1001, 1000, 3), np.uint8))
    refused(server.enhance(picture), 413, "too_many_pixels")


def test_a_scale_that_no_model_offers(server: Any, picture: bytes) -> None:
    body = refused(server.enhance(picture, scale=7), 422, "scale_not_offered")
    assert body["error"]["param"] == "scale"


def test_a_model_that_is_not_there(server: Any, picture: bytes) -> None:
    body = refused(server.enhance(picture, model="test/none@1"), 404, "not_found")
    assert body["error"]["param"] == "model"


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ({"scale": "two"}, ["scale"]),
        ({"scale": "0"}, ["scale"]),
        ({"quality": "101"}, ["quality"]),
        ({"metadata": "maybe"}, ["metadata"]),
        ({"priority": "now"}, ["priority"]),
        ({"model": "/etc/passwd"}, ["model"]),
        ({"model": "../secret/net.onnx"}, ["model"]),
        ({"sclae": "2", "quality": "x"}, ["sclae", "quality"]),
    ],
)
def test_bad_parameters_are_named(
    server: Any, picture: bytes, query: dict[str, str], params: list[str]
) -> None:
    body = refused(server.enhance(picture, **query), 422, "bad_option")
    assert body["params"] == params
    assert all(name in body["detail"] for name in params)


def test_a_format_that_we_do_not_write(server: Any, picture: bytes) -> None:
    body = refused(server.enhance(picture, format="gif"), 422, "unknown_format")
    assert body["error"]["param"] == "format"


def test_a_body_declared_too_large_is_refused_before_it_is_sent(server: Any, send: Any) -> None:
    client = send(
        server,
        b"POST /v1/images/enhance HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
    )
    answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"body_too_large" in answer
    assert b"connection: close" in answer


def test_a_chunked_body_is_counted(server: Any) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(13):
            yield bytes(2**20)

    refused(server.enhance(endless()), 413, "body_too_large")


@pytest.mark.slow
def test_a_client_that_stops_sending_is_sent_away(server: Any, send: Any, post: Any) -> None:
    answer = read_all(send(server, post(b"abc")[:-1]))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"body_timeout" in answer


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/images/enhance", 405, "method_not_allowed"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/v1/nothing", 404, "not_found"),
    ],
)
def test_wrong_addresses(server: Any, method: str, path: str, status: int, code: str) -> None:
    refused(server.client.request(method, path), status, code)


def test_what_is_not_http(server: Any, send: Any) -> None:
    assert read_all(send(server, b"\x16\x03\x01 hello\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


def test_endless_headers(server: Any, send: Any) -> None:
    answer = read_all(send(server, b"GET / HTTP/1.1\r\nX-Endless: " + b"x" * 100_000))
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_body_of_single_bytes(server: Any, send: Any, post: Any, picture: bytes) -> None:
    head, _, _ = post(picture).partition(b"\r\n\r\n")
    head = head.replace(b"Content-Length: %d" % len(picture), b"Transfer-Encoding: chunked")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in picture)
    client = send(server, head + b"\r\n\r\n" + chunks + b"0\r\n\r\n")
    with client.makefile("rb") as stream:
        assert _status(stream) == 200


def test_an_early_refusal_does_not_poison_the_connection(
    server: Any, send: Any, post: Any, picture: bytes
) -> None:
    client = send(server, post(picture, "scale=none") + post(picture, "format=png") + post(picture))
    with client.makefile("rb") as stream:
        assert [_status(stream) for _ in range(3)] == [422, 200, 200]


def _status(stream: Any) -> int:
    """Read one whole answer."""
    status = int(stream.readline().split()[1])
    length = 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    assert len(stream.read(length)) == length
    return status


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.one_of(
        st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n #\0")),
        st.lists(
            st.tuples(
                st.sampled_from(["scale", "format", "quality", "metadata", "model", "priority"]),
                st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12),
            ),
            max_size=4,
        ).map(lambda pairs: "&".join(f"{name}={text}" for name, text in pairs).encode()),
    )
)
def test_no_query_is_the_servers_fault(server: Any, picture: bytes, raw: bytes) -> None:
    head = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(
            b"POST /v1/images/enhance?" + raw + head + b"%d\r\n\r\n" % len(picture) + picture
        )
        assert read_all(client)[9:10] in (b"2", b"4")
