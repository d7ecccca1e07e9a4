"""Threads that work for the event loop: one hop in, one hop back.

    Hands.do(work, done) -> done(result, None) or done(None, error), on the event loop

Few threads at a time hold the interpreter: many that make small calls into native code, as small
pictures do, would hand it back and forth at every call, which costs more than the pictures. So
there are few places to work at, and whoever waits, or is in native code for more than a moment,
steps `aside` and leaves its place to the next. A thread that is through takes the next job itself;
of those that rest, the last one starts first, since its memory is still warm.

A plain queue in place of concurrent.futures: that one makes two futures, a lock and a condition
for each call, which cost more than the rest of a small request.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any

Work = Callable[[], Any]
Done = Callable[[Any, BaseException | None], None]
Job = tuple[Work, Done]
Post = SimpleQueue[Job | None]
"""Where a resting thread gets its next job; None = it may end."""


class Hands:
    """At most `count` threads, daemons: a picture in progress never keeps a server alive."""

    def __init__(self, count: int, places: int, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._places = places
        """Places that are free."""
        self._returning: deque[threading.Lock] = deque()
        """Threads that were aside and want to go on; they go before new jobs."""
        self._resting: list[Post] = []
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._count = count

    def do(self, work: Work, done: Done) -> None:
        """Run `work` in a thread, then `done` on the event loop."""
        with self._lock:
            self._jobs.append((work, done))
            self._next()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the place while inside: for a thread of ours that needs no interpreter."""
        with self._lock:
            self._leave()
        try:
            yield
        finally:
            self._come_back()

    def close(self) -> None:
        """Let the threads end once they are through with what they have."""
        with self._lock:
            self._closed = True
            while self._resting:
                self._resting.pop().put(None)

    def _leave(self) -> None:
        """Under the lock: free a place."""
        self._places += 1
        self._next()

    def _next(self) -> None:
        """Under the lock: give a free place to whoever is next."""
        if self._places < 1:
            return
        if self._returning:
            self._places -= 1
            self._returning.popleft().release()
        elif self._jobs and self._resting:
            self._places -= 1
            self._resting.pop().put(self._jobs.popleft())
        elif self._jobs and len(self._threads) < self._count:
            self._places -= 1
            self._hire(self._jobs.popleft())

    def _come_back(self) -> None:
        with self._lock:
            if self._places > 0:
                self._places -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._returning.append(turn)
        turn.acquire()

    def _hire(self, job: Job) -> None:
        name = f"http-{len(self._threads)}"
        self._threads.append(
            threading.Thread(target=self._serve, args=(job,), name=name, daemon=True)
        )
        self._threads[-1].start()

    def _serve(self, job: Job | None) -> None:
        post: Post = SimpleQueue()
        while job is not None:
            work, done = job
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # it belongs to the one who asked
                error = raised
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(done, result, error)
            del job, work, done, result, error  # an idle thread keeps no picture alive
            job = self._another(post)

    def _another(self, post: Post) -> Job | None:
        """The next job, now or when there is one."""
        with self._lock:
            if self._jobs and not self._returning:
                return self._jobs.popleft()
            if self._closed:
                self._leave()
                return None
            self._resting.append(post)
            self._leave()
        return post.get()
