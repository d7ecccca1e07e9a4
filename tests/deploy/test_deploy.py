"""Containers and compose file, as far as they can be checked without an engine."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from printroom.core.settings import Settings
from printroom.database.url import parse
from printroom.storage.address import Address

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"),
    *("HEALTHCHECK", "ENTRYPOINT", "CMD"),
}
KNOWN = {f"PRINTROOM_{field.name.upper()}" for field in fields(Settings)}
PINNED = re.compile(r"docker\.io/[\w./-]+:[\w.-]*\d[\w.-]*")


def containerfile() -> list[tuple[str, str]]:
    """Instructions and what they are given."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.M)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]  # type: ignore[misc]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its variables filled in from the example."""
    example = dict(
        line.split("=", 1)
        for line in (DEPLOY / "env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )

    def value(found: re.Match[str]) -> str:
        name, default, required = found.groups()
        assert name in example, f"{name} is not in env.example"
        assert required is None or default is None
        return example[name] or default or "0123abcd"

    text = (DEPLOY / "compose.yaml").read_text()
    text = re.sub(r"\$\{(\w+)(?::-([^}]*))?(?::\?([^}]*))?\}", value, text)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_every_instruction_is_one() -> None:
    assert {name for name, _ in containerfile()} <= INSTRUCTIONS
    assert containerfile()[0][0] == "FROM"


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    bases = [given.split()[0] for name, given in containerfile() if name == "FROM"]
    others = [one["image"] for one in compose["services"].values() if "build" not in one]
    assert len(bases) == len(others) == 2
    for image in (*bases, *others):
        assert PINNED.fullmatch(image), image


def test_what_is_copied_is_there() -> None:
    stages = {given.split(" AS ")[1] for _, given in containerfile() if " AS " in given}
    for name, given in containerfile():
        if name == "COPY":
            options, *places = given.split()
            if options.startswith("--from="):
                assert options.removeprefix("--from=") in stages
            else:
                for place in (options, *places)[:-1]:
                    assert (ROOT / place).exists(), place


def test_nobody_runs_it_as_root() -> None:
    names = [name for name, _ in containerfile()]
    last = len(names) - 1 - names[::-1].index("USER")
    assert containerfile()[last][1] not in ("root", "0")
    assert "RUN" not in names[last:]


def test_what_is_installed_is_offered() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [asked] = re.findall(r"\.\[([\w,]+)\]", (DEPLOY / "Containerfile").read_text())
    assert set(asked.split(",")) <= set(project["optional-dependencies"])


def run_as(words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "printroom", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_commands_are_those_of_printroom(compose: dict[str, Any]) -> None:
    found = dict(containerfile())
    assert yaml.safe_load(found["ENTRYPOINT"]) == ["printroom"]
    commands = [yaml.safe_load(found["CMD"])]
    commands += [one["command"] for one in compose["services"].values() if "build" in one]
    for command in commands:
        done = run_as([*command, "--help"])
        assert done.returncode == 0, done.stderr
        for option in (word for word in command if word.startswith("--")):
            assert option in done.stdout


def test_every_setting_exists(compose: dict[str, Any]) -> None:
    found = dict(containerfile())
    for word in shlex.split(found["ENV"]):
        name = word.partition("=")[0]
        assert name in KNOWN or not name.startswith("PRINTROOM_"), name
    for service in compose["services"].values():
        for name in service.get("environment", {}):
            known = name in KNOWN or name.startswith("PRINTROOM_STORE_")
            assert known or not name.startswith("PRINTROOM_"), name


@pytest.mark.parametrize("service", ["server", "worker"])
def test_settings_can_be_read(compose: dict[str, Any], service: str) -> None:
    environment = compose["services"][service]["environment"]
    assert all(isinstance(value, str) for value in environment.values())
    settings = Settings.read(environment)
    url = parse(settings.database_url or "")
    database = compose["services"][url.host or ""]["environment"]
    assert (url.username, url.database) == (database["POSTGRES_USER"], database["POSTGRES_DB"])
    assert url.password == database["POSTGRES_PASSWORD"]
    name = (settings.assets or "").partition("/")[0].upper()
    variable = f"PRINTROOM_STORE_{name}"
    secrets = {
        key.removeprefix(f"{variable}__").lower(): value
        for key, value in environment.items()
        if key.startswith(f"{variable}__")
    }
    address = Address.parse(environment[variable])
    told = address.settings(secrets)
    store = compose["services"]["store"]
    assert f"-bucket={told['bucket']}" in store["command"]
    assert told["access_key_id"] == store["environment"]["AWS_ACCESS_KEY_ID"]
    assert told["endpoint"] == "http://store:8333"
    assert "-s3.port=8333" in store["command"]


def test_the_server_lets_only_its_owner_in(compose: dict[str, Any]) -> None:
    server = Settings.read(compose["services"]["server"]["environment"])
    assert server.owner_email is not None
    assert server.owner_password is not None
    assert not server.http_worker
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["server"]["ports"])


def test_names_lead_somewhere(compose: dict[str, Any]) -> None:
    services, volumes = compose["services"], compose["volumes"]
    for service in services.values():
        for other in service.get("depends_on", {}):
            assert other in services
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in volumes
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
            assert (DEPLOY / build["context"]).resolve() == ROOT


def test_no_secret_is_in_the_files() -> None:
    for line in (DEPLOY / "env.example").read_text().splitlines():
        if re.match(r"\w*(PASSWORD|SECRET)\w*=", line):
            assert line.endswith("=")
    assert not (DEPLOY / ".env").exists() or "deploy/.env" in (ROOT / ".gitignore").read_text()


def test_prometheus_asks_for_what_is_there() -> None:
    found = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    [job] = found["scrape_configs"]
    assert job["job_name"] == "printroom"
    assert "metrics_path" not in job  # its default is ours
    assert os.path.isabs(job["authorization"]["credentials_file"])  # noqa: PTH117  of that machine
