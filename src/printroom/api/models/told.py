"""A model as clients see it: one of the server's, or an entry of an account.

Model, Entry, what is seen of its pace -> JSON as `schemas.Model` has it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from printroom.catalogue.card import Model, ModelCard
from printroom.catalogue.model import Entry
from printroom.catalogue.models import BUNDLED
from printroom.runs.view import moment

SAMPLE = "/sample.jpg"
"""A picture that every server has."""
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_STAGES = ("stage", "done", "of")


def of_server(model: Model, pace: float | None) -> dict[str, Any]:
    """A model that no account has. `pace`: seconds per input pixel; None = it was not timed yet."""
    card = model.card
    shipped = model.weights.is_relative_to(BUNDLED)
    return {
        **_named(card.name, card.version),
        "source": "printroom" if shipped else "server",
        "mine": False,
        "state": "ready",
        "title": card.title,
        "description": "",
        "task": card.task,
        "licence": licence_json(card.licence),
        "runtime": card.runtime,
        "digest": card.digest,
        "bytes": _size(model),
        **_of_card(card, pace),
        "examination": None,
        "created_at": None,
    }


def of_account(
    entry: Entry, handle: str, pace: float | None, *, mine: bool, full: bool
) -> dict[str, Any]:
    """A model of an account. `mine`: whether it is that of whoever asks; `full`: with what was
    found when it was examined.
    """
    card, declared = entry.card(handle), entry.declared
    licence = declared["licence"] if card is None else card.licence
    return {
        **_named(f"{handle}/{entry.name}", entry.version),
        "source": "account",
        "mine": mine,
        "state": entry.state,
        "title": entry.title,
        "description": entry.description,
        "task": card.task if card else declared["task"] or "other",
        "licence": licence_json(licence),
        "runtime": card.runtime if card else "onnx",
        "digest": entry.digest,
        "bytes": entry.size,
        **(_of_card(card, _tried(entry) if pace is None else pace) if card else _NO_CARD),
        "examination": _examination(entry) if full else None,
        "created_at": moment(entry.created_at),
    }


def licence_json(text: str) -> dict[str, Any]:
    """An SPDX expression; the address of its text, where it is one licence of their list."""
    known = _SPDX.fullmatch(text) and not text.startswith("LicenseRef-") and text != "unknown"
    url = f"https://spdx.org/licenses/{text}.html" if known else None
    return {"spdx": "" if text == "unknown" else text, "url": url}


_NO_CARD: Mapping[str, Any] = {
    "parameters": None,
    "geometry": None,
    "reading": None,
    "read_as": "",
    "draws": False,
    "cost": None,
    "scores": [],
    "data": {},
    "examples": [],
}
"""Of a model that was not examined yet."""


def _of_card(card: ModelCard, pace: float | None) -> dict[str, Any]:
    geometry, reading = card.geometry, card.reading
    return {
        "parameters": card.parameters,
        "geometry": {
            "scale": str(geometry.scale),
            "halo": geometry.halo,
            "align": geometry.align,
            "exact": geometry.exact,
            "fixed": None if geometry.fixed is None else list(geometry.fixed),
            "why": geometry.why,
        },
        "reading": reading.raw(),
        "read_as": reading.in_words(),
        "draws": reading.generates,
        "cost": {
            "seconds_per_megapixel": None if pace is None else round(pace * 1e6, 4),
            "tile_bytes": {str(side): cost for side, cost in sorted(card.costs.items())},
        },
        "scores": [
            dict(zip(("metric", "unit"), card.measure(name), strict=True))
            | {"set": name, "value": value}
            for name, value in card.scores.items()
        ],
        "data": card.data,
        "examples": [] if reading.generates else [{"input": SAMPLE, "output": None}],
    }


def _tried(entry: Entry) -> float | None:
    """Seconds per input pixel, as seen when it was examined."""
    for finding in (entry.report or {}).get("findings", ()):
        if (seconds := finding["evidence"].get("seconds_per_megapixel")) is not None:
            return float(seconds) / 1e6
    return None


def _examination(entry: Entry) -> dict[str, Any]:
    report, progress = entry.report or entry.progress, entry.progress
    return {
        "run": entry.job,
        **({name: progress[name] for name in _STAGES} if progress else _AT_REST),
        "verdict": report.get("verdict"),
        "findings": report.get("findings", []),
        "error": entry.error,
        "made_at": moment(report.get("made_at")),
        "expires_at": moment(report.get("expires_at")),
    }


_AT_REST: Mapping[str, Any] = {"stage": None, "done": 0, "of": 0}


def _named(name: str, version: int) -> dict[str, Any]:
    place = f"/v1/models/{name}"
    return {
        "id": f"{name}@{version}",
        "name": name,
        "version": version,
        "owner": name.partition("/")[0],
        "urls": {"get": f"{place}@{version}", "versions": f"{place}/versions"},
    }


def _size(model: Model) -> int | None:
    """Bytes of the weights, where they lie here."""
    path = model.weights
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return path.stat().st_size
    except OSError:
        return None
