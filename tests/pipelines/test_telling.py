"""What strangers are told of errors: no file of this machine, but addresses of the API."""

import pytest

from printroom.pipelines.telling import hidden


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cannot open /srv/data/x.bin: it is gone", "cannot open a file: it is gone"),
        ("add some: see GET /v1/wallet", "add some: see GET /v1/wallet"),
        ("see /v1/runs/1 of https://a.example/v1/x", "see /v1/runs/1 of https://a.example/v1/x"),
        ("/v1x/key and /home/v1/key", "a file and a file"),
    ],
)  # fmt: skip
def test_files_are_hidden_and_addresses_are_not(text: str, told: str) -> None:
    assert hidden(text) == told
