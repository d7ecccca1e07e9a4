"""Models that lie in stores: their cards are read when the catalogue is, their weights when needed.

    store/prefix -> Models, listed by their cards      StoreUnavailable StoreRefused NotFound
    Model -> a file of this machine, inside a `with`   NotFound ObjectChanged DiskFull BadModel

Below its prefix a store holds what a folder of models does: `<name>/<version>/card.json`, and the
weights beside it. Cards are kept in a folder as they were seen last: while a store is away its
models are still listed, and only who wants one of them hears of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from printroom.catalogue.card import Model, ModelCard
from printroom.catalogue.models import read_model, verified
from printroom.core.errors import BadModel, StoreUnavailable
from printroom.storage.book import StoreBook
from printroom.storage.cache import BlockCache
from printroom.storage.keys import Key, Prefix
from printroom.storage.local import local_path
from printroom.storage.store import Store

_log = logging.getLogger(__name__)
CARD = "card.json"
LARGEST = 1 << 20
"""Bytes of a card."""


class StoredModels:
    """The models of some stores. Safe from many threads and processes."""

    def __init__(
        self, names: Sequence[str], book: StoreBook, cache: BlockCache, seen: Path
    ) -> None:
        """`names`: each the name of a store, or of one and a prefix, as `hub/models/acme`.

        `seen`: a folder for the cards, made when missing. Nothing is asked of a store yet.
        """
        self._places = [name.partition("/")[::2] for name in names]
        self._book, self._cache, self._seen = book, cache, seen
        self._stores: dict[str, Store] = {}

    def models(self) -> list[Model]:
        """All of them, store by store, the newest version of each name first.

        Raises StoreRefused, and BadModel for a card that is none.
        """
        return [model for name, prefix in self._places for model in self._listed(name, prefix)]

    @contextmanager
    def here(self, model: Model) -> Iterator[Path]:
        """The weights of one of these, fetched if they are not in the cache, and verified."""
        assert model.stored is not None
        store, key = model.stored
        with local_path(self._cache, self._store(store), key) as path:
            verified(replace(model, weights=path, stored=None))
            yield path

    def _listed(self, name: str, prefix: str) -> list[Model]:
        place = self._seen / name / prefix
        try:
            cards = self._fetched(name, prefix)
        except StoreUnavailable as error:
            cards = [card.relative_to(place).as_posix() for card in place.glob(f"*/*/{CARD}")]
            _log.warning("models of the store %s as they were seen last: %s", name, error)
        models = [self._model(name, prefix, card) for card in cards]
        return sorted(models, key=lambda model: (model.card.name, -model.card.version))

    def _fetched(self, name: str, prefix: str) -> list[str]:
        """Names of the cards below the prefix, each of which is in its place now."""
        store, below = self._store(name), Prefix(prefix)
        found = []
        for stat in store.list(below):
            card = stat.key.removeprefix(below)
            if card.count("/") != 2 or not card.endswith(f"/{CARD}"):
                continue
            if stat.size > LARGEST:
                raise BadModel(f"{store.name}: {stat.key} is too large for a card", "write it anew")
            file = self._seen / name / prefix / card
            _write(file, store.read(stat.key, 0, stat.size, stat.etag))
            found.append(card)
        return found

    def _model(self, name: str, prefix: str, card: str) -> Model:
        file = self._seen / name / prefix / card
        model = read_model(file)
        if model.card.runtime != "onnx":
            raise BadModel(
                f"{model.card.id} of the store {name} is for {model.card.runtime}",
                "only ONNX files are read from stores",
            )
        key = Key(Prefix(prefix) + card.rpartition("/")[0] + "/" + model.card.weights)
        return replace(model, stored=(name, str(key)))

    def _store(self, name: str) -> Store:
        if name not in self._stores:
            self._stores[name] = self._book.open(name)
        return self._stores[name]


def _write(file: Path, data: bytes) -> None:
    """Whole or not at all, if it is a card."""
    try:
        ModelCard.from_json(data.decode("utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadModel(f"{file.name} in a store is not a model card", str(error)) from error
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(data)
    part.replace(file)
