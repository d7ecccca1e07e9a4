"""One HTML file that fetches nothing, and in which no name can become code.

    title, parts of HTML -> document -> str         texts -> row, framed -> a part

A content policy lets in this page's own style and script, by their digests, and pictures within
the file. Whoever makes parts escapes their texts; `row` and `framed` do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

_HERE = Path(__file__).parent


def document(title: str, parts: Sequence[str], *, sliders: bool = False) -> str:
    """The whole page; `sliders`: whether there are some, which takes a script."""
    style = (_HERE / "page.css").read_text("utf-8")
    script = (_HERE / "page.js").read_text("utf-8") if sliders else ""
    scripts = _digest(script) if sliders else "'none'"
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(style)};"
        f" script-src {scripts}; base-uri 'none'; form-action 'none'"
    )
    end = f"<script>{script}</script>" if sliders else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(parts)}</main>{end}</body></html>\n"
    )


def framed(caption: str, head: Sequence[tuple[str, str]], rows: Sequence[str]) -> str:
    """A table below its caption; `head`: texts and their classes."""
    cells = "".join(f'<th scope="col" class="{kind}">{escape(text)}</th>' for text, kind in head)
    above = f"<h3>{escape(caption)}</h3>" if caption else ""
    body = "".join(rows)
    table = f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    return f'{above}<div class="wide">{table}</div>'


def row(cells: Sequence[tuple[str, str]], kind: str = "") -> str:
    """Texts and their classes, as a row of a table."""
    inner = "".join(f'<td class="{look}">{escape(text)}</td>' for text, look in cells)
    return f'<tr class="{kind}">{inner}</tr>'


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
