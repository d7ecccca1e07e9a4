"""Which models are loaded, under one budget of bytes with the runs that use them.

    Model -> Residency.of -> Resident                the same one every time, loaded or not
    Residents -> lease -> loaded until it is left    NeedsMemory Overloaded Cancelled, what loading
                                                     raises

A lease is on all models of a chain at once. What is missing is loaded by the first who asks, while
others who want the same wait for that load alone; runs of other models go on. Models that nobody
leases stay, and are let go, the least recently used first, when their bytes are needed (by a load,
or by a run: `make_room`) or after `ttl` seconds. Pinned ones stay for good.

One lock guards all state; nothing is loaded, closed or run under it. Whoever wants to load waits in
one line (`line`) and holds no lease meanwhile, so two chains cannot wait for each other.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from weakref import WeakValueDictionary

from printroom.catalogue.card import Model
from printroom.core.errors import BadModel, NeedsMemory, Overloaded, PrintroomError
from printroom.core.ledger import Ledger
from printroom.core.session import ModelSession
from printroom.core.sizes import format_size
from printroom.engine.line import LONGEST, Line
from printroom.engine.order import Order
from printroom.engine.resident import Facts, Flight, Resident

FORGOTTEN = 24 * 3600.0
"""Seconds after which a model that nobody used is forgotten, with what was measured of it: a server
for many accounts sees many models. Whoever still holds it may use it all the same."""
_POLL = 0.05
"""Seconds between looks at the cancel flag while another loads."""

ALONE = Order()
"""Of a caller that cannot be cancelled."""


class Residency:
    """The models of one device. Safe from many threads; close it."""

    def __init__(
        self,
        load: Callable[[Model], ModelSession],
        ledger: Ledger,
        *,
        most: int | None = None,
        ttl: float = 0,
        beside: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`load`: what opens and tries a model; `ledger`: where its bytes are counted as kept.

        `most`: bytes of all models, None = what the ledger has; `ttl`: seconds that an idle one
        stays, 0 = for ever; `beside`: bytes of the process that are neither models nor runs.
        """
        self._load_model, self._ledger, self._most = load, ledger, most
        self._beside = beside
        self._ttl, self._clock = ttl, clock
        self._known: dict[tuple[str, str, bool, bool], Resident] = {}
        self._forgotten: WeakValueDictionary[tuple[str, str, bool, bool], Resident] = (
            WeakValueDictionary()
        )
        """Those that somebody still holds, such as a step that has its session."""
        self._going = 0
        """Sessions that nobody finds any more, and that are not closed yet."""
        self._moves = 0
        """Leases that began or ended, so far."""
        self._changed = threading.Condition()
        self._line = Line(self._changed)
        self.changed: Callable[[], None] = lambda: None
        """Called, from any thread and without the lock, when a model came, went or was pinned."""
        self._loaded_before = False
        """Whether what the first load in a process brings along is there already."""
        self._reaper: threading.Thread | None = None
        self._over = threading.Event()
        self._closed = False

    @property
    def most(self) -> int:
        """Bytes that all models may take."""
        total = max(0, self._ledger.total)
        return total if self._most is None else min(total, self._most)

    def of(self, model: Model) -> Resident:
        """What stands for `model`, from now on, until nobody has used it for FORGOTTEN seconds."""
        key = _key(model)
        with self._changed:
            known = self._known.get(key)
            if known is None:
                self._forget()
                known = self._forgotten.get(key) or Resident(self, model)
                self._known[key] = known
            if not known.here:
                known.used = self._clock()  # it is asked for to be used: not forgotten before
            return known

    def knows(self, one: Resident) -> bool:
        """Whether that is still what stands for its model."""
        with self._changed:
            return self._known.get(_key(one.model)) is one

    @contextmanager
    def lease(self, wanted: Iterable[Resident], order: Order = ALONE) -> Iterator[None]:
        """Have them all loaded inside the `with`; waits for memory and for loads, inside `aside`.

        Raises NeedsMemory when they can never be here together, Overloaded after a minute's wait,
        Cancelled, and what loading raises.
        """
        chosen = tuple(dict.fromkeys(wanted))
        mine = self._admitted(chosen, order)
        try:
            self._arrived(chosen, mine, order)
        except BaseException as error:
            self.leave(chosen)
            if isinstance(error, NeedsMemory):
                self.let_go(mine)
            raise
        try:
            yield
        finally:
            self.leave(chosen)

    @contextmanager
    def alone(self, order: Order = ALONE) -> Iterator[None]:
        """Nobody has a lease when the `with` begins, and only this thread gets one inside.

        For a run that does not fit beside the models of others: it must hold nothing itself. Waits
        in line. Raises Overloaded, Cancelled.
        """
        with ExitStack() as stack:
            with order.aside():
                until = stack.enter_context(self._line.turn(order))
                with self._changed:
                    while any(one.leases for one in self._known.values()):
                        self._line.rest(order, until)
                    stack.enter_context(self._line.alone())
            yield

    def enter(self, one: Resident) -> ModelSession:
        """A lease on one model that nobody holds back if it is loaded; `leave` it."""
        with self._changed:
            if one.session is not None:
                self._enter((one,))
                return one.session
        with self.lease((one,)):
            with self._changed:
                self._enter((one,))  # outlives the other
            assert one.session is not None
            return one.session

    def leave(self, leased: Iterable[Resident]) -> None:
        """The end of a lease."""
        now = self._clock()
        with self._changed:
            for one in leased:
                one.used = now
                self._unlease(one)

    def pin(self, one: Resident) -> None:
        """Keep it, once it is loaded, whatever happens."""
        with self._changed:
            one.pinned = True
        self.changed()

    def unpin(self, one: Resident) -> None:
        """It may be let go again."""
        with self._changed:
            one.pinned = False
            self._watch()
        self.changed()

    def fixed(self, beside: Iterable[Resident] = ()) -> int:
        """Bytes that cannot be dropped now: of models that are pinned or in use.

        Those in `beside` count, too, whether they are loaded or will be.
        """
        with self._changed:
            chosen = dict.fromkeys(beside)
            for one in self._known.values():
                if one.here and (one.pinned or one.leases):
                    chosen[one] = None
            return sum(one.reserved if one.here else one.expected for one in chosen)

    def busy(self, beside: Iterable[Resident] = ()) -> bool:
        """Whether models other than those are in use."""
        own = set(beside)
        with self._changed:
            return any(one.leases for one in self._known.values() if one not in own)

    def make_room(self, short: int) -> bool:
        """Let idle models go until `short` bytes are free; whether any went."""
        with self._changed:
            gone = self._detached(short)
        return self._dispose(gone)

    def let_go(self, those: Iterable[Resident] | None = None) -> bool:
        """Let these go (None = all), unless they are in use or pinned; whether any went."""
        with self._changed:
            gone = [self._detach(one) for one in self._idle(those)]
        return self._dispose(gone)

    def shrink(self, those: Iterable[Resident] | None = None) -> None:
        """Give back what runs left allocated in these (None = all)."""
        with self._changed:
            chosen = self._known.values() if those is None else those
            loaded = [one for one in chosen if one.session is not None]
            self._enter(loaded)
        try:
            for one in loaded:
                assert one.session is not None
                one.session.shrink()
                one.left = 0
        finally:
            with self._changed:
                for one in loaded:
                    self._unlease(one)

    def note(self, one: Resident, grown: int) -> None:
        """The process holds `grown` bytes beside its base, models and all; `one` ran last.

        What is not accounted for is what its runs left, if none other was in use meanwhile.
        """
        with self._changed:
            loaded = [other for other in self._known.values() if other.session is not None]
            if not any(other.leases for other in loaded if other is not one):
                known = sum(other.bytes for other in loaded if other.in_process)
                left = sum(other.left for other in loaded if other is not one)
                one.left = max(0, grown - known - left)

    def facts(self) -> list[Facts]:
        """All models that were ever loaded, those that are here first, the last used first."""
        with self._changed:
            now = self._clock()
            found = [one.facts(now) for one in self._known.values() if one.loads]
        return sorted(found, key=lambda one: (not one.bytes, one.idle, one.model))

    def close(self) -> None:
        """Let all go, and take no more."""
        with self._changed:
            self._closed = True
            reaper = self._reaper
            gone = [self._detach(one) for one in self._known.values() if one.session is not None]
            self._changed.notify_all()
        self._over.set()
        if reaper is not None:
            reaper.join()
        self._dispose(gone)

    def _admitted(self, wanted: tuple[Resident, ...], order: Order) -> list[Resident]:
        """Lease all; those that the caller has to load."""
        with self._changed:
            if not self._line.holds_back and self._may_join(wanted):
                self._enter(wanted)
                return []
        with order.aside():
            if self._line.mine:
                return self._brought(wanted, order, time.monotonic() + LONGEST)
            with self._line.turn(order) as until:
                return self._brought(wanted, order, until)

    def _may_join(self, wanted: tuple[Resident, ...]) -> bool:
        """Under the lock: whether all are here, and may be in use beside those that are.

        Together they may take half of what there is, so that their runs have the other half.
        """
        if not all(one.here for one in wanted):
            return False
        others = [one for one in self._known.values() if one.leases and one not in wanted]
        used = sum(one.reserved for one in (*others, *wanted))
        fits = used + self._pinned((*others, *wanted)) <= self.most
        return fits and (not others or 2 * used <= self._ledger.total)

    def _brought(self, wanted: tuple[Resident, ...], order: Order, until: float) -> list[Resident]:
        """As `_admitted`, once there is room for what is missing."""
        while True:
            with self._changed:
                mine, gone = self._tried(wanted)
                if mine is not None:
                    return mine
                if not gone:
                    self._line.rest(order, until)
            self._dispose(gone)

    def _arrived(
        self, chosen: tuple[Resident, ...], mine: Sequence[Resident], order: Order
    ) -> None:
        """Once all that are leased are loaded. Raises what loading raises, and NeedsMemory."""
        if mine:
            with order.aside():
                self._load(mine)
        for one in chosen:
            self._await(one, order)
        if mine:
            with self._changed:
                self._check(chosen)  # now they are measured

    def _tried(
        self, wanted: tuple[Resident, ...]
    ) -> tuple[list[Resident] | None, list[tuple[ModelSession, int]]]:
        """Under the lock: what is missing, its bytes kept; or what goes to make room for it."""
        if self._closed:
            raise Overloaded("the engine is closing", "try again soon", retry_after=10)
        missing = [one for one in wanted if not one.here]
        self._check(wanted)
        here = sum(one.reserved for one in wanted if one.here)
        most = max(0, self.most - here - self._pinned(wanted))
        need = min(sum(one.expected for one in missing), most)
        others = [one for one in self._known.values() if one.leases and one not in wanted]
        used = sum(one.reserved for one in others) + here + need
        if others and 2 * used > self._ledger.total:
            return None, []
        if not missing or self._ledger.keep(need, self._most) or self._in_vain(wanted, need):
            shares = _shared(need, [one.expected for one in missing])
            for one, share in zip(missing, shares, strict=True):
                one.flight, one.reserved = Flight(), share
            self._enter(wanted)
            return missing, []
        short = self._ledger.granted + self._ledger.kept + need - self._ledger.total
        if self._most is not None:
            short = max(short, self._ledger.kept + need - self._most)
        return None, self._detached(short, wanted)

    def _in_vain(self, wanted: Sequence[Resident], need: int) -> bool:
        """Under the lock: whether waiting for `need` bytes is no use; then they are kept anyhow.

        So it is when nobody else uses anything: what is in the way are models of ours that were
        measured while others ran, and so may be smaller than they seem.
        """
        idle = any(one not in wanted for one in self._idle())
        if idle or self._going or self._ledger.granted:
            return False
        if any(one.leases for one in self._known.values() if one not in wanted):
            return False
        self._ledger.drop(-need)
        return True

    def _check(self, wanted: Sequence[Resident]) -> None:
        """Under the lock: raises NeedsMemory for what cannot be here together, as is sure."""
        pinned, most = self._pinned(wanted), self.most
        needed = sum(one.certain for one in wanted)
        if needed + pinned > most:
            names = ", ".join(one.model.card.id for one in wanted)
            raise NeedsMemory(
                f"{names} takes {format_size(needed)} when loaded, for models there are "
                f"{format_size(max(0, most - pinned))}",
                "allow more with --memory, and with PRINTROOM_MODEL_MEMORY where it is set",
                needed=self._beside() + pinned + needed,
            )

    def _forget(self) -> None:
        """Under the lock: models that were let go, and not used for long."""
        before = self._clock() - FORGOTTEN
        for key, one in list(self._known.items()):
            if not (one.here or one.leases or one.pinned) and one.used < before:
                self._forgotten[key] = self._known.pop(key)

    def _pinned(self, besides: Sequence[Resident]) -> int:
        """Under the lock: bytes of other models that stay."""
        return sum(
            one.reserved for one in self._known.values() if one.pinned and one not in besides
        )

    def _enter(self, wanted: Iterable[Resident]) -> None:
        self._moves += 1
        for one in wanted:
            self._known.setdefault(_key(one.model), one)  # it may have been forgotten
            one.leases += 1

    def _load(self, mine: Sequence[Resident]) -> None:
        """Load all that were admitted for the caller; a fault is told by `_await`."""
        for one in mine:
            flight = one.flight
            assert flight is not None
            try:
                self._load_one(one, mine)
            except Exception as error:  # told to all who wait for it, each by `_await`
                flight.end(error)
            except BaseException:
                reason = BadModel(f"loading {one.model.card.id} was interrupted", "try again")
                for other in mine:
                    if other.session is None and other.flight is not None:
                        self._ledger.drop(other.reserved)
                        other.reserved = 0
                        other.flight.end(reason)
                raise

    def _load_one(self, one: Resident, mine: Sequence[Resident]) -> None:
        began = time.monotonic()
        with self._changed:
            others = [other for other in self._known.values() if other not in mine]
            moves = -1 if any(other.leases for other in others) else self._moves
        try:
            session = self._load_model(one.model)
        except BaseException:
            self._ledger.drop(one.reserved)
            one.reserved = 0
            raise
        with self._changed:
            flight = one.flight
            assert flight is not None
            quiet = self._moves == moves or not one.in_process
            one.arrived(session, time.monotonic() - began, sure=quiet and self._loaded_before)
            self._loaded_before |= one.in_process
            self._ledger.drop(one.reserved - one.bytes)
            one.reserved = one.bytes
            over = self._ledger.granted + self._ledger.kept - self._ledger.total
            if self._most is not None:
                over = max(over, self._ledger.kept - self._most)
            gone = self._detached(over)
            flight.end()
            self._changed.notify_all()
        self.changed()
        self._dispose(gone)

    def _await(self, one: Resident, order: Order) -> None:
        """Until a leased model is loaded. Raises what loading it raised."""
        flight = one.flight
        if flight is None:
            return
        if not flight.over.is_set():
            with order.aside():
                while not flight.over.wait(_POLL):
                    order.check()
        if flight.error is not None:
            raise flight.error

    def _idle(self, those: Iterable[Resident] | None = None) -> list[Resident]:
        """Under the lock: models that may go, the least recently used first."""
        chosen = self._known.values() if those is None else those
        able = [one for one in chosen if one.session and not one.leases and not one.pinned]
        return sorted(able, key=lambda one: one.used)

    def _detached(
        self, short: int, keep: Sequence[Resident] = ()
    ) -> list[tuple[ModelSession, int]]:
        """Under the lock: so many idle models that `short` bytes come free, if there are."""
        gone = []
        for one in self._idle():
            if short <= 0:
                break
            if one not in keep:
                gone.append(self._detach(one))
                short -= gone[-1][1]
        return gone

    def _detach(self, one: Resident) -> tuple[ModelSession, int]:
        """Under the lock: nobody finds its session any more."""
        assert one.session is not None
        self._going += 1
        session, size = one.session, one.reserved
        one.session, one.reserved = None, 0
        one.evictions += 1
        return session, size

    def _dispose(self, gone: Sequence[tuple[ModelSession, int]]) -> bool:
        """Close sessions that nobody finds, and give their memory back to the system."""
        if not gone:
            return False
        for session, size in gone:
            with suppress(PrintroomError, MemoryError):
                session.shrink()  # an arena may outlive its session
            session.close()
            self._ledger.drop(size)
        _trim()
        with self._changed:
            self._going -= len(gone)
            self._changed.notify_all()
        self.changed()
        return True

    def _unlease(self, one: Resident) -> None:
        """Under the lock."""
        self._moves += 1
        one.leases -= 1
        if not one.leases:
            self._changed.notify_all()
            self._watch()

    def _watch(self) -> None:
        """Under the lock: have somebody look for models that were idle too long."""
        if self._ttl and self._reaper is None and not self._closed and self._idle():
            self._reaper = threading.Thread(target=self._reap, name="printroom-idle", daemon=True)
            self._reaper.start()

    def _reap(self) -> None:
        """Let go what was idle for `ttl` seconds, as long as there is anything idle."""
        while not self._over.is_set():
            with self._changed:
                idle = self._idle()
                if not idle:
                    self._reaper = None
                    return
                left = idle[0].used + self._ttl - self._clock()
                gone = [self._detach(idle[0])] if left <= 0 else []
            if not self._dispose(gone):
                self._over.wait(left)


def _key(model: Model) -> tuple[str, str, bool, bool]:
    """What tells a model from all others."""
    return model.card.id, model.card.digest, model.bare, model.trusted


def _shared(total: int, wants: Sequence[int]) -> list[int]:
    """`total`, shared out in order, to each what it wants as far as it goes."""
    shares = []
    for want in wants:
        shares.append(min(want, total))
        total -= shares[-1]
    return shares


def _trim() -> None:
    """Have the C library give free memory back to the system, where it can (glibc)."""
    if _malloc_trim is not None:
        _malloc_trim(0)


_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Without it the C library keeps what sessions free, for itself."""
