"""Whether pictures show what was asked for, as a judge sees it who learnt from drawn scenes.

judge, nets as they are shipped, held-out scenes -> share of the values named that are found

Captions of scenes that were never learnt from are painted by the step's own code. Beside it stands
what the judge finds in the drawn scenes themselves, which no painter can pass.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from printroom.training.scenes.captions import caption
from printroom.training.scenes.data import Scenes, scene_of
from printroom.training.scenes.judge import Run, judged, retrieved
from printroom.training.scenes.spec import GROUPS
from printroom.training.scenes.stepcode import vision

GUIDANCE = 2.5
SEED = 9


def examine(judge: Run, folder: Path, aside: Scenes) -> dict[str, float]:
    """Scores: `painted`, `drawn`, `seen`, then `painted` by group.

    `painted` and `drawn`: how often the judge, asked which of a group's values a picture shows,
    names the one that the caption does. `seen`: the same where it may also say that none is there.
    """
    random = np.random.default_rng(SEED)
    told = [caption(scene_of(marks), random) for marks in aside.marks]
    asked = np.stack([_marks(shown) for _, shown in told])
    drawn = retrieved(asked, judged(judge, np.asarray(aside.pictures), none=False))
    painter = vision(folder)
    made = [
        painter.paint(text, painter.seen(text), number, GUIDANCE)
        for number, (text, _) in enumerate(told)
    ]
    pictures = np.rint(np.stack(made) * 255).astype(np.uint8)
    painted = retrieved(asked, judged(judge, pictures, none=False))
    seen = retrieved(asked, judged(judge, pictures))
    scores = {"painted": painted.pop("all"), "drawn": drawn["all"], "seen": seen["all"]}
    return {name: round(value, 3) for name, value in (scores | painted).items()}


def _marks(values: tuple[str, ...]) -> NDArray[np.int8]:
    marks = np.full(len(GROUPS), -1, np.int8)
    for place, of in enumerate(GROUPS.values()):
        for value in of:
            if value in values:
                marks[place] = of.index(value)
    return marks
