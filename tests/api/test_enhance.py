"""POST /v1/images/enhance: pictures in, pictures out."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Pixels = NDArray[Any]


def doubled(pixels: Pixels) -> Pixels:
    return pixels.repeat(2, 0).repeat(2, 1)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp[lossless]"])
def test_lossless_formats_come_back_exactly(
    server: Any, pixels: Pixels, encode: Any, decode: Any, suffix: str
) -> None:
    answer = server.enhance(encode(pixels, suffix), scale=2, format="png")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-printroom-model"] == "test/double@1"
    assert np.array_equal(decode(answer.content), doubled(pixels))


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "tiff", "avif"])
def test_every_format_goes_out(server: Any, picture: bytes, decode: Any, name: str) -> None:
    answer = server.enhance(picture, format=name)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == f"image/{name}"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert decode(answer.content).shape[:2] == (60, 80)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_the_default_is_the_format_of_the_input(
    server: Any, pixels: Pixels, encode: Any, suffix: str
) -> None:
    media_type = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
    answer = server.enhance(encode(pixels, suffix))
    assert answer.headers["content-type"] == media_type.get(suffix, "image/tiff")


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        ("image/webp", {}, "image/webp"),
        ("image/webp;q=0.5, image/jpeg", {}, "image/jpeg"),
        ("image/webp, image/*", {}, "image/png"),
        ("*/*", {}, "image/png"),
        ("text/html, image/jpeg;q=0.9", {}, "image/jpeg"),
        ("image/webp", {"format": "jpeg"}, "image/jpeg"),
    ],
)
def test_accept_chooses_and_format_wins(
    server: Any, picture: bytes, accept: str, query: dict[str, str], expected: str
) -> None:
    answer = server.client.post(
        "/v1/images/enhance", content=picture, params=query, headers={"accept": accept}
    )
    assert answer.headers["content-type"] == expected


def test_accept_of_nothing_we_write_is_refused(server: Any, picture: bytes) -> None:
    answer = server.client.post(
        "/v1/images/enhance", content=picture, headers={"accept": "text/html"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_format")


def test_content_type_is_not_trusted(server: Any, picture: bytes) -> None:
    answer = server.client.post(
        "/v1/images/enhance", content=picture, headers={"content-type": "text/plain"}
    )
    assert answer.headers["content-type"] == "image/png"


def test_quality_shrinks_a_jpeg(server: Any, picture: bytes) -> None:
    sizes = [
        len(server.enhance(picture, format="jpeg", quality=quality).content) for quality in (10, 90)
    ]
    assert sizes[0] < sizes[1]


def test_the_request_id_comes_back(server: Any, picture: bytes) -> None:
    url = "/v1/images/enhance"
    named = server.client.post(url, content=picture, headers={"x-request-id": "mine-1"})
    assert named.headers["x-request-id"] == "mine-1"
    made = [server.enhance(picture).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    refused = server.client.post(url, content=b"no", headers={"x-request-id": "mine-2"})
    assert refused.headers["x-request-id"] == "mine-2"


def test_bodies_over_the_buffer_pass_through_disk_and_leave_nothing(
    server: Any, pixels: Pixels, encode: Any, decode: Any
) -> None:
    large = np.random.default_rng(1).integers(0, 256, (1000, 1000, 3), np.uint8)
    picture = encode(large, ".tif")
    padded = picture + bytes(9 * 2**20 - len(picture))  # TIFF does not mind what follows
    answer = server.enhance(padded, format="png")
    assert answer.status_code == 200, answer.text
    assert np.array_equal(decode(answer.content), doubled(large))
    server.wait_for("printroom_held_bytes", 0)
    assert server.scratch() == []


def test_chunked_bodies_are_taken(
    server: Any, pixels: Pixels, picture: bytes, decode: Callable[[bytes], Pixels]
) -> None:

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(picture), 700):
            yield picture[at : at + 700]

    answer = server.enhance(pieces())
    assert np.array_equal(decode(answer.content), doubled(pixels))


def test_metrics_count_pictures(server: Any, picture: bytes) -> None:
    name = 'printroom_requests_total{code="",status="200"}'
    server.enhance(picture)
    before = server.metric(name)
    server.enhance(picture)
    assert server.metric(name) == before + 1
    assert server.metric("printroom_request_seconds_count") > before
    assert server.metric("process_resident_memory_bytes") > 0
