"""Who has how much of the graphics cards of this machine, over all processes on one data folder.

    Ask(gpu=0.25), who -> CardLedger.take -> Grant      None: not free now
                                                        NoCard: never here     Unwritable

<data>/cards/lock             held while units are chosen: taken all at once, or not at all
<data>/cards/<uuid>/07        one of the units of a card or slice: whoever has it locked has it
<data>/cards/wanted           locked by whoever waits

A lock belongs to an open file. The process that a grant is for inherits it, so that the kernel
gives the units back when that process has ended, however it ended, and nobody has to clean up.
"""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import NoCard, Unwritable
from printroom.isolation.cards import VISIBLE, Card, Place, here, places

UNITS = 20
"""That a card or slice has: parts of it are multiples of a twentieth, rounded up."""
SHARE = "PRINTROOM_GPU_SHARE"
"""The variable that tells a process which part it has of each card that it sees."""
_ROOM = 0.9
"""Of a whole card, for libraries that take all at once: CUDA's own context needs the rest."""


@dataclass(frozen=True)
class Ask:
    """What one process wants."""

    gpu: float = 0.0
    """A part of a card, or a whole number of them; 0 = none."""
    mig: str = ""
    """Or the profile of a slice, as `1g.10gb`."""

    def __bool__(self) -> bool:
        return bool(self.gpu or self.mig)

    def __str__(self) -> str:
        """As `step.toml` has it."""
        return f'mig = "{self.mig}"' if self.mig else f"gpu = {self.gpu:g}"


@dataclass(frozen=True)
class Grant:
    """What one process has. It ends when every copy of its files is closed."""

    uuids: tuple[str, ...] = ()
    """Cards or slices that it may see."""
    share: float = 0.0
    """Of each."""
    files: tuple[int, ...] = ()
    """Open files to be inherited by the process."""

    def variables(self) -> dict[str, str]:
        """What the process is told: what it sees, and how much of it libraries may take."""
        told = {VISIBLE: ",".join(self.uuids)}
        if self.uuids:
            told[SHARE] = f"{self.share:g}"
            told["XLA_PYTHON_CLIENT_MEM_FRACTION"] = f"{min(self.share, _ROOM):g}"
            told["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        return told

    def close(self) -> None:
        """Close our copy; once."""
        for file in self.files:
            os.close(file)


NOTHING = Grant()
"""Of a process that asked for none: it sees no card."""


def units(share: float) -> int:
    """What a part of a card is, from 1 to UNITS.

    >>> [units(share) for share in (0.01, 0.25, 0.45, 0.46, 1.0)]
    [1, 5, 9, 10, 20]
    """
    return max(1, min(UNITS, math.ceil(share * UNITS - 1e-9)))


def suits(place: Place, ask: Ask) -> bool:
    """Whether it is of the kind that is asked for: a whole card, or a slice of that profile."""
    return place.profile == ask.mig


def chosen(free: Mapping[Place, int], gpu: float) -> list[Place] | None:
    """Where to take it, from the units that are free of each; None = there is not enough.

    A part comes from the card that has the least left of those that have enough.
    """
    able = [place for place in free if free[place] >= units(gpu)]
    count = max(1, round(gpu))
    if len(able) < count:
        return None
    return sorted(able, key=lambda place: free[place])[:count]


class CardLedger:
    """The cards of one machine. Safe from many threads and processes."""

    def __init__(self, folder: Path, cards: Callable[[], Sequence[Card]] = here) -> None:
        """`folder`: made when first needed; `cards`: those that may be given, asked when needed."""
        self._folder, self._cards = folder, cards

    def take(self, ask: Ask, who: str) -> Grant | None:
        """What is asked for, as of now; `who` is for messages. Raises NoCard, Unwritable."""
        if not ask:
            return NOTHING
        known = list(places(self._cards()))
        those = [place for place in known if suits(place, ask)]
        gpu = ask.gpu or 1.0
        if chosen(dict.fromkeys(those, UNITS), gpu) is None:
            raise NoCard(
                f"{who} asks for {ask} of graphics cards, of which this machine has {_told(known)}",
                "run it at a worker on a machine that has them: `printroom work` starts one",
            )
        return self._taken(those, gpu, who)

    def take_of(self, place: Place, share: float, who: str) -> Grant | None:
        """A part of one card or slice, from above 0 to 1. Raises Unwritable."""
        return self._taken([place], share, who)

    def holders(self, place: Place) -> list[str]:
        """Who has something of it."""
        found = []
        with self._alone():
            for number in range(UNITS):
                file = self._open(self._unit(place, number))
                if not _locked(file):
                    found.append(os.pread(file, 200, 0).decode("utf-8", "replace"))
                os.close(file)
        return list(dict.fromkeys(found))

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Others see inside the `with` that somebody waits."""
        file = self._open(self._folder / "wanted")
        try:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield
        finally:
            os.close(file)

    @property
    def wanted(self) -> bool:
        """Whether somebody waits, in this process or another."""
        if not (self._folder / "wanted").exists():
            return False
        file = self._open(self._folder / "wanted")
        try:
            return not _locked(file)
        finally:
            os.close(file)

    def _taken(self, those: Sequence[Place], gpu: float, who: str) -> Grant | None:
        share, free = min(gpu, 1.0), dict[Place, list[int]]()
        with self._alone():
            try:
                for place in those:
                    self._grab(place, free.setdefault(place, []))
                where = chosen({place: len(files) for place, files in free.items()}, gpu)
                if where is None:
                    return None
                kept = [free[place].pop() for place in where for _ in range(units(share))]
                for file in kept:
                    _sign(file, who)
                return Grant(tuple(place.uuid for place in where), share, tuple(kept))
            finally:
                for file in (file for files in free.values() for file in files):
                    os.close(file)

    def _grab(self, place: Place, files: list[int]) -> None:
        """Lock all its units that are free; they are added to `files`."""
        for number in range(UNITS):
            file = self._open(self._unit(place, number))
            if _locked(file):
                files.append(file)
            else:
                os.close(file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread or process chooses meanwhile."""
        file = self._open(self._folder / "lock")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _unit(self, place: Place, number: int) -> Path:
        return self._folder / place.uuid.replace("/", "_") / f"{number:02}"

    def _open(self, path: Path) -> int:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unwritable(f"{path} cannot be written ({reason})", "mend that folder") from error


def _told(known: Sequence[Place]) -> str:
    names = [f"{place.name} ({place.uuid})" for place in known]
    return ", ".join(names) or "none"


def _locked(file: int) -> bool:
    """Lock it; False when another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: int, who: str) -> None:
    """Write down who has it, which is read by people alone."""
    with suppress(OSError):  # a full disk is no reason
        os.ftruncate(file, 0)
        os.pwrite(file, who.encode()[:200], 0)
