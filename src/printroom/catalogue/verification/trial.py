"""Stages two to four, seen from outside: the sandbox is started, and what it says is checked.

    a copy of the file, what is declared -> sandboxed -> Trial        Cancelled

What is cut short by a limit is a finding of the stage that it was in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from printroom.catalogue.verification.lines import Garbage, Listener, Trial
from printroom.catalogue.verification.report import Declared, Finding, Rules
from printroom.core.errors import LimitCrossed, ModelFailed, NoSandbox
from printroom.isolation.sandbox import Sandbox
from printroom.isolation.walls import PACKAGE, SCRATCH

INSIDE = Path(__file__).parent / "inside.py"
_MODEL, _ASKED = "/model.onnx", "/asked.json"
"""Where the weights, and what is asked, lie inside."""


def sandboxed(
    weights: Path,
    declared: Declared,
    rules: Rules,
    told: Callable[[Finding], None],
    cancelled: Callable[[], bool],
) -> Trial:
    """Try the model in the file `weights`, which lies in a folder of ours. Raises Cancelled."""
    listener = Listener(told)
    sandbox = Sandbox(memory=rules.memory, seconds=rules.seconds, cpu=1)
    reading = None if declared.reading is None else declared.reading.raw()
    said = {"reading": reading, "task": declared.task, "rules": asdict(rules)}
    asked = weights.with_name("asked.json")  # a reading with many classes is long for an argument
    asked.write_text(json.dumps(said), "utf-8")
    try:
        sandbox.tell(
            Path(sys.executable),
            INSIDE,
            (_MODEL, _ASKED),
            listener.line,
            sees=(PACKAGE,),
            placed={_MODEL: weights, _ASKED: asked},
            scratch=SCRATCH + 2 * weights.stat().st_size,  # its memory is measured on a copy
            cancelled=cancelled,
        )
        if not listener.trial.whole and not listener.trial.refused:
            listener.refuse("ended", "the sandbox ended before it was done")
    except NoSandbox as error:
        listener.refuse("sandbox", f"{error.reason}: nothing is tried, and nothing listed")
    except LimitCrossed as error:
        listener.refuse(error.limit, f"it was stopped: {error.reason}")
    except ModelFailed as error:
        listener.refuse("crash", f"what tried it came to an end: {error.reason}")
    except Garbage as error:
        listener.refuse("garbage", f"what came out of the sandbox makes no sense: {error}")
    return listener.trial
