"""Phase congruency: how well the waves that make up a picture agree in phase at each pixel.

    (H, W) -> Waves -> congruency -> (H, W) in 0..1, near 1 on edges, lines and corners

Kovesi: "Image features from phase congruency", Videre 1(3), 1999, with the log-Gabor filters and
the constants of FSIM (Zhang et al., 2011, sections II-A and III).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SCALES = 4
_ORIENTATIONS = 4
_WAVELENGTH = 6.0
"""Of the finest filter, in pixels; each next one is twice as long."""
_BANDWIDTH = 0.55
"""Width of a filter along the frequency, as a share of its centre."""
_ANGLE = math.pi / _ORIENTATIONS / 1.2
"""Width of a filter across it, in radians."""
_CUTOFF, _STEEPNESS = 0.45, 15
"""Butterworth low-pass that takes the corners of the spectrum away."""
_NOISE = 2.0
"""Deviations above the mean energy of noise that count as a feature."""
_RESCALE = 1.7
"""Kovesi's empirical divisor of the noise threshold."""
_EPSILON = np.float32(1e-4)


class Waves:
    """The 16 filters for pictures of one size (H, W), H and W at least 2."""

    def __init__(self, height: int, width: int) -> None:
        y, x = np.meshgrid(_frequencies(height), _frequencies(width), indexing="ij")
        radius = np.hypot(y, x)
        radius[0, 0] = 1.0  # the logarithm wants it; the mean is taken out below
        theta = np.arctan2(-y, x)
        self._radial = [_radial(radius, scale) for scale in range(_SCALES)]
        self._angular = [_angular(theta, turn) for turn in range(_ORIENTATIONS)]
        self._noise = [self._noise_factor(turn) for turn in range(_ORIENTATIONS)]

    def congruency(self, picture: Floats) -> Floats:
        """Phase congruency of (H, W), samples in 0..255: float32 in 0..1."""
        # No filter passes the mean; without it, float32 keeps two more digits of the rest.
        spectrum = np.fft.fft2(picture - picture.mean(dtype=np.float64).astype(np.float32))
        spectrum = spectrum.astype(np.complex64, copy=False)
        energy = np.zeros(picture.shape, np.float32)
        amplitude = np.zeros(picture.shape, np.float32)
        for turn in range(_ORIENTATIONS):
            responses = [
                np.fft.ifft2(spectrum * wave).astype(np.complex64, copy=False)
                for wave in self._filters(turn)
            ]
            amplitudes = [np.abs(response) for response in responses]
            amplitude += sum(amplitudes)
            threshold = self._threshold(turn, amplitudes[0])
            energy += np.maximum(_energy(responses) - threshold, 0)
        return np.divide(energy, amplitude, out=energy, where=amplitude > 0)

    def _filters(self, turn: int) -> Iterator[Floats]:
        """The filters of one orientation, finest first."""
        return (radial * self._angular[turn] for radial in self._radial)

    def _threshold(self, turn: int, finest: Floats) -> np.float32:
        """Energy that noise alone would reach, judged from the finest filter's response.

        Noise has Rayleigh-distributed energy; its power follows from the median of the squares,
        which features hardly move.
        """
        power = float(np.median(finest * finest)) / math.log(2)
        tau = math.sqrt(power * self._noise[turn])
        level = tau * (math.sqrt(math.pi / 2) + _NOISE * math.sqrt(2 - math.pi / 2))
        return np.float32(level / _RESCALE)

    def _noise_factor(self, turn: int) -> float:
        """Energy of white noise over all scales, per power in the finest filter.

        Kovesi sums products of the filters' even parts over the picture, 2 sum A_i^2 + 4 sum
        A_i A_j; that is twice the square of their sum, which Parseval lets us take in frequency.
        """
        waves = [wave.astype(np.float64) for wave in self._filters(turn)]
        total = np.sum(waves, axis=0)
        even = (total + np.roll(total[::-1, ::-1], 1, (0, 1))) / 2
        return float(np.sum(even**2) / np.sum(waves[0] ** 2))


def _frequencies(size: int) -> NDArray[np.float64]:
    """Cycles per pixel in FFT order, as Kovesi has them: an odd side spans -0.5..0.5 in full."""
    span = size - 1 if size % 2 else size
    return np.fft.ifftshift((np.arange(size) - size // 2) / span)


def _radial(radius: NDArray[np.float64], scale: int) -> Floats:
    """Log-Gabor over the distance from the mean."""
    centre = 1 / (_WAVELENGTH * 2**scale)
    gabor = np.exp(-(np.log(radius / centre) ** 2) / (2 * math.log(_BANDWIDTH) ** 2))
    gabor /= 1 + (radius / _CUTOFF) ** (2 * _STEEPNESS)
    gabor[0, 0] = 0
    return np.asarray(gabor, np.float32)


def _angular(theta: NDArray[np.float64], turn: int) -> Floats:
    """Gaussian over the angle from the orientation's own."""
    apart = theta - turn * math.pi / _ORIENTATIONS
    distance = np.abs(np.arctan2(np.sin(apart), np.cos(apart)))
    return np.asarray(np.exp(-(distance**2) / (2 * _ANGLE**2)), np.float32)


def _energy(responses: list[NDArray[np.complex64]]) -> Floats:
    """Part of the responses in the direction of their mean phase, less the part across it."""
    total = sum(responses[1:], responses[0])
    phase = np.conj(total / (np.abs(total) + _EPSILON))
    energy = np.zeros(total.shape, np.float32)
    for response in responses:
        turned = response * phase
        energy += turned.real - np.abs(turned.imag)
    return energy
