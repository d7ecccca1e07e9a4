"""`printroom serve` with a net of the bench in its catalogue.

    ONNX file -> Launch: the server's command, settings and path
    Server -> its /metrics as numbers

Raises BadModel for a net that printroom does not take.
"""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bench import cache, nets
from bench.client import HOST
from bench.servers import Launch, Server, printroom_command
from printroom.catalogue.importing import import_onnx

NAME = "printroom"


def launch(net: Path, query: str, processes: int = 1) -> Launch:
    """A server that has `net` loaded before it is ready, and takes pictures with `query`."""
    command = printroom_command("serve", "--port={port}", f"--processes={processes}")
    path = f"/v1/images/enhance?{query}"
    if net == nets.upscale():
        return Launch(NAME, command, path)
    name = _registered(net)
    env = {"PRINTROOM_MODELS": str(_folder()), "PRINTROOM_PRELOAD": name}
    return Launch(NAME, command, f"{path}&model={name}", env)


def metrics(server: Server) -> dict[str, float]:
    """Each sample of /metrics by its name; labelled ones as `name{key=value,...}`."""
    with urllib.request.urlopen(f"http://{HOST}:{server.port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {
        sample.name + _labels(sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _labels(labels: dict[str, str]) -> str:
    inner = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"{{{inner}}}" if inner else ""


def _folder() -> Path:
    return cache.folder() / "models"


def _registered(net: Path) -> str:
    """Puts `net` where a catalogue looks; returns its id."""
    place = _folder() / net.stem / "1"
    card = replace(
        import_onnx(net, cache.folder() / "imported").card,
        name=f"bench/{net.stem}",
        version=1,
        weights=net.name,
    )
    place.mkdir(parents=True, exist_ok=True)
    (place / net.name).write_bytes(net.read_bytes())
    (place / "card.json").write_text(card.to_json())
    return f"{card.name}@{card.version}"
