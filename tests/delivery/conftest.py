"""Artifacts in a store, and everything that delivers them."""

import hashlib

import pytest

from printroom.core.errors import NotFound
from printroom.delivery.artifact import Artifact
from printroom.delivery.delivering import Delivery
from printroom.delivery.options import parse_presets
from printroom.delivery.signing import SigningKeys
from printroom.delivery.variants import Variants
from printroom.imaging.vips import pyvips
from printroom.storage.cache import BlockCache
from printroom.storage.disk import DiskStore


class Shelf:
    """Artifacts by digest, of the account `me`."""

    def __init__(self, store):
        self.store, self.found, self.asked = store, {}, 0

    def put(self, data, media_type="application/octet-stream", public=False):
        digest = hashlib.sha256(data).hexdigest()
        self.store.put(f"artifacts/{digest}", data)
        self.found[digest] = Artifact(
            digest, self.store, f"artifacts/{digest}", len(data), media_type, public
        )
        return digest

    def artifact(self, digest, account=None):
        self.asked += 1
        if digest not in self.found or account not in (None, "me"):
            raise NotFound(f"there is no artifact {digest}")
        return self.found[digest]


@pytest.fixture
def shelf(tmp_path):
    return Shelf(DiskStore(tmp_path / "store"))


@pytest.fixture
def keys(tmp_path):
    return SigningKeys(tmp_path / "data", {})


@pytest.fixture
def delivery(shelf, keys, tmp_path):
    with BlockCache(tmp_path / "cache") as cache:
        variants = Variants(tmp_path / "variants", 2**20, 10**7, cache)
        made = Delivery(shelf, keys, cache, variants, parse_presets("thumb=w:64/h:64/fit:cover"))
        yield made
        made.close()


@pytest.fixture(scope="session")
def picture():
    """(width, height, bands) -> a smooth picture in a format, as bytes."""

    def make(width=200, height=100, suffix=".png", alpha=False):
        across = pyvips.Image.xyz(width, height)
        bands = (across[0] * 255 / width).bandjoin([across[1] * 255 / height, across[0] * 0 + 90])
        made = bands.cast("uchar").copy(interpretation="srgb")
        if alpha:
            made = made.bandjoin((across[0] * 0 + 128).cast("uchar"))
        return bytes(made.write_to_buffer(suffix))

    return make
