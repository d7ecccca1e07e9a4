"""What can be asked of a server about trainings: recipes that its workers carry out.

recipe -> submit_training -> Training, queued                     NotFound BadOption AlreadyThere
       -> wait_training, training_events, cancel_training, …      NotFound; why it failed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from printroom.client.asking import Ask, Call, Follow, Page, asked, given, once, paged, place
from printroom.client.faults import strange
from printroom.client.following import Parser, Progress, Stream
from printroom.client.model import Training, finished, name_of

Value = str | int | float


def recipes() -> Call[list[str]]:
    """What can be trained."""
    found = (yield from asked(Ask("GET", place("trainings", "recipes")))).json()
    try:
        return [str(one) for one in found["data"]]
    except (KeyError, TypeError):
        raise strange("a list of recipes") from None


def submit_training(
    recipe: str,
    *,
    data: str = "",
    options: Mapping[str, Value] | None = None,
    grid: Mapping[str, Sequence[Value]] | None = None,
    model: str | None = None,
    title: str = "",
    licence: str = "",
    deadline: float | None = None,
    key: str | None = None,
) -> Call[Training]:
    """Have a recipe carried out by a worker; the training at once, queued.

    `data`: `store://NAME/PREFIX`, or a training set of the server, "" = all of them. `options`: of
    the recipe, by name; `grid`: values to try, each with each, of which the best are kept. `model`:
    the name, behind your handle, of which the result is to be the next version, with `title` and
    `licence`; None = its files alone. `deadline`: seconds until it must be over there; `key`: the
    same request with the same key is the same training. Raises NotFound for a recipe or data that
    is not there, BadOption, AlreadyThere for a model of the server's, KeyReused.
    """
    body = {
        "recipe": recipe, "data": data, "options": dict(options or {}),
        "grid": {name: list(values) for name, values in (grid or {}).items()},
        "title": title, "licence": licence, **given(model=model, deadline=deadline),
    }  # fmt: skip
    reply = yield from asked(Ask("POST", place("trainings"), json=body, headers=once(key)))
    return Training.of(reply.json())


def wait_training(
    training: Training | str, *, timeout: float | None = None, progress: Progress | None = None
) -> Call[Training]:
    """The training when it has succeeded. Raises why it did not, NotFound, and DeadlinePassed."""
    yield Follow(Parser(_stream(training), 0, timeout), progress)
    return finished((yield from _training(training)))


def training_events(training: Training | str, after: int = 0) -> Parser:
    """What happens to a training, behind event number `after`, until it is over: how far it is,
    measures, and lines that the recipe prints.

    A stream that breaks is taken up again where it broke.
    """
    return Parser(_stream(training), after)


def training(training: Training | str) -> Call[Training]:
    """The training as it is now. Raises NotFound."""
    return (yield from _training(training))


def trainings(after: str | None) -> Call[Page[Training]]:
    """All of them, the newest first."""
    return paged(place("trainings"), Training.of, "trainings", after=after)


def cancel_training(training: Training | str) -> Call[Training]:
    """Take it back; one that is over stays as it is. Raises NotFound."""
    path = place("trainings", name_of(training), "cancel")
    return Training.of((yield from asked(Ask("POST", path, again=True))).json())


def retry_training(training: Training | str) -> Call[Training]:
    """Let one that failed go on at its last checkpoint. Raises NotFound, WrongState."""
    path = place("trainings", name_of(training), "retry")
    return Training.of((yield from asked(Ask("POST", path))).json())


def _training(training: Training | str) -> Call[Training]:
    reply = yield from asked(Ask("GET", place("trainings", name_of(training))))
    return Training.of(reply.json())


def _stream(training: Training | str) -> Stream:
    name = name_of(training)
    return Stream(place("trainings", name, "events"), f"training {name}")
