"""The file of settings: the same as the environment, and under it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.config import adopt, place, variables
from printroom.core.errors import BadOption
from printroom.core.settings import Settings

TEXT = """
memory = "2GB"
workers = 3
market_fee = 0.2
http_log = true
preload = ["a/b", "c/d"]
models = ["/one", "/two"]
stores_key = "k"

[stores.my-photos]
address = "s3://bucket"
access_key_id = "id"

[secrets]
hub_token = "t"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "printroom.toml"
    path.write_text(TEXT)
    return path


def test_each_line_is_a_variable(file: Path) -> None:
    assert variables(file) == {
        "PRINTROOM_MEMORY": "2GB",
        "PRINTROOM_WORKERS": "3",
        "PRINTROOM_MARKET_FEE": "0.2",
        "PRINTROOM_HTTP_LOG": "1",
        "PRINTROOM_PRELOAD": "a/b,c/d",
        "PRINTROOM_MODELS": f"/one{os.pathsep}/two",
        "PRINTROOM_STORES_KEY": "k",
        "PRINTROOM_STORE_MY_PHOTOS": "s3://bucket",
        "PRINTROOM_STORE_MY_PHOTOS__ACCESS_KEY_ID": "id",
        "PRINTROOM_SECRET_HUB_TOKEN": "t",
    }


def test_the_environment_wins(file: Path) -> None:
    environment = {"PRINTROOM_CONFIG": str(file), "PRINTROOM_WORKERS": "1", "PRINTROOM_MEMORY": ""}
    assert adopt(environment) == file
    settings = Settings.read(environment)
    assert (settings.workers, settings.memory) == (1, 2_000_000_000)
    assert settings.models == (Path("/one"), Path("/two"))


def test_where_it_lies(file: Path, tmp_path: Path) -> None:
    assert place({"PRINTROOM_DATA": str(tmp_path)}) == file
    assert place({"PRINTROOM_DATA": str(tmp_path / "none")}) is None
    with pytest.raises(BadOption, match="PRINTROOM_CONFIG names"):
        place({"PRINTROOM_CONFIG": str(tmp_path / "none")})


@pytest.mark.parametrize(
    "text",
    ["memory", "memry = 1", "memory = {a = 1}", "preload = [1]", "stores = 1",
     "[stores]\nphotos = 's3://x'", "[secrets]\na = [1]", "secrets = 1", "\x00"],
)  # fmt: skip
def test_what_cannot_be_meant_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "printroom.toml"
    path.write_text(text)
    with pytest.raises(BadOption, match=r"printroom\.toml"):
        variables(path)


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        found = variables(path)
    except BadOption:
        return
    assert all(isinstance(value, str) for value in found.values())


def test_commands_read_it(file: Path) -> None:
    file.write_text('memory = "much"\n')
    environment = os.environ | {"PRINTROOM_CONFIG": str(file)}
    done = subprocess.run(
        [sys.executable, "-m", "printroom", "doctor"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "PRINTROOM_MEMORY" in done.stderr
