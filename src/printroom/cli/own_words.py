"""Words of a command that are none of its own options: inputs of the pipeline it runs.

["photo.jpg", "--style", "sea.jpg"] -> files ["photo.jpg"], values ["style=sea.jpg"]    BadOption
"""

from __future__ import annotations

from collections.abc import Sequence

from printroom.core.errors import BadOption


def own_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files that no option names, and NAME=VALUE of each option; one without a value is `true`.

    >>> own_words(["photo.jpg", "--style", "sea.jpg", "--draft", "--seed=3"])
    (['photo.jpg'], ['style=sea.jpg', 'draft=true', 'seed=3'])
    """
    files, values = [], []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            files.append(word)
            continue
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("---") or not word.startswith("--") or not name:
            raise BadOption(f"no option {word}", "inputs of the pipeline are given as --NAME VALUE")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        values.append(f"{name.replace('-', '_')}={value}")
    return files, values
