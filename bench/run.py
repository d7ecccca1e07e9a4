"""Runs benches and prints their rows as one table.

    names of benches -> rows, JSON -> exit status: 1 when a limit is missed or a bench fails

Each bench is a module with `bench(quick) -> rows`, imported when its turn comes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench import cache
from bench.processes import BenchError
from bench.rows import Row

BENCHES = {
    "tiling": "bench.tiling",
    "coldstart": "bench.coldstart",
    "metrics": "bench.metrics",
    "artist": "bench.artist",
    "queue": "bench.job_queue",
    "market": "bench.market",
    "access": "bench.access",
    "runs": "bench.runs",
    "delivery": "bench.delivery",
    "storage": "bench.storage",
    "fusion": "bench.fusion",
    "isolation": "bench.isolation",
    "sandbox": "bench.sandbox",
    "residency": "bench.residency",
    "peers": "bench.peer_servers",
    "interference": "bench.interference",
    "huge": "bench.huge",
}
"""Name -> module; the quickest first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 all limits hold, 1 some are missed or a bench failed."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.clean:
        cache.clean()
        return 0
    if unknown := set(chosen.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    _settle()
    rows, failures = _measure(chosen.names or list(BENCHES), chosen.quick)
    _print(rows, failures)
    if chosen.json:
        report = {"machine": _machine(), "quick": chosen.quick, "failures": failures}
        report["rows"] = {name: [row.as_json() for row in group] for name, group in rows.items()}
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    good = not failures and all(row.passed for group in rows.values() for row in group)
    return 0 if good or chosen.no_fail else 1


def _settle() -> None:
    """Printroom's own defaults, whatever this shell sets; what it keeps goes to our cache."""
    for name in [name for name in os.environ if name.startswith("PRINTROOM_")]:
        if name != cache.VARIABLE:
            del os.environ[name]
    os.environ["PRINTROOM_DATA"] = str(cache.folder() / "data")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Speed and memory as ratios."
    )
    names = ", ".join(BENCHES)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {names}; default: all")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--no-fail", action="store_true", help="exit 0 whatever comes out")
    parser.add_argument("--clean", action="store_true", help="delete cached files and environments")
    return parser


def _measure(names: Sequence[str], quick: bool) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """Rows of the benches that ran, and the reason of each that did not."""
    rows: dict[str, list[Row]] = {}
    failures: dict[str, str] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            bench: Callable[[bool], list[Row]] = import_module(BENCHES[name]).bench
            rows[name] = bench(quick)
        except BenchError as error:
            failures[name] = str(error)
        except Exception as error:  # the others' figures must not be lost with it
            traceback.print_exc()
            failures[name] = f"{type(error).__name__}: {error}"
        for row in rows.get(name, []):
            print(f"  {row.name}: {row.measured:.3f} {row.verdict}", file=sys.stderr, flush=True)
    return rows, failures


def _print(rows: dict[str, list[Row]], failures: dict[str, str]) -> None:
    table = Table(title=f"printroom bench: {_machine()}", title_justify="left")
    for heading in ("bench", "what", "measured", "limit", "verdict", "detail"):
        table.add_column(heading, overflow="fold", justify="left")
    colours = {"ok": "green", "MISSED": "bold red", "info": "dim"}
    for name, group in rows.items():
        for row in group:
            limit = "" if row.limit is None else str(row.limit)
            verdict = f"[{colours[row.verdict]}]{row.verdict}[/]"
            measured = f"{row.measured:.3f} {row.unit}"
            table.add_row(name, row.name, measured, limit, verdict, escape(row.detail))
        table.add_section()
    for name, reason in failures.items():
        table.add_row(name, "", "", "", "[bold red]FAILED[/]", escape(reason))
    console = Console()
    (console if console.is_terminal else Console(width=180)).print(table)


def _machine() -> str:
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {platform.machine()}, load {load:.1f}"
