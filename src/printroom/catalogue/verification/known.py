"""What the server itself has, to be compared with what strangers bring.

    models of the catalogue -> own -> Known, with fingerprints

They are trusted, and so are tried in this process: a tenth of a second each, once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from printroom.catalogue.card import Model
from printroom.catalogue.opening import open_onnx
from printroom.catalogue.verification.licence import Known
from printroom.catalogue.verification.probes import Painting, fingerprint
from printroom.core.errors import PrintroomError

_marks: dict[str, str] = {}
_making = threading.Lock()


def own(models: Iterable[Model]) -> list[Known]:
    """Each with its digest; with a fingerprint where it is here and makes pictures of pictures."""
    return [Known(model.card.id, frozenset([model.card.digest]), _mark(model)) for model in models]


def _mark(model: Model) -> str:
    """Kept by digest: the same file makes the same pictures."""
    with _making:
        if model.card.digest not in _marks:
            _marks[model.card.digest] = _made(model)
        return _marks[model.card.digest]


def _made(model: Model) -> str:
    card = model.card
    if not model.in_process or card.reading.generates or model.stored:
        return ""
    try:
        painting = Painting(open_onnx(model.weights, card.reading), card)
    except (PrintroomError, OSError):
        return ""  # what cannot be opened is compared by its digest alone
    try:
        return fingerprint([(made, plain) for _name, made, plain in painting.pictures()])
    except PrintroomError:
        return ""  # it answers with numbers, for a step of its own
    finally:
        painting.close()
