"""What an address below `/v2/models/` means.

    "printroom/upscale-x2/versions/2/infer" -> Address       NotFound: it has no such form
    Address -> Model                                         NotFound BadModel

A model is `owner/name`, its slash percent-encoded or not, or `name` alone: then it is the first of
that name in the catalogue. Versions are the protocol's own part of the address.
"""

from __future__ import annotations

from dataclasses import dataclass

from printroom.catalogue.card import Model
from printroom.core.errors import NotFound
from printroom.workshop import Workshop

PREFIX = "/v2/models/"
VERBS = ("infer", "ready", "config")


@dataclass(frozen=True)
class Address:
    """One model, and what is asked of it."""

    name: str
    """`owner/name`, or `name`."""
    version: str
    """Empty = the newest."""
    verb: str
    """One of VERBS; empty = its metadata."""

    @classmethod
    def of(cls, path: str) -> Address:
        """What follows the prefix, decoded. Raises NotFound."""
        parts = path.split("/")
        verb = parts.pop() if len(parts) > 1 and parts[-1] in VERBS else ""
        version = ""
        if len(parts) > 2 and parts[-2] == "versions":
            version = parts[-1]
            parts = parts[:-2]
        if len(parts) > 2 or not all(parts):
            raise NotFound(
                f"{path[:200]!r} names no model", "write owner/name/versions/1/infer, or less"
            )
        return cls("/".join(parts), version, verb)


def found(workshop: Workshop, address: Address, account: str, *, named: bool = True) -> Model:
    """The model that is meant, by somebody who may use that account's own; `named`: it does not run
    now. Raises NotFound, BadModel, Unpaid.
    """
    name = address.name
    if "/" not in name:
        cards = (model.card for model in workshop.catalogue.models)
        name = next((card.name for card in cards if card.name.endswith(f"/{name}")), name)
    wanted = f"{name}@{address.version}" if address.version else name
    return workshop.floor.model(wanted, (account,) if account else (), named=named)
