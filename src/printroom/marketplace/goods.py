"""What accounts have that could be offered, out of their pipelines, models and files.

account, pipeline -> the models that it uses       NotFound
account, file -> the bytes of a picture            NotFound BadOption
account, model -> why it must stay, or None
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from printroom.assets.assets import Assets
from printroom.core.errors import BadOption, NotFound
from printroom.engine.floor import Floor
from printroom.marketplace import listings
from printroom.pipelines.shelf import Pipelines

_PIXELS, _BYTES = 40 * 10**6, 64 * 2**20
"""Of a picture that the market looks at."""


class Stock:
    """Implements `printroom.marketplace.market.Goods`."""

    def __init__(self, shelf: Pipelines, floor: Floor, assets: Assets) -> None:
        self._shelf, self._floor, self._assets = shelf, floor, assets

    def models(self, account: str, pipeline: str) -> Sequence[str]:
        """The models of accounts in the newest version of an account's own pipeline."""
        found = self._shelf.store.get(pipeline, account)
        if found.account != account:
            raise NotFound(f"there is no pipeline {pipeline[:80]!r} of yours", "publish it first")
        graph = self._shelf.ready(found)
        names = {name for node in graph.nodes for name in node.models}
        models = [self._floor.model(name, (account,), named=True) for name in sorted(names)]
        return [model.card.id for model in models if model.kept is not None]

    def picture(self, account: str, file: str) -> bytes:
        """The bytes of an account's file. Raises BadOption for one that is not to be looked at."""
        found = self._assets.get(account, file)
        pixels = (found.width or 0) * (found.height or 0)
        if not 0 < pixels <= _PIXELS or found.size > _BYTES:
            reason = f"{file} is no picture of at most {_PIXELS // 10**6} megapixels"
            raise BadOption(reason, "take a smaller one")
        return self._assets.content(found).read(0, found.size)


def on_sale(connection: Connection, account: str, name: str, version: int) -> str | None:
    """Why a model is not removed now: for `OwnedModels.holds`."""
    listing = listings.by_thing(connection, "model", account, name)
    if listing is None:
        return None
    offered = listings.offered(connection, listing.id).version
    return f"is on sale as {listing.id}" if offered in (None, version) else None
