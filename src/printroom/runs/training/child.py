"""The process of one training: `python -m printroom.runs.training.child`, started by `process`.

    stdin: what to train, a line of JSON, and then nothing until the worker is gone
      -> recipes.train; its status: 0, or 2 when what was asked for cannot be had, or 1

When the worker is killed, its end of stdin closes: the training ends at once, so that nobody writes
beside whoever goes on with it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from printroom import recipes
from printroom.core.errors import PrintroomError, RequestError


def main() -> int:
    """Train as stdin says; the exit status."""
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        asked = json.loads(stdin.readline())
    threading.Thread(target=_until_gone, daemon=True).start()
    try:
        recipes.train(
            asked["recipe"], Path(asked["data"]), Path(asked["out"]), asked["words"], asked["grid"]
        )
    except PrintroomError as error:
        print(error.reason, error.remedy, sep="\n" if error.remedy else "", file=sys.stderr)
        return 2 if isinstance(error, RequestError) else 1
    return 0


def _until_gone() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
