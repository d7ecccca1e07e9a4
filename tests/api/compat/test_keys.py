"""Where people sign in, each dialect takes a key, and says so in its client's words without one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import replicate
import tritonclient.http as triton
from replicate.exceptions import ReplicateError
from tritonclient.utils import InferenceServerException


@pytest.fixture(scope="module")
def closed(
    serving: Callable[..., Any], drawings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The address of a server that lets nobody in without a key, and a key as most have it."""
    data = tmp_path_factory.mktemp("closed") / "data"
    shutil.copytree(drawings, data)
    words = [
        "create",
        "tests",
        "--scope",
        "images",
        "--scope",
        "runs:write",
        "--scope",
        "runs:read",
    ]
    words += ["--scope", "models:read", "--scope", "pipelines:read", "--scope", "files:read"]
    made = subprocess.run(
        [sys.executable, "-m", "printroom", "keys", *words],
        env=os.environ | {"PRINTROOM_DATA": str(data)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with serving(data, http_login="1") as url:
        yield url, made.stdout.strip()


def test_openai(closed: tuple[str, str]) -> None:
    url, key = closed
    base = f"{url}/compat/openai/v1"
    with openai.OpenAI(base_url=base, api_key=key, max_retries=0) as client:
        assert client.images.generate(model="draw", prompt="x").data
        assert list(client.models.list())
    with openai.OpenAI(base_url=base, api_key="sk-other", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            client.images.generate(model="draw", prompt="x")
        with pytest.raises(openai.AuthenticationError):
            client.models.list()


def test_replicate(closed: tuple[str, str]) -> None:
    url, key = closed
    base = f"{url}/compat/replicate"
    client = replicate.Client(api_token=key, base_url=base)
    assert client.run("local/count", input={"text": "x"}) == 1
    client._client.close()
    other = replicate.Client(api_token="r8_other", base_url=base)
    with pytest.raises(ReplicateError) as caught:
        other.run("local/count", input={"text": "x"})
    assert caught.value.status == 401
    other._client.close()


def test_triton(closed: tuple[str, str]) -> None:
    url, key = closed
    headers = {"Authorization": f"Bearer {key}"}
    given = triton.InferInput("image", [1, 3, 4, 4], "FP32")
    given.set_data_from_numpy(np.zeros((1, 3, 4, 4), np.float32))
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        assert client.is_server_ready()  # for whoever balances load
        assert client.infer("test/double", [given], headers=headers).as_numpy("result") is not None
        assert client.get_model_metadata("test/double", headers=headers)["versions"] == ["1"]
        with pytest.raises(InferenceServerException, match="key"):
            client.infer("test/double", [given])
        with pytest.raises(InferenceServerException):
            client.get_model_metadata("test/double")
