"""What is offered, as values: a listing, the card that its seller writes, terms and offers.

Card, Terms -> refused where they are none      BadOption
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from printroom.core.errors import BadOption
from printroom.marketplace.prices import WHOLE, Price

Kind = Literal["model", "pipeline"]
KINDS: tuple[Kind, ...] = get_args(Kind)
State = Literal["draft", "listed", "suspended", "removed"]
"""`suspended`: stopped by a moderator, or since its model misbehaved; it may be appealed."""
Visibility = Literal["private", "unlisted", "public", "shared"]
"""`private`: the owner alone; `unlisted`: who knows its id; `shared`: the owner and its guests."""
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
TRIES, MOST_TRIES = 3, 10
"""Free runs that a listing gives each account, unless its seller says another number."""
_TAG = re.compile(r"[a-z0-9][a-z0-9 -]{0,30}", re.ASCII)
_MOST_TAGS, _MOST_EXAMPLES = 12, 8
_LONGEST_TITLE, _LONGEST_TEXT = 120, 20_000


@dataclass(frozen=True)
class Offer:
    """On which terms; never changed, only followed by another."""

    listing: str
    number: int
    price: Price
    share: int
    """Of a model: ten-thousandths of what a pipeline earns that uses it and is sold by others."""
    version: int | None
    """The one version that is offered; None = the newest, whatever it is."""
    shares: Mapping[str, int]
    """Account -> ten-thousandths of what is left of a sale without the fee; they make a whole."""
    made_at: float
    tries: int = 0
    """Free runs that each account has, before it pays."""


@dataclass(frozen=True)
class Listing:
    """What is offered, as it was when it was read."""

    id: str
    owner: str
    kind: Kind
    name: str
    state: State
    visibility: Visibility
    offer: int
    """The number of the latest."""
    title: str
    text: str
    tags: tuple[str, ...]
    examples: tuple[Mapping[str, Any], ...]
    """Pictures to look at: `input` and `output` by file id, and a `title`."""
    created_at: float
    changed_at: float
    former: State | None = None
    """Of what is suspended: what it was before."""


@dataclass(frozen=True)
class Card:
    """What a seller writes. Raises BadOption."""

    title: str
    text: str = ""
    tags: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if not (0 < len(self.title.strip()) <= _LONGEST_TITLE and self.title.isprintable()):
            raise BadOption(f"a title has 1 to {_LONGEST_TITLE} characters", "choose another")
        if len(self.text) > _LONGEST_TEXT:
            raise BadOption(f"the text is over {_LONGEST_TEXT} characters", "shorten it")
        if len(self.tags) > _MOST_TAGS or not all(map(_TAG.fullmatch, self.tags)):
            raise BadOption(f"these are no tags, or over {_MOST_TAGS}", "take words in lower case")
        if len(self.examples) > _MOST_EXAMPLES:
            raise BadOption(f"there are over {_MOST_EXAMPLES} examples", "choose the best")

    @property
    def row(self) -> dict[str, Any]:
        """Its columns."""
        examples = [dict(one) for one in self.examples]
        return {
            "title": self.title.strip(),
            "text": self.text,
            "tags": ",".join(dict.fromkeys(self.tags)),
            "examples_json": json.dumps(examples),
        }


@dataclass(frozen=True)
class Terms:
    """What a seller asks for. Raises BadOption."""

    price: Price = field(default_factory=Price)
    share: int = 0
    version: int | None = None
    tries: int = TRIES
    """0 to MOST_TRIES."""

    def __post_init__(self) -> None:
        if not 0 <= self.tries <= MOST_TRIES:
            raise BadOption("tries are a few", f"take 0 to {MOST_TRIES}")
        if not 0 <= self.share <= WHOLE // 2:
            raise BadOption("a share is a part of what others earn", "take 0 to 0.5")
        if self.version is not None and not 0 < self.version < 10**9:
            raise BadOption("a version is a number above 0", "leave it out for the newest")
