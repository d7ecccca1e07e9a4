"""`/compat/replicate` with replicate's own client."""

import json
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import replicate
from numpy.typing import NDArray
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.webhook import Webhooks, WebhookSigningSecret

Pixels = NDArray[Any]
Decode = Callable[[bytes], Pixels]


@pytest.fixture(scope="module")
def url(
    serving: Callable[..., Any], drawings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A server with a worker that may tell webhooks of this machine."""
    data = tmp_path_factory.mktemp("replicate") / "data"
    shutil.copytree(drawings, data)
    with serving(data, outbound_allow="127.0.0.1") as url:
        yield url


@pytest.fixture
def opened() -> Iterator[Callable[[str], replicate.Client]]:
    """A server's address -> a client; what it opened is closed in the end."""
    made: list[replicate.Client] = []

    def make(url: str) -> replicate.Client:
        made.append(replicate.Client(api_token="any", base_url=f"{url}/compat/replicate"))
        made[-1].poll_interval = 0.05
        return made[-1]

    yield make
    for client in made:
        client._client.close()


@pytest.fixture
def client(url: str, opened: Callable[[str], replicate.Client]) -> replicate.Client:
    return opened(url)


def drawn(text: str, width: int = 40, height: int = 30) -> Pixels:
    row = np.resize(np.frombuffer(text.encode(), np.uint8), width)
    return np.broadcast_to(row[None, :, None], (height, width, 3))


def doubled(pixels: Pixels) -> Pixels:
    return pixels.repeat(2, 0).repeat(2, 1)


@pytest.mark.parametrize("ref", ["local/draw", "local/draw:draw@1"])
def test_run(client: replicate.Client, decode: Decode, ref: str) -> None:
    output = client.run(ref, input={"prompt": "a tram"})
    assert isinstance(output, FileOutput)
    assert np.array_equal(decode(output.read()), drawn("a tram"))


def test_files_go_in_by_address_and_inline(
    client: replicate.Client, picture: bytes, pixels: Pixels, decode: Decode
) -> None:
    for strategy in ("url", "base64"):
        file = BytesIO(picture)
        file.name = "noise.png"
        output = client.run("local/large", input={"image": file}, file_encoding_strategy=strategy)
        assert np.array_equal(decode(output.read()), doubled(pixels))


def test_files(client: replicate.Client, picture: bytes, tmp_path: Path) -> None:
    (tmp_path / "noise.png").write_bytes(picture)
    made = client.files.create(tmp_path / "noise.png")
    assert (made.name, made.size) == ("noise.png", len(picture))
    assert client.files.get(made.id).checksums == made.checksums
    assert made.id in [file.id for file in client.files.list()]
    content = httpx.get(f"{made.urls['get']}/content", headers={"Authorization": "Bearer any"})
    assert content.content == picture
    client.files.delete(made.id)
    with pytest.raises(ReplicateError):
        client.files.get(made.id)


def test_predictions_are_polled(client: replicate.Client) -> None:
    prediction = client.predictions.create(version="count@1", input={"text": "seven"})
    assert prediction.status in ("starting", "processing", "succeeded")
    prediction.wait()
    assert (prediction.status, prediction.output) == ("succeeded", 5)
    assert prediction.metrics is not None
    assert prediction.metrics["predict_time"] >= 0
    assert (prediction.model, prediction.version) == ("local/count", "count@1")
    assert prediction.id in [one.id for one in client.predictions.list()]


def test_a_wait_that_ends_too_soon_is_no_end(client: replicate.Client) -> None:
    """The client takes every status but `starting` for the end of a prediction it waited for."""
    prediction = client.predictions.create(version="nap@1", input={"seconds": 60}, wait=1)
    assert prediction.status == "starting"
    prediction.cancel()
    prediction.wait()
    assert prediction.status == "canceled"


def test_streams(client: replicate.Client, decode: Decode) -> None:
    prediction = client.models.predictions.create(model="local/draw", input={"prompt": "a tram"})
    events = list(prediction.stream())
    kinds = [event.event.value for event in events]
    assert kinds[-2:] == ["output", "done"]
    assert np.array_equal(decode(events[-2].data.read()), drawn("a tram"))
    assert json.loads(events[-1].data) == {}


def test_a_run_that_fails(client: replicate.Client) -> None:
    bad = {"prompt": "x", "width": -1}
    with pytest.raises(ModelError, match="step draw failed"):
        client.run("local/draw", input=bad)
    prediction = client.predictions.create(version="draw@1", input=bad)
    with pytest.raises(RuntimeError, match="step draw failed"):
        list(prediction.stream())


def test_models_and_versions(client: replicate.Client) -> None:
    names = {(model.owner, model.name) for model in client.models.list()}
    assert {("local", "draw"), ("printroom", "enhance")} <= names
    model = client.models.get("local/draw")
    assert model.description == "Draws a text"
    assert [version.id for version in model.versions.list()] == ["draw@1"]
    schema = model.versions.get("draw@1").openapi_schema["components"]["schemas"]
    assert "prompt" in schema["Input"]["properties"]
    for name in ("local/nothing", "other/draw"):
        with pytest.raises(ReplicateError):
            client.models.get(name)


@pytest.mark.parametrize(
    ("ref", "given", "status"),
    [
        ("local/nothing", {}, 404),
        ("other/draw", {"prompt": "x"}, 404),
        ("local/draw", {}, 422),
        ("local/draw", {"prompt": "x", "lens": 1}, 422),
        ("local/large", {"image": "http://127.0.0.1/compat/replicate/v1/files/file_0"}, 422),
    ],
)
def test_what_is_wrong_is_said(
    client: replicate.Client, ref: str, given: dict[str, Any], status: int
) -> None:
    with pytest.raises(ReplicateError) as caught:
        client.run(ref, input=given)
    assert caught.value.status == status
    assert caught.value.detail


def test_webhooks_are_predictions_and_signed(client: replicate.Client, url: str) -> None:
    came: queue.Queue[tuple[dict[str, str], str]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            came.put((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        prediction = client.predictions.create(
            version="draw@1",
            input={"prompt": "x"},
            webhook=f"http://127.0.0.1:{receiver.server_port}/hook",
            webhook_events_filter=["completed"],
        )
        headers, body = came.get(timeout=60)
        receiver.shutdown()
    told = json.loads(body)
    assert (told["id"], told["status"]) == (prediction.id, "succeeded")
    answer = httpx.get(told["output"], headers={"Authorization": "Bearer any"})
    assert answer.headers["content-type"] == "image/png"
    secret = client.webhooks.default.secret()
    Webhooks.validate(headers=headers, body=body, secret=secret)
    with pytest.raises(ValueError, match="signature"):
        Webhooks.validate(headers=headers, body=body + " ", secret=secret)
    other = WebhookSigningSecret(key="whsec_AAAA")
    with pytest.raises(ValueError, match="signature"):
        Webhooks.validate(headers=headers, body=body, secret=other)


def test_behind_https_outputs_are_addresses(
    serving: Callable[..., Any],
    drawings: Path,
    tmp_path: Path,
    decode: Decode,
    opened: Callable[[str], replicate.Client],
) -> None:
    shutil.copytree(drawings, tmp_path / "data")
    with serving(tmp_path / "data", url="https://pictures.example.com") as url:
        client = opened(url)
        output = client.run("local/draw", input={"prompt": "a tram"})
        assert output.url.startswith("https://pictures.example.com/a/")
        data = httpx.get(output.url.replace("https://pictures.example.com", url)).content
        assert np.array_equal(decode(data), drawn("a tram"))


async def test_the_asynchronous_client(client: replicate.Client, decode: Decode) -> None:
    output = await client.async_run("local/draw", input={"prompt": "a tram"})
    assert np.array_equal(decode(await output.aread()), drawn("a tram"))
    await client._async_client.aclose()


def test_nobody_sees_more_than_there_is(client: replicate.Client, url: str) -> None:
    for path in ("predictions/nothing", "predictions/nothing/stream", "files/file_0/content"):
        assert httpx.get(f"{url}/compat/replicate/v1/{path}").status_code == 404
    end = time.monotonic() + 60
    while [one for one in client.predictions.list() if one.status == "processing"]:
        assert time.monotonic() < end
        time.sleep(0.05)
