"""Pipelines as the API tells them.

Published -> line, whole page, version          ports -> objects by name
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from printroom.api.pipelines.endpoint import PREFIX
from printroom.core.errors import PrintroomError
from printroom.pipelines.graph import Graph
from printroom.pipelines.notation import port_to
from printroom.pipelines.ports import Port
from printroom.pipelines.schema import values_schema
from printroom.pipelines.store import Published
from printroom.runs.view import moment
from printroom.workshop import Workshop


def lines(workshop: Workshop, found: Sequence[Published]) -> list[dict[str, Any]]:
    """Each of `found`, of one account and of printroom, for a list."""
    by_account: dict[str, list[str]] = {}
    for one in found:
        if one.account is not None:
            by_account.setdefault(one.account, []).append(one.spec.name)
    aliases = {
        (account, name): known
        for account, names in by_account.items()
        for name, known in workshop.pipelines.aliases(account, names).items()
    }
    return [
        line(one, aliases.get((one.account or "", one.spec.name), {})) | _known(workshop, one)
        for one in found
    ]


def page(workshop: Workshop, found: Published, graph: Graph, *, whole: bool) -> dict[str, Any]:
    """All that is told of one version; `whole`: also how it is made."""
    spec, aliases = found.spec, {}
    if found.account is not None:
        aliases = workshop.pipelines.aliases(found.account, [spec.name])[spec.name]
    told = line(found, aliases) | _ports(found, graph)
    return told | {
        "by": found.by if whole else None,
        "yaml": spec.to_yaml() if whole else None,
        "pipeline": spec.to_dict() if whole else None,
        "schema": {
            "input": values_schema(graph.inputs),
            "output": values_schema(graph.results) | {"required": []},
        },
    }


def line(found: Published, aliases: Mapping[str, int]) -> dict[str, Any]:
    """What is known without its steps."""
    return {
        "id": found.id,
        "name": found.spec.name,
        "owner": found.owner,
        "version": found.version,
        "title": found.spec.title,
        "description": found.spec.description,
        "aliases": dict(aliases),
        "url": PREFIX + found.id,
        "created_at": moment(found.created_at) if found.version else None,
    }


def version(found: Published, aliases: Mapping[str, int]) -> dict[str, Any]:
    """One of a list of versions."""
    return {
        "version": found.version,
        "created_at": moment(found.created_at),
        "by": found.by if found.own else None,
        "aliases": [alias for alias, number in aliases.items() if number == found.version],
        "digest": found.spec.digest,
    }


def written(ports: Mapping[str, Port]) -> dict[str, Any]:
    """Each port as an object, whatever the shortest way to write it."""
    found = {name: port_to(port) for name, port in ports.items()}
    return {name: {"type": one} if isinstance(one, str) else one for name, one in found.items()}


def _known(workshop: Workshop, found: Published) -> dict[str, Any]:
    try:
        return _ports(found, workshop.shelf.ready(found))
    except PrintroomError as error:  # a step or a model of it is not here any more
        return {"inputs": written(found.spec.inputs), "outputs": None, "fault": str(error)}


def _ports(found: Published, graph: Graph) -> dict[str, Any]:
    inputs, outputs = written(found.spec.inputs), written(graph.results)
    return {"inputs": inputs, "outputs": outputs, "fault": None}
