"""What every peer serves: picture bytes -> libvips -> the net -> libvips -> picture bytes.

The plain way to write it, with pyvips and one-thread sessions. It knows nothing of the server
around it, so that all peers do the same work. With BENCH_LEAN it calls libjpeg as printroom does
for small pictures, so that what is left is the serving.
"""

from __future__ import annotations

import os

os.environ.setdefault("VIPS_CONCURRENCY", "1")  # before libvips starts: requests are the threads

import numpy as np
import onnxruntime
import pyvips

QUALITY = 90


class Enhance:
    """One session of the net; safe from many threads."""

    def __init__(self, model: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self.name = self.session.get_inputs()[0].name

    def __call__(self, picture: bytes) -> bytes:
        """JPEG in, JPEG out."""
        pixels = _read(picture)
        batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        result = self.session.run(None, {self.name: batch})[0][0]
        levels = np.rint(np.clip(result, 0, 1) * 255).astype(np.uint8)
        rows = np.ascontiguousarray(levels.transpose(1, 2, 0))
        return _written(rows)


def _read(picture: bytes) -> np.ndarray:
    return pyvips.Image.new_from_buffer(picture, "", access="sequential").numpy()


def _written(rows: np.ndarray) -> bytes:
    image = pyvips.Image.new_from_array(rows, interpretation="srgb")
    return bytes(image.jpegsave_buffer(Q=QUALITY))


if os.environ.get("BENCH_LEAN"):
    import cv2
    import simplejpeg

    _HOW = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    _HOW += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]

    def _read(picture: bytes) -> np.ndarray:
        return simplejpeg.decode_jpeg(picture)

    def _written(rows: np.ndarray) -> bytes:
        return cv2.imencode(".jpg", cv2.cvtColor(rows, cv2.COLOR_RGB2BGR), _HOW)[1].tobytes()
