"""A recipe's way from pictures to a model with its card.

Recipe, DATA, OUT, Options -> OUT/checkpoint.pt, <name>.onnx, card.json      NotFound BadOption

Geometry and memory costs on the card are found as for the models of other people; data, licence,
scores and the command are what was done here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx

from printroom.catalogue.card import ModelCard, Task
from printroom.catalogue.importing import import_onnx
from printroom.training.adversary import Adversary
from printroom.training.export import to_onnx
from printroom.training.judging import Exam, Run
from printroom.training.nets import Net, make_net
from printroom.training.pairs import MARGIN, MakePair
from printroom.training.shrunk import Shrunk
from printroom.training.sources import Pictures, gather
from printroom.training.trainer import IRRELEVANT, Options, Trainer, train

PERMITTED = "LicenseRef-printroom"
"""Of weights learnt from permitted pictures: the project's own licence, whatever it is."""
RESEARCH = "LicenseRef-research-only"
"""Of weights learnt from pictures for research: the strictest of the data's."""
OWN = "LicenseRef-own"
"""Of weights learnt from one's own pictures."""
LICENCES = {"permitted": PERMITTED, "wide": PERMITTED, "research": RESEARCH, "own": OWN}
MakeNet = Callable[[int, int, int], Net]
"""(scale, channels, layers) -> net."""


@dataclass(frozen=True)
class Recipe:
    """What one recipe differs in from the others."""

    command: str
    """NAME of `printroom train NAME`."""
    model: str
    """Name of the model without its owner."""
    task: Task
    title: str
    pairs: Callable[[Pictures], MakePair | Shrunk]
    exams: Callable[[Pictures], Sequence[Exam]]
    """The first one is watched while training."""
    scale: int = 1
    extra: dict[str, str] | None = None
    """Data beyond the pictures -> its licence."""
    net: MakeNet = make_net
    adversary: Callable[[], Adversary | None] = lambda: None
    """Makes the critic of nets that should look sharp."""


def carry_out(recipe: Recipe, data: Path, out: Path, options: Options) -> ModelCard:
    """Train on pictures below `data`, write weights and card to `out`.

    Goes on from `out`/checkpoint.pt if it is there. Raises NotFound when a training set is missing
    or no picture in all could be read; broken ones are skipped and counted. Test sets that are
    missing are left out of the scores.
    """
    out.mkdir(parents=True, exist_ok=True)
    build = partial(recipe.net, recipe.scale, options.channels, options.layers)
    trainer = Trainer(out, build, options, adversary=recipe.adversary())
    pictures = gather(options.data_kind, data, options.leaves, options.fabrics)
    usable = pictures.larger_than((options.patch + MARGIN) * recipe.scale)
    exams = [exam for exam in recipe.exams(pictures) if exam.pairs]
    print(
        f"{len(usable.photos)} photos, {len(usable.leaves)} dead leaves, "
        f"{len(pictures.skipped)} broken, from step {trainer.step}"
    )
    if options.start and not trainer.step:
        print(f"PSNR before, dB: {scores_of(exams, trainer.run)}")
    train(trainer, recipe.pairs(usable), exams[0] if exams else None)
    if trainer.adversary is not None:
        trainer.adversary.blend(trainer.mean)
    scores = scores_of(exams, trainer.run)
    print(f"PSNR, dB: {scores}")
    name = recipe.model + ("-research" if options.data_kind == "research" else "")
    onnx.save(to_onnx(trainer.mean, name), out / f"{name}.onnx")
    found = examined(out / f"{name}.onnx")
    card = replace(
        found,
        name=f"{'local' if options.data_kind == 'own' else 'printroom'}/{name}",
        version=options.version,
        title=recipe.title,
        weights=f"{name}.onnx",
        licence=LICENCES[options.data_kind],
        data=pictures.licences | (recipe.extra or {}),
        command=command_of(recipe.command, options),
        scores=scores,
        example="any photograph",
        task=recipe.task,
    )
    (out / "card.json").write_text(card.to_json(), "utf-8")
    return card


def scores_of(exams: Sequence[Exam], run: Run) -> dict[str, float]:
    """Name of an exam -> dB, as cards say it."""
    return {exam.name: round(exam.score(run), 2) for exam in exams}


def examined(weights: Path) -> ModelCard:
    """Geometry and memory costs, as an import finds them."""
    with TemporaryDirectory() as cache:
        return import_onnx(weights, Path(cache)).card


def command_of(recipe: str, options: Options) -> str:
    """The command that does the same again."""
    words = [f"printroom train {recipe} --data DATA --out OUT"]
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name not in IRRELEVANT and value != field.default:
            shown = Path(value).name if field.name == "start" else value  # folders are ours alone
            words.append(f"--{field.name.replace('_', '-')} {shown}")
    return " ".join(words)
