"""`printroom enhance PATH...`: enlarge pictures and folders of pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.options import Device, Memory, Workers, settings_with
from printroom.cli.stop import Stop, stop_on_signals
from printroom.core.errors import Cancelled, PrintroomError, Unwritable

if TYPE_CHECKING:
    from printroom.cli.bars import Bars
    from printroom.cli.places import Input, Places
    from printroom.cli.report import Report
    from printroom.engine.enhancement import Enhanced, EnhanceOptions
    from printroom.workshop import Workshop


def enhance(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Pictures, folders, or store://NAME/PLACE."),
    ],
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="File, folder, or store://NAME/PLACE. [beside PATH, as *@2x]",
        ),
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(min=1, help="Times as wide and high; 1 with --fix. [2, or the model's own]"),
    ] = None,
    fix: Annotated[
        str,
        typer.Option(
            help="Mend first: auto = what it needs, none, or some of dejpeg, denoise, lowlight, "
            "colour, deblur, with commas between."
        ),
    ] = "none",
    look: Annotated[
        str, typer.Option(help="faithful, or sharp: for bad photographs, x4, with invented detail.")
    ] = "faithful",
    format: Annotated[  # noqa: A002 (it is the option's name)
        str | None, typer.Option(help="jpeg, png, webp, tiff or avif. [as the input]")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="For JPEG, WebP and AVIF.")
    ] = None,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = None,
    model: Annotated[str | None, typer.Option(help="Model id, or an ONNX file.")] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders below, too.")] = (
        False
    ),
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip pictures whose result is there and not older.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on with what lands there, until a signal comes.")
    ] = False,
    metadata: Annotated[
        str, typer.Option(help="EXIF and XMP: keep, strip, or copyright alone.")
    ] = "keep",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per picture on stdout.")
    ] = False,
) -> None:
    """Enlarge pictures. A result appears whole or not at all; one bad picture stops no other.

    Exit status: 0 all done, 1 some failed, 2 wrong usage, 130 or 143 stopped by a signal.
    """
    with stop_on_signals() as stop:
        # Loaded here: `printroom --help` needs none of it.
        from printroom.cli.bars import bars
        from printroom.cli.places import Places
        from printroom.cli.report import Report
        from printroom.engine.enhancement import (
            EnhanceOptions,
            chosen_format,
            fixes_of,
            look_of,
            mark,
        )
        from printroom.imaging.formats import format_for
        from printroom.imaging.metadata import keep_of
        from printroom.workshop import Workshop

        settings = settings_with(memory, workers, device)
        options = EnhanceOptions(
            scale=scale,
            format=None if format is None else format_for(format).name,
            quality=quality,
            metadata=keep_of(metadata),
            model=model,
            fix=fix,
            look=look_of(look),
        )
        fixes_of(fix)
        with Workshop(settings) as workshop:
            if watch or any(name.startswith("store://") for name in (*paths, output or "")):
                from printroom.cli.flows import Wishes, enhance_flow

                wishes = Wishes(recursive, watch, resume, overwrite, as_json)
                failed = enhance_flow(workshop, paths, output, options, wishes, stop)
                raise typer.Exit(stop.status or (1 if failed else 0))
            target = None if output is None else Path(output)
            names = [Path(path) for path in paths]
            places = Places(names, target, mark(workshop.model_for(options)), recursive)
            pictures = len(places.inputs)
            with bars(pictures) as shown:
                if places.inputs[0].exact:
                    wanted = chosen_format(options.format, target)
                    options = replace(options, format=wanted.name if wanted else None)
                report = Report(shown, pictures, as_json)
                work = _Work(workshop, places, options, report, shown, stop, resume, overwrite)
                work.run()
    raise typer.Exit(stop.status or (1 if report.failed else 0))


@dataclass
class _Work:
    """One call of the command, picture by picture."""

    workshop: Workshop
    places: Places
    options: EnhanceOptions
    report: Report
    bars: Bars
    stop: Stop
    resume: bool
    overwrite: bool
    reached: str = ""
    """How far the picture in work came."""

    def run(self) -> None:
        for item in self.places.inputs:
            if self.stop.event.is_set():
                break
            try:
                self._tried(item)
            finally:
                self.bars.end()
        self.report.close(self.reached if self.stop.event.is_set() else None)

    def _tried(self, item: Input) -> None:
        try:
            target, result = self._one(item)
        except Cancelled:
            return
        except PrintroomError as error:
            self.report.fail(item.source, error)
        except Exception as error:  # a fault of ours, but the other pictures need not pay for it
            what = f"{type(error).__name__}: {error}"
            self.report.fail(item.source, PrintroomError(what, "this is a bug, please report it"))
        else:
            if result is None:
                self.report.skipped(item.source, target)
            else:
                self.report.done(item.source, result)

    def _one(self, item: Input) -> tuple[Path, Enhanced | None]:
        """The result's place, and the result unless it was there already."""
        proposal = self.workshop.propose(item.source, self.options)
        target = self.places.target(item, proposal.format)
        if self.resume and _fresh(target, item.source):
            return target, None
        if target.exists() and not self.overwrite:
            raise Unwritable(f"{target} exists", "--overwrite replaces it, --resume skips it")
        _make_folder(target.parent)
        self.bars.begin(item.source.name, proposal.width * proposal.height)
        options = replace(self.options, format=proposal.format.name)

        def advance(done: int, tiles: int) -> None:
            self.reached = f"{item.source} at {done} of {tiles} tiles"
            self.bars.advance(done, tiles)

        result = self.workshop.enhance(item.source, target, options, advance, self.stop.event)
        self.reached = ""
        return target, result


def _fresh(target: Path, source: Path) -> bool:
    """Whether `target` is there and not older than `source`; results are never half-written."""
    return target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"{folder} cannot be made", error.strerror or str(error)) from error
