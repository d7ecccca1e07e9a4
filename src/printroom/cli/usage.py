"""`printroom usage`: what was used, from the database that the settings name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.book import opened
from printroom.cli.tables import table
from printroom.core.errors import BadOption

if TYPE_CHECKING:
    from printroom.accounts.metering import Group, Usage


def usage(
    account: Annotated[str, typer.Option(help="Whose; the id of an account.")] = "local",
    days: Annotated[int, typer.Option(min=1, max=3660, help="Up to today, UTC.")] = 30,
    by: Annotated[
        list[str] | None, typer.Option(help="Keep apart: day, key, target, end_user. [day]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """What succeeded: runs, pictures, megapixels of results, seconds and units."""
    from printroom.accounts import metering

    groups = [_group(name) for name in by or ["day"]]
    last = datetime.now(UTC).date()
    first = last - timedelta(days=days - 1)
    with opened() as accounts:
        found = accounts.look(metering.usage, account, first.isoformat(), last.isoformat(), groups)
    apart = [name for name in metering.GROUPS if name in groups]
    if as_json:
        for one in found:
            typer.echo(json.dumps(_shown(one, apart)))
        return
    header = (*apart, "runs", "pictures", "megapixels", "seconds", "units")
    rows = [tuple(map(str, _shown(one, apart).values())) for one in found]
    typer.echo(table([tuple(name.upper() for name in header), *rows]))


def _shown(one: Usage, apart: list[Group]) -> dict[str, Any]:
    return {name: getattr(one, name) or "-" for name in apart} | {
        "runs": one.runs,
        "pictures": one.pictures,
        "megapixels": one.pixels / 10**6,
        "seconds": one.milliseconds / 1000,
        "units": one.cost / 1000,
    }


def _group(name: str) -> Group:
    from printroom.accounts import metering

    for group in metering.GROUPS:
        if group == name:
            return group
    raise BadOption(f"nothing is kept apart by {name!r}", f"take {', '.join(metering.GROUPS)}")
