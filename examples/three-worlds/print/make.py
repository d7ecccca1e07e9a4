"""Writes print.npz: for each tone a network of 3, 16 and 3 units, fitted to a duotone.

    python make.py

The first layer is random, the second the least-squares fit of its answers to the tone wanted, for
random colours: no gradient is needed, and no picture.
"""

import numpy as np

TONES = {  # colours of ink and of paper, sRGB
    "sepia": ((0.13, 0.07, 0.04), (1.00, 0.95, 0.84)),
    "cyan": ((0.02, 0.11, 0.22), (0.93, 0.98, 1.00)),
}
UNITS = 16
LUMA = np.array([0.299, 0.587, 0.114])


def wanted(colours: np.ndarray, ink: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """(n, 3) -> (n, 3): from ink to paper by luma, with a fifth of the colour left."""
    luma = (colours @ LUMA)[:, None]
    curve = luma**1.2 * (1.6 - 0.6 * luma)
    return 0.8 * (ink + (paper - ink) * curve) + 0.2 * colours


def fitted(ink: tuple, paper: tuple, random: np.random.Generator) -> dict[str, np.ndarray]:
    """The weights for one tone."""
    colours = random.random((4096, 3))
    first, bias = random.normal(0, 1.5, (3, UNITS)), random.normal(0, 1, UNITS)
    hidden = np.tanh(colours @ first + bias)
    inputs = np.hstack([hidden, np.ones((len(colours), 1))])
    target = wanted(colours, np.array(ink), np.array(paper))
    last = np.linalg.lstsq(inputs, target, rcond=None)[0]
    print("largest error:", float(np.abs(inputs @ last - target).max()))
    weights = {"first": first, "bias": bias, "last": last[:-1], "offset": last[-1]}
    return {name: array.astype(np.float32) for name, array in weights.items()}


if __name__ == "__main__":
    random = np.random.default_rng(7)
    made = {
        f"{tone}.{name}": array
        for tone, (ink, paper) in TONES.items()
        for name, array in fitted(ink, paper, random).items()
    }
    np.savez("print.npz", **made)
