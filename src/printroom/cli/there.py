"""A pipeline that runs at a server, on files of this machine; its pictures become files here.

URL, name, texts -> Client.run -> results by name, pictures as paths     what the server raises
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from printroom.cli.bars import bars
from printroom.cli.run import given
from printroom.client import Client, Event, Picture, Run
from printroom.core.errors import Cancelled, FetchFailed, PrintroomError
from printroom.imaging.formats import FORMATS
from printroom.pipelines.notation import port_from
from printroom.pipelines.ports import Port
from printroom.pipelines.values import parsed


def run_there(
    server: str,
    name: str,
    texts: tuple[Sequence[str], Sequence[str]],
    wishes: Mapping[str, Any],
    folder: Path,
    stop: threading.Event,
) -> Mapping[str, Any]:
    """The results, written as `wishes` say; empty when `stop` is set before the end: then the run
    is taken back.
    """
    with Client(server) as client, bars(1) as shown:
        about = client.pipeline(name)
        ports = _ports(about)
        values = parsed(ports, given(ports, *texts))
        run = client.submit(str(about.get("id", name)), values, **wishes)
        shown.begin(name, 0)

        def told(event: Event) -> None:
            if event.kind == "progress":
                shown.advance(int(event.data.get("done", 0)), int(event.data.get("tiles", 0)))

        def take_back() -> None:
            stop.wait()
            with suppress(PrintroomError):
                client.cancel(run)

        threading.Thread(target=take_back, daemon=True).start()
        try:
            return _brought(client, client.wait(run, progress=told), folder)
        except Cancelled:
            shown.say(f"{name} was stopped")
            if not stop.is_set():
                raise
            return {}
        finally:
            shown.end()


def _ports(about: Mapping[str, Any]) -> dict[str, Port]:
    try:
        return {name: port_from(raw) for name, raw in about["inputs"].items()}
    except (KeyError, AttributeError, ValueError) as error:
        reason = f"the server tells of its pipeline in words that are not known here: {error}"
        raise FetchFailed(reason, "update printroom") from None


def _brought(client: Client, run: Run, folder: Path) -> dict[str, Any]:
    """The outputs, their pictures as files in `folder`."""
    found: dict[str, Any] = {}
    for name, value in run.output.items():
        if isinstance(value, Picture):
            found[name] = client.save(value, folder / f"{name}{_suffix(value)}")
        elif isinstance(value, list) and any(isinstance(one, Picture) for one in value):
            found[name] = [
                client.save(one, folder / f"{name}-{number}{_suffix(one)}")
                for number, one in enumerate(value, 1)
            ]
        else:
            found[name] = value
    return found


def _suffix(picture: Picture) -> str:
    """By what the server says it is: a name from there is nobody's path here."""
    for kind in FORMATS:
        if kind.media_type == picture.media_type:
            return kind.suffixes[0]
    return ".bin"
