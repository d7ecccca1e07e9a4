"""Uploads in parts, as tus 1.0 has them: cut off anywhere, they go on where they were."""

import base64
import socket

import pytest

TUS = {"tus-resumable": "1.0.0"}
PART = TUS | {"content-type": "application/offset+octet-stream"}
PLACE = "/v1/files/uploads"


def begin(client, length, name="cat.png"):
    told = f"filename {base64.b64encode(name.encode()).decode()},filetype aW1hZ2UvcG5n"
    headers = TUS | {"upload-length": str(length), "upload-metadata": told}
    answer = client.post(PLACE, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def offset(client, place):
    answer = client.head(place, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


def send(client, place, data, at):
    return client.patch(place, content=data, headers=PART | {"upload-offset": str(at)})


def test_parts_become_a_file(client, tools):
    data = tools.png(200, 150)[0]
    place, middle = begin(client, len(data)), len(data) // 3
    assert send(client, place, data[:middle], 0).headers["upload-offset"] == str(middle)
    assert offset(client, place) == middle
    assert send(client, place, b"", middle).status_code == 204
    last = send(client, place, data[middle:], middle)
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(data)))
    file = last.headers["x-printroom-file"]
    assert place.endswith(file)
    assert client.get(f"/v1/files/{file}/content").content == data
    assert client.get(f"/v1/files/{file}").json()["name"] == "cat.png"
    assert offset(client, place) == len(data)


def test_what_came_before_the_line_broke_is_kept(client, tools, shared):
    data = tools.png(300, 300)[0]
    place, sent = begin(client, len(data)), len(data) // 2
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port)) as line:
        head = f"PATCH {place} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(data)}\r\n"
        more = "".join(f"{name}: {value}\r\n" for name, value in PART.items())
        line.sendall(f"{head}{more}Upload-Offset: 0\r\n\r\n".encode() + data[:sent])
    here = tools.eventually(lambda: offset(client, place))
    assert here <= sent
    file = send(client, place, data[here:], here).headers["x-printroom-file"]
    assert client.get(f"/v1/files/{file}/content").content == data


def test_a_part_begins_where_the_one_before_ended(client):
    place = begin(client, 10)
    assert send(client, place, b"12345", 0).status_code == 204
    for at in (0, 4, 6, 10):
        answer = send(client, place, b"678", at)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert offset(client, place) == 5
    assert send(client, place, b"6789012", 5).status_code == 413
    assert offset(client, place) == 5


def test_an_upload_that_was_given_up_is_gone(client):
    place = begin(client, 10)
    assert client.delete(place, headers=TUS).status_code == 204
    assert client.head(place, headers=TUS).status_code == 404
    assert send(client, place, b"1", 0).status_code == 404


def test_an_empty_file(client):
    place = begin(client, 0)
    file = client.head(place, headers=TUS).headers["x-printroom-file"]
    assert client.get(f"/v1/files/{file}/content").content == b""


def test_other_versions_and_sizes_are_refused(client):
    other = client.post(PLACE, headers={"tus-resumable": "0.2.2", "upload-length": "1"})
    assert (other.status_code, other.headers["tus-version"]) == (412, "1.0.0")
    large = client.post(PLACE, headers=TUS | {"upload-length": str(2**50)})
    assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
    told = client.options(PLACE)
    assert told.status_code == 204
    assert "termination" in told.headers["tus-extension"]
    wrong = client.patch(begin(client, 3), content=b"abc", headers=TUS | {"upload-offset": "0"})
    assert wrong.status_code == 415


@pytest.mark.parametrize("length", ["-1", "x", "1e9", ""])
def test_lengths_that_are_none(client, length):
    answer = client.post(PLACE, headers=TUS | {"upload-length": length})
    assert answer.status_code == 422
