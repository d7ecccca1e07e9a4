"""Prompts and styles: what may be said, and how it becomes what a generator is asked.

    prompt, style, styles of the account -> Words.asked -> prompt and style for the generator
                                             BadOption: too long; NotFound: no such style
                                             ForbiddenWords: names them

Words are compared without regard to case, accents, width, or what stands between letters that are
written apart: `N.U.D.E` is a word, too. What a list does not name it does not find.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from printroom.core.errors import BadOption, ForbiddenWords, NotFound
from printroom.runtimes.generation import PERSON, STYLES

LONGEST = 1000
"""Characters of a prompt."""
LARGEST_LIST = 2**20
"""Bytes of a file of words."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_APART = re.compile(r"\b(?:\w[\W_]){2,}\w\b")


class Words:
    """What an installation takes. Safe from many threads."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: a file of forbidden words, one or a phrase a line; None = printroom's own."""
        self._path = path

    @cached_property
    def _forbidden(self) -> re.Pattern[str]:
        """Raises BadOption for a file that cannot be read."""
        try:
            if self._path is None:
                text = files("printroom.people").joinpath("forbidden.txt").read_text("utf-8")
            else:
                text = self._path.read_bytes()[:LARGEST_LIST].decode()
        except (OSError, ValueError) as error:
            raise BadOption(f"the words in {self._path} cannot be read", str(error)) from None
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
        words = [re.escape(_plain(line)).replace(r"\ ", r"\W+") for line in lines if line]
        return re.compile(rf"\b(?:{'|'.join(words)})\b" if words else r"(?!)")

    def check(self, text: str, what: str = "the prompt") -> str:
        """`text`, if it may be drawn. Raises BadOption, ForbiddenWords."""
        if len(text) > LONGEST:
            raise BadOption(f"{what} has {len(text):,} characters", f"{LONGEST} are the most")
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
            raise BadOption(f"{what} has control characters", "take plain words")
        plain = _plain(text)
        joined = _APART.sub(lambda found: re.sub(r"[\W_]", "", found[0]), plain)
        found = dict.fromkeys([*self._forbidden.findall(plain), *self._forbidden.findall(joined)])
        if found:
            named = ", ".join(found)
            raise ForbiddenWords(f"{what} has words that are not drawn here: {named}", "say others")
        return text

    def asked(
        self, prompt: str, style: str | None, own: Mapping[str, str]
    ) -> tuple[str, str | None]:
        """Prompt and style for the generator. `own`: the account's styles, name -> prompt."""
        said = self.check(prompt).strip()
        if style is not None and style not in own and style not in STYLES:
            known = ", ".join([*STYLES, *sorted(own)])
            raise NotFound(f"there is no style {style[:40]!r}", f"there is {known}")
        manner = own.get(style or "", "")
        if manner:
            self.check(manner, f"the style {style}")
        parts = [part for part in (manner, said) if part]
        if not re.search(rf"\b{PERSON}\b", " ".join(parts), re.IGNORECASE):
            parts.insert(0, f"a {PERSON}")
        return ", ".join(parts), None if manner else style

    def style(self, name: str, prompt: str) -> tuple[str, str]:
        """A style of one's own, checked. Raises BadOption, ForbiddenWords."""
        if not _NAME.fullmatch(name):
            raise BadOption(f"{name[:40]!r} cannot name a style", "take a-z, 0-9 and dashes")
        if name in STYLES:
            raise BadOption(f"{name} comes with printroom", "take another name")
        if not prompt.strip():
            raise BadOption("a style needs words", "say what it looks like")
        return name, self.check(prompt, "the style").strip()


def _plain(text: str) -> str:
    """Small letters without accents, in their usual width."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
