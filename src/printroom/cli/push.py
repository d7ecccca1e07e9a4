"""`printroom models push` and `remove`: models of an account's own, at a server.

file, or a model of this machine -> Client.push_model -> examined there, told as it goes
                                                         NotFound BadOption, what it raises
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.models import TASK_HELP, AsJson, Server, models, said_of
from printroom.core.errors import BadModel, BadOption
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.client import Client

_LOOK = 0.5
"""Seconds between looks at how far it is."""


@models.command("push")
def push(
    model: Annotated[str, typer.Argument(help="A file, or a model of this machine: owner/name.")],
    name: Annotated[
        str, typer.Option(help="Behind your handle there. [the model's, or the file's]")
    ] = "",
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    description: Annotated[str, typer.Option(help="More for people.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX expression of the weights.")] = "",
    task: Annotated[str, typer.Option(help=TASK_HELP)] = "",
    architecture: Annotated[
        str, typer.Option(help="Of safetensors: printroom-upscaler, -restorer or -unet.")
    ] = "",
    server: Server = "http://127.0.0.1:8000",
    as_json: AsJson = False,
) -> None:
    """Give a model to your account at a server, and wait until it was examined there."""
    from printroom.client import Client

    file, about = _given(model)
    said = {
        "name": name, "title": title, "description": description, "licence": licence, "task": task,
        "architecture": architecture,
    }  # fmt: skip
    about |= {key: value for key, value in said.items() if value}
    with Client(server) as client:
        told = _examined(client, client.push_model(file, **about))
    said_of(told, as_json)
    if told["state"] != "ready":
        raise BadModel(f"{told['id']} is {told['state']}", _why(told))


@models.command("remove")
def remove(
    model: Annotated[str, typer.Argument(help="One of your own: owner/name@version, owner/name.")],
    server: Server = "http://127.0.0.1:8000",
) -> None:
    """Have a version of your own model at a server gone, or all of them."""
    from printroom.client import Client

    with Client(server) as client:
        client.delete_model(model)
    typer.echo(f"{model} is gone")


def _given(model: str) -> tuple[Path, dict[str, Any]]:
    """The weights, and what is known of them here. Raises NotFound, BadModel, BadOption."""
    from printroom.catalogue.importing import slug
    from printroom.catalogue.models import BUNDLED, Catalogue

    path = Path(model)
    if path.is_file():
        return path, {"name": slug(path.stem)}
    settings = Settings.read()
    found = Catalogue((*settings.models, BUNDLED, settings.data / "models")).get(model)
    card = found.card
    if card.runtime != "onnx":
        raise BadOption(f"{card.id} is for {card.runtime}", "only ONNX files can be given")
    return found.weights, {
        "name": card.name.partition("/")[2],
        "title": card.title,
        "licence": "" if card.licence == "unknown" else card.licence,
        "task": card.task,
        "reading": card.reading.raw(),
    }


def _examined(client: Client, told: dict[str, Any]) -> dict[str, Any]:
    """The model once it was, with a line for each stage on the way."""
    stage = ""
    while told["state"] == "verifying":
        now = (told["examination"] or {}).get("stage") or "waiting"
        if now != stage:
            stage = now
            typer.echo(f"{told['id']}: {stage}", err=True)
        time.sleep(_LOOK)
        told = client.model(told["id"])
    return told


def _why(told: dict[str, Any]) -> str:
    """What it was refused for."""
    seen = told["examination"] or {}
    reasons = [one["reason"] for one in seen.get("findings", ()) if one["verdict"] == "refused"]
    return "; ".join(reasons) or seen.get("error") or "see its findings"
