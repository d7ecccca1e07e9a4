"""What the recipes learn from: permitted pictures, pictures for research only, or your own.

kind, DATA -> Pictures in memory: NotFound, when a folder is missing or holds nothing readable;
              BadOption, when there is no such kind

`permitted` pictures are dead leaves, and photographs and paintings whose licence lets anybody sell
what was learnt from them; so are the weights of every default model. `wide` adds photographs that
lie in a package of Debian, and draws large pictures more often. `research` pictures are those
that the field trains on. `own` takes every picture below DATA, and puts every eighth aside to
judge by. Dead leaves go along with all three.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption, NotFound
from printroom.imaging.bicubic import bicubic
from printroom.training.dead_leaves import DeadLeaves
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.fabrics import Fabrics
from printroom.training.photos import Photos, read_folders

Array = NDArray[Any]
Kind = Literal["permitted", "wide", "research", "own"]
LEAF_SIDE = 256
"""Pixels of a side of each dead leaves picture."""
LARGE = 700
"""Pixels of the shorter side from which a picture is halved once more."""
ASIDE = 8
"""Of one's own pictures, every so many-th is kept to judge by."""


@dataclass(frozen=True)
class Source:
    """A folder below DATA, and what may be done with it."""

    folder: str
    licence: str
    files: tuple[str, ...] = ("*",)
    """Patterns of the names that are taken; one with a `!` in front leaves out."""
    sharp: bool = True
    """Whether full size is worth learning; files that were compressed hard show blocks there."""
    graded: bool = False
    """Whether somebody chose its light and colours, as on stock photographs and wallpapers."""

    def takes(self, name: str) -> bool:
        wanted = [p for p in self.files if not p.startswith("!")]
        unwanted = [p[1:] for p in self.files if p.startswith("!")]
        return any(fnmatch(name, p) for p in wanted) and not any(fnmatch(name, p) for p in unwanted)


TEST_SCENES = ("GO", "bicycle", "book", "chair", "planandsofa", "toy")
"""Of `polyu_noisy`: a third of its scenes, never learnt from."""
PERMITTED = (
    Source(
        "polyu_noisy",
        "BSD-style",
        ("*_mean.JPG", *(f"!*_{scene}_*" for scene in TEST_SCENES)),
        sharp=False,
    ),
    Source(
        "generative/paintings",
        "public domain worldwide",
        (
            *("composition_vii.*", "delaunay_portrait1906.*", "hoitsu_flower.*", "mondrian.*"),
            *("monet_*", "shipwreck.*", "starry_night.*", "tahiti_guaguin.*", "the_scream.*"),
            *("vg_*", "wave.*"),
        ),
        sharp=False,
    ),
    Source(
        "scikit-image",
        "CC0-1.0 (astronaut, rocket, text: public domain)",
        (
            *("astronaut.*", "brick.*", "camera.*", "chelsea.*", "coffee.*"),
            *("grass.*", "gravel.*", "rocket.*", "text.*"),
        ),
    ),
)
WIDE = (
    *PERMITTED,
    Source(
        "lomiri-wallpapers-16.04",
        "CC-BY-4.0 (A. Berasategi, Trevor 'Freespace', J. Mede), CC0-1.0 (C. Engelhardt)",
        (
            *("aitzgorri_*", "friends_*", "life_*", "picosdeeuropa_*", "sunset_*"),
            *("Picture_0B_*", "Picture_1A_*", "Wine_*", "seeding_*"),
        ),
        sharp=False,
        graded=True,
    ),
    Source("clic2025", "Unsplash licence (any use, also commercial)", graded=True),
    Source(
        "budgie-backgrounds",
        "CC0-1.0",
        ("*", "!abstract-*", "!*midnight*"),
        sharp=False,
        graded=True,
    ),
    Source(
        "elementary-wallpapers",
        "Unsplash licence (any use, also commercial), CC0-1.0 those before June 2017",
        sharp=False,
        graded=True,
    ),
)
"""Of lomiri-wallpapers-16.04, others are under CC-BY-SA, or abstract."""
CAMERAS = Source(
    "metadata-extractor-images",
    "free to use however one wishes",
    tuple(Path(__file__).with_name("cameras.txt").read_text("utf-8").splitlines()),
    sharp=False,
)
"""As cameras leave them, ungraded: the well-lit, sharp ones without an evident cast."""
KODAK = Source(
    "codec-corpus/kodak",
    "released for unrestricted usage",
    tuple(f"{number}.png" for number in range(13, 25)),
)
"""The second half of Kodak's photographs: scans of films. The first is a test set, `kodak24`."""
CID22 = Source("codec-corpus/CID22", "CC-BY-SA-4.0", graded=True)
"""Stock photographs of 512 x 512."""
RESEARCH = (
    Source("t91", "unstated"),
    Source("bsds500_train200", "non-commercial research"),
    Source("bsds500_test200", "non-commercial research"),
    Source("sun_hays80", "unstated"),
)
LEAVES, FABRICS = "dead leaves", "fabrics"
"""What the pictures of nobody are called on cards."""
MORE = 0.1
"""By so much drawn pictures are learnt from more often when there are fabrics among them."""


@dataclass
class Pictures:
    """All that a recipe learns from, each (H, W, 3) uint8."""

    photos: list[Array] = field(default_factory=list)
    leaves: list[Array] = field(default_factory=list)
    aside: list[Array] = field(default_factory=list)
    """Kept to judge by; empty unless they are one's own."""
    licences: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    """Files that could not be read, with the reason."""
    by_size: bool = False
    """Whether photos are drawn in proportion to the root of their pixels, not all alike."""
    leaf_share: float = 0.35
    """How often dead leaves are drawn, 0..1."""

    def larger_than(self, side: int) -> Pictures:
        """Without those whose shorter side is below `side`. Raises NotFound if none is left."""
        photos, leaves = (
            [p for p in some if min(p.shape[:2]) >= side] for some in (self.photos, self.leaves)
        )
        if not photos and not leaves:
            raise NotFound(f"no picture has {side} pixels a side", "add larger ones, or --patch")
        return replace(self, photos=photos, leaves=leaves)

    def chances(self) -> Iterator[tuple[Array, float]]:
        """Each picture, and how likely `draw` takes it; those that it never takes are left out."""
        share = self.leaf_share if self.photos else 1.0
        share = share if self.leaves else 0.0
        count = len(self.photos)
        sizes = np.full(count, 1 / max(count, 1))
        if self.by_size and count:
            sizes = np.diff(self._shares, prepend=0)
        for picture, size in zip(self.photos, sizes, strict=True):
            yield picture, float((1 - share) * size)
        for picture in self.leaves:
            yield picture, share / len(self.leaves)

    def draw(self, random: np.random.Generator, leaves: float | None = None) -> Array:
        """A photo or, with a chance of `leaves` (0..1, None = `leaf_share`), dead leaves."""
        share = self.leaf_share if leaves is None else leaves
        some = self.leaves if random.random() < share else self.photos
        some = some or self.photos or self.leaves
        if self.by_size and some is self.photos:
            return some[int(np.searchsorted(self._shares, random.random()))]
        return some[int(random.integers(len(some)))]

    @cached_property
    def _shares(self) -> Array:
        """Cumulated chances of the photos."""
        sizes = np.cumsum([math.sqrt(p.shape[0] * p.shape[1]) for p in self.photos])
        return np.asarray(sizes / sizes[-1])


def gather(kind: str, data: Path, leaves: int, fabrics: int = 0) -> Pictures:
    """The pictures of `kind` below `data`, and so many dead `leaves` and `fabrics`."""
    if kind not in get_args(Kind):
        raise BadOption(f"no kind of data {kind!r}", f"take {', '.join(get_args(Kind))}")
    pictures = _own(data) if kind == "own" else _known(kind, data)
    row = DeadLeaves(LEAF_SIDE)
    pictures.leaves = [row[number] for number in range(leaves)]
    if leaves:
        pictures.licences[LEAVES] = "procedural, nobody's"
    if fabrics:
        cloth = Fabrics(LEAF_SIDE)
        pictures.leaves += [cloth[number] for number in range(fabrics)]
        pictures.licences[FABRICS] = "procedural, nobody's"
        pictures.leaf_share += MORE
    return pictures


def _own(data: Path) -> Pictures:
    photos = read_folders([data])
    aside = photos.pictures[ASIDE - 1 :: ASIDE] or photos.pictures[:1]
    kept = [p for place, p in enumerate(photos.pictures, 1) if place % ASIDE]
    return Pictures(_with_halves(kept), [], aside, {data.name: "your own"}, photos.skipped)


def _known(kind: str, data: Path) -> Pictures:
    pictures = Pictures()
    if kind == "wide":  # pictures enough, of very different sizes
        pictures = Pictures(by_size=True, leaf_share=0.1)
    for source in {"permitted": PERMITTED, "wide": WIDE, "research": RESEARCH}[kind]:
        photos = read_source(source, data)
        pictures.photos += _with_halves(photos.pictures, source.sharp)
        pictures.licences[source.folder] = source.licence
        pictures.skipped += photos.skipped
    return pictures


def read_source(source: Source, data: Path) -> Photos:
    """The pictures of one source. Those of scikit-image come from its package if not from DATA."""
    folder = data / source.folder
    if source.folder == "scikit-image" and not folder.is_dir():
        package = find_spec("skimage")
        if package is None or package.origin is None:
            raise NotFound(
                "training needs the pictures of scikit-image", "pip install scikit-image"
            )
        folder = Path(package.origin).parent / "data"
    return read_folders([folder], wanted=source.takes)


def _with_halves(pictures: Iterable[Array], whole: bool = True) -> list[Array]:
    """Each picture, if `whole`, and each at half its size: sharper, and another scale of things.

    Of large ones also half of that.
    """
    result = []
    for picture in pictures:
        result += [picture] if whole else []
        half = _half(picture)
        result.append(half)
        if min(half.shape[:2]) >= LARGE:
            result.append(_half(half))
    return result


def _half(picture: Array) -> Array:
    return to_bytes(np.clip(bicubic(from_bytes(picture), 0.5), 0, 1))
