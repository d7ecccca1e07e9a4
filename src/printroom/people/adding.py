"""Pictures of a person are taken in, or refused: the same picture twice is one.

what came, what was seen of it, its bytes in the store -> taken -> Answers    part of a transaction
Whole -> odd_of -> pictures that seem to show somebody else
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from printroom.assets.assets import enter
from printroom.assets.blobs import Written, doom
from printroom.assets.model import Asset
from printroom.people import rows
from printroom.people.checking import Finding, Seen
from printroom.people.likeness import odd_ones
from printroom.people.looks import SAME, alike
from printroom.people.model import Picture
from printroom.people.rows import Whole


@dataclass(frozen=True)
class Brought:
    """A picture that somebody sends."""

    data: bytes
    name: str = ""


@dataclass(frozen=True)
class Offered:
    """The same, looked at."""

    brought: Brought
    seen: Seen
    made: tuple[Asset, Written] | None
    """Its bytes in the store; None = it is refused."""


@dataclass(frozen=True)
class Answer:
    """What became of it."""

    name: str
    picture: str | None
    """Its id; None = it was refused."""
    findings: tuple[Finding, ...]


def taken(
    connection: Connection, found: Whole, offered: Sequence[Offered], now: float
) -> list[Answer]:
    """In the transaction that has the person locked. Raises Swept."""
    known, answers = list(found.pictures), []
    for one in offered:
        answer, picture = _taken(connection, found.person.id, one, known, now)
        answers.append(answer)
        if picture is not None:
            known.append(picture)
    return answers


def odd_of(found: Whole) -> list[str]:
    """Ids of pictures that seem to show somebody else than the others, the oddest first."""
    places = odd_ones([one.traits for one in found.pictures])
    return [found.pictures[place].asset for place in places]


def _taken(
    connection: Connection, person: str, one: Offered, known: Sequence[Picture], now: float
) -> tuple[Answer, Picture | None]:
    brought, seen = one.brought, one.seen
    if one.made is None or seen.pixels is None:
        return Answer(brought.name, None, seen.findings), None
    digest = hashlib.sha256(brought.data).hexdigest()
    for old in known:
        if old.digest == digest or alike(old.look, seen.look) >= SAME:
            doom(connection, [digest])
            twin = Finding("twin", "refused", f"it is the same picture as {old.asset}")
            return Answer(brought.name, None, (*seen.findings, twin)), None
    (asset,) = enter(connection, [one.made], now)
    picture = Picture(
        person, asset.id, asset.name, digest, seen.look, seen.traits,
        json.dumps(seen.json()), now,
    )  # fmt: skip
    rows.pictured(connection, picture)
    return Answer(brought.name, asset.id, seen.findings), picture
