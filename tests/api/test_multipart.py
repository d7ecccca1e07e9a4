"""Forms as clients write them, and as nobody should."""

import mmap
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from printroom.api.pipelines.multipart import MOST_PARTS, boundary_of, parts
from printroom.core.errors import BadOption

BOUNDARY = b"x-y_z"
NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n'), max_size=20)
CONTENTS = st.one_of(st.binary(max_size=60), st.sampled_from([b"", b"\r\n", b"--", b"\r\n--x-y_"]))


def form(fields: list[tuple[str, bytes]], end: bytes = b"--\r\n") -> bytes:
    body = b""
    for name, content in fields:
        head = f'content-disposition: form-data; filename="a.png"; name="{name}"'.encode()
        body += b"--" + BOUNDARY + b"\r\n" + head + b"\r\nContent-Type: image/png\r\n\r\n"
        body += content + b"\r\n"
    return body + b"--" + BOUNDARY + end


def read(body: bytes | mmap.mmap, boundary: bytes = BOUNDARY) -> list[tuple[str, bytes]]:
    return [(part.name, bytes(body[part.start : part.end])) for part in parts(body, boundary)]


@given(st.lists(st.tuples(NAMES, CONTENTS), max_size=5))
def test_what_is_written_is_read(fields: list[tuple[str, bytes]]) -> None:
    assert read(form(fields)) == fields


@given(st.lists(st.tuples(NAMES, CONTENTS), min_size=1, max_size=3), st.data())
def test_a_form_that_is_cut_short_is_refused(
    fields: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    whole = form(fields)
    cut = data.draw(st.integers(0, len(whole) - 5))
    with pytest.raises(BadOption):
        read(whole[:cut])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for text in (body, form([("a", body)]).replace(b"form-data", body), b"--" + BOUNDARY + body):
        try:
            read(text)
        except BadOption as error:
            assert str(error)


@given(st.lists(st.tuples(NAMES, CONTENTS), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_from_a_file_as_from_memory(tmp_path: Path, fields: list[tuple[str, bytes]]) -> None:
    (tmp_path / "body").write_bytes(form(fields))
    with (
        (tmp_path / "body").open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body,
    ):
        assert read(body) == fields


def test_what_a_client_writes_is_read() -> None:
    files = [("image", ("ä b.png", b"\x00\r\n--", "image/png")), ("image", b"two")]
    request = httpx.Request("POST", "http://x", files=files, data={"näme": "wört", "n": "2"})
    found = read(request.read(), boundary_of(request.headers["content-type"]))
    assert sorted(found) == sorted(
        [("image", b"\x00\r\n--"), ("image", b"two"), ("näme", "wört".encode()), ("n", b"2")]
    )


@pytest.mark.parametrize(
    ("media_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('multipart/form-data; charset=utf-8; Boundary="a b;c"', b"a b;c"),
    ],
)
def test_boundaries(media_type: str, boundary: bytes) -> None:
    assert boundary_of(media_type) == boundary


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_without_a_boundary_there_is_no_form(media_type: str) -> None:
    with pytest.raises(BadOption, match="boundary"):
        boundary_of(media_type)


def test_parts_are_counted() -> None:
    assert len(read(form([("a", b"")] * (MOST_PARTS - 1)))) == MOST_PARTS - 1
    with pytest.raises(BadOption, match="more than"):
        read(form([("a", b"")] * (MOST_PARTS + 1)))
