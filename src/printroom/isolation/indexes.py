"""Where packages come from: pip's own configuration, handed on to uv.

    pip config list -> options of uv

What makes pip take one build of a package rather than another (an index, a folder of wheels) must
make uv take the same: uv reads none of pip's files.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys

_LINE = re.compile(r"(:env:|install|global)\.([a-z-]+)=(.*)")
_BEFORE = (":env:", "install", "global")
"""Where pip looks first."""
_OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
}
"""Of pip -> of uv; each may have several values."""


def pip_options() -> list[str]:
    """Options for `uv pip`, the same that pip would take. None where there is no pip."""
    return uv_options(_pip_config())


def _pip_config() -> str:
    command = [sys.executable, "-m", "pip", "config", "list"]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def uv_options(config: str) -> list[str]:
    r"""What the lines of `pip config list` mean for uv.

    >>> uv_options("global.find-links='/wheels /more'\n:env:.find-links='/mine'\n")
    ['--find-links', '/mine']
    >>> uv_options("global.index-url='https://a'\nglobal.extra-index-url='https://b'")
    ['--default-index', 'https://a', '--index', 'https://b', '--index-strategy=unsafe-best-match']
    >>> uv_options("global.no-index='true'")
    ['--no-index']
    """
    found = {(match[1], match[2]): _value(match[3]) for match in _LINE.finditer(config)}
    values = {
        key: next(found[place, key] for place in _BEFORE if (place, key) in found)
        for _place, key in found
    }
    options = []
    for key, option in _OPTIONS.items():
        for one in values.get(key, "").split():
            options += [option, one]
    if values.get("extra-index-url"):  # pip takes the newest of all, uv the first index that knows
        options.append("--index-strategy=unsafe-best-match")
    return options + ["--no-index"] * (values.get("no-index", "").lower() in ("1", "true", "yes"))


def _value(written: str) -> str:
    try:
        return str(ast.literal_eval(written))
    except (ValueError, SyntaxError):
        return written
