"""The report of a verification as a page, in the look of all reports.

Report -> page() -> str        Report, folder -> write -> report.html, report.json    Unwritable
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from printroom.catalogue.verification.report import STAGES, Finding, Report
from printroom.quality.document import document, framed, row
from printroom.quality.report import make_folder, told

WORDS = {
    "passed": "passed",
    "refused": "refused",
    "review": "for a person to decide",
    "unchecked": "not checked",
}
"""What a finding, or all of them, came to."""
STAGE_NAMES = {
    "file": "File",
    "graph": "Graph",
    "trial": "Trial in the sandbox",
    "content": "Content",
    "licence": "Licence",
    "review": "Decision of a person",
}


def page(report: Report) -> str:
    """All of it, on one page that fetches nothing."""
    name = report.declared.name
    parts = [
        f"<h1>{escape(f'Verification of {name}')}</h1>",
        f'<p class="soft">{escape(_about(report))}</p>',
        f"<p><b>{escape(WORDS[report.verdict])}</b>{escape(_why(report))}</p>",
        f"<p>{escape(report.excluded)}</p>",
        *(_stage(report, stage) for stage in STAGES),
        _model(report),
        "<h2>What was verified</h2>",
        framed("", [("file", ""), ("SHA-256", "")], [
            row([(file, "name"), (digest, "")]) for file, digest in report.digests.items()
        ]),
        f'<p class="soft">{escape(_signed(report))}</p>',
    ]  # fmt: skip
    return document(f"printroom verify: {name}", parts)


def write(report: Report, out: Path) -> Path:
    """Page and JSON into the folder `out`, made when missing; the page's path."""
    make_folder(out)
    with told(out):
        (out / "report.json").write_text(report.to_json(), "utf-8")
        (out / "report.html").write_text(page(report), "utf-8")
    return out / "report.html"


def _about(report: Report) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    return (
        f"made {_day(report.made_at)}, holds until {_day(report.expires_at)}; "
        f"rules {report.rules}; licence {report.declared.licence or 'not declared'}; {machine}"
    )


def _why(report: Report) -> str:
    reasons = "; ".join(report.reasons)
    unchecked = ", ".join(report.unchecked)
    said = f": {reasons}" if reasons else ""
    return said + (f". Not checked: {unchecked}" if unchecked else "")


def _stage(report: Report, stage: str) -> str:
    found = [one for one in report.findings if one.stage == stage]
    if not found:
        return ""
    head = [("what", ""), ("finding", ""), ("", ""), ("seconds", "number")]
    rows = [
        row([(one.code, "name"), (WORDS[one.verdict], ""), (one.reason, ""),
             (f"{one.seconds:.2f}", "number")])
        for one in found
    ]  # fmt: skip
    details = "".join(_evidence(one) for one in found if one.evidence)
    return f"<h2>{STAGE_NAMES[stage]}</h2>{framed('', head, rows)}{details}"


def _evidence(finding: Finding) -> str:
    rows = [row([(name, "name"), (_text(value), "")]) for name, value in finding.evidence.items()]
    table = framed("", [("", ""), (finding.code, "")], rows)
    return f"<details><summary>{escape(finding.code)}: evidence</summary>{table}</details>"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def _model(report: Report) -> str:
    if report.card is None:
        return ""
    card = report.card
    facts = [
        ("title", card.title), ("task", card.task), ("scale", str(card.geometry.scale)),
        ("tiles", "exact" if card.geometry.exact else card.geometry.why),
        ("parameters", f"{card.parameters:,}"), ("read as", card.reading.in_words()),
    ]  # fmt: skip
    rows = [row([(name, "name"), (value, "")]) for name, value in facts]
    return f"<h2>The model</h2>{framed('', [('', ''), ('', '')], rows)}"


def _signed(report: Report) -> str:
    if not report.signature:
        return "Nobody signed this report."
    return f"Signed (Ed25519) by the key {report.signer}; the signature is in report.json."


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
