"""`/compat/openai/v1` with OpenAI's own client."""

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from numpy.typing import NDArray

Pixels = NDArray[Any]
Decode = Callable[[bytes], Pixels]


@pytest.fixture
def client(server: Any) -> Iterator[openai.OpenAI]:
    base = f"http://127.0.0.1:{server.port}/compat/openai/v1"
    with openai.OpenAI(base_url=base, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture(autouse=True)
def _nothing_is_left(server: Any) -> Iterator[None]:
    yield
    server.wait_for("printroom_held_bytes", 0)
    server.wait_for("printroom_requests_running", 0)
    assert server.scratch() == []


def drawn(text: str, width: int = 40, height: int = 30, seed: int = 0) -> Pixels:
    row = np.resize(np.frombuffer(text.encode(), np.uint8), width).astype(int) + seed
    return np.broadcast_to(row[None, :, None], (height, width, 3))


def pictures(answer: Any) -> list[bytes]:
    return [base64.b64decode(one.b64_json, validate=True) for one in answer.data]


def test_models_are_pipelines_that_make_pictures(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert {"draw", "large", "enhance"} <= names
    assert "count" not in names
    owners = {name: client.models.retrieve(name).owned_by for name in ("draw", "enhance")}
    assert owners == {"draw": "local", "enhance": "printroom"}
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")


def test_a_picture_of_a_text(client: openai.OpenAI, decode: Decode) -> None:
    answer = client.images.generate(model="draw", prompt="a tram")
    assert answer.output_format == "png"
    assert answer.size == "40x30"
    [picture] = pictures(answer)
    assert np.array_equal(decode(picture), drawn("a tram"))


def test_several_pictures_have_seeds_of_their_own(client: openai.OpenAI, decode: Decode) -> None:
    answer = client.images.generate(
        model="draw", prompt="a tram", n=3, size="24x16", extra_body={"seed": 5}
    )
    found = [decode(picture) for picture in pictures(answer)]
    for number, picture in enumerate(found):
        assert np.array_equal(picture, drawn("a tram", 24, 16, 5 + number))


@pytest.mark.parametrize(
    ("name", "head"), [("png", b"\x89PNG"), ("jpeg", b"\xff\xd8"), ("webp", b"RIFF")]
)
def test_formats(client: openai.OpenAI, name: Any, head: bytes) -> None:
    answer = client.images.generate(
        model="draw", prompt="a tram", output_format=name, quality="high", background="auto"
    )
    assert pictures(answer)[0].startswith(head)
    assert (answer.output_format, answer.quality) == (name, "high")


def test_an_address_is_the_picture_itself(client: openai.OpenAI, decode: Decode) -> None:
    answer = client.images.generate(model="draw", prompt="a tram", response_format="url")
    assert answer.data is not None
    assert answer.data[0].url is not None
    head, _, text = answer.data[0].url.partition(",")
    assert head == "data:image/png;base64"
    assert np.array_equal(decode(base64.b64decode(text)), drawn("a tram"))


def test_streams_end_with_the_picture(client: openai.OpenAI, decode: Decode) -> None:
    stream = client.images.generate(
        model="draw", prompt="a tram", stream=True, partial_images=2, n=2
    )
    events = list(stream)
    assert [event.type for event in events] == ["image_generation.completed"] * 2
    assert np.array_equal(decode(base64.b64decode(events[0].b64_json)), drawn("a tram"))
    assert events[1].size == "40x30"


def doubled(pixels: Pixels) -> Pixels:
    return pixels.repeat(2, 0).repeat(2, 1)


def test_editing(client: openai.OpenAI, picture: bytes, pixels: Pixels, decode: Decode) -> None:
    answer = client.images.edit(model="large", image=io.BytesIO(picture), prompt="larger")
    assert np.array_equal(decode(pictures(answer)[0]), doubled(pixels))


def test_variations(client: openai.OpenAI, picture: bytes, pixels: Pixels, decode: Decode) -> None:
    with pytest.deprecated_call():
        answer = client.images.create_variation(model="large", image=("a.png", picture))
    assert np.array_equal(decode(pictures(answer)[0]), doubled(pixels))


def test_editing_without_a_model_enhances(
    client: openai.OpenAI, picture: bytes, decode: Decode
) -> None:
    answer = client.images.edit(
        image=("a.png", picture), prompt="mend it", extra_body={"fix": "none", "scale": "2"}
    )
    assert decode(pictures(answer)[0]).shape == (60, 80, 3)


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"model": "nothing", "prompt": "x"}, "model"),
        ({"model": "large", "prompt": "x"}, "model"),
        ({"model": "count", "prompt": "x"}, "model"),
        ({"prompt": "x"}, "model"),
        ({"model": "draw", "prompt": ""}, "prompt"),
        ({"model": "draw", "prompt": "x", "n": 0}, "n"),
        ({"model": "draw", "prompt": "x", "n": 11}, "n"),
        ({"model": "draw", "prompt": "x", "size": "large"}, "size"),
        ({"model": "draw", "prompt": "x", "output_format": "gif"}, "output_format"),
        ({"model": "draw", "prompt": "x", "extra_body": {"seed": "x"}}, "seed"),
        ({"model": "draw", "prompt": "x", "extra_body": {"lens": 1}}, "lens"),
    ],
)
def test_what_is_wrong_is_said_in_their_shape(
    client: openai.OpenAI, given: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.generate(**given)
    assert caught.value.status_code == (404 if given.get("model") == "nothing" else 422)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


def test_pictures_that_are_none(client: openai.OpenAI, picture: bytes) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.images.edit(model="large", image=b"no picture", prompt="x")
    assert caught.value.code == "not_a_picture"
    for given in ({"image": [picture, picture]}, {"image": picture, "mask": picture}):
        with pytest.raises(openai.UnprocessableEntityError):
            client.images.edit(model="large", prompt="x", **given)  # type: ignore[arg-type]


def test_json_edits_take_data_uris(server: Any, picture: bytes) -> None:
    uri = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    path = "/compat/openai/v1/images/edits"
    given = {"model": "large", "prompt": "x"}
    answer: httpx.Response = server.client.post(path, json=given | {"image": uri})
    assert answer.status_code == 200
    assert server.client.post(path, json=given | {"image": "file:///etc"}).status_code == 422
    assert server.client.post(path, json=given).status_code == 422


async def test_the_asynchronous_client(server: Any, decode: Decode) -> None:
    base = f"http://127.0.0.1:{server.port}/compat/openai/v1"
    async with openai.AsyncOpenAI(base_url=base, api_key="any", max_retries=0) as client:
        answer = await client.images.generate(model="draw", prompt="a tram")
    assert np.array_equal(decode(pictures(answer)[0]), drawn("a tram"))
