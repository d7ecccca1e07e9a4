"""ONNX's own opinion of a file, and which version of it that is.

bytes -> check        BadModel
"""

from __future__ import annotations

import numpy as np
import onnx

from printroom.core.errors import BadModel


def check(data: bytes) -> None:
    """Raises BadModel, with the checker's first line."""
    try:
        onnx.checker.check_model(data)
    except Exception as error:  # several kinds, without a common base
        line = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise BadModel(f"ONNX's own checker refuses it: {line}") from error


def versions() -> dict[str, str]:
    """Of the libraries that read and run graphs here."""
    import onnxruntime

    return {
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
    }
