"""Stores over HTTP, and the same book on the command line."""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

SAMPLE = files("printroom").joinpath("samples", "cat.jpg").read_bytes()


@pytest.fixture(scope="module")
def house(start, tmp_path_factory):
    with start(data=tmp_path_factory.mktemp("data")) as server:
        yield server


def command(house, *arguments, text=None):
    """`printroom stores ...` beside the server."""
    done = subprocess.run(
        [Path(sys.executable).with_name("printroom"), "stores", *arguments],
        env=os.environ | {"PRINTROOM_DATA": str(house.data)},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_kept_over_http_is_there_on_the_command_line_and_back(house, tmp_path):
    wanted = {
        "address": "s3://bucket/2026?endpoint=https://minio.example",
        "secrets": {"access_key_id": "public-id", "secret_access_key": "hush-hush"},
    }
    answer = house.client.put("/v1/storages/photos", json=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "name": "photos",
        "address": wanted["address"],
        "secrets": ["access_key_id", "secret_access_key"],
        "fixed": False,
    }
    command(house, "add", "shelf", f"fs://{tmp_path}")
    names = [one["name"] for one in house.client.get("/v1/storages").json()["storages"]]
    assert names == ["photos", "shelf"]
    lines = command(house, "list", "--json").splitlines()
    assert [json.loads(line)["name"] for line in lines] == names
    texts = [house.client.get(path).text for path in ("/v1/storages", "/v1/storages/photos")]
    files = [path.read_text() for path in (house.data / "stores").iterdir() if path.is_file()]
    assert not any("hush-hush" in text or "public-id" in text for text in texts + files)
    assert house.client.delete("/v1/storages/photos").status_code == 204
    assert house.client.delete("/v1/storages/photos").status_code == 404
    assert "photos" not in command(house, "list")


def test_a_store_is_tested_where_it_is(house, tmp_path):
    house.client.put("/v1/storages/folder", json={"address": f"fs://{tmp_path}/folder"})
    tested = house.client.post("/v1/storages/folder/test").json()
    assert tested["usable"]
    assert {one["what"]: one["good"] for one in tested["findings"]}["write only if absent"]
    assert not any((tmp_path / "folder").iterdir())
    closed = {"address": "s3://bucket/?endpoint=http://127.0.0.1:9&patience=1"}
    house.client.put("/v1/storages/closed", json=closed)
    tested = house.client.post("/v1/storages/closed/test").json()
    assert not tested["usable"]
    assert tested["findings"][0]["what"] == "write"
    assert "s3://bucket/" in tested["findings"][0]["told"]
    assert house.client.post("/v1/storages/nothing/test").status_code == 404


@pytest.mark.parametrize(
    ("name", "wanted", "status"),
    [
        ("a", {}, 422),
        ("a", {"address": "nowhere"}, 422),
        ("a", {"address": "s3://bucket/", "secrets": {"pin": "1"}}, 422),
        ("a", {"address": "s3://bucket/?secret_access_key=x"}, 422),
        ("a", {"address": "s3://bucket/", "colour": "red"}, 422),
        ("A", {"address": "s3://bucket/"}, 422),
        ("a", {"address": "s3://bucket/", "secrets": {"access_key_id": "x" * 20_000}}, 422),
        ("a", {"address": "s3://bucket/?region=evil.example/"}, 422),
        ("a", {"address": "s3://evil.example:80/"}, 422),
    ],
)
def test_what_is_no_store_is_refused(house, name, wanted, status):
    answer = house.client.put(f"/v1/storages/{name}", json=wanted)
    assert answer.status_code == status, answer.text
    assert "xxxx" not in answer.text


def page(house, **query):
    answer = house.client.get("/v1/storages/shelf/objects", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def shelf(house, tmp_path):
    """A store of two pictures and three other objects, one of them deeper."""
    (tmp_path / "trip").mkdir()
    for name in ("a.jpg", "b.txt", "c & d.jpg", "trip/e.jpg", "trip/f.jpg"):
        (tmp_path / name).write_bytes(SAMPLE if name.endswith("jpg") else b"text")
    house.client.put("/v1/storages/shelf", json={"address": f"fs://{tmp_path}"})
    return house


def test_a_store_is_looked_at_place_by_place_and_page_by_page(shelf):
    first = page(shelf, limit=3)
    assert [one["name"] for one in first["data"]] == ["a.jpg", "b.txt", "c & d.jpg"]
    rest = page(shelf, limit=3, after=first["next"])
    assert [(one["kind"], one["key"]) for one in rest["data"]] == [("prefix", "trip/")]
    assert rest["next"] is None
    assert (first["data"][1]["bytes"], rest["data"][0]["bytes"]) == (4, None)
    inner = page(shelf, prefix="trip")
    assert [one["key"] for one in inner["data"]] == ["trip/e.jpg", "trip/f.jpg"]
    assert page(shelf, prefix="nowhere") == {"data": [], "next": None}


def test_a_file_out_of_a_store_is_a_file_like_others(shelf, tmp_path):
    taken = shelf.client.post("/v1/storages/shelf/files", json={"key": "c & d.jpg"})
    assert taken.status_code == 201, taken.text
    file = taken.json()
    assert (file["name"], file["media_type"]) == ("c & d.jpg", "image/jpeg")
    (tmp_path / "c & d.jpg").unlink()
    assert shelf.client.get(file["urls"]["content"]).content == SAMPLE


@pytest.mark.parametrize(
    ("key", "status"),
    [("nothing.jpg", 404), ("../escape.jpg", 422), ("/etc/passwd", 422), ("", 422), ("a\0b", 422)],
)
def test_what_is_no_object_is_not_taken(shelf, key, status):
    answer = shelf.client.post("/v1/storages/shelf/files", json={"key": key})
    assert answer.status_code == status, answer.text
    if key:
        found = shelf.client.get("/v1/storages/shelf/objects", params={"prefix": key})
        assert found.status_code == (200 if status == 404 else status), found.text
