"""Results over HTTP: from a real server, beside nginx, and behind it."""

import email
import hashlib
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email import policy

import numpy as np
import pytest

from printroom.imaging.vips import pyvips


def test_a_private_file_is_given_out_by_a_signed_address_alone(house):
    digest = house.put(b"private text", "notes.txt", media_type="text/plain")
    assert house.client.get(f"/a/{digest}").status_code == 404
    link = house.link(digest, seconds=60)
    assert link["expires_at"] > time.time()
    answer = house.client.get(link["url"])
    assert (answer.status_code, answer.content) == (200, b"private text")
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    saved = house.client.get(house.link(digest, name="mine.txt")["url"])
    assert saved.headers["content-disposition"] == 'attachment; filename="mine.txt"'
    changed = link["url"][:-1] + ("A" if link["url"][-1] != "A" else "B")
    refused = house.client.get(changed)
    assert (refused.status_code, refused.json()["code"]) == (403, "bad_link")
    assert refused.headers["cache-control"] == "no-store"


def test_an_address_ends(house):
    digest = house.put(b"for a moment")
    link = house.link(digest, seconds=1)
    assert house.client.get(link["url"]).status_code == 200
    time.sleep(max(0, link["expires_at"] - time.time()) + 0.1)
    refused = house.client.get(link["url"])
    assert (refused.status_code, refused.json()["code"]) == (403, "link_expired")


def test_pages_of_all_sites_are_answered_alike(house):
    digest = house.put(b"for all", public=True)
    answer = house.client.get(f"/a/{digest}", headers={"Origin": "https://any.example"})
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert "vary" not in answer.headers


def test_what_is_made_public_is_everybodys_until_it_is_taken_back(house, photo):
    digest = house.put(photo, "photo.jpg", public=True)
    answer = house.client.get(f"/a/{digest}")
    assert answer.content == photo
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{digest}"'
    assert house.link(digest) == {"url": f"/a/{digest}", "expires_at": None}
    assert house.client.delete(f"/v1/artifacts/{digest}/public").status_code == 204
    assert house.client.get(f"/a/{digest}").status_code == 404


def test_what_is_not_there(house):
    nothing = "0" * 64
    for path in (f"/a/{nothing}", "/a/x", "/a/", f"/a/{nothing}/x", "/i/", f"/i/x/{nothing[1:]}"):
        answer = house.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert house.client.put(f"/v1/artifacts/{nothing}/public").status_code == 404
    assert house.client.post(f"/v1/artifacts/{nothing}/links", json={}).status_code == 404
    unsigned = house.client.get(f"/i/x.y/w:64/{nothing}")
    assert (unsigned.status_code, unsigned.json()["code"]) == (403, "bad_link")
    answer = house.client.post(f"/a/{nothing}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_deleted_file_is_gone_within_the_time_said(house):
    asset = house.workshop.assets.get("local", _id(house, house.put(b"to go", public=True)))
    assert house.client.get(f"/a/{asset.digest}").status_code == 200
    house.workshop.assets.delete("local", asset.id)
    deadline = time.monotonic() + 60
    while house.client.get(f"/a/{asset.digest}").status_code != 404:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _id(house, digest):
    return house.workshop.assets.by_digest(digest, "local").id


HEADERS = [
    {"Range": value}
    for value in (
        "bytes=0-0",
        "bytes=0-99",
        "bytes=100-",
        "bytes=-100",
        "bytes=-999999999",
        "bytes=999999999-",
        "bytes=0-999999999",
        "bytes=5-4",
        "bytes=0-1,5-6",
        "bytes= 0-1 , 5-6",
        "items=0-1",
        "bytes",
    )
]


@pytest.fixture(scope="session")
def beside(nginx):
    """nginx that serves a folder: a second opinion."""
    client, folder = nginx("server { listen 127.0.0.1:{port}; root {folder}/www; max_ranges 16; }")
    (folder / "www").mkdir()
    return client, folder / "www"


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: headers["Range"])
@pytest.mark.parametrize("size", [5000, 3 * 2**20])
def test_ranges_are_those_of_nginx(house, beside, headers, size):
    client, folder = beside
    data = np.random.default_rng(size).bytes(size)
    digest = house.put(data, public=True)
    (folder / digest).write_bytes(data)
    ours = house.client.get(f"/a/{digest}", headers=headers)
    theirs = client.get(f"/{digest}", headers=headers)
    if headers["Range"] in ("bytes=5-4", "items=0-1", "bytes"):
        assert (ours.status_code, ours.content) == (200, data)  # nginx says 416: both are allowed
        return
    assert ours.status_code == theirs.status_code
    assert ours.headers.get("content-range") == theirs.headers.get("content-range")
    assert _parts(ours) == _parts(theirs)


def _parts(answer):
    """What ranges an answer has; its body if it is one."""
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("multipart/byteranges"):
        return None if answer.status_code == 416 else answer.content
    message = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + answer.content, policy=policy.HTTP
    )
    return [(part["content-range"], part.get_payload(decode=True)) for part in message.iter_parts()]


def test_head_and_conditions(house):
    digest = house.put(b"x" * 1000, public=True)
    head = house.client.head(f"/a/{digest}", headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == "1000"
    etag = head.headers["etag"]
    same = house.client.get(f"/a/{digest}", headers={"If-None-Match": f'"x", {etag}'})
    assert (same.status_code, same.content) == (304, b"")
    failed = house.client.get(f"/a/{digest}", headers={"If-Match": '"x"'})
    assert failed.status_code == 412
    both = {"Range": "bytes=0-1", "If-Range": etag}
    assert house.client.get(f"/a/{digest}", headers=both).status_code == 206


def test_another_spelling_is_sent_to_the_one(house):
    digest = house.put(b"y" * 1000, public=True)
    answer = house.client.get(f"/a/{digest}?utm_source=x")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/a/{digest}")


def test_an_object_that_vanishes_in_mid_answer_cuts_it_short(house):
    digest = house.put(os.urandom(64 * 2**20), public=True)
    with socket.create_connection(("127.0.0.1", house.server.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        client.sendall(f"GET /a/{digest} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = client.recv(4096)
        assert b" 200 " in head.split(b"\r\n")[0]
        store = house.workshop.assets.blobs.store
        store.delete(house.workshop.assets.by_digest(digest).place)
        got = len(head)
        while part := client.recv(2**20):
            got += len(part)
        assert got < 64 * 2**20


def test_a_client_that_takes_nothing_is_cut_off(house):
    digest = house.put(os.urandom(64 * 2**20), public=True)
    with socket.create_connection(("127.0.0.1", house.server.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        client.sendall(f"GET /a/{digest} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        house.server.wait_for("printroom_requests_open", 1)
        house.server.wait_for("printroom_requests_open", 0)


def test_pictures_made_on_the_fly(house, photo):
    digest = house.put(photo, public=True)
    url = house.link(digest, options="w:300/q:80")["url"]
    answer = house.client.get(url, headers={"Accept": "image/webp,*/*"})
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["vary"] == "Accept"
    assert pyvips.Image.new_from_buffer(answer.content, "").width == 320
    wrong = house.client.post(f"/v1/artifacts/{digest}/links", json={"options": "w:x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_option")
    text = house.put(b"no picture", public=True)
    refused = house.client.get(house.link(text, options="w:300")["url"])
    assert (refused.status_code, refused.json()["code"]) == (415, "not_a_picture")
    assert refused.headers["cache-control"] == "no-store"


def test_behind_nginx_the_second_request_does_not_reach_us(house, cdn, photo):
    digest = house.put(photo + b"1", public=True)
    answers = [cdn.get(f"/a/{digest}") for _ in range(3)]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert {answer.content for answer in answers} == {photo + b"1"}
    assert answers[2].headers["etag"] == f'"{digest}"'
    part = cdn.get(f"/a/{digest}", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content, part.headers["x-cache"]) == (206, photo[10:20], "HIT")
    same = cdn.get(f"/a/{digest}", headers={"If-None-Match": f'"{digest}"'})
    assert (same.status_code, same.headers["x-cache"]) == (304, "HIT")
    assert cdn.head(f"/a/{digest}").headers["content-length"] == str(len(photo) + 1)


def test_behind_nginx_each_kind_of_browser_has_its_picture(house, cdn, photo):
    digest = house.put(photo + b"2", public=True)
    url = house.link(digest, options="w:160")["url"]
    seen = {}
    for accept, media in (
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "image/avif"),
        ("text/html,image/avif;q=0.9", "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("image/png,image/webp", "image/webp"),
        ("*/*", "image/jpeg"),
        ("image/jpeg", "image/jpeg"),
    ):
        answer = cdn.get(url, headers={"Accept": accept})
        assert answer.headers["content-type"] == media
        assert answer.headers["x-cache"] == ("HIT" if media in seen else "MISS")
        assert seen.setdefault(media, answer.content) == answer.content
    assert len(set(seen.values())) == 3


def test_behind_nginx_what_is_private_is_not_kept(house, cdn):
    digest = house.put(b"nobody else's business")
    url = house.link(digest)["url"]
    for _ in range(2):
        answer = cdn.get(url)
        assert (answer.content, answer.headers["x-cache"]) == (b"nobody else's business", "MISS")
    assert cdn.get(f"/a/{digest}").status_code == 404
    house.client.put(f"/v1/artifacts/{digest}/public")
    deadline = time.monotonic() + 60
    while cdn.get(f"/a/{digest}").status_code != 200:  # the refusal was not kept
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_many_at_once_have_one_picture_made(house, photo):
    digest = house.put(photo + b"3", public=True)
    url = house.link(digest, options="w:480/f:webp")["url"]
    folder = house.server.data / "variants"
    before = {path for path in folder.rglob("*") if path.is_file()}
    barrier = threading.Barrier(8)

    def get(_):
        barrier.wait()
        return house.client.get(url).content

    with ThreadPoolExecutor(8) as pool:
        digests = {hashlib.sha256(body).hexdigest() for body in pool.map(get, range(8))}
    made = {path for path in folder.rglob("*") if path.is_file()} - before
    assert len(digests) == 1
    assert len([path for path in made if path.name != ".lock"]) == 1
