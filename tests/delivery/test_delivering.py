"""Artifacts and pictures made of them, asked for as a client asks."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from printroom.core.errors import (
    BadLink,
    BadOption,
    BrokenPicture,
    NotAPicture,
    NotFound,
    ObjectChanged,
    Overloaded,
    PrintroomError,
    TooManyPixels,
)
from printroom.delivery.answering import Answer, Request
from printroom.delivery.keeping import Keep
from printroom.delivery.negotiation import class_of
from printroom.delivery.options import Options
from printroom.delivery.variants import RUNNING, Variants
from printroom.imaging.vips import pyvips


def ask(delivery, address, **headers):
    path, _, query = address.partition("?")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    found = delivery.whole(Request("GET", path, query, names))
    body = b"".join(
        part if isinstance(part, bytes) else part.content.read(part.start, part.size)
        for part in found.parts
    )
    return found.status, {k.decode(): v.decode() for k, v in found.headers}, body


def test_a_public_artifact_is_for_everybody_and_for_ever(delivery, shelf):
    digest = shelf.put(b"picture" * 100, "image/png", public=True)
    status, headers, body = ask(delivery, f"/a/{digest}")
    assert (status, body) == (200, b"picture" * 100)
    assert headers["etag"] == f'"{digest}"'
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "image/png"
    assert "content-disposition" not in headers
    assert delivery.link(digest, "me", 60) == (f"/a/{digest}", None)


def test_a_private_one_is_for_who_has_a_signed_address(delivery, shelf):
    digest = shelf.put(b"secret", "image/png")
    with pytest.raises(NotFound):
        ask(delivery, f"/a/{digest}")
    address, expires = delivery.link(digest, "me", 60)
    status, headers, body = ask(delivery, address)
    assert (status, body) == (200, b"secret")
    assert headers["cache-control"].startswith("private, max-age=")
    assert int(headers["cache-control"].partition("=")[2]) <= expires - time.time() + 1
    with pytest.raises(NotFound):
        delivery.link(digest, "somebody else", 60)
    with pytest.raises(NotFound):
        delivery.link("x", "me", 60)


def test_a_name_to_save_under_is_signed_too(delivery, shelf):
    digest = shelf.put(b"x", "image/png", public=True)
    address, _ = delivery.link(digest, "me", 60, "Käse.png")
    assert "filename*=UTF-8''K%C3%A4se.png" in ask(delivery, address)[1]["content-disposition"]
    with pytest.raises(BadLink):
        ask(delivery, address.replace("d=K", "d=k"))
    for wrong in ("", "a/b", "a\\b", "a\nb", "x" * 201):
        with pytest.raises(BadOption):
            delivery.link(digest, "me", 60, wrong)


def test_a_media_type_cannot_bring_a_header_of_its_own(delivery, shelf):
    digest = shelf.put(b"x", "text/html\r\nSet-Cookie: a=b", public=True)
    assert ask(delivery, f"/a/{digest}")[1]["content-type"] == "application/octet-stream"


def test_a_large_one_is_read_in_parts(delivery, shelf):
    data = np.random.default_rng(0).bytes(3 * 2**20 + 5)
    digest = shelf.put(data, public=True)
    assert ask(delivery, f"/a/{digest}")[2] == data
    assert ask(delivery, f"/a/{digest}", range="bytes=2000000-2000009")[2] == data[2000000:2000010]


def test_bytes_that_are_not_what_they_were_are_not_delivered(delivery, shelf):
    digest = shelf.put(b"right", public=True)
    shelf.store.put(f"artifacts/{digest}", b"wrong")
    with pytest.raises(ObjectChanged, match=digest):
        ask(delivery, f"/a/{digest}")
    shelf.store.put(f"artifacts/{digest}", b"longer than before")
    with pytest.raises(ObjectChanged):
        ask(delivery, f"/a/{digest}")
    shelf.store.put(f"artifacts/{digest}", b"right")
    assert ask(delivery, f"/a/{digest}")[2] == b"right"


def test_the_second_time_nothing_is_looked_up(delivery, shelf):
    digest = shelf.put(b"x" * 1000, public=True)
    request = Request("GET", f"/a/{digest}")
    assert delivery.answer(request, at_once=True) is None
    delivery.whole(request)
    assert isinstance(delivery.answer(request, at_once=True), Answer)
    assert shelf.asked == 1


def sizes(data):
    picture = pyvips.Image.new_from_buffer(data, "")
    return picture.width, picture.height


def test_pictures_are_made_once_in_the_format_that_suits(delivery, shelf, picture):
    digest = shelf.put(picture(), "image/png", public=True)
    address, expires = delivery.link(digest, "me", 60, options="w:100")
    assert expires is None
    browser = "image/avif,image/webp,*/*;q=0.8"
    for accept, media in (
        (browser, "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("*/*", "image/jpeg"),
        ("image/avif;q=0, image/webp;q=0.1", "image/webp"),
        ("image/avif;q=0.000", "image/jpeg"),
    ):
        status, headers, body = ask(delivery, address, accept=accept)
        assert (status, headers["content-type"]) == (200, media)
        assert headers["vary"] == "Accept"
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert sizes(body) == (128, 64)
    tags = {ask(delivery, address, accept=a)[1]["etag"] for a in (browser, "image/webp", "*/*", "")}
    assert len(tags) == 3
    etag = ask(delivery, address, accept=browser)[1]["etag"]
    assert ask(delivery, address, accept=browser, if_none_match=etag)[:1] == (304,)


def test_a_format_in_the_address_is_the_format_for_all(delivery, shelf, picture):
    digest = shelf.put(picture(alpha=True), "image/png", public=True)
    for name in ("jpeg", "png", "webp", "avif"):
        address, _ = delivery.link(digest, "me", 60, options=f"w:64/f:{name}")
        _, headers, body = ask(delivery, address, accept="image/avif")
        assert headers["content-type"] == f"image/{name}"
        assert "vary" not in headers
    address, _ = delivery.link(digest, "me", 60, options="p:thumb")
    _, headers, body = ask(delivery, address)
    assert headers["content-type"] == "image/png"  # it has transparency
    assert sizes(body) == (64, 64)


def test_private_pictures_end_too(delivery, shelf, picture):
    digest = shelf.put(picture(), "image/png")
    address, expires = delivery.link(digest, "me", 60, options="w:64")
    assert f"/e:{expires}/" in address
    assert ask(delivery, address)[1]["cache-control"].startswith("private")
    public = shelf.put(picture(90), "image/png", public=True)
    forever, _ = delivery.link(public, "me", 60, options="w:64")
    shelf.put(picture(90), "image/png", public=False)
    with pytest.raises(NotFound):  # it is public no longer, and the address does not end
        ask(delivery, forever)


def test_other_spellings_are_sent_to_the_one(delivery, shelf, picture):
    digest = shelf.put(picture(), "image/png", public=True)
    address, _ = delivery.link(digest, "me", 60, options="w:100")
    status, headers, _ = ask(delivery, address.replace("w:128", "f:auto/w:97"))
    assert (status, headers["location"]) == (308, address)
    status, headers, _ = ask(delivery, f"/a/{digest}?v=1")
    assert (status, headers["location"]) == (308, f"/a/{digest}")


@pytest.mark.parametrize(
    ("data", "error"), [(b"no picture at all", NotAPicture), (None, BrokenPicture)]
)
def test_what_is_no_picture_makes_none(delivery, shelf, picture, data, error):
    digest = shelf.put(data or picture()[:200], "image/png", public=True)
    address, _ = delivery.link(digest, "me", 60, options="w:64")
    for _ in range(2):
        with pytest.raises(error):
            ask(delivery, address)


def test_pictures_of_too_many_pixels_are_refused(delivery, shelf):
    large = pyvips.Image.black(4000, 3000).copy(interpretation="b-w").write_to_buffer(".png")
    digest = shelf.put(bytes(large), "image/png", public=True)
    with pytest.raises(TooManyPixels):
        ask(delivery, delivery.link(digest, "me", 60, options="w:64")[0])


def test_many_who_want_one_picture_have_it_made_once(delivery, shelf, picture, tmp_path):
    digest = shelf.put(picture(3000, 2000, ".jpg"), "image/jpeg", public=True)
    address, _ = delivery.link(digest, "me", 60, options="w:320")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(delivery, address), range(16)))
    assert len({body for _, _, body in answers}) == 1
    files = [path for path in (tmp_path / "variants").glob("*/*") if path.name != ".lock"]
    assert len(files) == 1


def test_so_many_are_made_and_wait_and_no_more(shelf, picture, tmp_path, delivery):
    digest = shelf.put(picture(3000, 2000, ".jpg"), "image/jpeg", public=True)
    variants = Variants(tmp_path / "few", 2**20, 10**7, delivery._cache, waiting=1)
    artifact, futures = shelf.artifact(digest), []

    def make(width):
        options = Options(width=width)
        return variants.make(variants.name(digest, options, "avif"), artifact, options, "avif")

    futures += map(make, (320, 480, 640))
    with pytest.raises(Overloaded) as refused:
        make(800)
    assert refused.value.retry_after > 0
    assert len(futures) == RUNNING + 1
    assert all(future.result().size for future in futures)
    variants.close()


def test_what_is_kept_is_bounded_and_the_least_used_goes(tmp_path):
    keep = Keep(tmp_path, 1000, count=50)
    for number in range(30):
        keep.make(f"{number:032x}", lambda path: path.write_bytes(bytes(100)))
    files = [path for path in tmp_path.glob("*/*") if path.name != ".lock"]
    assert 1 <= len(files) <= 10
    assert keep.get(f"{29:032x}") is not None
    assert keep.get(f"{0:032x}") is None
    other = Keep(tmp_path, 10**6, count=5)
    for number in range(100, 120):
        other.make(f"{number:032x}", lambda path: path.write_bytes(b"x"))
    assert len([path for path in tmp_path.glob("*/*") if path.name != ".lock"]) <= 5


def test_what_is_open_is_read_to_its_end_though_it_was_removed(tmp_path):
    keep = Keep(tmp_path, 150)
    first = keep.make("a" * 32, lambda path: path.write_bytes(b"a" * 100))
    keep.make("b" * 32, lambda path: path.write_bytes(b"b" * 100))
    keep.make("c" * 32, lambda path: path.write_bytes(b"c" * 100))
    assert keep.get("a" * 32) is None
    assert first.read(0, 100) == b"a" * 100


def test_a_maker_that_fails_leaves_nothing(tmp_path):
    keep = Keep(tmp_path, 100)

    def fail(path):
        raise PrintroomError("no")

    with pytest.raises(PrintroomError):
        keep.make("a" * 32, fail)
    assert keep.get("a" * 32) is None
    assert keep.make("a" * 32, lambda path: path.write_bytes(b"x")).read(0, 1) == b"x"


def test_only_what_is_named_counts():
    assert class_of(Options(), None) == "plain"
    assert class_of(Options(), "image/*") == "plain"
    assert class_of(Options(format="webp"), "image/avif") == "webp"


def test_metadata_stays_behind(delivery, shelf):
    source = pyvips.Image.black(64, 64).copy(interpretation="srgb").bandjoin([0, 0]).copy()
    source.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "somebody")
    digest = shelf.put(bytes(source.write_to_buffer(".jpg")), "image/jpeg", public=True)
    assert b"somebody" in ask(delivery, f"/a/{digest}")[2]
    body = ask(delivery, delivery.link(digest, "me", 60, options="f:jpeg")[0])[2]
    assert b"somebody" not in body
    assert sizes(io.BytesIO(body).getvalue()) == (64, 64)


def test_a_large_picture_is_laid_out_once_and_cut_from_that(
    delivery, shelf, picture, tmp_path, monkeypatch
):
    monkeypatch.setattr("printroom.delivery.variants.LARGE", 100_000)
    data = picture(600, 500)
    digest = shelf.put(data, "image/png", public=True)
    tiles = tmp_path / "variants" / "tiles"
    whole = pyvips.Image.new_from_buffer(data, "").numpy().astype(int)

    def cut(options):
        address, _ = delivery.link(digest, "me", 60, options=options)
        status, _, body = ask(delivery, address)
        assert status == 200
        return pyvips.Image.new_from_buffer(body, "").numpy().astype(int)

    assert np.array_equal(cut("c:400,300,150,150/f:png"), whole[300:450, 400:550])
    assert not tiles.exists(), "what is exact is made of the original"
    found = cut("c:400,300,150,150/f:webp/q:100")
    assert np.abs(found - whole[300:450, 400:550]).mean() < 3
    (made,) = [path for path in tiles.rglob("*") if path.is_file() and path.name != ".lock"]
    shelf.store.delete(f"artifacts/{digest}")  # nothing but the tiles is needed from here on
    assert cut("w:96/f:jpeg").shape == (80, 96, 3)
    assert cut("c:0,0,600,100/w:320/f:webp").shape == (53, 320, 3)
    assert made.exists()
