"""SSIM beside scikit-image's, and two huge pictures compared in bounded memory.

Each measurement is a process of its own, in turns. SSIM: both make the same 12 MPix of grey, so
what a process costs that makes them and stops there is taken off both. Huge: two JPEGs of
20,000 x 20,000, by strips, PSNR and SSIM alone and then everything `printroom metrics` says.

    python -m bench.metrics ours|theirs|neither|psnr-ssim [FILE FILE]    one measurement
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench import pictures
from bench.processes import Finished, checked
from bench.rows import Row, at_most
from bench.servers import printroom_command

MIB = 2**20
HEIGHT, WIDTH = 3000, 4000
HUGE, QUICK = 20_000, 6_000


def bench(quick: bool) -> list[Row]:
    return [*_ssim(2 if quick else 5), *_huge(QUICK if quick else HUGE)]


def _ssim(rounds: int) -> list[Row]:
    turns = [[_one(name) for name in ("neither", "ours", "theirs")] for _ in range(rounds)]
    neither, ours, theirs = zip(*turns, strict=True)
    base = median(one.cpu for one in neither), median(one.peak for one in neither)
    cpu = [median(one.cpu for one in group) - base[0] for group in (ours, theirs)]
    peak = [(median(one.peak for one in group) - base[1]) / MIB for group in (ours, theirs)]
    what = f"{WIDTH} x {HEIGHT} grey, beside scikit-image; {rounds} rounds in turns"
    time = f"{what}: {cpu[0]:.2f} CPU-s over {cpu[1]:.2f}"
    memory = f"{what}: {peak[0]:.0f} MiB beyond the pictures and imports over {peak[1]:.0f}"
    return [
        Row("SSIM: CPU time / scikit-image", cpu[0] / cpu[1], at_most(0.6), "x", time),
        Row("SSIM: memory / scikit-image", peak[0] / peak[1], at_most(0.25), "x", memory),
    ]


def _huge(side: int) -> list[Row]:
    a, b = pictures.jpeg(side), _worse(side)
    alone = _one("psnr-ssim", a, b)
    whole = checked(printroom_command("metrics", str(a), str(b), "--json"))
    what = f"{side} x {side} JPEGs"
    return [
        Row(
            "huge PSNR and SSIM: peak memory",
            alone.peak / MIB / 512,
            at_most(1.0),
            "x",
            f"{what}: {alone.peak / MIB:.0f} MiB over 512; {alone.cpu:.0f} CPU-s",
        ),
        Row(
            "huge, all metrics: peak memory",
            whole.peak / MIB / 512,
            None,
            "x",
            f"{what}: {whole.peak / MIB:.0f} MiB over 512; {whole.cpu:.0f} CPU-s",
        ),
    ]


def _worse(side: int) -> Path:
    """The same picture at a lower quality."""
    source = pictures.jpeg(side)
    path = source.with_name(f"{source.stem}-worse.jpg")
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        code = "import sys, pyvips; a, b = sys.argv[1:]; "
        code += "pyvips.Image.new_from_file(a, access='sequential').jpegsave(b, Q=30)"
        checked([sys.executable, "-c", code, str(source), str(part)])
        part.replace(path)
    return path


def _one(name: str, *files: Path) -> Finished:
    return checked([sys.executable, "-m", "bench.metrics", name, *map(str, files)])


def _measure(name: str, *files: str) -> None:
    if files:
        _psnr_ssim(*map(Path, files))
        return
    import numpy as np
    import skimage.metrics

    from printroom.metrics.ssim import ssim

    random = np.random.default_rng(0)
    a = random.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    b = a ^ random.integers(0, 32, a.shape, np.uint8)
    if name == "ours":
        ssim(a, b)
    elif name == "theirs":
        theirs: Any = skimage.metrics.structural_similarity
        theirs(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)


def _psnr_ssim(first: Path, second: Path) -> None:
    from printroom.imaging.image import Image
    from printroom.metrics.pixels import grey
    from printroom.metrics.psnr import PsnrStream
    from printroom.metrics.ssim import SsimStream
    from printroom.metrics.strips import strip_rows

    psnr, ssim = PsnrStream(), SsimStream()
    with Image.open(first) as one, Image.open(second) as other:
        step = strip_rows(one.width)
        readers = one.rows(), other.rows()
        for _ in range(0, one.height, step):
            a, b = (reader.read(step) for reader in readers)
            psnr.add(a, b)
            ssim.add(grey(a), grey(b))
    print(psnr.result(), ssim.ssim)


if __name__ == "__main__":
    _measure(*sys.argv[1:])
