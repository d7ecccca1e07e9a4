"""Prints a picture in two tones. TensorFlow, with weights that make.py fitted."""

import os
import platform
from typing import NamedTuple

import numpy as np
from printroom_step import Choice, Picture, step

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # what processor it finds is no news
import tensorflow as tf


class Printed(NamedTuple):
    image: Picture
    made_by: str


@step
class Print:
    """Prints a picture in two tones, from ink to paper."""

    def __init__(self):
        with np.load("print.npz") as weights:
            self.weights = {name: tf.constant(weights[name]) for name in weights}

    def run(self, image: Picture, tone: Choice("sepia", "cyan") = "sepia") -> Printed:
        first, bias, last, offset = (
            self.weights[f"{tone}.{name}"] for name in ("first", "bias", "last", "offset")
        )
        colours = tf.reshape(tf.constant(image), (-1, 3))
        printed = tf.tanh(colours @ first + bias) @ last + offset
        made_by = f"TensorFlow {tf.__version__}, Python {platform.python_version()}"
        return Printed(tf.reshape(printed, image.shape).numpy(), made_by)
