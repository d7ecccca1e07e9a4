"""The OpenAPI document and the server agree: whatever it names is asked for, rightly and wrongly.

schemathesis, in a process of its own, makes requests out of the document and holds the answers to
it: no fault of the server's, no status, media type or shape that is not named, nothing taken that
should not be, nothing let in without a key.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from printroom.accounts.credentials import mint
from printroom.api.refusals import codes

HERE = Path(__file__).parent
TOOL = Path(sys.executable).parent / "schemathesis"
CLOSING = ("createAccount", "addMember")
"""What ends a server's being open to whoever is at its machine."""
METHODS = ("get", "put", "post", "patch", "delete", "options", "head")


@pytest.fixture(scope="module")
def site(
    serving: Callable[..., AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A server that asks everybody, and a key that may do everything."""
    key = mint("live")
    settings = {"owner_key": key, "http_login": "1", "http_worker": "0"}
    with serving(tmp_path_factory.mktemp("data"), **settings) as url:
        yield url, key


@pytest.fixture(scope="module")
def document(site: tuple[str, str]) -> dict[str, Any]:
    url, key = site
    answer = httpx.get(
        f"{url}/openapi.json", headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


WAITING = ("keepStorage",)
"""What lets others wait for a store that nobody runs."""


LONG = ("runPipeline_artist", "runPipeline_stylise")
"""What paints whenever its body is right: a few times in the other test, not at each bound of each
parameter; they are made as those of `runPipeline_enhance` are."""


def streams(document: dict[str, Any]) -> list[str]:
    """Operations whose answer does not end by itself."""
    return [
        operation["operationId"]
        for _, operation in operations(document)
        if "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    ]


def asked(
    url: str, folder: Path, left_out: Iterable[str], *options: str
) -> subprocess.CompletedProcess[str]:
    """schemathesis, over all that the document at `url` names, but for those left out."""
    options += tuple(
        word for name in [*left_out, *WAITING] for word in ("--exclude-operation-id", name)
    )
    command = [
        str(TOOL), "--config-file", str(HERE / "schemathesis.toml"), "run", f"{url}/openapi.json",
        "--url", url, "--seed", "1", "--no-shrink", "--continue-on-failure",
        "--suppress-health-check", "all", "--request-timeout", "60", "--warnings", "off",
        "--generation-database", "none", "--generation-with-security-parameters", "false",
        "--no-color", *options,
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_server_that_knows_its_callers_keeps_to_the_document(
    site: tuple[str, str], document: dict[str, Any], tmp_path: Path
) -> None:
    url, key = site
    sent = ["--header", f"Authorization:Bearer {key}", "--phases", "examples,coverage"]
    done = asked(url, tmp_path, [*streams(document), *LONG], *sent)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_server_that_is_open_keeps_to_the_document(
    serving: Callable[..., AbstractContextManager[str]], document: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    with serving(tmp_path / "data", http_worker="0") as url:
        options = ["--phases", "fuzzing", "--max-examples", "5", "--exclude-checks", "ignored_auth"]
        done = asked(url, tmp_path, [*streams(document), *CLOSING], *options)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for where, operation in operations(document):
        assert operation["summary"], where
        assert operation["tags"], where


def test_every_code_is_known_and_has_its_status(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Problem"]
    assert schema["properties"]["code"]["enum"] == list(codes())
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            problem = answer.get("content", {}).get("application/problem+json")
            if problem is None:
                assert status[0] in "23" or "content" not in answer, (where, status)
                continue
            _, _, said = answer["description"].partition(": ")
            assert set(said.split(", ")) == set(problem["examples"]), (where, status)
            for code in problem["examples"]:
                assert codes()[code][0] == int(status), (where, code)


def test_everything_in_json_has_an_example_that_fits(document: dict[str, Any]) -> None:
    components = {"components": document["components"]}
    for where, operation in operations(document):
        bodies = [operation.get("requestBody", {})]
        bodies += [one for status, one in operation["responses"].items() if status[0] == "2"]
        for body in bodies:
            media = body.get("content", {}).get("application/json")
            if media is not None:
                validator = Draft202012Validator(media["schema"] | components)
                faults = [fault.message for fault in validator.iter_errors(media["example"])]
                assert not faults, (where, media["example"], faults)
    problem = document["components"]["schemas"]["Problem"]
    for code, shown in document["components"]["examples"].items():
        Draft202012Validator(problem).validate(shown["value"])
        assert shown["value"]["code"] == code
