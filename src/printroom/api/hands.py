"""Threads that work for the event loop: one hop in, one hop back.

    Hands.do(work, done) -> done(result, None) or done(None, error), on the event loop

Only `busy` threads are at work at a time, since a core serves one best: more would fight for the
interpreter, which costs more than a small picture does. Work that waits for somebody else says
so (`aside`), and another thread goes on meanwhile; that is why there are more threads than that.

A plain queue in place of concurrent.futures: that one makes two futures, a lock and a condition
for each call, which cost more than the rest of a small request.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Work = Callable[[], Any]
Done = Callable[[Any, BaseException | None], None]


class Hands:
    """`count` threads, daemons: a picture in progress never keeps a stopping server alive."""

    def __init__(self, count: int, busy: int, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: deque[tuple[Work, Done] | None] = deque()
        self._turn = threading.Condition()
        """Notified when there is a job and a place at work for it."""
        self._places = busy
        self._threads = [
            threading.Thread(target=self._serve, name=f"http-{index}", daemon=True)
            for index in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def do(self, work: Work, done: Done) -> None:
        """Run `work` in a thread, then `done` on the event loop."""
        with self._turn:
            self._jobs.append((work, done))
            if self._places > 0:
                self._turn.notify()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give up the place while inside: for a thread of ours that waits.

        It comes back without waiting, so that for a moment there may be one too many.
        """
        with self._turn:
            self._places += 1
            if self._jobs:
                self._turn.notify()
        try:
            yield
        finally:
            with self._turn:
                self._places -= 1

    def close(self) -> None:
        """Let the threads end once they are through with what they have."""
        with self._turn:
            self._jobs.extend([None] * len(self._threads))
            self._turn.notify_all()

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            work, done = job
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # it belongs to the one who asked
                error = raised
            with self._turn:
                self._places += 1
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(done, result, error)
            del job, work, done, result, error  # an idle thread keeps no picture alive

    def _next(self) -> tuple[Work, Done] | None:
        with self._turn:
            while not (self._jobs and self._places > 0):
                self._turn.wait()
            job = self._jobs.popleft()
            if job is not None:
                self._places -= 1
            return job
