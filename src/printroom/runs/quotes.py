"""What a run would take: its time from the plan of the engine, its price from the price list.

target, inputs -> quote -> JSON          whatever asking for the run would raise
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from printroom.accounts.prices import Amounts, Prices
from printroom.core.errors import PrintroomError
from printroom.engine.explain import Explanation
from printroom.pipelines.kinds import ListOf, pictured
from printroom.runs.inputs import Inline, Intake
from printroom.runs.runs import Asked, Runs
from printroom.runs.target import Target
from printroom.runs.terms import paid_of
from printroom.runs.view import shown_terms
from printroom.workshop import Workshop


def quote(
    runs: Runs,
    account: str,
    name: str,
    given: Mapping[str, Any],
    draft: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Seconds, pictures, pixels and cost. Raises NotFound, BadPipeline, BadInput."""
    target = runs.targets.wanted(account, name, draft)
    intake = Intake(account, runs.assets, runs.workshop.outbound)
    values = intake.checked(target.graph, given)
    asked = Asked(account, name, given, pipeline=draft)
    terms = runs.agreed(asked, target)
    plan, amounts, exact = _planned(runs, account, target, values, paid_of(terms))
    prices = Prices.parse(runs.workshop.settings.prices)
    return {
        "target": target.id,
        "seconds": sum(stage.seconds for stage in plan.stages if stage.width) or None,
        "exact": exact,
        "pictures": amounts.pictures,
        "pixels": amounts.pixels,
        "cost": prices.cost(target.id, amounts) / 1000,
        "terms": shown_terms(terms),
        "plan": plan.to_json() if target.own else {},  # how it is made is not told
    }


def measured(runs: Runs, asked: Asked, target: Target, paid: tuple[str, ...]) -> tuple[int, bool]:
    """Pixels of all results of a run, and whether that is certain; `paid`: the models of others
    that it may use. Raises what `quote` does.
    """
    given = {name: _named(value) for name, value in asked.input.items()}
    if any(isinstance(value, dict) for value in given.values()):  # an object of a store
        return 0, False
    intake = Intake(asked.account, runs.assets, runs.workshop.outbound)
    values = intake.checked(target.graph, given)
    _, amounts, exact = _planned(runs, asked.account, target, values, paid)
    return amounts.pixels, exact


def _named(value: Any) -> Any:
    """A file as whoever asks names it; batches have it as an object already."""
    return value["file"] if isinstance(value, dict) and "file" in value else value


def _planned(
    runs: Runs,
    account: str,
    target: Target,
    values: Mapping[str, Any],
    paid: tuple[str, ...],
) -> tuple[Explanation, Amounts, bool]:
    """The plan of a run, what it would make, and whether that is certain."""
    with TemporaryDirectory(prefix="printroom-") as folder:
        known, exact = _known(runs, account, values, Path(folder))
        plan, amounts, certain = planned(runs.workshop, account, target, known, paid)
    return plan, amounts, exact and certain


def planned(
    workshop: Workshop,
    account: str,
    target: Target,
    known: Mapping[str, Any],
    paid: tuple[str, ...],
) -> tuple[Explanation, Amounts, bool]:
    """The same, of inputs as the engine takes them."""
    plan = workshop.explain(
        target.graph, known, account=account, owner=target.account or "", paid=paid
    )
    stages = [stage for stage in plan.stages if stage.width]
    pictures = [port for port in target.graph.results.values() if pictured(port.kind)]
    last = stages[-1] if stages else None
    width, height = (last.width, last.height) if last else (plan.picture.width, plan.picture.height)
    exact = all(stage.streams for stage in plan.stages)
    exact &= not any(isinstance(port.kind, ListOf) for port in pictures)
    seconds = sum(stage.seconds for stage in plan.stages)
    amounts = Amounts(len(pictures), len(pictures) * width * height, round(1000 * seconds))
    return plan, amounts, exact


def _known(
    runs: Runs, account: str, values: Mapping[str, Any], folder: Path
) -> tuple[dict[str, Any], bool]:
    """The inputs as the engine takes them, without pictures that would have to be fetched."""
    known: dict[str, Any] = {}
    exact = True
    for name, value in values.items():
        if isinstance(value, Inline):
            known[name] = value.data
        elif isinstance(value, dict) and "file" in value:
            try:
                content = runs.assets.content(runs.assets.find(account, value["file"]))
                content.save(path := folder / f"picture-{len(known)}")
                known[name] = path
            except PrintroomError:
                exact = False
        elif isinstance(value, dict | list):
            exact = False
        else:
            known[name] = value
    return known, exact
