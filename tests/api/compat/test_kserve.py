"""`/v2` with the protocol's own client, and by hand."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

DOUBLE = "test/double"


@pytest.fixture
def client(server: Any) -> Iterator[Any]:
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        yield client


@pytest.fixture(autouse=True)
def _nothing_is_left(server: Any) -> Iterator[None]:
    yield
    server.wait_for("printroom_held_bytes", 0)
    server.wait_for("printroom_requests_running", 0)
    assert server.scratch() == []


def given(name: str, array: NDArray[Any], *, binary: bool = True) -> Any:
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def picture(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, np.float32)


def doubled(planes: NDArray[Any]) -> NDArray[Any]:
    return planes.repeat(2, 2).repeat(2, 3)


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(DOUBLE)
    assert client.is_model_ready("double", "1")
    assert not client.is_model_ready(DOUBLE, "7")
    assert not client.is_model_ready("nobody/nothing")
    assert client.get_server_metadata()["name"] == "printroom"
    known = client.get_model_metadata(DOUBLE)
    assert known["versions"] == ["1"]
    assert known["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 3, -1, -1]}]
    assert known["outputs"] == [{"name": "result", "datatype": "FP32", "shape": [-1, 3, -1, -1]}]
    config = client.get_model_config("test/bytes", "1")
    assert config["input"] == [{"name": "x", "data_type": "TYPE_UINT8", "dims": [1, -1, -1, 3]}]
    assert config["max_batch_size"] == 0


def test_the_index_lists_the_catalogue(client: Any) -> None:
    index = client.get_model_repository_index()
    assert {"name": DOUBLE, "version": "1", "state": "READY", "reason": ""} in index
    assert {one["name"] for one in index} >= {"printroom/upscale-x2", "test/two", "test/words"}


@pytest.mark.parametrize("to_server", [True, False])
@pytest.mark.parametrize("to_client", [True, False])
def test_bytes_and_json_give_the_same(client: Any, to_server: bool, to_client: bool) -> None:
    planes = picture(1, 3, 5, 7)
    wanted = triton.InferRequestedOutput("result", binary_data=to_client)
    answer = client.infer(
        DOUBLE, [given("image", planes, binary=to_server)], outputs=[wanted], request_id="mine"
    )
    assert np.array_equal(answer.as_numpy("result"), doubled(planes))
    told = answer.get_response()
    assert (told["model_name"], told["model_version"], told["id"]) == (DOUBLE, "1", "mine")


@pytest.mark.parametrize("items", [1, 2, 7])
def test_a_batch_is_each_of_its_pictures(client: Any, items: int) -> None:
    planes = picture(items, 3, 16, 9)
    answer = client.infer(DOUBLE, [given("image", planes)])
    assert np.array_equal(answer.as_numpy("result"), doubled(planes))


def test_large_tensors_go_through_files(client: Any, server: Any) -> None:
    planes = picture(1, 3, 400, 500)
    answer = client.infer(DOUBLE, [given("image", planes)])
    assert np.array_equal(answer.as_numpy("result"), doubled(planes))
    assert server.metric("printroom_held_bytes") == 0


def test_many_callers_at_once(client: Any, server: Any) -> None:
    pictures = [picture(1, 3, 8 + index, 32) for index in range(24)]
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}", concurrency=6) as many:
        asked = [many.async_infer(DOUBLE, [given("image", one)]) for one in pictures]
        for one, answer in zip(pictures, asked, strict=True):
            assert np.array_equal(answer.get_result().as_numpy("result"), doubled(one))


def test_several_ports_and_a_choice_of_them(client: Any) -> None:
    a, b = picture(4, 6), picture(4, 6) - 2
    feed = [given("b", b), given("a", a, binary=False)]
    answer = client.infer("test/two", feed)
    assert np.array_equal(answer.as_numpy("sum"), a + b)
    assert np.array_equal(answer.as_numpy("difference"), a - b)
    wanted = [triton.InferRequestedOutput("difference")]
    answer = client.infer("test/two", feed, outputs=wanted)
    assert [one["name"] for one in answer.get_response()["outputs"]] == ["difference"]
    assert np.array_equal(answer.as_numpy("difference"), a - b)


def test_bytes_with_channels_last_are_taken_as_the_graph_says(client: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 5, 6, 3), np.uint8)
    for binary in (True, False):
        answer = client.infer("test/bytes", [given("x", pixels, binary=binary)])
        assert np.array_equal(answer.as_numpy("y"), 255 - pixels)


def test_texts(client: Any) -> None:
    words = np.array([b"", "größer".encode(), b"print"], np.object_)
    for binary in (True, False):
        wanted = [triton.InferRequestedOutput("same", binary_data=binary)]
        answer = client.infer("test/words", [given("word", words, binary=binary)], outputs=wanted)
        found = [one if isinstance(one, bytes) else one.encode() for one in answer.as_numpy("same")]
        assert found == list(words)


def test_bundled_models_are_there(client: Any) -> None:
    known = client.get_model_metadata("printroom/upscale-x2")
    [source], [result] = known["inputs"], known["outputs"]
    answer = client.infer("upscale-x2", [given(source["name"], picture(1, 3, 24, 24))])
    assert answer.as_numpy(result["name"]).shape == (1, 3, 48, 48)


@pytest.mark.parametrize("name", ["test%2Fdouble", "test/double", "double"])
@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_names_of_models(server: Any, name: str, version: str) -> None:
    answer = server.client.get(f"/v2/models/{name}{version}")
    assert answer.status_code == 200
    assert answer.json()["name"] == DOUBLE


def infer(server: Any, body: Any, model: str = DOUBLE, **headers: str) -> httpx.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = f"/v2/models/{model}/infer"
    answer: httpx.Response = server.client.post(path, content=data, headers=headers)
    return answer


IMAGE: dict[str, Any] = {
    "name": "image",
    "datatype": "FP32",
    "shape": [1, 3, 1, 1],
    "data": [1, 2, 3],
}
CLASSES = {"classification": 2}
BAD = {
    "no JSON": b"{",
    "no object": [1],
    "no inputs": {},
    "inputs are no list": {"inputs": {"image": 1}},
    "unknown input": {"inputs": [IMAGE | {"name": "picture"}]},
    "the same twice": {"inputs": [IMAGE, IMAGE]},
    "another type": {"inputs": [IMAGE | {"datatype": "UINT8"}]},
    "another rank": {"inputs": [IMAGE | {"shape": [3, 1, 1]}]},
    "another side": {"inputs": [IMAGE | {"shape": [1, 4, 1, 1]}]},
    "a negative side": {"inputs": [IMAGE | {"shape": [-1, 3, 1, 1]}]},
    "no elements": {"inputs": [IMAGE | {"shape": [0, 3, 1, 1], "data": []}]},
    "a vast shape": {"inputs": [IMAGE | {"shape": [1, 3, 10**9, 10**9]}]},
    "too few values": {"inputs": [IMAGE | {"data": [1]}]},
    "texts": {"inputs": [IMAGE | {"data": ["a", "b", "c"]}]},
    "ragged": {"inputs": [IMAGE | {"data": [[1, 2], [3]]}]},
    "no data": {"inputs": [{**IMAGE, "data": None}]},
    "bytes that are not there": {"inputs": [IMAGE | {"parameters": {"binary_data_size": 12}}]},
    "unknown output": {"inputs": [IMAGE], "outputs": [{"name": "x"}]},
    "classes": {"inputs": [IMAGE], "outputs": [{"name": "result", "parameters": CLASSES}]},
    "an id that is no text": {"inputs": [IMAGE], "id": 7},
    "deep": b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("body", list(BAD.values()), ids=list(BAD))
def test_what_is_wrong_is_said_in_the_protocols_words(server: Any, body: Any) -> None:
    answer = infer(server, body)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert isinstance(told["error"], str)
    assert told["code"] == "bad_option"


def test_nothing_of_that_name(server: Any, client: Any) -> None:
    for path in ("no/such/infer", "double/versions/9/infer", "double/versions/x/infer"):
        answer = server.client.post(f"/v2/models/{path}", json={"inputs": [IMAGE]})
        assert answer.status_code == 404
        assert isinstance(answer.json()["error"], str)
    with pytest.raises(InferenceServerException, match="there is no model"):
        client.get_model_metadata("nobody/nothing")
    assert server.client.get("/v2/models/double/infer").status_code == 405


def test_bytes_behind_the_json_must_all_belong_to_something(server: Any) -> None:
    head = json.dumps({"inputs": [IMAGE]}).encode()
    size = {"Inference-Header-Content-Length": str(len(head))}
    assert infer(server, head, **size).status_code == 200
    assert infer(server, head + b"1234", **size).status_code == 422
    assert infer(server, head[:-4], **size).status_code == 422
    for odd in ("-1", "x", "9" * 400):
        assert infer(server, head, **{"Inference-Header-Content-Length": odd}).status_code == 422
    assert infer(server, head, **{"Content-Encoding": "gzip"}).status_code == 422


def test_a_graph_that_refuses_is_the_callers_fault(server: Any) -> None:
    body = {
        "inputs": [
            {"name": name, "datatype": "FP32", "shape": [2, side], "data": [0] * 2 * side}
            for name, side in (("a", 3), ("b", 4))
        ]
    }
    answer = infer(server, body, "test/two")
    assert answer.status_code == 422
    assert "cannot take these tensors" in answer.json()["error"]


def test_too_large_a_body(server: Any) -> None:
    assert infer(server, bytes(25 * 2**20)).status_code == 413


def test_what_can_never_fit_the_memory_is_refused(server: Any) -> None:
    large = {"name": "x", "datatype": "UINT8", "shape": [1, 1000, 1000, 3]}
    answer = infer(server, {"inputs": [large | {"data": [0] * 3_000_000}]}, "test/bytes")
    assert answer.status_code == 413
    assert answer.json()["code"] == "needs_memory"
