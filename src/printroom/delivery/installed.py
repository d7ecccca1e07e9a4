"""The delivery of an installation, from its settings.

Assets, Settings, pipelines -> Delivery     DatabaseMismatch BadOption Unwritable
"""

from __future__ import annotations

from printroom.assets.assets import Assets
from printroom.core.errors import BadOption
from printroom.core.settings import Settings
from printroom.delivery.delivering import Delivery
from printroom.delivery.options import parse_presets
from printroom.delivery.public import PublicAssets
from printroom.delivery.signing import SigningKeys
from printroom.delivery.variants import Through, Variants
from printroom.storage.cache import BlockCache

CACHE = 4 * 2**30
"""Bytes of originals in stores that are far away, kept on disk: apart from the weights of models,
so that all of it can go when something of it has to."""


def installed(assets: Assets, settings: Settings, through: Through) -> Delivery:
    """Everything that gives out the files of `assets`; to be closed. `through`: what runs the
    pipelines of presets.
    """
    try:
        presets = parse_presets(settings.presets)
    except BadOption as error:
        raise BadOption(f"PRINTROOM_PRESETS: {error.reason}", error.remedy) from None
    artifacts, keys = PublicAssets(assets), SigningKeys(settings.data)
    cache = BlockCache(settings.data / "cache/delivery", CACHE)
    folder = settings.data / "variants"
    pixels = settings.http_pixels
    variants = Variants(folder, settings.variants, pixels, cache, through=through)
    return Delivery(artifacts, keys, cache, variants, presets)
