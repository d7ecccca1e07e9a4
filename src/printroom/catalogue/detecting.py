"""What a file or folder that somebody calls a model is, told by its content before its name.

path -> Kind        NotFound BadModel: none that can be taken
"""

from __future__ import annotations

import zipfile
from enum import Enum
from pathlib import Path

from printroom.core.errors import BadModel, NotFound

HEADER = 100 * 2**20
"""Most bytes of the header of safetensors, as the format itself has it."""
MEMBERS = 1 << 16
"""Most files in an archive that are looked at."""


class Kind(Enum):
    """What a model is kept as; the value is for people."""

    ONNX = "an ONNX graph"
    SAVED = "a SavedModel folder"
    FROZEN = "a frozen TensorFlow graph"
    PROGRAM = "an exported PyTorch program"
    SAFETENSORS = "safetensors"
    PICKLE = "a pickle of PyTorch weights"


def kind_of(path: Path) -> Kind:
    """What lies at `path`; nothing of it is run or unpacked. Raises NotFound, BadModel."""
    if path.is_dir():
        if (path / "saved_model.pb").is_file():
            return Kind.SAVED
        raise BadModel(f"{path} is a folder without saved_model.pb", "name the file of a model")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", "give the path of a model") from error
    except OSError as error:
        raise BadModel(f"{path} cannot be read", str(error)) from error
    found = _by_content(path, head) or _by_name(path)
    if found is None:
        raise BadModel(
            f"{path} is no model that can be taken",
            "there are ONNX graphs, safetensors, weights that spandrel knows (.pth), exported "
            "programs (.pt2), SavedModel folders and frozen graphs (.pb)",
        )
    return found


def _by_content(path: Path, head: bytes) -> Kind | None:
    if head[:4] == b"PK\x03\x04":
        return _archive(path)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Kind.PICKLE
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= HEADER:
        return Kind.SAFETENSORS
    return None


def _archive(path: Path) -> Kind | None:
    """Both of torch's formats are archives; an exported program says so in its first files."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:MEMBERS]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadModel(f"{path} is a broken archive", str(error)) from error
    ends = {name.partition("/")[2] or name for name in names}
    if "archive_format" in ends or any(name.startswith("models/") for name in ends):
        return Kind.PROGRAM
    return Kind.PICKLE if "data.pkl" in ends else None


def _by_name(path: Path) -> Kind | None:
    return {".onnx": Kind.ONNX, ".pb": Kind.FROZEN}.get(path.suffix.lower())
