"""`printroom models`: what is on the catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.tables import table
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.catalogue.card import ModelCard

models = typer.Typer(no_args_is_help=True)
"""The group of verbs about models."""
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@models.callback()
def about() -> None:
    """List the models at hand, or show one."""


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """One line per model; with --json one object per line."""
    cards = [model.card for model in _workshop_models()]
    if as_json:
        for card in cards:
            typer.echo(json.dumps(_facts(card)))
        return
    header = ("MODEL", "SCALE", "PARAMETERS", "EXACT", "TITLE")
    rows = [
        (
            card.id,
            f"x{card.geometry.scale}",
            f"{card.parameters:,}",
            "yes" if card.geometry.exact else "no",
            card.title,
        )
        for card in cards
    ]
    typer.echo(table([header, *rows]))


@models.command("show")
def show(
    model: Annotated[str, typer.Argument(help="owner/name@version, or owner/name.")],
    as_json: AsJson = False,
) -> None:
    """All that is known of one model."""
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        facts = _facts(workshop.catalogue.get(model).card)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo(table([(name, _shown(value)) for name, value in facts.items()]))


def _workshop_models() -> Sequence[Any]:
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        return workshop.catalogue.models


def _facts(card: ModelCard) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(card.to_json())
    return {"id": card.id} | facts


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return str(value)
