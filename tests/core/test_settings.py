import os
from dataclasses import fields
from pathlib import Path

import pytest

from printroom.core import settings
from printroom.core.errors import BadOption
from printroom.core.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.read({}) == Settings()
    assert Settings.read({"PRINTROOM_MEMORY": " "}) == Settings()


def test_every_field_can_be_set() -> None:
    assert set(settings._PARSERS) == {field.name for field in fields(Settings)}


def test_variables_reach_their_fields() -> None:
    read = Settings.read(
        {
            "PRINTROOM_MEMORY": "2GB",
            "PRINTROOM_WORKERS": "3",
            "PRINTROOM_MODELS": os.pathsep.join(["/a", "/b"]),
            "PRINTROOM_PRELOAD": "a/b@1, c/d@2",
        }
    )
    assert read.memory == 2 * 10**9
    assert read.workers == 3
    assert read.models == (Path("/a"), Path("/b"))
    assert read.preload == ("a/b@1", "c/d@2")


@pytest.mark.parametrize("text", ["0", "1.01", "-0.5", "nan", "half"])
def test_a_share_of_a_card_is_above_zero_and_at_most_one(text: str) -> None:
    assert Settings.read({"PRINTROOM_GPU_SHARE": "0.5"}).gpu_share == 0.5
    with pytest.raises(BadOption, match="PRINTROOM_GPU_SHARE"):
        Settings.read({"PRINTROOM_GPU_SHARE": text})


@pytest.mark.parametrize("name", ["PRINTROOM_MEMORY", "PRINTROOM_WORKERS", "PRINTROOM_PIXELS"])
@pytest.mark.parametrize("text", ["0", "-1", "much", "1e3"])
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name: str, text: str) -> None:
    with pytest.raises(BadOption, match=name):
        Settings.read({name: text})
