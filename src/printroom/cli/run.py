"""`printroom run NAME`: run a pipeline on files of this machine, here or at a server.

    NAME, -i image=photo.jpg, -p scale=2 -> Workshop.run_pipeline -> files in DIR, values on stdout
    NAME photo.jpg --scale 2             -> the same
    either with --server URL             -> Client.run            -> the same

Exit status: 0 done, 1 failed, 2 wrong usage, 130 or 143 stopped by a signal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.options import Device, Memory, Workers, settings_with
from printroom.cli.own_words import own_words
from printroom.cli.stop import stop_on_signals
from printroom.core.errors import BadOption, Cancelled, Unwritable

if TYPE_CHECKING:
    from printroom.pipelines.ports import Port

OWN_WORDS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Of the command: inputs of a pipeline are options, too."""


def run(
    context: typer.Context,
    pipeline: Annotated[str, typer.Argument(help="NAME, NAME@3, NAME@live, or a YAML file.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for the results; left out: one here, of its name."
        ),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="NAME=FILE, or FILE for the only picture; repeatable."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE; repeatable."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--format", help="Of pictures: jpeg, png, webp, tiff, avif.")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="1 to 100, for lossy formats.")
    ] = None,
    metadata: Annotated[
        str, typer.Option(help="EXIF and XMP: keep, strip, or copyright alone.")
    ] = "keep",
    memory: Memory = None,
    workers: Workers = None,
    device: Device = None,
    server: Annotated[
        str | None,
        typer.Option(help="Run it there, as http://host:8000; its key is $PRINTROOM_KEY."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write into a folder that is in use.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Run a pipeline. Its pictures become files in the folder; other results are printed.

    Its inputs may follow as they are: `printroom run enhance photo.jpg --scale 4`.
    """
    files, values_of = own_words(context.args)
    words = [*(inputs or []), *files], [*(parameters or []), *values_of]
    folder = _folder_for(pipeline) if output is None else output
    with stop_on_signals() as stop:
        # Loaded here: `printroom --help` needs none of it.
        from printroom.cli.bars import bars

        results: Mapping[str, Any] = {}
        if server is not None:
            from printroom.cli.there import run_there

            _make_folder(folder, overwrite)
            wishes = {"format": kind, "quality": quality, "metadata": metadata}
            results = run_there(server, pipeline, words, wishes, folder, stop.event)
            if not stop.status:
                _tell(results, as_json)
            raise typer.Exit(stop.status)
        from printroom.engine.saving import saving_of
        from printroom.pipelines.values import parsed
        from printroom.workshop import Workshop

        with Workshop(settings_with(memory, workers, device)) as workshop, bars(1) as shown:
            graph = workshop.graph(pipeline)
            texts = given(graph.inputs, *words)
            values = parsed(graph.inputs, texts)
            _make_folder(folder, overwrite)
            shown.begin(graph.name, 0)
            try:
                saving = saving_of(kind, quality, metadata)
                results = workshop.run_pipeline(
                    graph, values, folder, shown.advance, stop.event, saving=saving
                )
            except Cancelled:
                shown.say(f"{graph.name} was stopped")
            finally:
                shown.end()
        if not stop.status:
            _tell(results, as_json)
    raise typer.Exit(stop.status)


def given(
    ports: Mapping[str, Port], inputs: Sequence[str], parameters: Sequence[str]
) -> dict[str, list[str]]:
    """Texts by the name of the input they are for. Raises BadOption."""
    found: dict[str, list[str]] = {}
    for text in (*inputs, *parameters):
        name, equals, value = text.partition("=")
        if not equals or (name not in ports and text in inputs and Path(text).exists()):
            name, value = _only_picture(ports, text), text
        found.setdefault(name, []).append(value)
    return found


def _only_picture(ports: Mapping[str, Port], text: str) -> str:
    """The input that a file without a name is for: the only picture, or the only one needed."""
    pictures = [name for name, port in ports.items() if port.kind.name == "picture"]
    if len(pictures) > 1:
        pictures = [name for name in pictures if ports[name].required]
    if len(pictures) != 1:
        names = ", ".join(ports)
        raise BadOption(
            f"{text!r} does not say which input it is for", f"write NAME=VALUE: {names}"
        )
    return pictures[0]


def _folder_for(pipeline: str) -> Path:
    """`./enhance` for enhance@live; `./enhance-2` where that is taken, and so on."""
    from printroom.pipelines.shelf import is_file

    name = Path(pipeline).stem if is_file(pipeline) else pipeline.rpartition("/")[2]
    plain = name.partition("@")[0] or "results"
    tries = (Path(plain if number == 1 else f"{plain}-{number}") for number in count(1))
    return next(folder for folder in tries if not folder.exists())


def _make_folder(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise Unwritable(f"{folder} is a file", "name a folder for the results")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise Unwritable(f"{folder} is in use", "name another folder, or say --overwrite")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"{folder} cannot be made", error.strerror or str(error)) from error


def _tell(results: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(dict(results), default=_written))
        return
    for name, value in results.items():
        shown = value if isinstance(value, str | Path) else json.dumps(value, default=_written)
        typer.echo(f"{name}: {shown}")


def _written(value: Any) -> Any:
    """What JSON has no word for: files, and arrays of numbers."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
