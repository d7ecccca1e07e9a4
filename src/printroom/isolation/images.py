"""Container images that hold the environment of a step.

    "registry.example/acme/steps:1.2" -> label -> "image-registry.example-acme-steps-1.2"

Whoever makes the image says in it what it is called (`ENV PRINTROOM_IMAGE=...`); a worker in it has
that label, and runs the steps of that image with the image's own Python.
"""

from __future__ import annotations

import hashlib
import re

_MOST = 56
"""Characters of a name in a label."""


def label(image: str) -> str:
    """What the workers in an image are called: lower case letters, digits, `.`, `_` and `-`.

    Other characters become `-`. Long names, and those that would not be told apart otherwise, end
    in eight digits of their SHA-256.

    >>> label("acme/steps:1.2"), label("Acme/Steps:1.2")
    ('image-acme-steps-1.2', 'image-acme-steps-1.2-2f75dd8e')
    """
    plain = re.sub(r"[/:@]", "-", image)
    found = re.sub(r"[^a-z0-9._-]", "-", plain.lower())
    if found != plain or len(found) > _MOST:
        digest = hashlib.sha256(image.encode()).hexdigest()[:8]
        found = f"{found[: _MOST - 9]}-{digest}"
    return f"image-{found}"
