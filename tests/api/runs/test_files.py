"""Files over HTTP: what was sent comes back, whole and in parts, and nobody else sees it."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def origin():
    """A server on loopback, which the installation was told to let through."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            paths = {"/cat.png": self.server.data, "/large": b"x" * 2**20}
            if self.path.startswith("/to"):
                self.send_response(302)
                self.send_header("location", self.server.target)
                self.end_headers()
                return
            data = paths.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("content-length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.data = b""
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield server
        server.shutdown()
        thread.join()


def test_a_form_becomes_a_file(client, tools):
    data = tools.png()[0]
    answer = client.post("/v1/files", files={"file": ("Käse.png", data, "image/png")})
    file = answer.json()
    assert (answer.status_code, file["name"], file["bytes"]) == (201, "Käse.png", len(data))
    assert (file["width"], file["height"], file["media_type"]) == (24, 16, "image/png")
    assert file["digest"] == hashlib.sha256(data).hexdigest()
    assert client.get(answer.headers["location"]).json() == file
    whole = client.get(file["urls"]["content"])
    assert whole.content == data
    assert whole.headers["etag"] == f'"{file["digest"]}"'
    assert whole.headers["content-disposition"].startswith("attachment")
    assert client.head(file["urls"]["content"]).headers["content-length"] == str(len(data))


def test_bytes_as_they_are_become_a_file(client):
    answer = client.post("/v1/files", content=b"hello", params={"name": "../../etc/hello.txt"})
    assert answer.json()["name"] == "etc/hello.txt"
    assert answer.json()["media_type"] == "application/octet-stream"
    lying = client.post("/v1/files", content=b"<script>", headers={"content-type": "image/png"})
    assert lying.json()["media_type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=999999-", 416, None),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_ranges(client, tools, header, status, part):
    data = tools.png()[0]
    place = f"/v1/files/{tools.upload(client, data)}/content"
    answer = client.get(place, headers={"range": header})
    assert answer.status_code == status
    if part is not None:
        assert answer.content == data[part]


def test_what_the_client_has_is_not_sent_again(client, tools):
    place = f"/v1/files/{tools.upload(client, tools.png()[0])}/content"
    tag = client.get(place).headers["etag"]
    assert client.get(place, headers={"if-none-match": tag}).status_code == 304


def test_a_file_that_was_deleted_is_gone(client, tools):
    file = tools.upload(client, tools.png(seed=7)[0])
    assert client.delete(f"/v1/files/{file}").status_code == 204
    for method, place in [("GET", ""), ("GET", "/content"), ("DELETE", "")]:
        answer = client.request(method, f"/v1/files/{file}{place}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_files_of_one_content_go_one_by_one(client, tools):
    data = tools.png(seed=8)[0]
    first, second = tools.upload(client, data), tools.upload(client, data)
    assert first != second
    client.delete(f"/v1/files/{first}")
    assert client.get(f"/v1/files/{second}/content").content == data


def test_pages(client, tools):
    mine = [tools.upload(client, tools.png(seed=9)[0]) for _ in range(3)]
    page = client.get("/v1/files", params={"limit": 2}).json()
    assert [one["id"] for one in page["data"]] == mine[:0:-1]
    rest = client.get("/v1/files", params={"limit": 100, "after": page["next"]}).json()
    assert mine[0] in [one["id"] for one in rest["data"]]


def test_a_url_is_fetched(client, tools, origin):
    origin.data = tools.png()[0]
    answer = client.post("/v1/files", json={"url": f"{origin.url}/cat.png"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "cat.png"
    assert answer.json()["digest"] == hashlib.sha256(origin.data).hexdigest()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.1/", "address_refused"),
        ("http://169.254.169.254/latest/meta-data", "address_refused"),
        ("https://[::1]/", "address_refused"),
        ("https://[::ffff:10.0.0.1]/", "address_refused"),
        ("https://[64:ff9b::a00:1]/", "address_refused"),
        ("https://[2002:a00:1::]/", "address_refused"),
        ("ftp://example.com/cat", "address_refused"),
        ("gopher://127.0.0.1/", "address_refused"),
        ("https://", "address_refused"),
        ("nonsense", "address_refused"),
        ("x", "bad_option"),
    ],
)
def test_urls_lead_to_the_open_internet_only(client, url, code):
    answer = client.post("/v1/files", json={"url": url})
    assert answer.json()["code"] == code, answer.text


def test_redirects_are_checked_again(client, origin):
    origin.target = "http://127.0.0.2:1/"
    answer = client.post("/v1/files", json={"url": f"{origin.url}/to"})
    assert answer.json()["code"] == "address_refused"
    origin.target = f"{origin.url}/to"
    answer = client.post("/v1/files", json={"url": f"{origin.url}/to"})
    assert answer.json()["code"] == "fetch_failed"
    assert client.post("/v1/files", json={"url": f"{origin.url}/no"}).status_code == 502


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x--",
        b'--x\r\ncontent-disposition: form-data; name="other"\r\n\r\n1\r\n--x--',
        b'--x\r\ncontent-disposition: form-data; name="file"\r\n\r\ncut sho',
    ],
)
def test_forms_that_are_none_are_refused(client, body):
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/files", content=body, headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_option")


@pytest.mark.parametrize("name", ["%2e%2e", "file_%00", "a/b", "file_" + "z" * 200])
def test_ids_that_are_none(client, name):
    assert client.get(f"/v1/files/{name}").status_code in (404, 422)
