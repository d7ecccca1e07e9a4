"""A worker: does runs, lists batches and delivers webhooks until it is told to end, then drains.

    Workshop, labels, slots -> Labour.run(stop)      BadOption DatabaseUnavailable Unwritable

Runs have slots of their own, so that what waits for other servers, and what takes hours, never
holds up a picture. Once in a while it forgets runs whose time is up, their files first. Several may
do so at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib.util import find_spec

from printroom.assets.uploads import Uploads
from printroom.core.errors import BadOption, PrintroomError
from printroom.core.scratch import Scratch
from printroom.core.settings import Settings
from printroom.isolation import cards, images
from printroom.jobs.context import Handler
from printroom.jobs.model import Job
from printroom.jobs.needs import MOST_LABELS, Offer, check_labels
from printroom.jobs.watching import Watched
from printroom.jobs.worker import Worker
from printroom.people.hands import Hands
from printroom.people.model import PORTRAIT, TRAINING
from printroom.runs import batches, examining, webhooks
from printroom.runs.batches import Listing
from printroom.runs.examining import Examinations, ExamineHandler
from printroom.runs.handler import KIND, RunHandler
from printroom.runs.numbers import Shown
from printroom.runs.runs import Runs
from printroom.runs.training import handler as training
from printroom.runs.training.trainings import Trainings
from printroom.runs.webhooks import Delivering
from printroom.workshop import Workshop

ERRANDS = 4
"""Webhooks and listings at once."""
TIDY = 30.0
"""Seconds between looks at what has expired."""
_log = logging.getLogger(__name__)


class Labour:
    """The workers of one process; `run` it once."""

    def __init__(
        self, workshop: Workshop, *, slots: int | None = None, labels: tuple[str, ...] | None = None
    ) -> None:
        """`slots`, `labels`: None = as the settings say.

        Raises BadOption for labels that are none, and what the database raises.
        """
        settings = workshop.settings
        self._workshop = workshop
        self._labels = frozenset(settings.jobs_labels if labels is None else labels)
        check_labels(self._labels)
        self._labels |= labels_here(settings)
        if len(self._labels) > MOST_LABELS - 2:
            raise BadOption(f"{len(self._labels)} labels are too many", f"take {MOST_LABELS - 2}")
        self.runs = Runs(workshop)
        self._scratch = Scratch(settings.data)
        queue, outbound = self.runs.queue, workshop.outbound
        tallies, tracer = workshop.floor.tallies, workshop.floor.tracer
        self._examinations = Examinations(workshop)
        examine = ExamineHandler(self._examinations, self._scratch)
        self._hands = hands = Hands(
            workshop.people,
            workshop.loaded_generator,
            self._scratch,
            settings.people_memory,
            settings.people_ttl,
        )
        main: dict[str, Handler] = {
            KIND: Watched(RunHandler(workshop, self.runs.targets, self._scratch), tallies, tracer),
            examining.KIND: Watched(examine, tallies, tracer),
            TRAINING: Watched(hands.train, tallies, tracer),
        }
        self._main = Worker(queue, main, slots=slots or settings.jobs_slots, offer=self._offer)
        draw: dict[str, Handler] = {PORTRAIT: Watched(hands.draw, tallies, tracer)}
        portraits = Worker(queue, draw, slots=settings.people_batch, offer=hands.offer)
        errands: dict[str, Handler] = {
            batches.KIND: Watched(Listing(self.runs), tallies, tracer),
        }
        if queue.database.run(lambda c: webhooks.can_open(c, self.runs.seal), write=False):
            delivering = Delivering(queue, outbound, self.runs.seal)
            errands[webhooks.KIND] = Watched(delivering, tallies, tracer)
        errand = Worker(queue, errands, slots=ERRANDS)
        self._beside = {"errands": errand, "portraits": portraits}
        if settings.training_slots and find_spec("torch") is not None:
            train = training.TrainingHandler(self._examinations)
            self._beside["training"] = Worker(
                queue, {training.KIND: train}, slots=settings.training_slots
            )

    def run(self, stop: threading.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Work until `stop` is set, then drain; `ready` is called when work is taken."""
        threads = [
            threading.Thread(target=self._tidy, args=(stop,), name="tidying"),
            threading.Thread(target=self._hands.keeping.run, args=(stop,), name="keeping"),
            *(
                threading.Thread(target=one.run, args=(stop,), name=name)
                for name, one in self._beside.items()
            ),
        ]
        for thread in threads:
            thread.start()
        waking = threading.Thread(target=self._wake, args=(stop,), daemon=True)
        waking.start()
        ready()
        try:
            with Shown(self._workshop):
                self._main.run(stop)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            self._scratch.close()

    def _wake(self, stop: threading.Event) -> None:
        """A worker that waits for work looks at `stop` at once."""
        stop.wait()
        self._main.wake()
        self._hands.keeping.wake()
        for one in self._beside.values():
            one.wake()

    def _offer(self) -> Offer:
        floor = self._workshop.floor
        device = floor.device
        devices = ("cpu", device.name) if device.name.startswith("cuda") else ("cpu",)
        free = max(0, floor.ledger.total - floor.ledger.granted)
        models = frozenset(one.model for one in floor.residency.facts() if one.bytes)
        return Offer(self._labels, devices, free, models)

    def _tidy(self, stop: threading.Event) -> None:
        while not stop.wait(TIDY):
            try:
                self.tidy()
            except PrintroomError as error:
                _log.warning("tidying: %s", error)
            except Exception:
                _log.exception("tidying")

    def tidy(self) -> int:
        """Forget what has expired, have models examined again whose reports do soon, and do what
        the market owes. Returns how many runs went.
        """
        forgotten = self.runs.queue.expire(self._discard)
        settings = self._workshop.settings
        Uploads(self.runs.assets, settings.files_largest, settings.files_keep).sweep()
        self.runs.assets.sweep()
        self._examinations.renew()
        Trainings(self._workshop).sweep()
        self._workshop.money.tick()
        self._workshop.people.tidy()
        return forgotten

    def _discard(self, job: Job) -> None:
        if job.kind in (KIND, training.KIND):
            self.runs.assets.discard(job.id)


def labels_here(settings: Settings) -> frozenset[str]:
    """What a worker says of its machine: its kinds of cards, and the image that it runs in."""
    image = {images.label(settings.image)} if settings.image else set()
    return cards.labels(cards.here()) | image
