"""Models of other people: an ONNX file becomes a model with a card.

    path -> geometry derived and confirmed, memory measured -> Model         NotFound BadModel

What was found is kept in a cache by the digest of the file, with a copy of the file: the second
time nothing is measured, and a model in use does not change when its file does.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from printroom.catalogue.card import Model, ModelCard
from printroom.catalogue.models import read_model, verified
from printroom.runtimes.onnx.cost import measure
from printroom.runtimes.onnx.examine import examine
from printroom.runtimes.onnx.parse import read

REVISION = "1"
"""Of what is derived and measured; a new one makes old entries of the cache unused."""
WEIGHTS = "model.onnx"


def import_onnx(path: Path, cache: Path | None = None) -> Model:
    """The model in the file at `path`.

    `cache` is a folder, made when missing; None = printroom's in the user's cache folder. What is
    kept there lies too deep to be found by a catalogue of that folder. It is read as the house
    reads pictures: `printroom models import` finds out more. The first time takes seconds. Raises
    NotFound, or BadModel when the file is not an ONNX model from picture to picture.
    """
    data = read(path)
    digest = hashlib.sha256(data).hexdigest()
    home = (cache or user_cache()) / ".files" / REVISION / digest
    if not (home / "card.json").is_file():
        _enter(path, data, digest, home)
    return verified(read_model(home / "card.json"))


def user_cache() -> Path:
    """Where imported models are kept when nobody said."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "printroom" / "models"


def _enter(path: Path, data: bytes, digest: str, home: Path) -> None:
    """Make the folder `home`, whole or not at all."""
    examined = examine(data)
    home.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=home.parent, prefix=".new-"))
    try:
        weights = made / WEIGHTS
        weights.write_bytes(data)
        card = ModelCard(
            name=f"local/{slug(path.stem)}",
            version=1,
            title=f"Imported from {path.name}",
            weights=WEIGHTS,
            digest=digest,
            geometry=examined.geometry,
            parameters=examined.parameters,
            licence="unknown",
            costs=measure(weights, geometry=examined.geometry),
        )
        (made / "card.json").write_text(card.to_json(), "utf-8")
        made.rename(home)
    except OSError:
        if not home.is_dir():  # unless another process made the same entry meanwhile
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def slug(name: str) -> str:
    """A name that a model can have.

    >>> slug("My Net (x4).onnx")
    'my-net-x4-onnx'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
