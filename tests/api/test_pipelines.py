"""Published pipelines over HTTP: their ports as forms and as JSON, from strangers."""

import base64
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from printroom.core.settings import Settings
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

Pixels = NDArray[Any]
SECRET = "hunter-two-and-a-half"
PIPELINES = [
    """
    name: large
    title: Enlarges
    inputs:
      image: picture
      scale: {type: choice, of: [1, 2], default: 2}
      net: {type: model, default: test/double}
    steps:
      large:
        use: upscale
        with: {image: $image, scale: $scale, net: $net}
        when: $scale > 1
    """,
    """
    name: many
    inputs: {images: {type: list, item: picture}, note: {type: text, default: none}}
    steps:
      large: {use: upscale, each: $images, with: {image: $each, net: test/double}}
      seen: {use: echo, with: {text: $note, numbers: [[0.5, 1]]}}
    outputs: {images: $large.image, note: $seen.text, numbers: $seen.numbers}
    """,
    """
    name: judge
    inputs: {image: picture, file: text}
    steps:
      seen: {use: moderate, with: {image: $image, model: $file, classes: a, flag: a}}
    outputs: {answer: $seen.answer}
    """,
    """
    name: tell
    inputs: {text: {type: text, default: ""}}
    steps:
      said: {use: tell, with: {text: $text, key: {secret: test_key}}}
    """,
    """
    name: slow
    inputs: {seconds: number}
    steps:
      nap: {use: nap, with: {seconds: $seconds}}
    """,
]
STEPS = {
    "echo": """
    from typing import NamedTuple
    from printroom_step import Array, step

    class Out(NamedTuple):
        text: str
        numbers: Array("float32")

    @step
    def echo(text: str, numbers: Array("float32", (None, None))) -> Out:
        return Out(text, numbers)
    """,
    "tell": """
    from printroom_step import step

    @step
    def tell(text: str, key: str) -> str:
        if text == "raise":
            raise ValueError("the key is " + key)
        if text == "file":
            open("/home/somebody/private/notes.txt")
        return "the key is " + key
    """,
    "nap": """
    import time
    from printroom_step import step

    @step
    def nap(seconds: float) -> float:
        time.sleep(seconds)
        return seconds
    """,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A data folder with steps and pipelines; the steps need no packages."""
    data, below = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("steps")
    with Workshop(Settings(data=data, models=(models,), workers=1)) as workshop:
        for name, code in STEPS.items():
            folder = below / name
            folder.mkdir()
            (folder / "step.py").write_text(textwrap.dedent(code))
            python = f"3.{sys.version_info[1]}"
            toml = f'name = "{name}"\nentry = "step.py"\npython = "{python}"\n'
            (folder / "step.toml").write_text(toml)
            workshop.add_step(folder)
        for text in PIPELINES:
            workshop.shelf.publish(PipelineSpec.from_yaml(textwrap.dedent(text)))
    return data


@pytest.fixture(scope="module")
def server(start: Callable[..., Any], data: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRINTROOM_SECRET_TEST_KEY", SECRET)
        made = start(data=data, body=24 * 2**20, pixels=10**6, running=4)
    with made as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_is_left(server: Any) -> Iterator[None]:
    yield
    server.wait_for("printroom_held_bytes", 0)
    server.wait_for("printroom_requests_running", 0)
    assert server.scratch() == []


def uri(picture: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(picture).decode()}"


def from_uri(text: str) -> bytes:
    return base64.b64decode(text.partition(",")[2])


def doubled(pixels: Pixels) -> Pixels:
    return pixels.repeat(2, 0).repeat(2, 1)


def post(server: Any, name: str, **given: Any) -> httpx.Response:
    answer: httpx.Response = server.client.post(f"/v1/pipelines/{name}", **given)
    return answer


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    return body


def test_pipelines_are_listed_and_told(server: Any) -> None:
    listed = server.client.get("/v1/pipelines").json()["pipelines"]
    assert {"enhance", "large@1", "many@1"} <= {one["id"] for one in listed}
    for address in ("large", "large@1", "large@latest"):
        told = server.client.get(f"/v1/pipelines/{address}").json()
        assert (told["id"], told["title"]) == ("large@1", "Enlarges")
        assert told["inputs"]["scale"] == {"type": "choice", "of": [1, 2], "default": 2}
        assert told["schema"]["input"]["required"] == ["image"]
        assert told["outputs"] == {"image": {"type": "picture"}}


@pytest.mark.parametrize(
    ("accept", "begins"),
    [("image/svg+xml", "<svg"), ("text/vnd.mermaid", "flowchart"), ("text/plain", "flowchart")],
)
def test_pipelines_are_drawn(server: Any, accept: str, begins: str) -> None:
    answer = server.client.get("/v1/pipelines/large@1", headers={"accept": accept})
    assert answer.text.startswith(begins)


@pytest.mark.parametrize(
    "name", ["none", "large@2", "large@x", "..%2Flarge", "%2Fetc%2Fpasswd.yaml", "a.yaml", "%00"]
)
def test_only_published_names_are_found(server: Any, name: str, picture: bytes) -> None:
    refused(server.client.get(f"/v1/pipelines/{name}"), 404, "not_found")
    refused(post(server, name, files={"image": picture}), 404, "not_found")


def test_a_form_comes_back_as_json(
    server: Any, picture: bytes, pixels: Pixels, decode: Any
) -> None:
    answer = post(server, "large", files={"image": picture}, data={"scale": "2"})
    assert answer.headers["x-printroom-pipeline"] == "large@1"
    made = answer.json()
    assert list(made) == ["image"]
    assert made["image"].startswith("data:image/png;base64,")
    assert np.array_equal(decode(from_uri(made["image"])), doubled(pixels))


def test_json_comes_back_as_json(server: Any, picture: bytes, pixels: Pixels, decode: Any) -> None:
    answer = post(server, "large@latest", json={"image": uri(picture), "scale": 1})
    assert np.array_equal(decode(from_uri(answer.json()["image"])), pixels)
    again = post(server, "large", json=answer.json())  # what comes out can go in
    assert np.array_equal(decode(from_uri(again.json()["image"])), doubled(pixels))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/*", "image/png"),
        ("image/webp", "image/webp"),
        ("image/jpeg, */*;q=0.1", "image/jpeg"),
        ("application/json;q=0.1, image/tiff", "image/tiff"),
        ("*/*", "application/json"),
        ("application/json, image/png", "application/json"),
    ],
)
def test_accept_chooses_between_the_picture_and_json(
    server: Any, picture: bytes, accept: str, kind: str, decode: Any
) -> None:
    answer = post(server, "large", files={"image": picture}, headers={"accept": accept})
    assert answer.headers["content-type"] == kind, answer.text
    if kind != "application/json":
        assert decode(answer.content).shape == (60, 80, 3)


def test_what_is_no_picture_is_not_answered_as_one(server: Any, picture: bytes) -> None:
    for name, accept in (("tell", "image/png"), ("large", "image/gif")):
        answer = post(server, name, files={"image": picture}, headers={"accept": accept})
        refused(answer, 422, "unknown_format")


def test_lists_texts_and_arrays(server: Any, picture: bytes, pixels: Pixels, decode: Any) -> None:
    two = [("images", picture), ("images", picture)]
    made = post(server, "many", files=two, data={"note": "ä, b"}).json()
    assert (made["note"], made["numbers"]) == ("ä, b", [[0.5, 1.0]])
    assert [decode(from_uri(one)).shape for one in made["images"]] == [(60, 80, 3)] * 2
    made = post(server, "many", json={"images": [uri(picture)], "note": "x"}).json()
    assert np.array_equal(decode(from_uri(made["images"][0])), doubled(pixels))
    assert post(server, "many", json={"images": []}).json()["images"] == []


def test_all_that_is_wrong_is_named(server: Any) -> None:
    body = refused(post(server, "large", data={"scale": "3", "scael": "1"}, files={"x": b"1"}),
                   422, "bad_option")  # fmt: skip
    assert body["params"] == ["scale", "scael", "x", "image"]
    assert "scale: '3' is not one of 1, 2" in body["detail"]
    body = refused(post(server, "large", json={"scale": "2"}), 422, "bad_option")
    assert body["params"] == ["scale", "image"]
    refused(post(server, "large?scale=2", json={}), 422, "bad_option")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"[1]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"image": NaN, "scale": 1' + b"0" * 5000 + b"}", "application/json"),
        (b'{"image": "data:image/png;base64,!"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data; boundary=x"),
        (b"--x--", "multipart/form-data"),
        (b"scale=2", "application/x-www-form-urlencoded"),
        (b"scale=2", ""),
    ],
)
def test_bodies_that_say_nothing_are_refused(server: Any, content: bytes, kind: str) -> None:
    answer = post(server, "large", content=content, headers={"content-type": kind})
    refused(answer, 422, "bad_option")


def test_a_stranger_names_no_file_of_the_server(
    server: Any, models: Path, picture: bytes, tmp_path: Path
) -> None:
    """Whatever the port: a picture, a model, or a step's own file."""
    own = tmp_path / "own.png"
    own.write_bytes(picture)
    for name in (str(own), f"file://{own}", "http://127.0.0.1:1/a.png"):
        refused(post(server, "large", data={"image": name}), 422, "bad_option")
        refused(post(server, "large", json={"image": name}), 422, "bad_option")
    for name in (str(own), f"file://{own}"):
        answer = post(server, "large", files={"image": name.encode()})
        refused(answer, 415, "not_a_picture")
    weights = models / "double" / "1" / "double.onnx"
    for net in (str(weights), "../double.onnx"):
        given = {"image": uri(picture), "net": net}
        refused(post(server, "large", json=given), 404, "not_found")
    body = refused(post(server, "judge", json={"image": uri(picture), "file": str(weights)}),
                   422, "bad_option")  # fmt: skip
    assert "names a file of this machine" in body["detail"]


def test_secrets_are_in_no_answer(server: Any) -> None:
    assert post(server, "tell", json={}).json() == {"result": "the key is ***"}
    body = refused(post(server, "tell", json={"text": "raise"}), 500, "step_failed")
    assert "the key is ***" in body["detail"]
    assert SECRET not in json.dumps(body)


def test_errors_of_steps_name_no_file(server: Any) -> None:
    body = refused(post(server, "tell", json={"text": "file"}), 500, "step_failed")
    assert "a file" in body["detail"]
    assert "/" not in body["detail"]


def test_a_large_form_passes_through_disk(
    server: Any, encode: Any, decode: Any, start: Any
) -> None:
    large = np.random.default_rng(1).integers(0, 256, (900, 900, 3), np.uint8)
    picture = encode(large, ".tif")
    padded = picture + bytes(9 * 2**20 - len(picture))  # TIFF does not mind what follows
    answer = post(server, "large", files={"image": padded}, headers={"accept": "image/png"})
    assert np.array_equal(decode(answer.content), doubled(large))


def test_what_is_too_large_is_refused(server: Any, encode: Any) -> None:
    refused(post(server, "large", files={"image": bytes(25 * 2**20)}), 413, "body_too_large")
    many = encode(np.zeros((1001, 1000, 3), np.uint8))
    refused(post(server, "large", files={"image": many}), 413, "too_many_pixels")
    refused(post(server, "large", files={"image": many[:-30]}), 413, "too_many_pixels")


def test_a_client_that_hangs_up_ends_the_work(server: Any, send: Any) -> None:
    content = b'{"seconds": 60}'
    head = (
        "POST /v1/pipelines/slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    client = send(server, head.encode() + content)
    server.wait_for("printroom_requests_running", 1)
    client.close()
    server.wait_for("printroom_requests_running", 0)
    assert post(server, "slow", json={"seconds": 0}).json() == {"result": 0.0}


def test_long_steps_leave_room_for_small_pictures(server: Any, send: Any, picture: bytes) -> None:
    head = (
        "POST /v1/pipelines/slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )
    content = b'{"seconds": 60}'
    client = send(server, f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    server.wait_for("printroom_requests_running", 1)
    assert server.enhance(picture).status_code == 200
    client.close()


def test_the_document_has_each_pipeline_with_its_ports(server: Any, data: Path) -> None:
    document = server.client.get("/openapi.json").json()
    post_of = document["paths"]["/v1/pipelines/large"]["post"]
    form = post_of["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["image"] == {"type": "string", "format": "binary"}
    assert form["properties"]["scale"] == {"enum": [1, 2], "default": 2}
    assert form["required"] == ["image"]
    assert {"200", "404", "413", "422", "503"} <= set(post_of["responses"])
    assert {"application/json", "image/webp"} <= set(post_of["responses"]["200"]["content"])
    assert (
        "image/webp"
        not in document["paths"]["/v1/pipelines/many"]["post"]["responses"]["200"]["content"]
    )
    with Workshop(Settings(data=data)) as workshop:  # another process, while it serves
        raw = {"name": "new", "inputs": {"n": "number"}}
        steps = {"nap": {"use": "nap", "with": {"seconds": "$n"}}}
        workshop.shelf.publish(PipelineSpec.from_dict(raw | {"steps": steps}))
    assert "/v1/pipelines/new" in server.client.get("/openapi.json").json()["paths"]
    assert post(server, "new@1", json={"n": 0}).json() == {"result": 0.0}


def test_processes_of_steps_end_with_the_server(start: Any, data: Path) -> None:
    with start(data=data) as server:
        post(server, "slow", json={"seconds": 0})
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert children
        server.stop()
    assert psutil.wait_procs(children, timeout=60)[1] == []
